/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the C tests of vmainfo share: loading and unloading the module, reading
 * an entry, and target processes that do as they are told.
 *
 * A helper that fails says why and ends the test as failed.
 */
#ifndef VMAINFO_TEST_H
#define VMAINFO_TEST_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"
#include "../vmainfo.h"

/* No test here has a time limit: what runs them may set one for the lot. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 0

#define PROC "/proc/vmainfo/"
#define PARAM "/sys/module/vmainfo/parameters/"

static inline void __attribute__((format(printf, 1, 2), noreturn))
fatal(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	fputs("# ", stderr);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(ap);
	exit(KSFT_FAIL);
}

static inline void *get_memory(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		fatal("%zu bytes of memory", size);
	return p;
}

/* What scripts/check adds up for all tests of a kernel: so many of something */
static inline void figure(unsigned long long n, const char *what)
{
	printf("# figure: %llu %s\n", n, what);
	fflush(stdout);
}

/* The module */

static inline const char *module_file(void)
{
	const char *ko = getenv("VMAINFO_KO");

	if (ko && *ko)
		return ko;
	return access("/vmainfo.ko", R_OK) ? NULL : "/vmainfo.ko";
}

/* 0, or a negative errno */
static inline int module_load(const char *params)
{
	const char *ko = module_file();
	int fd, ret, status;
	pid_t pid;

	if (ko) {
		fd = open(ko, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
		close(fd);
		return ret;
	}

	fflush(NULL);
	pid = fork();
	if (!pid) {
		execlp("modprobe", "modprobe", "vmainfo",
		       *params ? params : (char *)NULL, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fatal("running modprobe");
	return status ? -ENOENT : 0;
}

/* 0, or a negative errno */
static inline int module_unload(void)
{
	return syscall(SYS_delete_module, "vmainfo", O_NONBLOCK) ? -errno : 0;
}

static inline void __attribute__((noreturn)) skip_all(const char *why)
{
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	exit(KSFT_SKIP);
}

static inline void __attribute__((noreturn)) fail_all(const char *why, int error)
{
	printf("TAP version 13\nBail out! %s: %s\n", why, strerror(error));
	exit(KSFT_FAIL);
}

static pid_t vmainfo_main_pid;

static inline void vmainfo_at_exit(void)
{
	int ret;

	if (getpid() != vmainfo_main_pid)
		return;
	ret = module_unload();
	if (ret) {
		printf("# the module does not unload: %s\n", strerror(-ret));
		fflush(stdout);
		_exit(KSFT_FAIL);
	}
}

/* Loads the module for as long as this program runs. */
static inline void module_for_all_tests(void)
{
	int ret;

	if (geteuid())
		skip_all("these tests need root");
	if (!access("/sys/module/vmainfo", F_OK))
		fail_all("vmainfo is loaded already, and these tests load it themselves", EBUSY);
	ret = module_load("");
	if (ret == -ENOENT)
		skip_all("no vmainfo.ko: name one in VMAINFO_KO, or install it for modprobe");
	if (ret)
		fail_all("vmainfo does not load", -ret);
	vmainfo_main_pid = getpid();
	atexit(vmainfo_at_exit);
}

#define VMAINFO_TEST_MAIN					\
	int main(int argc, char **argv)				\
	{							\
		module_for_all_tests();				\
		return test_harness_run(argc, argv);		\
	}

/* Files */

static inline int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		fatal("open %s", path);
	return fd;
}

struct text {
	char *s;
	size_t len;
};

/* All that is left of a file, by reads of at most chunk bytes. */
static inline struct text slurp(int fd, size_t chunk)
{
	size_t room = 1 << 20;
	struct text t = { .s = get_memory(room + 1) };
	ssize_t n;

	for (;;) {
		if (room - t.len < chunk) {
			room = 2 * room + chunk;
			t.s = realloc(t.s, room + 1);
			if (!t.s)
				fatal("%zu bytes of memory", room);
		}
		n = read(fd, t.s + t.len, chunk);
		if (n < 0)
			fatal("read after %zu bytes", t.len);
		if (!n)
			break;
		t.len += n;
	}
	t.s[t.len] = 0;
	return t;
}

static inline struct text slurp_path(const char *path)
{
	int fd = open_or_die(path, O_RDONLY);
	struct text t = slurp(fd, 1 << 20);

	close(fd);
	return t;
}

static inline struct text slurp_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return slurp_path(path);
}

static inline bool is_raw(struct text t)
{
	struct vmainfo_header h;

	if (t.len < sizeof(h))
		return false;
	memcpy(&h, t.s, sizeof(h));
	return h.magic == VMAINFO_MAGIC;
}

/*
 * How many of the n bytes at s are those of a text from at on. The time in the header of
 * raw is any: no two snapshots have the same.
 */
static inline size_t same_bytes(struct text t, size_t at, const char *s, size_t n)
{
	const size_t time = is_raw(t) ? offsetof(struct vmainfo_header, taken_ns) : SIZE_MAX - 8;
	size_t i;

	if (at > time + 8 && at <= t.len && n <= t.len - at && !memcmp(t.s + at, s, n))
		return n;
	for (i = 0; i < n && at + i < t.len; i++)
		if (t.s[at + i] != s[i] && (at + i < time || at + i >= time + 8))
			break;
	return i;
}

static inline bool same(struct text a, struct text b)
{
	size_t i = same_bytes(a, 0, b.s, b.len);

	if (a.len == b.len && i == a.len)
		return true;
	fprintf(stderr, "# %zu and %zu bytes, which differ from byte %zu on\n",
		a.len, b.len, i);
	return false;
}

/* 0, or a negative errno */
static inline int write_string(int fd, const char *s)
{
	ssize_t n = write(fd, s, strlen(s));

	if (n < 0)
		return -errno;
	return n == (ssize_t)strlen(s) ? 0 : -EIO;
}

static inline int set_target(int fd, pid_t pid)
{
	char s[16];

	snprintf(s, sizeof(s), "%d", pid);
	return write_string(fd, s);
}

static inline int open_target(const char *entry, pid_t pid)
{
	int fd = open_or_die(entry, O_RDWR);
	int ret = set_target(fd, pid);

	if (ret) {
		errno = -ret;
		fatal("writing %d to %s", pid, entry);
	}
	return fd;
}

/* 0, or a negative errno */
static inline int set_param(const char *name, const char *value)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), PARAM "%s", name);
	fd = open_or_die(path, O_WRONLY);
	ret = write_string(fd, value);
	close(fd);
	return ret;
}

