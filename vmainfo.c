// SPDX-License-Identifier: GPL-2.0
/*
 * vmainfo - shows the VMAs of a process under /proc/vmainfo/
 *
 * Data flows one way, and the sections below follow it:
 *
 *	target		which process a file shows: a struct pid
 *	gate page	[vsyscall], which is in no process
 *	snapshot	its VMAs at one time, as records and names of our own
 *	views		a seq_file iterator over the snapshot, a show for each entry
 *	proc entries	open, read, write, seek, ioctl, release
 *
 * What keeps things alive: an open file owns its struct pid and its snapshot.
 * A task, an mm and files of the target are referenced only inside of one
 * call: a read() while it takes a snapshot, or an ioctl(). There is no other
 * state than the module's parameters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "vmainfo.h"

/* All that grows with the target is charged to the reader's memory cgroup. */
#define VMAINFO_GFP (GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

/* ---- target ---- */

/*
 * Whom a freshly opened file shows, NULL for its opener. The parameter's
 * reference keeps it alive; kernel_param_lock() protects the pointer.
 */
static struct pid *default_target;

/*
 * kstrtouint() with one error for all that is not a number from 0 to @max, a
 * leading plus included.
 */
static int parse_decimal(const char *text, unsigned int max, unsigned int *val)
{
	unsigned int parsed;

	if (!isdigit(*text) || kstrtouint(text, 10, &parsed) || parsed > max)
		return -EINVAL;
	*val = parsed;
	return 0;
}

/**
 * target_lookup() - find a process by its number
 * @nr: a process or thread ID in the caller's pid namespace, or 0: the caller
 *
 * The number is looked up once: a struct pid is never given to another
 * process, the number of it may be.
 *
 * Return: a referenced struct pid, or ERR_PTR(-ESRCH).
 */
static struct pid *target_lookup(unsigned int nr)
{
	struct pid *pid;

	if (!nr)
		return get_task_pid(current, PIDTYPE_TGID);

	pid = find_get_pid(nr);
	/* A pid without a task only lives on as a group's or a session's ID. */
	if (pid && !pid_has_task(pid, PIDTYPE_PID)) {
		put_pid(pid);
		pid = NULL;
	}
	return pid ?: ERR_PTR(-ESRCH);
}

static int target_parse(const char *text, struct pid **target)
{
	unsigned int nr;
	struct pid *pid;
	int err;

	err = parse_decimal(text, INT_MAX, &nr);
	if (err)
		return err;
	pid = target_lookup(nr);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	*target = pid;
	return 0;
}

/* Called under kernel_param_lock(), as are the other parameter operations. */
static int param_set_pid(const char *val, const struct kernel_param *kp)
{
	unsigned int nr;
	struct pid *pid = NULL;
	int err;

	err = parse_decimal(val, INT_MAX, &nr);
	if (err)
		return err;
	if (nr) {
		pid = target_lookup(nr);
		if (IS_ERR(pid))
			return PTR_ERR(pid);
	}
	put_pid(default_target);
	default_target = pid;
	return 0;
}

static int param_get_pid(char *buf, const struct kernel_param *kp)
{
	pid_t nr = 0;

	if (default_target) {
		nr = pid_vnr(default_target);
		/* It has no number in the caller's pid namespace. */
		if (!nr)
			return -ESRCH;
	}
	return scnprintf(buf, PAGE_SIZE, "%d\n", nr);
}

/* When the module goes, or if it fails to load after pid= was taken. */
static void param_free_pid(void *arg)
{
	put_pid(default_target);
	default_target = NULL;
}

static const struct kernel_param_ops param_ops_pid = {
	.set = param_set_pid,
	.get = param_get_pid,
	.free = param_free_pid,
};
module_param_cb(pid, &param_ops_pid, NULL, 0644);
__MODULE_PARM_TYPE(pid, "uint");
MODULE_PARM_DESC(pid, "whose VMAs a freshly opened entry shows; 0, the default: the opener's own");

static unsigned int max_hold_us = 250;

static int param_set_max_hold_us(const char *val, const struct kernel_param *kp)
{
	unsigned int us;
	int err;

	err = parse_decimal(val, USEC_PER_SEC, &us);
	if (!err)
		WRITE_ONCE(max_hold_us, us);
	return err;
}

static const struct kernel_param_ops param_ops_max_hold_us = {
	.set = param_set_max_hold_us,
	.get = param_get_uint,
};
module_param_cb(max_hold_us, &param_ops_max_hold_us, &max_hold_us, 0644);
__MODULE_PARM_TYPE(max_hold_us, "uint");
MODULE_PARM_DESC(max_hold_us, "after how many microseconds a walk gives way to a waiting writer, up to 1000000; 0: never (default 250)");

/* ---- snapshot: records ---- */

/* What struct record.bits say. */
#define REC_ANON_VMA	0x01	/* has an anon_vma: pages of its own, or had */
#define REC_FILE	0x02	/* .file is valid, not .name */
#define REC_FILE_REF	0x04	/* .file is referenced for this record */

/**
 * struct record - what a snapshot keeps of a VMA
 * @start: first address
 * @end: first address behind it
 * @offset: of @start in the file, in bytes; 0 without a file
 * @flags: the kernel's own VM_* bits
 * @ino: inode number that maps shows, 0 without a file
 * @ops: address of the VMA's vm_ops: to look its symbol up, never to follow
 * @file: with REC_FILE: the mapped file, alive by the reference of this record
 *	or of an earlier one with the same file
 * @name: otherwise: the text that maps shows, in the snapshot's names or
 *	static, or NULL
 * @dev: device number that maps shows, 0 without a file
 * @kind: enum vmainfo_kind
 * @policy: MPOL_* of the VMA's own NUMA policy plus 1, 0 where it has none
 * @page_shift: log2 of the kernel's page size for the mapping
 * @bits: REC_*
 */
struct record {
	unsigned long start;
	unsigned long end;
	u64 offset;
	unsigned long flags;
	u64 ino;
	const struct vm_operations_struct *ops;
	union {
		struct file *file;
		const char *name;
	};
	dev_t dev;
	u8 kind;
	u8 policy;
	u8 page_shift;
	u8 bits;
};

/* Names are added to the newest block only and freed all at once. */
struct name_block {
	struct name_block *older;
	size_t size;
	size_t used;
	char text[];
};

#define OPS_NAMES 8

