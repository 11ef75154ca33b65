/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shims for the differences between the kernels that vmainfo builds for. A shim
 * for a function of newer kernels has the newest kernel's name and meaning. All
 * others begin with "kcompat_".
 *
 * Distributions backport features, so a version does not tell what a kernel
 * has. Feature tests use its macros and types where possible. Otherwise Kbuild
 * defines KCOMPAT_HAS_* if a header has a certain line. The comments name the
 * version that introduced a feature, and no code depends on it. A feature test
 * that fails to detect a feature must break the build or cost only speed.
 */
#ifndef VMAINFO_KCOMPAT_H
#define VMAINFO_KCOMPAT_H

#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/version.h>

/* User-mode Linux sets CONFIG_X86_64 and has few of x86's headers. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#define KCOMPAT_X86_64
#endif

/* No feature test covers all that 5.10 introduced. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "vmainfo needs Linux 5.10 or later"
#endif

/* Renamed in 5.17. The test asks for the new name in linux/proc_fs.h. */
#ifndef KCOMPAT_HAS_PDE_DATA_LOWER
#define pde_data(inode) PDE_DATA(inode)
#endif

/*
 * file_open_root() took a dentry and a vfsmount before 5.12. The test asks for
 * its prototype with a path in linux/fs.h.
 */
#ifndef KCOMPAT_HAS_FILE_OPEN_ROOT_PATH
static inline struct file *kcompat_file_open_root(const struct path *root,
						  const char *name, int flags,
						  umode_t mode)
{
	return file_open_root(root->dentry, root->mnt, name, flags, mode);
}

#define file_open_root kcompat_file_open_root
#endif

/*
 * Excludes a variable from the initialization that CONFIG_INIT_STACK_ALL_ZERO
 * adds. The first versions of 5.10 do not have the macro.
 */
#ifndef __uninitialized
#define __uninitialized
#endif

/* Before 6.1 VMAs were in a list, and the macro VMA_ITERATOR did not exist. */
#ifndef VMA_ITERATOR
struct vma_iterator {
	struct vm_area_struct *vma;
};

static inline void vma_iter_init(struct vma_iterator *vmi, struct mm_struct *mm,
				 unsigned long addr)
{
	vmi->vma = find_vma(mm, addr);
}

static inline struct vm_area_struct *vma_next(struct vma_iterator *vmi)
{
	struct vm_area_struct *vma = vmi->vma;

	if (vma)
		vmi->vma = vma->vm_next;
	return vma;
}
#endif

/*
 * Whether fs/proc/task_mmu.c calls a VMA [heap]. Before 6.7 a VMA that only
 * touched the brk area was [heap], too. The tests ask for the comparison in
 * vma_is_initial_heap() in linux/mm.h. Kernels without that function have the
 * older comparison in task_mmu.c.
 */
#if defined(KCOMPAT_HAS_INITIAL_HEAP) && \
	defined(KCOMPAT_HAS_INITIAL_HEAP_OVERLAPS) == \
	defined(KCOMPAT_HAS_INITIAL_HEAP_TOUCHES)
#error "vma_is_initial_heap() has changed: adapt Kbuild and kcompat_is_initial_heap()"
#endif

static inline bool kcompat_is_initial_heap(unsigned long start,
					   unsigned long end,
					   unsigned long start_brk,
					   unsigned long brk)
{
#ifdef KCOMPAT_HAS_INITIAL_HEAP_OVERLAPS
	return start < brk && end > start_brk;
#else
	return start <= brk && end >= start_brk;
#endif
}

/*
 * The path and the inode that maps shows for a file. Before 6.7, vm_file of a
 * file on overlayfs was the real file, of either layer, with the path in the
 * overlay. The tests ask for the functions in linux/fs.h.
 */
#ifndef KCOMPAT_HAS_FILE_USER_PATH
static inline const struct path *file_user_path(const struct file *file)
{
	return &file->f_path;
}
#endif

#ifndef KCOMPAT_HAS_FILE_USER_INODE
static inline const struct inode *file_user_inode(const struct file *file)
{
	return file_inode(file);
}
#endif

/*
 * Whether a VMA has a name of prctl(PR_SET_VMA_ANON_NAME). From 5.17 to 6.1 the
 * field shared a union with @shared, a file's tree node, and is only valid
 * without a file. The compiler sees that the two have one offset. The pointer
 * is not dereferenced, so RCU is enough to call this.
 */
static inline bool kcompat_has_anon_name(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
	return (offsetof(struct vm_area_struct, anon_name) !=
		offsetof(struct vm_area_struct, shared) || !vma->vm_file) &&
	       READ_ONCE(vma->anon_name);
#else
	return false;
#endif
}

/*
 * That name, or NULL. The text is valid under mmap_lock only: the structure is
 * freed without RCU.
 */
static inline const char *kcompat_anon_name(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
	if (kcompat_has_anon_name(vma))
		return vma->anon_name->name;
#endif
	return NULL;
}

/*
 * The number that per-VMA locks compare with. It changes whenever mmap_lock is
 * taken for writing, so whenever VMAs are mapped, unmapped, moved or get other
 * permissions. Returns false and sets *@seq to 0 if the kernel has no such
 * number, or if the seqcount is odd, which means that a writer holds the lock.
 */
