/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the VMAs of an mm are read: a leaf of the maple tree at a time, and without
 * mmap_lock. Only vmainfo.c can include this header, as it defines a variable.
 */
#ifndef VMAINFO_VMA_ITER_H
#define VMAINFO_VMA_ITER_H

#include <linux/cache.h>
#include <linux/mmap_lock.h>
#include <linux/prefetch.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "kcompat.h"

/* The most pointers that vma_cursor_read() returns */
#ifdef VMA_ITERATOR
#define VMA_LEAF_MAX MAPLE_RANGE64_SLOTS
#else
#define VMA_LEAF_MAX 16
#endif

/*
 * Set by leaf_lookahead_init() if the maple tree has the expected layout, and does
 * not change while mmap_lock is held for reading. Before lock_mm_and_find_vma()
 * (6.5, and updates of older kernels) a page fault that extended the stack
 * changed it, and its nodes were freed.
 */
static bool leaf_lookahead __ro_after_init __maybe_unused;
#ifndef KCOMPAT_HAS_STABLE_MAPLE_TREE
#define KCOMPAT_HAS_STABLE_MAPLE_TREE 0
#endif

/* The most internal nodes above a leaf that a cursor keeps */
#define VMA_PATH_MAX 16

/*
 * A position that moves up through the VMAs of an mm from leaf to leaf of its
 * maple tree. A step by vma_next() costs a hundred instructions, and one within
 * a leaf a few. A cursor is valid as long as mmap_lock is held without a break,
 * or with HAVE_MMAP_LOCK_SPECULATE within one RCU read-side critical section.
 *
 * linux/maple_tree.h defines the layout: nodes are 256-byte aligned, and the low
 * bits of a pointer to one have other uses. A pivot is the last address of its
 * slot. All nodes above the leaves have the type maple_arange_64. A node that was
 * removed from the tree is its own parent, and its slots are not reliable. RCU
 * keeps its memory.
 */
struct vma_cursor {
	struct mm_struct *mm;
	struct vma_iterator vmi; /* where each VMA takes a search of its own */
	unsigned long next;	/* the position, an address in the next leaf */
	bool end;		/* the last leaf was read */
	unsigned int depth;	/* number of nodes in @path, 0 at first */
	/* The nodes above the last leaf, from the root on */
	struct {
		const struct maple_node *node; /* valid like the cursor */
		unsigned long max;	/* the last address below it */
		unsigned int slot;	/* which of its children is on the path */
	} path[VMA_PATH_MAX];
	/* Pointers from a leaf that may change, or from @vmi */
	void *copy[VMA_LEAF_MAX];
};

/* Moves a cursor that stays in its critical section up to an address. */
static inline void vma_cursor_seek(struct vma_cursor *c, unsigned long addr)
{
	c->next = addr;
	c->end = false;
	if (!leaf_lookahead)
		vma_iter_init(&c->vmi, c->mm, addr);
}

/* Begins a critical section at an address. */
static inline void vma_cursor_init(struct vma_cursor *c, struct mm_struct *mm, unsigned long addr)
{
	c->mm = mm;
	c->depth = 0;
	vma_cursor_seek(c, addr);
}

#ifdef VMA_ITERATOR
static __always_inline const struct maple_node *maple_node_of(const void *entry)
{
	return (void *)((unsigned long)entry & ~(unsigned long)MAPLE_NODE_MASK);
}

static __always_inline unsigned int maple_type_of(const void *entry)
{
	return (unsigned long)entry >> MAPLE_NODE_TYPE_SHIFT & MAPLE_NODE_TYPE_MASK;
}

static __always_inline bool maple_node_removed(const struct maple_node *node)
{
	/* Orders the reads of the node before @parent, as in ma_dead_node(). */
	smp_rmb();
	return maple_node_of(READ_ONCE(node->parent)) == node;
}

/* The last slot in use of a node above the leaves, which has no valid pivot */
static __always_inline unsigned int maple_parent_end(const struct maple_node *node)
{
	return min_t(unsigned int, READ_ONCE(node->ma64.meta.end), MAPLE_ARANGE64_SLOTS - 1);
}

/*
 * The last slot in use of a leaf that ends at @max, as ma_data_end() in
 * lib/maple_tree.c. In a full leaf, the last slot takes the place of @meta, so
 * that @meta.end is not the number of a slot.
 */
