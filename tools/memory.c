// SPDX-License-Identifier: GPL-2.0
/* How much of a VMA is in memory, from /proc/PID/smaps; see memory.h. */
#include <fcntl.h>

#include "memory.h"
#include "process.h"

const char *const memory_names[NR_MEMORY] = {
	[MEMORY_RSS] = "rss_kb",
	[MEMORY_PSS] = "pss_kb",
	[MEMORY_DIRTY] = "dirty_kb",
	[MEMORY_SWAP] = "swap_kb",
	[MEMORY_SHARED_CLEAN] = "shared_clean_kb",
	[MEMORY_SHARED_DIRTY] = "shared_dirty_kb",
	[MEMORY_PRIVATE_CLEAN] = "private_clean_kb",
	[MEMORY_PRIVATE_DIRTY] = "private_dirty_kb",
	[MEMORY_PSS_DIRTY] = "pss_dirty_kb",
	[MEMORY_REFERENCED] = "referenced_kb",
	[MEMORY_ANONYMOUS] = "anonymous_kb",
	[MEMORY_KSM] = "ksm_kb",
	[MEMORY_LAZYFREE] = "lazyfree_kb",
	[MEMORY_ANONHUGEPAGES] = "anonhugepages_kb",
	[MEMORY_SHMEMPMDMAPPED] = "shmempmdmapped_kb",
	[MEMORY_FILEPMDMAPPED] = "filepmdmapped_kb",
	[MEMORY_SHARED_HUGETLB] = "shared_hugetlb_kb",
	[MEMORY_PRIVATE_HUGETLB] = "private_hugetlb_kb",
	[MEMORY_SWAPPSS] = "swappss_kb",
	[MEMORY_LOCKED] = "locked_kb",
	[MEMORY_MMUPAGESIZE] = "mmupagesize_kb",
	[MEMORY_THPELIGIBLE] = "thpeligible",
	[MEMORY_PROTECTIONKEY] = "protectionkey",
};

void memory_add(struct memory *to, const struct memory *m)
{
	unsigned int i;

	for (i = 0; i < MEMORY_SUMS; i++)
		to->value[i] += memory_has(m, i) ? m->value[i] : 0;
	to->known |= m->known & ((1ull << MEMORY_SUMS) - 1);
}

/* ---- smaps ---- */

/* What smaps says of a VMA, without its line of maps */
struct entry {
	uint64_t start, end;
	uint64_t flags;
	uint8_t page_shift;
	struct memory memory;
};

struct smaps {
	struct bytes maps;	/* the lines of maps */
	struct entry *list;
	size_t nr;
	struct memory rollup;	/* of smaps_rollup; nothing is known if that failed */
	bool new_fields;	/* it has fields that this program does not know */
};

/* "Rss" is the field "rss_kb". */
static bool is_field(const char *name, size_t len, const char *field)
{
	return !strncasecmp(name, field, len) && (!field[len] || !strcmp(field + len, "_kb"));
}

/* Sets a field of smaps. Returns false if there is no such field. */
static bool set_field(struct memory *m, const char *name, size_t len, uint64_t value)
{
	/* The kernel prints them in the same order for each VMA. */
	static unsigned int next;
	unsigned int i;

	for (i = 0; i < NR_MEMORY && !is_field(name, len, memory_names[next % NR_MEMORY]); i++)
		next++;
	if (i == NR_MEMORY)
		return false;
	i = next++ % NR_MEMORY;
	m->value[i] = value;
	m->known |= 1ull << i;
	if (i == MEMORY_SHARED_DIRTY || i == MEMORY_PRIVATE_DIRTY) {
		m->value[MEMORY_DIRTY] += value;
		m->known |= 1ull << MEMORY_DIRTY;
	}
	return true;
}

/* Parses a line "Rss:   12 kB". Returns false for an unknown field. */
static bool parse_field(struct entry *e, char *line)
{
	static const char size[] = "Size", page_size[] = "KernelPageSize", flags[] = "VmFlags";
	const char *colon = strchr(line, ':');
	const size_t len = colon ? colon - line : 0;
	uint64_t value;

	if (!colon)
		return false;
	value = strtoull(colon + 1, NULL, 10);
	if (len == strlen(flags) && !memcmp(line, flags, len))
		e->flags = parse_flags(colon + 1);
	else if (len == strlen(page_size) && !memcmp(line, page_size, len))
		e->page_shift = value ? 10 + __builtin_ctzll(value) : 0;
	else
		return (len == strlen(size) && !memcmp(line, size, len)) ||
		       set_field(&e->memory, line, len, value);
	return true;
}

