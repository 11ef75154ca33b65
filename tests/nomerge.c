// SPDX-License-Identifier: GPL-2.0
/*
 * Why neighbours are not merged: for each rule a pair of VMAs that only this
 * rule keeps apart, and pairs that several rules keep apart. The kernel is the
 * judge: when it tries, it merges a pair if and only if no rule was reported.
 */
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "stress.h"
#include "vmainfo_test.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

#define FLAGS VMAINFO_NOMERGE_FLAGS
#define SPECIAL VMAINFO_NOMERGE_SPECIAL
#define OF_FILE VMAINFO_NOMERGE_FILE
#define OFFSET VMAINFO_NOMERGE_OFFSET
#define ANON_VMA VMAINFO_NOMERGE_ANON_VMA
#define NAMED VMAINFO_NOMERGE_NAME
#define POLICY VMAINFO_NOMERGE_POLICY
#define UFFD VMAINFO_NOMERGE_UFFD

#define R PROT_READ
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

/* Each pair is two VMAs of N pages: A, and B where A ends. */
#define ARENA ((char *)FAR(0x30))
#define N (16 * PAGE)
#define A (ARENA + N)
#define B (A + N)
/* Where VMAs are moved from */
#define AWAY (ARENA + 16 * N)

#define SEPARATE 0x100		/* a VMA starts here */
#define ADJACENT 0x200		/* and another one ends here */

static int raw_fd, files[2];

/* The rules between the VMA that starts at p and the one that ends there */
static unsigned int rules_at(const char *p)
{
	const struct vmainfo_record *r;
	unsigned int rules = 0;
	__u64 end = 0;
	struct cursor c;
	struct text t;

	if (lseek(raw_fd, 0, SEEK_SET))
		fatal("seeking to the start of raw");
	t = slurp(raw_fd, 1 << 20);
	for (raw_first(&c, t); (r = raw_next(&c)); end = r->end)
		if (r->start == (unsigned long)p)
			rules = SEPARATE | r->nomerge | (r->start == end ? ADJACENT : 0);
	if (c.error)
		fatal("raw: %s", c.error);
	free(t.s);
	return rules;
}

static char *map(char *p, size_t size, int prot, int flags, int fd, off_t offset)
{
	if (mmap(p, size, prot, flags | MAP_FIXED, fd, offset) != p)
		fatal("mmap at %p", p);
	return p;
}

static void move(char *from, char *to)
{
	if (mremap(from, N, N, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		fatal("mremap to %p", to);
}

static void protect(char *p, int prot)
{
	if (mprotect(p, N, prot))
		fatal("mprotect at %p", p);
}

static bool name(char *p, const char *text)
{
	return !prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, N, text);
}

static bool set_policy_on(char *p, int mode, unsigned long nodes)
{
	return !syscall(SYS_mbind, p, N, mode, mode == MPOL_DEFAULT ? NULL : &nodes,
			mode == MPOL_DEFAULT ? 0 : 64, 0);
}

static bool set_policy(char *p, int mode)
{
	return set_policy_on(p, mode, 1);
}

static int uffd_register(char *p)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (unsigned long)p, N }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0 && (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg)))
		fatal("UFFDIO_REGISTER");
	return fd;
}

/* The kernel tries to merge when permissions change. It starts from B, then from A. */
static void try_to_merge(void)
{
	protect(B, PROT_NONE);
	protect(B, RW);
	protect(A, PROT_NONE);
	protect(A, RW);
}

/*
 * make_*() make a pair, and return false if this kernel lacks the feature.
 * undo_*() remove the cause, or replace B with memory without it.
 */

/* Replaces B with anonymous memory that continues A. */
static void undo_anon(void)
{
	map(B, N, RW, ANON, -1, 0);
}

static void undo_file(void)
{
	map(B, N, RW, MAP_SHARED, files[0], N);
}