static __always_inline unsigned int maple_leaf_end(const struct maple_node *leaf, unsigned long max)
{
	const unsigned int last = MAPLE_RANGE64_SLOTS - 1;
	const unsigned long pivot = READ_ONCE(leaf->mr64.pivot[last - 1]);

	if (pivot)
		return last - (pivot == max);
	return min_t(unsigned int, READ_ONCE(leaf->mr64.meta.end), last - 1);
}

/*
 * Prefetches the cache lines that a walk reads of the VMAs of a leaf. They are
 * in any order in memory, and the processor cannot guess the next one. A
 * prefetch of an invalid address does nothing.
 */
static __always_inline void leaf_prefetch_vmas(const struct maple_node *leaf)
{
	const size_t last = offsetof(struct vm_area_struct, vm_file);
	void __rcu *const *slot = leaf->mr64.slot;
	void __rcu *const *const end = slot + maple_leaf_end(leaf, 0);
	const char *vma;

	for (; slot <= end; slot++) {
		vma = rcu_dereference_raw(*slot);
		prefetch(vma);
		if (last >= L1_CACHE_BYTES)
			prefetch(vma + L1_CACHE_BYTES);
		if (last >= 2 * L1_CACHE_BYTES)
			prefetch(vma + 2 * L1_CACHE_BYTES);
	}
}

/*
 * Prefetches the VMAs of the leaf in a slot of @parent, and the leaf in the slot
 * behind it, whose VMAs are prefetched next.
 */
static __always_inline void leaf_prefetch(const struct maple_node *parent, unsigned int slot,
					  unsigned int end)
{
	const void *leaf;
	size_t i;

	if (slot <= end)
		leaf_prefetch_vmas(maple_node_of(rcu_dereference_raw(parent->ma64.slot[slot])));
	if (slot < end) {
		leaf = maple_node_of(rcu_dereference_raw(parent->ma64.slot[slot + 1]));
		for (i = 0; i < sizeof(struct maple_node); i += L1_CACHE_BYTES)
			prefetch(leaf + i);
	}
}

/*
 * Finds the leaf with the address @c->next. The search does not begin at the
 * root, but at the lowest node of the path that has the address below it: the
 * next leaf mostly has the same parent. Sets *@max to the last address of the
 * leaf. Returns NULL if the tree has no nodes, or not the expected layout.
 */
static __always_inline const struct maple_node *
leaf_find(struct vma_cursor *c, bool stable, bool prefetch, unsigned long *max)
{
	const unsigned long addr = c->next;
	const struct maple_node *node;
	unsigned long below;
	unsigned int depth, slot, end;
	const void *entry;

again:
	depth = c->depth;
	while (depth && c->path[depth - 1].max < addr)
		depth--;
	if (depth) {
		depth--;
		node = c->path[depth].node;
		slot = c->path[depth].slot;
		*max = c->path[depth].max;
	} else {
		c->depth = 0;
		entry = rcu_dereference_raw(c->mm->mm_mt.ma_root);
		if (!xa_is_node(entry))
			return NULL;
		node = maple_node_of(entry);
		slot = 0;
		*max = ULONG_MAX;
		if (maple_type_of(entry) == maple_leaf_64) {
			if (prefetch)
				leaf_prefetch_vmas(node);
			return node;
		}
		if (maple_type_of(entry) != maple_arange_64)
			return NULL;
	}
	do {
		end = maple_parent_end(node);
		while (slot < end && READ_ONCE(node->ma64.pivot[slot]) < addr)
			slot++;
		below = slot < end ? READ_ONCE(node->ma64.pivot[slot]) : *max;
		entry = rcu_dereference_raw(node->ma64.slot[slot]);
		if (!stable && maple_node_removed(node)) {
			c->depth = 0;
			goto again;
		}
		if (depth == VMA_PATH_MAX)
			return NULL;
		c->path[depth].node = node;
		c->path[depth].max = *max;
		c->path[depth++].slot = slot;
		node = maple_node_of(entry);
		*max = below;
		if (maple_type_of(entry) == maple_leaf_64) {
			c->depth = depth;
			if (prefetch) {
				leaf_prefetch_vmas(node);
				leaf_prefetch(c->path[depth - 1].node, slot + 1, end);
			}
			return node;
		}
		slot = 0;
	} while (maple_type_of(entry) == maple_arange_64);
	c->depth = 0;
	return NULL;
}

static noinline const struct maple_node *
leaf_find_and_prefetch(struct vma_cursor *c, bool stable, unsigned long *max)
{
	return leaf_find(c, stable, true, max);
}

/*
 * As leaf_find(), if the address is in the leaf after the last one, and both
 * have the same parent. Else returns NULL.
 */
