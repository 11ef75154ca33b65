// SPDX-License-Identifier: GPL-2.0
/*
 * vmainfo - shows the VMAs of a process under /proc/vmainfo/
 *
 * Data flows one way, and the sections below follow it:
 *
 *	target		which process a file shows: a struct pid; and whether it may
 *	gate page	[vsyscall], which is in no process
 *	snapshot	its VMAs at one time, as records and names of our own
 *	views		a seq_file iterator over the snapshot, a show for each entry
 *	query		what is mapped at an address, with no snapshot
 *	procs		what all processes have, by counters
 *	proc entries	open, read, write, seek, ioctl, release
 *
 * What keeps things alive: an open file owns its struct pid and its snapshot.
 * A task, an mm and files of the target are referenced only inside of one
 * call: a read() while it takes a snapshot, or an ioctl(). Of procs, which has
 * no target, nothing is referenced at all. There is no other state than the
 * module's parameters and the gate page, once it is known.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hugetlb.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/threads.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>
#include <linux/vmalloc.h>

#include "include/buildid.h"
#include "include/kcompat.h"
#include "include/kernel_regions.h"
#include "include/symbol.h"
#include "include/version.h"
#include "include/vma_iter.h"
#include "vmainfo.h"

/*
 * All that grows with the target is charged to the reader's memory cgroup. It
 * fails if memory is short: the OOM killer could kill another process.
 */
#define VMAINFO_GFP (GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

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

/* A kernel thread may have borrowed an mm. */
static bool has_mm(const struct task_struct *task)
{
	return READ_ONCE(task->mm) && !(task->flags & PF_KTHREAD);
}

#define EXITED_THREADS_MAX 4096

/*
 * The first thread of a process that has an mm, or NULL. This is normally the
 * leader, and another thread if the leader called pthread_exit(). The caller
 * looks again under task_lock(), which keeps task->mm: exit_mm() and exec_mmap()
 * take it before they change that. find_lock_task_mm() does the same but is not
 * exported. A tracer can keep thousands of exited threads: the search ends after
 * EXITED_THREADS_MAX of them. Called under RCU, which keeps the leader and its
 * threads.
 */
static struct task_struct *thread_with_mm(struct task_struct *leader)
{
	struct task_struct *task;
	unsigned int exited = 0;

	for_each_thread(leader, task) {
		if (has_mm(task))
			return task;
		if (++exited == EXITED_THREADS_MAX)
			break;
	}
	return NULL;
}

/**
 * struct mm_identity - which address space of a process is shown
 * @mm: the mm, NULL if the process has none
 * @exec_id: self_exec_id of the thread that has it
 * @thread: that thread
 * @nr: its number in the pid namespace of the procfs instance
 * @own: only for a reader with this @mm
 *
 * Nothing keeps what the pointers point to: they are compared and never
 * dereferenced. An exec replaces the mm before it increments self_exec_id, and
 * the new mm exists before the old one is freed. So if @mm and @exec_id are the
 * same as before, it is still the same mm.
 */
struct mm_identity {
	const struct mm_struct *mm;
	u64 exec_id;
	const struct pid *thread;
	pid_t nr;
	bool own;
};

/**
 * struct vmainfo_target - which process an open file shows
 * @pid: the process, or a thread of one; owned by the file, by a reference
 * @granted: what the kernel last granted access to
 */
struct vmainfo_target {
	struct pid *pid;
	struct mm_identity granted;
};

/*
 * Looks at what the target shows now.
 *
 * Return: the mm with a reference to its users if access to it was granted. Else
 * NULL, and @now says what it is, or ERR_PTR(-ESRCH) if the target has exited.
 */
static struct mm_struct *target_look(const struct file *entry, const struct vmainfo_target *t,
				     struct mm_identity *now)
{
	const struct mm_identity *granted = &t->granted;
	struct task_struct *task, *thread;
	struct mm_struct *mm = NULL;
	struct pid *pid = t->pid;
	bool same = false;
	u64 exec_id = 0;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	if (!task) {
		rcu_read_unlock();
		return ERR_PTR(-ESRCH);
	}
	do {
		/* The ID of another thread than the leader stands for that one. */
		thread = has_mm(task) ? task :
			 thread_group_leader(task) ? thread_with_mm(task) : NULL;
		if (!thread)
			break;
		task_lock(thread);
		mm = thread->mm;
		if (mm) {
			exec_id = READ_ONCE(thread->self_exec_id);
			pid = task_pid(thread);
			same = mm == granted->mm && exec_id == granted->exec_id &&
			       pid == granted->thread &&
			       (!granted->own || mm == current->mm);
			if (same)
				mmget(mm);
		}
		task_unlock(thread);
	} while (!mm);
	if (!same) {
		now->mm = mm;
		now->exec_id = exec_id;
		now->thread = pid;
		now->own = false;
		/* The open file keeps the superblock, and that its namespace. */
		now->nr = pid_nr_ns(pid, proc_pid_ns(file_inode(entry)->i_sb));
		mm = NULL;
	}
	rcu_read_unlock();
	return mm;
}

/*
 * Opens @name below the root of the procfs instance that @entry was opened in,
 * with all checks of an open() by the caller. @entry keeps the instance alive,
 * also after an unmount.
 *
 * Any user who may mount in the reader's mount namespace can cover the file. A
 * file of another mount fails with EACCES, and a symbolic link with ELOOP: its
 * target is resolved from the root of this procfs and could be any file of it.
 * O_NONBLOCK keeps a FIFO from blocking the open.
 */
static struct file *open_in_procfs(const struct file *entry, const char *name)
{
	const struct path root = {
		.mnt = entry->f_path.mnt,
		.dentry = entry->f_path.mnt->mnt_sb->s_root,
	};
	struct file *file;

	file = file_open_root(&root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
			      0);
	if (!IS_ERR(file) && file->f_path.mnt != root.mnt) {
		fput(file);
		return ERR_PTR(-EACCES);
	}
	return file;
}

/*
 * Opens NR/maps in the procfs instance of an entry, with the credentials of the
 * entry's opener or of the caller.
 */
static struct file *open_maps(const struct file *entry, pid_t nr, bool as_opener)
{
	const struct cred *caller = NULL;
	struct file *file;
	char name[24];

	snprintf(name, sizeof(name), "%d/maps", nr);
	if (as_opener && entry->f_cred != current_cred())
		caller = override_creds(entry->f_cred);
	file = open_in_procfs(entry, name);
	if (caller)
		revert_creds(caller);
	/* Of a task that exists, procfs says so if it hides it or has no memory. */
	if (file == ERR_PTR(-ENOENT) &&
	    proc_sb_info(file_inode(entry)->i_sb)->hide_pid == HIDEPID_OFF)
		return ERR_PTR(-ENOMEM);
	return file;
}

static int access_ask(const struct file *entry, pid_t nr, bool as_opener)
{
	struct file *file = open_maps(entry, nr, as_opener);

	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(file);
	return 0;
}

/**
 * target_check() - ask the kernel whether a target may be shown
 * @entry: the open file that is to show it
 * @t: the target; its @granted is set if the kernel grants access
 * @writer: also ask for the caller, who may not be the opener
 *
 * The kernel's own decision is whether /proc/PID/maps can be opened: it depends
 * on security modules, on hidepid and on the instance's pid namespace.
 * ptrace_may_access() is not exported. maps is opened and closed again. Opening
 * it waits for an exec under way, so what is granted is one mm with its
 * exec_id, unless the two have changed by the end of the check. Then the check
 * is repeated.
 *
 * A target that has exited shows nothing, and the next read says so.
 *
 * Return: 0, -ESRCH if the target has no number in the procfs instance, -EINTR,
 * or why maps cannot be opened.
 */
