// SPDX-License-Identifier: GPL-2.0
/*
 * The PROCMAP_QUERY ioctl of maps does on all kernels exactly what that of
 * /proc/PID/maps does on Linux 6.11 and later.
 */
#include <sys/personality.h>

#include "query_fixture.h"

#ifdef __x86_64__
/* The same as a 32-bit program does it */
static int call_ioctl_32(int fd, unsigned int cmd, __u64 at)
{
	int ret;

	__asm__ volatile ("int $0x80" : "=a" (ret)
			  : "0" (54), "b" (fd), "c" (cmd), "d" ((__u32)at)
			  : "memory", "r8", "r9", "r10", "r11");
	return ret;
}
#endif

/* Addresses to ask for: at limits, and where nothing is mapped */
static const __u64 special_addresses[] = {
	0, 1, PAGE, 0xffffffff, 1ull << 32, USER_END - PAGE, USER_END - 1, USER_END, USER_END + 1,
	1ull << 56, 1ull << 63, (1ull << 63) - 1, 0xffff888000000000, 0xffffffff81000000,
	0xffffffffff5fffff, 0xffffffffff600000, 0xffffffffff600800, 0xffffffffff601000,
	0xfffffffffffff000, 0xfffffffffffffffe, 0xffffffffffffffff,
};

static __u64 edge_of(const struct vma *v, unsigned int nr)
{
	switch (nr) {
	case 0: return v->r->start - 1;
	case 1: return v->r->start;
	case 2: return v->r->start + 1;
	case 3: return v->r->start + (v->r->end - v->r->start) / 2;
	case 4: return v->r->end - 1;
	case 5: return v->r->end;
	default: return v->r->end + 1;
	}
}

#define EDGES 7

static void sweep(struct __test_metadata *_metadata, const struct fds *f, const struct world *w)
{
	unsigned int i, n = w->nr * EDGES + ARRAY_SIZE(special_addresses), found = 0;
	struct procmap_query q;
	__u64 addr, flags;
	int ret;

	for (i = 0; i < n; i++) {
		addr = i < w->nr * EDGES ? edge_of(&w->vmas[i / EDGES], i % EDGES) :
		       special_addresses[i - w->nr * EDGES];
		/* the highest bit is not a valid flag */
		for (flags = 0; flags < 2 * (VALID + 1); flags++) {
			q = request(NULL, flags, flags & 2 ? 0 : PATH_MAX,
				    (flags + i) % 8 ? 0 : ID_MAX);
			q.query_addr = addr;
			memcpy((void *)REQUEST, &q, sizeof(q));
			ASSERT_TRUE(answers_as_modelled(f, w, REQUEST, &ret));
			found += !ret;
		}
	}
	printf("# %u addresses around %u VMAs, %u times there was an answer\n", n, w->nr, found);
	ASSERT_LT(n, found);
}

TEST_F(query, all_flags_at_all_edges)
{
	static const char * const names[] = {
		"[heap]", "[stack]", "[vdso]", PLAIN, STRANGE, DELETED " (deleted)",
		"/memfd:just memory (deleted)", "/dev/zero", "/dev/zero (deleted)",
	};
	const struct vma *v;
	unsigned int i;

	/* the target has VMAs of all kinds */
	EXPECT_LT(50u, self->world.nr);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_TRUE(!!by_name(&self->world, names[i])) {
			TH_LOG("%s", names[i]);
		}
	}
	v = by_name(&self->world, own_path());
	EXPECT_EQ(ID_MAX, v ? v->id_size : 0);
	sweep(_metadata, &self->fds, &self->world);
	figure(asked, "queries compared");
}

/* Random requests */

static void poke(__u64 at, const void *data, size_t size)
{
	char *p;
	size_t i;

	for (i = 0; i < size; i++) {
		p = reach(all_of_it, at + i, 1, false);
		if (p)
			*p = ((const char *)data)[i];
	}
}

