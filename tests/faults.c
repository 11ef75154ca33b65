// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of the kernel that an open, a write and a read of an entry do
 * fails once, one after the other (fail-nth, see
 * Documentation/fault-injection/fault-injection.rst): each of these calls then
 * works or says ENOMEM, the same call works when it is done again, and what was
 * read in the end is what is read without failures.
 *
 * What nobody sees at once shows afterwards. A lock that is still held: the target
 * maps something after each round. A reference: the target runs on a file system of
 * its own, which can only be unmounted when nobody has its files or its mm any more.
 * Memory: kmemleak, see leaks.sh.
 */
#include <sys/mount.h>

#include "stress.h"
#include "vmainfo_test.h"

#define DEBUGFS "/sys/kernel/debug/"

/* Where the target's files are */
#define FILES "/tmp/vmainfo-faults"
#define TARGET "--target"

static const char *faults_missing(void)
{
	static const char * const settings[][2] = {
		/* allocations that can sleep, too, and single pages */
		{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/min-order", "0" },
		/* without a line and a stack in the log for each */
		{ DEBUGFS "failslab/verbose", "0" },
		{ DEBUGFS "fail_page_alloc/verbose", "0" },
	};
	unsigned int i;

	if (access("/proc/self/fail-nth", W_OK))
		return "this kernel has no fault injection (CONFIG_FAULT_INJECTION)";
	if (access(DEBUGFS "failslab", F_OK) && access(DEBUGFS "fail_page_alloc", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (write_file(settings[i][0], settings[i][1]))
			return "there is no failslab, fail_page_alloc or debugfs to set them up";
	return NULL;
}

/* The target: that many VMAs, a third of them of files with long names */
static int target_main(const char *vmas)
{
	unsigned int n = strtoul(vmas, NULL, 10), i;
	char *row = (char *)0x200000000000;
	char name[NAME_MAX + 1], c = 0;
	void *p;
	int fd;

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = 0;
	for (i = 0; i < 4 && n > 3; i++)
		if (mkdir(name, 0700) || chdir(name))
			return 1;

	for (i = 0; i < n; i++) {
		if (i % 3) {
			map_at(row + i * PAGE, PAGE, i % 3 == 1 ? PROT_READ : PROT_NONE);
			continue;
		}
		snprintf(name, sizeof(name), "%u", i);
		fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, PAGE))
			return 1;
		p = mmap(row + i * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
		if (p == MAP_FAILED)
			return 1;
		close(fd);
	}
	/* as target_start() has it; each command maps and unmaps something */
	while (write(STDOUT_FILENO, &c, 1) == 1 && read(STDIN_FILENO, &c, 1) == 1) {
		p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED || munmap(p, PAGE))
			return 1;
	}
	return 0;
}

static void copy_self(const char *to)
{
	int in = open_or_die("/proc/self/exe", O_RDONLY);
	struct text t = slurp(in, 1 << 20);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);

	if (out < 0 || write(out, t.s, t.len) != (ssize_t)t.len)
		fatal("%s", to);
	close(in);
	close(out);
	free(t.s);
}