static int target_check(const struct file *entry, struct vmainfo_target *t, bool writer)
{
	struct mm_identity asked, now;
	struct mm_struct *mm;
	int err;

	t->granted = (struct mm_identity) {};
	if (IS_ERR(target_look(entry, t, &now)))
		return 0;
	do {
		if (!now.nr)
			return -ESRCH;
		/*
		 * As mm_access(), which grants every process its own mm. That
		 * says nothing of an opener with other credentials.
		 */
		if (now.mm && now.mm == current->mm) {
			t->granted = now;
			t->granted.own = entry->f_cred != current_cred();
			return 0;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		asked = now;
		err = access_ask(entry, asked.nr, true);
		if (!err && writer && entry->f_cred != current_cred())
			err = access_ask(entry, asked.nr, false);
		mm = target_look(entry, t, &now);
		if (IS_ERR(mm))
			return 0;
		/* Another thread may have that mm now: the next look asks for it. */
	} while (now.mm != asked.mm || now.exec_id != asked.exec_id ||
		 (err && now.thread != asked.thread));
	/* Some kernels do not open maps of a task without an mm. */
	if (err == -ESRCH && !now.mm)
		err = 0;
	if (!err)
		t->granted = asked;
	return err;
}

/*
 * The mm that an open file shows, with a reference to its users. An exec can
 * change what a security module says of the target, and so can another thread
 * whose mm is shown now: the kernel is asked anew. Called with the file's lock
 * held.
 *
 * Return: the mm, NULL if the target has none, ERR_PTR(-ESRCH) if it has exited,
 * or an error of target_check().
 */
static struct mm_struct *target_mm(const struct file *entry, struct vmainfo_target *t)
{
	struct mm_struct *mm;
	struct mm_identity now;
	int err;

	for (;;) {
		mm = target_look(entry, t, &now);
		if (mm || !now.mm)
			return mm;
		err = target_check(entry, t, false);
		if (err)
			return ERR_PTR(err);
	}
}

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

/* What struct vma_source.bits say. */
#define SOURCE_ESCAPE	0x01	/* the name has newlines, which text views escape */
#define SOURCE_DELETED	0x02	/* the kernel has appended " (deleted)" to the name */
#define SOURCE_OMITTED	0x04	/* a marker takes the place of the name */

/**
 * struct vma_source - what VMAs have in common that map the same thing
 * @ops: address of their vm_ops: to look its symbol up, never to follow
 * @file: the mapped file, alive by a reference, until the files are resolved
 * @name: the text that maps shows, in the snapshot's names or static, or NULL;
 *	also NULL for a file that is not resolved yet
 * @ino: inode number that maps shows, 0 without a file
 * @dev: device number that maps shows, 0 without a file
 * @name_len: length of @name
 * @chain: index of the next object with the same hash value, or 0
 * @kind: enum vmainfo_kind
 * @page_shift: log2 of the kernel's page size for the mapping
 * @bits: OBJ_*
 */
struct vma_source {
	const struct vm_operations_struct *ops;
	struct file *file;
	const char *name;
	u64 ino;
	dev_t dev;
	u32 name_len;
	u32 chain;
	u8 kind;
	u8 page_shift;
	u8 bits;
};

/* The first objects of every snapshot: VMAs with neither file nor vm_ops. */
enum {
	SOURCE_ANON,
	SOURCE_HEAP,
	SOURCE_STACK,
	SOURCES_FIXED,
};

static const struct vma_source fixed_sources[SOURCES_FIXED] = {
	[SOURCE_ANON] = {
		.kind = VMAINFO_KIND_ANON,
		.page_shift = PAGE_SHIFT,
	},
	[SOURCE_HEAP] = {
		.name = "[heap]",
		.name_len = 6,
		.kind = VMAINFO_KIND_HEAP,
		.page_shift = PAGE_SHIFT,
	},
	[SOURCE_STACK] = {
		.name = "[stack]",
		.name_len = 7,
		.kind = VMAINFO_KIND_STACK,
		.page_shift = PAGE_SHIFT,
	},
};

/**
 * struct vma_record - what a snapshot keeps of a VMA
 * @start: first address
 * @end: first address behind it
 * @offset: of @start in the file, in bytes; 0 without a file
 * @flags: the kernel's own VM_* bits
 * @source: index of its struct vma_source
 * @policy: MPOL_* of the VMA's own NUMA policy plus 1, 0 where it has none
 * @anon_vma: has an anon_vma: pages of its own, or had
 */
struct vma_record {
	unsigned long start;
	unsigned long end;
	u64 offset;
	unsigned long flags;
	u32 source;
	u8 policy;
	bool anon_vma;
};

/*
 * Names are added to the newest block only and freed all at once. @before is
 * how much the older blocks have used.
 */
struct vma_name_block {
	struct vma_name_block *older;
	size_t before;
	size_t size;
	size_t used;
	char text[];
};

#define OPS_NAMES 8

/* Where an mm has what, as far as its VMAs do not tell; the fields of struct mm_struct. */
struct mm_layout {
	unsigned long start_code, end_code;
	unsigned long start_data, end_data;
	unsigned long start_brk, brk;
	unsigned long start_stack;
	unsigned long arg_start, arg_end;
	unsigned long env_start, env_end;
	unsigned long mmap_base;
	unsigned long task_size;
};

/**
 * struct vma_snapshot - the VMAs of a process at one time
 * @recs: the records in address order
 * @nr: how many there are
 * @cap: for how many there is room
 * @sources: what the records refer to
 * @sources_nr: how many there are
 * @sources_cap: for how many there is room
 * @buckets: of a hash table, behind @sources: indexes of objects, or 0
 * @bucket_bits: log2 of the number of buckets
 * @names: their names
 * @longest: length of the longest name
 * @pid: the target's number in the pid namespace of the reader
 * @taken_ns: CLOCK_BOOTTIME when the walk ended
 * @mm_seq: kcompat_mm_seq() at the end of the walk, if @has_seq
 * @exec_id: the target's self_exec_id while it has that mm, if @has_seq
 * @layout: of the mm, at the end of the walk
 * @ops_names: the last vm_ops that were looked up, and their symbols' names
 * @ops_next: the element of @ops_names to use next
 * @torn: other changes came in between: the records are of more than one instant
 * @gate: the gate page, if the process has it, else NULL
 * @has_seq: @mm_seq and @exec_id are valid
 * @nameless: no names are wanted
 */
struct vma_snapshot {
	struct vma_record *recs;
	size_t nr;
	size_t cap;
	struct vma_source *sources;
	size_t sources_nr;
	size_t sources_cap;
	u32 *buckets;
	unsigned int bucket_bits;
	struct vma_name_block *names;
	size_t longest;
	pid_t pid;
	u64 taken_ns;
	u64 mm_seq;
	u64 exec_id;
	struct mm_layout layout;
	struct {
		const struct vm_operations_struct *ops;
		const char *name;
	} ops_names[OPS_NAMES];
	unsigned int ops_next;
	const struct gate_vma *gate;
	bool torn;
	bool has_seq;
	bool nameless;
};

/*
 * kvmalloc() would get 4 MiB for an array of 2.1, where there is a block of that size:
 * what is larger than a few pages comes by the page. The page tables of vmalloc(), a page
 * for 512, are allocated without regard to the flags.
 */
static void *array_alloc(size_t nr, size_t size)
{
	/* vmalloc() warns of more, on some kernels whatever the flags. */
	if (nr > INT_MAX / size)
		return NULL;
	size *= nr;
	return size <= 8 * PAGE_SIZE ? kvmalloc(size, VMAINFO_GFP) :
				       __vmalloc(size, VMAINFO_GFP);
}

/*
 * Objects are found by a hash table: while a walk adds them by file and vm_ops or by their text,
 * then by their path. Only so many elements of a chain are looked at, as much of this runs
 * under a lock and a target can choose texts that collide. An object that is not found is
 * added again.
 */
#define CHAIN_MAX 16

static u32 pointers_hash(const void *a, const void *b)
{
	return hash_long((unsigned long)a + (unsigned long)b, 32);
}

static u32 source_hash(const struct vma_source *o)
{
	return o->file ? pointers_hash(o->file, o->ops) :
			 jhash(o->name, o->name_len, (unsigned long)o->ops);
}

static u32 *source_bucket(const struct vma_snapshot *s, u32 hash)
{
	return &s->buckets[hash >> (32 - s->bucket_bits)];
}

static void source_insert(struct vma_snapshot *s, u32 index, u32 hash)
{
	u32 *bucket = source_bucket(s, hash);

	s->sources[index].chain = *bucket;
	*bucket = index;
}

/* The object of a file and vm_ops, or 0 */
static u32 source_of_file(const struct vma_snapshot *s, const struct file *file,
			  const struct vm_operations_struct *ops, u32 hash)
{
	u32 i = *source_bucket(s, hash);
	unsigned int looked;

	for (looked = 0; i && looked < CHAIN_MAX; looked++) {
		if (s->sources[i].file == file && s->sources[i].ops == ops)
			return i;
		i = s->sources[i].chain;
	}
	return 0;
}

/* The object without a file that is like another one, or 0 */
static u32 source_alike(const struct vma_snapshot *s, const struct vma_source *o, u32 hash)
{
	u32 i = *source_bucket(s, hash);
	const struct vma_source *other;
	unsigned int looked;

	for (looked = 0; i && looked < CHAIN_MAX; looked++) {
		other = &s->sources[i];
		if (!other->file && other->ops == o->ops && other->ino == o->ino &&
		    other->dev == o->dev && other->kind == o->kind &&
		    other->page_shift == o->page_shift && other->bits == o->bits &&
		    other->name_len == o->name_len && !other->name == !o->name &&
		    !memcmp(other->name, o->name, o->name_len))
			return i;
		i = other->chain;
	}
	return 0;
}

/*
 * Drops the objects from @keep on, the last one first: so each is the first of its chain. The
 * names are still there.
 */
static void sources_drop(struct vma_snapshot *s, size_t keep)
{
	const struct vma_source *o;

	while (s->sources_nr > keep) {
		o = &s->sources[--s->sources_nr];
		*source_bucket(s, source_hash(o)) = o->chain;
		if (o->file) {
			fput(o->file);
			cond_resched();
		}
	}
}

/* Lets go of all files. */
static void sources_put_files(struct vma_snapshot *s)
{
	size_t i;

	for (i = 0; i < s->sources_nr; i++) {
		if (s->sources[i].file) {
			fput(s->sources[i].file);
			s->sources[i].file = NULL;
			cond_resched();
		}
	}
}

/* Drops all names, and returns how much memory they had. */
static size_t names_drop(struct vma_snapshot *s)
{
	struct vma_name_block *block, *older;
	size_t size = 0;

	for (block = s->names; block; block = older) {
		older = block->older;
		size += block->size;
		kvfree(block);
	}
	s->names = NULL;
	s->longest = 0;
	return size;
}

/* Drops all that a snapshot holds; it can be filled anew. */
static void snapshot_free(struct vma_snapshot *s)
{
	sources_put_files(s);
	kvfree(s->sources);
	kvfree(s->recs);
	names_drop(s);
	memset(s, 0, sizeof(*s));
}

/* Makes room for @nr records in all. Sleeps: not under mmap_lock. */
static int records_reserve(struct vma_snapshot *s, size_t nr)
{
	struct vma_record *recs;

	if (nr <= s->cap)
		return 0;
	if (!s->nr) {
		kvfree(s->recs);
		s->recs = NULL;
		s->cap = 0;
	}
	recs = array_alloc(nr, sizeof(*recs));
	if (!recs)
		return -ENOMEM;
	if (s->nr)
		memcpy(recs, s->recs, s->nr * sizeof(*recs));
	kvfree(s->recs);
	s->recs = recs;
	s->cap = nr;
	return 0;
}

/* The same for objects. The first call adds the fixed ones. */
static int sources_reserve(struct vma_snapshot *s, size_t nr)
{
	struct vma_source *sources;
	size_t i;

	if (nr <= s->sources_cap)
		return 0;
	/* As many buckets as fit: half as many as objects, or more */
	sources = array_alloc(nr, sizeof(*sources) + sizeof(*s->buckets));
	if (!sources)
		return -ENOMEM;
	if (s->sources_nr) {
		memcpy(sources, s->sources, s->sources_nr * sizeof(*sources));
	} else {
		memcpy(sources, fixed_sources, sizeof(fixed_sources));
		s->sources_nr = SOURCES_FIXED;
	}
	kvfree(s->sources);
	s->sources = sources;
	s->sources_cap = nr;
	s->buckets = (u32 *)(sources + nr);
	s->bucket_bits = ilog2(nr);
	memset(s->buckets, 0, sizeof(*s->buckets) << s->bucket_bits);
	for (i = SOURCES_FIXED; i < s->sources_nr; i++) {
		source_insert(s, i, source_hash(&sources[i]));
		if (i % SZ_1K == 0)
			cond_resched();
	}
	return 0;
}

static size_t names_avail(const struct vma_snapshot *s)
{
	return s->names ? s->names->size - s->names->used : 0;
}

static size_t names_used(const struct vma_snapshot *s)
{
	return s->names ? s->names->before + s->names->used : 0;
}

/*
 * Makes room for @len bytes of names in one piece. Blocks grow with what they
 * hold, from 512 bytes on: a small process costs little, a large one few calls.
 * Sleeps: not under mmap_lock.
 */
static int names_reserve(struct vma_snapshot *s, size_t len)
{
	struct vma_name_block *block;
	size_t size = SZ_512;

	if (len <= names_avail(s))
		return 0;
	if (s->names)
		size = min_t(size_t, 2 * (s->names->size + sizeof(*block)), SZ_64K);
	size = max(size, sizeof(*block) + len);
	block = array_alloc(size, 1);
	if (!block)
		return -ENOMEM;
	block->older = s->names;
	block->before = names_used(s);
	block->size = size - sizeof(*block);
	block->used = 0;
	s->names = block;
	return 0;
}

/* Adds a text of three parts, or returns NULL if it does not fit; @len becomes its length. */
static const char *names_add(struct vma_snapshot *s, const char *before,
			     const char *name, const char *after, u32 *len)
{
	const size_t lens[] = { strlen(before), strlen(name), strlen(after) };
	char *text = s->names->text + s->names->used;

	*len = lens[0] + lens[1] + lens[2];
	if (*len >= names_avail(s))
		return NULL;
	memcpy(text, before, lens[0]);
	memcpy(text + lens[0], name, lens[1]);
	memcpy(text + lens[0] + lens[1], after, lens[2] + 1);
	s->names->used += *len + 1;
	s->longest = max_t(size_t, s->longest, *len);
	return text;
}

/*
 * How much memory the names of a snapshot can take, and the longest path; both with the NULs.
 * Any user can make a path of a megabyte, and map it as often as vm.max_map_count allows.
 */
#define NAMES_LIMIT SZ_64M
#define PATH_LIMIT SZ_1M

static void source_mark(struct vma_snapshot *s, struct vma_source *o, const char *marker)
{
	o->name = marker;
	o->name_len = strlen(marker);
	o->bits |= SOURCE_OMITTED;
	s->longest = max_t(size_t, s->longest, o->name_len);
}

/* Names an object with a text of three parts; false if there is no room for it. */
static bool source_set_text(struct vma_snapshot *s, struct vma_source *o, const char *before,
			    const char *name, const char *after)
{
	const size_t used = names_used(s);

	if (s->nameless)
		return true;
	o->name = names_add(s, before, name, after, &o->name_len);
	if (used + o->name_len < NAMES_LIMIT)
		return o->name;
	if (o->name)
		s->names->used -= o->name_len + 1;
	source_mark(s, o, "[name omitted]");
	return true;
}

/* Whether d_path() leaves a path to a function of its file system; see there. */
static bool path_has_dname(const struct path *path)
{
	const struct dentry *dentry = path->dentry;

	return dentry->d_op && dentry->d_op->d_dname &&
	       (!IS_ROOT(dentry) || dentry != path->mnt->mnt_root);
}

/*
 * The length of what d_path() returned for a buffer that ends at @end. Its own text ends there;
 * d_dname() of a driver can put one elsewhere.
 */
static size_t path_len(const char *text, const char *end, bool dname)
{
	return dname ? strlen(text) : end - 1 - text;
}

#define DELETED " (deleted)"
#define DELETED_LEN (sizeof(DELETED) - 1)

/*
 * Whether it is the kernel that has put " (deleted)" at the end of a path, of a file that is
 * unlinked or has a d_dname(). d_path() does so if the file is unlinked. simple_dname(), which
 * names memfds and the like, always does so. Other d_dname() of drivers do not, but a user can
 * have chosen such a name.
 */
static bool path_is_marked(struct dentry *dentry, bool dname, const char *text, size_t len)
{
	bool simple;

	if (len < DELETED_LEN || memcmp(text + len - DELETED_LEN, DELETED, DELETED_LEN))
		return false;
	if (!dname)
		return true;
	/* d_lock keeps the name. */
	spin_lock(&dentry->d_lock);
	simple = len == 1 + dentry->d_name.len + DELETED_LEN &&
		 !memcmp(text + 1, dentry->d_name.name, dentry->d_name.len);
	spin_unlock(&dentry->d_lock);
	return simple;
}

/* memchr() for a newline, eight bytes at a time */
static bool has_newline(const char *text, size_t len)
{
	const u64 ones = 0x0101010101010101ull;
	u64 word;

	for (; len >= sizeof(word); len -= sizeof(word), text += sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		word ^= ones * '\n';
		/* Not 0 if a byte of it is 0 */
		if ((word - ones) & ~word & ones << 7)
			return true;
	}
	return memchr(text, '\n', len);
}

/**
 * struct vma_path - a path as d_path() gives it
 * @text: somewhere in the buffer, or static
 * @len: its length
 * @bits: OBJ_*
 */
struct vma_path {
	const char *text;
	size_t len;
	u8 bits;
};

/*
 * d_path(). A file that is unlinked or linked meanwhile is looked at again. The caller's reference
 * to the file keeps the path.
 */
static int vma_path_get(struct vma_path *t, const struct path *path, char *buf, size_t size)
{
	const bool dname = path_has_dname(path);
	bool unlinked;

	do {
		unlinked = d_unlinked(path->dentry);
		t->text = d_path(path, buf, size);
		if (IS_ERR(t->text))
			return PTR_ERR(t->text);
		t->len = path_len(t->text, buf + size, dname);
		t->bits = 0;
		if ((unlinked || dname) && path_is_marked(path->dentry, dname, t->text, t->len))
			t->bits = SOURCE_DELETED;
	} while (d_unlinked(path->dentry) != unlinked);
	if (has_newline(t->text, t->len))
		t->bits |= SOURCE_ESCAPE;
	return 0;
}

/**
 * struct long_path_buf - for paths that do not fit into a block of names
 * @buf: where they are put together
 * @size: how large it is
 * @tried: how much of it has been filled, in all
 */
struct long_path_buf {
	char *buf;
	size_t size;
	size_t tried;
};

/*
 * Gets a path that is longer than @size. A target can have as many of these as VMAs, and each
 * takes a while: not many more are looked at than there can be names.
 *
 * Return: NULL, the marker to show instead, or ERR_PTR(-ENOMEM).
 */
static const char *long_path_get(struct long_path_buf *l, struct vma_path *t,
				 const struct path *path, size_t size)
{
	do {
		if (size >= PATH_LIMIT)
			return "[name too long]";
		if (l->tried >= 2 * NAMES_LIMIT)
			return "[name omitted]";
		size = max(l->size, min_t(size_t, 2 * size, PATH_LIMIT));
		if (size > l->size) {
			kvfree(l->buf);
			l->size = 0;
			l->buf = array_alloc(size, 1);
			if (!l->buf)
				return ERR_PTR(-ENOMEM);
			l->size = size;
		}
		l->tried += size;
	} while (vma_path_get(t, path, l->buf, size));
	return NULL;
}

/* Names an object with its file's path as maps shows it, seen from the reader's root. */
static int source_set_path(struct vma_snapshot *s, struct vma_source *o, const struct path *path,
			   struct long_path_buf *l)
{
	const char *marker = NULL;
	struct vma_path t;
	size_t size;
	int err;

	err = names_reserve(s, 128);
	if (err)
		return err;
	size = min_t(size_t, names_avail(s), PATH_LIMIT);
	/* d_path() fails for no other reason, and d_dname() can refuse any buffer. */
	if (vma_path_get(&t, path, s->names->text + s->names->used, size))
		marker = long_path_get(l, &t, path, size);
	if (IS_ERR(marker))
		return PTR_ERR(marker);
	if (!marker && t.len >= PATH_LIMIT)
		marker = "[name too long]";
	else if (!marker && names_used(s) + t.len >= NAMES_LIMIT)
		marker = "[name omitted]";
	if (marker) {
		source_mark(s, o, marker);
		return 0;
	}
	err = names_reserve(s, t.len + 1);
	if (err)
		return err;
	o->name = memmove(s->names->text + s->names->used, t.text, t.len + 1);
	o->name_len = t.len;
	o->bits = t.bits;
	s->names->used += t.len + 1;
	s->longest = max(s->longest, t.len);
	return 0;
}

/* ---- snapshot: gate page ---- */

/**
 * struct gate_vma - the page that get_gate_vma() returns, as far as maps shows it
 * @rec: its record; @rec.end is 0 if this kernel has no such page
 * @obj: its object
 * @name: its name
 */
struct gate_vma {
	struct vma_record rec;
	struct vma_source obj;
	char name[32];
};

/*
 * NULL until it is known. No exported function tells: it is read once, from
 * /proc/PID/maps, before the first snapshot of a process that has the page if
 * the kernel has one. It does not change from then on, until it is freed with
 * the module.
 */
static struct gate_vma *gate_page;

/* Takes the gate page from a line of maps, if it is that line. */
static void gate_parse(struct gate_vma *g, const char *line)
{
	unsigned long start, end;
	char perm[5];

	/* No VMA of a process lies there, whatever its file is called. */
	if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %31s", &start, &end, perm, g->name) < 3 ||
	    start < TASK_SIZE_MAX)
		return;
	g->rec.start = start;
	g->rec.end = end;
	g->rec.flags = (perm[0] == 'r' ? VM_READ : 0) |
		       (perm[2] == 'x' ? VM_EXEC : 0);
	g->obj.name_len = strlen(g->name);
	g->obj.name = g->obj.name_len ? g->name : NULL;
}

