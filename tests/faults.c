// SPDX-License-Identifier: GPL-2.0
/*
 * Every kernel allocation of an open, a write, an ioctl and a read of an entry fails
 * once, one after the other (fail-nth, see
 * Documentation/fault-injection/fault-injection.rst). Each call then works or
 * fails with ENOMEM, the same call works when it is repeated, and the text is
 * the same as without failures.
 *
 * What leaks shows afterwards. A lock: the target maps something after each
 * round. A reference: the target's files are on a file system of their own,
 * which cannot be unmounted while a file or the target's mm is referenced.
 * Memory: kmemleak, see leaks.sh.
 */
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "stress.h"
#include "vmainfo_test.h"

#define DEBUGFS "/sys/kernel/debug/"

#define FILES "/tmp/vmainfo-faults"

static const char *faults_missing(void)
{
	static const char * const settings[][2] = {
		/* also allocations that can sleep, and single pages */
		{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/min-order", "0" },
		/* no line and stack in the log for each */
		{ DEBUGFS "failslab/verbose", "0" },
		{ DEBUGFS "fail_page_alloc/verbose", "0" },
	};
	unsigned int i;

	if (access("/proc/self/fail-nth", W_OK))
		return "the kernel lacks CONFIG_FAULT_INJECTION";
	if (strstr(slurp_path("/proc/kallsyms").s, " kmsan_vmap_pages_range_noflush\n"))
		return "with KMSAN, a vmalloc() that fails is a warning of the kernel";
	if (access(DEBUGFS "failslab", F_OK) && access(DEBUGFS "fail_page_alloc", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (write_file(settings[i][0], settings[i][1]))
			return "the kernel lacks failslab, fail_page_alloc or debugfs";
	return NULL;
}

/*
 * The target has that many VMAs, a third of them of files, which have long
 * paths in a large one.
 */
static unsigned int vmas;

static void map_files(void)
{
	char *row = (char *)FAR(0x20);
	char name[NAME_MAX + 1];
	unsigned int i;

	if (chdir(FILES))
		fatal(FILES);
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = 0;
	enter_dirs(name, vmas > 3 ? 4 : 0);
	for (i = 0; i < vmas; i++) {
		if (i % 3) {
			map_at(row + i * PAGE, PAGE, i % 3 == 1 ? PROT_READ : PROT_NONE);
			continue;
		}
		snprintf(name, sizeof(name), "%u", i);
		map_and_close(row + i * PAGE, PAGE, PROT_READ, MAP_PRIVATE,
			      create_file(name, PAGE), 0);
	}
}

/* The injection */

static int nth_fd;
static unsigned int injected, refused;

static void arm(unsigned int nth)
{
	char s[16];
	int n = snprintf(s, sizeof(s), "%u", nth);

	if (pwrite(nth_fd, s, n, 0) != n)
		fatal("fail-nth");
}

/* Ends the injection. Has an allocation failed? */
static bool disarm(void)
{
	char s[16] = "";

	if (pread(nth_fd, s, sizeof(s) - 1, 0) <= 0)
		fatal("fail-nth");
	arm(0);
	return !strtol(s, NULL, 10);
}

/*
 * A call that fails with ENOMEM is repeated, and must work then, because only
 * one allocation fails.
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

/*
 * Open, write, set a filter if that is not NULL, read all, close; returns how
 * much was read.
 */
static size_t attempt(const char *entry, const char *pid, const struct vmainfo_filter *filter,
		      size_t chunk)
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
	while (filter && again(ioctl(fd, VMAINFO_SET_FILTER, filter), "ioctl"))
		;
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
	unsigned int at_least;	/* allocations of the module itself */
};

/* The file, its buffer, the records and the names are separate allocations. */
FIXTURE_VARIANT_ADD(faults, small_process) {
	3, 4
};

FIXTURE_VARIANT_ADD(faults, large_process) {
	3000, 6
};

FIXTURE_SETUP(faults)
{
	const char *missing = faults_missing();

	FATAL_IS_ASSERT();
	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_TRUE(!mkdir(FILES, 0700) || errno == EEXIST);
	ASSERT_EQ(0, mount("none", FILES, "tmpfs", 0, NULL));
	vmas = variant->vmas;
	target_start(&self->target, map_files, NULL);
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
		TH_LOG("a file or the mm of the exited target is still referenced");
	}
	rmdir(FILES);
}

TEST_F(faults, every_allocation_fails_once)
{
	static const struct vmainfo_filter build_ids = {
		.size = sizeof(build_ids),
		.options = VMAINFO_WANT_BUILD_ID,
	};
	static const struct {
		const char *entry;
		size_t chunk;
		size_t differs;		/* length of what differs at the beginning */
		const struct vmainfo_filter *filter;
	} ways[] = {
		{ PROC "vmas", 1 << 20, 0, NULL },
		{ PROC "maps", 1 << 20, 0, NULL },
		{ PROC "raw", 1 << 20, sizeof(struct vmainfo_header), NULL }, /* the time */
		{ PROC "raw", 1 << 20, sizeof(struct vmainfo_header), &build_ids },
		{ PROC "summary", 1 << 20, 0, NULL },
		/* The rest of a line that does not fit is kept. */
		{ PROC "vmas", 500, 0, NULL },
	};
	unsigned int i, nth;
	size_t len, all, from;
	char *text;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		from = ways[i].differs;
		all = attempt(ways[i].entry, self->pid, ways[i].filter, ways[i].chunk);
		ASSERT_LT(500u, all);
		ASSERT_GT(BUFFER, all);
		text = get_memory(all);
		memcpy(text, buffer, all);
		/* Page faults shall not take the injected failure. */
		ASSERT_EQ(0, mlockall(MCL_CURRENT));
		injected = 0;
		refused = 0;
		for (nth = 1;; nth++) {
			arm(nth);
			len = attempt(ways[i].entry, self->pid, ways[i].filter, ways[i].chunk);
			if (!disarm())
				break;
			injected++;
			refused += refusals;
			ASSERT_TRUE(all == len && !memcmp(text + from, buffer + from, all - from)) {
				TH_LOG("%s differs after failure %u", ways[i].entry, nth);
			}
			tell(&self->target, TARGET_MAP);
		}
		printf("# %s in reads of %zu bytes: %u of %u faults injected gave ENOMEM\n",
		       ways[i].entry, ways[i].chunk, refused, injected);
		figure(injected, "faults injected");
		EXPECT_LE(variant->at_least, refused);
		EXPECT_EQ(0, refusals);
		free(text);
	}
}

