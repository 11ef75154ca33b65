// SPDX-License-Identifier: GPL-2.0
/*
 * PROCMAP_QUERY: errors, and processes that change. Which process is asked is
 * tested in target.c.
 */
#include "query_fixture.h"

/* Errors */

#define ELF_AT ((unsigned long)FILES_AT + 30 * PAGE)
#define NAMELESS_AT ((unsigned long)PERMISSIONS_AT)
#define GAP_AT FAR(0x12)

/* The request is checked first, then the target, then the VMA. */
static const struct {
	__u64 addr, flags;
	__u32 name_size, id_size;
	__u64 name, id;
	int expected;
	int without_target;
} wrong[] = {
	{ GAP_AT, 0, 1, 0, 0, 0, -EINVAL, -EINVAL },
	{ GAP_AT, 0, 0, 0, NAME, 0, -EINVAL, -EINVAL },
	{ GAP_AT, 0, 0, 1, 0, 0, -EINVAL, -EINVAL },
	{ GAP_AT, 0, 0, 0, 0, ID, -EINVAL, -EINVAL },
	{ GAP_AT, 0, 1, 1, 0, ID, -EINVAL, -EINVAL },
	{ GAP_AT, 1 << 6, 0, 0, 0, 0, -EINVAL, -EINVAL },
	{ ELF_AT, 1ull << 32, 0, 0, 0, 0, -EINVAL, -EINVAL },
	{ ELF_AT, 1ull << 63, 0, 0, 0, 0, -EINVAL, -EINVAL },
	{ ELF_AT, 1ull << 32 | OF_FILE, 0, 0, 0, 0, -EINVAL, -EINVAL },
	{ GAP_AT, 0, 1, 1, NOTHING, NOTHING, -ENOENT, -ESRCH },
	{ -1, ANY, 1, 1, NOTHING, NOTHING, -ENOENT, -ESRCH },
	/* small buffers before unmapped ones, the name before the build ID */
	{ ELF_AT, 0, 1, 1, NOTHING, NOTHING, -ENAMETOOLONG, -ESRCH },
	{ ELF_AT, 0, 100, 1, NOTHING, NOTHING, -ENAMETOOLONG, -ESRCH },
	{ ELF_AT, 0, 1, 100, NOTHING, NOTHING, -ENAMETOOLONG, -ESRCH },
	{ ELF_AT, 0, 0, 100, 0, NOTHING, -EFAULT, -ESRCH },
	{ ELF_AT, 0, 100, 100, NOTHING, ID, -EFAULT, -ESRCH },
	{ ELF_AT, 0, 100, 100, READ_ONLY, ID, -EFAULT, -ESRCH },
	{ ELF_AT, 0, 100, 100, NAME, 1ull << 63, -EFAULT, -ESRCH },
	/* an unused buffer need not be mapped */
	{ NAMELESS_AT, 0, 1, 1, NOTHING, NOTHING, 0, -ESRCH },
};

static void try_wrong(struct __test_metadata *_metadata, const struct fds *f, bool target)
{
	struct procmap_query q;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		q = request(NULL, wrong[i].flags, 0, 0);
		q.query_addr = wrong[i].addr;
		q.vma_name_size = wrong[i].name_size;
		q.vma_name_addr = wrong[i].name;
		q.build_id_size = wrong[i].id_size;
		q.build_id_addr = wrong[i].id;
		EXPECT_EQ(target ? wrong[i].expected : wrong[i].without_target, ask(f, &q)) {
			TH_LOG("request %u", i);
		}
		/* an error leaves the request unchanged */
		if (!target || wrong[i].expected) {
			EXPECT_EQ(wrong[i].name_size, q.vma_name_size);
			EXPECT_EQ(wrong[i].id_size, q.build_id_size);
			EXPECT_EQ(0u, q.vma_start);
		}
	}
	/* an unmapped request is reported first, with or without a target */
	EXPECT_EQ(-EFAULT, ask_at(f, 0));
	EXPECT_EQ(-EFAULT, ask_at(f, NOTHING));
	EXPECT_EQ(-EFAULT, ask_at(f, REQUEST - 1));
	EXPECT_EQ(-EFAULT, ask_at(f, REQUEST + 2 * PAGE - 7));
}

