// SPDX-License-Identifier: GPL-2.0
/*
 * Loads the BPF program of task_vma.bpf.c, and starts it. The build makes
 * task_vma.lskel.h of it, which needs no library: the kernel itself fits the
 * program to its types.
 */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "task_vma.h"
#include "task_vma.lskel.h"

static struct task_vma_bpf *loaded;

/* A link to the iterator that walks one process only: E2BIG before Linux 6.1 */
static int attach(int pid)
{
	union bpf_iter_link_info process = {};
	union bpf_attr attr = {};

	/* Not by task.tid: 6.1 to 7.3 repeat the last VMAs for ever. */
	process.task.pid = pid;
	attr.link_create.prog_fd = loaded->progs.task_vma.prog_fd;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = (unsigned long)&process;
	attr.link_create.iter_info_len = sizeof(process);
	return skel_sys_bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

int task_vma_open(void)
{
	int link;

	if (loaded)
		return 0;
	loaded = task_vma_bpf__open();
	if (!loaded)
		return -1;
	if (!task_vma_bpf__load(loaded)) {
		link = attach(getpid());
		if (link >= 0) {
			close(link);
			return 0;
		}
	}
	task_vma_bpf__destroy(loaded);
	loaded = NULL;
	return -1;
}

int task_vma_iter(int pid)
{
	union bpf_attr attr = {};
	int link = attach(pid), fd;

	if (link < 0)
		return -1;
	attr.iter_create.link_fd = link;
	fd = skel_sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
	close(link); /* fd does without */
	return fd;
}