/* Reads maps to its end. A read() can begin and end inside a line. */
static int gate_read(struct gate_vma *g, struct file *file, char *buf)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = PAGE_SIZE };
	struct kiocb kiocb;
	struct iov_iter iter;
	char line[128]; /* as much of it as is of interest */
	size_t line_len = 0;
	ssize_t i, len;

	/* Only then its private data is what seq_read_iter() works on. */
	if (file->f_op->read != seq_read)
		return -EMEDIUMTYPE;
	init_sync_kiocb(&kiocb, file);
	for (;;) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		iov_iter_kvec(&iter, READ, &kvec, 1, kvec.iov_len);
		len = seq_read_iter(&kiocb, &iter);
		if (len <= 0)
			return len;
		for (i = 0; i < len; i++) {
			if (buf[i] == '\n') {
				line[line_len] = '\0';
				gate_parse(g, line);
				line_len = 0;
			} else if (line_len < sizeof(line) - 1) {
				line[line_len++] = buf[i];
			}
		}
	}
}

static int gate_read_of(struct gate_vma *g, const struct file *entry, pid_t nr, char *buf)
{
	struct file *file = open_maps(entry, nr, true);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = gate_read(g, file, buf);
	fput(file);
	return err;
}

/*
 * Finds out what the gate page is. The reader's own maps tell, unless it is a
 * process without the page: they are short, and nobody else changes them. Else
 * those of the target tell, to which the opener has access. The mm that the
 * caller holds keeps them complete, if the target has still that mm afterwards.
 * Not to be called from seq_file's functions: maps has a lock of that class.
 *
 * Return: 0 if gate_page is set then, or the target has changed; or an error.
 */
static int gate_find(const struct file *entry, const struct vmainfo_target *t)
{
	struct gate_vma *g = kzalloc(sizeof(*g), VMAINFO_GFP);
	char *buf = kmalloc(PAGE_SIZE, VMAINFO_GFP);
	struct mm_struct *mm;
	struct mm_identity now;
	int err = -ENOMEM;
	pid_t nr = 0;

	if (!g || !buf)
		goto out;
	g->obj.kind = VMAINFO_KIND_VSYSCALL;
	g->obj.page_shift = PAGE_SHIFT;
	if (current->mm && kcompat_mm_has_gate(current->mm))
		nr = task_pid_nr_ns(current, proc_pid_ns(file_inode(entry)->i_sb));
	err = nr ? gate_read_of(g, entry, nr, buf) : -ESRCH;
	if (err && err != -ENOMEM && err != -EINTR) {
		err = gate_read_of(g, entry, t->granted.nr, buf);
		mm = target_look(entry, t, &now);
		if (IS_ERR_OR_NULL(mm)) {
			err = err == -EINTR ? err : 0;
			goto out;
		}
		mmput(mm);
	}
	if (err == -EMEDIUMTYPE) {
		pr_notice_once("cannot read /proc/PID/maps: its last line will not be shown if it is [vsyscall]\n");
		err = 0;
	}
	/* Another reader may have been faster. */
	if (!err && !cmpxchg(&gate_page, NULL, g))
		g = NULL;
out:
	kfree(buf);
	kfree(g);
	return err;
}

/* ---- snapshot: walk ---- */

static u8 file_kind(const struct vm_area_struct *vma, const struct file *file)
{
	const struct inode *inode = file_inode(file);

	if (READ_ONCE(vma->vm_flags) & VM_HUGETLB)
		return VMAINFO_KIND_HUGETLB;
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		return VMAINFO_KIND_DEV;
	if (inode->i_sb->s_magic == TMPFS_MAGIC)
		return VMAINFO_KIND_SHMEM;
	return VMAINFO_KIND_FILE;
}

/*
 * The policy is replaced under mmap_lock held for writing only, and freed by RCU where
 * walks go without that lock.
 */
static u8 vma_policy_of(const struct vm_area_struct *vma)
{
#ifdef CONFIG_NUMA
	const struct mempolicy *policy = READ_ONCE(vma->vm_policy);

	if (policy)
		return kcompat_mpol_mode(policy) + 1;
#endif
	return 0;
}

enum walk_end {
	WALK_DONE,
	WALK_MORE,		/* so far, so good */
	WALK_RECORDS_FULL,		/* for a record */
	WALK_SOURCES_FULL,	/* for an object */
	WALK_NAMES_FULL,		/* for a name */
	WALK_UNSTABLE,		/* a VMA that must not be read without a lock */
	WALK_RETRY,		/* by a writer */
	WALK_CONTENDED,		/* to a writer */
	WALK_KILLED,
};

/**
 * struct vma_walk - a walk over the VMAs of an mm
 * @s: where records go
 * @mm: whose VMAs
 * @cursor: where in the mm it is, while a lock is held
 * @next: the end of the last VMA that has been recorded, 0 at first
 * @most: the most VMAs that the mm was seen to have
 * @stable: mmap_lock is held, so VMAs do not change
 * @seq: otherwise: the mm's sequence when they were begun to be read
 * @file: the file of the last VMA with one, kept alive by @object
 * @ops: its vm_ops
 * @source: the index of what was made of them
 * @start_brk: of the mm, as the following two
 * @brk: likewise
 * @start_stack: likewise
 */
struct vma_walk {
	struct vma_snapshot *s;
	struct mm_struct *mm;
	struct vma_cursor cursor;
	unsigned long next;
	size_t most;
	bool stable;
	unsigned int seq;
	const struct file *file;
	const struct vm_operations_struct *ops;
	u32 source;
	unsigned long start_brk;
	unsigned long brk;
	unsigned long start_stack;
};

/*
 * The text that a VMA without a file is named by and that belongs to it or to its driver,
 * in the order in which get_vma_name() in fs/proc/task_mmu.c looks for one. It is copied:
 * it is only safe to read while the VMA is stable. Heap and stack come between the two.
 */
static bool source_name(struct vma_snapshot *s, struct vma_source *o,
			struct vm_area_struct *vma, const struct vma_source *fixed)
{
	const char *name = NULL;

	if (vma->vm_ops && vma->vm_ops->name)
		name = vma->vm_ops->name(vma);
	if (name) {
		if (!strcmp(name, "[vdso]"))
			o->kind = VMAINFO_KIND_VDSO;
		else if (!strncmp(name, "[vvar", 5))
			o->kind = VMAINFO_KIND_VVAR;
		return source_set_text(s, o, "", name, "");
	}
	if (fixed->name) {
		o->kind = fixed->kind;
		o->name = fixed->name;
		o->name_len = fixed->name_len;
		return true;
	}
	name = kcompat_anon_name(vma);
	return !name || source_set_text(s, o, "[anon:", name, "]");
}

/*
 * Finds or adds the object of a stable VMA that is not named by its file. Two such VMAs share an
 * object if they have the same text: where it is in memory can change between two sections.
 */
static enum walk_end source_add_text(struct vma_walk *w, struct vm_area_struct *vma,
				     const struct vma_source *fixed, u32 *index)
{
	struct vma_snapshot *s = w->s;
	const size_t used = s->names->used;
	const struct file *file = vma->vm_file;
	const struct inode *inode;
	struct vma_source o = { .ops = vma->vm_ops };
	bool fits;
	u32 hash;

	o.page_shift = ilog2(vma_kernel_pagesize(vma));
	if (file) {
		inode = file_user_inode(file);
		o.ino = inode->i_ino;
		o.dev = inode->i_sb->s_dev;
		o.kind = file_kind(vma, file);
		fits = source_set_text(s, &o, "[anon_shmem:", kcompat_anon_name(vma), "]");
	} else {
		o.kind = vma->vm_flags & VM_HUGETLB ? VMAINFO_KIND_HUGETLB :
			 vma->vm_ops ? VMAINFO_KIND_SPECIAL : VMAINFO_KIND_ANON;
		fits = source_name(s, &o, vma, fixed);
	}
	if (!fits)
		return WALK_NAMES_FULL;
	hash = source_hash(&o);
	*index = source_alike(s, &o, hash);
	if (*index || s->sources_nr == s->sources_cap) {
		s->names->used = used;
		return *index ? WALK_MORE : WALK_SOURCES_FULL;
	}
	*index = s->sources_nr++;
	s->sources[*index] = o;
	source_insert(s, *index, hash);
	return WALK_MORE;
}

/*
 * A reference to the file of a VMA that is not stable, or NULL. Had the VMA been unmapped, its
 * pointer would be a stale one, and the file any file, even one that is only being opened:
 * but then the sequence has changed, and nothing in the file is looked at.
 */
static struct file *speculative_file(struct vma_walk *w, struct vm_area_struct *vma,
				     const struct file *expected)
{
	struct file *file = vma_get_file_active(vma);

	if (file && (file != expected || vma_speculate_retry(w->mm, w->seq))) {
		fput(file);
		file = NULL;
	}
	return file;
}

/*
 * Adds the object of a file, which it takes a reference to. Without a lock only for a file with
 * pages of the usual size, for which vm_ops need not be asked: they may be in memory that goes
 * with the VMA.
 */
static enum walk_end source_add_file(struct vma_walk *w, struct vm_area_struct *vma,
				     struct file *file, const struct vm_operations_struct *ops,
				     u32 hash)
{
	struct vma_snapshot *s = w->s;
	struct vma_source *o = &s->sources[s->sources_nr];
	const struct inode *inode;

	if (s->sources_nr == s->sources_cap)
		return WALK_SOURCES_FULL;
	memset(o, 0, sizeof(*o));
	o->ops = ops;
	if (w->stable) {
		o->file = get_file(file);
		o->page_shift = ilog2(vma_kernel_pagesize(vma));
	} else {
		o->file = speculative_file(w, vma, file);
		if (!o->file)
			return WALK_RETRY;
		/* Whose pages can be of other sizes: hugetlbfs, and devices of DAX. */
		if ((READ_ONCE(vma->vm_flags) & VM_HUGETLB) ||
		    S_ISCHR(file_inode(file)->i_mode)) {
			fput(o->file);
			return WALK_UNSTABLE;
		}
		o->page_shift = PAGE_SHIFT;
	}
	inode = file_user_inode(file);
	o->ino = inode->i_ino;
	o->dev = inode->i_sb->s_dev;
	o->kind = file_kind(vma, file);
	source_insert(s, s->sources_nr++, hash);
	return WALK_MORE;
}