/* Stacks grow towards each other, and nothing tries to merge them. */
static bool make_none(void)
{
	char *p;

	map(A, N, RW, ANON | MAP_GROWSDOWN, -1, 0);
	map(B + N - PAGE, PAGE, RW, ANON | MAP_GROWSDOWN, -1, 0);
	for (p = B + N - PAGE; p >= B; p -= PAGE)
		*(volatile char *)p = 1;
	return true;
}

static bool make_flags(void)
{
	map(A, 2 * N, RW, ANON, -1, 0);
	protect(B, R);
	return true;
}

static void undo_flags(void)
{
	protect(B, RW);
}

/* vm_ops of System V shared memory have close(). */
static bool make_special(void)
{
	int id = shmget(IPC_PRIVATE, 2 * N, 0600);

	if (id < 0)
		return false;
	if (shmat(id, A, SHM_REMAP) != A)
		fatal("shmat");
	shmctl(id, IPC_RMID, NULL);
	protect(B, R);
	protect(B, RW);
	return true;
}

static bool make_file(void)
{
	map(A, N, RW, MAP_SHARED, files[0], 0);
	map(B, N, RW, MAP_SHARED, files[1], N);
	return true;
}

/* Only one of them maps a file, at an offset that continues the other one. */
static bool make_one_file(void)
{
	map(A, N, RW, ANON, -1, 0);
	map(B, N, RW, MAP_PRIVATE, files[0], (unsigned long)B);
	return true;
}

static bool make_offset(void)
{
	map(A, N, RW, MAP_SHARED, files[0], 0);
	map(B, N, RW, MAP_SHARED, files[0], 2 * N);
	return true;
}

/* Anonymous memory keeps its offset when it moves with pages in it. */
static bool make_moved(void)
{
	map(A, N, RW, ANON, -1, 0);
	*map(AWAY, N, RW, ANON, -1, 0) = 1;
	move(AWAY, B);
	return true;
}

/*
 * Both are touched before they become neighbours. A grows: new memory between the
 * two would become part of either, depending on the kernel.
 */
static bool make_anon_vma(void)
{
	*map(A, PAGE, RW, ANON, -1, 0) = 1;
	*map(B, N, RW, ANON, -1, 0) = 1;
	if (mremap(A, PAGE, N, 0) != A)
		fatal("mremap at %p", A);
	return true;
}

static bool make_name(void)
{
	map(A, 2 * N, RW, ANON, -1, 0);
	return name(B, "b");
}

static void undo_name(void)
{
	name(B, NULL);
}

static bool make_other_name(void)
{
	return make_name() && name(A, "a");
}

static void undo_other_name(void)
{
	name(B, "a");
}

static bool make_policy(void)
{
	map(A, 2 * N, RW, ANON, -1, 0);
	return set_policy(B, MPOL_BIND);
}

static void undo_policy(void)
{
	set_policy(B, MPOL_DEFAULT);
}

static bool make_other_policy(void)
{
	return make_policy() && set_policy(A, MPOL_INTERLEAVE);
}

static void undo_other_policy(void)
{
	set_policy(B, MPOL_INTERLEAVE);
}

/* The guest has node 0 only, but the kernel keeps the nodes that were asked for. */
#define STATIC_BIND (MPOL_BIND | MPOL_F_STATIC_NODES)

static bool make_static_policy(void)
{
	map(A, 2 * N, RW, ANON, -1, 0);
	return set_policy_on(A, STATIC_BIND, 1) && set_policy_on(B, STATIC_BIND, 3);
}

static void undo_static_policy(void)
{
	set_policy_on(B, STATIC_BIND, 1);
}

static int uffds[2];

static bool make_uffd(void)
{
	map(A, 2 * N, RW, ANON, -1, 0);
	uffds[0] = uffd_register(A);
	uffds[1] = uffd_register(B);
	return uffds[0] >= 0 && uffds[1] >= 0;
}

static void undo_uffd(void)
{
	struct uffdio_range a = { (unsigned long)A, N }, b = { (unsigned long)B, N };

	if (ioctl(uffds[0], UFFDIO_UNREGISTER, &a) || ioctl(uffds[1], UFFDIO_UNREGISTER, &b))
		fatal("UFFDIO_UNREGISTER");
	close(uffds[0]);
	close(uffds[1]);
}