/* A line of maps begins with an address, others with a capital letter. */
static void parse_line(struct smaps *s, char *line, size_t len)
{
	struct entry *e;
	char *end;

	if (*line < 'A' || *line > 'Z') {
		bytes_add(&s->maps, line, len);
		s->list = array_grow(s->list, s->nr, sizeof(*s->list));
		e = &s->list[s->nr++];
		*e = (struct entry){ .start = strtoull(line, &end, 16) };
		e->end = *end ? strtoull(end + 1, NULL, 16) : 0;
	} else if (s->nr && !parse_field(&s->list[s->nr - 1], line)) {
		s->new_fields = true;
	}
}

static void smaps_free(struct smaps *s)
{
	free(s->maps.p);
	free(s->list);
	memset(s, 0, sizeof(*s));
}

/* The text is not kept: it takes a kilobyte for each VMA. Returns 0 or an errno. */
static int read_lines(struct smaps *s, const char *dir, const char *what)
{
	char path[PROCESS_DIR + 16], *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, what);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? ESRCH : errno;
	errno = 0;
	while ((len = getline(&line, &room, file)) > 0)
		parse_line(s, line, len);
	if (ferror(file))
		err = errno;
	free(line);
	fclose(file);
	return err;
}

/* Reads smaps. Returns 0 or an errno. */
static int smaps_read(struct smaps *s, char dir[PROCESS_DIR], pid_t pid)
{
	int tries = PROCESS_DIR_TRIES, err;
	struct smaps rollup = {};
	bool has_vmas;

	do {
		smaps_free(s);
		has_vmas = process_dir(dir, pid);
		err = read_lines(s, dir, "smaps");
	} while (has_vmas && --tries && (err == ESRCH || (!err && !s->nr)));
	if (err)
		return err;
	bytes_add(&s->maps, "", 1);
	s->maps.size--;
	if (!read_lines(&rollup, dir, "smaps_rollup") && rollup.nr)
		s->rollup = rollup.list->memory;
	smaps_free(&rollup);
	return 0;
}

/* ---- joining smaps and a listing ---- */

static bool same_file(const struct vma *a, const struct vma *b)
{
	return a->ino == b->ino && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       a->offset == b->offset;
}

/* Compares what maps shows, except the name. */
static bool same_vma(const struct vma *a, const struct vma *b)
{
	return a->start == b->start && a->end == b->end && same_file(a, b) &&
	       !((a->flags ^ b->flags) & (VMAINFO_READ | VMAINFO_WRITE | VMAINFO_EXEC |
					  VMAINFO_MAYSHARE));
}

/*
 * Takes the memory of each VMA of @l from the entry of smaps that is the same.
 * @of is the listing of the lines of maps in smaps, which can be @l.
 */
static void join(struct listing *l, const struct listing *of, const struct smaps *s)
{
	const struct entry *e = s->list, *end = e + s->nr;
	/* The header of a later module can be longer than @l->header. */
	struct vmainfo_record *r = (void *)(l->raw + ((struct vmainfo_header *)l->raw)->size);
	struct vma *vma;
	size_t i, k = 0;

	l->memory = xreallocarray(NULL, l->nr, sizeof(*l->memory));
	memset(l->memory, 0, l->nr * sizeof(*l->memory));
	l->rollup = xmalloc(sizeof(*l->rollup));
	*l->rollup = s->rollup;
	for (i = 0; i < l->nr; i++, r = (void *)((char *)r + r->next)) {
		vma = &l->vmas[i];
		while (k < of->nr && of->vmas[k].start < vma->start)
			k++;
		if (k == of->nr || !same_vma(vma, &of->vmas[k]))
			continue;
		/* Lines of maps that overlap others are cut. They are not in order, either. */
		while (e < end && (e->start != vma->start || e->end != vma->end) &&
		       e->start <= vma->start)
			e++;
		if (e == end || e->start != vma->start || e->end != vma->end)
			continue;
		l->memory[i] = e->memory;
		if (l != of)
			continue;
		vma->flags |= e->flags;
		vma->page_shift = e->page_shift;
		r->flags = vma->flags;
		r->page_shift = vma->page_shift;
	}
}

/* Reads the module's records, if it is there. Returns 0 or an errno. */
static int read_module(struct listing *l, bool *has_module, pid_t pid)
{
	int err, fd = listing_open(pid, &err, "smaps: operations and policies");

	*has_module = fd >= 0;
	if (*has_module) {
		err = err ?: listing_read(l, fd, pid);
		close(fd);
	}
	return err;
}