/*
 * Finds or adds the object of a VMA. The object keeps the file that it was made for: a VMA that
 * has the same pointer has the same file.
 *
 * @fixed: what the object would be without vm_ops and names
 */
static enum walk_end source_add(struct vma_walk *w, struct vm_area_struct *vma,
				const struct vma_source *fixed, u32 *index)
{
	struct file *file = READ_ONCE(vma->vm_file);
	const struct vm_operations_struct *ops = READ_ONCE(vma->vm_ops);
	const u32 hash = pointers_hash(file, ops);
	enum walk_end added;

	if (!file || kcompat_has_anon_name(vma))
		return w->stable ? source_add_text(w, vma, fixed, index) : WALK_UNSTABLE;
	*index = source_of_file(w->s, file, ops, hash);
	if (!*index) {
		added = source_add_file(w, vma, file, ops, hash);
		if (added != WALK_MORE)
			return added;
		*index = w->s->sources_nr - 1;
	}
	w->file = file;
	w->ops = ops;
	w->source = *index;
	return WALK_MORE;
}

/*
 * Adds VMAs that follow each other: of the first of them, what is at and above w->next. What
 * is read here of a VMA that is not stable is numbers, pointers to compare, and its policy.
 */
static enum walk_end records_add(struct vma_walk *w, struct vm_area_struct **vmas,
				 unsigned int n)
{
	struct vma_snapshot *s = w->s;
	struct vma_record *r = &s->recs[s->nr];
	const struct vma_record *full = &s->recs[s->cap];
	const unsigned long start_brk = w->start_brk, brk = w->brk, start_stack = w->start_stack;
	const struct vm_operations_struct *ops;
	const struct file *file;
	struct vm_area_struct *vma;
	unsigned long start, end, next = w->next;
	enum walk_end added = WALK_MORE;
	u32 fixed;

	for (; n--; r++) {
		vma = *vmas++;
		if (r == full) {
			added = WALK_RECORDS_FULL;
			break;
		}
		start = READ_ONCE(vma->vm_start);
		end = READ_ONCE(vma->vm_end);
		file = READ_ONCE(vma->vm_file);
		ops = READ_ONCE(vma->vm_ops);
		r->start = max(start, next);
		r->end = end;
		r->flags = READ_ONCE(vma->vm_flags);
		r->policy = vma_policy_of(vma);
		r->anon_vma = READ_ONCE(vma->anon_vma);
		fixed = SOURCE_ANON;
		if (file) {
			r->offset = ((u64)READ_ONCE(vma->vm_pgoff) << PAGE_SHIFT) +
				    (r->start - start);
			r->source = w->source;
			if (file != w->file || ops != w->ops || kcompat_has_anon_name(vma))
				goto another;
		} else {
			r->offset = 0;
			if (kcompat_is_initial_heap(start, end, start_brk, brk))
				fixed = SOURCE_HEAP;
			else if (start <= start_stack && end >= start_stack)
				fixed = SOURCE_STACK;
			r->source = fixed;
			if (ops || (!fixed && kcompat_has_anon_name(vma)))
				goto another;
		}
		next = end;
		continue;
another:
		added = source_add(w, vma, &fixed_sources[fixed], &r->source);
		if (added != WALK_MORE)
			break;
		next = end;
	}
	s->nr = r - s->recs;
	w->next = next;
	return added;
}

/* Puts a walk where it goes on, in a new critical section. */
static void walk_seek(struct vma_walk *w)
{
	vma_cursor_seek(&w->cursor, w->mm, w->next);
}

/* Adds up to @max VMAs, or more precisely those above w->next; see walk_seek(). */
static enum walk_end walk_some(struct vma_walk *w, unsigned int max)
{
	struct vm_area_struct *vmas[VMA_BATCH];
	enum walk_end end;
	unsigned int n;

	for (; max; max -= n) {
		n = vma_cursor_read(&w->cursor, w->next, vmas, min_t(unsigned int, max, VMA_BATCH));
		if (!n)
			return WALK_DONE;
		end = records_add(w, vmas, n);
		if (end != WALK_MORE)
			return end;
	}
	return WALK_MORE;
}

/* So that a walk with room enough for all is not begun in vain. */
static bool records_too_small(const struct vma_walk *w)
{
	return !w->s->nr && READ_ONCE(w->mm->map_count) > w->s->cap;
}

static void walk_begin(struct vma_walk *w)
{
	w->most = max_t(size_t, w->most, READ_ONCE(w->mm->map_count));
	/* Set by an exec, brk() and prctl(PR_SET_MM), the last with mmap_lock for reading. */
	w->start_brk = READ_ONCE(w->mm->start_brk);
	w->brk = READ_ONCE(w->mm->brk);
	w->start_stack = READ_ONCE(w->mm->start_stack);
}

/*
 * Where mmap() begins to look for room. x86 has two such places in every mm, for its two
 * kinds of system calls: a 32-bit process has a TaskSize that only one of them is below.
 */
static unsigned long mmap_base(const struct mm_struct *mm)
{
#ifdef CONFIG_HAVE_ARCH_COMPAT_MMAP_BASES
	if (mm->task_size <= U32_MAX)
		return mm->mmap_compat_base;
#endif
	return mm->mmap_base;
}

/* What a snapshot says of the mm as a whole; belongs to the end of a walk. */
static void walk_finish(struct vma_walk *w)
{
	struct vma_snapshot *s = w->s;
	struct mm_struct *mm = w->mm;

	s->has_seq = kcompat_mm_seq(mm, &s->mm_seq);
	s->taken_ns = ktime_get_boottime_ns();
	/* As environ and cmdline of procfs read them. */
	spin_lock(&mm->arg_lock);
	s->layout.start_code = mm->start_code;
	s->layout.end_code = mm->end_code;
	s->layout.start_data = mm->start_data;
	s->layout.end_data = mm->end_data;
	s->layout.start_brk = mm->start_brk;
	s->layout.brk = mm->brk;
	s->layout.start_stack = mm->start_stack;
	s->layout.arg_start = mm->arg_start;
	s->layout.arg_end = mm->arg_end;
	s->layout.env_start = mm->env_start;
	s->layout.env_end = mm->env_end;
	spin_unlock(&mm->arg_lock);
	s->layout.mmap_base = mmap_base(mm);
	s->layout.task_size = mm->task_size;
}

/* VMAs that are walked between two looks at who waits; a microsecond or two. */
#define LOCK_STRIDE 64

/**
 * walk_locked() - add the VMAs above w->next, the mmap_lock held for reading
 * @w: the walk
 * @hold_ns: how long to let a writer wait, 0: as long as it takes
 *
 * A section that follows another one finds the address space changed in any
 * way: what lies below w->next stays as it was recorded, and of a VMA that now
 * reaches across w->next (grown, merged, or mapped over the old one) the part
 * above is recorded. So records never overlap, repeat or go back.
 *
 * Return: why the walk ended.
 */
static enum walk_end walk_locked(struct vma_walk *w, u64 hold_ns)
{
	const u64 began = ktime_get_ns();
	unsigned int strides = 0;
	enum walk_end end;

	if (records_too_small(w))
		return WALK_RECORDS_FULL;
	walk_begin(w);
	w->stable = true;
	walk_seek(w);
	for (;;) {
		end = walk_some(w, LOCK_STRIDE);
		if (end == WALK_DONE)
			walk_finish(w);
		if (end != WALK_MORE)
			return end;
		if (hold_ns && mmap_lock_is_contended(w->mm) &&
		    ktime_get_ns() - began >= hold_ns)
			return WALK_CONTENDED;
		if (++strides % (SZ_1K / LOCK_STRIDE) == 0) {
			if (fatal_signal_pending(current))
				return WALK_KILLED;
			cond_resched();
		}
	}
}

/* How far a walk has come, to go back to. */
struct walk_mark {
	size_t nr;
	size_t sources_nr;
	struct vma_name_block *names;
	size_t names_used;
	unsigned long next;
	const struct file *file;
	const struct vm_operations_struct *ops;
	u32 source;
};

static struct walk_mark walk_get_mark(const struct vma_walk *w)
{
	const struct vma_snapshot *s = w->s;

	return (struct walk_mark) {
		.nr = s->nr,
		.sources_nr = s->sources_nr,
		.names = s->names,
		.names_used = s->names->used,
		.next = w->next,
		.file = w->file,
		.ops = w->ops,
		.source = w->source,
	};
}

/* Sleeps: under no lock. */
static void walk_rollback(struct vma_walk *w, const struct walk_mark *c)
{
	struct vma_snapshot *s = w->s;

	sources_drop(s, c->sources_nr);
	s->nr = c->nr;
	/* What is in newer blocks is lost until the snapshot is freed, a piece's names each. */
	if (s->names && s->names == c->names)
		s->names->used = c->names_used;
	w->next = c->next;
	w->file = c->file;
	w->ops = c->ops;
	w->source = c->source;
}

/* How often to look whether a writer is through; some ten microseconds. */
#define SPECULATE_SPINS 256

/* Not for long: waiting for a writer is what the lock is for. */
static bool speculate_begin(struct mm_struct *mm, unsigned int *seq)
{
	unsigned int spins;

	for (spins = 0; spins < SPECULATE_SPINS; spins++) {
		if (vma_speculate_begin(mm, seq))
			return true;
		if (need_resched())
			break;
		cpu_relax();
	}
	cond_resched();
	return false;
}

/*
 * All the way back. Names come to be in one block, of twice the size if there was not enough,
 * which is asked for with @more: what a walk had no room for, the next one has.
 *
 * Return: how much room for names it shall have.
 */
static size_t walk_restart(struct vma_walk *w, size_t more)
{
	const struct walk_mark start = { .sources_nr = SOURCES_FIXED };
	size_t names;

	walk_rollback(w, &start);
	names = names_drop(w->s);
	return more ? min_t(size_t, 2 * names + more, NAMES_LIMIT) : names;
}

/* VMAs that are walked in one RCU read-side critical section, at most. */
#define RCU_STRIDE 256

/**
 * walk_speculative() - add up to @max VMAs above w->next, with no mmap_lock held
 * @w: the walk
 * @max: how many VMAs
 *
 * Reads VMAs under RCU, which keeps the memory that they are in a struct vm_area_struct,
 * maybe another one, of another mm; the sequence then proves that no writer was there from
 * the first to the last of them, and that it was the right ones. As
 * find_active_uprobe_speculative() in kernel/events/uprobes.c does for a single one.
 *
 * From a VMA that has more to it than plain fields, a few are read with the lock, if it can be had
 * at once. Readers do not change the sequence, so it proves the same for them.
 *
 * Return: WALK_MORE, WALK_DONE, or why nothing has been added.
 */
static enum walk_end walk_speculative(struct vma_walk *w, unsigned int max)
{
	const struct walk_mark from = walk_get_mark(w);
	const size_t enough = w->s->nr + min_t(size_t, max, INT_MAX);
	enum walk_end end;

	if (records_too_small(w))
		return WALK_RECORDS_FULL;
	if (!speculate_begin(w->mm, &w->seq))
		return WALK_RETRY;
	walk_begin(w);
	w->stable = false;
	do {
		rcu_read_lock();
		walk_seek(w);
		end = walk_some(w, min_t(size_t, enough - w->s->nr, RCU_STRIDE));
		rcu_read_unlock();
		if (end == WALK_UNSTABLE && mmap_read_trylock(w->mm)) {
			w->stable = true;
			walk_seek(w);
			end = walk_some(w, min_t(size_t, enough - w->s->nr, LOCK_STRIDE));
			w->stable = false;
			mmap_read_unlock(w->mm);
		}
		if (end == WALK_DONE)
			walk_finish(w);
		if (end == WALK_UNSTABLE || vma_speculate_retry(w->mm, w->seq))
			end = WALK_RETRY;
		if (fatal_signal_pending(current))
			end = WALK_KILLED;
		cond_resched();
	} while (end == WALK_MORE && w->s->nr < enough);
	if (end != WALK_MORE && end != WALK_DONE)
		walk_rollback(w, &from);
	return end;
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
 * struct walk_backoff - how a walk gets on, and so how it goes on
 * @hold_ns: how long to keep writers out
 * @tries: of the whole without the lock that are left
 * @piece: how many VMAs to try without the lock once the walk is torn, 0: none
 * @retries: tries of a piece in a row that writers have spoiled
 */
struct walk_backoff {
	u64 hold_ns;
	unsigned int tries;
	unsigned int piece;
	unsigned int retries;
};

#define BACKOFF_TRIES	3
#define BACKOFF_PIECE_MIN	4
#define BACKOFF_PIECE_MAX	RCU_STRIDE
#define BACKOFF_RETRIES	32

/*
 * One step of a walk: without the lock if there is hope for that, else with it.
 *
 * First the whole is tried without. If writers spoil that, holding the lock for as long as
 * is allowed may still give what is of one instant. If that does not do, there is no keeping
 * writers from coming in between, lock or no lock: so it goes on without, in pieces that
 * fit in between two writers, and takes the lock again where no piece does.
 *
 * A target can map ahead of the walk and unmap behind it. Once twice as many VMAs are recorded as
 * it ever had, the lock is kept to the end.
 */
static enum walk_end walk_step(struct vma_walk *w, struct walk_backoff *p)
{
	struct vma_snapshot *s = w->s;
	const bool endless = s->torn && s->nr > 2 * w->most;
	enum walk_end end;