/* Pairs of several rules, and flags that the kernel ignores */

static bool make_flags_and_file(void)
{
	make_file();
	protect(B, R);
	return true;
}

static bool make_anon_and_file(void)
{
	map(A, N, RW, ANON, -1, 0);
	map(B, N, R, MAP_SHARED, files[0], 0);
	return true;
}

static bool make_flags_and_same_policy(void)
{
	map(A, 2 * N, RW, ANON, -1, 0);
	protect(B, R);
	return set_policy(A, MPOL_BIND) && set_policy(B, MPOL_BIND);
}

static bool make_flags_and_same_name(void)
{
	map(A, 2 * N, RW, ANON, -1, 0);
	protect(B, R);
	return name(A, "same") && name(B, "same");
}

static bool make_name_and_policy(void)
{
	return make_name() && set_policy(A, MPOL_BIND);
}

static bool make_soft_dirty(void)
{
	map(A, N, RW, MAP_SHARED, files[0], 0);
	if (write_file("/proc/self/clear_refs", "4"))
		return false;
	map(B, N, RW, MAP_SHARED, files[1], N);
	return true;
}

/* From 6.19 on this flag is ignored. Before, no VMA has it. */
static bool make_guard(void)
{
	map(A, N, RW, ANON, -1, 0);
	map(B, N, RW, MAP_PRIVATE, files[0], (unsigned long)B);
	return !madvise(A, PAGE, MADV_GUARD_INSTALL);
}

static void clear(void)
{
	munmap(ARENA, 32 * N);
}

FIXTURE(pair) {};

FIXTURE_VARIANT(pair)
{
	bool (*make)(void);
	void (*undo)(void);
	unsigned int rules;
	bool no_try;		/* try_to_merge() would itself remove the cause */
};

#define PAIR(name, ...) FIXTURE_VARIANT_ADD(pair, name) { .make = __VA_ARGS__ }

PAIR(no_rule_for_stacks_that_grew_together, make_none);
PAIR(flags_permissions, make_flags, undo_flags, FLAGS, .no_try = true);
PAIR(special_close_in_vm_ops, make_special, NULL, SPECIAL);
PAIR(file_opened_twice, make_file, undo_file, OF_FILE);
PAIR(file_and_no_file, make_one_file, undo_anon, OF_FILE);
PAIR(offset_in_file, make_offset, undo_file, OFFSET);
PAIR(offset_of_moved_memory, make_moved, undo_anon, OFFSET);
PAIR(anon_vma_touched_before, make_anon_vma, undo_anon, ANON_VMA);
PAIR(name_and_no_name, make_name, undo_name, NAMED);
PAIR(two_names, make_other_name, undo_other_name, NAMED);
PAIR(policy_and_no_policy, make_policy, undo_policy, POLICY);
PAIR(two_policies, make_other_policy, undo_other_policy, POLICY);
PAIR(policies_with_other_static_nodes, make_static_policy, undo_static_policy, POLICY);
PAIR(two_userfaultfds, make_uffd, undo_uffd, UFFD);
PAIR(flags_and_file, make_flags_and_file, undo_file, FLAGS | OF_FILE, .no_try = true);
PAIR(flags_file_and_offset, make_anon_and_file, NULL, FLAGS | OF_FILE | OFFSET, .no_try = true);
PAIR(name_and_policy, make_name_and_policy, NULL, NAMED | POLICY);
PAIR(equal_policies_ignored, make_flags_and_same_policy, undo_flags, FLAGS, .no_try = true);
PAIR(equal_names_ignored, make_flags_and_same_name, undo_flags, FLAGS, .no_try = true);
PAIR(soft_dirty_ignored, make_soft_dirty, undo_file, OF_FILE);
PAIR(guard_pages_ignored, make_guard, undo_anon, OF_FILE);

