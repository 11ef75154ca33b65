// SPDX-License-Identifier: GPL-2.0
/*
 * The PROCMAP_QUERY ioctl of maps: on every kernel what Linux 6.11 and later have for
 * /proc/PID/maps, to the byte.
 *
 * Each request is put into memory that is known to the last byte. A model says from
 * /proc/PID/smaps what that memory has to look like afterwards, and a kernel that has
 * the ioctl itself gets each request as well, and has to leave the same behind.
 *
 * Built with -DOURS_IS_KERNELS, the kernel's own is what is tested, without a module:
 * so what is expected here is tried, too.
 */
#include <assert.h>
#include <linux/elf.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/sysmacros.h>

#include "stress.h"

static_assert(sizeof(struct procmap_query) == 104, "the structure");
static_assert(PROCMAP_QUERY == 0xc0686611, "the ioctl's number");

#define ANY PROCMAP_QUERY_COVERING_OR_NEXT_VMA
#define OF_FILE PROCMAP_QUERY_FILE_BACKED_VMA
#define RIGHTS 0x0f
#define VALID (RIGHTS | ANY | OF_FILE)

#define MIN_SIZE 24		/* up to and with query_addr: the least that is taken */
#define ID_MAX 20		/* the largest build ID */

#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1
#endif

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#ifdef OURS_IS_KERNELS
static const bool ours_is_kernels = true;
#else
static const bool ours_is_kernels;
#endif

static bool kernel_has_it;
static unsigned long asked;

/*
 * The memory of requests: areas with nothing around them, below 4 GiB so that a
 * 32-bit program could have it. All of it can be written here at all_of_it, too.
 */
#define ARENA 0x30000000ul
#define REQUEST (ARENA + PAGE)
#define NAME (ARENA + 4 * PAGE)
#define ID (ARENA + 7 * PAGE)
#define READ_ONLY (ARENA + 9 * PAGE)
#define NOTHING ARENA
#define IMAGE (6 * PAGE)

static const struct area {
	unsigned long at, size, offset;
	bool writable;
} areas[] = {
	{ REQUEST, 2 * PAGE, 0, true },
	{ NAME, 2 * PAGE, 2 * PAGE, true },
	{ ID, PAGE, 4 * PAGE, true },
	{ READ_ONLY, PAGE, 5 * PAGE, false },
};

static char *all_of_it;
static char image_before[IMAGE], image_after[IMAGE], image_expected[IMAGE];

static int new_memfd(const char *name)
{
	int fd = syscall(SYS_memfd_create, name, MFD_CLOEXEC);

	if (fd < 0)
		fatal("memfd_create");
	return fd;
}

static void *map_file(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *p = mmap(at, size, prot, flags | (at ? MAP_FIXED_NOREPLACE : 0), fd, offset);

	if (p == MAP_FAILED || (at && p != at))
		fatal("mmap of a file at %p", at);
	return p;
}

static void make_arena(void)
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

/* Where in an image some memory of the arena is, or NULL if it cannot be got at. */
static char *reach(char *image, __u64 at, __u64 size, bool write)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(areas); i++)
		if (at >= areas[i].at && at - areas[i].at < areas[i].size)
			return size <= areas[i].size - (at - areas[i].at) &&
			       (areas[i].writable || !write) ?
			       image + areas[i].offset + (at - areas[i].at) : NULL;
	return NULL;
}

/* What a process has, as procfs says */

struct vma {
	unsigned long start, end, offset, inode, page_size;
	unsigned int major, minor;
	unsigned int rights;	/* PROCMAP_QUERY_VMA_* */
	bool file;
	char *name;		/* or NULL */
	const unsigned char *id;
	unsigned int id_size;
};

struct world {
	unsigned int nr, room;
	struct vma *vmas;
};

/* Files that have a build ID, by the names of their VMAs */
static struct {
	char name[PATH_MAX];
	unsigned char id[ID_MAX];
	unsigned int size;
} known_ids[8];
static unsigned int nr_known_ids;

static void know_id(const char *name, const void *id, unsigned int size)
{
	if (nr_known_ids == ARRAY_SIZE(known_ids))
		fatal("room for build IDs");
	snprintf(known_ids[nr_known_ids].name, PATH_MAX, "%s", name);
	memcpy(known_ids[nr_known_ids].id, id, size);
	known_ids[nr_known_ids++].size = size;
}

/* maps has \012 for a newline, and no name here has that literally. */
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

/* smaps has the lines of maps, and more below each. */
static struct world load_world(pid_t pid)
{
	struct text t = slurp_proc(pid, "smaps");
	struct world w = {};
	struct vma *v = NULL;
	char perm[5], *s, *end;
	int at;

	for (s = t.s; *s; s = end + 1) {
		struct vma new = {};

		end = strchr(s, '\n');
		if (v && sscanf(s, "KernelPageSize: %lu kB", &v->page_size) == 1) {
			v->page_size <<= 10;
			continue;
		}
		if (sscanf(s, "%lx-%lx %4s %lx %x:%x %lu%n", &new.start, &new.end, perm,
			   &new.offset, &new.major, &new.minor, &new.inode, &at) != 7)
			continue;
		if (new.start >> 56)	/* [vsyscall] is none of its VMAs */
			break;
		new.rights = (perm[0] == 'r' ? PROCMAP_QUERY_VMA_READABLE : 0) |
			     (perm[1] == 'w' ? PROCMAP_QUERY_VMA_WRITABLE : 0) |
			     (perm[2] == 'x' ? PROCMAP_QUERY_VMA_EXECUTABLE : 0) |
			     (perm[3] == 's' ? PROCMAP_QUERY_VMA_SHARED : 0);
		new.file = new.major || new.minor || new.inode;
		s += at;
		s += strspn(s, " ");
		if (s < end)
			new.name = unescaped(s, end - s);
		look_up_id(&new);
		if (w.nr == w.room) {
			w.room = 2 * w.room + 100;
			w.vmas = realloc(w.vmas, w.room * sizeof(*v));
			if (!w.vmas)
				fatal("memory for %u VMAs", w.room);
		}
		v = &w.vmas[w.nr++];
		*v = new;
	}
	free(t.s);
	if (!w.nr)
		fatal("process %d has no VMAs", pid);
	return w;
}

static void free_world(struct world *w)
{
	while (w->nr)
		free(w->vmas[--w->nr].name);
	free(w->vmas);
}

static const struct vma *by_start(const struct world *w, const void *start)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if (w->vmas[i].start == (unsigned long)start)
			return &w->vmas[i];
	errno = ENOENT;
	fatal("a VMA at %p", start);
}

static const struct vma *by_name(const struct world *w, const char *name)
{
	unsigned int i;

	for (i = 0; i < w->nr; i++)
		if (w->vmas[i].name && !strcmp(w->vmas[i].name, name))
			return &w->vmas[i];
	return NULL;
}

/* The model */

static const struct vma *model_find(const struct world *w, __u64 addr, __u64 flags)
{
	const struct vma *v;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		v = &w->vmas[i];
		if (addr >= v->end)
			continue;
		if (addr < v->start && !(flags & ANY))
			return NULL;
		if (((flags & OF_FILE) && !v->file) || (flags & RIGHTS & ~v->rights)) {
			if (!(flags & ANY))
				return NULL;
			continue;
		}
		return v;
	}
	return NULL;
}

/*
 * What a request at that address does to an image of the arena: 0, or a negative errno.
 * The order in which things are looked at is part of it. What there is after EFAULT is
 * not the whole truth: a part may have been written.
 */
static int model(const struct world *w, char *image, __u64 at)
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
	q.vma_start = v->start;
	q.vma_end = v->end;
	q.vma_flags = v->rights;
	q.vma_page_size = v->page_size;
	q.vma_offset = v->file ? v->offset : 0;
	q.inode = v->inode;
	q.dev_major = v->major;
	q.dev_minor = v->minor;
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

struct fds {
	int ours;
	int kernels;	/* -1: not to be asked */
};

static int open_kernels(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	return open_or_die(path, O_RDONLY);
}

static struct fds open_fds(pid_t pid)
{
	struct fds f = {
		.ours = ours_is_kernels ? open_kernels(pid) : open_target(PROC "maps", pid),
		.kernels = kernel_has_it && !ours_is_kernels ? open_kernels(pid) : -1,
	};

	return f;
}

/* The kernel's own is not to be asked: a moment later it may say something else. */
static struct fds open_ours(pid_t pid)
{
	struct fds f = open_fds(pid);

	if (f.kernels >= 0)
		close(f.kernels);
	f.kernels = -1;
	return f;
}

static void close_fds(struct fds *f)
{
	close(f->ours);
	if (f->kernels >= 0)
		close(f->kernels);
}