	if (p->tries && !s->torn) {
		end = walk_speculative(w, INT_MAX);
		if (end == WALK_RETRY)
			p->tries--;
		return end;
	}
	if (p->piece && s->torn && !endless && p->retries < BACKOFF_RETRIES) {
		end = walk_speculative(w, p->piece);
		if (end == WALK_RETRY) {
			p->piece = max_t(unsigned int, p->piece / 2, BACKOFF_PIECE_MIN);
			p->retries++;
		} else {
			p->piece = min_t(unsigned int, p->piece * 2, BACKOFF_PIECE_MAX);
			p->retries = 0;
		}
		return end;
	}
	p->retries = 0;
	if (mmap_read_lock_killable(w->mm))
		return WALK_KILLED;
	end = walk_locked(w, endless ? 0 : p->hold_ns);
	mmap_read_unlock(w->mm);
	if (end != WALK_DONE && p->hold_ns)
		wait_for_writers(w->mm);
	return end;
}

/**
 * snapshot_walk() - record all VMAs of an mm, files still as files
 * @s: an empty snapshot
 * @mm: with a reference to its users
 *
 * Memory is set aside before the walk, by counts that can be out of date by
 * then. If it runs out, a walk that is still in one piece begins again, so that it
 * stays so; otherwise it goes on where it was.
 *
 * Return: 0, -ENOMEM or -EINTR.
 */
static int snapshot_walk(struct vma_snapshot *s, struct mm_struct *mm)
{
	struct vma_walk w = { .s = s, .mm = mm };
	struct walk_backoff pace = {
		.hold_ns = (u64)READ_ONCE(max_hold_us) * NSEC_PER_USEC,
		.tries = HAVE_MMAP_LOCK_SPECULATE ? BACKOFF_TRIES : 0,
		.piece = HAVE_MMAP_LOCK_SPECULATE ? BACKOFF_PIECE_MAX : 0,
	};
	size_t room = 0, sources = 0, names = 256;
	enum walk_end end;
	size_t count;
	int err;

	for (;;) {
		if (!s->nr) {
			count = READ_ONCE(mm->map_count);
			room = max(room, count + count / 32 + 8);
			/* One for four VMAs in a small process; few in one that is large by far. */
			sources = max(sources, min_t(size_t, count, SZ_1K) / 4 + count / 16 + 16);
		}
		err = records_reserve(s, room);
		if (!err)
			err = sources_reserve(s, sources);
		if (!err)
			err = names_reserve(s, names);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;

		end = walk_step(&w, &pace);
		names = 0;
		switch (end) {
		case WALK_DONE:
			return 0;
		case WALK_KILLED:
			return -EINTR;
		case WALK_CONTENDED:
			s->torn = true;
			break;
		case WALK_RECORDS_FULL:
			room = s->cap + s->cap / 4 + 8;
			break;
		case WALK_SOURCES_FULL:
			sources = 3 * s->sources_cap;
			break;
		case WALK_NAMES_FULL:
			names = max_t(size_t, 2 * names_avail(s), SZ_1K);
			/* A torn walk drops the lock for this: not often. */
			if (s->torn)
				names = clamp_t(size_t, names_used(s), names, NAMES_LIMIT);
			break;
		default:
			break;
		}
		if (!s->torn)
			names = walk_restart(&w, names);
	}
}

/* The object that a path was resolved for, or 0 */
static u32 source_of_path(const struct vma_snapshot *s, const struct path *path, u32 hash)
{
	u32 i = *source_bucket(s, hash);
	unsigned int looked;

	for (looked = 0; i && looked < CHAIN_MAX; looked++) {
		if (path_equal(file_user_path(s->sources[i].file), path))
			return i;
		i = s->sources[i].chain;
	}
	return 0;
}

/*
 * Gives files their paths, each path once: a process can have opened one file as often as it has
 * VMAs. Until the last one is done all files stay referenced, and so do the dentries and mounts
 * that the paths are known by.
 */
static int snapshot_resolve(struct vma_snapshot *s)
{
	struct long_path_buf l = {};
	const struct path *path;
	const struct vma_source *same;
	struct vma_source *o;
	u32 i, found, hash;
	int err = 0;

	if (s->nameless)
		goto out;
	memset(s->buckets, 0, sizeof(*s->buckets) << s->bucket_bits);
	for (i = SOURCES_FIXED; i < s->sources_nr && !err; i++) {
		o = &s->sources[i];
		cond_resched();
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
		if (o->file) {
			path = file_user_path(o->file);
			hash = pointers_hash(path->dentry, path->mnt);
			found = source_of_path(s, path, hash);
			if (found) {
				same = &s->sources[found];
				o->name = same->name;
				o->name_len = same->name_len;
				o->bits = same->bits;
				continue;
			}
			err = source_set_path(s, o, path, &l);
			source_insert(s, i, hash);
		} else if (has_newline(o->name, o->name_len)) {
			o->bits |= SOURCE_ESCAPE;
		}
	}
	kvfree(l.buf);
out:
	sources_put_files(s);
	return err;
}

/**
 * snapshot_take() - record the VMAs that a process has now
 * @s: an empty snapshot; empty again after an error
 * @entry: the open file that shows it
 * @t: the target
 * @nameless: without names
 *
 * A kernel thread and a process without living threads have no mm and so no
 * VMAs. The mm is looked up each time: after an exec it is another one.
 *
 * Return: 0, -ESRCH if the process is gone, -ENOMEM, -EINTR on a fatal signal,
 * or -EINPROGRESS if snapshot_prepare() has something to do first. That is not
 * -EAGAIN, for which seq_file tries again itself, without end.
 */
static int snapshot_take(struct vma_snapshot *s, const struct file *entry, struct vmainfo_target *t,
			 bool nameless)
{
	struct mm_struct *mm;
	struct mm_identity now;
	int err;

	mm = target_look(entry, t, &now);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	if (!mm && now.mm)
		return -EINPROGRESS;
	s->nameless = nameless;
	s->pid = pid_vnr(t->pid);
	s->taken_ns = ktime_get_boottime_ns();
	if (!mm)
		return 0;

	if (kcompat_mm_has_gate(mm)) {
		s->gate = READ_ONCE(gate_page);
		if (!s->gate) {
			mmput(mm);
			return -EINPROGRESS;
		}
		if (!s->gate->rec.end)
			s->gate = NULL;
	}
	s->exec_id = t->granted.exec_id;
	err = snapshot_walk(s, mm);
	mmput(mm);
	if (!err)
		err = snapshot_resolve(s);
	if (err)
		snapshot_free(s);
	return err;
}

/*
 * Does what a snapshot needs and cannot do, as it is taken under seq_file's
 * lock: opens files, to ask for access to what the target shows now, and to find
 * out what the gate page is. Called with the file's lock held.
 *
 * Return: 0 to try again, or an error.
 */
static int snapshot_prepare(const struct file *entry, struct vmainfo_target *t)
{
	struct mm_struct *mm = target_mm(entry, t);
	int err = 0;

	if (IS_ERR_OR_NULL(mm))
		return PTR_ERR_OR_ZERO(mm);
	if (kcompat_mm_has_gate(mm) && !READ_ONCE(gate_page))
		err = gate_find(entry, t);
	mmput(mm);
	return err;
}

/* ---- views ---- */

/**
 * struct vmainfo_file - an open entry
 * @lock: one read(), lseek() or write() at a time. seq_file's own lock ends
 *	with each buffer; a read() goes on to the next one, and must not find
 *	another target, snapshot or position there. Nobody takes seq_file's lock
 *	but within this one.
 * @target: whom it shows, set by open and write
 * @snap: what it shows
 * @taken: there is a snapshot
 * @shown: how many records the last show has shown
 * @next_line_max: how much room a read() must have left to be sure of a whole
 *	line more
 */
struct vmainfo_file {
	struct mutex lock; /* held by all of a call, not only by a buffer of it */
	struct vmainfo_target target;
	struct vma_snapshot snap;
	bool taken;
	size_t shown;
	size_t next_line_max;
};

static void drop_snapshot(struct vmainfo_file *vf)
{
	snapshot_free(&vf->snap);
	vf->taken = false;
}

/* Position 0 is the header, then come the records, the gate page last. */
static void *view_element(struct vma_snapshot *s, loff_t pos)
{
	if (!pos)
		return SEQ_START_TOKEN;
	if (pos <= s->nr)
		return &s->recs[pos - 1];
	if (pos == s->nr + 1 && s->gate)
		return (void *)&s->gate->rec;
	return NULL;
}

/*
 * Takes a snapshot if there is none: on the first read, after a rewind, and
 * when seq_file looks for a position in a file whose end was read.
 */
static void *view_begin(struct seq_file *m, loff_t pos, bool nameless)
{
	struct vmainfo_file *vf = m->private;
	int err;

	if (!vf->taken) {
		/* The end was read, and is where the reader still is. */
		if (pos)
			return NULL;
		err = snapshot_take(&vf->snap, m->file, &vf->target, nameless);
		if (err)
			return ERR_PTR(err);
		vf->taken = true;
	}
	return view_element(&vf->snap, pos);
}

static bool is_gate(const struct vma_snapshot *s, const struct vma_record *r)
{
	return s->gate && r == &s->gate->rec;
}

static const struct vma_source *record_source(const struct vma_snapshot *s, const struct vma_record *r)
{
	return is_gate(s, r) ? &s->gate->obj : &s->sources[r->source];
}

/* More than a line of any view has besides its name. */
#define LINE_OVERHEAD_MAX 1024

/* The first buffer, instead of seq_file, which could invoke the OOM killer for it. */
static int view_buffer(struct seq_file *m)
{
	if (!m->buf) {
		m->buf = array_alloc(PAGE_SIZE, 1);
		m->size = PAGE_SIZE;
	}
	return m->buf ? 0 : -ENOMEM;
}

/*
 * Makes room for the first line in the buffer, which is empty. seq_file would double it until the
 * line fits, and for memory the OOM killer can be invoked there.
 */
static int view_reserve(struct seq_file *m, const struct vma_record *r)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_source *o = record_source(&vf->snap, r);
	size_t size = LINE_OVERHEAD_MAX +
		      (size_t)(o->bits & SOURCE_ESCAPE ? 4 : 1) * o->name_len;
	char *buf;

	if (size <= m->size)
		return 0;
	buf = array_alloc(size, 1);
	if (!buf)
		return -ENOMEM;
	kvfree(m->buf);
	m->buf = buf;
	m->size = size;
	return 0;
}

static void *view_start(struct seq_file *m, loff_t *pos)
{
	void *v = view_begin(m, *pos, false);
	int err;

	if (IS_ERR_OR_NULL(v) || v == SEQ_START_TOKEN)
		return v;
	err = view_reserve(m, v);
	return err ? ERR_PTR(err) : v;
}

static void *view_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct vmainfo_file *vf = m->private;

	/* seq_file looks for a position by formatting all that is before it. */
	cond_resched();
	*pos += v == SEQ_START_TOKEN ? 1 : vf->shown;
	return view_element(&vf->snap, *pos);
}

static void view_stop(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	size_t room = SIZE_MAX;

	if (!IS_ERR_OR_NULL(v))
		room = max_t(size_t, PAGE_SIZE,
			     LINE_OVERHEAD_MAX + 4 * vf->snap.longest);
	vf->next_line_max = room;

	/*
	 * The buffer has grown for a line that is longer, and stays so. But
	 * seq_file fills it for every read(), and one that asked for less
	 * would end in the middle of a line: back to a page as soon as the line
	 * is through. That is less than the buffer has, and what it holds by now
	 * is copied out before the size is looked at again.
	 */
	if (!seq_has_overflowed(m))
		m->size = PAGE_SIZE;
}

static void show_name(struct seq_file *m, const struct vma_source *o)
{
	if (!o->name)
		seq_putc(m, '-');
	else if (o->bits & SOURCE_ESCAPE)
		seq_escape(m, o->name, "\n");
	else
		seq_write(m, o->name, o->name_len);
}

/*
 * A view that is fast shows as many records at a time as fit into the buffer: seq_file calls
 * show for each of its elements, and copies and checks, which is more work than a record is.
 */
struct emit_batch {
	const struct vma_record *r;		/* the next one */
	const struct vma_record *end_rec;	/* one past the last */
	char *begin;
	char *p;			/* where it goes */
	const char *end;		/* of the buffer */
	const char *limit;		/* where the next one may begin; see emit_expect() */
};

static struct emit_batch emit_begin(struct seq_file *m, const struct vma_record *first)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_snapshot *s = &vf->snap;
	struct emit_batch b = { .r = first };
	size_t room = seq_get_buf(m, &b.begin);

	b.end_rec = is_gate(s, first) ? first + 1 : s->recs + s->nr;
	b.p = b.begin;
	b.end = b.begin + room;
	/* A buffer that had to grow for a record takes only that one; see view_stop(). */
	if (m->size != PAGE_SIZE) {
		b.end_rec = first + 1;
		if (m->count)
			b.end = b.p;
	}
	b.limit = b.begin;
	return b;
}

/*
 * How long records are from now on, at most. A buffer that is full to the last byte counts as
 * one that overflowed.
 */
static void emit_expect(struct emit_batch *b, size_t len)
{
	b->limit = b->end - b->begin > len ? b->end - len : b->begin;
}

static bool emit_is_full(const struct emit_batch *b)
{
	return b->p >= b->limit;
}

static int emit_end(struct seq_file *m, const struct vma_record *first, const struct emit_batch *b)
{
	struct vmainfo_file *vf = m->private;

	vf->shown = b->r - first;
	seq_commit(m, vf->shown ? b->p - b->begin : -1);
	return 0;
}

/* The two hex digits of every byte, made when the module is loaded. */
static char hex_digits[256][2] __ro_after_init;

