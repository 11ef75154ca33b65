// SPDX-License-Identifier: GPL-2.0
/*
 * What runs in the kernel: a record for each VMA that the iterator comes to.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "task_vma.h"

#define PAGE_SHIFT 12

/* What is used of the kernel's types. libbpf finds the offsets at load. */
#define __core __attribute__((preserve_access_index))

struct super_block {
	__u32 s_dev;
} __core;

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
} __core;

struct file {
	struct inode *f_inode;
} __core;

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
} __core;

struct bpf_iter_meta {
	struct seq_file *seq;
} __core;

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct vm_area_struct *vma;
} __core;

SEC("iter/task_vma")
int task_vma(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	struct task_vma_record record = {};
	struct inode *inode;
	struct file *file;

	if (!vma) /* the end */
		return 0;
	record.start = vma->vm_start;
	record.end = vma->vm_end;
	record.flags = vma->vm_flags;
	file = vma->vm_file;
	if (file) {
		record.offset = (__u64)vma->vm_pgoff << PAGE_SHIFT;
		inode = file->f_inode;
		record.ino = inode->i_ino;
		record.dev = inode->i_sb->s_dev;
	}
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

char _license[] SEC("license") = "GPL";