/*
 * A 32-bit kernel ignores the upper half of a pointer. The uppermost GiB is its
 * own.
 */
/* Cut to 32 bits, it is still not an address of this process. */
#define KERNEL_ADDRESS (IS_64BIT ? 1ull << 63 | 0xc0000000 : 0xc0000000)

static __u64 rnd_pointer(struct rng *r, unsigned long area, size_t area_size, __u64 size)
{
	switch (rnd(r, 24)) {
	case 0: return 0;
	case 1: return NOTHING + rnd(r, PAGE);
	case 2: return READ_ONLY + rnd(r, PAGE);
	case 3: return KERNEL_ADDRESS | rnd64(r);
	case 4: return ~(__u64)rnd(r, 1000);
	case 5: return (0xffff888000000000 | KERNEL_ADDRESS) + rnd(r, 1 << 20);
	case 6: return REQUEST + rnd(r, 2 * PAGE);	/* perhaps in the request itself */
	case 7 ... 9: return area + rnd(r, area_size);
	case 10 ... 12: return area;
	default: return size < area_size ? area + area_size - size : area;
	}
}

static __u64 rnd_address(struct rng *r, const struct world *w)
{
	if (rnd(r, 8))
		return edge_of(&w->vmas[rnd(r, w->nr)], rnd(r, EDGES));
	if (rnd(r, 2))
		return special_addresses[rnd(r, ARRAY_SIZE(special_addresses))];
	return rnd64(r) >> rnd(r, 64);
}

static __u64 rnd_size(struct rng *r)
{
	switch (rnd(r, 24)) {
	case 0: return rnd(r, MIN_SIZE + 2);
	case 1 ... 3: return MIN_SIZE + rnd(r, sizeof(struct procmap_query) - MIN_SIZE);
	case 4 ... 6: return sizeof(struct procmap_query) + rnd(r, 40);
	case 7: return sizeof(struct procmap_query) + rnd(r, PAGE);
	case 8: return PAGE - 1 + rnd(r, 3);
	case 9: return rnd64(r) >> rnd(r, 64);
	default: return sizeof(struct procmap_query);
	}
}

static __u32 rnd_capacity(struct rng *r, __u32 exact)
{
	switch (rnd(r, 12)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return PATH_MAX - 1 + rnd(r, 3);
	case 3: return 2 * PAGE;
	case 4: return rnd64(r);
	case 5: return rnd(r, 40);
	case 6: return -1;
	case 7 ... 8: return exact - 1;
	case 9: return exact + 1;
	default: return exact;
	}
}

/*
 * A request that ends inside a pointer has only its lowest bytes. They could be
 * an address in this program, of which the model knows nothing. Nothing is
 * mapped at the lowest addresses.
 */
static void set_cut_pointer(struct procmap_query *q, size_t offset)
{
	const __u64 unmapped = 16;

	if (q->size > offset && q->size < offset + sizeof(unmapped))
		memcpy((char *)q + offset, &unmapped, sizeof(unmapped));
}