static void start_target(struct target *t, unsigned int vmas)
{
	int to[2], from[2];
	char s[16], c;

	if ((mkdir(FILES, 0700) && errno != EEXIST) ||
	    mount("none", FILES, "tmpfs", 0, NULL))
		fatal("mount at %s", FILES);
	copy_self(FILES "/target");
	snprintf(s, sizeof(s), "%u", vmas);
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		fatal("pipe");
	t->pid = fork_child();
	if (!t->pid) {
		if (chdir(FILES) || dup2(to[0], STDIN_FILENO) < 0 ||
		    dup2(from[1], STDOUT_FILENO) < 0)
			_exit(1);
		execl(FILES "/target", "target", TARGET, s, (char *)NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	t->to = to[1];
	t->from = from[0];
	if (read(t->from, &c, 1) != 1)
		fatal("the target does not start");
}

/* The injection */

static int nth_fd;
static uint64_t injected, refused, survived;

static void arm(unsigned int nth)
{
	char s[16];
	int n = snprintf(s, sizeof(s), "%u", nth);

	if (pwrite(nth_fd, s, n, 0) != n)
		fatal("fail-nth");
}

/* No failure from here on: has there been one? */
static bool disarm(void)
{
	char s[16] = "";

	if (pread(nth_fd, s, sizeof(s) - 1, 0) <= 0)
		fatal("fail-nth");
	arm(0);
	return !strtol(s, NULL, 10);
}

/*
 * Each call is done, if it says ENOMEM once more, and then must work: there is only
 * one failure, and it has been.
 */
static unsigned int refusals;

static bool again(long ret, const char *what)
{
	if (ret >= 0)
		return false;
	if (errno != ENOMEM)
		violation("%s: %s", what, strerror(errno));
	if (refusals++)
		violation("%s: ENOMEM for the second time", what);
	return true;
}

static char *buffer;
#define BUFFER (8 << 20)

/* Open, write, read all, close; returns how much was read. */
static size_t attempt(const char *entry, const char *pid, size_t chunk)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	refusals = 0;
	do {
		fd = open(entry, O_RDWR | O_CLOEXEC);
	} while (again(fd, "open"));
	do {
		n = write(fd, pid, strlen(pid));
	} while (again(n, "write"));
	do {
		do {
			n = read(fd, buffer + len, chunk < BUFFER - len ? chunk : BUFFER - len);
		} while (again(n, "read"));
		len += n;
	} while (n);
	close(fd);
	return len;
}

FIXTURE(faults)
{
	struct target target;
	char pid[16];
};

FIXTURE_VARIANT(faults)
{
	unsigned int vmas;
	uint64_t at_least;	/* allocations of the module itself */
};

/* The file, its buffer, the records and the names are allocated one by one. */
FIXTURE_VARIANT_ADD(faults, small_process) {
	3, 4
};

FIXTURE_VARIANT_ADD(faults, large_process) {
	3000, 6
};

FIXTURE_SETUP(faults)
{
	const char *missing = faults_missing();
	unsigned int vmas;

	FATAL_IS_ASSERT();
	if (missing)
		SKIP(return, "%s", missing);
	vmas = variant->vmas;
	start_target(&self->target, vmas);
	snprintf(self->pid, sizeof(self->pid), "%d", self->target.pid);
	buffer = get_memory(BUFFER);
	memset(buffer, 1, BUFFER);
	nth_fd = open_or_die("/proc/thread-self/fail-nth", O_RDWR);
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->target.pid)
		return;
	target_end(&self->target);
	EXPECT_EQ(0, umount(FILES)) {
		TH_LOG("somebody still has a file or the mm of a process that is gone");
	}
	rmdir(FILES);
}

TEST_F(faults, every_allocation_fails_once)
{
	static const struct {
		const char *entry;
		size_t chunk;
		size_t differs;		/* so much of it */
	} ways[] = {
		{ PROC "vmas", 1 << 20, 0 },
		{ PROC "maps", 1 << 20, 0 },
		/* the header says when */
		{ PROC "raw", 1 << 20, 48 },
		{ PROC "summary", 1 << 20, 0 },
		/* lines that do not fit, so that what is left of them is kept */
		{ PROC "vmas", 500, 0 },
	};
	unsigned int i, nth;
	size_t len, all;
	char *text;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		all = attempt(ways[i].entry, self->pid, ways[i].chunk);
		ASSERT_LT(500u, all);
		ASSERT_GT(BUFFER, all);
		text = get_memory(all);
		memcpy(text, buffer, all);
		/* no page fault of ours may be what fails */
		ASSERT_EQ(0, mlockall(MCL_CURRENT));
		injected = 0;
		refused = 0;
		survived = 0;
		for (nth = 1;; nth++) {
			arm(nth);
			len = attempt(ways[i].entry, self->pid, ways[i].chunk);
			if (!disarm())
				break;
			injected++;
			if (refusals)
				refused++;
			else
				survived++;
			ASSERT_EQ(all, len) {
				TH_LOG("after failure %u", nth);
			}
			ASSERT_EQ(0, memcmp(text + ways[i].differs, buffer + ways[i].differs,
					    len - ways[i].differs)) {
				TH_LOG("after failure %u", nth);
			}
			tell(&self->target, 'm');
		}
		printf("# %s in reads of %zu bytes: %llu faults injected until %zu bytes were read: %llu gave ENOMEM, %llu did no harm\n",
		       ways[i].entry, ways[i].chunk, (unsigned long long)injected, all,
		       (unsigned long long)refused, (unsigned long long)survived);
		figure(injected, "faults injected");
		EXPECT_LE(variant->at_least, refused);
		EXPECT_EQ(0, refusals);
		free(text);
	}
}