/**
 * struct snapshot - the VMAs of a process at one time
 * @recs: the records in address order
 * @nr: how many there are
 * @room: for how many there is room
 * @resolved: records below this one have a name where they had a file
 * @names: their names
 * @longest: length of the longest name
 * @pid: the target's number in the pid namespace of the reader
 * @taken_ns: CLOCK_BOOTTIME when the walk ended
 * @mm_seq: compat_mm_seq() at the end of the walk, if @has_seq
 * @exec_id: the target's self_exec_id before it
 * @ops_names: the last vm_ops that were looked up, and their symbols' names
 * @ops_next: the element of @ops_names to use next
 * @split: the walk let a writer in: the records are of more than one instant
 * @gate: the process also has the gate page
 * @has_seq: @mm_seq and @exec_id are valid
 */
struct snapshot {
	struct record *recs;
	size_t nr;
	size_t room;
	size_t resolved;
	struct name_block *names;
	size_t longest;
	pid_t pid;
	u64 taken_ns;
	u64 mm_seq;
	u64 exec_id;
	struct {
		const struct vm_operations_struct *ops;
		const char *name;
	} ops_names[OPS_NAMES];
	unsigned int ops_next;
	bool split;
	bool gate;
	bool has_seq;
};

/* Drops the files that have not become names yet. */
static void records_put_files(struct snapshot *s)
{
	size_t i;

	for (i = s->resolved; i < s->nr; i++) {
		if (s->recs[i].bits & REC_FILE_REF) {
			fput(s->recs[i].file);
			cond_resched();
		}
	}
}

/* Drops all that a snapshot holds; it can be filled anew. */
static void snapshot_free(struct snapshot *s)
{
	struct name_block *block, *older;

	records_put_files(s);
	kvfree(s->recs);
	for (block = s->names; block; block = older) {
		older = block->older;
		kvfree(block);
	}
	memset(s, 0, sizeof(*s));
}

/* Makes room for @nr records in all. Sleeps: not under mmap_lock. */
static int records_reserve(struct snapshot *s, size_t nr)
{
	struct record *recs;

	if (nr <= s->room)
		return 0;
	/* kvmalloc() warns of more, on some kernels whatever the flags. */
	if (nr > INT_MAX / sizeof(*recs))
		return -ENOMEM;
	recs = kvmalloc_array(nr, sizeof(*recs), VMAINFO_GFP);
	if (!recs)
		return -ENOMEM;
	if (s->nr)
		memcpy(recs, s->recs, s->nr * sizeof(*recs));
	kvfree(s->recs);
	s->recs = recs;
	s->room = nr;
	return 0;
}

static size_t names_room(const struct snapshot *s)
{
	return s->names ? s->names->size - s->names->used : 0;
}

/*
 * Makes room for @len bytes of names in one piece. Blocks grow with what they
 * hold, from 512 bytes on: a small process costs little, a large one few calls.
 * Sleeps: not under mmap_lock.
 */
static int names_reserve(struct snapshot *s, size_t len)
{
	struct name_block *block;
	size_t size = SZ_512;

	if (len <= names_room(s))
		return 0;
	if (s->names)
		size = min_t(size_t, 2 * (s->names->size + sizeof(*block)), SZ_64K);
	size = max(size, sizeof(*block) + len);
	block = kvmalloc(size, VMAINFO_GFP);
	if (!block)
		return -ENOMEM;
	block->older = s->names;
	block->size = size - sizeof(*block);
	block->used = 0;
	s->names = block;
	return 0;
}

/* Adds a name of three parts, or returns NULL if it does not fit. */
static const char *names_add(struct snapshot *s, const char *before,
			     const char *name, const char *after)
{
	size_t room = names_room(s);
	char *text;
	size_t len;

	if (!room)
		return NULL;
	text = s->names->text + s->names->used;
	len = snprintf(text, room, "%s%s%s", before, name, after);
	if (len >= room)
		return NULL;
	s->names->used += len + 1;
	s->longest = max(s->longest, len);
	return text;
}

/*
 * No path is longer than this many bytes; d_path() of a driver's dentry can
 * refuse any buffer.
 */
#define PATH_LIMIT SZ_1M

/* Adds a file's path as maps shows it, seen from the reader's root. */
static const char *names_add_path(struct snapshot *s, const struct path *path)
{
	size_t want = 128;
	size_t room, len;
	char *text, *found;
	int err;

	for (;;) {
		err = names_reserve(s, want);
		if (err)
			return ERR_PTR(err);
		room = min_t(size_t, names_room(s), PATH_LIMIT);
		text = s->names->text + s->names->used;
		/* It comes to lie at the end of the room. */
		found = d_path(path, text, room);
		if (!IS_ERR(found))
			break;
		if (PTR_ERR(found) != -ENAMETOOLONG || room == PATH_LIMIT)
			return found;
		want = 2 * room;
	}
	len = text + room - found;
	memmove(text, found, len);
	s->names->used += len;
	s->longest = max(s->longest, len - 1);
	return text;
}

/* ---- snapshot: gate page ---- */

/*
 * The page that get_gate_vma() returns, as far as a listing shows it; its end
 * is 0 where this kernel has none. No exported function tells of it.
 */
static struct record gate __ro_after_init = {
	.name = "[vsyscall]",
	.kind = VMAINFO_KIND_VSYSCALL,
	.page_shift = PAGE_SHIFT,
};

static void __init gate_parse(const char *line)
{
	unsigned long start, end;
	char perm[5];

	for (; *line; line = strchrnul(line, '\n'), line += *line == '\n') {
		/* It lies above all that a process could give that name to. */
		if (sscanf(line, "%lx-%lx %4s", &start, &end, perm) != 3 ||
		    start < TASK_SIZE)
			continue;
		gate.start = start;
		gate.end = end;
		gate.flags = (perm[0] == 'r' ? VM_READ : 0) |
			     (perm[2] == 'x' ? VM_EXEC : 0);
	}
}

/*
 * Asks the one that knows in every configuration and on every architecture:
 * the kernel's own listing of the process that loads the module.
 */
