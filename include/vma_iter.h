/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the VMAs of an mm are read: in batches, and without mmap_lock. Only
 * vmainfo.c can include this header, as it defines a variable.
 */
#ifndef VMAINFO_VMA_ITER_H
#define VMAINFO_VMA_ITER_H

#include <linux/cache.h>
#include <linux/mmap_lock.h>
#include <linux/prefetch.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "kcompat.h"

/* The most VMAs that vma_read_batch() returns */
#define VMA_BATCH 16

/* The most pointers that vma_read_leaf() returns */
#ifdef KCOMPAT_HAS_MAPLE_STATUS
#define VMA_LEAF_MAX (MAPLE_RANGE64_SLOTS > VMA_BATCH ? MAPLE_RANGE64_SLOTS : VMA_BATCH)
#else
#define VMA_LEAF_MAX VMA_BATCH
#endif

/* Set by leaf_lookahead_init() if the look-ahead works on this kernel. */
static bool leaf_lookahead __ro_after_init __maybe_unused;

#ifdef KCOMPAT_HAS_MAPLE_STATUS
static __always_inline void *maple_node_of(const void *entry)
{
	return (void *)((unsigned long)entry & ~(unsigned long)MAPLE_NODE_MASK);
}

/*
 * The last slot of a leaf that can be in use. In a full leaf, the last slot
 * takes the place of @meta, so that @meta.end is not the number of a slot.
 */
static __always_inline unsigned int leaf_end(const struct maple_range_64 *leaf)
{
	if (READ_ONCE(leaf->pivot[MAPLE_RANGE64_SLOTS - 2]))
		return MAPLE_RANGE64_SLOTS - 1;
	return min_t(unsigned int, READ_ONCE(leaf->meta.end), MAPLE_RANGE64_SLOTS - 2);
}

/*
 * Prefetches the cache lines that a walk reads of the VMAs of a leaf. They are
 * in any order in memory, and the processor cannot guess the next one. A
 * prefetch of an invalid address does nothing.
 */
