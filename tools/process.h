/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes: which one is meant, and all of them with how much address space they have.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* --oldest and --newest, and quiet_argp: for commands that take a name */
extern const struct argp process_argp;

/**
 * processes_find() - which processes an argument names
 * @text: a pid, or a name as with pgrep: what /proc/PID/comm says; if it has more than 15
 *        characters, the last part of the path of the program or script that was started
 * @found: set to their pids, to be freed
 *
 * Return: how many: one with --oldest or --newest. Ends the program if there is none.
 */
size_t processes_find(const char *text, pid_t **found);

/*
 * The same for one: ends the program, by process_too_many(), if several have
 * that name.
 */
pid_t process_find(const char *text);

/*
 * Ends the program with an error that names them, and says how to choose one.
 */
void process_too_many(const char *text, const pid_t *pids, size_t nr) __attribute__((noreturn));

/**
 * process_dir() - the directory of procfs that shows a process' address space
 * @dir: "/proc/PID", or "/proc/PID/task/TID" of the first thread that has VMAs
 *       if the main thread has exited
 * @pid: the process
 *
 * The thread can exit before its maps are read, which then are empty or fail
 * with ESRCH. Callers try again, PROCESS_DIR_TRIES times in all.
 *
 * Return: false if no thread has VMAs, or the process has gone; @dir is
 * "/proc/PID" then. True also if the user may not know (hidepid).
 */
#define PROCESS_DIR 40
#define PROCESS_DIR_TRIES 5
bool process_dir(char dir[PROCESS_DIR], pid_t pid);

/* /proc/PID/comm, printable() with @flags; "?" if the process has exited. To be freed. */
char *process_comm(pid_t pid, unsigned int flags);

/**
 * struct proc - a process: a line of the module's "procs"
 * @pid: its number
 * @vmas: how many VMAs it has
 * @total_kb: of all of them
 * @data_kb: private, writable, no stack
 * @stack_kb: stack
 * @exec_kb: executable, not writable
 * @locked_kb: mlock()
 * @pinned_kb: pinned, as a device does
 * @comm: its name, as the kernel escapes it
 */
struct proc {
	pid_t pid;
	uint64_t vmas;
	uint64_t total_kb;
	uint64_t data_kb;
	uint64_t stack_kb;
	uint64_t exec_kb;
	uint64_t locked_kb;
	uint64_t pinned_kb;
	char comm[68];
};

/**
 * struct procs - all processes that have an address space
 * @procs: in pid order
 * @nr: how many
 * @from_maps: there was no module: /proc/PID/maps was counted, for each of them
 * @why: errno of why the module was not asked
 * @unreadable: how many could not be counted then, since they belong to others
 * @cpu_ns: the CPU time that it took to read them
 */
struct procs {
	struct proc *procs;
	size_t nr;
	bool from_maps;
	int why;
	size_t unreadable;
	uint64_t cpu_ns;
};

/* Reads all processes, or ends the program. To be called again and again with the same @t. */
void procs_read(struct procs *t);
void procs_free(struct procs *t);
/* Why they are from maps, and what that cost, as a sentence. To be freed. */
char *procs_cost(const struct procs *t);

/* How many VMAs a process may have: vm.max_map_count. Ends the program if it cannot be read. */
uint64_t max_map_count(void);

#endif /* PROCESS_H */