static void random_requests(struct __test_metadata *_metadata, const struct fds *f,
			    const struct world *w, struct rng *r, unsigned long goal)
{
	unsigned long tried = 0, results[ENAMETOOLONG + 1] = {};
	struct procmap_query q;
	const struct vma *v;
	__u64 at, *words;
	unsigned int i;
	char c;
	int ret;

	while (tried < goal || soaking()) {
		if (tried % 256 == 0)
			for (i = 0; i < IMAGE; i++)
				all_of_it[i] = rnd(r, 4) ? rnd64(r) : 0;
		/* output fields are filled with garbage first */
		for (words = (void *)&q, i = 0; i < sizeof(q) / sizeof(*words); i++)
			words[i] = rnd64(r);
		q.size = rnd_size(r);
		q.query_addr = rnd_address(r, w);
		q.query_flags = rnd_flags(r);
		if (!rnd(r, 16))
			q.query_flags |= 1ull << rnd(r, 64);
		v = model_find(w, q.query_addr, q.query_flags);
		q.vma_name_size = rnd_capacity(r, v && v->name ? strlen(v->name) + 1 : 0);
		q.build_id_size = rnd_capacity(r, v && v->id_size ? v->id_size : ID_MAX);
		q.vma_name_addr = rnd_pointer(r, NAME, 2 * PAGE, q.vma_name_size);
		q.build_id_addr = rnd_pointer(r, ID, PAGE, q.build_id_size);
		/* mostly both the size and the address are set, or neither */
		if (rnd(r, 16) && (!q.vma_name_size || !q.vma_name_addr)) {
			q.vma_name_size = 0;
			q.vma_name_addr = 0;
		}
		if (rnd(r, 16) && (!q.build_id_size || !q.build_id_addr || rnd(r, 2))) {
			q.build_id_size = 0;
			q.build_id_addr = 0;
		}
		set_cut_pointer(&q, offsetof(struct procmap_query, vma_name_addr));
		set_cut_pointer(&q, offsetof(struct procmap_query, build_id_addr));
		at = REQUEST + rnd(r, PAGE);
		if (!rnd(r, 4))
			at = REQUEST + 2 * PAGE - (q.size <= 2 * PAGE ? q.size : rnd(r, PAGE));
		else if (!rnd(r, 16))
			at = rnd_pointer(r, REQUEST, 2 * PAGE, q.size);
		poke(at, &q, sizeof(q));
		if (q.size > sizeof(q) && q.size <= PAGE) {
			c = rnd64(r);
			for (i = sizeof(q); i < q.size; i++)
				poke(at + i, "", 1);
			if (!rnd(r, 4))
				poke(at + sizeof(q) + rnd(r, q.size - sizeof(q)), &c, 1);
		}
		ASSERT_TRUE(answers_as_modelled(f, w, at, &ret)) {
			TH_LOG("query %lu of VMAINFO_SEED=%llu", tried,
			       (unsigned long long)stress_seed);
		}
		tried++;
		results[-ret]++;
	}
	printf("# %lu requests: %lu answers, %lu ENOENT, %lu EINVAL, %lu E2BIG, %lu EFAULT, %lu ENAMETOOLONG\n",
	       tried, results[0], results[ENOENT], results[EINVAL], results[E2BIG],
	       results[EFAULT], results[ENAMETOOLONG]);
	EXPECT_LT(tried / 10, results[0]);
	EXPECT_LT(tried / 50, results[ENOENT]);
	EXPECT_LT(tried / 50, results[EINVAL]);
	EXPECT_LT(tried / 100, results[E2BIG]);
	EXPECT_LT(tried / 50, results[EFAULT]);
	EXPECT_LT(tried / 50, results[ENAMETOOLONG]);
}

TEST_F(query, random_requests)
{
	struct rng r = stress_begin("query");

	random_requests(_metadata, &self->fds, &self->world, &r, 30000);
	figure(asked, "queries compared");
}

#ifdef __x86_64__
TEST_F(query, ia32_random_requests)
{
	struct rng r = stress_begin("query 32");
	struct procmap_query q = request(PERMISSIONS_AT, ANY, 0, 0);

	/*
	 * A kernel without this system call kills the caller. User-mode Linux
	 * takes it for one of 64 bits.
	 */
	if (IS_UML || IN_CHILD(call_ioctl_32(-1, 0, 0)))
		SKIP(return, "this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)");
	do_ioctl = call_ioctl_32;
	ASSERT_EQ(0, ask(&self->fds, &q));
	EXPECT_EQ((unsigned long)PERMISSIONS_AT, q.vma_start);
	random_requests(_metadata, &self->fds, &self->world, &r, 5000);
	figure(asked, "queries compared");
	EXPECT_EQ(-ENOTTY, do_ioctl(self->fds.ours, PROCMAP_QUERY + 1, REQUEST));
}
#endif

