/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernel versions that vmainfo builds for, and
 * nothing else. Everything here either has the name and the meaning that the
 * newest kernel gives it, or begins with "compat_".
 *
 * Distributions backport features, so the version of a kernel does not tell
 * what it has. Macros and types of the kernel tell, where there are such, and
 * COMPAT_HAS_* otherwise: Kbuild defines it if a header has a certain line.
 * The comments name the version of Linux that brought each feature; no code
 * depends on it. A test that misses a feature has to fail the build, or to cost
 * speed alone.
 */
#ifndef VMAINFO_COMPAT_H
#define VMAINFO_COMPAT_H

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mount.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

/* User-mode Linux sets CONFIG_X86_64 and has few of x86's headers. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#define COMPAT_X86_64
#endif

#ifdef COMPAT_X86_64
#include <asm/cpu_entry_area.h>
#include <asm/fixmap.h>
#ifdef CONFIG_KASAN
#include <asm/kasan.h>
#endif
#endif
#ifdef CONFIG_ARM64
#include <asm/fixmap.h>
#endif

/* Nothing that 5.10 brought stands for all of it. Older kernels are not tested. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "vmainfo needs Linux 5.10 or later"
#endif

/* 5.17 renamed it. Asks for the new name in linux/proc_fs.h. */
#ifndef COMPAT_HAS_PDE_DATA_LOWER
#define pde_data(inode) PDE_DATA(inode)
#endif

/*
 * Opens a file for reading: @name below the root of the procfs instance that @entry was opened
 * in. It is as an open() by the caller, with all checks of one. @entry keeps the instance, also
 * after an unmount.
 *
 * Whoever may mount in the reader's mount namespace can cover the file. A file of another mount
 * fails with EACCES, and a symbolic link with ELOOP: it would be followed from the root of this
 * procfs, back to any file of it. O_NONBLOCK keeps a FIFO from blocking the open.
 *
 * file_open_root() took a dentry and a vfsmount before 5.12. Asks for its prototype with a path
 * in linux/fs.h.
 */
static inline struct file *compat_open_in_procfs(const struct file *entry, const char *name)
{
	struct vfsmount *mnt = entry->f_path.mnt;
	struct dentry *root = mnt->mnt_sb->s_root;
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
	struct file *file;
#ifdef COMPAT_HAS_FILE_OPEN_ROOT_PATH
	const struct path path = { .mnt = mnt, .dentry = root };

	file = file_open_root(&path, name, flags, 0);
#else
	file = file_open_root(root, mnt, name, flags, 0);
#endif
	if (!IS_ERR(file) && file->f_path.mnt != mnt) {
		fput(file);
		return ERR_PTR(-EACCES);
	}
	return file;
}

/* How many VMAs are asked for at a time, at most. */
#define COMPAT_VMAS 16

/*
 * Since 6.8 ma_state says where a node ends, and has a status of its own. Asks for
 * enum maple_status in linux/maple_tree.h. look_ahead_init() tries whether it works.
 */
#ifdef COMPAT_HAS_MAPLE_STATUS
#define COMPAT_LOOKS_AHEAD 1
#else
#define COMPAT_LOOKS_AHEAD 0
#endif

/* Whether compat_vmas() looks ahead: when that was seen to work; see look_ahead_init(). */
static bool compat_look_ahead __ro_after_init __maybe_unused;

/*
 * struct compat_vma_iter - a walk over the VMAs of one mm, in address order. Valid only as
 * long as the mm's mmap_lock is held without a break, or, where there is
 * compat_speculate_begin(), RCU is.
 *
 * compat_vma_seek(): the next VMA shall be the first one that ends above @addr.
 *
 * compat_vmas(): the next VMAs, up to @max; 0 if there are none. @next is the end of the last
 * one that the caller has taken of those before.
 *
 * Since 6.1 VMAs are in a maple tree, and the macro VMA_ITERATOR declares a walk over it.
 */
#ifdef VMA_ITERATOR
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
 * Reads of VMAs with no lock, and the proof afterwards that nobody has changed them. It takes
 * per-VMA locks with a seqcount in the mm (6.13; asks for mmap_lock_speculate_try_begin() in
 * linux/mmap_lock.h), VMAs that are SLAB_TYPESAFE_BY_RCU (6.15; asks for vm_freeptr, which
 * such a VMA has, in linux/mm_types.h), and mempolicies that are freed by RCU (7.x; asks for
 * a struct rcu_head in linux/mempolicy.h).
 */
#if defined(CONFIG_PER_VMA_LOCK) && defined(COMPAT_HAS_SPECULATION) && \
	defined(COMPAT_HAS_VMA_FREEPTR) && defined(COMPAT_HAS_MEMPOLICY_RCU)
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
 * Whether fs/proc/task_mmu.c calls a VMA [heap]. Before 6.7 one that merely touches the brk
 * area was enough. Asks for the comparison in vma_is_initial_heap() in linux/mm.h, which is
 * in task_mmu.c itself, and of the older kind, where the header has no such function.
 */
#if defined(COMPAT_HAS_INITIAL_HEAP) && \
	defined(COMPAT_HAS_INITIAL_HEAP_OVERLAPS) == defined(COMPAT_HAS_INITIAL_HEAP_TOUCHES)
