// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's regions in summary match what the kernel has in them. Only
 * readers who may see kernel addresses get them.
 */
#include <linux/elf.h>
#include <sched.h>
#include <sys/mount.h>

#include "summary_text.h"
#include "vmainfo_test.h"

#define KPTR_RESTRICT "/proc/sys/kernel/kptr_restrict"

/* The region of that name, or the first one with that address, or NULL */
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

FIXTURE(kernel)
{
	struct text kptr_restrict;
};

FIXTURE_SETUP(kernel)
{
	FATAL_IS_ASSERT();
	if (IS_UML)
		SKIP(return, "user-mode Linux has no kernel part of the address space");
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
	/* There is a hole above the addresses of processes. */
	EXPECT_LT(sum.v[TASK_SIZE].nr, sum.v[KERNEL_START].nr);
}

/* Addresses from other files of procfs lie in the regions of that name. */
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

	s = strstr(slurp_path("/proc/modules").s, "vmainfo ");
	ASSERT_NE(NULL, s);
	at = strtoull(strstr(s, " 0x"), NULL, 16);
#ifdef __x86_64__
	EXPECT_TRUE(holds(region(&sum, "KernelModules", 0), at)) {
		TH_LOG("%llx", at);
	}
	s = strstr(slurp_path("/proc/kallsyms").s, " T _text\n");
	ASSERT_NE(NULL, s);
	at = strtoull(s - 16, NULL, 16);
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

/* Each segment of /proc/kcore lies in a region. */
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
		/* where modules are without a random address */
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
}

/*
 * With CAP_SYSLOG, kptr_restrict decides whether regions are shown. The opener
 * needs the capability, the reader does not. KernelStart is always shown.
 */
TEST_F(kernel, hidden_by_kptr_restrict)
{
	static const struct {
		const char *kptr_restrict;
		bool capable, shown;
	} cases[] = {
		{ "0", true, true }, { "1", true, true }, { "2", true, false },
		{ "0", false, true }, { "1", false, true }, { "2", false, false },
	};
	int fd = open_or_die(SUMMARY, O_RDONLY);
	struct summary sum;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!cases[i].capable)
			keep_caps(ALL_CAPS & ~CAP_BIT(CAP_SYSLOG));
		ASSERT_EQ(0, write_file(KPTR_RESTRICT, cases[i].kptr_restrict));
		sum = own_summary();
		EXPECT_EQ(cases[i].shown && cases[i].capable, sum.regions > 0) {
			TH_LOG("case %u", i);
		}
		EXPECT_NE(0u, sum.v[KERNEL_START].nr);
		EXPECT_EQ(cases[i].shown, from_start(fd).regions > 0) {
			TH_LOG("case %u", i);
		}
	}
}

/* A procfs without sysctls has no kptr_restrict. */
TEST_F(kernel, hidden_without_sysctls)
{
	char dir[] = "/tmp/vmainfo.XXXXXX", path[64];
	struct summary sum;
	int fd, err;

	make_mounts_private();
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
		SKIP(return, "this kernel cannot hide sysctls: %s", strerror(err));
	EXPECT_EQ(0u, sum.regions);
	EXPECT_NE(0u, sum.v[KERNEL_START].nr);
	EXPECT_LT(0u, own_summary().regions);
}

/* A symbolic link there would be followed to any file of procfs. */
TEST_F(kernel, hidden_by_link_over_kptr_restrict)
{
	static const char *const to[] = { "/sys/vm/overcommit_memory", "/vmainfo/summary" };
	unsigned int i;

	make_mounts_private();
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

/* A file mounted over kptr_restrict, even of this procfs, is ignored. */
TEST_F(kernel, hidden_by_mount_over_kptr_restrict)
{
	static const char zero[] = "/proc/sys/kernel/panic_on_oops";
	const char *value;

	make_mounts_private();
	ASSERT_EQ(0, write_file(KPTR_RESTRICT, "2"));
	if (mount(zero, KPTR_RESTRICT, NULL, MS_BIND, NULL))
		fatal("a mount over " KPTR_RESTRICT);
	value = slurp_path(KPTR_RESTRICT).s;
	ASSERT_TRUE(!strcmp(value, "0\n") || !strcmp(value, "1\n"));
	EXPECT_EQ(0u, own_summary().regions);
	ASSERT_EQ(0, umount(KPTR_RESTRICT));
}

VMAINFO_TEST_MAIN()