static __always_inline const struct maple_node *
leaf_sibling(struct vma_cursor *c, bool stable, bool prefetch, unsigned long *max)
{
	const struct maple_node *parent;
	unsigned int slot, end;
	const void *entry;

	if (!c->depth)
		return NULL;
	parent = c->path[c->depth - 1].node;
	slot = c->path[c->depth - 1].slot;
	end = maple_parent_end(parent);
	if (slot >= end || READ_ONCE(parent->ma64.pivot[slot]) >= c->next)
		return NULL;
	slot++;
	*max = slot < end ? READ_ONCE(parent->ma64.pivot[slot]) : c->path[c->depth - 1].max;
	if (*max < c->next)
		return NULL;
	entry = rcu_dereference_raw(parent->ma64.slot[slot]);
	if (!stable && maple_node_removed(parent))
		return NULL;
	c->path[c->depth - 1].slot = slot;
	if (prefetch)
		leaf_prefetch(parent, slot + 1, end);
	return maple_node_of(entry);
}

/*
 * Reads the rest of a leaf, from the position on, and moves the position to the
 * next leaf. Without mmap_lock the pointers are copied, and used only if the
 * leaf is still in the tree afterwards. Returns 0 if there is no leaf.
 */
static __always_inline unsigned int
leaf_read(struct vma_cursor *c, bool stable, bool prefetch, void ***slots)
{
	const struct maple_node *leaf;
	unsigned int offset, end, n;
	unsigned long max;
	void **copy;

	for (;;) {
		leaf = leaf_sibling(c, stable, prefetch, &max);
		if (!leaf)
			leaf = prefetch ? leaf_find_and_prefetch(c, stable, &max) :
					  leaf_find(c, stable, false, &max);
		if (unlikely(!leaf))
			return 0;
		end = maple_leaf_end(leaf, max);
		offset = 0;
		while (offset < end && READ_ONCE(leaf->mr64.pivot[offset]) < c->next)
			offset++;
		n = end + 1 - offset;
		*slots = (__force void **)leaf->mr64.slot + offset;
		if (stable)
			break;
		/*
		 * The number of slots of a node does not change while readers
		 * use RCU: a writer replaces the node (mas_in_rcu() in
		 * lib/maple_tree.c).
		 */
		for (copy = c->copy; copy < c->copy + n; copy++)
			*copy = READ_ONCE(*(*slots)++);
		*slots = c->copy;
		if (!maple_node_removed(leaf))
			break;
		c->depth = 0;
	}
	c->next = max + 1;
	c->end = max == ULONG_MAX;
	return n;
}

static noinline unsigned int leaf_read_only(struct vma_cursor *c, bool stable, void ***slots)
{
	return leaf_read(c, stable, false, slots);
}
#endif

/*
 * Reads VMAs from the position on, and moves it. *@slots are up to VMA_LEAF_MAX
 * pointers in address order. NULL is a gap. Returns their number, 0 at the end
 * of the mm. @stable: the caller holds mmap_lock. @prefetch, a constant: VMAs of
 * further leaves are prefetched. Where each VMA takes a search of its own, at
 * most @max are returned.
 */
static __always_inline unsigned int
vma_cursor_read(struct vma_cursor *c, bool stable, bool prefetch, unsigned int max, void ***slots)
{
	unsigned int n;

#ifdef VMA_ITERATOR
	if (leaf_lookahead) {
		if (c->end)
			return 0;
		n = prefetch ? leaf_read(c, stable, true, slots) : leaf_read_only(c, stable, slots);
		if (likely(n))
			return n;
		/* No VMAs, or a tree of another layout */
		vma_iter_init(&c->vmi, c->mm, c->next);
		max = 1;
	}
#endif
	*slots = c->copy;
	for (n = 0; n < max; n++) {
		c->copy[n] = vma_next(&c->vmi);
		if (!c->copy[n])
			break;
	}
	if (n && leaf_lookahead)
		c->next = READ_ONCE(((struct vm_area_struct *)c->copy[0])->vm_end);
	return n;
}

/*
 * find_vma(), with fewer instructions if a VMA contains @addr. The caller holds
 * mmap_lock, so that the tree does not change.
 */
