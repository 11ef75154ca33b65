/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the C tests of vmainfo share: loading and unloading the module, reading
 * an entry, and target processes that do as they are told.
 *
 * A helper that fails says why and ends the test as failed.
 */
#ifndef UTIL_H
#define UTIL_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../vmainfo.h"

/* The page size of the kernel that the tests are built for: see the Makefile. */
#define PAGE ((unsigned long)PAGE_BYTES)

/*
 * Addresses that tests choose: n TiB, n * 4 GiB where user space has 512 GiB
 * only, and n * 16 MiB on 32-bit machines. FAR_SHIFT is in the Makefile.
 */
#define IS_64BIT (sizeof(long) == 8)
#define IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#define FAR(n) ((unsigned long)(n) << (IS_64BIT ? FAR_SHIFT : 24))

/* Missing in older headers */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PROC "/proc/vmainfo/"
#define PARAM "/sys/module/vmainfo/parameters/"

/* Says what failed and why (errno), and ends the process as failed. */
void __attribute__((format(printf, 1, 2), noreturn))
fatal(const char *fmt, ...);

/* Ends a child as failed, with a message, unless the condition is true. */
#define CHECK(condition) do {							\
	if (!(condition)) {							\
		fprintf(stderr, "# line %d: not so: %s\n", __LINE__, #condition); \
		_exit(1);							\
	}									\
} while (0)

/* What fatal() calls before it ends the process */
extern void (*on_fatal)(void);
void *get_memory(size_t size);
void *get_shared(size_t size);
uint64_t now_ns(void);

/* Prints a count that scripts/check sums up over all tests of a kernel. */
void figure(unsigned long long n, const char *what);

/* The module */

const char *module_file(void);

/* 0, or a negative errno */
int module_load(const char *params);

/* 0, or a negative errno */
int module_unload(void);

/*
 * Loads the module for as long as this program runs. Ends the program, as
 * skipped or failed, if that is not possible.
 */
void module_for_all_tests(void);

/* Files */

struct text {
	char *s;
	size_t len;
	size_t room;	/* of the buffer, if read_all() made it */
};

int open_or_die(const char *path, int flags);

/* Creates a file, or opens it, and gives it that size. */
int create_file(const char *path, off_t size);

/* Makes and enters n nested directories of that name, and removes them. */
void enter_dirs(const char *name, unsigned int n);
void leave_dirs(const char *name, unsigned int n);

/*
 * Appends the rest of a file to a buffer that is reused, by reads of at most
 * chunk bytes. Returns 0, or a negative errno.
 */
int read_all(int fd, struct text *t, size_t chunk);

/* All that is left of a file, or all of it from the start */
struct text slurp(int fd, size_t chunk);
struct text slurp_again(int fd);
struct text slurp_path(const char *path);
struct text slurp_proc(pid_t pid, const char *name);

/* A field of /proc/PID/stat, by its number in proc(5); from 3 on */
unsigned long long stat_field(pid_t pid, unsigned int nr);

/* MemAvailable of /proc/meminfo */
unsigned long available_kb(void);

/*
 * The same, with the free pages on per-CPU lists. MemAvailable lacks these,
 * and they can be a few percent of all memory.
 */
unsigned long unused_kb(void);

/* Whether at most 40 MB less is unused than before. Waits for it. */
bool memory_returned(unsigned long before);

/* The path of this program, and that of one beside it until the next call */
const char *own_path(void);
const char *beside(const char *name);

/* Cuts the first word off *s, and the spaces around it. */
char *next_word(char **s);
bool is_raw(struct text t);

/*
 * How many of the n bytes at s are the same as in a text from at on. The time
 * in the header of raw is ignored: no two snapshots have the same.
 */
size_t same_bytes(struct text t, size_t at, const char *s, size_t n);
bool same(struct text a, struct text b);

/* Is what is left of a file the rest of a text, from that byte on? */
bool rest_same(int fd, struct text t, size_t at);

/*
 * Goes through a text of raw: for (raw_first(&c, t); (r = raw_next(&c));). What
 * does not fit in the text, or breaks a rule of vmainfo.h, ends the loop with
 * an error.
 */
struct cursor {
	struct text text;
	const struct vmainfo_header *header;
	size_t at;			/* of the next record */
	unsigned int nr;		/* of the last one */
	const char *name, *ops;		/* of the last one, or NULL */
	const char *error;		/* or NULL */
};