/* The first read after loading also finds the gate page and looks up symbols. */
TEST(first_read_survives_enomem)
{
	const char *missing = faults_missing();
	unsigned int nth, refused = 0;
	struct target target;
	char pid[16], *text;
	size_t len, all;

	if (missing)
		SKIP(return, "%s", missing);
	buffer = get_memory(BUFFER);
	target_start(&target, NULL, NULL);
	snprintf(pid, sizeof(pid), "%d", target.pid);
	all = attempt(PROC "vmas", pid, NULL, 1 << 20);
	text = get_memory(all);
	memcpy(text, buffer, all);
	nth_fd = open_or_die("/proc/thread-self/fail-nth", O_RDWR);
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	for (nth = 1;; nth++) {
		ASSERT_EQ(0, module_unload());
		ASSERT_EQ(0, module_load(""));
		arm(nth);
		len = attempt(PROC "vmas", pid, NULL, 1 << 20);
		if (!disarm())
			break;
		refused += refusals;
		ASSERT_TRUE(all == len && !memcmp(text, buffer, all)) {
			TH_LOG("failure %u", nth);
		}
	}
	printf("# the first read: %u of %u faults injected gave ENOMEM\n", refused, nth - 1);
	figure(nth - 1, "faults injected");
	/* what small_process has, the gate page, and a symbol */
	EXPECT_LE(6u, refused);
	EXPECT_EQ(0, refusals);
	target_end(&target);
}

/* The module loads or not, and if it loads, it works. */
TEST(load_survives_enomem)
{
	const char *missing = faults_missing(), *ko = module_file();
	unsigned int nth, loaded = 0;
	int fd, ret, error;
	struct text t;

	if (missing)
		SKIP(return, "%s", missing);
	if (!ko)
		SKIP(return, "allocations of modprobe cannot fail: set VMAINFO_KO");
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
	printf("# loading: %u of %u faults injected did no harm\n", loaded, injected);
	figure(injected, "faults injected");
	EXPECT_LT(loaded, injected);
}

VMAINFO_TEST_MAIN()
