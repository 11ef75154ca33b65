/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of PROCMAP_QUERY share.
 *
 * Each request is put into memory with known content. A model computes from
 * /proc/PID/smaps the expected content afterwards. A kernel that has the ioctl
 * itself gets each request as well, and has to leave the same content.
 */
#ifndef QUERY_H
#define QUERY_H

#include <assert.h>
#include <linux/elf.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/shm.h>

#include "stress.h"

static_assert(sizeof(struct procmap_query) == 104, "the structure");
static_assert(PROCMAP_QUERY == 0xc0686611, "the ioctl's number");

#define ANY PROCMAP_QUERY_COVERING_OR_NEXT_VMA
#define OF_FILE PROCMAP_QUERY_FILE_BACKED_VMA
#define PERMISSIONS 0x0f
#define VALID (PERMISSIONS | ANY | OF_FILE)

#define MIN_SIZE 24		/* up to and with query_addr: the least that is taken */
#define ID_MAX 20		/* the largest build ID */

extern bool kernel_has_it;
extern unsigned long asked;

/*
 * The memory of requests: areas with nothing around them, below 4 GiB so that a
 * 32-bit program could have it, and above the heap. That starts up to a gigabyte
 * above a static program, and on powerpc the program is at 256 MiB. All of it
 * can be written here at all_of_it, too.
 */
#define ARENA 0x70000000ul
#define REQUEST (ARENA + PAGE)
#define NAME (ARENA + 4 * PAGE)
#define ID (ARENA + 7 * PAGE)
#define READ_ONLY (ARENA + 9 * PAGE)
#define NOTHING ARENA
#define IMAGE (6 * PAGE)

extern char *all_of_it;
extern char image_before[IMAGE], image_expected[IMAGE];

/* The VMAs of a process, from procfs */

struct vma {
	const struct region *r;
	unsigned int permissions;	/* PROCMAP_QUERY_VMA_* */
	bool file;
	char *name;		/* or NULL */
	const unsigned char *id;
	unsigned int id_size;
};

struct world {
	unsigned int nr;
	struct vma *vmas;
};

struct fds {
	int ours;
	int kernels;	/* -1: not to be asked */
};

#define UNTOUCHED 0x5a

int new_memfd(const char *name);
void make_arena(void);

/* Where in an image an address of the arena is, or NULL for no access */
char *reach(char *image, __u64 at, __u64 size, bool write);
void know_id(const char *name, const void *id, unsigned int size);

struct world load_world(pid_t pid);
const struct vma *by_name(const struct world *w, const char *name);
const struct vma *model_find(const struct world *w, __u64 addr, __u64 flags);

/*
 * Does to an image of the arena what a request at that address does: 0, or a
 * negative errno. The order of the checks is part of the model. After EFAULT
 * the image may lack what was written before it.
 */
int model(const struct world *w, char *image, __u64 at);
struct fds open_fds(pid_t pid);

/* For a target that changes: the kernel's answer could be another one */
struct fds open_ours(pid_t pid);

/* 0, or a negative errno */
int call_ioctl(int fd, unsigned int cmd, __u64 at);

/* Same result? The content of the buffers after EFAULT is not specified. */
bool same_answer(int ret, const char *image, int expected_ret, const char *expected);
void print_answers(__u64 at, int ret, const char *image, const char *expected_from,
		   int expected_ret, const char *expected);

/*
 * Hands over the request at an address: 0, or a negative errno. The answer is
 * in the arena. The test is over if the kernel's own answer is another one.
 */
int ask_at(const struct fds *f, __u64 at);

/* The same for a target of the model: false if the answer is another one */
bool answers_as_modelled(const struct fds *f, const struct world *w, __u64 at, int *result);

/* The same for one request at REQUEST, in memory that is UNTOUCHED around it */
bool modelled(const struct fds *f, const struct world *w, const struct procmap_query *q);

/* A request with buffers of these sizes for name and build ID; 0: no buffer */
struct procmap_query request(const void *addr, __u64 flags, __u32 name, __u32 id);

/* One request; the answer in *q, the name and the ID where it said */
int ask(const struct fds *f, struct procmap_query *q);

/* A request like that of request(), and its answer */
int query(const struct fds *f, struct procmap_query *q, const void *addr, __u64 flags,
	  __u32 name, __u32 id);

/* Is an area unchanged from that offset on? */
bool untouched(unsigned long at, size_t from);
bool has_id(const struct fds *f, int fd, const void *id, unsigned int size);

/* Half of the requests ask for permissions, which few VMAs have. */
__u64 rnd_flags(struct rng *r);
extern int (*do_ioctl)(int fd, unsigned int cmd, __u64 at);

/* Constructed ELF files */

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

extern const unsigned char some_id[ID_MAX];

void set_field(struct elf *e, unsigned int which, __u64 value);
void add_note(struct elf *e, size_t at, __u32 type, const void *desc, __u32 size);
void add_phdr(struct elf *e, unsigned int nr, __u32 type, __u64 offset, __u64 size);

/* Two program headers, and two notes, of which the second one is a build ID */
struct elf new_elf(int class, size_t size);
void write_at(int fd, const void *data, size_t size, off_t at);

/* An open file of it; the memory is free again. */
int elf_file(struct elf *e, const char *name);

/* The target: VMAs of many kinds, some of them at known addresses */

#define PERMISSIONS_AT ((char *)FAR(0x20))	/* with all combinations of permissions */
#define FILES_AT ((char *)FAR(0x21))
#define MORE_AT ((char *)FAR(0x22))
#define HUGE_AT ((char *)FAR(0x23))

#ifdef __aarch64__
#define USER_END (1ul << 48)
#else
#define USER_END ((unsigned long)(IS_64BIT ? (1ull << 47) - PAGE : 0xc0000000))
#endif

/* On a tmpfs, or wherever /tmp is */
#define STRANGE "/tmp/strange\nname of query"
#define PLAIN "/tmp/query.plain"
#define DELETED "/tmp/query.deleted"

int new_file(const char *path);
void query_init(void);

/* The build ID of a program: linkers put it at the front. */
const char *id_in_file(const char *path);

/* For VMAINFO_TEST_MAIN() */
void query_begin(unsigned int stress_tests, unsigned int stress_percent);

#endif
