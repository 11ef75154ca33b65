// SPDX-License-Identifier: GPL-2.0
/* See util.h. */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "util.h"

void (*on_fatal)(void);

void __attribute__((format(printf, 1, 2), noreturn))
fatal(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	fputs("# ", stderr);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "%s%s\n", error ? ": " : "", error ? strerror(error) : "");
	va_end(ap);
	if (on_fatal)
		on_fatal();
	exit(EXIT_FAILURE);
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

void figure(unsigned long long n, const char *what)
{
	printf("# figure: %llu %s\n", n, what);
	fflush(stdout);
}

/* Files */

int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		fatal("open %s", path);
	return fd;
}

int create_file(const char *path, off_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0700);

	if (fd < 0 || ftruncate(fd, size))
		fatal("%s", path);
	return fd;
}

void enter_dirs(const char *name, unsigned int n)
{
	while (n--)
		if ((mkdir(name, 0700) && errno != EEXIST) || chdir(name))
			fatal("mkdir");
}

void leave_dirs(const char *name, unsigned int n)
{
	while (n--)
		if (chdir("..") || rmdir(name))
			fatal("rmdir");
}

int read_all(int fd, struct text *t, size_t chunk)
{
	ssize_t n;

	do {
		if (t->room - t->len <= chunk) {
			t->room = 2 * t->room + chunk + 1;
			t->s = realloc(t->s, t->room);
			if (!t->s)
				fatal("%zu bytes of memory", t->room);
		}
		n = read(fd, t->s + t->len, chunk);
		if (n > 0)
			t->len += n;
	} while (n > 0);
	t->s[t->len] = 0;
	return n < 0 ? -errno : 0;
}

struct text slurp(int fd, size_t chunk)
{
	struct text t = { 0 };

	if (read_all(fd, &t, chunk))
		fatal("read after %zu bytes", t.len);
	return t;
}

struct text slurp_again(int fd)
{
	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	return slurp(fd, PAGE);
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

unsigned long long stat_field(pid_t pid, unsigned int nr)
{
	struct text t = slurp_proc(pid, "stat");
	/* the name in front of it can contain anything */
	char *s = strrchr(t.s, ')');
	unsigned long long value;

	for (; s && nr > 2; nr--)
		s = strchr(s + 1, ' ');
	if (!s)
		fatal("/proc/%d/stat lacks %u fields", pid, nr);
	value = strtoull(s, NULL, 10);
	free(t.s);
	return value;
}

unsigned long available_kb(void)
{
	struct text t = slurp_path("/proc/meminfo");
	char *s = strstr(t.s, "MemAvailable:");
	unsigned long kb;

	if (!s)
		fatal("no MemAvailable");
	kb = strtoul(s + 13, NULL, 10);
	free(t.s);
	return kb;
}

unsigned long unused_kb(void)
{
	unsigned long kb = available_kb();
	struct text t = slurp_path("/proc/zoneinfo");
	char *s;

	for (s = t.s; (s = strstr(s, " count: ")); s++)
		kb += strtoul(s + 8, NULL, 10) * (PAGE / 1024);
	free(t.s);
	return kb;
}

bool memory_returned(unsigned long before)
{
	unsigned long after = 0;
	unsigned int i;

	for (i = 0; i < 300; i++) {
		after = unused_kb();
		if (before < after + 40 * 1024)
			return true;
		usleep(100000);
	}
	printf("# %lu kB were unused before, %lu kB after\n", before, after);
	return false;
}

const char *own_path(void)
{
	static char path[PATH_MAX];

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) <= 0)
		fatal("readlink of /proc/self/exe");
	return path;
}

const char *beside(const char *name)
{
	static char path[PATH_MAX + NAME_MAX];

	strcpy(path, own_path());
	strcpy(strrchr(path, '/') + 1, name);
	return path;
}

