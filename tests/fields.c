// SPDX-License-Identifier: GPL-2.0
/*
 * Compares vmas, field by field, with raw and procfs, and with what the process
 * itself expects (see mappings.c).
 *
 *	fields DIRECTORY [PID]
 *
 * The directory holds what was read of one process: vmas, raw, procfs' maps in
 * "before", smaps, numa_maps (if the kernel has it), kallsyms (optional),
 * expect (optional). For each line of expect, a line "ok WHAT", "not ok WHAT"
 * or "skip WHAT # REASON" goes to stdout. Other differences go to stderr. The
 * exit status is 1 if there was one.
 */
#include <ctype.h>
#include <fnmatch.h>

#include "kselftest.h"
#include "maps.h"

#define SYMBOL_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

enum column {
	NR, START, END, KB, PERM, OFFSET, DEV, INODE, KIND, PAGE_KB, ANON, POLICY,
	FLAGS, NOMERGE, OPS, NAME, COLUMNS,
};

static const char * const columns[] = {
	"nr", "start", "end", "kB", "perm", "offset", "dev", "inode", "kind",
	"page", "anon", "policy", "flags", "nomerge", "ops", "name",
};

struct vma {
	char *column[COLUMNS];
	unsigned long start, end;
};

/* Which column of vmas comes where, by its header */
static enum column order[COLUMNS];

static struct vma *vmas;
static unsigned int nr_vmas;
static unsigned int wrongs;