/* 0, or a negative errno */
static int call_ioctl(int fd, unsigned int cmd, __u64 at)
{
	return ioctl(fd, cmd, at) ? -errno : 0;
}

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

static int (*do_ioctl)(int fd, unsigned int cmd, __u64 at) = call_ioctl;

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

/* Did two do the same, as far as that is laid down? */
static bool same_answer(int ret, const char *image, int expected_ret, const char *expected)
{
	return ret == expected_ret && (ret == -EFAULT || !memcmp(image, expected, IMAGE));
}

static void print_answers(const char *who, __u64 at, int ret, const char *image,
			  const char *expected_from, int expected_ret, const char *expected)
{
	size_t i;

	fprintf(stderr, "# asked for:\n");
	print_request(image_before, at);
	fprintf(stderr, "# %s: %s\n", who, strerror(-ret));
	print_request(image, at);
	fprintf(stderr, "# %s: %s\n", expected_from, strerror(-expected_ret));
	print_request(expected, at);
	for (i = 0; i < IMAGE && image[i] == expected[i]; i++)
		;
	if (i < IMAGE)
		fprintf(stderr, "# they differ from byte %zu of page %lu on\n", i % PAGE, i / PAGE);
}

/*
 * Hands over the request at an address: 0, or a negative errno. The answer is in the
 * arena. The test is over if the kernel's own answer is another one.
 */
static int ask_at(const struct fds *f, __u64 at)
{
	int ret, kernels;

	asked++;
	memcpy(image_before, all_of_it, IMAGE);
	ret = do_ioctl(f->ours, PROCMAP_QUERY, at);
	if (f->kernels < 0)
		return ret;
	memcpy(image_after, all_of_it, IMAGE);
	memcpy(all_of_it, image_before, IMAGE);
	kernels = do_ioctl(f->kernels, PROCMAP_QUERY, at);
	if (!same_answer(ret, image_after, kernels, all_of_it)) {
		print_answers("ours", at, ret, image_after, "the kernel's", kernels, all_of_it);
		exit(KSFT_FAIL);
	}
	return ret;
}

/* The same, when the model knows the target: false if the answer is another one. */
static bool answers_as_modelled(const struct fds *f, const struct world *w, __u64 at, int *result)
{
	int ret, expected;

	memcpy(image_expected, all_of_it, IMAGE);
	ret = ask_at(f, at);
	expected = model(w, image_expected, at);
	*result = ret;
	if (same_answer(ret, all_of_it, expected, image_expected))
		return true;
	print_answers("ours", at, ret, all_of_it, "the model", expected, image_expected);
	return false;
}

/* A request with buffers for a name and a build ID of so many bytes, 0 for none */
static struct procmap_query request(const void *addr, __u64 flags, __u32 name, __u32 id)
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

#define UNTOUCHED 0x5a

/* One request; the answer in *q, the name and the ID where it said */
static int ask(const struct fds *f, struct procmap_query *q)
{
	int ret;

	memset(all_of_it, UNTOUCHED, IMAGE);
	memcpy((void *)REQUEST, q, sizeof(*q));
	ret = ask_at(f, REQUEST);
	memcpy(q, (void *)REQUEST, sizeof(*q));
	return ret;
}

/* Is an area as it was, from so many bytes on? */
static bool untouched(unsigned long at, size_t from)
{
	const char *p = (char *)at;

	for (; from < PAGE; from++)
		if (p[from] != UNTOUCHED)
			return false;
	return true;
}

/* ELF files, made to measure */

enum {
	AS_IT_IS, E_CLASS, E_DATA, E_TYPE, E_PHOFF, E_PHENTSIZE, E_PHNUM,
	P_TYPE, P_OFFSET, P_FILESZ,		/* of the second program header, the notes */
	N_NAMESZ, N_DESCSZ, N_TYPE, N_NAME,	/* of the second note, the build ID */
	LENGTH,					/* of the file */
};

#define BUILD_ID 3		/* the type of such a note */
#define ELF_SIZE 0x1000
#define NOTES 0x200
#define BUILD_ID_NOTE (NOTES + 32)
#define NOTES_SIZE (32 + 16 + ID_MAX)

struct elf {
	int class;
	size_t length;
	unsigned char *s;
};

static const unsigned char some_id[ID_MAX] = {
	0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9,
	0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0xe0, 0xe1, 0xe2, 0xe3,
};

static void set_field(struct elf *e, unsigned int which, __u64 value)
{
	struct elf64_hdr *h64 = e->class == ELFCLASS64 ? (void *)e->s : NULL;
	struct elf64_phdr *p64 = (void *)(e->s + sizeof(*h64) + sizeof(*p64));
	struct elf32_hdr *h32 = (void *)e->s;
	struct elf32_phdr *p32 = (void *)(e->s + sizeof(*h32) + sizeof(*p32));
	struct elf32_note *note = (void *)(e->s + BUILD_ID_NOTE);

	switch (which) {
	case AS_IT_IS:
		break;
	case E_CLASS:
		e->s[EI_CLASS] = value;
		break;
	case E_DATA:
		e->s[EI_DATA] = value;
		break;
	case E_TYPE:		/* at the same place in both */
		h32->e_type = value;
		break;
	case E_PHOFF:
		if (h64)
			h64->e_phoff = value;
		else
			h32->e_phoff = value;
		break;
	case E_PHENTSIZE:
		if (h64)
			h64->e_phentsize = value;
		else
			h32->e_phentsize = value;
		break;
	case E_PHNUM:
		if (h64)
			h64->e_phnum = value;
		else
			h32->e_phnum = value;
		break;
	case P_TYPE:
		if (h64)
			p64->p_type = value;
		else
			p32->p_type = value;
		break;
	case P_OFFSET:
		if (h64)
			p64->p_offset = value;
		else
			p32->p_offset = value;
		break;
	case P_FILESZ:
		if (h64)
			p64->p_filesz = value;
		else
			p32->p_filesz = value;
		break;
	case N_NAMESZ:
		note->n_namesz = value;
		break;
	case N_DESCSZ:
		note->n_descsz = value;
		break;
	case N_TYPE:
		note->n_type = value;
		break;
	case N_NAME:
		memcpy(note + 1, &value, 4);
		break;
	case LENGTH:
		e->length = value;
		break;
	}
}

static void add_note(struct elf *e, size_t at, __u32 type, const void *desc, __u32 size)
{
	struct elf32_note note = { .n_namesz = 4, .n_descsz = size, .n_type = type };

	memcpy(e->s + at, &note, sizeof(note));
	memcpy(e->s + at + sizeof(note), "GNU", 4);
	memcpy(e->s + at + sizeof(note) + 4, desc, size);
}

static void add_phdr(struct elf *e, unsigned int nr, __u32 type, __u64 offset, __u64 size)
{
	if (e->class == ELFCLASS64) {
		struct elf64_phdr p = { .p_type = type, .p_offset = offset, .p_filesz = size };

		memcpy(e->s + sizeof(struct elf64_hdr) + nr * sizeof(p), &p, sizeof(p));
	} else {
		struct elf32_phdr p = { .p_type = type, .p_offset = offset, .p_filesz = size };

		memcpy(e->s + sizeof(struct elf32_hdr) + nr * sizeof(p), &p, sizeof(p));
	}
	set_field(e, E_PHNUM, nr + 1);
}

/* Two program headers, and two notes, of which the second one is a build ID */
static struct elf new_elf(int class, size_t size)
{
	static const __u32 abi[4] = { 0, 3, 2, 0 };
	struct elf e = { .class = class, .length = size, .s = get_memory(size) };
	bool is_64 = class == ELFCLASS64;

	memcpy(e.s, ELFMAG, SELFMAG);
	set_field(&e, E_CLASS, class);
	set_field(&e, E_DATA, ELFDATA2LSB);
	set_field(&e, E_TYPE, ET_DYN);
	set_field(&e, E_PHOFF, is_64 ? sizeof(struct elf64_hdr) : sizeof(struct elf32_hdr));
	set_field(&e, E_PHENTSIZE, is_64 ? sizeof(struct elf64_phdr) : sizeof(struct elf32_phdr));
	add_phdr(&e, 0, PT_LOAD, 0, size);
	add_phdr(&e, 1, PT_NOTE, NOTES, NOTES_SIZE);
	add_note(&e, NOTES, 1, abi, sizeof(abi));
	add_note(&e, BUILD_ID_NOTE, BUILD_ID, some_id, sizeof(some_id));
	return e;
}

static void write_at(int fd, const void *data, size_t size, off_t at)
{
	if (pwrite(fd, data, size, at) != (ssize_t)size)
		fatal("writing %zu bytes", size);
}

