// SPDX-License-Identifier: GPL-2.0
/* The model, the requests, and the target: see query.h. */
#include "kselftest.h"
#include "query.h"

bool kernel_has_it;
unsigned long asked;

static const struct area {
	unsigned long at, size, offset;
	bool writable;
} areas[] = {
	{ REQUEST, 2 * PAGE, 0, true },
	{ NAME, 2 * PAGE, 2 * PAGE, true },
	{ ID, PAGE, 4 * PAGE, true },
	{ READ_ONLY, PAGE, 5 * PAGE, false },
};

char *all_of_it;
char image_before[IMAGE], image_expected[IMAGE];
static char image_after[IMAGE];

int new_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		fatal("memfd_create");
	return fd;
}

void make_arena(void)
{
	int fd = new_memfd("arena");
	unsigned int i;

	if (ftruncate(fd, IMAGE))
		fatal("ftruncate");
	map_at((void *)ARENA, 11 * PAGE, PROT_NONE);
	for (i = 0; i < ARRAY_SIZE(areas); i++)
		if (mmap((void *)areas[i].at, areas[i].size,
			 PROT_READ | (areas[i].writable ? PROT_WRITE : 0),
			 MAP_SHARED | MAP_FIXED, fd, areas[i].offset) == MAP_FAILED)
			fatal("mmap of an area");
	all_of_it = map_file(NULL, IMAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
}

char *reach(char *image, __u64 at, __u64 size, bool write)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++)
		if (at >= areas[i].at && at - areas[i].at < areas[i].size)
			return size <= areas[i].size - (at - areas[i].at) &&
			       (areas[i].writable || !write) ?
			       image + areas[i].offset + (at - areas[i].at) : NULL;
	return NULL;
}

/* Files that have a build ID, by the names of their VMAs */
static struct {
	char name[PATH_MAX];
	unsigned char id[ID_MAX];
	unsigned int size;
} known_ids[8];
static unsigned int nr_known_ids;

void know_id(const char *name, const void *id, unsigned int size)
{
	if (nr_known_ids == ARRAY_SIZE(known_ids))
		fatal("too many build IDs");
	snprintf(known_ids[nr_known_ids].name, PATH_MAX, "%s", name);
	memcpy(known_ids[nr_known_ids].id, id, size);
	known_ids[nr_known_ids++].size = size;
}

/* maps has \012 for a newline. No name here contains these four characters. */
static char *unescaped(const char *s, size_t n)
{
	char *name = get_memory(n + 1);
	size_t i = 0;

	while (n) {
		if (n >= 4 && !memcmp(s, "\\012", 4)) {
			name[i++] = '\n';
			s += 4;
			n -= 4;
		} else {
			name[i++] = *s++;
			n--;
		}
	}
	return name;
}

static void look_up_id(struct vma *v)
{
	unsigned int i;

	for (i = 0; v->name && v->file && i < nr_known_ids; i++) {
		if (!strcmp(v->name, known_ids[i].name)) {
			v->id = known_ids[i].id;
			v->id_size = known_ids[i].size;
		}
	}
}

struct world load_world(pid_t pid)
{
	struct listing l = load_maps(pid, "smaps");
	struct world w = { .nr = l.nr, .vmas = get_memory((l.nr + 1) * sizeof(*w.vmas)) };
	unsigned int i;
	size_t n;

	for (i = 0; i < l.nr; i++) {
		const struct region *r = &l.regions[i];
		struct vma *v = &w.vmas[i];

		v->r = r;
		v->permissions = (r->perm[0] == 'r' ? PROCMAP_QUERY_VMA_READABLE : 0) |
			    (r->perm[1] == 'w' ? PROCMAP_QUERY_VMA_WRITABLE : 0) |
			    (r->perm[2] == 'x' ? PROCMAP_QUERY_VMA_EXECUTABLE : 0) |
			    (r->perm[3] == 's' ? PROCMAP_QUERY_VMA_SHARED : 0);
		v->file = r->major || r->minor || r->inode;
		n = strcspn(r->name, "\n");
		if (n)
			v->name = unescaped(r->name, n);
		look_up_id(v);
	}
	if (!w.nr)
		fatal("process %d has no VMAs", pid);
	return w;
}

const struct vma *by_name(const struct world *w, const char *name)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if (w->vmas[i].name && !strcmp(w->vmas[i].name, name))
			return &w->vmas[i];
	return NULL;
}

