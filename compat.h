/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernel versions that vmainfo builds for, and
 * nothing else. Everything here either has the name and the meaning that the
 * newest kernel gives it, or begins with "compat_".
 */
#ifndef VMAINFO_COMPAT_H
#define VMAINFO_COMPAT_H

#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

#ifdef CONFIG_X86_64
#include <asm/cpu_entry_area.h>
#include <asm/fixmap.h>
#ifdef CONFIG_KASAN
#include <asm/kasan.h>
#endif
#endif
#ifdef CONFIG_ARM64
#include <asm/fixmap.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "vmainfo needs Linux 5.10 or later"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define pde_data(inode) PDE_DATA(inode)
#endif

/* How many VMAs are asked for at a time, at most. */
#define COMPAT_VMAS 16

/*
 * struct compat_vma_iter - a walk over the VMAs of one mm, in address order. Valid only as
 * long as the mm's mmap_lock is held without a break, or, where there is
 * compat_speculate_begin(), RCU is.
 *
 * compat_vma_seek(): the next VMA shall be the first one that ends above @addr.
 *
 * compat_vmas(): the next VMAs, up to @max; 0 if there are none. @next is the end of the last
 * one that the caller has taken of those before.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
/* From then on ma_state says where a node ends. */
#define COMPAT_LOOKS_AHEAD 1
#else
#define COMPAT_LOOKS_AHEAD 0
#endif

/* Whether compat_vmas() looks ahead: when that was seen to work; see look_ahead_init(). */
static bool compat_look_ahead __ro_after_init __maybe_unused;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
struct compat_vma_iter {
	struct vma_iterator vmi;
};

static inline void compat_vma_seek(struct compat_vma_iter *it, struct mm_struct *mm,
				   unsigned long addr)
{
	vma_iter_init(&it->vmi, mm, addr);
}

#if COMPAT_LOOKS_AHEAD
/*
 * All VMAs of the leaf of the maple tree that has @next: from one to the next it is a few
 * instructions, and a hundred with vma_next(). linux/maple_tree.h says what a node is:
 * 256-byte aligned, with other things in the low bits of a pointer to it; and that one which
 * was taken out of the tree is its own parent, and not to be relied on from then on.
 * mas_walk() does not return with such a one.
 */
static inline unsigned int compat_leaf_vmas(struct ma_state *mas, unsigned long next,
					    struct vm_area_struct **vmas, unsigned int max)
{
	const struct maple_node *leaf;
	unsigned int n, slot;
	void *entry;

	for (;;) {
		mas_set(mas, next);
		entry = mas_walk(mas);
		if (mas->status != ma_active)
			return 0; /* a tree without nodes: no VMAs */
		leaf = (void *)((unsigned long)mas->node & ~MAPLE_NODE_MASK);
		n = 0;
		for (slot = mas->offset; slot <= mas->end && n < max; slot++) {
			vmas[n] = rcu_dereference_raw(leaf->mr64.slot[slot]);
			n += vmas[n] ? 1 : 0; /* else a gap */
		}
		smp_rmb(); /* the slots, then the parent: as ma_dead_node() in lib/maple_tree.c */
		if (((unsigned long)READ_ONCE(leaf->parent) & ~MAPLE_NODE_MASK) ==
		    (unsigned long)leaf) {
			if (!entry)
				continue;
			vmas[0] = entry;
			n = 1;
		}
		if (n || mas->max == ULONG_MAX)
			return n;
		next = mas->max + 1; /* a gap up to the end of the leaf */
	}
}
#endif

static inline unsigned int compat_vmas(struct compat_vma_iter *it, unsigned long next,
				       struct vm_area_struct **vmas, unsigned int max)
{
	unsigned int n;

#if COMPAT_LOOKS_AHEAD
	if (compat_look_ahead)
		return compat_leaf_vmas(&it->vmi.mas, next, vmas, max);
#endif
	for (n = 0; n < max; n++) {
		vmas[n] = vma_next(&it->vmi);
		if (!vmas[n])
			break;
	}
	return n;
}
#else
struct compat_vma_iter {
	struct vm_area_struct *next;
};

static inline void compat_vma_seek(struct compat_vma_iter *it, struct mm_struct *mm,
				   unsigned long addr)
{
	it->next = find_vma(mm, addr);
}

static inline unsigned int compat_vmas(struct compat_vma_iter *it, unsigned long next,
				       struct vm_area_struct **vmas, unsigned int max)
{
	unsigned int n;

	for (n = 0; n < max && it->next; n++) {
		vmas[n] = it->next;
		it->next = it->next->vm_next;
	}
	return n;
}
#endif

/*
 * Reading VMAs with no lock, and proof afterwards that nobody has changed them. It takes a
 * seqcount in the mm, VMAs whose memory stays VMAs, and mempolicies that are freed by RCU,
 * which came last.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0) && defined(CONFIG_PER_VMA_LOCK)
#define COMPAT_SPECULATES 1

/* False if somebody has the mmap_lock for writing; then there is nothing to retry. */
static inline bool compat_speculate_begin(struct mm_struct *mm, unsigned int *seq)
{
	return mmap_lock_speculate_try_begin(mm, seq);
}

/* Whether somebody had it since. */
static inline bool compat_speculate_retry(struct mm_struct *mm, unsigned int seq)
{
	return mmap_lock_speculate_retry(mm, seq);
}

/*
 * A reference to the file of a VMA that is under RCU only, or NULL. Not get_file_rcu(), which
 * tries until the pointer is changed: that of a VMA which is freed never is.
 */
