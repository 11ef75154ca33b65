/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why the kernel does not merge two neighbouring VMAs: the rules of vma_merge()
 * and of what it calls, in mm/vma.c (mm/mmap.c before 6.12).
 *
 * The rules that differ between kernels:
 *
 * - All ignore VM_SOFTDIRTY. From 6.19 on they also ignore VM_MAYBE_GUARD.
 * - In kernels with vma_start_anon_pgoff(), a private mapping of a file has a
 *   second offset, for its anonymous pages, which must be contiguous, too.
 * - If only one VMA has an anon_vma, kernels before 6.13 merge the two when the
 *   other one changes, and later ones when either changes. So both count as
 *   mergeable.
 */
#ifndef VMAINFO_NOMERGE_H
#define VMAINFO_NOMERGE_H

#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/nodemask.h>

#include "kcompat.h"
#include "../vmainfo.h"

/*
 * VMA flags that may differ. In the newest kernels, the macro for them is a
 * vma_flags_t and not a number.
 */
#ifdef VMA_IGNORE_MERGE_FLAGS
#define NOMERGE_IGNORED_FLAGS (VM_SOFTDIRTY | VM_MAYBE_GUARD)
#elif defined(VM_IGNORE_MERGE)
#define NOMERGE_IGNORED_FLAGS VM_IGNORE_MERGE
#else
#define NOMERGE_IGNORED_FLAGS VM_SOFTDIRTY
#endif

#ifdef CONFIG_NUMA
/* The member with the nodes of a policy. Kbuild looks for its declaration. */
#ifdef KCOMPAT_HAS_MEMPOLICY_NODES
#define mempolicy_nodes nodes
#else
#define mempolicy_nodes v.nodes
#endif

/*
 * As __mpol_equal() in mm/mempolicy.c, which is not exported. The kernel
 * replaces policies only with mmap_lock held for writing. Where VMAs are read
 * without the lock, it frees policies by RCU.
 */
static inline bool mempolicy_equal(const struct mempolicy *a,
				   const struct mempolicy *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->mode != b->mode || a->flags != b->flags)
		return false;
#ifdef KCOMPAT_HAS_MEMPOLICY_HOME_NODE
	if (a->home_node != b->home_node)
		return false;
#endif
	if ((a->flags & MPOL_MODE_FLAGS) &&
	    /* A new cpuset changes the nodes, with mmap_lock held for writing. */
	    !data_race(nodes_equal(a->w.user_nodemask, b->w.user_nodemask)))
		return false;
	if (a->mode == MPOL_LOCAL)
		return true;
#ifdef MPOL_F_LOCAL
	if (a->mode == MPOL_PREFERRED)
		return (a->flags & MPOL_F_LOCAL) ||
		       a->v.preferred_node == b->v.preferred_node;
#endif
	/* As above */
	return data_race(nodes_equal(a->mempolicy_nodes, b->mempolicy_nodes));
}
#endif

static inline bool vma_policy_equal(const struct vm_area_struct *a,
				    const struct vm_area_struct *b)
{
#ifdef CONFIG_NUMA
	return mempolicy_equal(READ_ONCE(a->vm_policy), READ_ONCE(b->vm_policy));
#else
	return true;
#endif
}

static inline bool vma_uffd_equal(const struct vm_area_struct *a,
				  const struct vm_area_struct *b)
{
#ifdef CONFIG_USERFAULTFD
	return READ_ONCE(a->vm_userfaultfd_ctx.ctx) ==
	       READ_ONCE(b->vm_userfaultfd_ctx.ctx);
#else
	return true;
#endif
}

/*
 * @stable: the caller holds mmap_lock, so that names do not change. Without it a
 * name can be freed at any time, and is not dereferenced. A VMA that had a name
 * when the walk came to it is not read without the lock. If both have one now, a
 * writer has had the lock, and the walk is repeated.
 */
static inline bool vma_anon_name_equal(const struct vm_area_struct *a,
				       const struct vm_area_struct *b, bool stable)
{
#ifdef CONFIG_ANON_VMA_NAME
	const bool a_named = kcompat_has_anon_name(a);
	const bool b_named = kcompat_has_anon_name(b);

	if (!a_named && !b_named)
		return true;
	return stable && a_named && b_named &&
	       !strcmp(a->anon_name->name, b->anon_name->name);
#else
	return true;
#endif
}

/*
 * Whether fork() has linked a VMA to a further anon_vma: !list_is_singular(),
 * but false for an empty list. The list can change concurrently, so nothing on
 * it is dereferenced.
 */
static inline bool vma_anon_vma_shared(const struct vm_area_struct *vma)
{
	return READ_ONCE(vma->anon_vma_chain.next) !=
	       READ_ONCE(vma->anon_vma_chain.prev);
}