/* The model */

const struct vma *model_find(const struct world *w, __u64 addr, __u64 flags)
{
	const struct vma *v;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		v = &w->vmas[i];
		if (addr >= v->r->end)
			continue;
		if (addr < v->r->start && !(flags & ANY))
			return NULL;
		if (((flags & OF_FILE) && !v->file) || (flags & PERMISSIONS & ~v->permissions)) {
			if (!(flags & ANY))
				return NULL;
			continue;
		}
		return v;
	}
	return NULL;
}

int model(const struct world *w, char *image, __u64 at)
{
	struct procmap_query q = {};
	const struct vma *v;
	__u64 size, i;
	char *p;

	p = reach(image, at, sizeof(size), false);
	if (!p)
		return -EFAULT;
	memcpy(&size, p, sizeof(size));
	if (size > PAGE)
		return -E2BIG;
	if (size < MIN_SIZE)
		return -EINVAL;
	for (i = sizeof(q); i < size; i++) {
		p = reach(image, at + i, 1, false);
		if (!p)
			return -EFAULT;
		if (*p)
			return -E2BIG;
	}
	if (size > sizeof(q))
		size = sizeof(q);
	p = reach(image, at, size, false);
	if (!p)
		return -EFAULT;
	memcpy(&q, p, size);
	if ((q.query_flags & ~(__u64)VALID) || !q.vma_name_size != !q.vma_name_addr ||
	    !q.build_id_size != !q.build_id_addr)
		return -EINVAL;
	if (!w)
		return -ESRCH;

	v = model_find(w, q.query_addr, q.query_flags);
	if (!v)
		return -ENOENT;
	q.vma_start = v->r->start;
	q.vma_end = v->r->end;
	q.vma_flags = v->permissions;
	q.vma_page_size = v->r->page_size;
	q.vma_offset = v->file ? v->r->offset : 0;
	q.inode = v->r->inode;
	q.dev_major = v->r->major;
	q.dev_minor = v->r->minor;
	if (q.vma_name_size) {
		size_t n = v->name ? strlen(v->name) + 1 : 0;

		if (n > q.vma_name_size || n > PATH_MAX)
			return -ENAMETOOLONG;
		q.vma_name_size = n;
	}
	if (q.build_id_size) {
		if (v->id_size > q.build_id_size)
			return -ENAMETOOLONG;
		q.build_id_size = v->id_size;
	}
	if (q.vma_name_size) {
		p = reach(image, q.vma_name_addr, q.vma_name_size, true);
		if (!p)
			return -EFAULT;
		memcpy(p, v->name, q.vma_name_size);
	}
	if (q.build_id_size) {
		p = reach(image, q.build_id_addr, q.build_id_size, true);
		if (!p)
			return -EFAULT;
		memcpy(p, v->id, q.build_id_size);
	}
	p = reach(image, at, size, true);
	if (!p)
		return -EFAULT;
	memcpy(p, &q, size);
	return 0;
}

/* Asking */

struct fds open_ours(pid_t pid)
{
	struct fds f = { .ours = open_target(PROC "maps", pid), .kernels = -1 };

	return f;
}

struct fds open_fds(pid_t pid)
{
	struct fds f = open_ours(pid);
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	if (kernel_has_it)
		f.kernels = open_or_die(path, O_RDONLY);
	return f;
}

int call_ioctl(int fd, unsigned int cmd, __u64 at)
{
	return result_of(ioctl(fd, cmd, at));
}

int (*do_ioctl)(int fd, unsigned int cmd, __u64 at) = call_ioctl;

static void print_request(const char *image, __u64 at)
{
	struct procmap_query q = {};
	const char *p = reach((char *)image, at, sizeof(q), false);

	fprintf(stderr, "# the request at %llx", at);
	if (!p) {
		fprintf(stderr, " cannot be read\n");
		return;
	}
	memcpy(&q, p, sizeof(q));
	fprintf(stderr, ": size %llu flags %llx addr %llx name %u at %llx id %u at %llx\n",
		q.size, q.query_flags, q.query_addr, q.vma_name_size, q.vma_name_addr,
		q.build_id_size, q.build_id_addr);
	fprintf(stderr, "#   %llx-%llx %llx page %llu offset %llx %x:%x %llu\n", q.vma_start,
		q.vma_end, q.vma_flags, q.vma_page_size, q.vma_offset, q.dev_major, q.dev_minor,
		q.inode);
}

