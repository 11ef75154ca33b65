/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of bench share. */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../vmainfo.h"
#include "task_vma.h"

/* Says what failed, and why, and ends the program. */
void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

uint64_t now_ns(void);

/*
 * Starts a process that calls map(n), waits until that is done, and lets it go on with
 * then(), if that is not NULL.
 */
pid_t start(void (*map)(unsigned long n), unsigned long n, void (*then)(void));
void stop(pid_t pid);

#endif