char *next_word(char **s)
{
	char *word = *s + strspn(*s, " ");
	char *end = word + strcspn(word, " ");

	*s = end + strspn(end, " ");
	*end = 0;
	return word;
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

bool rest_same(int fd, struct text t, size_t at)
{
	struct text rest = slurp(fd, PAGE);

	return rest.len == t.len - at && same_bytes(t, at, rest.s, rest.len) == rest.len;
}

bool raw_first(struct cursor *c, struct text t)
{
	memset(c, 0, sizeof(*c));
	c->text = t;
	c->header = (void *)t.s;
	if (!is_raw(t) || c->header->size < sizeof(*c->header) || c->header->size % 8 ||
	    c->header->size > t.len) {
		c->error = "the header is missing";
		return false;
	}
	c->at = c->header->size;
	return true;
}

static const char *raw_string(const char *s, size_t len)
{
	return len && strnlen(s, len) == len - 1 ? s : NULL;
}

const struct vmainfo_record *raw_next(struct cursor *c)
{
	const struct vmainfo_record *r = (void *)(c->text.s + c->at);
	size_t left = c->text.len - c->at, used;

	if (!left)
		return NULL;
	c->error = "a record is not whole";
	if (left < VMAINFO_RECORD_SIZE_VER0 || r->size < VMAINFO_RECORD_SIZE_VER0 ||
	    r->size % 8 || r->next % 8 || r->next > left)
		return NULL;
	used = r->size + r->name_len + r->ops_len;
	if (used > r->next || r->next - used > 7)
		return NULL;
	c->error = "a name without an end";
	c->name = raw_string((const char *)r + r->size, r->name_len);
	c->ops = raw_string((const char *)r + r->size + r->name_len, r->ops_len);
	if ((r->name_len && !c->name) || (r->ops_len && !c->ops))
		return NULL;
	c->error = NULL;
	c->at += r->next;
	c->nr++;
	return r;
}

const struct vmainfo_record *raw_at(struct text t, const void *at)
{
	const struct vmainfo_record *r;
	struct cursor c;

	if (raw_first(&c, t))
		while ((r = raw_next(&c)))
			if (r->start == (unsigned long)at)
				return r;
	if (c.error)
		fatal("raw: %s", c.error);
	return NULL;
}

long result_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

int write_string(int fd, const char *s)
{
	long n = result_of(write(fd, s, strlen(s)));

	return n == (long)strlen(s) ? 0 : n < 0 ? n : -EIO;
}

int set_target(int fd, pid_t pid)
{
	char s[16];

	snprintf(s, sizeof(s), "%d", pid);
	return write_string(fd, s);
}

int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int try_read(int fd)
{
	char c;

	if (lseek(fd, 0, SEEK_SET))
		fatal("lseek");
	return read(fd, &c, 1) < 0 ? -errno : 0;
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

struct text slurp_target(const char *entry, pid_t pid)
{
	int fd = open_target(entry, pid);
	struct text t = slurp(fd, 1 << 20);

	close(fd);
	return t;
}

int write_file(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write_string(fd, s);
	close(fd);
	return ret;
}

int set_param(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), PARAM "%s", name);
	return write_file(path, value);
}

int set_param_pid(pid_t pid)
{
	char s[16];

	snprintf(s, sizeof(s), "%d", pid);
	return set_param("pid", s);
}