/* Is there a VMA that begins at p? */
static inline bool shows(struct text t, const void *p)
{
	const struct vmainfo_record *r;
	unsigned long start;
	const char *s = t.s;
	size_t at;
	char *end;

	if (is_raw(t)) {
		for (at = sizeof(struct vmainfo_header); at < t.len; at += r->next) {
			r = (void *)(t.s + at);
			if (!r->next)
				fatal("a record of no length");
			if (r->start == (unsigned long)p)
				return true;
		}
		return false;
	}
	for (; s && *s; s = strchr(s, '\n'), s += !!s) {
		if (*s == '#')
			continue;
		start = strtoul(s, &end, 16);
		if (*end == ' ')	/* vmas: the number comes first */
			start = strtoul(end, NULL, 16);
		if (start == (unsigned long)p)
			return true;
	}
	return false;
}

/* Capabilities */

#define CAP_BIT(cap) (1ull << (cap))
#define ALL_CAPS (~0ull)

/* Leaves the capabilities in mask in the effective and permitted sets. */
static inline void keep_caps(unsigned long long mask)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	int i;

	if (syscall(SYS_capget, &header, data))
		fatal("capget");
	for (i = 0; i < 2; i++) {
		data[i].permitted &= mask >> (32 * i);
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data))
		fatal("capset");
}

/* Targets: processes that wait for one-letter commands and answer each. */

struct target {
	pid_t pid;
	int to, from;
};

/*
 * One that never answers waits for a lock that somebody still holds. There is no
 * limit, because a busy machine can be slow: the kernel reports hung tasks.
 */
static inline void tell(struct target *t, char command)
{
	struct pollfd answer = { .fd = t->from, .events = POLLIN };
	char c;

	if (write(t->to, &command, 1) != 1)
		fatal("command '%c' to target %d", command, t->pid);
	while (!poll(&answer, 1, 120000)) {
		printf("# target %d has not answered to command '%c' yet, is its mmap_lock held?\n",
		       t->pid, command);
		fflush(stdout);
	}
	if (read(t->from, &c, 1) != 1 || c != command)
		fatal("the answer of target %d to command '%c'", t->pid, command);
}