#ifndef __LP64__
/* A 32-bit kernel has no VMAs there. It must not ignore the upper half of the address. */
TEST_F(query, address_beyond_4_gib)
{
	struct procmap_query q = request(FILES_AT, 0, 0, 0);

	ASSERT_EQ(0, ask(&self->fds, &q));
	q.query_addr += 1ull << 32;
	EXPECT_EQ(-ENOENT, ask(&self->fds, &q));
	q.query_flags = ANY;
	EXPECT_EQ(-ENOENT, ask(&self->fds, &q));
}
#endif

/* Sizes */

/*
 * A newer structure may ask for something: only zeroes are ignored in what this
 * kernel does not know. The size is checked first, then the rest of the memory
 * from front to back, then the fields.
 */
TEST_F(query, nonzero_tail_rejected)
{
	static const __u64 sizes[] = {
		0, 8, MIN_SIZE - 1, MIN_SIZE, MIN_SIZE + 1, 40, 103, 104, 105, 106, 112, 120, 1000,
		PAGE - 1, PAGE, PAGE + 1, 1 << 20, 1ull << 32 | 104, -1,
	};
	struct procmap_query q;
	const unsigned long at[] = { REQUEST, REQUEST + 2 * PAGE - sizeof(q) - 50 };
	unsigned int i, j, bad_flags, byte, results[ENAMETOOLONG + 1] = { 0 };
	int ret;

	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(at) * 2; i++) {
		bad_flags = i / ARRAY_SIZE(sizes) % 2;
		q = request(PERMISSIONS_AT + 2 * PAGE, bad_flags ? -1 : 0, 0, 0);
		q.size = sizes[i % ARRAY_SIZE(sizes)];
		j = i / ARRAY_SIZE(sizes) / 2;
		/* the nonzero byte: none, first, last, after the tail */
		for (byte = 0; byte < 4; byte++) {
			const __u64 tail[] = { 0, sizeof(q), q.size - 1, q.size };
			char *p = reach(all_of_it, at[j] + tail[byte], 1, false);

			memset(all_of_it, 0, IMAGE);
			memcpy((void *)at[j], &q, sizeof(q));
			if (p && tail[byte] >= sizeof(q))
				*p = 0x80;
			ASSERT_TRUE(answers_as_modelled(&self->fds, &self->world, at[j], &ret));
			results[-ret]++;
		}
	}
	EXPECT_TRUE(results[0] && results[E2BIG] && results[EINVAL] && results[EFAULT]);
}

/* Names and build IDs */

TEST_F(query, buffer_sizes)
{
	struct procmap_query q;
	const struct vma *v;
	unsigned int i;
	__u32 n;

	EXPECT_EQ(20u, by_name(&self->world, "/memfd:query.elf64 (deleted)")->id_size);
	EXPECT_EQ(7u, by_name(&self->world, "/memfd:query.elf32 (deleted)")->id_size);
	for (v = self->world.vmas; v < self->world.vmas + self->world.nr; v++) {
		n = v->name ? strlen(v->name) + 1 : 0;
		/* exact, too small, the largest, more, and no buffer */
		const __u32 sizes[] = { n, n - 1, 1, PATH_MAX, -1, 0 };

		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			q = request((void *)v->r->start, 0, sizes[i], 0);
			ASSERT_TRUE(modelled(&self->fds, &self->world, &q));
		}
		for (i = 0; i < 2 * ID_MAX; i++) {
			q = request((void *)v->r->start, 0, 0, i ?: -1u);
			ASSERT_TRUE(modelled(&self->fds, &self->world, &q));
		}
	}
}

static const char *name_at(const struct fds *f, const void *addr)
{
	struct procmap_query q = request(addr, 0, PATH_MAX, 0);
	int ret = ask(f, &q);

	if (ret)
		return strerror(-ret);
	return q.vma_name_size ? (char *)NAME : NULL;
}