int memory_listing(struct listing *l, pid_t pid)
{
	uint64_t cost;
	char dir[PROCESS_DIR];
	struct listing lines;
	struct smaps s = {};
	const char *wrong;
	bool has_module;
	size_t i, nr = 0;
	int err;

	err = read_module(l, &has_module, pid);
	if (err)
		return err;
	/* The parameter of the module can name the process. */
	pid = pid ?: has_module ? l->header.pid : getpid();
	cost = cpu_time_ns();
	err = pid ? smaps_read(&s, dir, pid) : ESRCH;
	cost = cpu_time_ns() - cost;
	if (err) {
		if (has_module)
			listing_free(l);
		return err;
	}
	wrong = listing_parse_maps(&lines, s.maps.p, s.maps.size, pid);
	if (wrong)
		error(exit_failure, 0, "%s/smaps: %s", dir, wrong);
	if (!has_module) {
		*l = lines;
		listing_kinds(l, dir);
		l->header.flags |= LISTING_FLAGS;
		((struct vmainfo_header *)l->raw)->flags = l->header.flags;
	}
	join(l, has_module ? &lines : l, &s);
	for (i = 0; i < l->nr; i++)
		nr += !l->memory[i].known;
	note("reading %s/smaps took %.1f ms of CPU: the kernel walks the page tables, with the mmap_lock held",
	     dir, cost / 1e6);
	if (nr)
		note("%zu of %zu VMAs changed meanwhile: their resident and swapped memory is not known",
		     nr, l->nr);
	if (s.new_fields)
		note("this kernel's smaps has fields that this program does not know");
	if (has_module)
		listing_free(&lines);
	smaps_free(&s);
	return 0;
}

/* ---- captures ---- */

void memory_or_end(struct listing *l, pid_t pid, const char *file, bool wanted)
{
	const int err = file ? 0 : wanted ? memory_listing(l, pid) : listing_try(l, pid);

	if (file)
		listing_from_file(l, file);
	if (err)
		error(exit_failure, err, pid ? "process %d" : "cannot read " VMAINFO_RAW, pid);
	if (file && wanted && !l->memory)
		error(exit_failure, 0,
		      "'%s' does not say how much is in memory: 'vmainfo save -x' saves that, too",
		      file);
	if (!wanted) {
		free(l->memory);
		l->memory = NULL;
	}
}

/*
 * Behind the texts of a record, 8-byte aligned: the bits of the fields that are
 * known, and the values of these.
 */
void memory_pack(struct listing *l)
{
	struct vmainfo_header *h = (void *)l->raw;
	struct bytes raw = {};
	struct vmainfo_record r;
	uint64_t values[1 + NR_MEMORY];
	size_t i, nr, field;
	const char *p = l->raw + h->size;

	h->flags |= LISTING_MEMORY;
	bytes_add(&raw, l->raw, h->size);
	for (i = 0; i < l->nr; i++) {
		memcpy(&r, p, VMAINFO_RECORD_SIZE_VER0);
		values[0] = l->memory[i].known;
		for (nr = 1, field = 0; field < NR_MEMORY; field++)
			if (memory_has(&l->memory[i], field))
				values[nr++] = l->memory[i].value[field];
		r.next += nr * sizeof(*values);
		bytes_add(&raw, &r, VMAINFO_RECORD_SIZE_VER0);
		bytes_add(&raw, p + VMAINFO_RECORD_SIZE_VER0,
			  r.next - nr * sizeof(*values) - VMAINFO_RECORD_SIZE_VER0);
		bytes_add(&raw, values, nr * sizeof(*values));
		p += r.next - nr * sizeof(*values);
	}
	free(l->raw);
	l->raw = raw.p;
	l->raw_size = raw.size;
}

const char *memory_unpack(struct memory *m, char *p, size_t left, bool swap)
{
	static const char wrong[] = "the memory of a VMA does not end where its record does";
	uint64_t value;
	size_t field;

	memset(m, 0, sizeof(*m));
	if (left < sizeof(value))
		return wrong;
	memcpy(&m->known, p, sizeof(m->known));
	if (swap)
		m->known = __builtin_bswap64(m->known);
	if (left != sizeof(value) * (1 + __builtin_popcountll(m->known)))
		return wrong;
	if (swap)
		memcpy(p, &m->known, sizeof(m->known));
	for (field = 0; field < 64; field++) {
		if (!(m->known >> field & 1))
			continue;
		p += sizeof(value);
		memcpy(&value, p, sizeof(value));
		if (swap) {
			value = __builtin_bswap64(value);
			memcpy(p, &value, sizeof(value));
		}
		if (field < NR_MEMORY)
			m->value[field] = value;
	}
	return NULL;
}