static void __attribute__((format(printf, 1, 2))) wrong(const char *fmt, ...)
{
	va_list ap;

	if (wrongs++ == 30)
		fprintf(stderr, "and so on\n");
	if (wrongs > 30)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* A file's text, or NULL if there is no such file. */
static char *load(const char *name, bool required)
{
	struct text t = { 0 };

	if (required || !access(name, F_OK))
		t = slurp_path(name);
	if (t.s && strlen(t.s) != t.len)
		wrong("%s contains a NUL", name);
	return t.s;
}

/* Cuts the first line off *s, or returns NULL at the end. */
static char *next_line(char **s)
{
	char *line = *s, *end;

	if (!*line)
		return NULL;
	end = strchr(line, '\n');
	if (!end) {
		wrong("no newline after \"%s\"", line);
		*s += strlen(line);
	} else {
		*end = 0;
		*s = end + 1;
	}
	return line;
}

static bool is_gate(const struct vma *v)
{
	/* x86 has the first, 32-bit ARM the second. */
	return !strcmp(v->column[NAME], "[vsyscall]") || !strcmp(v->column[NAME], "[vectors]");
}

static enum column column_by_name(const char *name)
{
	enum column c;

	for (c = 0; c < COLUMNS && strcmp(columns[c], name); c++)
		;
	return c;
}

static void load_vmas(const char *pid)
{
	struct text t = slurp_path("vmas");
	char *s = t.s, *line, *rest;
	struct listing l = { 0 };
	const char *error = parse_vmas(&l, t);
	unsigned int i;
	enum column c;

	if (error)
		fatal("vmas: %s in line %u", error, l.nr);
	if (pid && atoi(pid) != l.pid)
		wrong("vmas: pid=%d, but it is %s", l.pid, pid);

	next_line(&s);
	line = next_line(&s) + 1;
	for (i = 0; *line; i++) {
		c = column_by_name(next_word(&line));
		if (c == COLUMNS || i == COLUMNS)
			fatal("vmas: column %u is unknown", i);
		order[i] = c;
	}
	if (i != COLUMNS)
		fatal("vmas: a column is missing");

	/* all VMAs, and perhaps the gate page */
	vmas = get_memory((l.nr + 1) * sizeof(*vmas));
	while ((line = next_line(&s))) {
		struct vma *v = &vmas[nr_vmas++];

		rest = line;
		for (i = 0; order[i] != NAME; i++)
			v->column[order[i]] = next_word(&rest);
		/* the rest is the name */
		v->column[NAME] = rest;
		if (!*rest)
			fatal("vmas: line %u has no name", nr_vmas);
		v->start = strtoul(v->column[START], NULL, 16);
		v->end = strtoul(v->column[END], NULL, 16);
	}
}

static void field(unsigned int i, enum column c, const char *expected,
		  const char *where)
{
	struct vma *v = vmas + i;

	if (strcmp(v->column[c], expected))
		wrong("%s-%s %s: \"%s\", but %s says \"%s\"", v->column[START],
		      v->column[END], columns[c], v->column[c], where, expected);
}

static void compare_maps(void)
{
	char *s = load("before", true), *line, *end, *value;
	unsigned int i = 0;

	for (; (line = next_line(&s)); i++) {
		if (i >= nr_vmas) {
			wrong("%s is only in maps", line);
			continue;
		}
		end = strchr(line, '-');
		if (!end) {
			wrong("maps: unexpected line: %s", line);
			continue;
		}
		*end++ = 0;
		field(i, START, line, "maps");
		field(i, END, next_word(&end), "maps");
		field(i, PERM, next_word(&end), "maps");
		field(i, OFFSET, next_word(&end), "maps");
		field(i, DEV, next_word(&end), "maps");
		value = next_word(&end);
		field(i, INODE, value, "maps");
		field(i, NAME, *end ? end : "-", "maps");
	}
	for (; i < nr_vmas; i++)
		wrong("%s-%s is not in maps", vmas[i].column[START],
		      vmas[i].column[END]);
}

/* By the numbers and bits of vmainfo.h */
static const char * const kinds[] = {
	"anon", "file", "heap", "stack", "shmem", "hugetlb", "vdso", "vvar", "vsyscall", "dev",
	"special",
};

static const char * const policies[] = {
	"-", "default", "prefer", "bind", "interleave", "local", "prefer-many",
	"weighted-interleave",
};

static const char letters[][3] = {
	"rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "gd", "pf", "dw", "lo", "io", "sr", "rr",
	"dc", "de", "lf", "ac", "nr", "ht", "sf", "ar", "wf", "dd", "bt", "sd", "mm", "hg", "nh",
	"mg", "um", "uw", "ui", "ur", "mt", "ss", "dp", "sl", "gu",
};

/*
 * Are the flags of raw those that a list of letters means? A "??" stands for at
 * least one more: smaps of old kernels has it for flags that raw knows.
 */
static bool same_flags(__u64 raw, const char *list)
{
	bool more = false;
	__u64 known = 0;
	unsigned int i;

	for (; *list && *list != '-'; list += list[2] ? 3 : 2) {
		for (i = 0; i < ARRAY_SIZE(letters) && strncmp(list, letters[i], 2); i++)
			;
		if (i < ARRAY_SIZE(letters))
			known |= 1ull << i;
		else
			more = true;
	}
	return more ? (raw & known) == known && raw != known : raw == known;
}

static void __attribute__((format(printf, 3, 4)))
raw_field(unsigned int i, enum column c, const char *fmt, ...)
{
	char expected[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(expected, sizeof(expected), fmt, ap);
	va_end(ap);
	field(i, c, expected, "raw");
}

/* A name as vmas escapes it */
static const char *escaped(const char *name)
{
	static char s[4 * PATH_MAX + 100];
	unsigned int n = 0;

	for (; *name && n < sizeof(s) - 5; name++)
		n += sprintf(s + n, *name == '\n' ? "\\012" : "%c", *name);
	return s;
}

static bool has_neighbour(unsigned int i)
{
	return i && !is_gate(vmas + i) && vmas[i - 1].end == vmas[i].start;
}

/* The rules of a record as vmas names them */
static const char *rules(unsigned int bits)
{
	static const char * const names[] = {
		"flags", "special", "file", "offset", "anon_vma", "name", "policy", "uffd",
	};
	static char s[64];
	unsigned int i;

	strcpy(s, bits ? "" : "none");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (bits & 1 << i)
			sprintf(s + strlen(s), "%s%s", *s ? "," : "", names[i]);
	return s;
}

static void compare_raw(void)
{
	const struct vmainfo_record *r;
	unsigned int i = 0;
	struct cursor c;

	raw_first(&c, slurp_path("raw"));
	for (; !c.error && i < nr_vmas && (r = raw_next(&c)); i++) {
		bool gate = r->kind == VMAINFO_KIND_VSYSCALL;

		raw_field(i, NR, gate ? "-" : "%u", c.nr);
		raw_field(i, START, "%08llx", r->start);
		raw_field(i, END, "%08llx", r->end);
		raw_field(i, PERM, "%c%c%c%c", r->flags & VMAINFO_READ ? 'r' : '-',
			  r->flags & VMAINFO_WRITE ? 'w' : '-', r->flags & VMAINFO_EXEC ? 'x' : '-',
			  r->flags & VMAINFO_MAYSHARE ? 's' : 'p');
		raw_field(i, OFFSET, "%08llx", r->offset);
		raw_field(i, DEV, "%02x:%02x", r->dev_major, r->dev_minor);
		raw_field(i, INODE, "%llu", r->ino);
		raw_field(i, KIND, "%s", r->kind < ARRAY_SIZE(kinds) ? kinds[r->kind] : "?");
		raw_field(i, PAGE_KB, "%u", 1u << (r->page_shift - 10));
		raw_field(i, ANON, r->flags & VMAINFO_ANON_VMA ? "y" : "-");
		raw_field(i, POLICY, "%s",
			  r->policy < ARRAY_SIZE(policies) ? policies[r->policy] : "?");
		raw_field(i, NOMERGE, "%s", has_neighbour(i) ? rules(r->nomerge) : "-");
		if (r->nomerge && !has_neighbour(i))
			wrong("%llx: nomerge %x, but no VMA ends there", r->start, r->nomerge);
		field(i, OPS, c.ops ?: "-", "raw");
		field(i, NAME, c.name ? escaped(c.name) : "-", "raw");
		if (!same_flags(r->flags & ~(VMAINFO_ANON_VMA | VMAINFO_DELETED),
				vmas[i].column[FLAGS]))
			wrong("%llx: flags %s, but raw says %llx", r->start,
			      vmas[i].column[FLAGS], r->flags);
	}
	if (c.error)
		wrong("raw: %s", c.error);
	else if (i < nr_vmas || c.at != c.text.len ||
		 c.header->vmas + !!(c.header->flags & VMAINFO_GATE) != nr_vmas)
		wrong("raw has %u records and says %u, vmas has %u", c.nr, c.header->vmas, nr_vmas);
}

static bool is_vma_line(const char *line)
{
	size_t n = strspn(line, "0123456789abcdef");

	return n >= 8 && line[n] == '-';
}

/* A VMA with anonymous memory has an anon_vma. */
static void compare_smaps(void)
{
	char *s = load("smaps", true), *line, *value, *word;
	bool have_flags = false;
	unsigned int i = -1;

	while ((line = next_line(&s))) {
		if (is_vma_line(line)) {
			if (++i >= nr_vmas || strtoul(line, NULL, 16) != vmas[i].start) {
				wrong("smaps has another VMA: %s", line);
				return;
			}
			continue;
		}
		value = strchr(line, ':');
		if (!value || i >= nr_vmas) {
			wrong("smaps: unexpected line: %s", line);
			return;
		}
		*value++ = 0;
		if (!strcmp(line, "Size")) {
			field(i, KB, next_word(&value), "smaps");
		} else if (!strcmp(line, "KernelPageSize")) {
			field(i, PAGE_KB, next_word(&value), "smaps");
		} else if (!strcmp(line, "Anonymous")) {
			if (strtoul(value, NULL, 10) && strcmp(vmas[i].column[ANON], "y"))
				wrong("%s has anonymous memory, but no anon_vma",
				      vmas[i].column[START]);
		} else if (!strcmp(line, "VmFlags")) {
			char flags[256] = "";

			while (*(word = next_word(&value))) {
				if (*flags)
					strcat(flags, ",");
				strcat(flags, word);
			}
			field(i, FLAGS, *flags ? flags : "-", "smaps");
			have_flags = true;
		}
	}
	if (i + 1 != nr_vmas)
		wrong("smaps has %u VMAs, vmas has %u", i + 1, nr_vmas);
	if (nr_vmas && !have_flags)
		wrong("smaps has no VmFlags");
}

/* A policy as in numa_maps: "prefer=static:0" or "weighted interleave:0" */
static const char *policy_name(char *s)
{
	static const char * const names[][2] = {
		{ "default", "-" },
		{ "prefer (many)", "prefer-many" },
		{ "weighted interleave", "weighted-interleave" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(s, names[i][0], strlen(names[i][0])))
			return names[i][1];
	s[strcspn(s, ":= ")] = 0;
	return s;
}

static void compare_numa_maps(void)
{
	char *s = load("numa_maps", false), *line, *value;
	unsigned int i = 0, seen = 0, count;
	unsigned long start;

	if (!s)
		return;
	while ((line = next_line(&s))) {
		start = strtoul(line, &value, 16);
		while (i < nr_vmas && vmas[i].start < start)
			i++;
		if (i == nr_vmas || vmas[i].start != start || *value != ' ') {
			wrong("numa_maps has another VMA: %s", line);
			return;
		}
		seen++;
		value++;
		if (strstr(value, " anon=") && strcmp(vmas[i].column[ANON], "y"))
			wrong("%s has anonymous pages, but no anon_vma",
			      vmas[i].column[START]);
		field(i, POLICY, policy_name(value), "numa_maps");
	}
	count = nr_vmas;
	if (count && is_gate(vmas + count - 1))
		count--;
	if (seen < count)
		wrong("numa_maps has %u VMAs, vmas has %u", seen, count);
}

static char *kallsyms;

/* kallsyms exists, and has variables: CONFIG_KALLSYMS_ALL */
static bool data_symbols;

/* What compilers add to symbols, and vmas does not show */
static const char * const additions[] = { ".llvm.", ".lto_priv.", ".cfi", "__cfi_" };

/*
 * Is there such a symbol, perhaps with a suffix of link-time optimization? Each
 * is looked up once, because they are few.
 */
static bool is_symbol(const char *name)
{
	static char *known[64];
	char pattern[300], *s, c;
	unsigned int i;
	int len;

	for (i = 0; i < 64 && known[i]; i++)
		if (!strcmp(known[i], name))
			return true;
	len = snprintf(pattern, sizeof(pattern), " %s", name);
	for (s = kallsyms; (s = strstr(s, pattern)); s++) {
		c = s[len];
		if (c == '\n' || c == '\t' || !strncmp(s + len, ".llvm.", 6) ||
		    !strncmp(s + len, ".lto_priv.", 10)) {
			if (i < 64)
				known[i] = strdup(name);
			return true;
		}
	}
	return false;
}

static bool kind_is(const struct vma *v, const char *kind)
{
	return !strcmp(v->column[KIND], kind);
}

static bool has_flag(const struct vma *v, const char *flag)
{
	const char *s = v->column[FLAGS];

	for (;;) {
		if (!strncmp(s, flag, 2) && (!s[2] || s[2] == ','))
			return true;
		s = strchr(s, ',');
		if (!s)
			return false;
		s++;
	}
}

static void iff(const struct vma *v, bool a, bool b, const char *what)
{
	if (a != b)
		wrong("%s-%s: kind %s, ops %s, flags %s, name \"%s\": %s",
		      v->column[START], v->column[END], v->column[KIND],
		      v->column[OPS], v->column[FLAGS], v->column[NAME], what);
}

/* Rules that the columns of each VMA obey */
static void check_sense(void)
{
	unsigned int i, j, k;

	for (i = 0; i < nr_vmas; i++) {
		const struct vma *v = vmas + i;
		const char *name = v->column[NAME], *ops = v->column[OPS], *rules;
		bool file = strcmp(v->column[INODE], "0") ||
			    strcmp(v->column[DEV], "00:00");

		for (k = 0; k < ARRAY_SIZE(kinds); k++)
			if (kind_is(v, kinds[k]))
				break;
		if (k == ARRAY_SIZE(kinds))
			wrong("%lx: kind \"%s\"", v->start, v->column[KIND]);
		if (strcmp(v->column[ANON], "y") && strcmp(v->column[ANON], "-"))
			wrong("%lx: anon \"%s\"", v->start, v->column[ANON]);

		iff(v, kind_is(v, "heap"), !strcmp(name, "[heap]"), "heap?");
		iff(v, kind_is(v, "stack"), !strcmp(name, "[stack]"), "stack?");
		iff(v, kind_is(v, "vdso"), !strcmp(name, "[vdso]"), "vdso?");
		iff(v, kind_is(v, "vvar"), !strncmp(name, "[vvar", 5), "vvar?");
		iff(v, kind_is(v, "vsyscall"), is_gate(v), "vsyscall?");
		iff(v, kind_is(v, "hugetlb"), has_flag(v, "ht"), "hugetlb?");
		iff(v, kind_is(v, "hugetlb"), atol(v->column[PAGE_KB]) * 1024 !=
		    sysconf(_SC_PAGESIZE), "page?");
		if (kind_is(v, "file") || kind_is(v, "shmem") || kind_is(v, "dev"))
			iff(v, file, true, "has a file?");
		else if (!kind_is(v, "hugetlb"))
			iff(v, file, false, "has a file?");
		if (kind_is(v, "anon") || kind_is(v, "heap") || kind_is(v, "stack"))
			iff(v, !strcmp(ops, "-"), true, "has operations?");
		if (!strncmp(ops, "shmem_", 6))
			iff(v, kind_is(v, "shmem"), true, "shmem?");
		if (v->column[PERM][3] == 's')
			iff(v, strcmp(v->column[ANON], "-"), false,
			    "an anon_vma, though it is shared?");

		if (has_neighbour(i)) {
			rules = v->column[NOMERGE];
			if (strncmp(v->column[PERM], v[-1].column[PERM], 4))
				iff(v, !strncmp(rules, "flags", 5), true, "other permissions?");
			if (strcmp(v->column[INODE], v[-1].column[INODE]) ||
			    strcmp(v->column[DEV], v[-1].column[DEV]))
				iff(v, !!strstr(rules, "file"), true, "another file?");
		}

		/* a symbol, never an address */
		if (strcmp(ops, "-") && strcmp(ops, "?")) {
			if (!isalpha((unsigned char)*ops) && *ops != '_')
				wrong("%lx: ops \"%s\"", v->start, ops);
			if (strspn(ops, SYMBOL_CHARS) != strlen(ops))
				wrong("%lx: ops \"%s\"", v->start, ops);
			for (j = 0; j < sizeof(additions) / sizeof(*additions); j++)
				if (strstr(ops, additions[j]))
					wrong("%lx: ops \"%s\"", v->start, ops);
			if (kallsyms && !is_symbol(ops))
				wrong("%lx: ops \"%s\" are not in kallsyms",
				      v->start, ops);
		}
		if (data_symbols && !strcmp(ops, "?"))
			wrong("%lx: ops unknown, but there is kallsyms", v->start);
	}
}

static bool flags_match(const struct vma *v, char *flags)
{
	char *f;

	if (!strcmp(flags, "*"))
		return true;
	for (f = strtok(flags, ","); f; f = strtok(NULL, ","))
		if (*f == '!' ? has_flag(v, f + 1) : !has_flag(v, f))
			return false;
	return true;
}

/* COLUMN=PATTERN: does a VMA match? */
static bool as_expected(const struct vma *v, char *condition)
{
	char *pattern = strchr(condition, '=');
	enum column c;

	if (!pattern)
		return false;
	*pattern++ = 0;
	c = column_by_name(condition);
	if (c == OPS && !data_symbols && strcmp(pattern, "-"))
		pattern = "[?]";
	if (c < COLUMNS && (c == FLAGS ? flags_match(v, pattern) :
			    !fnmatch(pattern, v->column[c], FNM_NOESCAPE)))
		return true;
	fprintf(stderr, "%s of %lx: \"%s\", expected \"%s\"\n", condition, v->start,
		c < COLUMNS ? v->column[c] : "no such column", pattern);
	return false;
}

static void check_expected(void)
{
	char *s = load("expect", false), *line, *what;
	unsigned long start, end;
	unsigned int i;
	bool ok;

	while (s && (line = next_line(&s))) {
		what = strsep(&line, "\t");
		if (!strcmp(what, "skip")) {
			what = strsep(&line, "\t");
			printf("skip %s # %s\n", what, line);
			continue;
		}
		if (strcmp(what, "expect"))
			continue;
		start = strtoul(strsep(&line, "\t"), NULL, 16);
		end = strtoul(strsep(&line, "\t"), NULL, 16);
		what = strsep(&line, "\t");

		for (i = 0; i < nr_vmas && vmas[i].start != start; i++)
			;
		ok = i < nr_vmas && (end == start || end == vmas[i].end);
		if (i == nr_vmas)
			fprintf(stderr, "%lx is missing\n", start);
		else if (!ok)
			fprintf(stderr, "%lx-%lx ends at %lx\n", start, end, vmas[i].end);
		while (ok && line)
			ok = as_expected(&vmas[i], strsep(&line, "\t"));
		printf("%s %s\n", ok ? "ok" : "not ok", what);
		wrongs += !ok;
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3 || chdir(argv[1])) {
		fprintf(stderr, "usage: fields DIRECTORY [PID]\n");
		return 2;
	}
	kallsyms = load("kallsyms", false);
	data_symbols = kallsyms && strstr(kallsyms, "_vm_ops\n");
	load_vmas(argc > 2 ? argv[2] : NULL);
	compare_maps();
	compare_raw();
	compare_smaps();
	compare_numa_maps();
	check_sense();
	check_expected();
	return wrongs > 0;
}