/* The parameters: whoever gets ENOMEM has changed nothing. */
TEST(parameter_allocations_fail)
{
	static const char * const names[] = { "pid", "max_hold_us" };
	const char *missing = faults_missing();
	unsigned int i, nth;
	char path[128], s[16];
	int fd = -1;
	ssize_t n;

	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	nth_fd = open_or_die("/proc/thread-self/fail-nth", O_RDWR);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), PARAM "%s", names[i]);
		for (nth = 1;; nth++) {
			arm(nth);
			refusals = 0;
			do {
				fd = open(path, O_RDWR | O_CLOEXEC);
			} while (again(fd, "open"));
			do {
				n = write(fd, "1", 1);
			} while (again(n, "write"));
			do {
				n = pread(fd, s, sizeof(s), 0);
			} while (again(n, "read"));
			close(fd);
			ASSERT_EQ(2, n);
			ASSERT_EQ(0, memcmp(s, "1\n", 2));
			if (!disarm())
				break;
			injected++;
		}
	}
	EXPECT_EQ(0, set_param("pid", "0"));
	EXPECT_EQ(0, set_param("max_hold_us", "250"));
	EXPECT_LT(2u, injected);
	printf("# parameters: %llu faults injected\n", (unsigned long long)injected);
	figure(injected, "faults injected");
}

/* Loading: it fails or works, and after it worked, reading does. */
TEST(load_allocations_fail)
{
	const char *missing = faults_missing(), *ko = module_file();
	unsigned int nth, loaded = 0;
	int fd, ret, error;
	struct text t;

	if (missing)
		SKIP(return, "%s", missing);
	if (!ko)
		SKIP(return, "modprobe loads the module, and cannot be made to fail: set VMAINFO_KO");
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	nth_fd = open_or_die("/proc/thread-self/fail-nth", O_RDWR);
	fd = open_or_die(ko, O_RDONLY);
	ASSERT_EQ(0, module_unload());
	for (nth = 1;; nth++) {
		arm(nth);
		ret = syscall(SYS_finit_module, fd, "", 0);
		error = errno;
		if (!disarm())
			break;
		injected++;
		if (ret) {
			ASSERT_TRUE(error == ENOMEM || error == EINVAL) {
				TH_LOG("failure %u: %s", nth, strerror(error));
			}
			ASSERT_NE(0, access(PROC, F_OK));
			continue;
		}
		loaded++;
		t = slurp_path(PROC "vmas");
		ASSERT_LT(1000u, t.len);
		free(t.s);
		ASSERT_EQ(0, module_unload());
	}
	ASSERT_EQ(0, ret);
	printf("# loading: %llu faults injected, %u did no harm\n",
	       (unsigned long long)injected, loaded);
	figure(injected, "faults injected");
	EXPECT_LT(loaded, injected);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], TARGET))
		return target_main(argv[2]);
	module_for_all_tests();
	return test_harness_run(argc, argv);
}
