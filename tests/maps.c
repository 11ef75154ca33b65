// SPDX-License-Identifier: GPL-2.0
/* See maps.h. */
#include "maps.h"

/* The columns of vmas that tests use; the last one is always the name */
enum column {
	NR, START, END, KB, PERM, OFFSET, DEV, INODE, KIND, POLICY, FLAGS, COLUMNS,
};

static const char * const column_names[COLUMNS] = {
	"nr", "start", "end", "kB", "perm", "offset", "dev", "inode", "kind",
	"policy", "flags",
};

struct parser {
	const char *s;
	const char *error;
	/* By the header of vmas: the number of columns, and their order */
	unsigned int nr_columns, at[COLUMNS];
};

static const char *parse_word(struct parser *p)
{
	const char *word;

	p->s += strspn(p->s, " ");
	word = p->s;
	p->s += strcspn(p->s, " \n");
	if (p->s == word)
		p->error = "a field is missing";
	return word;
}

static unsigned long long parse_number(struct parser *p, int base, char end)
{
	unsigned long long value;
	size_t digits;

	p->s += strspn(p->s, " ");
	digits = strspn(p->s, base == 16 ? "0123456789abcdef" : "0123456789");
	value = strtoull(p->s, NULL, base);
	p->s += digits;
	if (!digits || *p->s != end)
		p->error = "a number is missing";
	else
		p->s++;
	return value;
}

static void parse_vmas_line(struct parser *p, struct region *r, unsigned int nr)
{
	const char *word[32], *name;
	unsigned int i;

	for (i = 0; i < p->nr_columns - 1; i++)
		word[i] = parse_word(p);
	name = parse_word(p);
	if (p->error)
		return;
#define NUMBER(column, base, end) (p->s = word[p->at[column]], parse_number(p, base, end))
	if (NUMBER(NR, 10, ' ') != nr)
		p->error = "the numbers are out of order";
	r->start = NUMBER(START, 16, ' ');
	r->end = NUMBER(END, 16, ' ');
	if (NUMBER(KB, 10, ' ') != (r->end - r->start) >> 10)
		p->error = "the size is not the difference of the addresses";
	memcpy(r->perm, word[p->at[PERM]], 4);
	r->offset = NUMBER(OFFSET, 16, ' ');
	r->major = NUMBER(DEV, 16, ':');
	r->minor = parse_number(p, 16, ' ');
	r->inode = NUMBER(INODE, 10, ' ');
	r->kind = word[p->at[KIND]];
	r->policy = word[p->at[POLICY]];
	for (p->s = word[p->at[FLAGS]]; !r->dontdump; p->s += 3) {
		r->dontdump = !strncmp(p->s, "dd", 2);
		if (p->s[2] != ',')
			break;
	}
#undef NUMBER
	r->name = name;
	p->s = name;
}

static void parse_maps_line(struct parser *p, struct region *r)
{
	r->start = parse_number(p, 16, '-');
	r->end = parse_number(p, 16, ' ');
	memcpy(r->perm, parse_word(p), 4);
	r->offset = parse_number(p, 16, ' ');
	r->major = parse_number(p, 16, ':');
	r->minor = parse_number(p, 16, ' ');
	r->inode = parse_number(p, 10, ' ');
	p->s += strspn(p->s, " ");
	r->name = p->s;
}

static struct region *add_region(struct listing *l, unsigned int room)
{
	if (l->nr >= l->room || l->room < room) {
		l->room = room > 2 * l->nr + 100 ? room : 2 * l->nr + 100;
		l->regions = realloc(l->regions, l->room * sizeof(*l->regions));
		if (!l->regions)
			fatal("memory for %u regions", l->room);
	}
	return memset(&l->regions[l->nr++], 0, sizeof(*l->regions));
}

/* Compares the last region with the one before it. Returns an error or NULL. */
static const char *check_region(const struct listing *l)
{
	const struct region *r = &l->regions[l->nr - 1];

	if (r->start >= r->end || r->start % PAGE || r->end % PAGE)
		return "a region has no proper addresses";
	if (l->nr > 1 && r->start < r[-1].end)
		return r->start < r[-1].start ? "regions are out of order" : "regions overlap";
	return NULL;
}

/* Parses the header of vmas. Returns an error, or NULL. */
static const char *parse_header(struct parser *p, struct listing *l, unsigned int *nr)
{
	const char *walk = *p->s ? strstr(p->s, " walk=") : NULL;
	unsigned int i, seen = 0;
	size_t len;

	if (!walk || sscanf(p->s, "# pid=%d vmas=%u walk=", &l->pid, nr) != 2)
		return "the header is missing";
	l->walk = !strncmp(walk, " walk=torn\n", 11) ? WALK_TORN :
		  !strncmp(walk, " walk=atomic\n", 13) ? WALK_ATOMIC : WALK_UNKNOWN;
	if (l->walk == WALK_UNKNOWN)
		return "the header has an unknown walk=";
	p->s = strchr(p->s, '\n') + 1;
	if (*p->s++ != '#' || !strchr(p->s, '\n'))
		return "there is no second line of the header";
	for (; *p->s != '\n' && p->nr_columns < 32; p->nr_columns++) {
		p->s += strspn(p->s, " ");
		len = strcspn(p->s, " \n");
		for (i = 0; i < COLUMNS; i++)
			if (len == strlen(column_names[i]) && !strncmp(p->s, column_names[i], len))
				break;
		if (i < COLUMNS) {
			p->at[i] = p->nr_columns;
			seen++;
		}
		p->s += len;
	}
	if (seen != COLUMNS)
		return "a column is missing";
	if (*p->s++ != '\n' || strncmp(p->s - 5, "name", 4))
		return "the last column is not the name";
	return NULL;
}