FIXTURE_SETUP(pair)
{
	FATAL_IS_ASSERT();
	raw_fd = open_target(PROC "raw", getpid());
	clear();
}

FIXTURE_TEARDOWN(pair)
{
	clear();
	close(raw_fd);
}

TEST_F(pair, rules_as_the_kernel)
{
	const unsigned int wanted = SEPARATE | ADJACENT | variant->rules;

	if (!variant->make())
		SKIP(return, "not on this kernel: %s", strerror(errno));
	EXPECT_EQ(wanted, rules_at(B));
	if (!variant->no_try) {
		try_to_merge();
		EXPECT_EQ(variant->rules ? wanted : 0, rules_at(B));
	}
	if (!variant->undo)
		return;
	variant->undo();
	if (rules_at(B))
		try_to_merge();
	EXPECT_EQ(0u, rules_at(B));
}

FIXTURE(nomerge) {};

FIXTURE_SETUP(nomerge)
{
	FATAL_IS_ASSERT();
	raw_fd = open_target(PROC "raw", getpid());
	clear();
}

FIXTURE_TEARDOWN(nomerge)
{
	clear();
	close(raw_fd);
}

TEST_F(nomerge, anon_vma_shared_by_fork)
{
	pid_t pid;

	map(A, 2 * N, RW, ANON, -1, 0);
	protect(B, PROT_NONE);
	*A = 1;
	pid = fork_child();
	if (!pid) {
		raw_fd = open_target(PROC "raw", getpid());
		protect(B, RW);
		CHECK(rules_at(B) == (SEPARATE | ADJACENT | ANON_VMA));
		try_to_merge();
		CHECK(rules_at(B) == (SEPARATE | ADJACENT | ANON_VMA));
		map(A, N, RW, ANON, -1, 0);
		CHECK(!rules_at(B));
		_exit(0);
	}
	EXPECT_EQ(0, reap(pid));
	protect(B, RW);
	EXPECT_EQ(0u, rules_at(B));
}

TEST_F(nomerge, no_rule_without_neighbour)
{
	map(B, N, RW, ANON, -1, 0);
	EXPECT_EQ((unsigned int)SEPARATE, rules_at(B));
}

/* A name that is set and removed meanwhile is not dereferenced (a test for KASAN). */
static void *toggle_names(void *arg)
{
	for (;;) {
		prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, ARENA, 32 * N, "toggled");
		prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, ARENA, 32 * N, NULL);
	}
	return arg;
}

TEST_F(nomerge, names_change_during_walks)
{
	unsigned int i;
	struct text t;
	char *p;

	map(ARENA, 32 * N, RW, ANON | MAP_NORESERVE, -1, 0);
	for (p = ARENA; p < ARENA + 32 * N; p += 2 * PAGE)
		if (mprotect(p, PAGE, R))
			fatal("mprotect at %p", p);
	if (!name(A, "a"))
		SKIP(return, "not on this kernel: %s", strerror(errno));
	start_thread(toggle_names, NULL);
	for (i = 0; more(i, 300); i++) {
		ASSERT_EQ(0, lseek(raw_fd, 0, SEEK_SET));
		t = slurp(raw_fd, 1 << 20);
		EXPECT_LT(0u, t.len);
		free(t.s);
	}
}

/* Random VMAs. All are of MAP_NORESERVE, because mprotect() can change VM_ACCOUNT. */

#define SLOTS 12

static const int prots[] = { PROT_NONE, R, RW };
static const int advice[] = {
	MADV_DONTFORK, MADV_DOFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
	MADV_GUARD_INSTALL,
};

