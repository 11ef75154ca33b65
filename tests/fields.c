// SPDX-License-Identifier: GPL-2.0
/*
 * Compares what vmainfo says of a process with what procfs says, field by
 * field, and with what the process itself says (see mappings.c).
 *
 *	fields DIRECTORY [PID]
 *
 * The directory holds what was read of one process: vmas, procfs' maps in "before",
 * smaps, numa_maps (if the kernel has it), kallsyms (optional), expect (optional).
 * For each line of expect, a line "ok WHAT", "not ok WHAT" or "skip WHAT # REASON"
 * goes to stdout; what is wrong with any of the others goes to stderr. The exit
 * status is 1 if there was anything of that.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYMBOL_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

enum column {
	NR, START, END, KB, PERM, OFFSET, DEV, INODE, KIND, PAGE, ANON, POLICY,
	FLAGS, OPS, NAME, COLUMNS,
};

static const char * const columns[] = {
	"nr", "start", "end", "kB", "perm", "offset", "dev", "inode", "kind",
	"page", "anon", "policy", "flags", "ops", "name",
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
static char *load(const char *name)
{
	int fd = open(name, O_RDONLY);
	struct stat st;
	char *s;
	ssize_t n = 0, len = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st))
		abort();
	s = malloc(st.st_size + 1);
	if (!s)
		abort();
	while (len < st.st_size && (n = read(fd, s + len, st.st_size - len)) > 0)
		len += n;
	if (n < 0) {
		perror(name);
		exit(2);
	}
	close(fd);
	s[len] = 0;
	if (strlen(s) != (size_t)len) {
		fprintf(stderr, "%s contains a NUL\n", name);
		exit(1);
	}
	return s;
}

static char *load_or_die(const char *name)
{
	char *s = load(name);

	if (!s) {
		perror(name);
		exit(2);
	}
	return s;
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

/* Cuts the first word off *s, and the spaces around it. */
static char *next_word(char **s)
{
	char *word = *s + strspn(*s, " ");
	char *end = word + strcspn(word, " ");

	*s = end + strspn(end, " ");
	if (*end)
		*end = 0;
	return word;
}

static bool number(const char *s, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(s, &end, 10);
	return isdigit((unsigned char)*s) && !*end && !errno;
}

static bool is_gate(const struct vma *v)
{
	return !strcmp(v->column[NAME], "[vsyscall]");
}

static enum column column_by_name(const char *name)
{
	enum column c;

	for (c = 0; c < COLUMNS && strcmp(columns[c], name); c++)
		;
	return c;
}

