// SPDX-License-Identifier: GPL-2.0
/* See summary_text.h. */
#include "kselftest.h"
#include "maps.h"
#include "summary_text.h"

const struct summary_key keys[KEYS] = {
	[PID] = { "Pid", NUMBER },
	[WALK] = { "Walk", WORD },
	[VMAS] = { "Vmas", COUNT },
	[VMAS_ANON] = { "VmasAnon", COUNT },
	[VMAS_FILE] = { "VmasFile", COUNT },
	[VMAS_HEAP] = { "VmasHeap", COUNT },
	[VMAS_STACK] = { "VmasStack", COUNT },
	[VMAS_SHMEM] = { "VmasShmem", COUNT },
	[VMAS_HUGETLB] = { "VmasHugetlb", COUNT },
	[VMAS_VDSO] = { "VmasVdso", COUNT },
	[VMAS_VVAR] = { "VmasVvar", COUNT },
	[VMAS_DEV] = { "VmasDev", COUNT },
	[VMAS_SPECIAL] = { "VmasSpecial", COUNT },
	[RSS_ANON] = { "RssAnon", SIZE },
	[RSS_FILE] = { "RssFile", SIZE },
	[RSS_SHMEM] = { "RssShmem", SIZE },
	[VM_SWAP] = { "VmSwap", SIZE },
	[LARGEST_GAP] = { "LargestGap", RANGE },
	[CODE] = { "Code", RANGE },
	[DATA] = { "Data", RANGE },
	[BRK] = { "Brk", RANGE },
	[STACK] = { "Stack", RANGE },
	[ARGUMENTS] = { "Arguments", RANGE },
	[ENVIRONMENT] = { "Environment", RANGE },
	[START_STACK] = { "StartStack", ADDRESS },
	[MMAP_BASE] = { "MmapBase", ADDRESS },
	[TASK_SIZE] = { "TaskSize", ADDRESS },
	[KERNEL_VMAS] = { "KernelVmas", NUMBER },
	[KERNEL_START] = { "KernelStart", ADDRESS },
};

/* A value as summary prints it */
static void print_value(char *s, size_t size, enum form form, const struct value *v)
{
	if (v->none) {
		snprintf(s, size, "-");
		return;
	}
	switch (form) {
	case NUMBER:
		snprintf(s, size, "%llu", v->nr);
		break;
	case WORD:
		snprintf(s, size, "%s", v->word);
		break;
	case COUNT:
		snprintf(s, size, "%llu\t%llu kB", v->nr, v->kb);
		break;
	case SIZE:
		snprintf(s, size, "%llu kB", v->kb);
		break;
	case RANGE:
		snprintf(s, size, "%08llx-%08llx\t%llu kB", v->start, v->end, v->kb);
		break;
	case ADDRESS:
		snprintf(s, size, "%08llx", v->nr);
		break;
	}
}

static void parse_value(const char *s, enum form form, struct value *v)
{
	memset(v, 0, sizeof(*v));
	v->none = (form == RANGE || form == ADDRESS) && !strncmp(s, "-\n", 2);
	switch (form) {
	case NUMBER:
		sscanf(s, "%llu", &v->nr);
		break;
	case WORD:
		sscanf(s, "%15s", v->word);
		break;
	case COUNT:
		sscanf(s, "%llu %llu", &v->nr, &v->kb);
		break;
	case SIZE:
		sscanf(s, "%llu", &v->kb);
		break;
	case RANGE:
		sscanf(s, "%llx-%llx %llu", &v->start, &v->end, &v->kb);
		break;
	case ADDRESS:
		sscanf(s, "%llx", &v->nr);
		break;
	}
}

static bool is_range(const struct value *v)
{
	return v->start <= v->end && v->kb == (v->end - v->start + 1023) >> 10;
}

/* Parses a line. Returns its end, or NULL. */
static const char *parse_line(const char *s, const char *key, enum form form, struct value *v)
{
	char value[100], line[150];
	size_t len = strcspn(s, "\t");

	parse_value(s + len + !!s[len], form, v);
	print_value(value, sizeof(value), form, v);
	len = snprintf(line, sizeof(line), "%s:\t%s\n", key, value);
	return strncmp(s, line, len) || (form == RANGE && !is_range(v)) ? NULL : s + len;
}

/* Parses the line of a region above the last one. Returns its end, or NULL. */
static const char *parse_region(const char *s, struct summary *sum)
{
	struct kernel_region *r = &sum->region[sum->regions];

	if (sum->regions == REGIONS || sscanf(s, "%31[A-Za-z]:", r->name) != 1 ||
	    strncmp(r->name, "Kernel", 6))
		return NULL;
	s = parse_line(s, r->name, RANGE, &r->v);
	if (r->v.none || r->v.start >= r->v.end ||
	    r->v.start < (sum->regions ? r[-1].v.start : sum->v[KERNEL_START].nr))
		return NULL;
	sum->regions++;
	return s;
}

/* Returns what is wrong, or NULL. */
static const char *parse_all(struct summary *sum, struct text t)
{
	const char *s = t.s;
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	sum->text = t;
	for (i = 0; i < KEYS; i++) {
		/* It is known on some architectures only. */
		if (i == KERNEL_START && s == t.s + t.len)
			break;
		s = parse_line(s, keys[i].name, keys[i].form, &sum->v[i]);
		if (!s)
			return keys[i].name;
	}
	while (s && s != t.s + t.len)
		s = parse_region(s, sum);
	return s ? NULL : "a region of the kernel";
}

struct summary parse(struct text t)
{
	struct summary sum;
	const char *wrong = parse_all(&sum, t);

	errno = 0;
	if (wrong)
		fatal("%s is wrong or missing in\n%s", wrong, t.s);
	return sum;
}

const char *parse_summary(struct listing *l, struct text t)
{
	unsigned long long nr = 0, kb = 0;
	struct summary sum;
	const char *wrong = parse_all(&sum, t);
	unsigned int i;

	if (wrong)
		return wrong;
	for (i = VMAS_ANON; i <= VMAS_SPECIAL; i++) {
		nr += sum.v[i].nr;
		kb += sum.v[i].kb;
	}
	if (nr != sum.v[VMAS].nr || kb != sum.v[VMAS].kb)
		return "the kinds do not add up";
	l->walk = !strcmp(sum.v[WALK].word, "atomic") ? WALK_ATOMIC :
		  !strcmp(sum.v[WALK].word, "torn") ? WALK_TORN : WALK_UNKNOWN;
	l->pid = sum.v[PID].nr;
	l->nr = nr;
	return l->walk == WALK_UNKNOWN ? "the walk is neither atomic nor torn" : NULL;
}

struct summary from_start(int fd)
{
	return parse(slurp_again(fd));
}

struct summary summary_of(pid_t pid)
{
	return parse(slurp_target(SUMMARY, pid));
}
