/* SPDX-License-Identifier: GPL-2.0 */
/* Finding a process by an argument, and counting the VMAs of all processes */
#ifndef PROCESS_H
#define PROCESS_H

#include "tool.h"

/*
 * Opens an entry of the module. Returns -1 with an errno that module_missing()
 * puts into words, if it is not loaded or there is no permission. Ends the program
 * on other errors.
 */
int module_open(const char *entry, int flags);
const char *module_missing(int err);

/* --oldest and --newest, and quiet_argp; with colour_argp */
extern const struct argp process_argp;
extern const struct argp_child process_children[];

/*
 * Finds the processes of an argument: a pid, or a name as with pgrep. That is
 * the content of /proc/PID/comm; if it has more than 15 characters, the base
 * name of the program or script. The caller frees @found. Returns their
 * number. If no process matches, this ends the program.
 */
size_t processes_find(const char *text, pid_t **found);

/* The same for one: ends the program, by process_too_many(), if there are several. */
pid_t process_find(const char *text);

/* Ends the program with an error that lists @pids. */
void process_too_many(const char *text, const pid_t *pids, size_t nr) __attribute__((noreturn));

/*
 * Sets @dir to the directory of procfs that shows a process' address space:
 * "/proc/PID", or "/proc/PID/task/TID" of the first thread that has VMAs if the
 * main thread has exited. That thread can exit, too; its maps are empty or fail
 * with ESRCH then, and callers try again, PROCESS_DIR_TRIES times in all.
 *
 * Returns false if no thread has VMAs or the process has exited. Returns true
 * also if the user may not know (hidepid).
 */
#define PROCESS_DIR 40
#define PROCESS_DIR_TRIES 5
bool process_dir(char dir[PROCESS_DIR], pid_t pid);

/* Adds DIR/WHAT, by bytes_read(). Returns 0 or an errno; ESRCH if the process has exited. */
int process_read(struct bytes *b, const char *dir, const char *what,
		 bool (*goes_on)(const struct bytes *b));

/* /proc/PID/comm; "?" if the process has exited. To be freed. */
char *process_comm(pid_t pid);

/* When a process started, in clock ticks since the boot; 0 if it has exited */
uint64_t process_start(pid_t pid);

/* CPU time of this program, in user space and in the kernel */
uint64_t cpu_time_ns(void);

/* Sizes of a process: columns of the module's "procs", and a sum of some of them */
enum proc_size {
	PROC_TOTAL,
	PROC_DATA,	/* private, writable, no stack */
	PROC_STACK,
	PROC_EXEC,	/* executable, not writable */
	PROC_LOCKED,
	PROC_PINNED,
	PROC_RSS_ANON,
	PROC_RSS_FILE,
	PROC_RSS_SHMEM,
	PROC_SWAP,
	PROC_COLUMNS,
	PROC_RSS = PROC_COLUMNS,	/* the sum of the three */
	PROC_SIZES
};

/* A line of "procs" */
struct proc {
	pid_t pid;
	uint64_t vmas;
	uint64_t kb[PROC_SIZES];
	char comm[68];		/* with the kernel's escapes */
};

/* Its comm without these escapes, and that printable(); to be freed */
char *proc_name(const struct proc *task);
char *proc_printable(const struct proc *task);

/* All processes that have an address space, in pid order */
struct procs {
	struct proc *procs;
	size_t nr;
	bool from_maps;		/* counted from /proc/PID/maps, without the module */
	int why;		/* errno of why the module was not asked */
	size_t unreadable;	/* processes of other users, which could not be counted */
	uint64_t cpu_ns;	/* CPU time that this took */
};

/*
 * Reads all processes, or ends the program. @t can be what an earlier call has set.
 * procs_read_module() only asks the module. It returns 0 or the errno of module_open().
 */
void procs_read(struct procs *t);
int procs_read_module(struct procs *t);
void procs_free(struct procs *t);
/* A sentence of why they are from maps, and what that cost. To be freed. */
char *procs_cost(const struct procs *t);

/* Reads vm.max_map_count, or ends the program. */
uint64_t max_map_count(void);

#endif /* PROCESS_H */
