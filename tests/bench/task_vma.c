// SPDX-License-Identifier: GPL-2.0
/*
 * Loads the BPF program of task_vma.bpf.c, and starts it. The build makes task_vma.lskel.h
 * of it, which needs no library: the kernel itself fits the program to its types.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "task_vma.h"
#include "task_vma.lskel.h"

#define BTF_FILE "/sys/kernel/btf/vmlinux"

static struct task_vma_bpf *loaded;
static char message[256];

static int __attribute__((format(printf, 2, 3))) fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return -error;
}

const char *task_vma_error(void)
{
	return message;
}

/* What the kernel answers to a load is too coarse to be shown to anybody. */
static int load_failed(int error)
{
	if (error == ENOSYS)
		return fail(error, "this kernel has no bpf() (CONFIG_BPF_SYSCALL)");
	if (error == EPERM)
		return fail(error, "no right to load a BPF program (CAP_BPF and CAP_PERFMON)");
	if (access(BTF_FILE, R_OK))
		return fail(error, "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF): %s: %s",
			    BTF_FILE, strerror(errno));
	return fail(error, "the BPF program does not load, Linux 6.1 or later is wanted: %s",
		    strerror(error));
}

/* A link to the iterator that walks one process only */
static int attach(int pid)
{
	union bpf_iter_link_info process = {};
	union bpf_attr attr = {};
	int link;

	/* Not by task.tid, with which 6.1 to 7.3 give the last VMAs again, without end. */
	process.task.pid = pid;
	attr.link_create.prog_fd = loaded->progs.task_vma.prog_fd;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = (unsigned long)&process;
	attr.link_create.iter_info_len = sizeof(process);
	link = skel_sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
	if (link >= 0)
		return link;
	if (errno == E2BIG)
		return fail(errno, "this kernel's task_vma iterator walks all processes, not one (from 6.1 on)");
	return fail(errno, "the task_vma iterator does not attach: %s", strerror(errno));
}

int task_vma_open(void)
{
	int error, link;

	if (loaded)
		return 0;
	loaded = task_vma_bpf__open();
	if (!loaded)
		return fail(ENOMEM, "no memory for the BPF program");
	error = task_vma_bpf__load(loaded);
	if (error) {
		error = load_failed(-error);
	} else {
		link = attach(getpid());
		if (link < 0)
			error = link;
		else
			close(link);
	}
	if (error) {
		task_vma_bpf__destroy(loaded);
		loaded = NULL;
	}
	return error;
}

int task_vma_iter(int pid)
{
	union bpf_attr attr = {};
	int link, fd;

	if (!loaded)
		return fail(EBADF, "the BPF program is not loaded");
	if (pid <= 0) /* 0 stands for all processes */
		return fail(EINVAL, "%d is no pid", pid);
	link = attach(pid);
	if (link < 0)
		return link;
	attr.iter_create.link_fd = link;
	fd = skel_sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		fd = fail(errno, "the task_vma iterator does not start: %s", strerror(errno));
	close(link); /* fd does without */
	return fd;
}