static void __init hex_digits_init(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++) {
		hex_digits[i][0] = "0123456789abcdef"[i >> 4];
		hex_digits[i][1] = "0123456789abcdef"[i & 0xf];
	}
}

/* At least @width lower-case hex digits at @p; returns the end of them. */
static __always_inline char *fmt_hex(char *p, u64 val, int width)
{
	int digits = max(width, (fls64(val) + 3) / 4);
	char *end = p + digits;

	p = end;
	for (; digits > 1; digits -= 2) {
		p -= 2;
		memcpy(p, hex_digits[val & 0xff], 2);
		val >>= 8;
	}
	if (digits)
		p[-1] = hex_digits[val & 0xf][1];
	return end;
}

static char *fmt_decimal(char *p, u64 val)
{
	char digits[20], *d = digits + sizeof(digits);

	do {
		u64 rest = val;

		val = div_u64(val, 10);
		*--d = '0' + (rest - 10 * val);
	} while (val);
	memcpy(p, d, digits + sizeof(digits) - d);
	return p + (digits + sizeof(digits) - d);
}

static char *fmt_perm(char *p, unsigned long flags)
{
	*p++ = flags & VM_READ ? 'r' : '-';
	*p++ = flags & VM_WRITE ? 'w' : '-';
	*p++ = flags & VM_EXEC ? 'x' : '-';
	*p++ = flags & VM_MAYSHARE ? 's' : 'p';
	return p;
}

/* As seq_escape(m, name, "\n") does. */
static char *fmt_name(char *p, const struct vma_source *o)
{
	const char *name = o->name;

	if (!(o->bits & SOURCE_ESCAPE)) {
		memcpy(p, name, o->name_len);
		return p + o->name_len;
	}
	for (; *name; name++) {
		if (*name == '\n') {
			memcpy(p, "\\012", 4);
			p += 4;
		} else {
			*p++ = *name;
		}
	}
	return p;
}

/* What stands before a name in maps: 88 bytes if every number is the largest. */
#define MAPS_HEAD_MAX 96
/* The column of maps that a name begins in, unless the numbers are long. */
#define MAPS_NAME_COLUMN (25 + sizeof(void *) * 6 - 1)

/* maps: as show_map_vma() in fs/proc/task_mmu.c prints it, byte for byte. */
static int maps_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_source *o = NULL;
	u32 known = U32_MAX; /* no object's index */
	char dev_ino[48];
	size_t dev_ino_len = 0;
	struct emit_batch b;
	char *p;

	if (v == SEQ_START_TOKEN)
		return 0;
	for (b = emit_begin(m, v); b.r < b.end_rec; b.r++) {
		if (b.r->source != known) {
			known = b.r->source;
			o = record_source(&vf->snap, b.r);
			p = fmt_hex(dev_ino, MAJOR(o->dev), 2);
			*p++ = ':';
			p = fmt_hex(p, MINOR(o->dev), 2);
			*p++ = ' ';
			p = fmt_decimal(p, o->ino);
			*p++ = ' ';
			dev_ino_len = p - dev_ino;
			emit_expect(&b, MAPS_HEAD_MAX +
				     (size_t)(o->bits & SOURCE_ESCAPE ? 4 : 1) * o->name_len);
		}
		if (emit_is_full(&b))
			break;
		p = fmt_hex(b.p, b.r->start, 8);
		*p++ = '-';
		p = fmt_hex(p, b.r->end, 8);
		*p++ = ' ';
		p = fmt_perm(p, b.r->flags);
		*p++ = ' ';
		p = fmt_hex(p, b.r->offset, 8);
		*p++ = ' ';
		memcpy(p, dev_ino, dev_ino_len);
		p += dev_ino_len;
		if (o->name) {
			while (p < b.p + MAPS_NAME_COLUMN)
				*p++ = ' ';
			*p++ = ' ';
			p = fmt_name(p, o);
		}
		*p++ = '\n';
		b.p = p;
	}
	return emit_end(m, v, &b);
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
	{ KCOMPAT_VM_LOCKONFAULT, "lf", VMAINFO_LOCKONFAULT },
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

static void fmt_flags(char *p, unsigned long flags)
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
static noinline const char *ops_look_up(struct vma_snapshot *s,
					const struct vm_operations_struct *ops)
{
	char symbol[KSYM_SYMBOL_LEN];
	const char *name;
	char *plus;
	size_t i;
	u32 len;
	int err;

	sprint_symbol(symbol, (unsigned long)ops);
	plus = strchr(symbol, '+');
	if (plus && !strncmp(plus, "+0x0/", 5)) {
		*plus = '\0';
		symbol_trim(symbol);
		err = names_reserve(s, strlen(symbol) + 1);
		if (err)
			return ERR_PTR(err);
		name = names_add(s, "", symbol, "", &len);
	} else {
		name = "?";
	}
	i = s->ops_next++ % OPS_NAMES;
	s->ops_names[i].ops = ops;
	s->ops_names[i].name = name;
	return name;
}

/* On its own: kernels clear what is on the stack, as large as a symbol. */
static const char *ops_name(struct vma_snapshot *s, const struct vm_operations_struct *ops)
{
	size_t i;

	if (!ops)
		return "-";
	for (i = 0; i < OPS_NAMES; i++)
		if (s->ops_names[i].ops == ops)
			return s->ops_names[i].name;
	return ops_look_up(s, ops);
}

/* How many hex digits the highest address of a snapshot has. */
static int address_width(const struct vma_snapshot *s)
{
	unsigned long highest = 0;

	if (s->gate)
		highest = s->gate->rec.end;
	else if (s->nr)
		highest = s->recs[s->nr - 1].end;
	return max(8, (fls64(highest) + 3) / 4);
}

/* vmas: all that a record has, a column each. */
static int vmas_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	struct vma_snapshot *s = &vf->snap;
	const int width = address_width(s);
	const struct vma_record *r = v;
	const struct vma_source *o;
	char nr[24] = "-", perm[5] = "", dev[16], flags[FLAGS_MAX];
	const char *ops, *policy = "?";

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "# pid=%d vmas=%zu walk=%s\n", s->pid, s->nr,
			   s->torn ? "torn" : "atomic");
		seq_printf(m, "#%4s %*s %*s %10s perm %8s %5s %8s %-8s %5s anon %-10s %-26s %-22s name\n",
			   "nr", width, "start", width, "end", "kB", "offset",
			   "dev", "inode", "kind", "page", "policy", "flags", "ops");
		return 0;
	}
	/* A buffer that had to grow for a line takes only that one; see view_stop(). */
	if (m->count && m->size != PAGE_SIZE) {
		seq_commit(m, -1);
		return 0;
	}

	o = record_source(s, r);
	ops = ops_name(s, o->ops);
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	if (!is_gate(s, r))
		snprintf(nr, sizeof(nr), "%zu", r - s->recs + 1);
	if (r->policy < ARRAY_SIZE(policy_names))
		policy = policy_names[r->policy];
	fmt_perm(perm, r->flags);
	fmt_flags(flags, r->flags);
	snprintf(dev, sizeof(dev), "%02x:%02x", MAJOR(o->dev), MINOR(o->dev));
	seq_printf(m, "%5s %*.8lx %*.8lx %10lu %s %08llx %5s %8llu %-8s %5lu %4c %-10s %-26s %-22s ",
		   nr, width, r->start, width, r->end,
		   (r->end - r->start) >> 10, perm, r->offset, dev, o->ino,
		   kind_names[o->kind], 1UL << (o->page_shift - 10),
		   r->anon_vma ? 'y' : '-', policy, flags, ops);
	show_name(m, o);
	seq_putc(m, '\n');
	vf->shown = 1;
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

static void raw_header(struct seq_file *m, const struct vma_snapshot *s)
{
	struct vmainfo_header h;

	header_init(&h, s->pid);
	h.vmas = s->nr;
	h.taken_ns = s->taken_ns;
	if (!s->torn)
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

/* Few combinations of flags come up in turns, which mostly differ in what may be done. */
struct raw_flags_cache {
	struct {
		unsigned long flags;
		u64 raw;
	} known[8];	/* by VM_READ, VM_WRITE and VM_EXEC */
};

static u64 raw_flags(struct raw_flags_cache *cache, unsigned long flags)
{
	const size_t i = flags & (VM_READ | VM_WRITE | VM_EXEC);
	unsigned long left;
	u64 raw = 0;

	/* An element that was not used yet is right: no flags, no bits. */
	if (likely(cache->known[i].flags == flags))
		return cache->known[i].raw;
	for (left = flags; left; left &= left - 1)
		raw |= flag_raw[__ffs(left)];
	cache->known[i].flags = flags;
	cache->known[i].raw = raw;
	return raw;
}

/* A record, also as the words that it is written in. */
union raw_record_words {
	struct vmainfo_record r;
	u64 words[sizeof(struct vmainfo_record) / 8];
};

/* raw: a struct vmainfo_record each, see vmainfo.h. */
static int raw_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	struct vma_snapshot *s = &vf->snap;
	const struct vma_source *o = NULL;
	struct raw_flags_cache cache = {};
	union raw_record_words same = {}, *raw;
	u32 known = U32_MAX; /* no object's index */
	const char *ops = NULL;
	u64 more[2] = {}; /* flags, by whether there is an anon_vma */
	size_t texts;
	struct emit_batch b;
	char *p;

	if (v == SEQ_START_TOKEN) {
		raw_header(m, s);
		return 0;
	}
	for (b = emit_begin(m, v); b.r < b.end_rec; b.r++) {
		if (b.r->source != known) {
			known = b.r->source;
			o = record_source(s, b.r);
			ops = ops_name(s, o->ops);
			if (IS_ERR(ops))
				return PTR_ERR(ops);
			same.r.size = sizeof(same);
			same.r.kind = o->kind;
			same.r.ino = o->ino;
			same.r.dev_major = MAJOR(o->dev);
			same.r.dev_minor = MINOR(o->dev);
			same.r.name_len = o->name ? o->name_len + 1 : 0;
			more[0] = (o->bits & SOURCE_DELETED ? VMAINFO_DELETED : 0) |
				  (o->bits & SOURCE_OMITTED ? VMAINFO_NAME_OMITTED : 0);
			more[1] = more[0] | VMAINFO_ANON_VMA;
			same.r.ops_len = o->ops ? strlen(ops) + 1 : 0;
			same.r.next = ALIGN(sizeof(same) + same.r.name_len + same.r.ops_len, 8);
			same.r.page_shift = o->page_shift;
			emit_expect(&b, same.r.next);
		}
		if (emit_is_full(&b))
			break;
		/* Aligned: the buffer is, and all that goes into it has such a size. */
		raw = (union raw_record_words *)b.p;
		raw->words[0] = same.words[0];
		raw->r.policy = b.r->policy;
		raw->r.start = b.r->start;
		raw->r.end = b.r->end;
		raw->r.offset = b.r->offset;
		raw->r.ino = same.r.ino;
		raw->r.flags = raw_flags(&cache, b.r->flags) | more[b.r->anon_vma];
		raw->words[6] = same.words[6];
		raw->words[7] = same.words[7];
		if (same.r.next != sizeof(same)) {
			texts = same.r.name_len + same.r.ops_len;
			p = b.p + sizeof(same);
			memcpy(p, o->name, same.r.name_len);
			memcpy(p + same.r.name_len, ops, same.r.ops_len);
			memset(p + texts, 0, same.r.next - sizeof(same) - texts);
		}
		b.p += same.r.next;
	}
	return emit_end(m, v, &b);
}

/* A range of the layout: a line of summary. */
static void summary_range(struct seq_file *m, const char *key,
			  unsigned long start, unsigned long end)
{
	/* In an exec, one of them can be there before the other. */
	if (start && start <= end)
		seq_printf(m, "%s:\t%08lx-%08lx\t%lu kB\n", key, start, end,
			   DIV_ROUND_UP(end - start, SZ_1K));
	else
		seq_printf(m, "%s:\t-\n", key);
}

static void summary_address(struct seq_file *m, const char *key, unsigned long address)
{
	if (address)
		seq_printf(m, "%s:\t%08lx\n", key, address);
	else
		seq_printf(m, "%s:\t-\n", key);
}

/*
 * Whether kernel.kptr_restrict lets a reader with CAP_SYSLOG see addresses: 0 and 1 do, 2 does
 * not. Its value is not exported, so it is read from procfs, with the opener's credentials.
 * Whatever fails hides the addresses: a procfs without sysctls, another value, a file that is
 * mounted over this one. The entry's file keeps its credentials.
 *
 * Return: 1, 0, or -ENOMEM, with which the read has to fail as with any other allocation.
 */
static int kptr_restrict_allows(const struct file *entry)
{
	const struct cred *reader = override_creds(entry->f_cred);
	struct file *file = open_in_procfs(entry, "sys/kernel/kptr_restrict");
	loff_t pos = 0;
	ssize_t len = PTR_ERR_OR_ZERO(file);
	char text[4];

	if (!IS_ERR(file)) {
		len = kernel_read(file, text, sizeof(text), &pos);
		fput(file);
	}
	revert_creds(reader);
	if (len == -ENOMEM)
		return len;
	return len == 2 && (text[0] == '0' || text[0] == '1') && text[1] == '\n';
}

/*
 * The kernel's part of the address space, the same in all processes. It has no VMAs: what is
 * mapped there is in the kernel's page tables and, for vmalloc() alone, in vmap_areas. Where
 * it begins is a constant of the architecture. Where its regions are is random, and told to
 * those who may also read it in kallsyms: as everywhere, the opener counts.
 */