static inline struct file *compat_get_file_active(struct vm_area_struct *vma)
{
	return get_file_active(&vma->vm_file);
}
#else
#define COMPAT_SPECULATES 0

static inline bool compat_speculate_begin(struct mm_struct *mm, unsigned int *seq)
{
	return false;
}

static inline bool compat_speculate_retry(struct mm_struct *mm, unsigned int seq)
{
	return true;
}

static inline struct file *compat_get_file_active(struct vm_area_struct *vma)
{
	return NULL;
}
#endif

/*
 * Whether fs/proc/task_mmu.c calls a VMA [heap]: it changed its mind about one that merely
 * touches the brk area in 6.6.
 */
static inline bool compat_is_initial_heap(unsigned long start, unsigned long end,
					  unsigned long start_brk, unsigned long brk)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return start < brk && end > start_brk;
#else
	return start <= brk && end >= start_brk;
#endif
}

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

/* Whether it has such a name: of a VMA that may be under RCU only, a pointer to compare. */
static inline bool compat_has_anon_name(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	if (vma->vm_file)
		return false;
#endif
	return READ_ONCE(vma->anon_name);
#else
	return false;
#endif
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

/*
 * The first pid of a namespace whose number there is @nr or more, or NULL; under RCU. 5.10
 * does not export find_ge_pid(), which is this on all kernels.
 */
static inline struct pid *compat_find_ge_pid(int nr, struct pid_namespace *ns)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
	return find_ge_pid(nr, ns);
#else
	return idr_get_next(&ns->idr, &nr);
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
 * The kernel's part of the address space, as far as headers and exported symbols tell.
 *
 * compat_kernel_start(): its lowest address, 0 where that is not known.
 *
 * compat_kernel_regions(): its regions in any order, and how many; one whose end is not above
 * its start is none. x86 has Documentation/arch/x86/x86_64/mm.rst on them, arm64
 * Documentation/arch/arm64/memory.rst.
 */
struct compat_kernel_region {
	const char *name;
	unsigned long start;
	unsigned long end;
};

#define COMPAT_KERNEL_REGIONS 8

static inline unsigned int
compat_kernel_region_add(struct compat_kernel_region *regions, unsigned int n,
			 const char *name, unsigned long start, unsigned long end)
{
	regions[n].name = name;
	regions[n].start = start;
	regions[n].end = end;
	return n + 1;
}

static inline unsigned long compat_kernel_start(void)
{
#if defined(CONFIG_X86_64)
	return -(1UL << __VIRTUAL_MASK_SHIFT);
#elif defined(CONFIG_ARM64)
	/* Not PAGE_OFFSET: that is what it is with the longest addresses that the kernel knows. */
	return _PAGE_OFFSET(vabits_actual);
#else
	return 0;
#endif
}

static inline unsigned int compat_kernel_regions(struct compat_kernel_region *regions)
{
	unsigned int n = 0;

#if defined(CONFIG_X86_64) || defined(CONFIG_ARM64)
	const unsigned long direct = IS_ENABLED(CONFIG_X86_64) ? PAGE_OFFSET :
				     compat_kernel_start();
#ifdef CONFIG_SPARSEMEM_VMEMMAP
	const struct page *last = virt_to_page(high_memory - 1);
#endif

	/* Up to the end of memory, of which more can be added while the kernel runs. */
	n = compat_kernel_region_add(regions, n, "DirectMap", direct,
				     (unsigned long)high_memory);
#ifdef CONFIG_SPARSEMEM_VMEMMAP
	n = compat_kernel_region_add(regions, n, "Vmemmap",
				     (unsigned long)virt_to_page((void *)direct),
				     PAGE_ALIGN((unsigned long)(last + 1)));
#endif
#endif
#if defined(CONFIG_X86_64)
	/* There, it is the last address that is called the end. */
	n = compat_kernel_region_add(regions, n, "Vmalloc", VMALLOC_START, VMALLOC_END + 1);
#ifdef CONFIG_KASAN
	n = compat_kernel_region_add(regions, n, "Kasan", KASAN_SHADOW_START, KASAN_SHADOW_END);
#endif
	n = compat_kernel_region_add(regions, n, "CpuEntry", CPU_ENTRY_AREA_BASE,
				     CPU_ENTRY_AREA_BASE + CPU_ENTRY_AREA_MAP_SIZE);
	n = compat_kernel_region_add(regions, n, "Image", __START_KERNEL_map,
				     __START_KERNEL_map + KERNEL_IMAGE_SIZE);
	n = compat_kernel_region_add(regions, n, "Modules", MODULES_VADDR, MODULES_END);
	/* Its first slot is at FIXADDR_TOP, the others below. */
	n = compat_kernel_region_add(regions, n, "Fixmap",
				     __fix_to_virt(__end_of_permanent_fixed_addresses - 1),
				     __fix_to_virt(0) + PAGE_SIZE);
#elif defined(CONFIG_ARM64)
	/*
	 * The image and the modules are somewhere in there, if the kernel was put at a random
	 * address: not from MODULES_VADDR on. Where KASAN's shadow is, is not for modules.
	 */
	n = compat_kernel_region_add(regions, n, "Vmalloc", VMALLOC_START, VMALLOC_END);
	n = compat_kernel_region_add(regions, n, "PciIo", PCI_IO_START, PCI_IO_END);
	n = compat_kernel_region_add(regions, n, "Fixmap", FIXADDR_START, FIXADDR_TOP);
#endif
	return n;
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
