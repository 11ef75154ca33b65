// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's regions in summary, against what is in them; and who is shown them.
 */
#include <linux/elf.h>
#include <sched.h>
#include <sys/mount.h>

#include "summary_text.h"
#include "vmainfo_test.h"

#define KPTR_RESTRICT "/proc/sys/kernel/kptr_restrict"

/* The region of that name, or the first one that contains the address; NULL if not found */
static const struct kernel_region *region(const struct summary *sum, const char *name,
					  unsigned long long address)
{
	const struct kernel_region *r;

	for (r = sum->region; r < sum->region + sum->regions; r++)
		if (name ? !strcmp(r->name, name) : r->v.start <= address && address < r->v.end)
			return r;
	return NULL;
}

static bool holds(const struct kernel_region *r, unsigned long long address)
{
	return r && r->v.start <= address && address < r->v.end;
}

/* The number at the beginning of a line, or after a word in it */
static unsigned long long address_in(struct text t, const char *line_begins, const char *word)
{
	const char *s;

	for (s = t.s; *s; s = strchr(s, '\n') + 1) {
		if (strncmp(s, line_begins, strlen(line_begins)))
			continue;
		if (word)
			s = strstr(s, word) + strlen(word);
		return strtoull(s, NULL, 16);
	}
	fatal("no line that begins with %s", line_begins);
}

FIXTURE(kernel)
{
	struct text kptr_restrict;
};

FIXTURE_SETUP(kernel)
{
	FATAL_IS_ASSERT();
	self->kptr_restrict = slurp_path(KPTR_RESTRICT);
	ASSERT_EQ(0, write_file(KPTR_RESTRICT, "1"));
}

FIXTURE_TEARDOWN(kernel)
{
	EXPECT_EQ(0, write_file(KPTR_RESTRICT, self->kptr_restrict.s));
}

static struct summary own_summary(void)
{
	return parse(slurp_path(SUMMARY));
}

TEST_F(kernel, start_address)
{
	struct summary sum = own_summary();

	EXPECT_EQ(0u, sum.v[KERNEL_VMAS].nr);
#ifdef __x86_64__
	if (strstr(slurp_path("/proc/cpuinfo").s, " la57"))
		printf("# five levels of page tables, perhaps\n");
	else
		EXPECT_EQ(0xffff800000000000, sum.v[KERNEL_START].nr);
#endif
	/* Where the addresses of processes end, there is a hole, at least. */
	EXPECT_LT(sum.v[TASK_SIZE].nr, sum.v[KERNEL_START].nr);
}

/* What the kernel says of itself elsewhere is where summary says. */
TEST_F(kernel, regions_match_kernel)
{
	struct summary sum = own_summary();
	unsigned int vmalloced = 0, mapped = 0, i;
	unsigned long long at;
	struct text t;
	const char *s;

	ASSERT_LE(5u, sum.regions);
	for (i = 0; i < sum.regions; i++)
		printf("# %s %llx-%llx\n", sum.region[i].name, sum.region[i].v.start,
		       sum.region[i].v.end);

	at = address_in(slurp_path("/proc/modules"), "vmainfo ", " 0x");
#ifdef __x86_64__
	EXPECT_TRUE(holds(region(&sum, "KernelModules", 0), at)) {
		TH_LOG("%llx", at);
	}
	for (s = slurp_path("/proc/kallsyms").s; *s; s = strchr(s, '\n') + 1)
		if (!strncmp(s + 16, " T _text\n", 9))
			break;
	ASSERT_NE(0, *s);
	at = strtoull(s, NULL, 16);
	EXPECT_TRUE(holds(region(&sum, "KernelImage", 0), at)) {
		TH_LOG("%llx", at);
	}
#else
	EXPECT_TRUE(holds(region(&sum, "KernelVmalloc", 0), at)) {
		TH_LOG("%llx", at);
	}
#endif
	t = slurp_path("/proc/vmallocinfo");
	for (s = t.s; *s; s = strchr(s, '\n') + 1) {
		at = strtoull(s, NULL, 16);
		mapped++;
		vmalloced += holds(region(&sum, "KernelVmalloc", 0), at);
		ASSERT_TRUE(holds(region(&sum, "KernelVmalloc", 0), at) ||
			    holds(region(&sum, "KernelModules", 0), at)) {
			TH_LOG("%.*s", (int)strcspn(s, "\n"), s);
		}
	}
	EXPECT_LT(mapped / 2, vmalloced);
}

/* All that /proc/kcore has of the kernel lies in one region or another. */
TEST_F(kernel, regions_match_kcore)
{
	struct summary sum = own_summary();
	const struct kernel_region *direct = region(&sum, "KernelDirectMap", 0), *r;
	const struct kernel_region *vmalloc = region(&sum, "KernelVmalloc", 0);
	unsigned long long last = 0, end;
	bool all_of_vmalloc = false;
	struct elf64_phdr ph;
	struct elf64_hdr e;
	int fd, i;

	fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "no /proc/kcore: %s", strerror(errno));
	ASSERT_EQ((ssize_t)sizeof(e), pread(fd, &e, sizeof(e), 0));
	ASSERT_TRUE(direct && vmalloc);
	for (i = 0; i < e.e_phnum; i++) {
		ASSERT_EQ((ssize_t)sizeof(ph), pread(fd, &ph, sizeof(ph),
						     e.e_phoff + i * sizeof(ph)));
		if (ph.p_type != PT_LOAD)
			continue;
		end = ph.p_vaddr + ph.p_memsz;
#ifdef __aarch64__
		/* where modules would be, were the kernel not at a random address */
		if (end == vmalloc->v.start)
			continue;
#endif
		r = region(&sum, NULL, ph.p_vaddr);
		EXPECT_TRUE(r && end <= r->v.end) {
			TH_LOG("%llx-%llx", (unsigned long long)ph.p_vaddr, end);
		}
		if (r == direct && end > last)
			last = end;
		/* x86 has it end a byte before its end. */
		if (ph.p_vaddr == vmalloc->v.start && vmalloc->v.end - end <= 1)
			all_of_vmalloc = true;
	}
	EXPECT_EQ(direct->v.end, last);
	EXPECT_TRUE(all_of_vmalloc);
	close(fd);
}