static int __init gate_read(void)
{
	struct kiocb kiocb;
	struct iov_iter iter;
	struct kvec kvec;
	struct file *file;
	ssize_t len;

	if (!current->mm || !compat_mm_has_gate(current->mm))
		return -ENOEXEC;
	file = filp_open("/proc/self/maps", O_RDONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* Only then its private data is what seq_read_iter() works on. */
	if (file_inode(file)->i_sb->s_magic != PROC_SUPER_MAGIC ||
	    file->f_op->read != seq_read) {
		len = -EMEDIUMTYPE;
		goto out_file;
	}
	kvec.iov_len = PAGE_SIZE;
	kvec.iov_base = kmalloc(kvec.iov_len + 1, GFP_KERNEL);
	if (!kvec.iov_base) {
		len = -ENOMEM;
		goto out_file;
	}
	init_sync_kiocb(&kiocb, file);
	do {
		iov_iter_kvec(&iter, READ, &kvec, 1, kvec.iov_len);
		len = seq_read_iter(&kiocb, &iter);
		if (len > 0) {
			((char *)kvec.iov_base)[len] = '\0';
			gate_parse(kvec.iov_base);
		}
	} while (len > 0);
	kfree(kvec.iov_base);
out_file:
	filp_close(file, NULL);
	return len;
}

/* ---- snapshot: walk ---- */

static u8 vma_kind(const struct vm_area_struct *vma)
{
	const struct inode *inode;

	if (vma->vm_flags & VM_HUGETLB)
		return VMAINFO_KIND_HUGETLB;
	if (vma->vm_file) {
		inode = file_inode(vma->vm_file);
		if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
			return VMAINFO_KIND_DEV;
		if (inode->i_sb->s_magic == TMPFS_MAGIC)
			return VMAINFO_KIND_SHMEM;
		return VMAINFO_KIND_FILE;
	}
	return vma->vm_ops ? VMAINFO_KIND_SPECIAL : VMAINFO_KIND_ANON;
}

static u8 vma_policy_of(const struct vm_area_struct *vma)
{
#ifdef CONFIG_NUMA
	/* Replaced under mmap_lock held for writing only. */
	if (vma->vm_policy)
		return compat_mpol_mode(vma->vm_policy) + 1;
#endif
	return 0;
}

/*
 * The name and the kind of a VMA without a file, in the order in which
 * get_vma_name() in fs/proc/task_mmu.c looks for a name. Texts that belong to
 * the VMA are copied: they are only safe to read under mmap_lock.
 */
static bool record_name(struct snapshot *s, struct record *r,
			struct vm_area_struct *vma)
{
	const char *name = NULL;

	r->name = NULL;
	if (vma->vm_ops && vma->vm_ops->name)
		name = vma->vm_ops->name(vma);
	if (name) {
		if (!strcmp(name, "[vdso]"))
			r->kind = VMAINFO_KIND_VDSO;
		else if (!strncmp(name, "[vvar", 5))
			r->kind = VMAINFO_KIND_VVAR;
		r->name = names_add(s, "", name, "");
		return r->name;
	}
	if (vma_is_initial_heap(vma)) {
		r->kind = VMAINFO_KIND_HEAP;
		r->name = "[heap]";
	} else if (vma_is_initial_stack(vma)) {
		r->kind = VMAINFO_KIND_STACK;
		r->name = "[stack]";
	} else {
		name = compat_anon_name(vma);
		if (name) {
			r->name = names_add(s, "[anon:", name, "]");
			return r->name;
		}
	}
	return true;
}

/*
 * Adds what is at and above @from of a VMA. Under mmap_lock; takes a reference
 * to its file unless @last, the record of a file before this one, has the same.
 *
 * Return: false if there is no room for its name.
 */
static bool record_add(struct snapshot *s, struct vm_area_struct *vma,
		       unsigned long from, const struct record **last)
{
	struct record *r = &s->recs[s->nr];
	struct file *file = vma->vm_file;
	const struct inode *inode;
	const char *name;

	r->start = max(vma->vm_start, from);
	r->end = vma->vm_end;
	r->offset = 0;
	r->flags = vma->vm_flags;
	r->ino = 0;
	r->ops = vma->vm_ops;
	r->dev = 0;
	r->policy = vma_policy_of(vma);
	r->page_shift = ilog2(vma_kernel_pagesize(vma));
	r->bits = vma->anon_vma ? REC_ANON_VMA : 0;

	if (!file) {
		r->kind = vma_kind(vma);
		if (!record_name(s, r, vma))
			return false;
		s->nr++;
		return true;
	}

	r->offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) + (r->start - vma->vm_start);
	if (*last && (*last)->file == file) {
		r->ino = (*last)->ino;
		r->dev = (*last)->dev;
		r->kind = (*last)->kind;
	} else {
		inode = file_user_inode(file);
		r->ino = inode->i_ino;
		r->dev = inode->i_sb->s_dev;
		r->kind = vma_kind(vma);
	}
	name = compat_anon_name(vma);
	if (name) {
		r->name = names_add(s, "[anon_shmem:", name, "]");
		if (!r->name)
			return false;
	} else {
		r->file = file;
		r->bits |= REC_FILE;
		if (!*last || (*last)->file != file) {
			get_file(file);
			r->bits |= REC_FILE_REF;
		}
		*last = r;
	}
	s->nr++;
	return true;
}

enum walk_end {
	WALK_DONE,
	WALK_NO_ROOM,		/* for a record */
	WALK_NO_NAMES,		/* for a name */
	WALK_GAVE_WAY,		/* to a writer */
	WALK_KILLED,
};

/**
 * walk_section() - add the VMAs above *@next to a snapshot
 * @s: where to
 * @mm: whose VMAs, its mmap_lock held for reading
 * @next: the end of the last VMA that @s has, 0 at first
 * @hold_ns: how long to let a writer wait, 0: as long as it takes
 *
 * A section that follows another one finds the address space changed in any
 * way: what lies below *@next stays as it was recorded, and of a VMA that now
 * reaches across *@next (grown, merged, or mapped over the old one) the part
 * above is recorded. So records never overlap, repeat or go back.
 *
 * Return: why the walk ended.
 */
static enum walk_end walk_section(struct snapshot *s, struct mm_struct *mm,
				  unsigned long *next, u64 hold_ns)
{
	const u64 began = ktime_get_ns();
	const size_t first = s->nr;
	const struct record *last = NULL;
	struct compat_vma_iter it;
	struct vm_area_struct *vma;

	/* So that a walk with room enough for all is not begun in vain. */
	if (!s->nr && mm->map_count > s->room)
		return WALK_NO_ROOM;

	for (vma = compat_vma_first(&it, mm, *next); vma;
	     vma = compat_vma_next(&it)) {
		if (s->nr > first) {
			if (hold_ns && mmap_lock_is_contended(mm) &&
			    ktime_get_ns() - began >= hold_ns)
				return WALK_GAVE_WAY;
			if (s->nr % SZ_1K == 0) {
				if (fatal_signal_pending(current))
					return WALK_KILLED;
				cond_resched();
			}
		}
		if (s->nr == s->room)
			return WALK_NO_ROOM;
		if (!record_add(s, vma, *next, &last))
			return WALK_NO_NAMES;
		*next = vma->vm_end;
	}
	return WALK_DONE;
}

