// SPDX-License-Identifier: GPL-2.0
/* See util.h. */
#include <sched.h>

#include "kselftest.h"
#include "util.h"

void __attribute__((format(printf, 1, 2), noreturn))
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

void *get_memory(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		fatal("%zu bytes of memory", size);
	return p;
}

void *get_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		fatal("%zu bytes of shared memory", size);
	return p;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

void nap(unsigned int us)
{
	struct timespec ts = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}

void figure(unsigned long long n, const char *what)
{
	printf("# figure: %llu %s\n", n, what);
	fflush(stdout);
}

/* The module */

const char *module_file(void)
{
	const char *ko = getenv("VMAINFO_KO");

	if (ko && *ko)
		return ko;
	return access("/vmainfo.ko", R_OK) ? NULL : "/vmainfo.ko";
}

int module_load(const char *params)
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

int module_unload(void)
{
	return syscall(SYS_delete_module, "vmainfo", O_NONBLOCK) ? -errno : 0;
}

static pid_t main_pid;

static void vmainfo_at_exit(void)
{
	int ret;

	if (getpid() != main_pid)
		return;
	ret = module_unload();
	if (ret) {
		printf("# the module does not unload: %s\n", strerror(-ret));
		fflush(stdout);
		_exit(KSFT_FAIL);
	}
}

void module_try(void)
{
	int ret;

	if (geteuid()) {
		ksft_print_header();
		ksft_exit_skip("these tests need root\n");
	}
	if (!access("/sys/module/vmainfo", F_OK)) {
		ksft_print_header();
		ksft_exit_fail_msg("vmainfo is loaded already, and these tests load it themselves: rmmod vmainfo\n");
	}
	ret = module_load("");
	if (!ret)
		return;
	ksft_print_header();
	if (ret == -ENOENT)
		ksft_exit_skip("no vmainfo.ko: name one in VMAINFO_KO, or install it for modprobe\n");
	ksft_exit_fail_msg("vmainfo does not load: %s\n", strerror(-ret));
}

void module_for_all_tests(void)
{
	module_try();
	main_pid = getpid();
	atexit(vmainfo_at_exit);
}

/* Files */

int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		fatal("open %s", path);
	return fd;
}

struct text slurp(int fd, size_t chunk)
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

struct text slurp_path(const char *path)
{
	int fd = open_or_die(path, O_RDONLY);
	struct text t = slurp(fd, 1 << 20);

	close(fd);
	return t;
}

struct text slurp_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return slurp_path(path);
}

bool is_raw(struct text t)
{
	struct vmainfo_header h;

	if (t.len < sizeof(h))
		return false;
	memcpy(&h, t.s, sizeof(h));
	return h.magic == VMAINFO_MAGIC;
}

size_t same_bytes(struct text t, size_t at, const char *s, size_t n)
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

bool same(struct text a, struct text b)
{
	size_t i = same_bytes(a, 0, b.s, b.len);

	if (a.len == b.len && i == a.len)
		return true;
	fprintf(stderr, "# %zu and %zu bytes, which differ from byte %zu on\n",
		a.len, b.len, i);
	return false;
}

int write_string(int fd, const char *s)
{
	ssize_t n = write(fd, s, strlen(s));

	if (n < 0)
		return -errno;
	return n == (ssize_t)strlen(s) ? 0 : -EIO;
}

int set_target(int fd, pid_t pid)
{
	char s[16];

	snprintf(s, sizeof(s), "%d", pid);
	return write_string(fd, s);
}

int open_target(const char *entry, pid_t pid)
{
	int fd = open_or_die(entry, O_RDWR);
	int ret = set_target(fd, pid);

	if (ret) {
		errno = -ret;
		fatal("writing %d to %s", pid, entry);
	}
	return fd;
}

int set_param(const char *name, const char *value)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), PARAM "%s", name);
	fd = open_or_die(path, O_WRONLY);
	ret = write_string(fd, value);
	close(fd);
	return ret;
}

bool shows(struct text t, const void *p)
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

void keep_caps(unsigned long long mask)
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

/* Processes */

pid_t fork_child(void)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		fatal("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
	}
	return pid;
}

int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		fatal("waiting for process %d", pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void run_on_cpu(unsigned int nr)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(nr % sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Targets */

void tell(struct target *t, char command)
{
	struct pollfd answer = { .fd = t->from, .events = POLLIN };
	char c;

	if (write(t->to, &command, 1) != 1)
		fatal("command '%c' to target %d", command, t->pid);
	if (poll(&answer, 1, 120000) != 1)
		fatal("target %d does not answer to command '%c', is its mmap_lock held?",
		      t->pid, command);
	if (read(t->from, &c, 1) != 1 || c != command)
		fatal("the answer of target %d to command '%c'", t->pid, command);
}

void target_start(struct target *t, void (*init)(void),
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

void target_end(struct target *t)
{
	if (kill(t->pid, SIGKILL) || waitpid(t->pid, NULL, 0) != t->pid)
		fatal("ending target %d", t->pid);
	close(t->to);
	close(t->from);
}

void *map_at(void *at, size_t size, int prot)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	void *p = mmap(at, size, prot, flags | (at ? MAP_FIXED_NOREPLACE : 0),
		       -1, 0);

	if (p == MAP_FAILED || (at && p != at))
		fatal("mmap of %zu bytes at %p", size, at);
	return p;
}

char *map_row(void *at, unsigned int n)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *p = map_at(at, n * page, PROT_READ);
	unsigned int i;

	for (i = 1; i < n; i += 2)
		if (mprotect(p + i * page, page, PROT_NONE))
			fatal("mprotect of page %u of %u", i, n);
	return p;
}
