// SPDX-License-Identifier: GPL-2.0
/* See summary_text.h. */
#include "kselftest.h"
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
	case RANGE:
		sscanf(s, "%llx-%llx %llu", &v->start, &v->end, &v->kb);
		break;
	case ADDRESS:
		sscanf(s, "%llx", &v->nr);
		break;
	}
}

/* Parses a line of the next kernel region, above the last one. Returns its end, or NULL. */
static const char *parse_region(const char *s, struct summary *sum)
{
	struct kernel_region *r = &sum->region[sum->regions];
	char value[100], line[150];

	if (sum->regions == REGIONS || sscanf(s, "%31[A-Za-z]:", r->name) != 1 ||
	    strncmp(r->name, "Kernel", 6))
		return NULL;
	parse_value(s + strlen(r->name) + 1, RANGE, &r->v);
	print_value(value, sizeof(value), RANGE, &r->v);
	snprintf(line, sizeof(line), "%s:\t%s\n", r->name, value);
	if (strncmp(s, line, strlen(line)) || r->v.none || r->v.start >= r->v.end ||
	    r->v.kb != (r->v.end - r->v.start) >> 10 ||
	    r->v.start < (sum->regions ? r[-1].v.start : sum->v[KERNEL_START].nr))
		return NULL;
	sum->regions++;
	return s + strlen(line);
}

struct summary parse(struct text t)
{
	struct summary sum = { .text = t };
	char value[100], line[150];
	const char *s = t.s;
	unsigned int i;

	errno = 0;
	for (i = 0; i < KEYS; i++) {
		size_t len = strcspn(s, "\t");

		parse_value(s + len + !!s[len], keys[i].form, &sum.v[i]);
		print_value(value, sizeof(value), keys[i].form, &sum.v[i]);
		snprintf(line, sizeof(line), "%s:\t%s\n", keys[i].name, value);
		if (strncmp(s, line, strlen(line)))
			fatal("line %u is \"%.*s\", expected %s", i + 1,
			      (int)strcspn(s, "\n"), s, line);
		s += strlen(line);
	}
	while (s != t.s + t.len) {
		const char *end = parse_region(s, &sum);

		if (!end)
			fatal("unexpected text: %s", s);
		s = end;
	}
	return sum;
}

struct summary from_start(int fd)
{
	return parse(slurp_again(fd));
}

struct summary summary_of(pid_t pid)
{
	return parse(slurp_target(SUMMARY, pid));
}