TEST_F(query, error_precedence)
{
	try_wrong(_metadata, &self->fds, true);
}

/* The name, then the build ID, then the structure */
TEST_F(query, partial_writes_on_error)
{
	char *read_only = reach(all_of_it, READ_ONLY, 1, false);
	struct procmap_query q = request((void *)ELF_AT, 0, 100, 100);

	q.build_id_addr = NOTHING;
	EXPECT_EQ(-EFAULT, ask(&self->fds, &q));
	EXPECT_STREQ("/memfd:query.elf64 (deleted)", (char *)NAME);
	EXPECT_EQ(100u, q.vma_name_size);
	EXPECT_EQ(0u, q.vma_start);

	q = request((void *)ELF_AT, 0, 100, 100);
	q.vma_name_addr = NOTHING;
	EXPECT_EQ(-EFAULT, ask(&self->fds, &q));
	EXPECT_TRUE(untouched(ID, 0));

	q = request((void *)ELF_AT, 0, 100, 100);
	memset(all_of_it, UNTOUCHED, IMAGE);
	memcpy(read_only, &q, sizeof(q));
	EXPECT_EQ(-EFAULT, ask_at(&self->fds, READ_ONLY));
	EXPECT_STREQ("/memfd:query.elf64 (deleted)", (char *)NAME);
	EXPECT_EQ(0, memcmp((void *)ID, some_id, ID_MAX));
	EXPECT_EQ(0, memcmp(read_only, &q, sizeof(q)));

	/* If one of them does not fit, the other one is not written either. */
	EXPECT_EQ(-ENAMETOOLONG, query(&self->fds, &q, (void *)ELF_AT, 0, 100, 19));
	EXPECT_TRUE(untouched(NAME, 0));
	EXPECT_TRUE(untouched(ID, 0));
}

TEST_F(query, zombie_then_reaped)
{
	struct fds f, later;

	target_kill(&self->target);
	try_wrong(_metadata, &self->fds, false);
	/* opened only now */
	later = open_fds(self->target.pid);
	try_wrong(_metadata, &later, false);

	target_end(&self->target);
	try_wrong(_metadata, &self->fds, false);
	try_wrong(_metadata, &later, false);
	/* other targets are still there */
	f = open_fds(getpid());
	EXPECT_EQ(0, ask(&f, &(struct procmap_query){ .size = 104, .query_addr = NAME }));
}

TEST_F(query, kernel_thread)
{
	struct fds f;

	if (!has_kthreadd())
		SKIP(return, "process 2 is not kthreadd: this is a container");
	f = open_fds(2);
	try_wrong(_metadata, &f, false);
}

/* Numbers */