/*
 * How long a writer may take to come in once it is let. It needs a CPU first;
 * and after 4 ms of waiting rwsem hands it the lock whatever readers do.
 */
#define WRITERS_TURN_NS (10 * NSEC_PER_MSEC)

/*
 * Unlocking wakes a waiting writer, but a reader that comes back at once
 * steals the lock before it runs (see rwsem_down_read_slowpath()): stay away
 * until no writer waits. Not for ever, if there is an endless stream of them:
 * mmap_read_lock() then queues behind the one that holds the lock.
 */
static void wait_for_writers(struct mm_struct *mm)
{
	const u64 until = ktime_get_ns() + WRITERS_TURN_NS;

	while (mmap_lock_is_contended(mm) && ktime_get_ns() < until &&
	       !fatal_signal_pending(current))
		usleep_range(10, 50);
}

/**
 * snapshot_walk() - record all VMAs of an mm, files still as files
 * @s: an empty snapshot
 * @mm: with a reference to its users
 *
 * Memory is set aside before the lock is taken, by counts that can be out of
 * date once it is held. Then a walk that is still in its first section begins
 * again, so that it stays a single one; a later one goes on where it was.
 *
 * Return: 0, -ENOMEM or -EINTR.
 */
static int snapshot_walk(struct snapshot *s, struct mm_struct *mm)
{
	const u64 hold_ns = (u64)READ_ONCE(max_hold_us) * NSEC_PER_USEC;
	size_t room = 0, names = 256;
	unsigned long next = 0;
	enum walk_end end;
	size_t count;
	int err;

	for (;;) {
		count = READ_ONCE(mm->map_count);
		if (!s->nr)
			room = max(room, count + count / 32 + 8);
		err = records_reserve(s, room);
		if (!err)
			err = names_reserve(s, names);
		if (err)
			return err;

		if (fatal_signal_pending(current) || mmap_read_lock_killable(mm))
			return -EINTR;
		end = walk_section(s, mm, &next, hold_ns);
		if (end == WALK_DONE) {
			s->gate = gate.end && compat_mm_has_gate(mm);
			s->has_seq = compat_mm_seq(mm, &s->mm_seq);
			s->taken_ns = ktime_get_boottime_ns();
		}
		mmap_read_unlock(mm);

		switch (end) {
		case WALK_DONE:
			return 0;
		case WALK_KILLED:
			return -EINTR;
		case WALK_GAVE_WAY:
			s->split = true;
			names = 0;
			break;
		case WALK_NO_ROOM:
			room = s->room + s->room / 4 + 8;
			break;
		case WALK_NO_NAMES:
			names = max_t(size_t, 4 * names, SZ_1K);
			break;
		}
		if (hold_ns)
			wait_for_writers(mm);
		if (!s->split) {
			records_put_files(s);
			s->nr = 0;
			next = 0;
		}
	}
}

/*
 * Turns files into their paths, the same path once for all VMAs in a row that
 * map the same open file, and lets go of the files.
 */
static int snapshot_resolve(struct snapshot *s)
{
	const char *name = NULL;
	struct record *r;

	for (; s->resolved < s->nr; s->resolved++) {
		r = &s->recs[s->resolved];
		if (!(r->bits & REC_FILE))
			continue;
		if (r->bits & REC_FILE_REF) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
			name = names_add_path(s, file_user_path(r->file));
			if (IS_ERR(name))
				return PTR_ERR(name);
			fput(r->file);
		}
		r->name = name;
		r->bits &= ~(REC_FILE | REC_FILE_REF);
	}
	return 0;
}

/**
 * snapshot_take() - record the VMAs that a process has now
 * @s: an empty snapshot; empty again after an error
 * @target: the process
 *
 * A kernel thread and a zombie have no mm and so no VMAs. The task is looked
 * up each time: after an exec its mm is another one.
 *
 * Return: 0, -ESRCH if the process is gone, -ENOMEM, -EINTR on a fatal signal,
 * -ENAMETOOLONG for a path of more than PATH_LIMIT bytes.
 */
static int snapshot_take(struct snapshot *s, struct pid *target)
{
	struct task_struct *task;
	struct mm_struct *mm;
	int err;

	task = get_pid_task(target, PIDTYPE_PID);
	if (!task)
		return -ESRCH;
	/* First: if it changes meanwhile, it is the mm that is newer. */
	s->exec_id = READ_ONCE(task->self_exec_id);
	mm = get_task_mm(task);
	put_task_struct(task);

	s->pid = pid_vnr(target);
	s->taken_ns = ktime_get_boottime_ns();
	if (!mm)
		return 0;

	err = snapshot_walk(s, mm);
	mmput(mm);
	if (!err)
		err = snapshot_resolve(s);
	if (err)
		snapshot_free(s);
	return err;
}

/* ---- views ---- */

/**
 * struct vmainfo_file - an open entry
 * @lock: one read(), lseek() or write() at a time. seq_file's own lock ends
 *	with each buffer; a read() goes on to the next one, and must not find
 *	another target, snapshot or position there. Nobody takes seq_file's lock
 *	but within this one.
 * @target: whom it shows, referenced from open or write on
 * @snap: what it shows
 * @taken: there is a snapshot
 * @room_for_next: how much room a read() must have left to be sure of a whole
 *	line more
 */
struct vmainfo_file {
	struct mutex lock; /* held by all of a call, not only by a buffer of it */
	struct pid *target;
	struct snapshot snap;
	bool taken;
	size_t room_for_next;
};

static void drop_snapshot(struct vmainfo_file *vf)
{
	snapshot_free(&vf->snap);
	vf->taken = false;
}

/* Position 0 is the header, then come the records, the gate page last. */
static void *view_element(struct snapshot *s, loff_t pos)
{
	if (!pos)
		return SEQ_START_TOKEN;
	if (pos <= s->nr)
		return &s->recs[pos - 1];
	if (pos == s->nr + 1 && s->gate)
		return &gate;
	return NULL;
}

/*
 * Takes a snapshot if there is none: on the first read, after a rewind, and
 * when seq_file looks for a position in a file whose end was read.
 */
static void *view_start(struct seq_file *m, loff_t *pos)
{
	struct vmainfo_file *vf = m->private;
	int err;

	if (!vf->taken) {
		/* The end was read, and is where the reader still is. */
		if (*pos)
			return NULL;
		err = snapshot_take(&vf->snap, vf->target);
		if (err)
			return ERR_PTR(err);
		vf->taken = true;
	}
	return view_element(&vf->snap, *pos);
}

