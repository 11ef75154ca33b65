// SPDX-License-Identifier: GPL-2.0
/*
 * A library for LD_PRELOAD. Before a program opens /proc/PID/maps, it selects
 * that process by the parameter of the module, and mounts maps of the module
 * over that file. Some programs open it as soon as they have forked a child.
 */
#define _GNU_SOURCE
/* It would rename open() to open64(). Some programs call the one, some the other. */
#undef _FILE_OFFSET_BITS
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static void mount_maps(const char *path, int pid)
{
	int fd = syscall(SYS_openat, AT_FDCWD, "/sys/module/vmainfo/parameters/pid", O_WRONLY);

	if (fd < 0 || dprintf(fd, "%d", pid) < 0 || close(fd) ||
	    mount("/proc/vmainfo/maps", path, NULL, MS_BIND, NULL)) {
		perror("mount_maps.so");
		_exit(1);
	}
}

static int open_file(const char *path, int flags, mode_t mode)
{
	int pid, end = 0;

	if (sscanf(path, "/proc/%d/maps%n", &pid, &end) == 1 && end && !path[end])
		mount_maps(path, pid);
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* If the caller gives no mode, the kernel ignores what is in its place. */
#define OPEN(name)						\
int name(const char *path, int flags, ...)			\
{								\
	mode_t mode;						\
	va_list args;						\
								\
	va_start(args, flags);					\
	mode = va_arg(args, mode_t);				\
	va_end(args);						\
	return open_file(path, flags, mode);			\
}
OPEN(open)
OPEN(open64)