static void parse_vmas(const char *pid)
{
	char *text = load_or_die("vmas"), *s = text, *line, *rest, *value;
	unsigned long n, count = 0, said = 0;
	unsigned int i, room = 0;
	enum column c;
	char letter;

	line = next_line(&s);
	if (!line) {
		wrong("vmas is empty");
		return;
	}
	rest = strstr(line, " walk=");
	if (strncmp(line, "# pid=", 6) || !rest ||
	    (strcmp(rest, " walk=atomic") && strcmp(rest, " walk=torn")))
		wrong("vmas: a strange first line: %s", line);
	if (sscanf(line, "# pid=%lu vmas=%lu walk=%c", &n, &said, &letter) != 3)
		wrong("vmas: a strange first line: %s", line);
	if (pid && strtoul(pid, NULL, 10) != n)
		wrong("vmas: pid=%lu, but it is %s", n, pid);

	line = next_line(&s);
	if (!line || *line++ != '#')
		wrong("vmas: no second line that begins with #");
	for (i = 0; line && *line; i++) {
		value = next_word(&line);
		c = column_by_name(value);
		if (c == COLUMNS || i == COLUMNS) {
			wrong("vmas: column \"%s\" is not one that this test knows", value);
			exit(1);
		}
		order[i] = c;
	}
	if (i != COLUMNS || order[i - 1] != NAME) {
		wrong("vmas: a column is missing, or the name is not the last one");
		exit(1);
	}

	while ((line = next_line(&s))) {
		struct vma *v;

		if (nr_vmas == room) {
			room = room ? 2 * room : 256;
			vmas = realloc(vmas, room * sizeof(*vmas));
			if (!vmas)
				abort();
		}
		v = vmas + nr_vmas++;
		rest = line;
		for (i = 0; order[i] != NAME; i++)
			v->column[order[i]] = next_word(&rest);
		/* the name is all the rest, but for the space before it */
		v->column[NAME] = rest;
		if (!*rest) {
			wrong("vmas: line %u has no name", nr_vmas);
			exit(1);
		}
		v->start = strtoul(v->column[START], NULL, 16);
		v->end = strtoul(v->column[END], NULL, 16);
		if (is_gate(v)) {
			if (strcmp(v->column[NR], "-"))
				wrong("vsyscall has a number: %s", v->column[NR]);
			if (*s)
				wrong("there are lines after vsyscall");
		} else {
			count++;
			if (!number(v->column[NR], &n) || n != count)
				wrong("VMA %lu has the number %s", count, v->column[NR]);
		}
	}
	if (said != count)
		wrong("vmas=%lu, but there are %lu", said, count);
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
	char *s = load_or_die("before"), *line, *end, *value;
	unsigned int i = 0;

	for (; (line = next_line(&s)); i++) {
		if (i >= nr_vmas) {
			wrong("%s is only in maps", line);
			continue;
		}
		end = strchr(line, '-');
		if (!end) {
			wrong("a strange line of maps: %s", line);
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

/* "        4 kB" */
static void field_kb(unsigned int i, enum column c, char *value)
{
	field(i, c, next_word(&value), "smaps");
}

static bool is_vma_line(const char *line)
{
	size_t n = strspn(line, "0123456789abcdef");

	return n >= 8 && line[n] == '-';
}

/* smaps tells how much of a VMA is anonymous: that takes an anon_vma. */
static void compare_smaps(void)
{
	char *s = load_or_die("smaps"), *line, *value, *word;
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
			wrong("a strange line of smaps: %s", line);
			return;
		}
		*value++ = 0;
		if (!strcmp(line, "Size")) {
			field_kb(i, KB, value);
		} else if (!strcmp(line, "KernelPageSize")) {
			field_kb(i, PAGE, value);
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

#define POLICY_MAX 64

/* "prefer=static:0", "weighted interleave:0" and the like as vmas has them */
static void policy_name(char *s)
{
	static const char * const names[][2] = {
		{ "default", "-" },
		{ "prefer (many)", "prefer-many" },
		{ "weighted interleave", "weighted-interleave" },
	};
	unsigned int i;

	s[strcspn(s, ":=")] = 0;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(s, names[i][0]))
			snprintf(s, POLICY_MAX, "%s", names[i][1]);
}

static void compare_numa_maps(void)
{
	char *s = load("numa_maps"), *line, *value;
	char policy[POLICY_MAX];
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
		/* the policy may be of two words; what follows has a '=' */
		if (!strncmp(value, "weighted interleave", 19))
			snprintf(policy, sizeof(policy), "weighted interleave");
		else if (!strncmp(value, "prefer (many)", 13))
			snprintf(policy, sizeof(policy), "prefer (many)");
		else
			snprintf(policy, sizeof(policy), "%.*s",
				 (int)strcspn(value, " "), value);
		policy_name(policy);
		field(i, POLICY, policy, "numa_maps");
		if (strstr(value, " anon=") && strcmp(vmas[i].column[ANON], "y"))
			wrong("%s has anonymous pages, but no anon_vma",
			      vmas[i].column[START]);
	}
	count = nr_vmas;
	if (count && is_gate(vmas + count - 1))
		count--;
	if (seen < count)
		wrong("numa_maps has %u VMAs, vmas has %u", seen, count);
}

static char *kallsyms;

/* Is there such a symbol? There are few different ones, so each is looked up once. */
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
		if (c == '\n' || c == '\t') {
			if (i < 64)
				known[i] = strdup(name);
			return true;
		}
	}
	return false;
}

static const char * const kinds[] = {
	"file", "anon", "heap", "stack", "shmem", "hugetlb", "vdso", "vvar",
	"vsyscall", "dev", "special",
};

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