static void *view_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct vmainfo_file *vf = m->private;

	/* seq_file looks for a position by formatting all that is before it. */
	if (++*pos % SZ_1K == 0)
		cond_resched();
	return view_element(&vf->snap, *pos);
}

/* More than a line of any view has besides its name. */
#define LINE_MAX_SANS_NAME 1024

static void view_stop(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	size_t room = SIZE_MAX;

	if (!IS_ERR_OR_NULL(v))
		room = max_t(size_t, PAGE_SIZE,
			     LINE_MAX_SANS_NAME + 4 * vf->snap.longest);
	vf->room_for_next = room;

	/*
	 * seq_file doubles its buffer for a line that is longer, and keeps it
	 * so. But it fills it for every read(), and one that asked for less
	 * would end in the middle of a line: back to a page as soon as the line
	 * is through. That is less than the buffer has, and what it holds by now
	 * is copied out before the size is looked at again.
	 */
	if (!seq_has_overflowed(m))
		m->size = PAGE_SIZE;
}

/* A buffer that had to grow for a line takes only that one; see view_stop(). */
static bool view_is_full(struct seq_file *m)
{
	if (!m->count || m->size == PAGE_SIZE)
		return false;
	seq_commit(m, -1);
	return true;
}

static void show_name(struct seq_file *m, const char *name)
{
	if (strchr(name, '\n'))
		seq_escape(m, name, "\n");
	else
		seq_puts(m, name);
}

/* At least @width lower-case hex digits at @p; returns the end of them. */
static char *put_hex(char *p, u64 val, int width)
{
	int digits = max(width, (fls64(val) + 3) / 4);
	char *end = p + digits;

	for (p = end; digits--; val >>= 4)
		*--p = "0123456789abcdef"[val & 0xf];
	return end;
}

static char *put_perm(char *p, unsigned long flags)
{
	*p++ = flags & VM_READ ? 'r' : '-';
	*p++ = flags & VM_WRITE ? 'w' : '-';
	*p++ = flags & VM_EXEC ? 'x' : '-';
	*p++ = flags & VM_MAYSHARE ? 's' : 'p';
	return p;
}

/* What stands before a name in maps: 88 bytes if every number is the largest. */
#define MAPS_HEAD_MAX 96
/* The column of maps that a name begins in, unless the numbers are long. */
#define MAPS_NAME_COLUMN (25 + sizeof(void *) * 6 - 1)

/* maps: as show_map_vma() in fs/proc/task_mmu.c prints it, byte for byte. */
static int maps_show(struct seq_file *m, void *v)
{
	const struct record *r = v;
	char *line, *p;

	if (v == SEQ_START_TOKEN || view_is_full(m))
		return 0;
	if (seq_get_buf(m, &line) < MAPS_HEAD_MAX) {
		seq_commit(m, -1);
		return 0;
	}
	p = put_hex(line, r->start, 8);
	*p++ = '-';
	p = put_hex(p, r->end, 8);
	*p++ = ' ';
	p = put_perm(p, r->flags);
	*p++ = ' ';
	p = put_hex(p, r->offset, 8);
	*p++ = ' ';
	p = put_hex(p, MAJOR(r->dev), 2);
	*p++ = ':';
	p = put_hex(p, MINOR(r->dev), 2);
	p += sprintf(p, " %llu ", r->ino);
	if (r->name) {
		while (p < line + MAPS_NAME_COLUMN)
			*p++ = ' ';
		*p++ = ' ';
	}
	seq_commit(m, p - line);
	if (r->name)
		show_name(m, r->name);
	seq_putc(m, '\n');
	return 0;
}

static const char *const kind_names[] = {
	[VMAINFO_KIND_ANON] = "anon",
	[VMAINFO_KIND_FILE] = "file",
	[VMAINFO_KIND_HEAP] = "heap",
	[VMAINFO_KIND_STACK] = "stack",
	[VMAINFO_KIND_SHMEM] = "shmem",
	[VMAINFO_KIND_HUGETLB] = "hugetlb",
	[VMAINFO_KIND_VDSO] = "vdso",
	[VMAINFO_KIND_VVAR] = "vvar",
	[VMAINFO_KIND_VSYSCALL] = "vsyscall",
	[VMAINFO_KIND_DEV] = "dev",
	[VMAINFO_KIND_SPECIAL] = "special",
};

/*
 * As numa_maps names them, in one word each. By number: the numbers are ABI,
 * the names of them newer than some kernels here.
 */
static const char *const policy_names[] = {
	[0] = "-",
	[1 + MPOL_DEFAULT] = "default",
	[1 + MPOL_PREFERRED] = "prefer",
	[1 + MPOL_BIND] = "bind",
	[1 + MPOL_INTERLEAVE] = "interleave",
	[1 + MPOL_LOCAL] = "local",
	[1 + 5 /* MPOL_PREFERRED_MANY */] = "prefer-many",
	[1 + 6 /* MPOL_WEIGHTED_INTERLEAVE */] = "weighted-interleave",
};

/*
 * The two-letter names of smaps and the bits of raw. smaps shows a flag that is not here as "??"
 * and one without letters not at all. A mask of 0 is a flag that this kernel
 * does not have; where two have the same bit, the last one counts.
 */