static inline bool kcompat_mm_seq(const struct mm_struct *mm, u64 *seq)
{
	*seq = 0;
#ifdef CONFIG_PER_VMA_LOCK
	/* It was an int, and is a seqcount, which begins with its number. */
	BUILD_BUG_ON(!__same_type(mm->mm_lock_seq, int) &&
		     !__same_type(mm->mm_lock_seq, seqcount_t));
	BUILD_BUG_ON(offsetof(seqcount_t, sequence));
	*seq = READ_ONCE(*(const unsigned int *)&mm->mm_lock_seq);
	if (__same_type(mm->mm_lock_seq, int) || !(*seq & 1))
		return true;
	*seq = 0;
#endif
	return false;
}

/*
 * The number of pages that /proc/PID/status shows. The function is new in 6.16
 * and was backported, so Kbuild looks for it in linux/mm.h. On kernels without
 * it, status shows get_mm_counter().
 */
#ifndef KCOMPAT_HAS_MM_COUNTER_SUM
static inline unsigned long get_mm_counter_sum(struct mm_struct *mm, int member)
{
	return get_mm_counter(mm, member);
}
#endif

/*
 * Whether a writer waits for mmap_lock or has it. On PREEMPT_RT, a writer first
 * owns the rtmutex of the lock, and then waits until there are no readers.
 * rwsem_is_contended() overlooks it from the moment when the last reader wakes
 * it until it runs, and readers can take the lock again meanwhile.
 */
static inline bool kcompat_mmap_lock_is_contended(struct mm_struct *mm)
{
#if defined(CONFIG_PREEMPT_RT) && defined(KCOMPAT_HAS_RTMUTEX_BASE)
	return rt_mutex_base_is_locked(&mm->mmap_lock.rwbase.rtmutex);
#else
	return mmap_lock_is_contended(mm);
#endif
}

/* find_ge_pid(), which is not exported on all kernels. Called under RCU. */
static inline struct pid *kcompat_find_ge_pid(int nr, struct pid_namespace *ns)
{
	return idr_get_next(&ns->idr, &nr);
}

/*
 * A VMA's own policy, or NULL. A policy is replaced with mmap_lock held for
 * writing only. Where it can be read without the lock, it is freed by RCU.
 */
static inline const struct mempolicy *kcompat_vma_own_policy(const struct vm_area_struct *vma)
{
#ifdef CONFIG_NUMA
	return READ_ONCE(vma->vm_policy);
#else
	return NULL;
#endif
}

/*
 * The MPOL_* mode of a VMA's own policy plus 1, 0 without a policy. Before 5.14
 * "local" was MPOL_PREFERRED with a flag, and the macro of the flag existed.
 */
static inline u8 kcompat_vma_policy(const struct vm_area_struct *vma)
{
#ifdef CONFIG_NUMA
	const struct mempolicy *pol = kcompat_vma_own_policy(vma);

#ifdef MPOL_F_LOCAL
	if (pol && pol->mode == MPOL_PREFERRED && (pol->flags & MPOL_F_LOCAL))
		return MPOL_LOCAL + 1;
#endif
	if (pol)
		return pol->mode + 1;
#endif
	return 0;
}

/*
 * Whether maps shows the gate page for this mm, if the kernel has one. On x86
 * that is get_gate_vma() in arch/x86/entry/vsyscall/vsyscall_64.c without
 * vsyscall_mode, which is not exported.
 *
 * 5.11 replaced the field ia32_compat by a flag in context.flags. 6.4 replaced
 * the flag's mask by a bit number, and made context.flags an unsigned long.
 */
static inline bool kcompat_mm_has_gate(const struct mm_struct *mm)
{
#ifndef __HAVE_ARCH_GATE_AREA
	return false;
#elif defined(KCOMPAT_X86_64) && defined(CONFIG_COMPAT)
#ifdef MM_CONTEXT_HAS_VSYSCALL
	const unsigned long mask = __same_type(mm->context.flags, unsigned long) ?
		BIT(MM_CONTEXT_HAS_VSYSCALL) : MM_CONTEXT_HAS_VSYSCALL;

	return READ_ONCE(mm->context.flags) & mask;
#else
	return !mm->context.ia32_compat;
#endif
#else
	return true;
#endif
}

/* The flags of the gate page that maps does not show: 32-bit ARM has these. */
#ifdef CONFIG_X86
#define KCOMPAT_GATE_FLAGS VM_NONE
#else
#define KCOMPAT_GATE_FLAGS (VM_MAYREAD | VM_MAYEXEC)
#endif

/*
 * Flags that only some kernels have. No VMA has a flag with mask 0. A flag that
 * exists but is not a macro would get that mask too and never be shown. Kbuild
 * finds such a flag in linux/mm.h and linux/mm_types.h.
 */
#ifdef KCOMPAT_LOST_FLAG
static_assert(false, __stringify(KCOMPAT_LOST_FLAG)
	      " is not a macro on this kernel: adapt Kbuild and kcompat.h");
#endif
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

/*
 * smaps has letters for VM_LOCKONFAULT since 6.11. They are in
 * fs/proc/task_mmu.c, which no headers package has. The test asks for
 * PROCMAP_QUERY in uapi/linux/fs.h, which came with the same version.
 */
#ifdef KCOMPAT_HAS_PROCMAP_QUERY
#define KCOMPAT_VM_LOCKONFAULT VM_LOCKONFAULT
#else
#define KCOMPAT_VM_LOCKONFAULT VM_NONE
#endif

#endif /* VMAINFO_KCOMPAT_H */