static __always_inline void leaf_prefetch_vmas(const struct maple_range_64 *leaf)
{
	const size_t last = offsetof(struct vm_area_struct, vm_file);
	const unsigned int end = leaf_end(leaf);
	unsigned int slot;
	const char *vma;

	for (slot = 0; slot <= end; slot++) {
		vma = rcu_dereference_raw(leaf->slot[slot]);
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
static __always_inline void leaf_prefetch(const struct maple_arange_64 *parent,
					  unsigned int slot)
{
	const unsigned int end = min_t(unsigned int, parent->meta.end, MAPLE_ARANGE64_SLOTS - 1);
	const char *leaf;
	size_t i;

	if (slot <= end)
		leaf_prefetch_vmas(maple_node_of(rcu_dereference_raw(parent->slot[slot])));
	if (slot < end) {
		leaf = maple_node_of(rcu_dereference_raw(parent->slot[slot + 1]));
		for (i = 0; i < sizeof(struct maple_node); i += L1_CACHE_BYTES)
			prefetch(leaf + i);
	}
}

/*
 * Moves from a leaf to the next one of the same parent, and prefetches what is
 * behind that. A walk from the root would cost some instructions for each VMA of
 * the leaf.
 *
 * linux/maple_tree.h defines a node's parent pointer: the slot in the parent is
 * in bits 3 to 7, and bit 0 is set in the root. With mmap_lock, the tree is
 * stable. Without it, the parent can be replaced at any time. RCU keeps the old
 * parent and the children that it had.
 *
 * Return: false if the next leaf has to be found by a walk.
 */
static __always_inline bool leaf_step(struct ma_state *mas)
{
	const struct maple_range_64 *leaf = maple_node_of(mas->node);
	const unsigned long up = (unsigned long)READ_ONCE(leaf->parent);
	const struct maple_arange_64 *parent = maple_node_of((void *)up);
	const unsigned int slot = (up & MAPLE_NODE_MASK) >> 3;
	void *next;

	/* The last child has no pivot. */
	if (up & 1 || slot + 1 >= min_t(unsigned int, parent->meta.end, MAPLE_ARANGE64_SLOTS - 1) ||
	    rcu_dereference_raw(parent->slot[slot]) != mas->node ||
	    parent->pivot[slot] != mas->max)
		return false;
	next = rcu_dereference_raw(parent->slot[slot + 1]);
	/* The same type of node, maple_leaf_64 */
	if (((unsigned long)next ^ (unsigned long)mas->node) & MAPLE_NODE_MASK)
		return false;
	leaf_prefetch(parent, slot + 2);
	leaf = maple_node_of(next);
	mas->node = next;
	mas->offset = 0;
	mas->min = mas->max + 1;
	mas->max = parent->pivot[slot + 1];
	mas->end = leaf_end(leaf);
	if (mas->end == MAPLE_RANGE64_SLOTS - 1 &&
	    leaf->pivot[MAPLE_RANGE64_SLOTS - 2] == mas->max)
		mas->end--;
	/* A writer fills the last slot first, and then sets its pivot. */
	smp_rmb();
	return true;
}

/*
 * Prefetches what is behind a leaf that was found by a walk. Without mmap_lock,
 * the leaf can have been removed since. It is its own parent then, and pivots,
 * which are addresses of the target, are where a parent has slots.
 */
static __always_inline void leaf_prefetch_first(const struct maple_range_64 *leaf)
{
	const unsigned long up = (unsigned long)READ_ONCE(leaf->parent);
	const void *parent = maple_node_of((void *)up);

	leaf_prefetch_vmas(leaf);
	if (!(up & 1) && parent != leaf)
		leaf_prefetch(parent, ((up & MAPLE_NODE_MASK) >> 3) + 1);
}

/*
 * Stores up to @max VMAs from @next on, all from one leaf of the maple tree,
 * and returns their number; 0 at the end of the mm. A step within a leaf costs
 * a few instructions, and one by vma_next() a hundred. linux/maple_tree.h
 * defines the layout: nodes are 256-byte aligned, and the low bits of a pointer
 * to one have other uses. A node that was removed from the tree is its own
 * parent, and its slots are not reliable. mas_walk() never returns in such a
 * node, but the node can be removed afterwards. This needs the end of the node
 * in ma_state (6.8; the test asks for enum maple_status in linux/maple_tree.h).
 *
 * @mas->offset is the next slot to read, and @mas->last the last address of the
 * VMA in front of it. If the caller continues elsewhere, the tree is walked.
 */
static inline unsigned int leaf_vmas(struct ma_state *mas, unsigned long next,
				     struct vm_area_struct **vmas,
				     unsigned int max)
{
	const struct maple_range_64 *leaf;
	unsigned int n, slot, last;
	void *entry;

	for (;;) {
		entry = NULL;
		if (mas->status != ma_active || mas->last + 1 != next ||
		    (mas->offset > mas->end && !leaf_step(mas))) {
			mas_set(mas, next);
			entry = mas_walk(mas);
			if (mas->status != ma_active)
				return 0; /* a tree without nodes: no VMAs */
			if (max > 1)
				leaf_prefetch_first(maple_node_of(mas->node));
		}
		leaf = maple_node_of(mas->node);
		n = 0;
		last = 0;
		for (slot = mas->offset; slot <= mas->end && n < max; slot++) {
			vmas[n] = rcu_dereference_raw(leaf->slot[slot]);
			if (vmas[n]) { /* else a gap */
				last = slot;
				n++;
			}
		}
		mas->offset = slot;
		mas->last = mas->max;
		if (n && last < mas->end)
			mas->last = leaf->pivot[last];
		/* Slots before parent, as ma_dead_node() in lib/maple_tree.c */
		smp_rmb();
		if (maple_node_of(READ_ONCE(leaf->parent)) == leaf) {
			mas->status = ma_start;
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

/*
 * Reads up to @max VMAs in address order, from @next on, which is the end of
 * the last VMA that the caller has used. Returns their number, 0 at the end of
 * the mm. An iterator is valid as long as mmap_lock is held without a break, or
 * with HAVE_MMAP_LOCK_SPECULATE within one RCU read-side critical section.
 */
static inline unsigned int vma_read_batch(struct vma_iterator *vmi,
					  unsigned long next,
					  struct vm_area_struct **vmas,
					  unsigned int max)
{
	unsigned int n;

#ifdef KCOMPAT_HAS_MAPLE_STATUS
	if (leaf_lookahead)
		return leaf_vmas(&vmi->mas, next, vmas, max);
#endif
	for (n = 0; n < max; n++) {
		vmas[n] = vma_next(vmi);
		if (!vmas[n])
			break;
	}
	return n;
}

/* The most internal nodes above a leaf that a position keeps */
#define VMA_PATH_MAX 16

/*
 * A position that moves up through the VMAs of an mm from leaf to leaf. It is
 * valid as long as an iterator. After that, vma_leaves_init() has to be called.
 */
struct vma_leaves {
	unsigned long next;	/* the position, an address in the next leaf */
	bool end;		/* the last leaf was read */
	unsigned int depth;	/* number of nodes in @path, 0 at first */
	/* The nodes above the last leaf, from the root on */
	struct {
		const struct maple_node *node; /* valid like the position */
		unsigned long max;	/* the last address below it */
		unsigned int slot;	/* which of its children is on the path */
	} path[VMA_PATH_MAX];
	/* Pointers from a leaf that may change, or a tree of another layout */
	void *copy[VMA_LEAF_MAX];
};

static inline void vma_leaves_init(struct vma_leaves *l, unsigned long next)
{
	l->next = next;
	l->end = false;
	l->depth = 0;
}

#ifdef KCOMPAT_HAS_MAPLE_STATUS
static inline bool maple_node_removed(const struct maple_node *node)
{
	/* Orders the reads of the node before @parent, as in ma_dead_node(). */
	smp_rmb();
	return ((unsigned long)READ_ONCE(node->parent) & ~MAPLE_NODE_MASK) ==
	       (unsigned long)node;
}

static inline unsigned int maple_type_of(const void *entry)
{
	return (unsigned long)entry >> MAPLE_NODE_TYPE_SHIFT & MAPLE_NODE_TYPE_MASK;
}

/*
 * Finds the leaf with the address @l->next. The search does not begin at the
 * root, but at the lowest node of the path that has the address below it: the
 * next leaf mostly has the same parent. Sets *@max to the last address of the
 * leaf. Returns NULL if the tree does not have the expected layout. See
 * leaf_vmas() for nodes that were removed.
 */
static inline const struct maple_node *
leaf_find(const struct maple_tree *tree, struct vma_leaves *l, bool stable, unsigned long *max)
{
	const unsigned long addr = l->next;
	const struct maple_node *node;
	unsigned long below;
	unsigned int depth, slot, end;
	const void *entry;

again:
	depth = l->depth;
	while (depth && l->path[depth - 1].max < addr)
		depth--;
	if (depth) {
		depth--;
		node = l->path[depth].node;
		slot = l->path[depth].slot;
		*max = l->path[depth].max;
	} else {
		entry = rcu_dereference_raw(tree->ma_root);
		if (!xa_is_node(entry))
			return NULL;
		node = maple_node_of(entry);
		slot = 0;
		*max = ULONG_MAX;
		if (maple_type_of(entry) == maple_leaf_64)
			return node;
		if (maple_type_of(entry) != maple_arange_64)
			return NULL;
	}
	do {
		end = min_t(unsigned int, node->ma64.meta.end, MAPLE_ARANGE64_SLOTS - 1);
		while (slot < end && node->ma64.pivot[slot] < addr)
			slot++;
		below = slot < end ? node->ma64.pivot[slot] : *max;
		entry = rcu_dereference_raw(node->ma64.slot[slot]);
		if (!stable && maple_node_removed(node)) {
			l->depth = 0;
			goto again;
		}
		if (depth == VMA_PATH_MAX)
			return NULL;
		l->path[depth].node = node;
		l->path[depth].max = *max;
		l->path[depth++].slot = slot;
		node = maple_node_of(entry);
		slot = 0;
		*max = below;
	} while (maple_type_of(entry) == maple_arange_64);
	if (maple_type_of(entry) != maple_leaf_64)
		return NULL;
	l->depth = depth;
	return node;
}

/*
 * As leaf_find(), if the address is in the leaf after the last one, and both
 * have the same parent. Else returns NULL. The caller holds mmap_lock.
 */
static __always_inline const struct maple_node *
leaf_sibling(struct vma_leaves *l, unsigned long *max)
{
	const struct maple_node *parent;
	unsigned int slot;

	if (!l->depth)
		return NULL;
	parent = l->path[l->depth - 1].node;
	slot = l->path[l->depth - 1].slot;
	/* The last pivot is not valid. */
	if (slot + 1 >= parent->ma64.meta.end || parent->ma64.pivot[slot] >= l->next)
		return NULL;
	*max = parent->ma64.pivot[slot + 1];
	if (*max < l->next)
		return NULL;
	l->path[l->depth - 1].slot = slot + 1;
	return maple_node_of(rcu_dereference_raw(parent->ma64.slot[slot + 1]));
}

/*
 * Reads the rest of a leaf, from the position on, and moves the position to the
 * next leaf. Without mmap_lock the pointers are copied, and used only if the
 * leaf is still in the tree afterwards.
 */
static inline unsigned int leaf_read(struct ma_state *mas, struct vma_leaves *l, bool stable,
				     void ***slots)
{
	const unsigned int last = MAPLE_RANGE64_SLOTS - 1;
	const struct maple_node *leaf;
	unsigned int offset, end, n;
	unsigned long max, pivot;

	for (;;) {
		leaf = stable ? leaf_sibling(l, &max) : NULL;
		if (!leaf)
			leaf = leaf_find(mas->tree, l, stable, &max);
		if (leaf) {
			/* As ma_data_end() in lib/maple_tree.c; see leaf_end() */
			pivot = READ_ONCE(leaf->mr64.pivot[last - 1]);
			end = pivot ? last - (pivot == max) :
				min_t(unsigned int, READ_ONCE(leaf->mr64.meta.end), last - 1);
			offset = 0;
			while (offset < end && leaf->mr64.pivot[offset] < l->next)
				offset++;
		} else {
			l->depth = 0;
			mas_set(mas, l->next);
			mas_walk(mas);
			if (mas->status != ma_active)
				return 0; /* a tree without nodes: no VMAs */
			leaf = maple_node_of(mas->node);
			offset = mas->offset;
			end = min_t(unsigned int, mas->end, last);
			max = mas->max;
		}
		n = end + 1 - offset;
		*slots = (__force void **)leaf->mr64.slot + offset;
		if (stable)
			break;
		/* A writer fills the last slot first, and then sets its pivot. */
		smp_rmb();
		for (n = 0; offset + n <= end; n++)
			l->copy[n] = rcu_dereference_raw(leaf->mr64.slot[offset + n]);
		*slots = l->copy;
		if (!maple_node_removed(leaf))
			break;
		l->depth = 0;
	}
	l->next = max + 1;
	l->end = max == ULONG_MAX;
	return n;
}
#endif

/*
 * Reads VMAs from the position on, and moves it. *@slots are up to VMA_LEAF_MAX
 * pointers in address order, some of which can be NULL. Returns their number, 0
 * at the end of the mm. @stable: the caller holds mmap_lock. Where each VMA
 * takes a search of its own, at most @max are returned.
 */
static inline unsigned int vma_read_leaf(struct vma_iterator *vmi, struct vma_leaves *l,
					 bool stable, unsigned int max, void ***slots)
{
#ifdef KCOMPAT_HAS_MAPLE_STATUS
	if (leaf_lookahead)
		return l->end ? 0 : leaf_read(&vmi->mas, l, stable, slots);
#endif
	*slots = l->copy;
	return vma_read_batch(vmi, l->next, (struct vm_area_struct **)l->copy, max);
}

/* Moves the position up to an address. */
static inline void vma_leaves_seek(struct vma_iterator *vmi, struct vma_leaves *l,
				   struct mm_struct *mm, unsigned long addr)
{
	l->next = addr;
	l->end = false;
	if (!leaf_lookahead)
		vma_iter_init(vmi, mm, addr);
}

/*
 * find_vma(), with fewer instructions if a VMA contains @addr. The caller holds
 * mmap_lock, so that the tree does not change. The comments in
 * linux/maple_tree.h describe pointers to nodes. A pivot is the last address of
 * its slot. Pivots after the last slot are 0 (mas_validate_limits() in
 * lib/maple_tree.c), which the subtraction of 1 makes the largest number.
 */
static inline struct vm_area_struct *mm_find_vma(struct mm_struct *mm,
						 unsigned long addr)
{
#ifdef KCOMPAT_HAS_MAPLE_STATUS
	void *entry = rcu_dereference_raw(mm->mm_mt.ma_root);
	const struct maple_node *node;
	unsigned int slot, type;

	if (addr && xa_is_node(entry) && leaf_lookahead) {
		for (;;) {
			node = (void *)((unsigned long)entry & ~MAPLE_NODE_MASK);
			type = (unsigned long)entry >> MAPLE_NODE_TYPE_SHIFT &
			       MAPLE_NODE_TYPE_MASK;
			slot = 0;
			if (type != maple_arange_64)
				break;
			while (slot < MAPLE_ARANGE64_SLOTS - 1 &&
			       node->ma64.pivot[slot] - 1 < addr - 1)
				slot++;
			entry = rcu_dereference_raw(node->ma64.slot[slot]);
		}
		while (slot < MAPLE_RANGE64_SLOTS - 1 &&
		       node->mr64.pivot[slot] - 1 < addr - 1)
			slot++;
		entry = rcu_dereference_raw(node->mr64.slot[slot]);
		if (type == maple_leaf_64 && entry)
			return entry;
	}
#endif
	return find_vma(mm, addr);
}

#ifdef KCOMPAT_HAS_MAPLE_STATUS
/* Whether vma_read_leaf() returns each VMA once, stable or not */
static bool __init leaves_same(struct mm_struct *mm, struct vma_iterator *vmi)
{
	struct vma_leaves l;
	unsigned long next;
	unsigned int i, n, stable;
	void **slots;

	for (stable = 0; stable < 2; stable++) {
		next = 0;
		vma_iter_init(vmi, mm, 0);
		vma_leaves_init(&l, 0);
		while ((n = vma_read_leaf(vmi, &l, stable, VMA_BATCH, &slots))) {
			for (i = 0; i < n; i++) {
				struct vm_area_struct *vma = slots[i];

				if (vma && vma != find_vma(mm, next))
					return false;
				next = vma ? vma->vm_end : next;
			}
		}
		if (find_vma(mm, next))
			return false;
	}
	return true;
}
#endif

/*
 * Self-test: reads the VMAs of the process that loads the module leaf by leaf
 * and one by one, and compares each with find_vma(). If they differ, the maple
 * tree has another layout than leaf_vmas() and mm_find_vma() assume. Then walks
 * use vma_next(), and queries find_vma().
 */
static void __init leaf_lookahead_init(void)
{
#ifdef KCOMPAT_HAS_MAPLE_STATUS
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vmas[VMA_BATCH];
	struct vma_iterator vmi = {};
	unsigned long next = 0;
	unsigned int i, n;
	bool same = true;

	if (!mm)
		return;
	leaf_lookahead = true;
	mmap_read_lock(mm);
	vma_iter_init(&vmi, mm, 0);
	do {
		n = vma_read_batch(&vmi, next, vmas, VMA_BATCH);
		for (i = 0; i < n && same; i++) {
			same = vmas[i] == find_vma(mm, next) &&
			       vmas[i] == mm_find_vma(mm, vmas[i]->vm_start) &&
			       vmas[i] == mm_find_vma(mm, vmas[i]->vm_end - 1);
			if (same)
				next = vmas[i]->vm_end;
		}
	} while (n && same);
	same = same && !find_vma(mm, next) && leaves_same(mm, &vmi);
	mmap_read_unlock(mm);
	leaf_lookahead = same;
	if (!same)
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