static const struct {
	unsigned long flag;
	char name[3];
	u64 raw;
} smaps_names[] = {
	{ VM_READ, "rd", VMAINFO_READ },
	{ VM_WRITE, "wr", VMAINFO_WRITE },
	{ VM_EXEC, "ex", VMAINFO_EXEC },
	{ VM_SHARED, "sh", VMAINFO_SHARED },
	{ VM_MAYREAD, "mr", VMAINFO_MAYREAD },
	{ VM_MAYWRITE, "mw", VMAINFO_MAYWRITE },
	{ VM_MAYEXEC, "me", VMAINFO_MAYEXEC },
	{ VM_MAYSHARE, "ms", VMAINFO_MAYSHARE },
	{ VM_GROWSDOWN, "gd", VMAINFO_GROWSDOWN },
	{ VM_PFNMAP, "pf", VMAINFO_PFNMAP },
	{ VM_DENYWRITE, "dw", VMAINFO_DENYWRITE },
	{ VM_MAYBE_GUARD, "gu", VMAINFO_MAYBE_GUARD },
	{ VM_LOCKED, "lo", VMAINFO_LOCKED },
	{ VM_IO, "io", VMAINFO_IO },
	{ VM_SEQ_READ, "sr", VMAINFO_SEQ_READ },
	{ VM_RAND_READ, "rr", VMAINFO_RAND_READ },
	{ VM_DONTCOPY, "dc", VMAINFO_DONTCOPY },
	{ VM_DONTEXPAND, "de", VMAINFO_DONTEXPAND },
	{ COMPAT_VM_LOCKONFAULT, "lf", VMAINFO_LOCKONFAULT },
	{ VM_ACCOUNT, "ac", VMAINFO_ACCOUNT },
	{ VM_NORESERVE, "nr", VMAINFO_NORESERVE },
	{ VM_HUGETLB, "ht", VMAINFO_HUGETLB },
	{ VM_SYNC, "sf", VMAINFO_SYNC },
	{ VM_ARCH_1, "ar", VMAINFO_ARCH_1 },
	{ VM_WIPEONFORK, "wf", VMAINFO_WIPEONFORK },
	{ VM_DONTDUMP, "dd", VMAINFO_DONTDUMP },
#ifdef CONFIG_ARM64_BTI
	{ VM_ARM64_BTI, "bt", VMAINFO_BTI },
#endif
	{ VM_SOFTDIRTY, "sd", VMAINFO_SOFTDIRTY },
	{ VM_MIXEDMAP, "mm", VMAINFO_MIXEDMAP },
	{ VM_HUGEPAGE, "hg", VMAINFO_HUGEPAGE },
	{ VM_NOHUGEPAGE, "nh", VMAINFO_NOHUGEPAGE },
	{ VM_MERGEABLE, "mg", VMAINFO_MERGEABLE },
	{ VM_UFFD_MISSING, "um", VMAINFO_UFFD_MISSING },
	{ VM_UFFD_WP, "uw", VMAINFO_UFFD_WP },
#ifdef CONFIG_ARM64_MTE
	{ VM_MTE, "mt", VMAINFO_MTE },
	{ VM_MTE_ALLOWED, "" },
#endif
#ifdef CONFIG_ARCH_HAS_PKEYS
	/* smaps has a line of its own for these. */
	{ VM_PKEY_BIT0, "" },
	{ VM_PKEY_BIT1, "" },
	{ VM_PKEY_BIT2, "" },
	{ VM_PKEY_BIT3, "" },
	{ VM_PKEY_BIT4, "" },
#endif
	{ VM_UFFD_MINOR, "ui", VMAINFO_UFFD_MINOR },
	{ VM_UFFD_RWP, "ur", VMAINFO_UFFD_RWP },
	{ VM_SHADOW_STACK, "ss", VMAINFO_SHADOW_STACK },
	{ VM_DROPPABLE, "dp", VMAINFO_DROPPABLE },
	{ VM_SEALED, "sl", VMAINFO_SEALED },
};

/* The same by bit number, made when the module is loaded. */
static char flag_names[BITS_PER_LONG][3] __ro_after_init;
static u64 flag_raw[BITS_PER_LONG] __ro_after_init;

static void __init flag_names_init(void)
{
	size_t i, bit;

	for (bit = 0; bit < BITS_PER_LONG; bit++) {
		strscpy(flag_names[bit], "??", sizeof(flag_names[bit]));
		flag_raw[bit] = VMAINFO_OTHER;
	}
	for (i = 0; i < ARRAY_SIZE(smaps_names); i++) {
		if (!smaps_names[i].flag)
			continue;
		bit = ilog2(smaps_names[i].flag);
		memcpy(flag_names[bit], smaps_names[i].name, sizeof(smaps_names[i].name));
		flag_raw[bit] = smaps_names[i].raw;
	}
	/* Older than its letters */
	flag_raw[ilog2(VM_LOCKONFAULT)] = VMAINFO_LOCKONFAULT;
}

/* Two letters and a comma for each flag. */
#define FLAGS_MAX (BITS_PER_LONG * 3)

static void put_flags(char *p, unsigned long flags)
{
	const char *begin = p;
	const char *name;

	for (; flags; flags &= flags - 1) {
		name = flag_names[__ffs(flags)];
		if (!*name)
			continue;
		if (p > begin)
			*p++ = ',';
		*p++ = name[0];
		*p++ = name[1];
	}
	if (p == begin)
		*p++ = '-';
	*p = '\0';
}

/*
 * The symbol at an address, "?" if none is exactly there: sprint_symbol() then
 * gives a neighbour or the bare address. It takes a few thousand instructions,
 * and a process has few different vm_ops: remember the last.
 */
static const char *ops_name(struct snapshot *s,
			    const struct vm_operations_struct *ops)
{
	char symbol[KSYM_SYMBOL_LEN];
	const char *name;
	char *plus;
	size_t i;
	int err;

	if (!ops)
		return "-";
	for (i = 0; i < OPS_NAMES; i++)
		if (s->ops_names[i].ops == ops)
			return s->ops_names[i].name;

	sprint_symbol(symbol, (unsigned long)ops);
	plus = strchr(symbol, '+');
	if (plus && !strncmp(plus, "+0x0/", 5)) {
		*plus = '\0';
		err = names_reserve(s, plus - symbol + 1);
		if (err)
			return ERR_PTR(err);
		name = names_add(s, "", symbol, "");
	} else {
		name = "?";
	}
	i = s->ops_next++ % OPS_NAMES;
	s->ops_names[i].ops = ops;
	s->ops_names[i].name = name;
	return name;
}

/* How many hex digits the highest address of a snapshot has. */
static int address_width(const struct snapshot *s)
{
	unsigned long highest = 0;

	if (s->gate)
		highest = gate.end;
	else if (s->nr)
		highest = s->recs[s->nr - 1].end;
	return max(8, (fls64(highest) + 3) / 4);
}

/* vmas: all that a record has, a column each. */
static int vmas_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	struct snapshot *s = &vf->snap;
	const int width = address_width(s);
	const struct record *r = v;
	char nr[24] = "-", perm[5] = "", dev[16], flags[FLAGS_MAX];
	const char *ops, *policy = "?";

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "# pid=%d vmas=%zu walk=%s\n", s->pid, s->nr,
			   s->split ? "split" : "atomic");
		seq_printf(m, "#%4s %*s %*s %10s perm %8s %5s %8s %-8s %5s anon %-10s %-26s %-22s name\n",
			   "nr", width, "start", width, "end", "kB", "offset",
			   "dev", "inode", "kind", "page", "policy", "flags", "ops");
		return 0;
	}
	if (view_is_full(m))
		return 0;

	ops = ops_name(s, r->ops);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	if (r != &gate)
		snprintf(nr, sizeof(nr), "%zu", r - s->recs + 1);
	if (r->policy < ARRAY_SIZE(policy_names))
		policy = policy_names[r->policy];
	put_perm(perm, r->flags);
	put_flags(flags, r->flags);
	snprintf(dev, sizeof(dev), "%02x:%02x", MAJOR(r->dev), MINOR(r->dev));
	seq_printf(m, "%5s %*.8lx %*.8lx %10lu %s %08llx %5s %8llu %-8s %5lu %4c %-10s %-26s %-22s ",
		   nr, width, r->start, width, r->end,
		   (r->end - r->start) >> 10, perm, r->offset, dev, r->ino,
		   kind_names[r->kind], 1UL << (r->page_shift - 10),
		   r->bits & REC_ANON_VMA ? 'y' : '-', policy, flags, ops);
	show_name(m, r->name ?: "-");
	seq_putc(m, '\n');
	return 0;
}