bool shows(struct text t, const void *p)
{
	unsigned long start;
	const char *s;
	char *end;

	if (is_raw(t))
		return raw_at(t, p);
	/* summary: the largest gap begins after its row, or ends at it */
	s = strstr(t.s, "\nLargestGap:\t");
	if (s && s[13] != '-')
		return strtoul(s + 13, &end, 16) - (unsigned long)p < 256 * PAGE ||
		       strtoul(end + 1, NULL, 16) == (unsigned long)p;
	for (s = s ? NULL : t.s; s && *s; s = strchr(s, '\n'), s += !!s) {
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
		/* 0: the parent is in another pid namespace */
		if (getppid() && getppid() != parent)
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

void wait_for_ever(void)
{
	fflush(stdout);
	for (;;)
		pause();
}

pid_t sleeping_child(void)
{
	pid_t pid = fork_child();

	if (!pid)
		wait_for_ever();
	return pid;
}

void end_child(pid_t pid)
{
	if (kill(pid, SIGKILL) || reap(pid) != 128 + SIGKILL)
		fatal("ending process %d", pid);
}

void make_mounts_private(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fatal("a mount namespace");
}

void mount_procfs(void)
{
	if (mount("proc", "/proc", "proc", 0, NULL))
		fatal("a procfs");
}

bool has_kthreadd(void)
{
	return !access("/proc/2/comm", R_OK) && !strcmp(slurp_proc(2, "comm").s, "kthreadd\n");
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
	struct pollfd answer = { .fd = t->socket, .events = POLLIN };
	char c;

	if (write(t->socket, &command, 1) != 1)
		fatal("command '%c' to target %d", command, t->pid);
	while (!poll(&answer, 1, 120000)) {
		printf("# target %d has not answered to command '%c' yet, is its mmap_lock held?\n",
		       t->pid, command);
		fflush(stdout);
	}
	if (read(t->socket, &c, 1) != 1 || c != command)
		fatal("the answer of target %d to command '%c'", t->pid, command);
}

static int own_socket;	/* of a target */

#define EXECUTED "--executed"
#define TARGET_END_LEADER 'L'	/* is not answered */

static void __attribute__((noreturn)) obey(void (*command)(char c), char c)
{
	while (write(own_socket, &c, 1) == 1 && read(own_socket, &c, 1) == 1) {
		switch (c) {
		case TARGET_MAP:
			munmap(map_at(NULL, PAGE, PROT_READ), PAGE);
			break;
		case TARGET_EXEC:
			dup2(own_socket, STDIN_FILENO);
			execl("/proc/self/exe", "target", EXECUTED, (char *)NULL);
			_exit(1);
		case TARGET_END_LEADER:
			pthread_exit(NULL);
		default:
			if (command)
				command(c);
		}
	}
	_exit(0);
}

void target_start(struct target *t, void (*init)(void),
		  void (*command)(char c))
{
	int ends[2];
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		fatal("socketpair");
	t->pid = fork_child();
	t->socket = ends[0];
	own_socket = ends[1];
	if (t->pid) {
		close(ends[1]);
		if (read(ends[0], &c, 1) != 1)
			fatal("target %d does not start", t->pid);
		return;
	}

	close(ends[0]);
	if (init)
		init();
	obey(command, 0);
}

void target_obey(void)
{
	obey(NULL, 0);
}

static struct {
	void *at;
	unsigned int n;
} row;

static void map_the_row(void)
{
	map_row(row.at, row.n);
}

void target_start_row(struct target *t, void *at, unsigned int n)
{
	row.at = at;
	row.n = n;
	target_start(t, map_the_row, NULL);
}

void target_executed(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], EXECUTED))
		return;
	own_socket = STDIN_FILENO;
	obey(NULL, TARGET_EXEC);
}

void target_kill(struct target *t)
{
	siginfo_t info;

	if (kill(t->pid, SIGKILL) || waitid(P_PID, t->pid, &info, WEXITED | WNOWAIT))
		fatal("killing target %d", t->pid);
}

void target_end(struct target *t)
{
	if (!t->socket)
		return;
	end_child(t->pid);
	close(t->socket);
	t->socket = 0;
}

static void *sleeping_thread(void *arg)
{
	wait_for_ever();
}

void start_thread(void *(*run)(void *arg), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg))
		fatal("pthread_create");
}

void start_sleeping_thread(void)
{
	start_thread(sleeping_thread, NULL);
}

void tell_leader_to_exit(struct target *t)
{
	const char command = TARGET_END_LEADER;
	struct text maps;

	if (write(t->socket, &command, 1) != 1)
		fatal("command '%c' to target %d", command, t->pid);
	/* It has no maps when it has let go of the mm. */
	do {
		maps = slurp_proc(t->pid, "maps");
		free(maps.s);
	} while (maps.len);
}

pid_t other_thread(pid_t pid)
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

void *map_at(void *at, size_t size, int prot)
{
	return map_file(at, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

void *map_file(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *p = mmap(at, size, prot, flags | (at ? MAP_FIXED_NOREPLACE : 0), fd, offset);

	if (p == MAP_FAILED || (at && p != at))
		fatal("mmap of %zu bytes at %p", size, at);
	return p;
}

void map_and_close(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	map_file(at, size, prot, flags, fd, offset);
	close(fd);
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

pid_t program_start(const char *name, const char *argument, unsigned long persona,
		    unsigned long *said)
{
	const char *path = beside(name);
	int p[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC))
		fatal("pipe");
	pid = fork_child();
	if (!pid) {
		dup2(p[1], STDOUT_FILENO);
		if (personality(persona) >= 0)
			execl(path, path, argument, (char *)NULL);
		_exit(1);
	}
	close(p[1]);
	n = read(p[0], said, sizeof(*said));
	close(p[0]);
	if (n > 0)
		return pid;
	reap(pid);
	return 0;
}