/* Names are not escaped, unlike in maps. */
TEST_F(query, names_not_escaped)
{
	static const char path[] = "/tmp/a\nb\\012c\td \\ \x80\xff(deleted)";
	struct fds f = open_fds(getpid());
	int fd = new_file(path);
	char *p = map_file(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	EXPECT_STREQ(path, name_at(&f, p));
	unlink(path);
	EXPECT_STREQ("/tmp/a\nb\\012c\td \\ \x80\xff(deleted) (deleted)", name_at(&f, p));
}

/* Creates a file with a path of that length, and changes to its directory. */
#define COMPONENT 200

static char component[COMPONENT + 1], last_component[NAME_MAX + 1];
static unsigned int components;

static int make_long_path(size_t length)
{
	size_t left = length - strlen("/tmp/");

	memset(component, 'q', COMPONENT);
	components = left / (COMPONENT + 1);
	memset(last_component, 'f', NAME_MAX);
	last_component[left % (COMPONENT + 1)] = 0;
	if (chdir("/tmp"))
		fatal("chdir");
	enter_dirs(component, components);
	return create_file(last_component, PAGE);
}

/* A name longer than PATH_MAX does not fit any buffer. */
TEST_F(query, names_around_path_max)
{
	static const char deleted[] = " (deleted)";
	static const struct {
		size_t length;
		bool deleted, fits;
	} paths[] = {
		{ PATH_MAX - 1, false, true },
		{ PATH_MAX, false, false },
		{ PATH_MAX + 1000, false, false },
		{ PATH_MAX - sizeof(deleted), true, true },
		{ PATH_MAX - sizeof(deleted) + 1, true, false },
	};
	struct fds f = open_fds(getpid());
	struct procmap_query q;
	size_t length;
	unsigned int i;
	char *p;
	int fd;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		length = paths[i].length;
		fd = make_long_path(length);
		p = map_file(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
		close(fd);
		if (paths[i].deleted) {
			unlink(last_component);
			length += strlen(deleted);
		}
		EXPECT_EQ(paths[i].fits ? 0 : -ENAMETOOLONG, query(&f, &q, p, 0, 2 * PAGE, 0)) {
			TH_LOG("%zu bytes", length);
		}
		if (paths[i].fits) {
			EXPECT_EQ(length + 1, q.vma_name_size);
			EXPECT_EQ(length, strlen((char *)NAME));
		} else {
			EXPECT_TRUE(untouched(NAME, 0));
		}
		EXPECT_EQ(-ENAMETOOLONG, query(&f, &q, p, 0, length, 0));
		EXPECT_EQ(0, query(&f, &q, p, 0, 0, 0));
		munmap(p, PAGE);
		unlink(last_component);
		leave_dirs(component, components);
	}
}

/* Paths are relative to the root directory of the caller. */
TEST_F(query, names_in_chroot)
{
	ASSERT_STREQ(PLAIN, name_at(&self->fds, FILES_AT));
	EXPECT_EQ(0, IN_CHILD({
		CHECK(!chroot("/tmp"));
		CHECK(!strcmp(&PLAIN[strlen("/tmp")], name_at(&self->fds, FILES_AT)));
	}));
}

/* A whole 32-bit program: its file, and the process that it is */
TEST_F(query, ia32_process)
{
	struct fds f = open_fds(getpid());
	unsigned long said;
	struct world w;
	const char *id;
	pid_t pid = program_start("ia32", NULL, PER_LINUX, &said);

	if (!pid)
		SKIP(return, "this kernel, or this machine, does not run 32-bit programs");
	id = id_in_file(beside("ia32"));
	EXPECT_TRUE(has_id(&f, open_or_die(beside("ia32"), O_RDONLY), id, ID_MAX));

	know_id(beside("ia32"), id, ID_MAX);
	w = load_world(pid);
	f = open_fds(pid);
	sweep(_metadata, &f, &w);
	figure(asked, "queries compared");
	end_child(pid);
}

VMAINFO_TEST_MAIN(query_begin(2, 5))