bool same_answer(int ret, const char *image, int expected_ret, const char *expected)
{
	return ret == expected_ret && (ret == -EFAULT || !memcmp(image, expected, IMAGE));
}

void print_answers(__u64 at, int ret, const char *image, const char *expected_from,
		   int expected_ret, const char *expected)
{
	size_t i;

	fprintf(stderr, "# asked for:\n");
	print_request(image_before, at);
	fprintf(stderr, "# ours: %s\n", strerror(-ret));
	print_request(image, at);
	fprintf(stderr, "# %s: %s\n", expected_from, strerror(-expected_ret));
	print_request(expected, at);
	for (i = 0; i < IMAGE && image[i] == expected[i]; i++)
		;
	if (i < IMAGE)
		fprintf(stderr, "# they differ from byte %lu of page %lu on\n", i % PAGE, i / PAGE);
}

/*
 * The kernel's own PROCMAP_QUERY ignores the upper half of an address on 32-bit
 * machines, and finds a VMA where none can be.
 */
static bool kernel_cuts_address(__u64 at)
{
	const size_t offset = offsetof(struct procmap_query, query_addr);
	const char *p = reach(image_before, at + offset, sizeof(__u64), false);
	__u64 addr;

	if (!p)
		return false;
	memcpy(&addr, p, sizeof(addr));
	return addr != (unsigned long)addr;
}

int ask_at(const struct fds *f, __u64 at)
{
	int ret, kernels;

	asked++;
	memcpy(image_before, all_of_it, IMAGE);
	ret = do_ioctl(f->ours, PROCMAP_QUERY, at);
	if (f->kernels < 0 || kernel_cuts_address(at))
		return ret;
	memcpy(image_after, all_of_it, IMAGE);
	memcpy(all_of_it, image_before, IMAGE);
	kernels = do_ioctl(f->kernels, PROCMAP_QUERY, at);
	if (!same_answer(ret, image_after, kernels, all_of_it)) {
		print_answers(at, ret, image_after, "the kernel's", kernels, all_of_it);
		errno = 0;
		fatal("the kernel's own answer differs");
	}
	return ret;
}

bool answers_as_modelled(const struct fds *f, const struct world *w, __u64 at, int *result)
{
	int ret, expected;

	memcpy(image_expected, all_of_it, IMAGE);
	ret = ask_at(f, at);
	expected = model(w, image_expected, at);
	*result = ret;
	if (same_answer(ret, all_of_it, expected, image_expected))
		return true;
	print_answers(at, ret, all_of_it, "the model", expected, image_expected);
	return false;
}

bool modelled(const struct fds *f, const struct world *w, const struct procmap_query *q)
{
	int ret;

	memset(all_of_it, UNTOUCHED, IMAGE);
	memcpy((void *)REQUEST, q, sizeof(*q));
	return answers_as_modelled(f, w, REQUEST, &ret);
}

struct procmap_query request(const void *addr, __u64 flags, __u32 name, __u32 id)
{
	struct procmap_query q = {
		.size = sizeof(q),
		.query_flags = flags,
		.query_addr = (unsigned long)addr,
		.vma_name_size = name,
		.vma_name_addr = name ? NAME : 0,
		.build_id_size = id,
		.build_id_addr = id ? ID : 0,
	};

	return q;
}

int ask(const struct fds *f, struct procmap_query *q)
{
	int ret;

	memset(all_of_it, UNTOUCHED, IMAGE);
	memcpy((void *)REQUEST, q, sizeof(*q));
	ret = ask_at(f, REQUEST);
	memcpy(q, (void *)REQUEST, sizeof(*q));
	return ret;
}

int query(const struct fds *f, struct procmap_query *q, const void *addr, __u64 flags,
	  __u32 name, __u32 id)
{
	*q = request(addr, flags, name, id);
	return ask(f, q);
}

bool untouched(unsigned long at, size_t from)
{
	const char *p = (char *)at;

	for (; from < PAGE; from++)
		if (p[from] != UNTOUCHED)
			return false;
	return true;
}