/* The header, as far as it does not depend on whom it is of. */
static void header_init(struct vmainfo_header *h, pid_t pid)
{
	memset(h, 0, sizeof(*h));
	h->size = sizeof(*h);
	h->magic = VMAINFO_MAGIC;
	h->version = VMAINFO_VERSION;
	h->pid = pid;
}

static void raw_header(struct seq_file *m, const struct snapshot *s)
{
	struct vmainfo_header h;

	header_init(&h, s->pid);
	h.vmas = s->nr;
	h.taken_ns = s->taken_ns;
	if (!s->split)
		h.flags |= VMAINFO_ATOMIC;
	if (s->gate)
		h.flags |= VMAINFO_GATE;
	if (s->has_seq) {
		h.flags |= VMAINFO_SEQ;
		h.mm_seq = s->mm_seq;
		h.exec_id = s->exec_id;
	}
	seq_write(m, &h, sizeof(h));
}

static u64 raw_flags(const struct record *r)
{
	u64 raw = r->bits & REC_ANON_VMA ? VMAINFO_ANON_VMA : 0;
	unsigned long flags;

	for (flags = r->flags; flags; flags &= flags - 1)
		raw |= flag_raw[__ffs(flags)];
	return raw;
}

/* raw: a struct vmainfo_record each, see vmainfo.h. */
static int raw_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	const struct record *r = v;
	size_t name_len = 0, ops_len = 0, next, used;
	struct vmainfo_record *raw;
	const char *ops;
	char *p;

	if (v == SEQ_START_TOKEN) {
		raw_header(m, &vf->snap);
		return 0;
	}
	if (view_is_full(m))
		return 0;

	ops = ops_name(&vf->snap, r->ops);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	if (r->name)
		name_len = strlen(r->name) + 1;
	if (r->ops)
		ops_len = strlen(ops) + 1;
	used = sizeof(*raw) + name_len + ops_len;
	next = ALIGN(used, 8);
	/* A buffer that is full to the last byte counts as one that overflowed. */
	if (seq_get_buf(m, &p) <= next) {
		seq_commit(m, -1);
		return 0;
	}
	/* Aligned: the buffer is, and all that goes into it has such a size. */
	raw = (struct vmainfo_record *)p;
	raw->size = sizeof(*raw);
	raw->kind = r->kind;
	raw->policy = r->policy;
	raw->next = next;
	raw->start = r->start;
	raw->end = r->end;
	raw->offset = r->offset;
	raw->ino = r->ino;
	raw->flags = raw_flags(r);
	raw->dev_major = MAJOR(r->dev);
	raw->dev_minor = MINOR(r->dev);
	raw->name_len = name_len;
	raw->ops_len = ops_len;
	raw->page_shift = r->page_shift;
	raw->reserved = 0;
	p += sizeof(*raw);
	if (name_len)
		memcpy(p, r->name, name_len);
	if (ops_len)
		memcpy(p + name_len, ops, ops_len);
	memset(p + name_len + ops_len, 0, next - used);
	seq_commit(m, next);
	return 0;
}

/* ---- proc entries ---- */

static const struct seq_operations vmas_seq_ops = {
	.start = view_start,
	.next = view_next,
	.stop = view_stop,
	.show = vmas_show,
};

static const struct seq_operations maps_seq_ops = {
	.start = view_start,
	.next = view_next,
	.stop = view_stop,
	.show = maps_show,
};

static const struct seq_operations raw_seq_ops = {
	.start = view_start,
	.next = view_next,
	.stop = view_stop,
	.show = raw_show,
};

/*
 * A listing tells as much as ptrace() would. The entries show up in every
 * procfs, and the root user of a container is not enough: hence the initial
 * user namespace. It is the opener who answers for what the file is used for.
 */
static bool may_look(const struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_SYS_PTRACE);
}

static int entry_open(struct inode *inode, struct file *file)
{
	struct vmainfo_file *vf;

	if (!may_look(file))
		return -EPERM;
	vf = __seq_open_private(file, pde_data(inode), sizeof(*vf));
	if (!vf)
		return -ENOMEM;
	mutex_init(&vf->lock);
	kernel_param_lock(THIS_MODULE);
	if (default_target)
		vf->target = get_pid(default_target);
	else
		vf->target = get_task_pid(current, PIDTYPE_TGID);
	kernel_param_unlock(THIS_MODULE);
	return 0;
}

/*
 * At the last close, or when the module goes: procfs then waits for the calls
 * that are under way, releases every open file itself, and answers for it
 * (EIO) from then on.
 */
static int entry_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct vmainfo_file *vf = m->private;

	drop_snapshot(vf);
	put_pid(vf->target);
	return seq_release_private(inode, file);
}

/* Copies out what seq_file has in its buffer, as seq_read_iter() does first. */
static ssize_t copy_buffered(struct seq_file *m, struct kiocb *iocb,
			     struct iov_iter *to)
{
	size_t len = copy_to_iter(m->buf + m->from, m->count, to);

	m->from += len;
	m->count -= len;
	m->read_pos += len;
	iocb->ki_pos += len;
	return len;
}

/*
 * As many whole lines as fit into @to, which has room for a page or more.
 * seq_read_iter() alone gives whole lines only if it begins with one, and a
 * page at most: so give what is left of a line first, then go on as long as
 * another whole line is sure to fit.
 */
static ssize_t read_lines(struct seq_file *m, struct kiocb *iocb,
			  struct iov_iter *to)
{
	struct vmainfo_file *vf = m->private;
	const size_t count = iov_iter_count(to);
	ssize_t len, total = 0;

