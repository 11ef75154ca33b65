// SPDX-License-Identifier: GPL-2.0
/*
 * Measures in the user-mode Linux of scripts/bench-native. Prints a line for
 * each entry and number of VMAs:
 *
 *	kernel.warm|kernel.cold|user VMAS ENTRY MINIMUM MEDIAN CALLS
 *
 * with the nanoseconds and the system calls of a listing, and lines for an empty
 * system call, for a page of memory from vmalloc() and in blocks (nanoseconds),
 * and for a call through a pointer, without and with a retpoline (picoseconds).
 * Arguments that are numbers select numbers of VMAs; the word "kernel" leaves out
 * what is measured in user space.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vmainfo.h"

#define ROUNDS 21
/* As in clock.c */
#define FILTERED ":exec"

static const char *const entries[] = {
	"/proc/self/maps", "/proc/vmainfo/maps", "/proc/vmainfo/raw", "/proc/vmainfo/vmas",
	"/proc/vmainfo/raw" FILTERED, "/proc/loadavg",
};

#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))
#define ENTRIES ARRAY_SIZE(entries)

static char buffer[64 * 1024];
static int calls;

static void load(const char *path, const char *params)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, params, 0))
		err(1, "loading %s with '%s'", path, params);
	close(fd);
}

/* Reads a comma-separated parameter of clock.ko. */
static void results(const char *name, long *values, size_t nr)
{
	char path[64], *text = buffer;
	ssize_t len;
	size_t i;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/clock/parameters/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer) - 1);
	if (len < 0)
		err(1, "%s", path);
	close(fd);
	buffer[len] = '\0';
	for (i = 0; i < nr; i++) {
		values[i] = strtol(text, &text, 10);
		text += *text == ',';
	}
}

static void in_kernel(int vmas, bool cold)
{
	long min[ENTRIES], median[ENTRIES], page[2], call[2];
	char params[256];
	size_t i;

	snprintf(params, sizeof(params), "vmas=%d cold=%d entries=", vmas, cold);
	for (i = 0; i < ENTRIES; i++) {
		strcat(params, entries[i]);
		strcat(params, i < ENTRIES - 1 ? "," : "");
	}
	load("/clock.ko", params);
	results("min_ns", min, ENTRIES);
	results("median_ns", median, ENTRIES);
	results("page_ns", page, ARRAY_SIZE(page));
	results("call_ps", call, ARRAY_SIZE(call));
	if (syscall(SYS_delete_module, "clock", 0))
		err(1, "unloading clock.ko");
	for (i = 0; i < ENTRIES; i++)
		printf("kernel.%s %d %s %ld %ld 0\n", cold ? "cold" : "warm", vmas,
		       entries[i], min[i], median[i]);
	printf("page %ld %ld\n", page[0], page[1]);
	printf("call %ld %ld\n", call[0], call[1]);
}

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void list(const char *entry)
{
	static const struct vmainfo_filter filter = {
		.size = sizeof(filter), .flags = VMAINFO_EXEC,
	};
	const char *filtered = strstr(entry, FILTERED);
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%.*s",
		 (int)(filtered ? (size_t)(filtered - entry) : strlen(entry)), entry);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (filtered && ioctl(fd, VMAINFO_SET_FILTER, &filter)))
		err(1, "%s", entry);
	for (calls = 3 + !!filtered; (len = read(fd, buffer, sizeof(buffer))) > 0; calls++)
		;
	if (len < 0)
		err(1, "%s", entry);
	close(fd);
}

static int compare(const void *a, const void *b)
{
	const long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static void in_user_space(int vmas)
{
	static long times[ENTRIES][ROUNDS];
	int needed[ENTRIES];
	size_t i, round;
	long began;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < ENTRIES; i++) {
			began = now();
			list(entries[i]);
			times[i][round] = now() - began;
			needed[i] = calls;
		}
	}
	for (i = 0; i < ENTRIES; i++) {
		qsort(times[i], ROUNDS, sizeof(long), compare);
		printf("user %d %s %ld %ld %d\n", vmas, entries[i], times[i][0],
		       times[i][ROUNDS / 2], needed[i]);
	}
}

static void empty_call(void)
{
	long times[ROUNDS], began;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		began = now();
		for (i = 0; i < 1000; i++)
			syscall(SYS_getppid);
		times[round] = (now() - began) / 1000;
	}
	qsort(times, ROUNDS, sizeof(long), compare);
	printf("syscall 1 getppid %ld %ld 1\n", times[0], times[ROUNDS / 2]);
}

/* A child maps the VMAs and lists them, so each size begins with a small process. */
static bool measure(int vmas, bool kernel_only)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		in_kernel(vmas, false);
		in_kernel(vmas, true);
		if (!kernel_only)
			in_user_space(vmas);
		fflush(stdout);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void prepare(void)
{
	static const char limit[] = "2000000";
	int fd;

	fd = open("/proc/sys/vm/max_map_count", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, limit, strlen(limit)) < 0)
		err(1, "setting vm.max_map_count");
	close(fd);
	load("/vmainfo.ko", "");
}

int main(int argc, char **argv)
{
	static const int usual[] = { 29, 1000, 60000, 300000 };
	bool kernel_only = false, ok = true, chosen = false;
	size_t i;
	int a;

	prepare();
	for (a = 1; a < argc; a++)
		kernel_only |= !strcmp(argv[a], "kernel");
	for (a = 1; a < argc; a++) {
		if (atoi(argv[a]) > 0) {
			ok &= measure(atoi(argv[a]), kernel_only);
			chosen = true;
		}
	}
	for (i = 0; i < ARRAY_SIZE(usual) && !chosen; i++)
		ok &= measure(usual[i], kernel_only);
	if (!kernel_only)
		empty_call();
	return !ok;
}