static void random_step(struct rng *r, int zero)
{
	char *p = ARENA + rnd(r, SLOTS) * N, *q = ARENA + rnd(r, SLOTS) * N;
	const int prot = prots[rnd(r, ARRAY_SIZE(prots))];

	switch (rnd(r, 10)) {
	case 0:
		map(p, N, prot, ANON | MAP_NORESERVE, -1, 0);
		break;
	case 1:
		map(p, N, prot, (rnd(r, 2) ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE,
		    files[rnd(r, 2)], p - ARENA + (rnd(r, 4) ? 0 : N));
		break;
	case 2 ... 3:
		mprotect(p, (1 + rnd(r, 3)) * N, prot);
		break;
	case 4 ... 5:
		/* Touches a page if it may be written. */
		if (read(zero, p + rnd(r, N / PAGE) * PAGE, 1) < 0 && errno != EFAULT)
			fatal("/dev/zero");
		break;
	case 6:
		madvise(p, N, advice[rnd(r, ARRAY_SIZE(advice))]);
		break;
	case 7:
		if (p != q)
			mremap(p, N, N, MREMAP_MAYMOVE | MREMAP_FIXED, q);
		break;
	case 8:
		if (rnd(r, 2))
			set_policy(p, rnd(r, 2) ? MPOL_BIND : MPOL_DEFAULT);
		else
			name(p, rnd(r, 2) ? "name" : NULL);
		break;
	default:
		munmap(p, N);
	}
}

/* Changes the permissions of all VMAs from start to end, which is one, and restores them. */
static void toggle(__u64 start, __u64 end, __u64 flags)
{
	int prot = (flags & VMAINFO_READ ? PROT_READ : 0) |
		   (flags & VMAINFO_WRITE ? PROT_WRITE : 0);
	void *at = (void *)(unsigned long)start;

	if (mprotect(at, end - start, prot ? PROT_NONE : PROT_READ) ||
	    mprotect(at, end - start, prot))
		fatal("mprotect from %llx", start);
}

/* Makes the kernel try to merge the VMA at p with the one before; B first, as above. */
static void try_at(const char *p)
{
	struct vmainfo_record a = {}, b = {};
	const struct vmainfo_record *r;
	struct cursor c;
	struct text t;

	lseek(raw_fd, 0, SEEK_SET);
	t = slurp(raw_fd, 1 << 20);
	for (raw_first(&c, t); (r = raw_next(&c));) {
		if (r->end == (unsigned long)p)
			a = *r;
		if (r->start == (unsigned long)p)
			b = *r;
	}
	free(t.s);
	toggle(b.start, b.end, b.flags);
	toggle(a.start, a.end, a.flags);
}

TEST_F(nomerge, kernel_agrees_on_random_neighbours)
{
	struct rng r = stress_begin(_metadata->name);
	unsigned int i, rules, after, seen[256] = {}, nr = 0, kinds = 0;
	int zero = open_or_die("/dev/zero", O_RDONLY);
	char *p;

	for (i = 0; more(i, 300); i++) {
		clear();
		for (nr = 0; nr < 40; nr++)
			random_step(&r, zero);
		for (p = ARENA + N; p < ARENA + SLOTS * N; p += N) {
			rules = rules_at(p);
			if (!(rules & ADJACENT))
				continue;
			try_at(p);
			after = rules_at(p);
			/* A can have merged with the VMA before it, and have its anon_vma. */
			ASSERT_TRUE((rules & 0xff) ? after & SEPARATE : !after || (after & 0xff)) {
				TH_LOG("at %p: rules %x, then %x; VMAINFO_SEED=%llu, round %u", p,
				       rules, after, (unsigned long long)stress_seed, i);
			}
			kinds += !seen[rules & 0xff]++;
		}
	}
	close(zero);
	printf("# %u rounds, %u combinations of rules\n", i, kinds);
	/* Some kernels have neither policies nor names. */
	EXPECT_LE(5u, kinds);
}

int main(int argc, char **argv)
{
	int i;

	module_for_all_tests();
	stress_init(1, 5);
	for (i = 0; i < 2; i++)
		files[i] = open("/tmp/nomerge", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (files[0] < 0 || files[1] < 0 || ftruncate(files[0], 64 * N))
		fatal("/tmp/nomerge");
	unlink("/tmp/nomerge");
	return test_harness_run(argc, argv);
}