static int summary_kernel(struct seq_file *m)
{
	struct kernel_region regions[KERNEL_REGIONS_MAX];
	const struct kernel_region *r;
	unsigned long start = kernel_regions_start();
	unsigned int n;
	int allowed;

	seq_puts(m, "KernelVmas:\t0\n");
	if (start)
		seq_printf(m, "KernelStart:\t%08lx\n", start);
	if (!file_ns_capable(m->file, &init_user_ns, CAP_SYSLOG))
		return 0;
	allowed = kptr_restrict_allows(m->file);
	if (allowed <= 0)
		return allowed;
	n = kernel_regions_get(regions);
	for (r = regions; r < regions + n; r++) {
		if (r->start < r->end)
			seq_printf(m, "Kernel%s:\t%08lx-%08lx\t%lu kB\n", r->name, r->start,
				   r->end, (r->end - r->start) >> 10);
	}
	return 0;
}

/*
 * summary: what the records come to, where the mm has what, and where the kernel is; all in
 * one element.
 */
static int summary_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_snapshot *s = &vf->snap;
	const struct mm_layout *l = &s->layout;
	struct {
		unsigned long nr;
		unsigned long size;
	} kinds[ARRAY_SIZE(kind_names)] = {}, *kind;
	unsigned long size = 0, gap_start = 0, gap_end = 0, stack_start = 0, stack_end = 0;
	const struct vma_record *r, *behind = s->recs + s->nr;
	size_t i;

	for (r = s->recs; r < behind; r++) {
		kind = &kinds[s->sources[r->source].kind];
		kind->nr++;
		kind->size += r->end - r->start;
		size += r->end - r->start;
		if (r > s->recs && r->start - r[-1].end > gap_end - gap_start) {
			gap_start = r[-1].end;
			gap_end = r->start;
		}
		if (s->sources[r->source].kind == VMAINFO_KIND_STACK) {
			stack_start = stack_end ? stack_start : r->start;
			stack_end = r->end;
		}
		if ((r - s->recs) % SZ_1K == 0)
			cond_resched();
	}

	seq_printf(m, "Pid:\t%d\nWalk:\t%s\nVmas:\t%zu\t%lu kB\n", s->pid,
		   s->torn ? "torn" : "atomic", s->nr, size >> 10);
	for (i = 0; i < ARRAY_SIZE(kind_names); i++) {
		/* It is no VMA of the process. */
		if (i == VMAINFO_KIND_VSYSCALL)
			continue;
		seq_printf(m, "Vmas%c%s:\t%lu\t%lu kB\n", toupper(kind_names[i][0]),
			   kind_names[i] + 1, kinds[i].nr, kinds[i].size >> 10);
	}
	summary_range(m, "LargestGap", gap_start, gap_end);
	summary_range(m, "Code", l->start_code, l->end_code);
	summary_range(m, "Data", l->start_data, l->end_data);
	summary_range(m, "Brk", l->start_brk, l->brk);
	summary_range(m, "Stack", stack_start, stack_end);
	summary_range(m, "Arguments", l->arg_start, l->arg_end);
	summary_range(m, "Environment", l->env_start, l->env_end);
	summary_address(m, "StartStack", l->start_stack);
	summary_address(m, "MmapBase", l->mmap_base);
	summary_address(m, "TaskSize", l->task_size);
	return summary_kernel(m);
}

/* All of summary is the first element. It shows no names. */
static void *summary_start(struct seq_file *m, loff_t *pos)
{
	void *v = view_begin(m, *pos, true);

	return *pos ? NULL : v;
}

static void *summary_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

/* ---- query ---- */

/*
 * struct procmap_query as Linux 6.11 has it. That of the kernel's headers can grow, and may not
 * be there at all.
 */
struct procmap_query_v1 {
	u64 size;
	u64 query_flags;
	u64 query_addr;
	u64 vma_start;
	u64 vma_end;
	u64 vma_flags;
	u64 vma_page_size;
	u64 vma_offset;
	u64 inode;
	u32 dev_major;
	u32 dev_minor;
	u32 vma_name_size;
	u32 build_id_size;
	u64 vma_name_addr;
	u64 build_id_addr;
};

/* PROCMAP_QUERY of that time, as the size of the structure is part of the number. */
#define QUERY _IOWR('f', 17, struct procmap_query_v1)

#define QUERY_PERMS (PROCMAP_QUERY_VMA_READABLE | PROCMAP_QUERY_VMA_WRITABLE | \
		     PROCMAP_QUERY_VMA_EXECUTABLE | PROCMAP_QUERY_VMA_SHARED)
#define QUERY_FLAGS (QUERY_PERMS | PROCMAP_QUERY_COVERING_OR_NEXT_VMA | \
		     PROCMAP_QUERY_FILE_BACKED_VMA)

/* The first four bits of the ABI's, whatever the kernel's own are. */
static u64 query_perms(unsigned long flags)
{
	return (flags & VM_READ ? PROCMAP_QUERY_VMA_READABLE : 0) |
	       (flags & VM_WRITE ? PROCMAP_QUERY_VMA_WRITABLE : 0) |
	       (flags & VM_EXEC ? PROCMAP_QUERY_VMA_EXECUTABLE : 0) |
	       (flags & VM_MAYSHARE ? PROCMAP_QUERY_VMA_SHARED : 0);
}

/*
 * The VMA at or above *@addr that answers a query. Under mmap_lock, which a search that is
 * long gives up for a writer, as a walk does.
 *
 * Return: the VMA, or -ENOENT, -EINTR, -EAGAIN: go on at *@addr.
 */
static struct vm_area_struct *query_find(struct mm_struct *mm, const struct procmap_query_v1 *q,
					 unsigned long *addr, u64 hold_ns)
{
	const u64 perms = q->query_flags & QUERY_PERMS;
	const bool next = q->query_flags & PROCMAP_QUERY_COVERING_OR_NEXT_VMA;
	struct vm_area_struct *vma;
	unsigned int looked = 0;
	u64 began = 0;

	/* A 32-bit kernel has nothing there, nor above. */
	if (q->query_addr > ULONG_MAX)
		return ERR_PTR(-ENOENT);
	for (vma = find_vma(mm, *addr); vma; vma = find_vma(mm, *addr)) {
		if ((vma->vm_file || !(q->query_flags & PROCMAP_QUERY_FILE_BACKED_VMA)) &&
		    (query_perms(vma->vm_flags) & perms) == perms &&
		    (next || vma->vm_start <= q->query_addr))
			return vma;
		if (!next)
			break;
		*addr = vma->vm_end;
		if (++looked % LOCK_STRIDE)
			continue;
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		began = began ?: ktime_get_ns();
		if (hold_ns && mmap_lock_is_contended(mm) && ktime_get_ns() - began >= hold_ns)
			return ERR_PTR(-EAGAIN);
		cond_resched();
	}
	return ERR_PTR(-ENOENT);
}

/**
 * struct procmap_query_name - the name of a VMA that a query found
 * @limit: how long it may be, the NUL at its end included
 * @len: how long it is, likewise; 0 if there is none
 * @text: where it begins
 * @small: where it is, if it is short
 * @buf: otherwise: to be freed
 */
struct procmap_query_name {
	size_t limit;
	size_t len;
	const char *text;
	char *buf;
	char small[128];
};

static int query_path(struct procmap_query_name *n, const struct path *path)
{
	size_t room = min(n->limit, sizeof(n->small));
	char *text;

	text = d_path(path, n->small, room);
	if (text == ERR_PTR(-ENAMETOOLONG) && room < n->limit) {
		room = n->limit;
		n->buf = kmalloc(room, VMAINFO_GFP);
		if (!n->buf)
			return -ENOMEM;
		text = d_path(path, n->buf, room);
	}
	if (IS_ERR(text))
		return PTR_ERR(text);
	n->text = text;
	n->len = path_len(text, (n->buf ?: n->small) + room, path_has_dname(path)) + 1;
	return n->len <= n->limit ? 0 : -ENAMETOOLONG;
}

/* A name that is no path, for which see source_name(). Under mmap_lock. */
static int query_text(struct procmap_query_name *n, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	const char *name = NULL, *before = "", *after = "";

	if (vma->vm_file) {
		name = kcompat_anon_name(vma);
		before = "[anon_shmem:";
		after = "]";
	} else if (vma->vm_ops && vma->vm_ops->name) {
		name = vma->vm_ops->name(vma);
	}
	if (!name && !vma->vm_file) {
		if (kcompat_is_initial_heap(vma->vm_start, vma->vm_end, mm->start_brk, mm->brk)) {
			name = "[heap]";
		} else if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack) {
			name = "[stack]";
		} else {
			name = kcompat_anon_name(vma);
			before = "[anon:";
			after = "]";
		}
	}
	if (!name)
		return 0;
	n->len = snprintf(n->small, sizeof(n->small), "%s%s%s", before, name, after) + 1;
	n->text = n->small;
	if (n->len > n->limit)
		return -ENAMETOOLONG;
	if (n->len <= sizeof(n->small))
		return 0;
	/* Only a driver can give one that is so long. */
	n->buf = kmalloc(n->len, VMAINFO_GFP);
	if (!n->buf)
		return -ENOMEM;
	snprintf(n->buf, n->len, "%s%s%s", before, name, after);
	n->text = n->buf;
	return 0;
}

/*
 * Answers a query: PROCMAP_QUERY in linux/fs.h says how. As do_procmap_query() in
 * fs/proc/task_mmu.c, down to which of several errors it is; but of all that is done there
 * under the lock, only finding the VMA and copying its fields is done so here.
 */
static int query_answer(const struct file *entry, struct vmainfo_file *vf,
			struct procmap_query_v1 *q, struct procmap_query_name *n, u8 *build_id)
{
	struct file *file = NULL;
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	const struct inode *inode;
	const u64 hold_ns = (u64)READ_ONCE(max_hold_us) * NSEC_PER_USEC;
	unsigned long addr = q->query_addr;
	int err = 0, len;

	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	mm = target_mm(entry, &vf->target);
	mutex_unlock(&vf->lock);
	if (IS_ERR_OR_NULL(mm))
		return mm ? PTR_ERR(mm) : -ESRCH;
	for (;;) {
		if (mmap_read_lock_killable(mm)) {
			mmput(mm);
			return -EINTR;
		}
		vma = query_find(mm, q, &addr, hold_ns);
		if (vma != ERR_PTR(-EAGAIN))
			break;
		mmap_read_unlock(mm);
		wait_for_writers(mm);
	}
	if (!IS_ERR(vma)) {
		q->vma_start = vma->vm_start;
		q->vma_end = vma->vm_end;
		q->vma_flags = query_perms(vma->vm_flags);
		q->vma_page_size = vma_kernel_pagesize(vma);
		q->vma_offset = vma->vm_file ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0;
		if (vma->vm_file)
			file = get_file(vma->vm_file);
		if (n->limit)
			err = query_text(n, vma);
	} else {
		err = PTR_ERR(vma);
	}
	mmap_read_unlock(mm);
	mmput(mm);
	if (err)
		goto out;

	inode = file ? file_user_inode(file) : NULL;
	q->dev_major = inode ? MAJOR(inode->i_sb->s_dev) : 0;
	q->dev_minor = inode ? MINOR(inode->i_sb->s_dev) : 0;
	q->inode = inode ? inode->i_ino : 0;
	if (n->limit && file && !n->text)
		err = query_path(n, file_user_path(file));
	if (err)
		goto out;
	q->vma_name_size = n->len;
	if (q->build_id_size) {
		/* What cannot be read has none. */
		len = file ? max(file_build_id(file, build_id), 0) : 0;
		if (q->build_id_size < len)
			err = -ENAMETOOLONG;
		q->build_id_size = len;
	}
out:
	if (file)
		fput(file);
	return err;
}

static int maps_query(const struct file *entry, struct vmainfo_file *vf, void __user *to)
{
	struct procmap_query_name n;
	u8 build_id[BUILD_ID_MAX];
	struct procmap_query_v1 q;
	u64 size;
	int err;

	if (copy_from_user(&size, to, sizeof(size)))
		return -EFAULT;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < offsetofend(struct procmap_query_v1, query_addr))
		return -EINVAL;
	err = copy_struct_from_user(&q, sizeof(q), to, size);
	if (err)
		return err;
	if ((q.query_flags & ~(u64)QUERY_FLAGS) ||
	    !q.vma_name_size != !q.vma_name_addr || !q.build_id_size != !q.build_id_addr)
		return -EINVAL;

	/* Not all of it: that would be a good part of the work. */
	n.limit = min_t(size_t, q.vma_name_size, PATH_MAX);
	n.len = 0;
	n.text = NULL;
	n.buf = NULL;
	err = query_answer(entry, vf, &q, &n, build_id);
	if (!err && n.len && copy_to_user(u64_to_user_ptr(q.vma_name_addr), n.text, n.len))
		err = -EFAULT;
	if (!err && q.build_id_size &&
	    copy_to_user(u64_to_user_ptr(q.build_id_addr), build_id, q.build_id_size))
		err = -EFAULT;
	if (!err && copy_to_user(to, &q, min_t(size_t, size, sizeof(q))))
		err = -EFAULT;
	kfree(n.buf);
	return err;
}

/* ---- procs ---- */

/**
 * struct procs_line - what procs says of a process
 * @pid: its number in the pid namespace of the procfs instance
 * @vmas: how many VMAs it has
 * @total: pages that they are of, as the following ones
 * @data: private ones that can be written, stack left out
 * @stack: of mappings that grow down
 * @exec: ones that can be executed and not written
 * @locked: by mlock()
 * @pinned: by drivers and io_uring
 * @comm: its name, or that of its first thread
 */