static const struct {
	const char *kptr_restrict;
	bool shown;
} restricts[] = {
	{ "0", true },
	{ "1", true },
	{ "2", false },
};

/* With CAP_SYSLOG, kptr_restrict decides about the regions. Where they begin is no secret. */
TEST_F(kernel, hidden_by_kptr_restrict)
{
	struct summary sum;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(restricts); i++) {
		ASSERT_EQ(0, write_file(KPTR_RESTRICT, restricts[i].kptr_restrict));
		sum = own_summary();
		EXPECT_EQ(restricts[i].shown, sum.regions > 0) {
			TH_LOG("kptr_restrict is %s", restricts[i].kptr_restrict);
		}
		EXPECT_NE(0u, sum.v[KERNEL_START].nr);
	}
}

/* Who opens the file has to have CAP_SYSLOG, and not who reads it. */
TEST_F(kernel, hidden_without_cap_syslog)
{
	int fd = open_or_die(SUMMARY, O_RDONLY);
	struct summary sum;
	unsigned int i;

	keep_caps(ALL_CAPS & ~CAP_BIT(CAP_SYSLOG));
	for (i = 0; i < ARRAY_SIZE(restricts); i++) {
		ASSERT_EQ(0, write_file(KPTR_RESTRICT, restricts[i].kptr_restrict));
		sum = own_summary();
		EXPECT_EQ(0u, sum.regions) {
			TH_LOG("kptr_restrict is %s", restricts[i].kptr_restrict);
		}
		EXPECT_NE(0u, sum.v[KERNEL_START].nr);
		EXPECT_EQ(restricts[i].shown, from_start(fd).regions > 0) {
			TH_LOG("kptr_restrict is %s", restricts[i].kptr_restrict);
		}
	}
}

static void own_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fatal("a mount namespace");
}

/* A procfs that has lost its sysctls does not say what kptr_restrict is. */
TEST_F(kernel, hidden_without_sysctls)
{
	char dir[] = "/tmp/vmainfo.XXXXXX", path[64];
	struct summary sum;
	int fd, err;

	own_mounts();
	if (!mkdtemp(dir) || mount("proc", dir, "proc", 0, NULL))
		fatal("a procfs on %s", dir);
	snprintf(path, sizeof(path), "%s/vmainfo/summary", dir);
	fd = open_or_die(path, O_RDONLY);
	err = mount(NULL, dir, NULL, MS_REMOUNT, "subset=pid") ? errno : 0;
	sum = from_start(fd);
	close(fd);
	if (umount2(dir, MNT_DETACH) || rmdir(dir))
		fatal("the end of %s", dir);
	if (err)
		SKIP(return, "this kernel does not take them away: %s", strerror(err));
	EXPECT_EQ(0u, sum.regions);
	EXPECT_NE(0u, sum.v[KERNEL_START].nr);
	EXPECT_LT(0u, own_summary().regions);
}

/* A file that is mounted over kptr_restrict does not say it, even one of the same procfs. */
/* A link there would be followed from the root of procfs, to any file of it. */
TEST_F(kernel, hidden_by_link_over_kptr_restrict)
{
	static const char *const to[] = { "/sys/vm/overcommit_memory", "/vmainfo/summary" };
	unsigned int i;

	own_mounts();
	ASSERT_EQ(0, write_file("/proc/sys/vm/overcommit_memory", "0"));
	ASSERT_EQ(0, write_file(KPTR_RESTRICT, "2"));
	ASSERT_EQ(0, mount("links", "/proc/sys/kernel", "tmpfs", 0, NULL));
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		ASSERT_EQ(0, symlink(to[i], KPTR_RESTRICT));
		EXPECT_EQ(0u, own_summary().regions);
		ASSERT_EQ(0, unlink(KPTR_RESTRICT));
	}
	ASSERT_EQ(0, umount("/proc/sys/kernel"));
}

TEST_F(kernel, hidden_by_mount_over_kptr_restrict)
{
	static const char zero[] = "/proc/sys/kernel/panic_on_oops";
	const char *value;

	own_mounts();
	ASSERT_EQ(0, write_file(KPTR_RESTRICT, "2"));
	if (mount(zero, KPTR_RESTRICT, NULL, MS_BIND, NULL))
		fatal("a mount over " KPTR_RESTRICT);
	value = slurp_path(KPTR_RESTRICT).s;
	ASSERT_TRUE(!strcmp(value, "0\n") || !strcmp(value, "1\n"));
	EXPECT_EQ(0u, own_summary().regions);
	ASSERT_EQ(0, umount(KPTR_RESTRICT));
}

VMAINFO_TEST_MAIN