TEST_F(query, unknown_ioctls)
{
	static const unsigned int numbers[] = {
		PROCMAP_QUERY - 1, PROCMAP_QUERY + 1,
		_IOC(_IOC_READ | _IOC_WRITE, 'f', 17, 96),
		_IOC(_IOC_READ | _IOC_WRITE, 'f', 17, 112),
		_IOC(_IOC_READ | _IOC_WRITE, 'f', 17, 0),
		_IOC(_IOC_READ, 'f', 17, 104), _IOC(_IOC_WRITE, 'f', 17, 104),
		_IOC(_IOC_NONE, 'f', 17, 104), _IOC(_IOC_READ | _IOC_WRITE, 'v', 17, 104),
		_IOC(_IOC_READ | _IOC_WRITE, 'f', 16, 96), ~0u,
	};
	static const char * const others[] = { PROC "vmas", PROC "raw", PROC "summary" };
	struct procmap_query q = request((void *)ELF_AT, 0, 0, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ENOTTY, call_ioctl(self->fds.ours, numbers[i], (unsigned long)&q)) {
			TH_LOG("%x", numbers[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_EQ(-ENOTTY, call_ioctl(open_target(others[i], self->target.pid),
					      PROCMAP_QUERY, (unsigned long)&q)) {
			TH_LOG("%s", others[i]);
		}
	}
	EXPECT_EQ(0u, q.vma_start);
}

TEST_F(query, after_rmmod_enotty)
{
	struct procmap_query q = request((void *)ELF_AT, 0, 0, 0);

	ASSERT_EQ(0, ask(&self->fds, &q));
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-ENOTTY, result_of(ioctl(self->fds.ours, PROCMAP_QUERY, &q)));
	EXPECT_EQ(0, module_load(""));
}

/* Targets that change */

#define SLOT ((char *)FAR(0x26))

static atomic_ulong *rounds;		/* shared */
static int elf_fd, wall_fd;
static unsigned int state;

/* From each of four states of the slot to the next one, by one change */
static void next_state(void)
{
	state = (state + 1) % 4;
	switch (state) {
	case 0:		/* nothing */
		munmap(SLOT, 4 * PAGE);
		break;
	case 1:		/* one VMA */
		map_at(SLOT, 4 * PAGE, PROT_READ | PROT_WRITE);
		break;
	case 2:		/* three */
		mprotect(SLOT + PAGE, 2 * PAGE, PROT_READ);
		break;
	case 3:		/* one of a file, in their place */
		if (mmap(SLOT, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, elf_fd, 0) != SLOT)
			fatal("mmap");
		break;
	}
}

static void *restless(void *unused)
{
	for (;;) {
		next_state();
		atomic_fetch_add(rounds, 1);
	}
	return unused;
}

static void restless_init(void)
{
	struct elf e = new_elf(ELFCLASS64, ELF_SIZE);

	elf_fd = elf_file(&e, "query.elf64");
	wall_fd = new_memfd("wall");
	map_at(SLOT - 2 * PAGE, PAGE, PROT_NONE);
	/* it matches all requests, so that no walk goes further */
	map_file(SLOT + 6 * PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, wall_fd, 0);
}

static void restless_command(char c)
{
	if (c == 'n')
		next_state();
	else
		start_thread(restless, NULL);
}

TEST(concurrent_mmap_munmap)
{
	struct rng r = stress_begin("restless");
	unsigned long tried = 0, matched[4] = {};
	struct world worlds[4];
	struct procmap_query q;
	struct target t;
	unsigned int i;
	struct fds f;
	int ret, expected;

	make_arena();
	know_id("/memfd:query.elf64 (deleted)", some_id, ID_MAX);
	rounds = get_shared(PAGE);
	target_start(&t, restless_init, restless_command);
	for (i = 0; i < 4; i++) {
		worlds[i] = load_world(t.pid);
		tell(&t, 'n');
	}
	f = open_ours(t.pid);
	tell(&t, 'g');
	/* The target has to be seen in each of its states. */
	while (more(tried, 20000) || !matched[0] || !matched[1] || !matched[2] || !matched[3]) {
		q = request(SLOT - 3 * PAGE + rnd(&r, 9 * PAGE), rnd_flags(&r),
			    rnd(&r, 2) ? PATH_MAX : 0, rnd(&r, 4) ? 0 : ID_MAX);
		/* below the wall, in all states */
		memset(all_of_it, UNTOUCHED, IMAGE);
		memcpy((void *)REQUEST, &q, sizeof(q));
		ret = ask_at(&f, REQUEST);
		for (i = 0; i < 4; i++) {
			memcpy(image_expected, image_before, IMAGE);
			expected = model(&worlds[i], image_expected, REQUEST);
			if (same_answer(ret, all_of_it, expected, image_expected))
				break;
		}
		ASSERT_NE(4u, i) {
			print_answers(REQUEST, ret, all_of_it, "with nothing mapped", expected,
				      image_expected);
		}
		matched[i]++;
		tried++;
	}
	printf("# %lu queries, %lu changes meanwhile; %lu, %lu, %lu, %lu as in the four states, the first that fits\n",
	       tried, atomic_load(rounds), matched[0], matched[1], matched[2], matched[3]);
	figure(tried, "queries of a target that changes");
	target_end(&t);
}

VMAINFO_TEST_MAIN(query_begin(1, 2))