bool has_id(const struct fds *f, int fd, const void *id, unsigned int size)
{
	char *p = map_file(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	struct procmap_query q;
	int ret = query(f, &q, p, 0, 0, 100);

	munmap(p, PAGE);
	close(fd);
	if (!ret && q.build_id_size == size && !memcmp((void *)ID, id, size) &&
	    untouched(ID, size))
		return true;
	fprintf(stderr, "# %s, a build ID of %u bytes\n", strerror(-ret), q.build_id_size);
	return false;
}

__u64 rnd_flags(struct rng *r)
{
	__u64 flags = rnd64(r) & VALID;

	return rnd(r, 2) ? flags & ~PERMISSIONS : flags & rnd64(r);
}

/* The target */

int new_file(const char *path)
{
	int fd = create_file(path, 4 * PAGE);

	write_at(fd, "no ELF at all", 13, 0);
	return fd;
}

static void map_files(void)
{
	char *p = FILES_AT;
	int fd = new_file(PLAIN), id;
	struct elf e;

	map_file(p, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	map_file(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE);
	map_file(p + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * PAGE);
	map_file(p + 5 * PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 3 * PAGE);
	/* after its end */
	map_file(p + 7 * PAGE, 3 * PAGE, PROT_NONE, MAP_PRIVATE, fd, 1ll << 40);
	close(fd);
	/* "s" in maps, although it cannot be written */
	map_and_close(p + 20 * PAGE, PAGE, PROT_READ, MAP_SHARED, open_or_die(PLAIN, O_RDONLY), 0);
	map_and_close(p + 22 * PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, new_file(STRANGE),
		      0);
	map_and_close(p + 24 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      new_file(DELETED), PAGE);
	if (unlink(DELETED))
		fatal("unlink");
	fd = new_memfd("just memory");
	map_file(p + 26 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map_file(p + 28 * PAGE, PAGE, PROT_READ, MAP_PRIVATE, fd, 5 * PAGE);
	close(fd);
	e = new_elf(ELFCLASS64, ELF_SIZE);
	map_and_close(p + 30 * PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE,
		      elf_file(&e, "query.elf64"), 0);
	e = new_elf(ELFCLASS32, ELF_SIZE);
	set_field(&e, N_DESCSZ, 7);
	map_and_close(p + 31 * PAGE, PAGE, PROT_READ, MAP_SHARED, elf_file(&e, "query.elf32"), 0);
	map_and_close(p + 40 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		      open_or_die("/dev/zero", O_RDWR), 0);
	/* System V shared memory, if the kernel has it, at a multiple of SHMLBA */
	id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	if (id >= 0) {
		if (shmat(id, p + 44 * PAGE, 0) != p + 44 * PAGE || shmctl(id, IPC_RMID, NULL))
			fatal("shmat");
	}
}

void query_init(void)
{
	char *p = PERMISSIONS_AT;
	int i;

	/* with gaps first, then without */
	for (i = 0; i < 8; i++)
		map_at(p + 2 * i * PAGE, PAGE, i);
	for (i = 0; i < 8; i++)
		map_at(p + (20 + i) * PAGE, PAGE, i);
	for (i = 0; i < 8; i += 1 + (i & 1))
		map_file(p + (30 + 2 * i) * PAGE, 2 * PAGE, i, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	map_files();
	map_at(MORE_AT, 1000 * PAGE, PROT_NONE);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, map_at(MORE_AT + 1000 * PAGE, PAGE, PROT_READ),
	      PAGE, "a name of its own");
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME,
	      map_file(MORE_AT + 1001 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
	      PAGE, "a shared one");
	/* these may fail: pages of 2 MB, the last page, and the first one */
	mmap(HUGE_AT, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
	     MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	mmap((void *)(USER_END - PAGE), PAGE, PROT_READ,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (sbrk(10 * PAGE) == (void *)-1)
		fatal("brk");
}

const char *id_in_file(const char *path)
{
	static const struct {
		struct elf32_note head;
		char name[4];
	} note = { { 4, ID_MAX, BUILD_ID }, "GNU" };
	struct text file = slurp_path(path);
	const char *p = memmem(file.s, file.len, &note, sizeof(note));

	if (!p || p > file.s + 1000)
		fatal("there is no build ID in %s", path);
	return p + sizeof(note);
}

void query_begin(unsigned int stress_tests, unsigned int stress_percent)
{
	int fd = open_or_die("/proc/self/maps", O_RDONLY);

	stress_init(stress_tests, stress_percent);
	kernel_has_it = ioctl(fd, PROCMAP_QUERY, NULL) && errno != ENOTTY;
	close(fd);
}