/* An open file of it; the memory is free again. */
static int elf_file(struct elf *e, const char *name)
{
	int fd = new_memfd(name);

	write_at(fd, e->s, e->length, 0);
	free(e->s);
	return fd;
}

/* The target: VMAs of many kinds, and some of them at places that are known */

#define RIGHTS_AT ((char *)0x200000000000)	/* with every combination of rights */
#define FILES_AT ((char *)0x210000000000)
#define MORE_AT ((char *)0x220000000000)
#define HUGE_AT ((char *)0x230000000000)
#define LATER_AT ((char *)0x240000000000)	/* only on command */
#define LITERAL_AT ((char *)0x250000000000)

#ifdef __aarch64__
#define USER_END (1ul << 48)
#else
#define USER_END ((1ul << 47) - PAGE)
#endif

/* On a tmpfs, or wherever /tmp is */
#define STRANGE "/tmp/strange\nname of query"
#define PLAIN "/tmp/query.plain"
#define DELETED "/tmp/query.deleted"

static int new_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, 4 * PAGE))
		fatal("creating %s", path);
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
	/* behind its end */
	map_file(p + 7 * PAGE, 3 * PAGE, PROT_NONE, MAP_PRIVATE, fd, 1ll << 40);
	close(fd);
	/* "s" in maps, though nobody may write it */
	fd = open_or_die(PLAIN, O_RDONLY);
	map_file(p + 20 * PAGE, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	fd = new_file(STRANGE);
	map_file(p + 22 * PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	fd = new_file(DELETED);
	map_file(p + 24 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	close(fd);
	if (unlink(DELETED))
		fatal("unlink");
	fd = new_memfd("just memory");
	map_file(p + 26 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	map_file(p + 28 * PAGE, PAGE, PROT_READ, MAP_PRIVATE, fd, 5 * PAGE);
	close(fd);
	e = new_elf(ELFCLASS64, ELF_SIZE);
	fd = elf_file(&e, "query.elf64");
	map_file(p + 30 * PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	e = new_elf(ELFCLASS32, ELF_SIZE);
	set_field(&e, N_DESCSZ, 7);
	fd = elf_file(&e, "query.elf32");
	map_file(p + 31 * PAGE, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	fd = open_or_die("/dev/zero", O_RDWR);
	map_file(p + 40 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	/* System V's, where there is such a thing */
	id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	if (id >= 0) {
		if (shmat(id, p + 42 * PAGE, 0) != p + 42 * PAGE || shmctl(id, IPC_RMID, NULL))
			fatal("shmat");
	}
}

static void init(void)
{
	char *p = RIGHTS_AT;
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
	/* these may not be had: pages of 2 MB, the last page, and the first one */
	mmap(HUGE_AT, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
	     MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	mmap((void *)(USER_END - PAGE), PAGE, PROT_READ,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (sbrk(10 * PAGE) == (void *)-1)
		fatal("brk");
}

static void command(char c)
{
	if (c == 'm')
		map_at(LATER_AT, PAGE, PROT_READ);
	else
		munmap(LATER_AT, PAGE);
}

/* The build ID of a program: linkers put it at the front. */
static const char *id_in_file(const char *path)
{
	static const char note[] = "\4\0\0\0\24\0\0\0\3\0\0\0GNU";
	struct text file = slurp_path(path);
	const char *p = memmem(file.s, file.len, note, sizeof(note));

	if (!p || p > file.s + 1000)
		fatal("there is no build ID in %s", path);
	return p + sizeof(note);
}

static const char *own_path(void)
{
	static char path[PATH_MAX];

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) <= 0)
		fatal("readlink");
	return path;
}

FIXTURE(query)
{
	struct target target;
	struct world world;
	struct fds fds;
};

FIXTURE_SETUP(query)
{
	make_arena();
	know_id(own_path(), id_in_file("/proc/self/exe"), ID_MAX);
	know_id("/memfd:query.elf64 (deleted)", some_id, ID_MAX);
	know_id("/memfd:query.elf32 (deleted)", some_id, 7);
	target_start(&self->target, init, command);
	self->world = load_world(self->target.pid);
	self->fds = open_fds(self->target.pid);
}

FIXTURE_TEARDOWN(query)
{
	close_fds(&self->fds);
	free_world(&self->world);
	if (self->target.pid)
		target_end(&self->target);
	unlink(PLAIN);
	unlink(STRANGE);
}


/* Where a request can be: around the edges of everything, and where nothing is */
static const __u64 special_addresses[] = {
	0, 1, PAGE, 0xffffffff, 1ull << 32, USER_END - PAGE, USER_END - 1, USER_END, USER_END + 1,
	1ull << 56, 1ull << 63, (1ull << 63) - 1, 0xffff888000000000, 0xffffffff81000000,
	0xffffffffff5fffff, 0xffffffffff600000, 0xffffffffff600800, 0xffffffffff601000,
	0xfffffffffffff000, 0xfffffffffffffffe, 0xffffffffffffffff,
};

static __u64 edge_of(const struct vma *v, unsigned int nr)
{
	switch (nr) {
	case 0: return v->start - 1;
	case 1: return v->start;
	case 2: return v->start + 1;
	case 3: return v->start + (v->end - v->start) / 2;
	case 4: return v->end - 1;
	case 5: return v->end;
	default: return v->end + 1;
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
		/* the last bit is none */
		for (flags = 0; flags < 2 * (VALID + 1); flags++) {
			q = request((void *)(unsigned long)addr, flags, flags & 2 ? 0 : PATH_MAX,
				    (flags + i) % 8 ? 0 : ID_MAX);
			memcpy((void *)REQUEST, &q, sizeof(q));
			ASSERT_TRUE(answers_as_modelled(f, w, REQUEST, &ret));
			found += !ret;
		}
	}
	printf("# %u addresses around %u VMAs, %u times there was an answer\n", n, w->nr, found);
	ASSERT_LT(n, found);
}

TEST_F(query, every_edge_with_every_flag)
{
	/* it has what the model is to be tried on */
	EXPECT_LT(50u, self->world.nr);
	EXPECT_TRUE(by_name(&self->world, "[heap]"));
	EXPECT_TRUE(by_name(&self->world, "[stack]"));
	EXPECT_TRUE(by_name(&self->world, "[vdso]"));
	EXPECT_TRUE(by_name(&self->world, STRANGE));
	EXPECT_TRUE(by_name(&self->world, DELETED " (deleted)"));
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

static __u64 rnd_pointer(struct rng *r, unsigned long area, size_t area_size, __u64 size)
{
	switch (rnd(r, 24)) {
	case 0: return 0;
	case 1: return NOTHING + rnd(r, PAGE);
	case 2: return READ_ONLY + rnd(r, PAGE);
	case 3: return 1ull << 63 | rnd64(r);
	case 4: return ~(__u64)rnd(r, 1000);
	case 5: return 0xffff888000000000 + rnd(r, 1 << 20);
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

/* Rights that are asked for make fewer VMAs match: so only half of the time */
static __u64 rnd_flags(struct rng *r)
{
	__u64 flags = rnd64(r) & VALID;

	return rnd(r, 2) ? flags & ~RIGHTS : flags & rnd64(r);
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

static __u32 rnd_room(struct rng *r, __u32 exact)
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
		/* what is there before is of no matter to what is written */
		for (words = (void *)&q, i = 0; i < sizeof(q) / sizeof(*words); i++)
			words[i] = rnd64(r);
		q.size = rnd_size(r);
		q.query_addr = rnd_address(r, w);
		q.query_flags = rnd_flags(r);
		if (!rnd(r, 16))
			q.query_flags |= 1ull << rnd(r, 64);
		v = model_find(w, q.query_addr, q.query_flags);
		q.vma_name_size = rnd_room(r, v && v->name ? strlen(v->name) + 1 : 0);
		q.build_id_size = rnd_room(r, v && v->id_size ? v->id_size : ID_MAX);
		q.vma_name_addr = rnd_pointer(r, NAME, 2 * PAGE, q.vma_name_size);
		q.build_id_addr = rnd_pointer(r, ID, PAGE, q.build_id_size);
		/* mostly both are there, or none */
		if (rnd(r, 16) && (!q.vma_name_size || !q.vma_name_addr)) {
			q.vma_name_size = 0;
			q.vma_name_addr = 0;
		}
		if (rnd(r, 16) && (!q.build_id_size || !q.build_id_addr || rnd(r, 2))) {
			q.build_id_size = 0;
			q.build_id_addr = 0;
		}
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
TEST_F(query, by_a_32_bit_program)
{
	struct rng r = stress_begin("query 32");
	struct procmap_query q = request(RIGHTS_AT, ANY, 0, 0);
	pid_t pid = fork_child();

	/* a kernel that cannot do this kills who tries */
	if (!pid) {
		call_ioctl_32(-1, 0, 0);
		_exit(0);
	}
	if (reap(pid))
		SKIP(return, "this kernel runs no 32-bit programs");
	do_ioctl = call_ioctl_32;
	ASSERT_EQ(0, ask(&self->fds, &q));
	EXPECT_EQ((unsigned long)RIGHTS_AT, q.vma_start);
	random_requests(_metadata, &self->fds, &self->world, &r, 5000);
	figure(asked, "queries compared");
	EXPECT_EQ(-ENOTTY, do_ioctl(self->fds.ours, PROCMAP_QUERY + 1, REQUEST));
}
#endif

/* Sizes */

TEST_F(query, a_structure_of_another_size)
{
	static const struct {
		__u64 size;
		int expected;
	} sizes[] = {
		{ 0, -EINVAL }, { 8, -EINVAL }, { MIN_SIZE - 1, -EINVAL },
		{ MIN_SIZE, 0 }, { MIN_SIZE + 1, 0 }, { 40, 0 }, { 103, 0 },
		{ 104, 0 }, { 105, 0 }, { 112, 0 }, { 1000, 0 }, { PAGE - 1, 0 }, { PAGE, 0 },
		{ PAGE + 1, -E2BIG }, { 1 << 20, -E2BIG }, { 1ull << 32 | 104, -E2BIG },
		{ -1, -E2BIG },
	};
	const char *bytes = (char *)REQUEST;
	struct procmap_query q;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		q = request(RIGHTS_AT + 2 * PAGE, 0, 0, 0);
		q.size = sizes[i].size;
		memset(all_of_it, 0, IMAGE);
		memcpy((void *)REQUEST, &q, sizeof(q));
		/* what is there without being told is not looked at */
		n = q.size < sizeof(q) ? q.size : sizeof(q);
		if (n < sizeof(q.size))
			n = sizeof(q.size);
		memset((void *)(REQUEST + n), UNTOUCHED, sizeof(q) - n);
		EXPECT_EQ(sizes[i].expected, ask_at(&self->fds, REQUEST)) {
			TH_LOG("size %llu", sizes[i].size);
		}
		memcpy(&q, (void *)REQUEST, sizeof(q));
		/* it is the caller's, and stays */
		EXPECT_EQ(sizes[i].size, q.size);
		if (!sizes[i].expected && n >= 40) {
			EXPECT_EQ((unsigned long)RIGHTS_AT + 2 * PAGE, q.vma_start);
			EXPECT_EQ((unsigned long)RIGHTS_AT + 3 * PAGE, q.vma_end);
		}
		for (; n < sizeof(q); n++)
			ASSERT_EQ(UNTOUCHED, bytes[n]);
	}
}

/* What a newer program asks for is not to be passed over, but 0 asks for nothing. */
TEST_F(query, what_is_behind_the_structure_must_be_zero)
{
	struct procmap_query q = request(RIGHTS_AT, 0, 0, 0);
	unsigned long end = REQUEST + 2 * PAGE;
	unsigned int size, i;

	for (size = sizeof(q) + 1; size < sizeof(q) + 20; size++) {
		for (i = sizeof(q); i < size + 1; i++) {
			memset(all_of_it, 0, IMAGE);
			q.size = size;
			memcpy((void *)REQUEST, &q, sizeof(q));
			*(char *)(REQUEST + i) = 0x80;
			ASSERT_EQ(i < size ? -E2BIG : 0, ask_at(&self->fds, REQUEST));
		}
	}
	/* before what is in it is looked at */
	memset(all_of_it, 0, IMAGE);
	q.query_flags = -1;
	memcpy((void *)REQUEST, &q, sizeof(q));
	EXPECT_EQ(-EINVAL, ask_at(&self->fds, REQUEST));
	*(char *)(REQUEST + sizeof(q)) = 1;
	EXPECT_EQ(-E2BIG, ask_at(&self->fds, REQUEST));
	/* in order: a byte that is not 0 before memory that is not there */
	memset(all_of_it, 0, IMAGE);
	q = request(RIGHTS_AT, 0, 0, 0);
	q.size = sizeof(q) + 100;
	memcpy((void *)(end - sizeof(q) - 50), &q, sizeof(q));
	EXPECT_EQ(-EFAULT, ask_at(&self->fds, end - sizeof(q) - 50));
	*(char *)(end - 50) = 1;
	EXPECT_EQ(-E2BIG, ask_at(&self->fds, end - sizeof(q) - 50));
}

/* Names */

TEST_F(query, every_name_fits_exactly_or_not_at_all)
{
	const struct vma *v;
	struct procmap_query q;
	unsigned int i, n;

	for (i = 0; i < self->world.nr; i++) {
		v = &self->world.vmas[i];
		n = v->name ? strlen(v->name) + 1 : 0;
		q = request((void *)v->start, 0, n ?: 1, 0);
		ASSERT_EQ(0, ask(&self->fds, &q));
		ASSERT_EQ(n, q.vma_name_size);
		ASSERT_EQ(NAME, q.vma_name_addr);
		if (n)
			ASSERT_STREQ(v->name, (char *)NAME);
		ASSERT_TRUE(untouched(NAME, n));
		/* as much as there can be of it, and more */
		q = request((void *)v->start, 0, PATH_MAX, 0);
		ASSERT_EQ(0, ask(&self->fds, &q));
		ASSERT_EQ(n, q.vma_name_size);
		ASSERT_TRUE(untouched(NAME, n));
		q = request((void *)v->start, 0, -1, 0);
		ASSERT_EQ(0, ask(&self->fds, &q));
		ASSERT_EQ(n, q.vma_name_size);
		if (n < 2)
			continue;
		q = request((void *)v->start, 0, n - 1, 0);
		ASSERT_EQ(-ENAMETOOLONG, ask(&self->fds, &q));
		ASSERT_EQ(n - 1, q.vma_name_size);
		ASSERT_TRUE(untouched(NAME, 0));
		q = request((void *)v->start, 0, 1, 0);
		ASSERT_EQ(-ENAMETOOLONG, ask(&self->fds, &q));
		ASSERT_TRUE(untouched(NAME, 0));
		/* nobody wants to know */
		q = request((void *)v->start, 0, 0, 0);
		ASSERT_EQ(0, ask(&self->fds, &q));
		ASSERT_EQ(0u, q.vma_name_size);
		ASSERT_TRUE(untouched(NAME, 0));
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

TEST_F(query, names_by_kind)
{
	static const struct {
		char *at;
		const char *name;
	} known[] = {
		{ FILES_AT, PLAIN },
		{ FILES_AT + 22 * PAGE, STRANGE },
		{ FILES_AT + 24 * PAGE, DELETED " (deleted)" },
		{ FILES_AT + 26 * PAGE, "/memfd:just memory (deleted)" },
		{ FILES_AT + 40 * PAGE, "/dev/zero" },
		{ RIGHTS_AT + 30 * PAGE, "/dev/zero (deleted)" },
	};
	static const char * const special[] = { "[heap]", "[stack]", "[vdso]" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		EXPECT_STREQ(known[i].name, name_at(&self->fds, known[i].at));
	for (i = 0; i < ARRAY_SIZE(special); i++) {
		const struct vma *v = by_name(&self->world, special[i]);

		ASSERT_TRUE(v);
		EXPECT_STREQ(special[i], name_at(&self->fds, (void *)v->start));
	}
	EXPECT_EQ(NULL, name_at(&self->fds, RIGHTS_AT));
	EXPECT_EQ(NULL, name_at(&self->fds, MORE_AT));
}

TEST_F(query, names_that_a_process_gave)
{
	char *at = MORE_AT + 1000 * PAGE;
	const struct vma *v = by_start(&self->world, at);

	if (!v->name)
		SKIP(return, "this kernel has no names of anonymous VMAs (CONFIG_ANON_VMA_NAME)");
	EXPECT_STREQ("[anon:a name of its own]", name_at(&self->fds, at));
	if (!strcmp(by_start(&self->world, at + PAGE)->name, "/dev/zero (deleted)"))
		return;		/* before 6.2 */
	EXPECT_STREQ("[anon_shmem:a shared one]", name_at(&self->fds, at + PAGE));
}

/* As it is, with nothing escaped: not what maps escapes, nor what looks like it */
TEST_F(query, names_are_raw)
{
	static const char path[] = "/tmp/a\nb\\012c\td \\ \x80\xff(deleted)";
	struct fds f = open_fds(getpid());
	int fd = new_file(path);
	char *p = map_file(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	EXPECT_STREQ(path, name_at(&f, p));
	unlink(path);
	EXPECT_STREQ("/tmp/a\nb\\012c\td \\ \x80\xff(deleted) (deleted)", name_at(&f, p));
	close_fds(&f);
}

/* A file in many directories, by a path of so many bytes. They are where we are then. */
#define COMPONENT 200

static char component[COMPONENT + 1], last_component[NAME_MAX + 1];
static unsigned int components;

static int make_long_path(size_t length)
{
	size_t at;
	int fd;

	memset(component, 'q', COMPONENT);
	if (chdir("/tmp"))
		fatal("chdir");
	components = 0;
	for (at = strlen("/tmp"); length - at > COMPONENT + 2; at += COMPONENT + 1) {
		if ((mkdir(component, 0700) && errno != EEXIST) || chdir(component))
			fatal("mkdir");
		components++;
	}
	memset(last_component, 'f', NAME_MAX);
	last_component[length - at - 1] = 0;
	fd = open(last_component, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		fatal("the end of a path of %zu bytes", length);
	return fd;
}

static void remove_long_path(void)
{
	unlink(last_component);
	for (; components; components--)
		if (chdir("..") || rmdir(component))
			fatal("rmdir");
}

/* However large the buffer is, PATH_MAX is the end. */
TEST_F(query, names_as_long_as_PATH_MAX_and_longer)
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
		q = request(p, 0, 2 * PAGE, 0);
		EXPECT_EQ(paths[i].fits ? 0 : -ENAMETOOLONG, ask(&f, &q)) {
			TH_LOG("%zu bytes", length);
		}
		if (paths[i].fits) {
			EXPECT_EQ(length + 1, q.vma_name_size);
			EXPECT_EQ(length, strlen((char *)NAME));
		} else {
			EXPECT_TRUE(untouched(NAME, 0));
		}
		q = request(p, 0, length, 0);
		EXPECT_EQ(-ENAMETOOLONG, ask(&f, &q));
		q = request(p, 0, 0, 0);
		EXPECT_EQ(0, ask(&f, &q));
		munmap(p, PAGE);
		remove_long_path();
	}
	close_fds(&f);
}

/* Paths begin at the root of the one who asks. */
TEST_F(query, names_in_a_chroot)
{
	pid_t pid;

	ASSERT_STREQ(PLAIN, name_at(&self->fds, FILES_AT));
	pid = fork_child();
	if (!pid) {
		if (chroot("/tmp"))
			_exit(1);
		_exit(strcmp(PLAIN + strlen("/tmp"), name_at(&self->fds, FILES_AT)) ? 2 : 0);
	}
	EXPECT_EQ(0, reap(pid));
}

/* Build IDs */

/* Asks for the build ID of a file that is mapped for it here. */
static int ask_id(const struct fds *f, int fd, struct procmap_query *q)
{
	char *p = map_file(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	int ret;

	*q = request(p, 0, 0, 100);
	ret = ask(f, q);
	munmap(p, PAGE);
	close(fd);
	return ret;
}

static bool has_id(const struct fds *f, int fd, const void *id, unsigned int size)
{
	struct procmap_query q;
	int ret = ask_id(f, fd, &q);

	if (!ret && q.build_id_size == size && !memcmp((void *)ID, id, size) &&
	    untouched(ID, size))
		return true;
	fprintf(stderr, "# %s, a build ID of %u bytes\n", strerror(-ret), q.build_id_size);
	return false;
}

TEST_F(query, build_id_of_this_program)
{
	const char *id = id_in_file("/proc/self/exe");
	struct procmap_query q;
	const struct vma *v;
	unsigned int i, n = 0;

	/* whichever part of it is asked about, in another process, too */
	for (i = 0; i < self->world.nr; i++) {
		v = &self->world.vmas[i];
		if (!v->name || strcmp(v->name, own_path()))
			continue;
		n++;
		q = request((void *)v->start, 0, 0, 100);
		ASSERT_EQ(0, ask(&self->fds, &q));
		ASSERT_EQ(ID_MAX, q.build_id_size);
		ASSERT_EQ(ID, q.build_id_addr);
		ASSERT_EQ(0, memcmp((void *)ID, id, ID_MAX));
		ASSERT_TRUE(untouched(ID, ID_MAX));
	}
	EXPECT_LT(1u, n);
}

/* A whole 32-bit program: its file, and the process that it is */
TEST_F(query, a_32_bit_program)
{
	char path[PATH_MAX] = "", name[PATH_MAX], said[6] = "";
	struct fds f = open_fds(getpid());
	struct world w;
	const char *id;
	int from[2], fd;
	ssize_t n;
	pid_t pid;

	n = readlink("/proc/self/exe", path, sizeof(path) - 10);
	while (n > 0 && path[n - 1] != '/')
		n--;
	ASSERT_LT(0, n);
	strcpy(path + n, "ia32");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "there is none for this machine");
	id = id_in_file(path);
	EXPECT_TRUE(has_id(&f, fd, id, ID_MAX));

	ASSERT_EQ(0, pipe2(from, O_CLOEXEC));
	pid = fork_child();
	if (!pid) {
		dup2(from[1], 1);
		execl(path, "ia32", (char *)NULL);
		_exit(1);
	}
	close(from[1]);
	if (read(from[0], said, sizeof(said)) != sizeof(said)) {
		reap(pid);
		SKIP(return, "this kernel runs no 32-bit programs");
	}
	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	memset(path, 0, sizeof(path));
	ASSERT_LT(0, readlink(name, path, sizeof(path) - 1));
	know_id(path, id, ID_MAX);
	w = load_world(pid);
	close_fds(&f);
	f = open_fds(pid);
	sweep(_metadata, &f, &w);
	figure(asked, "queries compared");
	close_fds(&f);
	free_world(&w);
	kill(pid, SIGKILL);
	reap(pid);
}

TEST_F(query, room_for_a_build_id)
{
	char *at = FILES_AT + 30 * PAGE, *small = at + PAGE;
	struct procmap_query q;
	unsigned int i;

	for (i = 1; i < 2 * ID_MAX; i++) {
		q = request(at, 0, 0, i);
		ASSERT_EQ(i < ID_MAX ? -ENAMETOOLONG : 0, ask(&self->fds, &q));
		ASSERT_EQ(i < ID_MAX ? i : ID_MAX, q.build_id_size);
		ASSERT_TRUE(untouched(ID, i < ID_MAX ? 0 : ID_MAX));
		/* nor is anything else said */
		ASSERT_EQ(i < ID_MAX ? 0 : (unsigned long)at, q.vma_start);
	}
	q = request(at, 0, 0, -1);
	EXPECT_EQ(0, ask(&self->fds, &q));
	EXPECT_EQ(ID_MAX, q.build_id_size);
	/* one that is shorter, of a 32-bit file */
	q = request(small, 0, 0, 6);
	EXPECT_EQ(-ENAMETOOLONG, ask(&self->fds, &q));
	q = request(small, 0, 0, 7);
	EXPECT_EQ(0, ask(&self->fds, &q));
	EXPECT_EQ(7u, q.build_id_size);
	EXPECT_TRUE(untouched(ID, 7));
	/* no file, no ELF, not a regular file: there is none, and any room will do */
	for (i = 0; i < 4; i++) {
		char * const none[] = {
			RIGHTS_AT + PAGE * 2, FILES_AT, FILES_AT + 40 * PAGE, RIGHTS_AT + PAGE * 30,
		};

		q = request(none[i], 0, 0, 1);
		EXPECT_EQ(0, ask(&self->fds, &q));
		EXPECT_EQ(0u, q.build_id_size);
		EXPECT_EQ(ID, q.build_id_addr);
		EXPECT_TRUE(untouched(ID, 0));
	}
}

#define ONLY_64 0x100

static const struct {
	const char *what;
	unsigned int field;	/* one of those above, and perhaps ONLY_64 */
	__u64 value;
	unsigned int size;	/* of the build ID that is found */
} strange_files[] = {
	{ "as it is", AS_IT_IS, 0, 20 },
	{ "ET_EXEC", E_TYPE, ET_EXEC, 20 },
	{ "ET_NONE", E_TYPE, ET_NONE, 0 },
	{ "ET_REL", E_TYPE, ET_REL, 0 },
	{ "ET_CORE", E_TYPE, ET_CORE, 0 },
	{ "no class", E_CLASS, ELFCLASSNONE, 0 },
	{ "a class that there is not", E_CLASS, 3, 0 },
	{ "another byte order, it says", E_DATA, ELFDATA2MSB, 20 },
	{ "program headers of no size, it says", E_PHENTSIZE, 0, 20 },
	{ "no program headers", E_PHNUM, 0, 0 },
	{ "one program header too few", E_PHNUM, 1, 0 },
	{ "as many program headers as can be", E_PHNUM, 0xffff, 20 },
	{ "program headers at the start", E_PHOFF, 0, 0 },
	{ "program headers behind the end", E_PHOFF, 0x10000, 0 },
	{ "program headers across the end", E_PHOFF, ELF_SIZE - 20, 0 },
	{ "program headers at the last byte there is", E_PHOFF, 0xffffffff, 0 },
	{ "program headers at 2^64 - 1", E_PHOFF | ONLY_64, -1, 0 },
	{ "program headers at 2^64 - 56", E_PHOFF | ONLY_64, -56, 0 },
	{ "program headers at 2^63", E_PHOFF | ONLY_64, 1ull << 63, 0 },
	{ "program headers at 2^63 - 1", E_PHOFF | ONLY_64, (1ull << 63) - 1, 0 },
	{ "program headers at 2^63 - 64", E_PHOFF | ONLY_64, (1ull << 63) - 64, 0 },
	{ "no notes", P_TYPE, PT_LOAD, 0 },
	{ "notes behind the end", P_OFFSET, 0x10000, 0 },
	{ "notes across the end", P_OFFSET, ELF_SIZE - 20, 0 },
	{ "notes at 2^32 - 1", P_OFFSET, 0xffffffff, 0 },
	{ "notes beyond 4 GiB", P_OFFSET | ONLY_64, 1ull << 32 | NOTES, 0 },
	{ "notes at 2^64 - 1", P_OFFSET | ONLY_64, -1, 0 },
	{ "notes at 2^64 - 20", P_OFFSET | ONLY_64, -20, 0 },
	{ "notes at 2^63", P_OFFSET | ONLY_64, 1ull << 63, 0 },
	{ "notes at the second one", P_OFFSET, BUILD_ID_NOTE, 20 },
	{ "notes at no multiple of 4", P_OFFSET, BUILD_ID_NOTE + 1, 0 },
	{ "no bytes of notes", P_FILESZ, 0, 0 },
	{ "too few bytes for a note", P_FILESZ, 16, 0 },
	{ "a byte too few", P_FILESZ, NOTES_SIZE - 1, 0 },
	{ "a byte more", P_FILESZ, NOTES_SIZE + 1, 20 },
	{ "4 GiB of notes", P_FILESZ, 0xffffffff, 0 },
	{ "as many notes as can be", P_FILESZ, 0xffffffff - NOTES, 20 },
	{ "one byte more than that", P_FILESZ, 0x100000000 - NOTES, 0 },
	/* only the lower half of it is looked at */
	{ "2^32 more bytes of notes", P_FILESZ | ONLY_64, 0x100000000 | NOTES_SIZE, 20 },
	{ "2^32 bytes of notes", P_FILESZ | ONLY_64, 0x100000000, 0 },
	{ "a note without a name", N_NAMESZ, 0, 0 },
	{ "a name of 3 bytes", N_NAMESZ, 3, 0 },
	{ "a name of 5 bytes", N_NAMESZ, 5, 0 },
	{ "a name of 2^31 bytes", N_NAMESZ, 1ull << 31, 0 },
	{ "a name of 2^32 - 1 bytes", N_NAMESZ, 0xffffffff, 0 },
	{ "a name of 2^32 - 4 bytes", N_NAMESZ, 0xfffffffc, 0 },
	{ "another name", N_NAME, 'G' | 'N' << 8 | 'X' << 16, 0 },
	{ "a name with no end", N_NAME, 'G' | 'N' << 8 | 'U' << 16 | 'U' << 24, 0 },
	{ "another type of note", N_TYPE, BUILD_ID - 1, 0 },
	{ "a build ID of 0 bytes", N_DESCSZ, 0, 0 },
	{ "a build ID of 1 byte", N_DESCSZ, 1, 1 },
	{ "a build ID of 16 bytes", N_DESCSZ, 16, 16 },
	{ "a build ID of 19 bytes", N_DESCSZ, 19, 19 },
	{ "a build ID of 21 bytes", N_DESCSZ, 21, 0 },
	{ "a build ID of 2^31 bytes", N_DESCSZ, 1ull << 31, 0 },
	{ "a build ID of 2^32 - 1 bytes", N_DESCSZ, 0xffffffff, 0 },
	{ "a build ID of 2^32 - 4 bytes", N_DESCSZ, 0xfffffffc, 0 },
	{ "an empty file", LENGTH, 0, 0 },
	{ "a byte", LENGTH, 1, 0 },
	{ "the magic number", LENGTH, SELFMAG, 0 },
	{ "the start of a header", LENGTH, 17, 0 },
	{ "the start of a header, with its type", LENGTH, 18, 0 },
	{ "all but the last byte of a header (32)", LENGTH, 51, 0 },
	{ "a header (32)", LENGTH, 52, 0 },
	{ "all but the last byte of a header (64)", LENGTH, 63, 0 },
	{ "a header (64)", LENGTH, 64, 0 },
	{ "the first program header only", LENGTH, 64 + 56, 0 },
	{ "no notes behind the headers", LENGTH, NOTES, 0 },
	{ "the first note only", LENGTH, BUILD_ID_NOTE, 0 },
	{ "all but the build ID itself", LENGTH, BUILD_ID_NOTE + 16, 0 },
	{ "all but the last byte", LENGTH, NOTES + NOTES_SIZE - 1, 0 },
	{ "nothing behind the build ID", LENGTH, NOTES + NOTES_SIZE, 20 },
};

TEST_F(query, build_ids_of_strange_files)
{
	struct fds f = open_fds(getpid());
	unsigned int i, n = 0;
	struct elf e;
	int class;

	for (i = 0; i < ARRAY_SIZE(strange_files); i++) {
		for (class = ELFCLASS32; class <= ELFCLASS64; class++) {
			if ((strange_files[i].field & ONLY_64) && class != ELFCLASS64)
				continue;
			e = new_elf(class, ELF_SIZE);
			set_field(&e, strange_files[i].field & ~ONLY_64, strange_files[i].value);
			EXPECT_TRUE(has_id(&f, elf_file(&e, "strange"), some_id,
					   strange_files[i].size)) {
				TH_LOG("%s, %d bits", strange_files[i].what, 32 * class);
			}
			n++;
		}
	}
	figure(n, "strange ELF files");
	close_fds(&f);
}

/* What takes more than one change */
TEST_F(query, where_a_build_id_is_found)
{
	static const char other_id[ID_MAX] = "there are two of it";
	struct fds f = open_fds(getpid());
	size_t at = ELF_SIZE * 8 - 100;
	unsigned int i, class;
	struct elf e;
	int fd;

	for (class = ELFCLASS32; class <= ELFCLASS64; class++) {
		/* the first one of two */
		e = new_elf(class, ELF_SIZE);
		add_note(&e, NOTES + NOTES_SIZE, BUILD_ID, other_id, ID_MAX);
		set_field(&e, P_FILESZ, NOTES_SIZE + 16 + ID_MAX);
		EXPECT_TRUE(has_id(&f, elf_file(&e, "two"), some_id, ID_MAX));
		/* the second one, if the first one is none */
		e = new_elf(class, ELF_SIZE);
		set_field(&e, N_DESCSZ, 24);
		add_note(&e, NOTES + NOTES_SIZE + 4, BUILD_ID, other_id, ID_MAX);
		set_field(&e, P_FILESZ, NOTES_SIZE + 4 + 16 + ID_MAX);
		EXPECT_TRUE(has_id(&f, elf_file(&e, "two"), other_id, ID_MAX));
		/* after notes without it, that cannot be read, or that do not fit */
		for (i = 0; i < 4; i++) {
			e = new_elf(class, ELF_SIZE);
			set_field(&e, P_OFFSET, i == 0 ? NOTES : i == 1 ? ELF_SIZE - 20 :
				  i == 2 ? 0x20000 : 0xffffffff);
			set_field(&e, P_FILESZ, i ? NOTES_SIZE : 32);
			add_phdr(&e, 2, PT_LOAD, 0, 0);
			add_phdr(&e, 3, PT_NOTE, NOTES, NOTES_SIZE);
			EXPECT_TRUE(has_id(&f, elf_file(&e, "later"), some_id, ID_MAX));
		}
		/* 256 program headers are looked at */
		for (i = 255; i <= 256; i++) {
			e = new_elf(class, 8 * ELF_SIZE);
			set_field(&e, P_TYPE, PT_LOAD);
			memset(e.s + NOTES, 0, NOTES_SIZE);
			add_note(&e, at, BUILD_ID, some_id, ID_MAX);
			add_phdr(&e, i, PT_NOTE, at, 16 + ID_MAX);
			EXPECT_TRUE(has_id(&f, elf_file(&e, "many"), some_id,
					   i < 256 ? ID_MAX : 0));
		}
		/* behind very many notes that say nothing */
		e = new_elf(class, 8 * ELF_SIZE);
		memset(e.s + NOTES, 0, NOTES_SIZE);
		at -= (at - NOTES) % 12;
		add_note(&e, at, BUILD_ID, some_id, ID_MAX);
		set_field(&e, P_FILESZ, at + 16 + ID_MAX - NOTES);
		EXPECT_TRUE(has_id(&f, elf_file(&e, "notes"), some_id, ID_MAX));
		/* offsets have no sign */
		for (i = 1; i < 4; i++) {
			__u64 far = 0xffffffff / 3 * i - 1000;

			e = new_elf(class, ELF_SIZE);
			set_field(&e, P_OFFSET, far);
			fd = new_memfd("far");
			write_at(fd, e.s, ELF_SIZE, 0);
			write_at(fd, e.s + NOTES, NOTES_SIZE, far);
			EXPECT_TRUE(has_id(&f, fd, some_id, ID_MAX));
			free(e.s);
		}
	}
	close_fds(&f);
}

/* Errors */

#define ELF_AT ((unsigned long)FILES_AT + 30 * PAGE)
#define NAMELESS_AT ((unsigned long)RIGHTS_AT)
#define GAP_AT (1ul << 40)

/* What is asked for comes before who is asked, and that before what there is. */
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
	/* what there is no room for, the name first, then what is not there */
	{ ELF_AT, 0, 1, 1, NOTHING, NOTHING, -ENAMETOOLONG, -ESRCH },
	{ ELF_AT, 0, 100, 1, NOTHING, NOTHING, -ENAMETOOLONG, -ESRCH },
	{ ELF_AT, 0, 1, 100, NOTHING, NOTHING, -ENAMETOOLONG, -ESRCH },
	{ ELF_AT, 0, 0, 100, 0, NOTHING, -EFAULT, -ESRCH },
	{ ELF_AT, 0, 100, 100, NOTHING, ID, -EFAULT, -ESRCH },
	{ ELF_AT, 0, 100, 100, READ_ONLY, ID, -EFAULT, -ESRCH },
	{ ELF_AT, 0, 100, 100, NAME, 1ull << 63, -EFAULT, -ESRCH },
	/* a buffer that is not needed need not be there */
	{ NAMELESS_AT, 0, 1, 1, NOTHING, NOTHING, 0, -ESRCH },
};

static void try_wrong(struct __test_metadata *_metadata, const struct fds *f, bool target)
{
	struct procmap_query q;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		q = request((void *)(unsigned long)wrong[i].addr, wrong[i].flags, 0, 0);
		q.vma_name_size = wrong[i].name_size;
		q.vma_name_addr = wrong[i].name;
		q.build_id_size = wrong[i].id_size;
		q.build_id_addr = wrong[i].id;
		EXPECT_EQ(target ? wrong[i].expected : wrong[i].without_target, ask(f, &q)) {
			TH_LOG("request %u", i);
		}
		/* the request is as it was, if there is an error */
		if (!target || wrong[i].expected) {
			EXPECT_EQ(wrong[i].name_size, q.vma_name_size);
			EXPECT_EQ(wrong[i].id_size, q.build_id_size);
			EXPECT_EQ(0u, q.vma_start);
		}
	}
	/* memory that is not there comes before all of it, with or without a target */
	EXPECT_EQ(-EFAULT, ask_at(f, 0));
	EXPECT_EQ(-EFAULT, ask_at(f, NOTHING));
	EXPECT_EQ(-EFAULT, ask_at(f, REQUEST - 1));
	EXPECT_EQ(-EFAULT, ask_at(f, REQUEST + 2 * PAGE - 7));
}

TEST_F(query, which_error_comes_first)
{
	try_wrong(_metadata, &self->fds, true);
}

/* The name, then the build ID, then the structure */
TEST_F(query, what_is_written_before_an_error)
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

	/* too little room for one of them: the other one is not written either */
	q = request((void *)ELF_AT, 0, 100, 19);
	EXPECT_EQ(-ENAMETOOLONG, ask(&self->fds, &q));
	EXPECT_TRUE(untouched(NAME, 0));
	EXPECT_TRUE(untouched(ID, 0));
}

TEST_F(query, a_target_that_is_a_zombie_and_then_gone)
{
	struct fds f, later;

	kill(self->target.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, self->target.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT));
	try_wrong(_metadata, &self->fds, false);
	/* opened, or told, only now */
	later = open_fds(self->target.pid);
	try_wrong(_metadata, &later, false);

	target_end(&self->target);
	self->target.pid = 0;
	try_wrong(_metadata, &self->fds, false);
	try_wrong(_metadata, &later, false);
	close_fds(&later);
	/* the others are still asked in vain */
	f = open_fds(getpid());
	EXPECT_EQ(0, ask(&f, &(struct procmap_query){ .size = 104, .query_addr = NAME }));
	close_fds(&f);
}

TEST_F(query, a_kernel_thread)
{
	struct fds f = open_fds(2);
	struct text t = slurp_path("/proc/2/maps");

	if (t.len)
		SKIP(return, "process 2 is none here");
	try_wrong(_metadata, &f, false);
	close_fds(&f);
}

/* The target */

static bool finds(const struct fds *f, const void *p)
{
	struct procmap_query q = request(p, 0, 0, 0);
	int ret = ask(f, &q);

	if (ret && ret != -ENOENT)
		fatal("asking for %p: %s", p, strerror(-ret));
	return !ret;
}

static void *pause_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void thread_init(void)
{
	pthread_t thread;

	map_at(LATER_AT, PAGE, PROT_READ);
	if (pthread_create(&thread, NULL, pause_for_ever, NULL))
		_exit(1);
}

static void end_leader_command(char c)
{
	if (c == 'l')
		pthread_exit(NULL);
}

/* Its other threads still have what it had. */
TEST_F(query, a_leader_that_has_exited)
{
	struct target t;
	struct fds f;

	if (ours_is_kernels)
		SKIP(return, "the kernel's own asks the main thread alone");
	target_start(&t, thread_init, end_leader_command);
	f = open_fds(t.pid);
	EXPECT_TRUE(finds(&f, LATER_AT));
	ASSERT_EQ(1, write(t.to, "l", 1));
	await_end_of_leader(t.pid);
	close(f.kernels);
	f.kernels = -1;
	EXPECT_TRUE(finds(&f, LATER_AT));
	close_fds(&f);
	target_end(&t);
}

TEST_F(query, what_is_mapped_later)
{
	EXPECT_FALSE(finds(&self->fds, LATER_AT));
	tell(&self->target, 'm');
	EXPECT_TRUE(finds(&self->fds, LATER_AT));
	tell(&self->target, 'u');
	EXPECT_FALSE(finds(&self->fds, LATER_AT));
}

TEST_F(query, a_written_pid)
{
	struct fds f = { .ours = self->fds.ours, .kernels = -1 };
	void *mark = map_at(LATER_AT, PAGE, PROT_READ);

	if (ours_is_kernels)
		SKIP(return, "the kernel's own cannot be written to");
	EXPECT_FALSE(finds(&f, mark));
	EXPECT_TRUE(finds(&f, RIGHTS_AT));
	ASSERT_EQ(0, set_target(f.ours, getpid()));
	EXPECT_TRUE(finds(&f, mark));
	EXPECT_FALSE(finds(&f, RIGHTS_AT));
	/* what is refused changes nothing */
	EXPECT_EQ(-EINVAL, write_string(f.ours, "x"));
	EXPECT_EQ(-ESRCH, set_target(f.ours, 2147483647));
	EXPECT_TRUE(finds(&f, mark));
	ASSERT_EQ(0, set_target(f.ours, self->target.pid));
	EXPECT_TRUE(finds(&f, RIGHTS_AT));
	/* from a dead one to one that lives */
	target_end(&self->target);
	self->target.pid = 0;
	EXPECT_EQ(-ESRCH, ask(&f, &(struct procmap_query){ .size = 104 }));
	ASSERT_EQ(0, set_target(f.ours, getpid()));
	EXPECT_TRUE(finds(&f, mark));
}

/* Nothing is written, and nothing read: it is who opened it, whoever asks. */
TEST_F(query, the_one_who_opened_it_by_default)
{
	struct fds f = {
		.ours = open_or_die(ours_is_kernels ? "/proc/self/maps" : PROC "maps", O_RDONLY),
		.kernels = -1,
	};
	void *mark = map_at(LATER_AT, PAGE, PROT_READ);
	pid_t pid;

	EXPECT_TRUE(finds(&f, mark));
	EXPECT_FALSE(finds(&f, RIGHTS_AT));
	pid = fork_child();
	if (!pid) {
		munmap(mark, PAGE);
		_exit(!finds(&f, mark));
	}
	EXPECT_EQ(0, reap(pid));
	close(f.ours);
}

/* Ours follows a process through an exec, as a read does; the kernel's own does not. */
TEST_F(query, exec)
{
	struct fds f = self->fds;
	struct procmap_query q;
	int ready[2];
	pid_t pid;
	char c;

	if (ours_is_kernels)
		SKIP(return, "the kernel's own stays with the old address space");
	f.kernels = -1;
	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	pid = fork_child();
	if (!pid) {
		map_at(LATER_AT, PAGE, PROT_READ);
		if (set_target(f.ours, 0) || !finds(&f, LATER_AT))
			_exit(1);
		dup2(ready[1], 100);
		execl("/proc/self/exe", "query", "--wait", (char *)NULL);
		_exit(1);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	q = request(LATER_AT, 0, 0, 0);
	EXPECT_EQ(-ENOENT, ask(&f, &q));
	q = request(LATER_AT, ANY, 0, 0);
	EXPECT_EQ(0, ask(&f, &q));
	kill(pid, SIGKILL);
	reap(pid);
	EXPECT_EQ(-ESRCH, ask(&f, &q));
}

TEST_F(query, a_listing_goes_on_as_if_nobody_had_asked)
{
	int fd = self->fds.ours;
	struct text whole = slurp(fd, 4096), part;
	struct rng r = stress_begin("listing");
	char start[300];
	ssize_t n;
	off_t at;

	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	n = read(fd, start, sizeof(start));
	ASSERT_LT(0, n);
	at = lseek(fd, 0, SEEK_CUR);
	random_requests(_metadata, &self->fds, &self->world, &r, 1000);
	EXPECT_EQ(at, lseek(fd, 0, SEEK_CUR));
	part = slurp(fd, 4096);
	ASSERT_EQ(whole.len, n + part.len);
	EXPECT_EQ(0, memcmp(whole.s, start, n));
	EXPECT_EQ(0, memcmp(whole.s + n, part.s, part.len));
	/* nor at the end of it */
	random_requests(_metadata, &self->fds, &self->world, &r, 1000);
	EXPECT_EQ((off_t)whole.len, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(0, read(fd, start, 1));
}

/* Numbers */

TEST_F(query, other_numbers_are_not_known)
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
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct procmap_query q = request((void *)ELF_AT, 0, 0, 0);

		EXPECT_EQ(-1, ioctl(self->fds.ours, numbers[i], &q));
		EXPECT_EQ(ENOTTY, errno) {
			TH_LOG("%x", numbers[i]);
		}
		EXPECT_EQ(0u, q.vma_start);
	}
}

TEST_F(query, other_entries_do_not_know_it)
{
	static const char * const entries[] = { PROC "vmas", PROC "raw", PROC "summary" };
	struct procmap_query q = request((void *)ELF_AT, 0, 0, 0);
	unsigned int i;
	int fd;

	if (ours_is_kernels)
		SKIP(return, "they are the module's");
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		fd = open_target(entries[i], self->target.pid);
		EXPECT_EQ(-1, ioctl(fd, PROCMAP_QUERY, &q));
		EXPECT_EQ(ENOTTY, errno);
		close(fd);
	}
	EXPECT_EQ(0u, q.vma_start);
}

TEST_F(query, after_rmmod)
{
	struct procmap_query q = request((void *)ELF_AT, 0, 0, 0);

	if (ours_is_kernels)
		SKIP(return, "it is the module's");
	ASSERT_EQ(0, ask(&self->fds, &q));
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-1, ioctl(self->fds.ours, PROCMAP_QUERY, &q));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(0, module_load(""));
}

/* Targets that do not keep still */

#define SLOT ((char *)0x260000000000)

static atomic_int *go_on;		/* shared: 0 to wait, 1 to run */
static atomic_ulong *rounds;
static int elf_fd, wall_fd;
static unsigned int state;

/* From each of four states of the slot to the next one, by one system call that matters */
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
		while (!atomic_load(go_on))
			nap(1000);
		next_state();
		atomic_fetch_add(rounds, 1);
	}
	return unused;
}

static void restless_init(void)
{
	struct elf e = new_elf(ELFCLASS64, ELF_SIZE);
	pthread_t thread;

	elf_fd = elf_file(&e, "query.elf64");
	wall_fd = new_memfd("wall");
	map_at(SLOT - 2 * PAGE, PAGE, PROT_NONE);
	/* whatever is asked for, nobody looks further */
	map_file(SLOT + 6 * PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, wall_fd, 0);
	if (pthread_create(&thread, NULL, restless, NULL))
		fatal("pthread_create");
}

static void restless_command(char c)
{
	(void)c;
	next_state();
}

TEST(while_a_thread_maps_and_unmaps)
{
	struct rng r = stress_begin("restless");
	unsigned long tried = 0, matched[4] = {}, begun;
	struct world worlds[4];
	struct procmap_query q;
	struct target t;
	unsigned int i;
	struct fds f;
	int ret, expected;

	make_arena();
	know_id("/memfd:query.elf64 (deleted)", some_id, ID_MAX);
	go_on = get_shared(PAGE);
	rounds = get_shared(PAGE);
	target_start(&t, restless_init, restless_command);
	for (i = 0; i < 4; i++) {
		worlds[i] = load_world(t.pid);
		tell(&t, 'n');
	}
	f = open_ours(t.pid);
	atomic_store(go_on, 1);
	while (!atomic_load(rounds))
		nap(1000);
	begun = atomic_load(rounds);
	/* However busy the machine is, the target has to be seen in each of its states. */
	while (more(tried, 20000) || !matched[0] || !matched[1] || !matched[2] || !matched[3]) {
		q = request(SLOT - 3 * PAGE + rnd(&r, 9 * PAGE), rnd_flags(&r),
			    rnd(&r, 2) ? PATH_MAX : 0, rnd(&r, 4) ? 0 : ID_MAX);
		/* below the wall, in all states */
		memset(all_of_it, UNTOUCHED, IMAGE);
		memcpy((void *)REQUEST, &q, sizeof(q));
		memcpy(image_before, all_of_it, IMAGE);
		ret = ask_at(&f, REQUEST);
		for (i = 0; i < 4; i++) {
			memcpy(image_expected, image_before, IMAGE);
			expected = model(&worlds[i], image_expected, REQUEST);
			if (same_answer(ret, all_of_it, expected, image_expected))
				break;
		}
		ASSERT_NE(4u, i) {
			print_answers("ours", REQUEST, ret, all_of_it, "with nothing mapped",
				      expected, image_expected);
		}
		matched[i]++;
		tried++;
	}
	printf("# %lu queries, %lu changes meanwhile; %lu, %lu, %lu, %lu as in the four states, the first that fits\n",
	       tried, atomic_load(rounds) - begun, matched[0], matched[1], matched[2], matched[3]);
	figure(tried, "queries of a target that changes");
	close_fds(&f);
	target_end(&t);
}

static void idle(void)
{
}

/* Whatever the moment, there is an answer, or nobody to give one. */
TEST(while_the_target_is_killed)
{
	unsigned int i, answers = 0;
	struct target t;
	struct fds f;
	int ret;

	make_arena();
	for (i = 0; i < 50; i++) {
		struct procmap_query q;

		target_start(&t, idle, NULL);
		f = open_ours(t.pid);
		kill(t.pid, SIGKILL);
		for (;;) {
			q = request(NULL, ANY | OF_FILE, PATH_MAX, ID_MAX);
			ret = ask(&f, &q);
			if (ret)
				break;
			answers++;
			ASSERT_STREQ(own_path(), (char *)NAME);
		}
		ASSERT_EQ(-ESRCH, ret);
		target_end(&t);
		ASSERT_EQ(-ESRCH, ask(&f, &q));
		close_fds(&f);
	}
	printf("# %u answers of targets that were being killed\n", answers);
}

static bool has_the_ioctl(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool has = fd >= 0 && ioctl(fd, PROCMAP_QUERY, NULL) && errno != ENOTTY;

	if (fd >= 0)
		close(fd);
	return has;
}

int main(int argc, char **argv)
{
	/* the exec test's other self */
	if (argc == 2 && !strcmp(argv[1], "--wait"))
		return write(100, "", 1) != 1 || pause();
	stress_init(2, 5);
	kernel_has_it = has_the_ioctl("/proc/self/maps");
	if (ours_is_kernels && !kernel_has_it)
		skip_all("this kernel has no PROCMAP_QUERY (from 6.11 on)");
	if (!ours_is_kernels)
		module_for_all_tests();
	return test_harness_run(argc, argv);
}