#error "vma_is_initial_heap() has changed: Kbuild and compat_is_initial_heap() have to follow"
#endif

static inline bool compat_is_initial_heap(unsigned long start, unsigned long end,
					  unsigned long start_brk, unsigned long brk)
{
#ifdef COMPAT_HAS_INITIAL_HEAP_OVERLAPS
	return start < brk && end > start_brk;
#else
	return start <= brk && end >= start_brk;
#endif
}

/*
 * The path and the inode that maps shows for a file. On overlayfs they became
 * those of the overlay in 6.7; before, vm_file was the file below it with the
 * path of the one above. Asks for the functions in linux/fs.h.
 */
#ifndef COMPAT_HAS_FILE_USER_PATH
static inline const struct path *file_user_path(const struct file *file)
{
	return &file->f_path;
}
#endif

#ifndef COMPAT_HAS_FILE_USER_INODE
static inline const struct inode *file_user_inode(const struct file *file)
{
	return file_inode(file);
}
#endif

/*
 * Whether anon_name is valid. From 5.17 to 6.1 the field shared a union with @shared, the
 * file's tree node; the compiler sees whether the two have one offset.
 */
static inline bool compat_anon_name_valid(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
	return offsetof(struct vm_area_struct, anon_name) !=
	       offsetof(struct vm_area_struct, shared) || !vma->vm_file;
#else
	return false;
#endif
}

/*
 * The name that prctl(PR_SET_VMA_ANON_NAME) gave, or NULL. Valid under
 * mmap_lock only: the structure is freed without RCU, and its put function is
 * not exported.
 */
static inline const char *compat_anon_name(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
	if (compat_anon_name_valid(vma) && vma->anon_name)
		return vma->anon_name->name;
#endif
	return NULL;
}

/* Whether it has such a name: of a VMA that may be under RCU only, a pointer to compare. */
static inline bool compat_has_anon_name(const struct vm_area_struct *vma)
{
#ifdef CONFIG_ANON_VMA_NAME
	return compat_anon_name_valid(vma) && READ_ONCE(vma->anon_name);
#else
	return false;
#endif
}

/*
 * A number that changes whenever an mm was locked for writing, and so whenever VMAs come,
 * go, move or change their rights. It is what the per-VMA locks compare with; false where
 * there are none, and while a seqcount is odd: VMAs are just being changed.
 */
static inline bool compat_mm_seq(const struct mm_struct *mm, u64 *seq)
{
#ifdef CONFIG_PER_VMA_LOCK
	/* An int became a seqcount of the same name, which begins with its number. */
	BUILD_BUG_ON(!__same_type(mm->mm_lock_seq, int) &&
		     !__same_type(mm->mm_lock_seq, seqcount_t));
	BUILD_BUG_ON(offsetof(seqcount_t, sequence));
	*seq = READ_ONCE(*(const unsigned int *)&mm->mm_lock_seq);
	return __same_type(mm->mm_lock_seq, int) || !(*seq & 1);
#else
	*seq = 0;
	return false;
#endif
}

/*
 * The first pid of a namespace whose number there is @nr or more, or NULL; under RCU. It is
 * what find_ge_pid() is on all kernels, which not all of them export.
 */
static inline struct pid *compat_find_ge_pid(int nr, struct pid_namespace *ns)
{
	return idr_get_next(&ns->idr, &nr);
}

/*
 * The MPOL_* mode of a policy. Before 5.14 "local" was MPOL_PREFERRED with a flag of its own,
 * whose macro went with it.
 */
#ifdef CONFIG_NUMA
static inline unsigned int compat_mpol_mode(const struct mempolicy *pol)
{
#ifdef MPOL_F_LOCAL
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
 *
 * 5.11 made a flag of a field of its own. 6.4 made a bit number of the mask, and a long of
 * the short that has the flags.
 */
static inline bool compat_mm_has_gate(const struct mm_struct *mm)
{
#if defined(COMPAT_X86_64) && defined(CONFIG_COMPAT)
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
#if defined(COMPAT_X86_64)
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

#if defined(COMPAT_X86_64) || defined(CONFIG_ARM64)
	const unsigned long direct = IS_ENABLED(CONFIG_ARM64) ? compat_kernel_start() :
				     PAGE_OFFSET;
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
#if defined(COMPAT_X86_64)
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
 * Flags that only some kernels have: a mask of 0 is a flag that no VMA has. A flag that is
 * there and is not a macro would get that mask as well, and never be shown. Kbuild finds such
 * a one in linux/mm.h and linux/mm_types.h.
 */
#ifdef COMPAT_LOST_FLAG
static_assert(false, __stringify(COMPAT_LOST_FLAG)
	      " is not a macro in this kernel: vmainfo has to find it in another way");
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
 * smaps did not name VM_LOCKONFAULT at first. The names are in fs/proc/task_mmu.c, which comes
 * with no headers. Asks for PROCMAP_QUERY in uapi/linux/fs.h, which 6.11 brought together with
 * this name.
 */
#ifdef COMPAT_HAS_PROCMAP_QUERY
#define COMPAT_VM_LOCKONFAULT VM_LOCKONFAULT
#else
#define COMPAT_VM_LOCKONFAULT VM_NONE
#endif

#endif /* VMAINFO_COMPAT_H */