/* What must hold between the columns, whatever the process. */
static void check_sense(void)
{
	unsigned long last = 0;
	unsigned int i, k;

	for (i = 0; i < nr_vmas; i++) {
		const struct vma *v = vmas + i;
		const char *name = v->column[NAME], *ops = v->column[OPS];
		bool file = strcmp(v->column[INODE], "0") ||
			    strcmp(v->column[DEV], "00:00");

		if (v->start >= v->end || v->start < last)
			wrong("%lx-%lx is out of order", v->start, v->end);
		last = v->end;

		for (k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			if (kind_is(v, kinds[k]))
				break;
		if (k == sizeof(kinds) / sizeof(*kinds))
			wrong("%lx: kind \"%s\"", v->start, v->column[KIND]);
		if (strcmp(v->column[ANON], "y") && strcmp(v->column[ANON], "-"))
			wrong("%lx: anon \"%s\"", v->start, v->column[ANON]);

		iff(v, kind_is(v, "heap"), !strcmp(name, "[heap]"), "heap?");
		iff(v, kind_is(v, "stack"), !strcmp(name, "[stack]"), "stack?");
		iff(v, kind_is(v, "vdso"), !strcmp(name, "[vdso]"), "vdso?");
		iff(v, kind_is(v, "vvar"), !strncmp(name, "[vvar", 5), "vvar?");
		iff(v, kind_is(v, "vsyscall"), is_gate(v), "vsyscall?");
		iff(v, kind_is(v, "hugetlb"), has_flag(v, "ht"), "hugetlb?");
		iff(v, kind_is(v, "hugetlb"), atol(v->column[PAGE]) * 1024 !=
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

		/* a symbol, never an address */
		if (strcmp(ops, "-") && strcmp(ops, "?")) {
			if (!isalpha((unsigned char)*ops) && *ops != '_')
				wrong("%lx: ops \"%s\"", v->start, ops);
			if (strspn(ops, SYMBOL_CHARS) != strlen(ops))
				wrong("%lx: ops \"%s\"", v->start, ops);
			if (kallsyms && !is_symbol(ops))
				wrong("%lx: ops \"%s\" are not in kallsyms",
				      v->start, ops);
		}
		if (kallsyms && !strcmp(ops, "?"))
			wrong("%lx: ops unknown, but there is kallsyms", v->start);
	}
}

static char *next_field(char **s)
{
	char *field = *s;

	*s += strcspn(*s, "\t");
	if (**s)
		*(*s)++ = 0;
	return field;
}

static bool matches(const char *value, const char *pattern)
{
	return !fnmatch(pattern, value, FNM_NOESCAPE);
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
	if (c < COLUMNS && (c == FLAGS ? flags_match(v, pattern) : matches(v->column[c], pattern)))
		return true;
	fprintf(stderr, "%s of %lx: \"%s\", expected \"%s\"\n", condition, v->start,
		c < COLUMNS ? v->column[c] : "no such column", pattern);
	return false;
}

static void check_expected(void)
{
	char *s = load("expect"), *line, *what;
	unsigned long start, end;
	unsigned int i;
	bool ok;

	while (s && (line = next_line(&s))) {
		what = next_field(&line);
		if (!strcmp(what, "skip")) {
			what = next_field(&line);
			printf("skip %s # %s\n", what, line);
			continue;
		}
		if (strcmp(what, "expect"))
			continue;
		start = strtoul(next_field(&line), NULL, 16);
		end = strtoul(next_field(&line), NULL, 16);
		what = next_field(&line);

		for (i = 0; i < nr_vmas && vmas[i].start != start; i++)
			;
		ok = i < nr_vmas && (end == start || end == vmas[i].end);
		if (i == nr_vmas)
			fprintf(stderr, "%lx is missing\n", start);
		else if (!ok)
			fprintf(stderr, "%lx-%lx ends at %lx\n", start, end, vmas[i].end);
		while (ok && *line)
			ok = as_expected(&vmas[i], next_field(&line));
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
	kallsyms = load("kallsyms");
	parse_vmas(argc > 2 ? argv[2] : NULL);
	compare_maps();
	compare_smaps();
	compare_numa_maps();
	check_sense();
	check_expected();
	return wrongs > 0;
}