bool raw_first(struct cursor *c, struct text t);
const struct vmainfo_record *raw_next(struct cursor *c);

/* The record that begins at an address, or NULL */
const struct vmainfo_record *raw_at(struct text t, const void *at);

/* What a system call has returned, or its negative errno */
long result_of(long ret);

/* 0, or a negative errno */
int write_string(int fd, const char *s);
int set_target(int fd, pid_t pid);
int try_open(const char *path, int flags);

/* Reads from the start. 0, or a negative errno */
int try_read(int fd);
int open_target(const char *entry, pid_t pid);

/* The text of an entry for a process */
struct text slurp_target(const char *entry, pid_t pid);

/* 0, or a negative errno */
int write_file(const char *path, const char *s);
int set_param(const char *name, const char *value);
int set_param_pid(pid_t pid);

/*
 * Is there a VMA that begins at p? In summary it has to be the first or the
 * last one of a row of less than 1 MiB beside the largest gap.
 */
bool shows(struct text t, const void *p);

/* Capabilities */

#define CAP_BIT(cap) (1ull << (cap))
#define ALL_CAPS (~0ull)

/* Leaves the capabilities in mask in the effective and permitted sets. */
void keep_caps(unsigned long long mask);

/* Processes that end with their parent */

pid_t fork_child(void);

/* Its exit status, or 128 + the signal that killed it */
int reap(pid_t pid);

/* Flushes stdout, and waits to be killed. */
_Noreturn void wait_for_ever(void);
pid_t sleeping_child(void);

/* Kills it, and fails if it has ended before. */
void end_child(pid_t pid);

/* Runs code in a child, and returns its exit status. */
#define IN_CHILD(...) ({						\
	pid_t child_pid = fork_child();					\
									\
	if (!child_pid) {						\
		__VA_ARGS__;						\
		_exit(0);						\
	}								\
	reap(child_pid);						\
})

/* Gives this process a mount namespace, in which its changes of mounts stay. */
void make_mounts_private(void);

/* Mounts the procfs of its pid namespace on /proc. */
void mount_procfs(void);

/* Is process 2 a kernel thread? Not in a container. */
bool has_kthreadd(void);

/* Runs the caller on the CPU with this number, modulo how many there are. */
void run_on_cpu(unsigned int nr);

/* Targets: processes that wait for one-letter commands and answer each. */

struct target {
	pid_t pid;
	int socket;	/* 0 before it starts and after it has ended */
};

/*
 * Waits for the answer as long as it takes, because a busy machine can be slow.
 * Says so every two minutes: a target that never answers waits for a lock that
 * is still held.
 */
void tell(struct target *t, char command);

/*
 * init() runs in the child before target_start() returns, command() for each
 * tell() of another command than these. Both may be NULL.
 */
void target_start(struct target *t, void (*init)(void),
		  void (*command)(char c));

/* Takes mmap_lock for writing, which waits for readers to release it. */
#define TARGET_MAP 'M'

/* Executes this program again, which answers, and obeys these commands only. */
#define TARGET_EXEC 'X'

/* A target with map_row(at, n) */
void target_start_row(struct target *t, void *at, unsigned int n);

/* For another thread, while the one that runs init() does not return */
void target_obey(void);

/* For main(): is this that program? It does not return then. */
void target_executed(int argc, char **argv);

/* Kills it. It is a zombie then, until target_end(). */
void target_kill(struct target *t);

/* Does nothing for a target that has not started, or was ended before. */
void target_end(struct target *t);

/* Starts a thread, or one that sleeps until its process ends. */
void start_thread(void *(*run)(void *arg), void *arg);
void start_sleeping_thread(void);

/* Ends the first thread of a target, and waits until it has dropped the mm. */
void tell_leader_to_exit(struct target *t);

/* A thread of a process that is not the leader */
pid_t other_thread(pid_t pid);

/*
 * Starts a file beside this one, which says something when it is ready, and
 * waits to be killed. Returns 0 if it does not run.
 */
pid_t program_start(const char *name, const char *argument, unsigned long persona,
		    unsigned long *said);
void *map_at(void *at, size_t size, int prot);
void *map_file(void *at, size_t size, int prot, int flags, int fd, off_t offset);

/* Then closes the file. */
void map_and_close(void *at, size_t size, int prot, int flags, int fd, off_t offset);

/* A row of n VMAs of a page each. Neighbours have different permissions. */
char *map_row(void *at, unsigned int n);

#endif