static const char *parse(struct listing *l, struct text t, bool vmas)
{
	struct parser p = { .s = t.s };
	const char *line, *error;
	struct region *r = NULL;
	unsigned int nr = 0;

	l->nr = 0;
	l->walk = WALK_UNKNOWN;
	l->pid = 0;
	if (vmas) {
		error = parse_header(&p, l, &nr);
		if (error)
			return error;
	}
	for (; *p.s; p.s = strchr(p.s, '\n') + 1) {
		line = p.s;
		if (!strchr(line, '\n'))
			return "the last line is not whole";
		if (!vmas && r && *line >= 'A' && *line <= 'Z') {
			if (!strncmp(line, "KernelPageSize:", 15))
				r->page_size = strtoul(line + 15, NULL, 10) << 10;
			continue;
		}
		/* the gate page, which is last; smaps has more lines */
		if (strtoull(line, NULL, 16) >> (IS_64BIT ? 56 : 24) == 0xff ||
		    line[strspn(line, " ")] == '-') {
			line = strchr(line, '\n') + 1;
			if (*line && (vmas || *line < 'A' || *line > 'Z'))
				return "a line follows the gate page";
			break;
		}
		if (vmas && l->nr == nr)
			return "more lines than the header says";
		r = add_region(l, nr);
		if (vmas)
			parse_vmas_line(&p, r, l->nr);
		else
			parse_maps_line(&p, r);
		error = p.error ?: check_region(l);
		if (error)
			return error;
	}
	return l->nr < nr ? "fewer lines than the header says" : NULL;
}

const char *parse_maps(struct listing *l, struct text t)
{
	return parse(l, t, false);
}

const char *parse_vmas(struct listing *l, struct text t)
{
	return parse(l, t, true);
}

const char *parse_raw(struct listing *l, struct text t)
{
	const struct vmainfo_header *h;
	const struct vmainfo_record *v;
	struct region *r;
	struct cursor c;
	const char *error;

	l->nr = 0;
	if (!raw_first(&c, t))
		return c.error;
	h = c.header;
	if (h->size != sizeof(*h))
		return "the header has another size";
	l->walk = h->flags & VMAINFO_ATOMIC ? WALK_ATOMIC : WALK_TORN;
	l->pid = h->pid;
	while ((v = raw_next(&c))) {
		if (v->size != VMAINFO_RECORD_SIZE_VER0 && v->size != sizeof(*v))
			return "a record has another size";
		if (v->kind == VMAINFO_KIND_VSYSCALL) {
			if (!(h->flags & VMAINFO_GATE) || c.at != t.len)
				return "an unexpected gate page";
			break;
		}
		if (l->nr == h->vmas)
			return "more records than the header says";
		r = add_region(l, h->vmas);
		r->start = v->start;
		r->end = v->end;
		r->offset = v->offset;
		r->inode = v->ino;
		r->major = v->dev_major;
		r->minor = v->dev_minor;
		r->perm[0] = v->flags & VMAINFO_READ ? 'r' : '-';
		r->perm[1] = v->flags & VMAINFO_WRITE ? 'w' : '-';
		r->perm[2] = v->flags & VMAINFO_EXEC ? 'x' : '-';
		r->perm[3] = v->flags & VMAINFO_MAYSHARE ? 's' : 'p';
		r->dontdump = v->flags & VMAINFO_DONTDUMP;
		r->name = c.name ?: "-";
		error = check_region(l);
		if (error)
			return error;
	}
	if (c.error)
		return c.error;
	return l->nr == h->vmas ? NULL : "fewer records than the header says";
}

struct listing load_maps(pid_t pid, const char *name)
{
	struct text t = slurp_proc(pid, name);
	struct listing l = { 0 };
	const char *error = parse_maps(&l, t);

	if (error)
		fatal("/proc/%d/%s: %s in line %u", pid, name, error, l.nr);
	return l;
}

unsigned long total_kb(const struct listing *l)
{
	unsigned long kb = 0;
	unsigned int i;

	for (i = 0; i < l->nr; i++)
		kb += (l->regions[i].end - l->regions[i].start) >> 10;
	return kb;
}

struct region *region_of(struct listing *l, unsigned long address)
{
	struct region *r = l->regions, *end = r + l->nr;

	while (r < end && r->end <= address)
		r++;
	return r < end && r->start <= address ? r : NULL;
}