static inline bool vma_anon_vma_compatible(const struct vm_area_struct *a,
					   const struct vm_area_struct *b)
{
	const struct anon_vma *x = READ_ONCE(a->anon_vma);
	const struct anon_vma *y = READ_ONCE(b->anon_vma);

	if (x == y)
		return true;
	if (x && y)
		return false;
	return !vma_anon_vma_shared(x ? a : b);
}

#ifdef KCOMPAT_HAS_ANON_PGOFF
static inline pgoff_t vma_anon_pgoff(const struct vm_area_struct *vma)
{
	/* It reads two fields. If a writer changes one, the walk is repeated. */
	return data_race(vma_start_anon_pgoff(vma));
}
#endif

static inline bool vma_offset_contiguous(const struct vm_area_struct *prev,
					 const struct vm_area_struct *vma,
					 unsigned long pages)
{
	if (READ_ONCE(prev->vm_pgoff) + pages != READ_ONCE(vma->vm_pgoff))
		return false;
#ifdef KCOMPAT_HAS_ANON_PGOFF
	/* If a writer changes the flags, the walk is repeated. */
	if (READ_ONCE(vma->vm_file) && data_race(vma_is_cow_mapping(vma)))
		return vma_anon_pgoff(prev) + pages == vma_anon_pgoff(vma);
#endif
	return true;
}

/* Whether vma_offset_contiguous() compares two offsets */
#ifdef KCOMPAT_HAS_ANON_PGOFF
#define NOMERGE_TWO_OFFSETS 1
#else
#define NOMERGE_TWO_OFFSETS 0
#endif

/* VM_SPECIAL, which is no compile-time constant on the newest kernels */
#define NOMERGE_SPECIAL_FLAGS (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)

/* Flags of VMAs that are never merged, or that have a userfaultfd to compare */
#define NOMERGE_UNUSUAL_FLAGS \
	(NOMERGE_SPECIAL_FLAGS | VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR | \
	 VM_UFFD_RWP)

/*
 * Whether mremap() has moved a private mapping of a file with anonymous pages,
 * which keep their offset. A mapping without such pages has the offset of its
 * address.
 */
static __always_inline bool vma_anon_pages_moved(const struct vm_area_struct *vma)
{
#ifdef KCOMPAT_HAS_ANON_PGOFF
	return READ_ONCE(vma->anon_vma) && READ_ONCE(vma->vm_file) &&
	       vma_anon_pgoff(vma) != READ_ONCE(vma->vm_start) >> PAGE_SHIFT;
#else
	return false;
#endif
}

/*
 * vma_nomerge() and vma_nomerge_unusual() return why the kernel does not merge
 * @prev and @vma, which starts where @prev ends: VMAINFO_NOMERGE_*, or 0 if no
 * rule prevents it. @closes is whether the vm_ops of one of them have close().
 *
 * The caller holds mmap_lock, or rcu_read_lock(), which keeps the memory of
 * both VMAs. Under RCU these functions read numbers, policies, and pointers
 * that they only compare.
 */
static inline u8 vma_nomerge(const struct vm_area_struct *prev,
			     const struct vm_area_struct *vma, bool closes)
{
	const unsigned long prev_flags = READ_ONCE(prev->vm_flags);
	const unsigned long flags = READ_ONCE(vma->vm_flags);
	const unsigned long start = READ_ONCE(prev->vm_start);
	const unsigned long end = READ_ONCE(prev->vm_end);
	u8 nomerge = 0;

	if ((prev_flags ^ flags) & ~NOMERGE_IGNORED_FLAGS)
		nomerge |= VMAINFO_NOMERGE_FLAGS;
	if (closes || ((prev_flags | flags) & NOMERGE_SPECIAL_FLAGS))
		nomerge |= VMAINFO_NOMERGE_SPECIAL;
	if (READ_ONCE(prev->vm_file) != READ_ONCE(vma->vm_file))
		nomerge |= VMAINFO_NOMERGE_FILE;
	if (!vma_offset_contiguous(prev, vma, (end - start) >> PAGE_SHIFT))
		nomerge |= VMAINFO_NOMERGE_OFFSET;
	if (!vma_anon_vma_compatible(prev, vma))
		nomerge |= VMAINFO_NOMERGE_ANON_VMA;
	return nomerge;
}

static inline u8 vma_nomerge_unusual(const struct vm_area_struct *prev,
				     const struct vm_area_struct *vma, bool stable)
{
	u8 nomerge = 0;

	if (!vma_anon_name_equal(prev, vma, stable))
		nomerge |= VMAINFO_NOMERGE_NAME;
	if (!vma_policy_equal(prev, vma))
		nomerge |= VMAINFO_NOMERGE_POLICY;
	if (!vma_uffd_equal(prev, vma))
		nomerge |= VMAINFO_NOMERGE_UFFD;
	return nomerge;
}

#endif /* VMAINFO_NOMERGE_H */