/*
 * init() runs in the child before target_start() returns, command() (may be
 * NULL) for every tell().
 */
static inline void target_start(struct target *t, void (*init)(void),
				void (*command)(char c))
{
	int to[2], from[2];
	pid_t parent = getpid();
	char c;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		fatal("pipe");
	fflush(NULL);
	t->pid = fork();
	if (t->pid < 0)
		fatal("fork");
	t->to = to[1];
	t->from = from[0];
	if (t->pid) {
		close(to[0]);
		close(from[1]);
		if (read(from[0], &c, 1) != 1)
			fatal("target %d does not start", t->pid);
		return;
	}

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close(to[1]);
	close(from[0]);
	if (init)
		init();
	c = 0;
	while (write(from[1], &c, 1) == 1 && read(to[0], &c, 1) == 1)
		if (command)
			command(c);
	_exit(0);
}

static inline void target_end(struct target *t)
{
	if (kill(t->pid, SIGKILL) || waitpid(t->pid, NULL, 0) != t->pid)
		fatal("ending target %d", t->pid);
	close(t->to);
	close(t->from);
}

/* A thread of a process that is not the leader */
static inline pid_t other_thread(pid_t pid)
{
	char path[32];
	pid_t thread = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		fatal("%s", path);
	while ((entry = readdir(dir)) && (!thread || thread == pid))
		thread = atoi(entry->d_name);
	closedir(dir);
	if (!thread || thread == pid)
		fatal("process %d has one thread", pid);
	return thread;
}

/* Waits until a process's leader, which exits, has let go of the mm. */
static inline void await_end_of_leader(pid_t pid)
{
	struct text t;

	for (;;) {
		t = slurp_proc(pid, "maps");
		free(t.s);
		if (!t.len)
			return;
		usleep(1000);
	}
}

static inline void *map_at(void *at, size_t size, int prot)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *p = mmap(at, size, prot, flags | (at ? MAP_FIXED_NOREPLACE : 0),
		       -1, 0);

	if (p == MAP_FAILED || (at && p != at))
		fatal("mmap of %zu bytes at %p", size, at);
	return p;
}

/*
 * A kernel that looks at all VMAs of a process whenever one changes is told not to, for
 * as long as many are made: vma_unchecked.c says how. It is there for such kernels only.
 */
static inline const char *unchecked_module(void)
{
	static char path[PATH_MAX];
	ssize_t n;

	if (!*path) {
		n = readlink("/proc/self/exe", path, sizeof(path) - 30);
		while (n > 0 && path[n - 1] != '/')
			n--;
		strcpy(path + (n > 0 ? n : 0), "vma_unchecked.ko");
	}
	return access(path, R_OK) ? NULL : path;
}

static inline void check_all_vmas(bool on)
{
	int fd, ret;

	if (!unchecked_module())
		return;
	if (on) {
		ret = syscall(SYS_delete_module, "vma_unchecked", O_NONBLOCK);
	} else {
		fd = open_or_die(unchecked_module(), O_RDONLY);
		ret = syscall(SYS_finit_module, fd, "", 0);
		close(fd);
	}
	/* one that was killed may have left it */
	if (ret && errno != EEXIST)
		fatal("%sloading vma_unchecked", on ? "un" : "");
}

/* How many VMAs a large process has: fewer where each costs a millisecond. */
static inline unsigned int many_vmas(void)
{
	return unchecked_module() ? 4000 : 60000;
}

/* n VMAs of a page each, in a row: no two neighbours have the same rights. */
static inline char *map_row(void *at, unsigned int n)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = map_at(at, n * page, PROT_READ);
	bool many = n > 1000;
	unsigned int i;

	if (many)
		check_all_vmas(false);
	for (i = 1; i < n; i += 2)
		if (mprotect(p + i * page, page, PROT_NONE))
			fatal("mprotect of page %u of %u", i, n);
	if (many)
		check_all_vmas(true);
	return p;
}

#endif