static inline struct vm_area_struct *mm_find_vma(struct mm_struct *mm,
						 unsigned long addr)
{
#ifdef VMA_ITERATOR
	void *entry = rcu_dereference_raw(mm->mm_mt.ma_root);
	const struct maple_node *node;
	unsigned int slot, end;

	if (xa_is_node(entry) && leaf_lookahead) {
		while (maple_type_of(entry) == maple_arange_64) {
			node = maple_node_of(entry);
			end = maple_parent_end(node);
			slot = 0;
			while (slot < end && node->ma64.pivot[slot] < addr)
				slot++;
			entry = rcu_dereference_raw(node->ma64.slot[slot]);
		}
		if (likely(maple_type_of(entry) == maple_leaf_64)) {
			node = maple_node_of(entry);
			/* If the pivot of the last slot is valid, it ends the loop. */
			end = maple_leaf_end(node, 0);
			slot = 0;
			while (slot < end && node->mr64.pivot[slot] < addr)
				slot++;
			entry = rcu_dereference_raw(node->mr64.slot[slot]);
			if (entry)
				return entry;
		}
	}
#endif
	return find_vma(mm, addr);
}

#ifdef VMA_ITERATOR
/* Whether a cursor in each mode returns each VMA once, and mm_find_vma() finds it */
static bool __init leaf_lookahead_works(struct mm_struct *mm, struct vma_cursor *c)
{
	struct vm_area_struct *vma;
	unsigned int i, n, mode;
	unsigned long next;
	void **slots;

	for (mode = 0; mode < 4; mode++) {
		next = 0;
		vma_cursor_init(c, mm, 0);
		while ((n = vma_cursor_read(c, mode & 1, mode & 2, VMA_LEAF_MAX, &slots))) {
			for (i = 0; i < n; i++) {
				vma = slots[i];
				if (!vma)
					continue;
				if (vma != find_vma(mm, next) ||
				    vma != mm_find_vma(mm, vma->vm_start) ||
				    vma != mm_find_vma(mm, vma->vm_end - 1))
					return false;
				next = vma->vm_end;
			}
		}
		if (find_vma(mm, next))
			return false;
	}
	return true;
}
#endif

/*
 * Self-test: reads the VMAs of the process that loads the module leaf by leaf,
 * and compares each with what find_vma() and mm_find_vma() return. If they
 * differ, the maple tree has another layout than cursors and mm_find_vma()
 * assume. Then walks use vma_next(), and queries find_vma().
 */
static void __init leaf_lookahead_init(void)
{
#ifdef VMA_ITERATOR
	struct mm_struct *mm = current->mm;
	struct vma_cursor c;

	if (!mm || !KCOMPAT_HAS_STABLE_MAPLE_TREE)
		return;
	leaf_lookahead = true;
	mmap_read_lock(mm);
	leaf_lookahead = leaf_lookahead_works(mm, &c);
	mmap_read_unlock(mm);
	if (!leaf_lookahead)
		pr_notice("unexpected maple tree layout, falling back to vma_next()\n");
#endif
}

/*
 * Speculation: VMAs are read under RCU, without mmap_lock, and the mm's
 * sequence count proves afterwards that no writer had the lock. It needs
 * per-VMA locks with a seqcount (6.13; the tests ask for
 * mmap_lock_speculate_try_begin() in linux/mmap_lock.h), VMAs that are
 * SLAB_TYPESAFE_BY_RCU (6.15; vm_freeptr in linux/mm_types.h), and mempolicies
 * that are freed by RCU (7.x; a struct rcu_head in linux/mempolicy.h).
 *
 * vma_speculate_begin() fails if a writer has mmap_lock. vma_speculate_retry()
 * returns whether a writer has had it since.
 *
 * vma_get_file_active() returns a reference to the file of a VMA that only RCU
 * protects, or NULL. get_file_rcu() would retry until the pointer changes, and
 * the pointer of a freed VMA never does.
 */
#if defined(CONFIG_PER_VMA_LOCK) && defined(KCOMPAT_HAS_SPECULATION) && \
	defined(KCOMPAT_HAS_VMA_FREEPTR) && defined(KCOMPAT_HAS_MEMPOLICY_RCU)
#define HAVE_MMAP_LOCK_SPECULATE 1
#define vma_speculate_begin(mm, seq) mmap_lock_speculate_try_begin(mm, seq)
#define vma_speculate_retry(mm, seq) mmap_lock_speculate_retry(mm, seq)
#define vma_get_file_active(vma) get_file_active(&(vma)->vm_file)
#else
#define HAVE_MMAP_LOCK_SPECULATE 0
#define vma_speculate_begin(mm, seq) ((void)(mm), (void)(seq), false)
#define vma_speculate_retry(mm, seq) ((void)(mm), (void)(seq), true)
#define vma_get_file_active(vma) ((void)(vma), (struct file *)NULL)
#endif

#endif /* VMAINFO_VMA_ITER_H */
