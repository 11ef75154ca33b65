/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernel versions that vmainfo builds for, and
 * nothing else. Everything here either has the name and the meaning that the
 * newest kernel gives it, or begins with "compat_".
 */
#ifndef VMAINFO_COMPAT_H
#define VMAINFO_COMPAT_H

#include <linux/fs.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "vmainfo needs Linux 5.10 or later"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define pde_data(inode) PDE_DATA(inode)
#endif

/**
 * struct compat_vma_iter - a walk over the VMAs of one mm, in address order
 *
 * Valid only as long as the mm's mmap_lock is held without a break.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
struct compat_vma_iter {
	struct vma_iterator vmi;
};

/* The first VMA that ends above @addr, or NULL. */
static inline struct vm_area_struct *
compat_vma_first(struct compat_vma_iter *it, struct mm_struct *mm,
		 unsigned long addr)
{
	vma_iter_init(&it->vmi, mm, addr);
	return vma_next(&it->vmi);
}

static inline struct vm_area_struct *
compat_vma_next(struct compat_vma_iter *it)
{
	return vma_next(&it->vmi);
}
#else
struct compat_vma_iter {
	struct vm_area_struct *vma;
};

static inline struct vm_area_struct *
compat_vma_first(struct compat_vma_iter *it, struct mm_struct *mm,
		 unsigned long addr)
{
	it->vma = find_vma(mm, addr);
	return it->vma;
}

static inline struct vm_area_struct *
compat_vma_next(struct compat_vma_iter *it)
{
	it->vma = it->vma->vm_next;
	return it->vma;
}
#endif

/*
 * [heap] and [stack] as fs/proc/task_mmu.c tells them, which changed its mind
 * about a VMA that merely touches the brk area in 6.6.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline bool vma_is_initial_heap(const struct vm_area_struct *vma)
{
	return vma->vm_start <= vma->vm_mm->brk &&
	       vma->vm_end >= vma->vm_mm->start_brk;
}

static inline bool vma_is_initial_stack(const struct vm_area_struct *vma)
{
	return vma->vm_start <= vma->vm_mm->start_stack &&
	       vma->vm_end >= vma->vm_mm->start_stack;
}
#endif

/*
 * The path and the inode that maps shows for a file. On overlayfs they became
 * those of the overlay in 6.7; before, vm_file was the file below it with the
 * path of the one above.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline const struct path *file_user_path(const struct file *file)
{
	return &file->f_path;
}

static inline const struct inode *file_user_inode(const struct file *file)
{
	return file_inode(file);
}
#endif

/*
 * The name that prctl(PR_SET_VMA_ANON_NAME) gave, or NULL. Valid under
 * mmap_lock only: the structure is freed without RCU, and its put function is
 * not exported. Up to 6.1 the field shared a union with the file's tree node.
 */
static inline const char *compat_anon_name(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	if (vma->vm_file)
		return NULL;
#endif
	if (vma->anon_name)
		return vma->anon_name->name;
#endif
	return NULL;
}

/*
 * A number that changes whenever an mm was locked for writing, and so whenever VMAs come,
 * go, move or change their rights. It is what the per-VMA locks compare with; false where
 * there are none.
 */
static inline bool compat_mm_seq(const struct mm_struct *mm, u64 *seq)
{
#ifdef CONFIG_PER_VMA_LOCK
	/* An int became a seqcount of the same name, which begins with its number. */
	BUILD_BUG_ON(!__same_type(mm->mm_lock_seq, int) &&
		     !__same_type(mm->mm_lock_seq, seqcount_t));
	BUILD_BUG_ON(offsetof(seqcount_t, sequence));
	*seq = READ_ONCE(*(const unsigned int *)&mm->mm_lock_seq);
	return true;
#else
	*seq = 0;
	return false;
#endif
}

/*
 * Keeps a task from an exec, where there is a compat_mm_seq() that an exec would spoil;
 * false if one is under way. exec_mmap() takes this lock before it changes the mm, and it is
 * held until the task has its new self_exec_id. Alive as long as the task is.
 */
static inline bool compat_exec_trylock(struct task_struct *task)
{
#ifdef CONFIG_PER_VMA_LOCK
	return down_read_trylock(&task->signal->exec_update_lock);
#else
	return false;
#endif
}

static inline void compat_exec_unlock(struct task_struct *task)
{
#ifdef CONFIG_PER_VMA_LOCK
	up_read(&task->signal->exec_update_lock);
#endif
}

/* The MPOL_* mode of a policy; 5.14 gave "local" a mode of its own. */
#ifdef CONFIG_NUMA
static inline unsigned int compat_mpol_mode(const struct mempolicy *pol)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
	if (pol->mode == MPOL_PREFERRED && (pol->flags & MPOL_F_LOCAL))
		return MPOL_LOCAL;
#endif
	return pol->mode;
}
#endif

/*
 * Whether maps shows the [vsyscall] page, if the kernel has one, for this mm:
 * get_gate_vma() in arch/x86/entry/vsyscall/vsyscall_64.c without the part
 * that modules cannot see (vsyscall_mode).
 */
static inline bool compat_mm_has_gate(const struct mm_struct *mm)
{
#if defined(CONFIG_X86_64) && defined(CONFIG_COMPAT)
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return test_bit(MM_CONTEXT_HAS_VSYSCALL, &mm->context.flags);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return mm->context.flags & MM_CONTEXT_HAS_VSYSCALL;
#else
	return !mm->context.ia32_compat;
#endif
#else
	return true;
#endif
}

/*
 * Flags that only some versions have: a mask of 0 is a flag that no VMA has.
 * In 6.11 smaps began to name VM_LOCKONFAULT, which had been there for long.
 */
#ifndef VM_DENYWRITE
#define VM_DENYWRITE VM_NONE
#endif
#ifndef VM_MAYBE_GUARD
#define VM_MAYBE_GUARD VM_NONE
#endif
#ifndef VM_UFFD_MINOR
#define VM_UFFD_MINOR VM_NONE
#endif
#ifndef VM_UFFD_RWP
#define VM_UFFD_RWP VM_NONE
#endif
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK VM_NONE
#endif
#ifndef VM_DROPPABLE
#define VM_DROPPABLE VM_NONE
#endif
#ifndef VM_SEALED
#define VM_SEALED VM_NONE
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define COMPAT_VM_LOCKONFAULT VM_LOCKONFAULT
#else
#define COMPAT_VM_LOCKONFAULT VM_NONE
#endif

#endif /* VMAINFO_COMPAT_H */