	if (iocb->ki_pos && iocb->ki_pos != m->read_pos) {
		/* The first byte alone: the rest of its line is buffered then. */
		iov_iter_truncate(to, 1);
		total = seq_read_iter(iocb, to);
		iov_iter_reexpand(to, count - max_t(ssize_t, total, 0));
		if (total <= 0)
			return total;
	}
	if (iocb->ki_pos && m->count) {
		total += copy_buffered(m, iocb, to);
		if (m->count)
			return total ?: -EFAULT;
	}
	do {
		if (total && iov_iter_count(to) < vf->room_for_next)
			break;
		cond_resched();
		len = seq_read_iter(iocb, to);
		if (len <= 0)
			return total ?: len;
		total += len;
	} while (!signal_pending(current));
	return total;
}

static ssize_t entry_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct seq_file *m = iocb->ki_filp->private_data;
	struct vmainfo_file *vf = m->private;
	ssize_t len;

	if (!iov_iter_count(to))
		return 0;
	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	if (!iocb->ki_pos)
		drop_snapshot(vf);
	if (iov_iter_count(to) < PAGE_SIZE)
		len = seq_read_iter(iocb, to);
	else
		len = read_lines(m, iocb, to);
	/* The end of the file: no more reads to come from this snapshot. */
	if (!len)
		drop_snapshot(vf);
	mutex_unlock(&vf->lock);
	return len;
}

static loff_t entry_lseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *m = file->private_data;
	struct vmainfo_file *vf = m->private;
	loff_t pos;

	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	pos = seq_lseek(file, offset, whence);
	if (!pos)
		drop_snapshot(vf);
	mutex_unlock(&vf->lock);
	return pos;
}

/* "1234" gives this open file a target of its own, "0" the writer itself. */
static ssize_t entry_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct vmainfo_file *vf = m->private;
	struct pid *target;
	char text[16];
	int err;

	if (!may_look(file))
		return -EPERM;
	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	if (strlen(text) != count)
		return -EINVAL;
	err = target_parse(text, &target);
	if (err)
		return err;

	if (mutex_lock_killable(&vf->lock)) {
		put_pid(target);
		return -EINTR;
	}
	swap(vf->target, target);
	drop_snapshot(vf);
	/* As seq_lseek() rewinds; the caller stores *ppos after write(). */
	m->read_pos = 0;
	m->index = 0;
	m->count = 0;
	*ppos = 0;
	mutex_unlock(&vf->lock);

	put_pid(target);
	return count;
}

/*
 * What a header says of a process now: nothing is walked, and no mmap_lock taken. An
 * exec changes the mm first and the number of execs later: while it is under way, there
 * is nothing to compare with. mmput_async(): this may be the mm's last user by then.
 */
static int header_now(struct vmainfo_header *h, struct pid *target)
{
	struct task_struct *task;
	struct mm_struct *mm;
	bool no_exec;

	task = get_pid_task(target, PIDTYPE_PID);
	if (!task)
		return -ESRCH;
	header_init(h, pid_vnr(target));
	no_exec = compat_exec_trylock(task);
	mm = get_task_mm(task);
	if (mm) {
		h->vmas = READ_ONCE(mm->map_count);
		if (no_exec && compat_mm_seq(mm, &h->mm_seq)) {
			h->flags |= VMAINFO_SEQ;
			h->exec_id = READ_ONCE(task->self_exec_id);
		}
	}
	if (no_exec)
		compat_exec_unlock(task);
	put_task_struct(task);
	if (mm)
		mmput_async(mm);
	h->taken_ns = ktime_get_boottime_ns();
	return 0;
}

static int get_header(struct vmainfo_file *vf, struct vmainfo_header __user *to)
{
	struct vmainfo_header h;
	struct pid *target;
	size_t len;
	u32 size;
	int err;

	if (get_user(size, &to->size))
		return -EFAULT;
	if (size < VMAINFO_HEADER_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;

	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	target = get_pid(vf->target);
	mutex_unlock(&vf->lock);
	err = header_now(&h, target);
	put_pid(target);
	if (err)
		return err;

	len = min_t(size_t, size, sizeof(h));
	if (copy_to_user(to, &h, len) || clear_user((char __user *)to + len, size - len))
		return -EFAULT;
	return 0;
}

static long entry_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct seq_file *m = file->private_data;

	switch (cmd) {
	case VMAINFO_GET_HEADER:
		return get_header(m->private, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

#ifdef CONFIG_COMPAT
/* The structures are the same for 32-bit programs. */
static long entry_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return entry_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

static const struct proc_ops entry_proc_ops = {
	.proc_open = entry_open,
	.proc_read_iter = entry_read_iter,
	.proc_write = entry_write,
	.proc_lseek = entry_lseek,
	.proc_ioctl = entry_ioctl,
#ifdef CONFIG_COMPAT
	.proc_compat_ioctl = entry_compat_ioctl,
#endif
	.proc_release = entry_release,
};

static struct proc_dir_entry *proc_dir;

static int __init entry_create(const char *name, const struct seq_operations *ops)
{
	/* procfs hands the data out as void *, and never writes to it. */
	if (!proc_create_data(name, 0600, proc_dir, &entry_proc_ops, (void *)ops))
		return -ENOMEM;
	return 0;
}

/* The ABI: what these are, they stay. */
static_assert(sizeof(struct vmainfo_header) == VMAINFO_HEADER_SIZE_VER0);
static_assert(offsetof(struct vmainfo_header, taken_ns) == 24);
static_assert(sizeof(struct vmainfo_record) == 64);
static_assert(offsetof(struct vmainfo_record, start) == 8);
static_assert(offsetof(struct vmainfo_record, dev_major) == 48);
static_assert(offsetof(struct vmainfo_record, page_shift) == 62);

static int __init vmainfo_init(void)
{
	int err;

	err = gate_read();
	if (err)
		pr_notice("cannot read /proc/self/maps (%d): a [vsyscall] page will not be shown\n",
			  err);
	flag_names_init();

	proc_dir = proc_mkdir_mode("vmainfo", 0500, NULL);
	if (!proc_dir)
		return -ENOMEM;
	err = entry_create("vmas", &vmas_seq_ops);
	if (!err)
		err = entry_create("maps", &maps_seq_ops);
	if (!err)
		err = entry_create("raw", &raw_seq_ops);
	if (err)
		proc_remove(proc_dir);
	return err;
}

static void __exit vmainfo_exit(void)
{
	proc_remove(proc_dir);
}

module_init(vmainfo_init);
module_exit(vmainfo_exit);

MODULE_DESCRIPTION("Shows the VMAs of a process under /proc/vmainfo/");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