struct procs_line {
	pid_t pid;
	unsigned int vmas;
	unsigned long total;
	unsigned long data;
	unsigned long stack;
	unsigned long exec;
	unsigned long locked;
	u64 pinned;
	char comm[TASK_COMM_LEN];
};

/**
 * struct procs_file - an open procs
 * @lock: one read() or lseek() at a time, as that of struct vmainfo_file
 * @line: the process that the iterator is at, copied: none is kept from going
 * @next_line_max: as in struct vmainfo_file
 */
struct procs_file {
	struct mutex lock; /* held by all of a call, not only by a buffer of it */
	struct procs_line line;
	size_t next_line_max;
};

/*
 * Copies what a task's mm counts, if it has one. No mmap_lock, so that nobody waits for a
 * process that is busy: each number is right, but they can be of different moments.
 */
static bool line_add_mm(struct procs_line *line, struct task_struct *task)
{
	struct mm_struct *mm;

	task_lock(task);
	mm = task->mm;
	if (mm) {
		line->vmas = READ_ONCE(mm->map_count);
		line->total = READ_ONCE(mm->total_vm);
		line->data = READ_ONCE(mm->data_vm);
		line->stack = READ_ONCE(mm->stack_vm);
		line->exec = READ_ONCE(mm->exec_vm);
		line->locked = READ_ONCE(mm->locked_vm);
		line->pinned = atomic64_read(&mm->pinned_vm);
	}
	task_unlock(task);
	return mm;
}

/* Called under RCU, which keeps the leader. */
static void line_fill(struct procs_line *line, pid_t pid, struct task_struct *leader)
{
	struct task_struct *task;

	memset(line, 0, sizeof(*line));
	line->pid = pid;
	get_task_comm(line->comm, leader);
	if (leader->flags & PF_KTHREAD)
		return;
	do
		task = thread_with_mm(leader);
	while (task && !line_add_mm(line, task));
}

/* Numbers that are looked at in one RCU read-side critical section: most can be of threads. */
#define PROCS_STRIDE 64

/*
 * The first process whose number is *@pos or more, with @pos set to it; what comes and goes
 * at other numbers meanwhile makes no difference. As next_tgid() in fs/proc/base.c. The
 * namespace is that of the procfs instance, which the open file keeps.
 *
 * Return: the line, NULL if there is no such process, or ERR_PTR(-EINTR).
 */
static struct procs_line *procs_find(struct seq_file *m, loff_t *pos)
{
	struct pid_namespace *ns = proc_pid_ns(file_inode(m->file)->i_sb);
	struct procs_file *tf = m->private;
	struct task_struct *leader = NULL;
	struct pid *pid;
	unsigned int looked;

	do {
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		cond_resched();
		if (*pos > PID_MAX_LIMIT)
			return NULL;
		rcu_read_lock();
		for (looked = 0; looked < PROCS_STRIDE; looked++) {
			pid = kcompat_find_ge_pid(*pos, ns);
			if (!pid)
				break;
			*pos = pid_nr_ns(pid, ns);
			leader = pid_task(pid, PIDTYPE_TGID);
			if (leader) {
				line_fill(&tf->line, *pos, leader);
				break;
			}
			++*pos;
		}
		rcu_read_unlock();
	} while (pid && !leader);
	return leader ? &tf->line : NULL;
}

/* Position 0 is the header; any other one is that of a process with a number so large. */
static void *procs_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? procs_find(m, pos) : SEQ_START_TOKEN;
}

static void *procs_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return procs_find(m, pos);
}

static void procs_stop(struct seq_file *m, void *v)
{
	struct procs_file *tf = m->private;

	/* seq_file fills a page at a time, with whole lines; see read_lines(). */
	tf->next_line_max = IS_ERR_OR_NULL(v) ? SIZE_MAX : PAGE_SIZE;
}

/* A number to the right of a column of so many characters, with a space in front of it */
static char *fmt_column(char *p, int width, u64 val)
{
	char digits[20];
	int len = fmt_decimal(digits, val) - digits;

	*p++ = ' ';
	for (; width > len; width--)
		*p++ = ' ';
	memcpy(p, digits, len);
	return p + len;
}

/* More than a line has: numbers of 20 digits at most, a name that is escaped. */
#define PROCS_LINE_MAX 256

static int procs_show(struct seq_file *m, void *v)
{
	const struct procs_line *line = v;
	size_t room;
	char *begin, *p;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "#%6s %8s %12s %12s %12s %12s %12s %12s comm\n", "pid", "vmas",
			   "total_kB", "data_kB", "stack_kB", "exec_kB", "locked_kB",
			   "pinned_kB");
		return 0;
	}
	/* seq_printf() takes longer than all the rest. */
	room = seq_get_buf(m, &begin);
	if (room <= PROCS_LINE_MAX) {
		seq_commit(m, -1);
		return 0;
	}
	p = fmt_column(begin, 6, line->pid);
	p = fmt_column(p, 8, line->vmas);
	p = fmt_column(p, 12, (u64)line->total << (PAGE_SHIFT - 10));
	p = fmt_column(p, 12, (u64)line->data << (PAGE_SHIFT - 10));
	p = fmt_column(p, 12, (u64)line->stack << (PAGE_SHIFT - 10));
	p = fmt_column(p, 12, (u64)line->exec << (PAGE_SHIFT - 10));
	p = fmt_column(p, 12, (u64)line->locked << (PAGE_SHIFT - 10));
	p = fmt_column(p, 12, line->pinned << (PAGE_SHIFT - 10));
	*p++ = ' ';
	/* As proc_task_name() for /proc/PID/status does. */
	p += string_escape_str(line->comm, p, begin + room - p, ESCAPE_SPACE | ESCAPE_SPECIAL,
			       "\n\\");
	*p++ = '\n';
	seq_commit(m, p - begin);
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

static const struct seq_operations summary_seq_ops = {
	.start = summary_start,
	.next = summary_next,
	.stop = view_stop,
	.show = summary_show,
};

static const struct seq_operations procs_seq_ops = {
	.start = procs_start,
	.next = procs_next,
	.stop = procs_stop,
	.show = procs_show,
};

/*
 * A listing tells as much as ptrace() would. The entries show up in every
 * procfs, and the root user of a container is not enough: hence the initial
 * user namespace. The caller opens an entry or writes to it.
 */
static bool vmainfo_may_read(void)
{
	return capable(CAP_SYS_PTRACE);
}

static int entry_open(struct inode *inode, struct file *file)
{
	struct vmainfo_file *vf;
	int err;

	if (!vmainfo_may_read())
		return -EPERM;
	vf = __seq_open_private(file, pde_data(inode), sizeof(*vf));
	if (!vf)
		return -ENOMEM;
	mutex_init(&vf->lock);
	kernel_param_lock(THIS_MODULE);
	if (default_target)
		vf->target.pid = get_pid(default_target);
	else
		vf->target.pid = get_task_pid(current, PIDTYPE_TGID);
	kernel_param_unlock(THIS_MODULE);
	/* As param_get_pid() says */
	err = pid_vnr(vf->target.pid) ? target_check(file, &vf->target, false) : -ESRCH;
	if (err) {
		put_pid(vf->target.pid);
		seq_release_private(inode, file);
	}
	return err;
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
	put_pid(vf->target.pid);
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
 * another whole line is sure to fit; @next_line_max is what the view's stop has set.
 */
static ssize_t read_lines(struct seq_file *m, struct kiocb *iocb,
			  struct iov_iter *to, const size_t *next_line_max)
{
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
		if (total && iov_iter_count(to) < *next_line_max)
			break;
		cond_resched();
		len = seq_read_iter(iocb, to);
		if (len <= 0)
			return total ?: len;
		total += len;
	} while (!signal_pending(current));
	return total;
}

static ssize_t read_any(struct seq_file *m, struct kiocb *iocb,
			struct iov_iter *to, const size_t *next_line_max)
{
	if (iov_iter_count(to) < PAGE_SIZE)
		return seq_read_iter(iocb, to);
	return read_lines(m, iocb, to, next_line_max);
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
	for (;;) {
		len = view_buffer(m) ?: read_any(m, iocb, to, &vf->next_line_max);
		if (len != -EINPROGRESS)
			break;
		len = snapshot_prepare(iocb->ki_filp, &vf->target);
		if (len)
			break;
	}
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
	/* seq_lseek() sets f_pos to 0 if it fails. */
	if (whence == SEEK_CUR) {
		whence = SEEK_SET;
		offset += file->f_pos;
	}
	/* It takes a snapshot to look for any other position than 0. */
	for (;;) {
		pos = seq_lseek(file, offset, whence);
		if (pos != -EINPROGRESS)
			break;
		pos = snapshot_prepare(file, &vf->target);
		if (pos)
			break;
	}
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
	struct vmainfo_target target;
	char text[16];
	int err;

	/* The opener has had this capability, but may have passed the file on. */
	if (!vmainfo_may_read())
		return -EPERM;
	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	if (strlen(text) != count)
		return -EINVAL;
	err = target_parse(text, &target.pid);
	if (err)
		return err;
	err = target_check(file, &target, true);
	if (!err && mutex_lock_killable(&vf->lock))
		err = -EINTR;
	if (err) {
		put_pid(target.pid);
		return err;
	}
	swap(vf->target, target);
	drop_snapshot(vf);
	/* As seq_lseek() rewinds; the caller stores *ppos after write(). */
	m->read_pos = 0;
	m->index = 0;
	m->count = 0;
	*ppos = 0;
	mutex_unlock(&vf->lock);

	put_pid(target.pid);
	return count;
}

/*
 * What a header says of the target now: nothing is walked, and no mmap_lock
 * taken. Called with the file's lock held. mmput_async(): this may be the mm's
 * last user by then.
 */
static int header_now(struct vmainfo_header *h, const struct file *entry, struct vmainfo_target *t)
{
	struct mm_struct *mm = target_mm(entry, t);

	if (IS_ERR(mm))
		return PTR_ERR(mm);
	header_init(h, pid_vnr(t->pid));
	if (mm) {
		h->vmas = READ_ONCE(mm->map_count);
		if (kcompat_mm_seq(mm, &h->mm_seq)) {
			h->flags |= VMAINFO_SEQ;
			h->exec_id = t->granted.exec_id;
		} else {
			h->mm_seq = 0;
		}
		mmput_async(mm);
	}
	h->taken_ns = ktime_get_boottime_ns();
	return 0;
}

static int get_header(const struct file *entry, struct vmainfo_file *vf,
		      struct vmainfo_header __user *to)
{
	struct vmainfo_header h;
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
	err = header_now(&h, entry, &vf->target);
	mutex_unlock(&vf->lock);
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

	/* As on /proc/PID/maps, and on that one alone. */
	if (cmd == QUERY && m->op == &maps_seq_ops)
		return maps_query(file, m->private, (void __user *)arg);
	switch (cmd) {
	case VMAINFO_GET_HEADER:
		return get_header(file, m->private, (void __user *)arg);
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

static int procs_open(struct inode *inode, struct file *file)
{
	struct procs_file *tf;

	if (!vmainfo_may_read())
		return -EPERM;
	tf = __seq_open_private(file, &procs_seq_ops, sizeof(*tf));
	if (!tf)
		return -ENOMEM;
	mutex_init(&tf->lock);
	return 0;
}

static ssize_t procs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct seq_file *m = iocb->ki_filp->private_data;
	struct procs_file *tf = m->private;
	ssize_t len;

	if (mutex_lock_killable(&tf->lock))
		return -EINTR;
	len = read_any(m, iocb, to, &tf->next_line_max);
	mutex_unlock(&tf->lock);
	return len;
}

static loff_t procs_lseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *m = file->private_data;
	struct procs_file *tf = m->private;
	loff_t pos;

	if (mutex_lock_killable(&tf->lock))
		return -EINTR;
	pos = seq_lseek(file, offset, whence);
	mutex_unlock(&tf->lock);
	return pos;
}

static const struct proc_ops procs_proc_ops = {
	.proc_open = procs_open,
	.proc_read_iter = procs_read_iter,
	.proc_lseek = procs_lseek,
	.proc_release = seq_release_private,
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
static_assert(sizeof(struct procmap_query_v1) == 104);
static_assert(QUERY == 0xc0686611);

static int __init vmainfo_init(void)
{
	int err;

	leaf_lookahead_init();
	flag_names_init();
	hex_digits_init();

	proc_dir = proc_mkdir_mode("vmainfo", 0500, NULL);
	if (!proc_dir)
		return -ENOMEM;
	err = entry_create("vmas", &vmas_seq_ops);
	if (!err)
		err = entry_create("maps", &maps_seq_ops);
	if (!err)
		err = entry_create("raw", &raw_seq_ops);
	if (!err)
		err = entry_create("summary", &summary_seq_ops);
	if (!err && !proc_create("procs", 0400, proc_dir, &procs_proc_ops))
		err = -ENOMEM;
	if (err)
		proc_remove(proc_dir);
	return err;
}

static void __exit vmainfo_exit(void)
{
	proc_remove(proc_dir);
	kfree(gate_page);
}

module_init(vmainfo_init);
module_exit(vmainfo_exit);

MODULE_DESCRIPTION("Shows the VMAs of a process under /proc/vmainfo/");
MODULE_LICENSE("GPL");
MODULE_VERSION(VMAINFO_RELEASE);
