// SPDX-License-Identifier: GPL-2.0
/*
 * vmainfo - shows the VMAs of a process under /proc/vmainfo/
 *
 * Data flows in one direction, and the sections follow it:
 *
 *	target		which process a file shows, and whether it may
 *	snapshot	the VMAs of that process, copied into records
 *	  filter	  which of them an open file shows
 *	  records	  of fixed size, and what several records have in common
 *	  names		  the texts that maps shows for VMAs
 *	  gate page	  [vsyscall], which belongs to no process
 *	  layout	  of the mm as a whole, for summary
 *	  walk		  copies VMAs into records, with mmap_lock or without
 *	  resolve	  turns files into paths, and vm_ops into symbols
 *	  take		  does all of this for a read()
 *	views		what the entries show of a snapshot
 *	  working with seq_file
 *	  formatting	  numbers, flags and names
 *	  maps, vmas, raw, summary
 *	query		which VMA is at an address, without a snapshot
 *	filter		the ioctl that sets which VMAs a file shows
 *	procs		the counters of all processes, without a target
 *	proc entries	open, write, ioctl; module init and exit
 *
 * Lifetimes: an open file owns its struct pid, its filter and its snapshot. A
 * task, an mm and files of the target are only referenced within one call:
 * open() or write() for the access check, read() or lseek() for a snapshot, or
 * ioctl(). Parameters, the gate page and symbols of the kernel image are global.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hugetlb.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/mutex.h>
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
#include "include/nomerge.h"
#include "include/symbol.h"
#include "include/version.h"
#include "include/vma_iter.h"
#include "vmainfo.h"

/*
 * Memory that grows with the target is charged to the reader's memory cgroup.
 * Allocations fail if memory is short. They never invoke the OOM killer.
 */
#define VMAINFO_GFP (GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* ---- target ---- */

/*
 * Default target of newly opened files. NULL: the process that opens the file.
 * The parameter owns a reference; kernel_param_lock() protects the pointer.
 */
static struct pid *default_target;

/*
 * Like kstrtouint(), but returns -EINVAL for anything that is not a plain
 * decimal number in 0..@max. A leading '+' is rejected.
 */
static int parse_decimal(const char *text, unsigned int max, unsigned int *val)
{
	unsigned int parsed;

	if (!isdigit(*text) || kstrtouint(text, 10, &parsed) || parsed > max)
		return -EINVAL;
	WRITE_ONCE(*val, parsed);
	return 0;
}

/*
 * Returns the process or thread with that number in the caller's pid namespace,
 * with a reference, NULL for 0, or an ERR_PTR(): -EINVAL or -ESRCH. It is
 * looked up once: a number can be reused, a struct pid cannot.
 */
static struct pid *target_parse(const char *text)
{
	unsigned int nr;
	struct pid *pid;
	int err;

	err = parse_decimal(text, INT_MAX, &nr);
	if (err)
		return ERR_PTR(err);
	if (!nr)
		return NULL;
	pid = find_get_pid(nr);
	/* The ID of a group or session can outlive the task that had it. */
	if (pid && !pid_has_task(pid, PIDTYPE_PID)) {
		put_pid(pid);
		pid = NULL;
	}
	return pid ?: ERR_PTR(-ESRCH);
}

/* ->set() and ->get() are called under kernel_param_lock(). */
static int param_set_pid(const char *val, const struct kernel_param *kp)
{
	struct pid *pid = target_parse(val);

	if (IS_ERR(pid))
		return PTR_ERR(pid);
	put_pid(default_target);
	default_target = pid;
	return 0;
}

static int param_get_pid(char *buf, const struct kernel_param *kp)
{
	pid_t nr = pid_vnr(default_target);

	/* It has no number in the caller's pid namespace. */
	if (default_target && !nr)
		return -ESRCH;
	return scnprintf(buf, PAGE_SIZE, "%d\n", nr);
}

/*
 * Called on unload, and if loading fails after pid= was set: without the lock,
 * as nobody can use the parameter then.
 */
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
MODULE_PARM_DESC(pid, "process that newly opened entries show; 0: the process that opens them (default 0)");

/*
 * The caller's permission to open an entry or to write to it. A listing tells
 * as much as ptrace(). The entries appear in every procfs, and root of a
 * container is not sufficient, hence the initial user namespace.
 */
static bool vmainfo_may_read(void)
{
	return capable(CAP_SYS_PTRACE);
}

static bool caller_is_killed(void)
{
	/* The next call finds a signal that comes meanwhile. */
	return data_race(fatal_signal_pending(current));
}

/* A task changes its other flags at any time. */
static bool is_kernel_thread(const struct task_struct *task)
{
	return READ_ONCE(task->flags) & PF_KTHREAD;
}

/* A kernel thread may have borrowed an mm. */
static bool has_mm(const struct task_struct *task)
{
	return READ_ONCE(task->mm) && !is_kernel_thread(task);
}

#define EXITED_THREADS_MAX 4096

/*
 * Returns the first thread of a process that has an mm, or NULL. This is
 * normally the leader, and another thread if the leader called pthread_exit().
 * find_lock_task_mm() does the same but is not exported. The caller must check
 * again under task_lock(), which protects task->mm: exit_mm() and exec_mmap()
 * take that lock. A tracer can keep thousands of exited threads, so the search
 * ends after EXITED_THREADS_MAX of them. Called under RCU, which keeps the
 * threads alive.
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

/*
 * Which address space of a process is shown. The pointers own no reference:
 * they are compared and never dereferenced. exec replaces the mm before it
 * increments self_exec_id, and the new mm exists before the old one is freed.
 * So if @mm and @exec_id are the same as before, it is still the same mm.
 */
struct mm_identity {
	const struct mm_struct *mm;	/* NULL if the process has none */
	u64 exec_id;			/* self_exec_id of @thread */
	const struct pid *thread;	/* the thread that has @mm */
	pid_t nr;			/* its number in the procfs instance */
	bool own;			/* only a reader with @mm may see it */
};

/* Which process an open file shows */
struct vmainfo_target {
	struct pid *pid;	/* a process or thread, with a reference */
	struct mm_identity granted; /* what the kernel last granted access to */
	bool in_exec;		/* target_look() last found it in execve() */
};

/*
 * Looks up the mm that the target has now.
 *
 * Return: the mm, with a reference to its users, if access to it was granted.
 * Else NULL, and @now identifies the mm: @now->mm is NULL without an mm.
 * ERR_PTR(-ESRCH) if the process was reaped.
 *
 * execve() builds the new address space step by step, and releases mmap_lock
 * between the steps. @t->in_exec says that the mm may be unfinished. This stays
 * true of that mm after task_unlock(), because a later execve() has another mm.
 */
static struct mm_struct *target_look(const struct file *entry,
				     struct vmainfo_target *t,
				     struct mm_identity *now)
{
	const struct mm_identity *granted = &t->granted;
	struct task_struct *task, *thread, *leader;
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
		thread = task;
		if (!has_mm(task)) {
			/*
			 * The ID of a thread other than the leader selects only
			 * it. An exec can make another thread the leader, so
			 * look it up by the ID.
			 */
			leader = pid_task(pid, PIDTYPE_TGID);
			thread = leader ? thread_with_mm(leader) : NULL;
		}
		if (!thread)
			break;
		task_lock(thread);
		mm = thread->mm;
		if (mm) {
			exec_id = READ_ONCE(thread->self_exec_id);
			/* An exec exchanges the IDs of two threads. */
			pid = READ_ONCE(thread->thread_pid);
			same = mm == granted->mm && exec_id == granted->exec_id &&
			       pid == granted->thread &&
			       (!granted->own || mm == current->mm);
			/* Other bits of that word change without a lock, which does no harm. */
			t->in_exec = data_race((bool)thread->in_execve);
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
		/* The open file keeps the superblock and its namespace. */
		now->nr = pid_nr_ns(pid, proc_pid_ns(file_inode(entry)->i_sb));
		mm = NULL;
	}
	rcu_read_unlock();
	return mm;
}

/*
 * Opens @name below the root of the procfs instance that @entry was opened in,
 * with all checks of an open() by the caller. @entry keeps the instance alive.
 *
 * Any user who may mount can cover the file. So a file of another mount fails
 * with EACCES, and a symbolic link with ELOOP: it could lead to any file of
 * this procfs. O_NONBLOCK keeps a FIFO from blocking the open.
 */
static struct file *open_in_procfs(const struct file *entry, const char *name)
{
	const struct path root = {
		.mnt = entry->f_path.mnt,
		.dentry = entry->f_path.mnt->mnt_sb->s_root,
	};
	struct file *file;

	file = file_open_root(&root, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (!IS_ERR(file) && file->f_path.mnt != root.mnt) {
		fput(file);
		return ERR_PTR(-EACCES);
	}
	return file;
}

/* Opens NR/maps with the credentials of the entry's opener or of the caller. */
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
	/* For an existing task, this means hidepid, or a lack of memory. */
	if (file == ERR_PTR(-ENOENT) &&
	    READ_ONCE(proc_sb_info(file_inode(entry)->i_sb)->hide_pid) == HIDEPID_OFF)
		return ERR_PTR(-ENOMEM);
	return file;
}

/*
 * Asks the kernel whether @entry may show a target, and sets @granted if so.
 * Also asks for the caller if it is a writer, who may not be the opener.
 *
 * The kernel's own decision is whether /proc/PID/maps can be opened: it depends
 * on security modules, on hidepid and on the instance's pid namespace.
 * ptrace_may_access() is not exported. Opening maps waits for a running exec,
 * which can replace the mm. So the check is repeated until mm and exec_id are
 * the same before and after it.
 *
 * Return: 0, also for a target that has exited, -ESRCH if it has no number in
 * the procfs instance, -EINTR, or the error of opening maps.
 */
static int target_check(const struct file *entry, struct vmainfo_target *t, bool writer)
{
	struct mm_identity asked, now;
	struct mm_struct *mm;
	struct file *file;
	int err;

	t->granted = (struct mm_identity) {};
	if (IS_ERR(target_look(entry, t, &now)))
		return 0;
	do {
		if (!now.nr)
			return -ESRCH;
		/*
		 * mm_access() always grants a process its own mm. Only readers
		 * with that mm profit: an opener with other credentials does
		 * not.
		 */
		if (now.mm && now.mm == current->mm) {
			t->granted = now;
			t->granted.own = entry->f_cred != current_cred();
			return 0;
		}
		if (caller_is_killed())
			return -EINTR;
		asked = now;
		file = open_maps(entry, asked.nr, true);
		if (!IS_ERR(file) && writer && entry->f_cred != current_cred()) {
			fput(file);
			file = open_maps(entry, asked.nr, false);
		}
		err = PTR_ERR_OR_ZERO(file);
		if (!err)
			fput(file);
		mm = target_look(entry, t, &now);
		if (IS_ERR(mm))
			return 0;
		/* If another thread has this mm now, target_look() will differ. */
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
 * Returns the mm that an open file shows, with a reference to its users. The
 * answer of a security module can change with an exec, or if another thread has
 * the mm, so the kernel is asked again then. Called with the file's lock held.
 *
 * Return: the mm, NULL if the target has none, ERR_PTR(-ESRCH) if it has
 * exited, or an error of target_check().
 */
static struct mm_struct *target_get_mm(const struct file *entry, struct vmainfo_target *t)
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

/* ---- snapshot: filter ---- */

/*
 * Which VMAs an open file shows, in terms of the kernel. A filter does not
 * change until it is freed. The open file owns it, and its lock protects the
 * pointers to it: that of the file, and that of the snapshot.
 *
 * Most VMAs of a large process do not match, so a walk looks at their flags
 * first. @bits are known after the walk only.
 */
struct vma_filter {
	unsigned long mask;	/* these VM_* bits must be as in @flags */
	unsigned long flags;	/* has a bit that @mask lacks if no VMA matches */
	unsigned long one_of;	/* one of these VM_* bits must be set, unless 0 */
	u32 kinds;		/* 1 << enum vmainfo_kind for each kind */
	u8 anon_vma;		/* 1: without an anon_vma, 2: with one, 3: both */
	u8 bits_mask;		/* these SOURCE_* bits must be as in @bits */
	u8 bits;
	bool all;		/* every VMA matches */
	bool build_ids;		/* VMAINFO_WANT_BUILD_ID */
	u32 nr_ranges;		/* 0: the whole address space */
	struct vmainfo_range ranges[]; /* sorted, disjoint and not empty */
};

static __always_inline bool filter_has_flags(const struct vma_filter *f, unsigned long flags)
{
	return (flags & f->mask) == f->flags;
}

/* The conditions that a walk tests besides filter_has_flags() and the kind */
static bool filter_has_rest(const struct vma_filter *f, unsigned long flags, bool anon_vma)
{
	return (!f->one_of || (flags & f->one_of)) && (f->anon_vma & (anon_vma ? 2 : 1));
}

static bool filter_has_range(const struct vma_filter *f, u64 start, u64 end)
{
	u32 i;

	/* From the last range on, because the gate page is at the end */
	for (i = f->nr_ranges; i && f->ranges[i - 1].end > start; i--) {
		if (f->ranges[i - 1].start < end)
			return true;
	}
	return !f->nr_ranges;
}

/* ---- snapshot: records ---- */

/* Values of struct vma_source.bits */
#define SOURCE_ESCAPE	0x01	/* the name has newlines, which text views escape */
#define SOURCE_DELETED	0x02	/* the kernel appended " (deleted)" to the name */
#define SOURCE_OMITTED	0x04	/* a marker takes the place of the name */
#define SOURCE_CLOSES	0x08	/* the vm_ops have close() */

/*
 * What VMAs that map the same thing have in common. Texts are in the snapshot's
 * names or static.
 */
struct vma_source {
	union {
		/* Until symbols are resolved; never dereferenced */
		const struct vm_operations_struct *ops;
		const char *ops_name;	/* their symbol, or NULL */
	};
	struct file *file;	/* with a reference, until files are resolved */
	const char *name;	/* the text that maps shows, or NULL */
	u64 ino;		/* as maps shows it, 0 without a file */
	dev_t dev;		/* as maps shows it, 0 without a file */
	u32 name_len;
	union {
		/* Until symbols are resolved: next source with the same hash, or 0 */
		u32 chain;
		u32 ops_len;	/* of @ops_name */
	};
	u8 kind;		/* enum vmainfo_kind */
	u8 page_shift;		/* log2 of the kernel's page size for it */
	u8 bits;		/* SOURCE_* */
};

/* The first sources of every snapshot: VMAs with neither file nor vm_ops. */
enum {
	SOURCE_ANON,
	SOURCE_HEAP,
	SOURCE_STACK,
	SOURCES_FIXED,
};

static const struct vma_source fixed_sources[SOURCES_FIXED] = {
	[SOURCE_ANON] = { .kind = VMAINFO_KIND_ANON, .page_shift = PAGE_SHIFT },
	[SOURCE_HEAP] = { .kind = VMAINFO_KIND_HEAP, .page_shift = PAGE_SHIFT,
			  .name = "[heap]", .name_len = 6 },
	[SOURCE_STACK] = { .kind = VMAINFO_KIND_STACK, .page_shift = PAGE_SHIFT,
			   .name = "[stack]", .name_len = 7 },
};

/* What a snapshot keeps of a VMA */
struct vma_record {
	unsigned long start;
	unsigned long end;	/* exclusive */
	u64 offset;		/* of @start in the file, 0 without a file */
	unsigned long flags;	/* the kernel's own VM_* bits */
	union {
		struct {
			u32 source;	/* index of its struct vma_source */
			u8 policy;	/* kcompat_vma_policy() */
			bool anon_vma;	/* whether it has an anon_vma */
			u8 nomerge;	/* VMAINFO_NOMERGE_*, if WANTS_NOMERGE */
			bool adjoins;	/* a VMA ends at @start; only with a filter */
		};
		u64 rest;	/* record_rest() */
	};
};

/* The last eight bytes of a record, stored at once: @nomerge and @adjoins are 0. */
static __always_inline u64 record_rest(u32 source, u8 policy, bool anon_vma)
{
#ifdef __LITTLE_ENDIAN
	return source | (u64)policy << 32 | (u64)anon_vma << 40;
#else
	return (u64)source << 32 | (u64)policy << 24 | anon_vma << 16;
#endif
}

/* The build ID of a source's file */
struct vma_build_id {
	u32 size;		/* 0 without a build ID */
	u8 id[BUILD_ID_MAX];
};

/* Names are appended to the newest block only, and freed all at once. */
struct vma_name_block {
	struct vma_name_block *older;
	size_t before;		/* sum of @used of all older blocks */
	size_t size;
	size_t used;
	char text[];
};

/* Copies of mm_struct fields that cannot be derived from the VMAs */
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

/* Values of struct vma_snapshot.wants: what a view shows of sources */
#define WANTS_NAMES	0x1
#define WANTS_OPS	0x2
#define WANTS_NOMERGE	0x4
#define WANTS_BUILD_IDS	0x8	/* if the filter wants them, too */
#define WANTS_TOTALS	0x10	/* sums over the records, and @rss */

/* The counters of pages in memory and in swap, as /proc/PID/status orders them */
#define RSS_COUNTERS 4
static const struct {
	int member;		/* of get_mm_counter() */
	const char *name;	/* in summary and status */
} rss_counters[RSS_COUNTERS] = {
	{ MM_ANONPAGES, "RssAnon" },
	{ MM_FILEPAGES, "RssFile" },
	{ MM_SHMEMPAGES, "RssShmem" },
	{ MM_SWAPENTS, "VmSwap" },
};

/* The VMAs of a process; of one instant unless @torn */
struct vma_snapshot {
	struct vma_record **blocks;	/* see record_at() */
	size_t blocks_nr;
	size_t blocks_cap;
	size_t nr;			/* records */
	size_t cap;			/* records that fit into the blocks */
	struct vma_source *sources;	/* what the records refer to */
	size_t sources_nr;
	size_t sources_cap;
	u32 *buckets;			/* hash table of indexes of sources, or 0 */
	unsigned int bucket_bits;	/* log2 of the number of buckets */
	struct vma_build_id *build_ids;	/* by index of the source, or NULL */
	struct vma_name_block *names;
	size_t longest;			/* length of the longest name */
	char *small;			/* a page for arrays of a small process, or NULL */
	size_t small_used;
	pid_t pid;			/* in the reader's pid namespace */
	u64 taken_ns;			/* CLOCK_BOOTTIME at the end of the walk */
	u64 mm_seq;			/* kcompat_mm_seq() at the end of the walk */
	u64 exec_id;			/* self_exec_id while the mm was the target's */
	struct mm_layout layout;	/* at the end of the walk */
	unsigned long rss[RSS_COUNTERS]; /* after the walk, in pages, if WANTS_TOTALS */
	const struct gate_vma *gate;	/* NULL if it is not shown */
	const struct vma_filter *filter; /* NULL if all VMAs are shown */
	unsigned int wants;		/* WANTS_* */
	bool taken;			/* the snapshot is valid */
	bool unresolved;		/* snapshot_prepare() has to resolve it */
	bool torn;			/* records are of several instants */
	bool hides;			/* there are VMAs that are not shown */
	bool has_mm;			/* @exec_id is valid */
	bool has_seq;			/* @mm_seq is valid */
};

/*
 * vmalloc() maps memory page by page, and kvmalloc() reclaims and compacts memory
 * to avoid that. Arrays of more than KVMALLOC_MAX are contiguous only if such
 * memory is free. Those of more than ARRAY_CONTIGUOUS_MAX never are: kmalloc()
 * rounds 2.1 MiB up to 4 MiB. vmalloc() wastes less than a page, but ignores the
 * flags for its page tables: one page per 512.
 */
#define KVMALLOC_MAX (16 * PAGE_SIZE)
#define ARRAY_CONTIGUOUS_MAX (64 * PAGE_SIZE)

static void *array_alloc(size_t nr, size_t size)
{
	void *array = NULL;

	/* Some kernels' vmalloc() warns about more, whatever the flags. */
	if (nr > INT_MAX / size)
		return NULL;
	size *= nr;
	if (size <= KVMALLOC_MAX)
		return kvmalloc(size, VMAINFO_GFP);
	if (size <= ARRAY_CONTIGUOUS_MAX)
		array = kmalloc(size, VMAINFO_GFP & ~(__GFP_RECLAIM | __GFP_RETRY_MAYFAIL));
	return array ?: __vmalloc(size, VMAINFO_GFP);
}

/*
 * Allocates an array of a snapshot. Those of a small process share a page: each
 * allocation takes as long as recording some VMAs, and clears its memory if the
 * kernel was configured so.
 */
static void *snapshot_alloc(struct vma_snapshot *s, size_t nr, size_t size)
{
	char *array;

	if (nr > PAGE_SIZE / size)
		return array_alloc(nr, size);
	/* The first block of records is allocated first. */
	if (!s->small && !s->cap && nr * size <= PAGE_SIZE / 2) {
		s->small = kmalloc(PAGE_SIZE, VMAINFO_GFP);
		if (!s->small)
			return NULL;
	}
	if (!s->small || nr * size > PAGE_SIZE - s->small_used)
		return array_alloc(nr, size);
	array = s->small + s->small_used;
	s->small_used += ALIGN(nr * size, sizeof(u64));
	return array;
}

static void array_free(const struct vma_snapshot *s, const void *array)
{
	if ((unsigned long)array - (unsigned long)s->small >= PAGE_SIZE)
		kvfree(array);
}

/*
 * Records are in address order in blocks of a few pages, which mostly are
 * contiguous memory. vmalloc() would map one array of all records page by page,
 * for each listing, and unmap it again. The kernel then flushes the TLBs of all
 * CPUs from time to time.
 *
 * Element 0 of a block is a copy of the last record of the previous block. So
 * without a filter, each record has its predecessor in front of it. In the first
 * block, element 0 ends at an address where no VMA starts.
 */
#define RECORD_BLOCK_SIZE max_t(size_t, PAGE_SIZE, SZ_16K)
#define RECORDS_PER_BLOCK (RECORD_BLOCK_SIZE / sizeof(struct vma_record) - 1)

static __always_inline struct vma_record *record_at(const struct vma_snapshot *s, size_t i)
{
	return &s->blocks[i / RECORDS_PER_BLOCK][1 + i % RECORDS_PER_BLOCK];
}

/* How many records are in the same block, from number @i on */
static __always_inline size_t block_left(size_t i)
{
	return RECORDS_PER_BLOCK - i % RECORDS_PER_BLOCK;
}

static void blocks_free(struct vma_snapshot *s)
{
	while (s->blocks_nr) {
		array_free(s, s->blocks[--s->blocks_nr]);
		cond_resched();
	}
	array_free(s, s->blocks);
	s->blocks = NULL;
	s->blocks_cap = 0;
	s->cap = 0;
}

/* Adds a block with capacity for @nr records. Sleeps. */
static int block_add(struct vma_snapshot *s, size_t nr)
{
	struct vma_record *block = snapshot_alloc(s, 1 + nr, sizeof(*block));
	const size_t cap = 2 * s->blocks_nr + 1;
	struct vma_record **blocks = s->blocks;

	if (block && s->blocks_nr == s->blocks_cap) {
		blocks = snapshot_alloc(s, cap, sizeof(*blocks));
		if (blocks) {
			memcpy(blocks, s->blocks, s->blocks_nr * sizeof(*blocks));
			array_free(s, s->blocks);
			s->blocks = blocks;
			s->blocks_cap = cap;
		}
	}
	if (!block || !blocks) {
		array_free(s, block);
		return -ENOMEM;
	}
	block->end = ULONG_MAX;
	s->blocks[s->blocks_nr++] = block;
	s->cap += nr;
	return 0;
}

/*
 * A hash table finds sources: during a walk by file and vm_ops, or by their
 * text; after it by their path. A target can choose texts that collide, and
 * part of this runs under a lock, so a search ends after CHAIN_MAX sources. A
 * source that is not found is added again.
 */
#define CHAIN_MAX 16

static u32 pointers_hash(const void *a, const void *b)
{
	return hash_long((unsigned long)a + (unsigned long)b, 32);
}

static u32 source_hash(const struct vma_source *src)
{
	return src->file ? pointers_hash(src->file, src->ops) :
			 jhash(src->name, src->name_len, (unsigned long)src->ops);
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

/* Returns the first source of a bucket that @same accepts, or 0. */
static __always_inline u32
source_find(const struct vma_snapshot *s, u32 hash, const void *key,
	    bool (*same)(const struct vma_source *src, const void *key))
{
	u32 i = *source_bucket(s, hash);
	unsigned int tried;

	for (tried = 0; i && tried < CHAIN_MAX; tried++) {
		if (same(&s->sources[i], key))
			return i;
		i = s->sources[i].chain;
	}
	return 0;
}

/* Drops the sources from @keep on, the last one first: it heads its chain. */
static void sources_drop(struct vma_snapshot *s, size_t keep)
{
	const struct vma_source *src;

	while (s->sources_nr > keep) {
		src = &s->sources[--s->sources_nr];
		*source_bucket(s, source_hash(src)) = src->chain;
		if (src->file) {
			fput(src->file);
			cond_resched();
		}
	}
}

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

/* Frees all names. Returns the size of the memory that they had. */
static size_t names_drop(struct vma_snapshot *s)
{
	struct vma_name_block *block, *older;
	size_t size = 0;

	for (block = s->names; block; block = older) {
		older = block->older;
		size += block->size;
		array_free(s, block);
	}
	s->names = NULL;
	s->longest = 0;
	return size;
}

static void snapshot_free(struct vma_snapshot *s)
{
	sources_put_files(s);
	array_free(s, s->sources);
	blocks_free(s);
	names_drop(s);
	kvfree(s->build_ids);
	kfree(s->small);
	memset(s, 0, sizeof(*s));
}

/*
 * Reserves capacity for @nr records in all. All blocks but the last are of full
 * size. If the last one is not, it is replaced. Sleeps.
 */
static int records_reserve(struct vma_snapshot *s, size_t nr)
{
	struct vma_record *block, **last;
	size_t partial, more;
	int err = 0;

	if (nr <= s->cap)
		return 0;
	if (!s->nr)
		blocks_free(s);
	partial = s->cap % RECORDS_PER_BLOCK;
	if (partial) {
		last = &s->blocks[s->blocks_nr - 1];
		more = min_t(size_t, nr - s->cap, RECORDS_PER_BLOCK - partial);
		block = snapshot_alloc(s, 1 + partial + more, sizeof(*block));
		if (!block)
			return -ENOMEM;
		memcpy(block, *last, (1 + partial) * sizeof(*block));
		array_free(s, *last);
		*last = block;
		s->cap += more;
	}
	while (s->cap < nr && !err) {
		cond_resched();
		err = caller_is_killed() ? -EINTR :
			block_add(s, min_t(size_t, nr - s->cap, RECORDS_PER_BLOCK));
	}
	return err;
}

/* Contiguous memory on most machines; see array_alloc() */
#define SOURCES_MAX_FIRST (ARRAY_CONTIGUOUS_MAX / (sizeof(struct vma_source) + sizeof(u32)))

/* Like records_reserve(). The first call also adds fixed_sources[]. */
static int sources_reserve(struct vma_snapshot *s, size_t nr)
{
	struct vma_source *sources;
	size_t i;

	if (nr <= s->sources_cap)
		return 0;
	/* There are half as many buckets as sources, or more. */
	sources = snapshot_alloc(s, nr, sizeof(*sources) + sizeof(*s->buckets));
	if (!sources)
		return -ENOMEM;
	if (s->sources_nr) {
		memcpy(sources, s->sources, s->sources_nr * sizeof(*sources));
	} else {
		memcpy(sources, fixed_sources, sizeof(fixed_sources));
		s->sources_nr = SOURCES_FIXED;
	}
	array_free(s, s->sources);
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

/* ---- snapshot: names ---- */

/*
 * What keeps a name alive:
 *  - The path of a file, by the reference that the source has to the file, from
 *    source_add_file() to the end of snapshot_resolve(), which copies the path
 *    into the snapshot's names.
 *  - The text of a VMA (vm_ops->name(), an anon_vma_name), by mmap_lock. It is
 *    copied during the walk.
 *  - A copy, by the snapshot, until snapshot_free().
 *
 * Any user can create a path of a megabyte, and map it vm.max_map_count times.
 * NAMES_LIMIT is the most memory that the names of a snapshot can take, and
 * PATH_LIMIT the longest path, each with NULs.
 */
#define NAMES_LIMIT SZ_64M
#define PATH_LIMIT SZ_1M

static size_t names_avail(const struct vma_snapshot *s)
{
	return s->names ? s->names->size - s->names->used : 0;
}

static size_t names_used(const struct vma_snapshot *s)
{
	return s->names ? s->names->before + s->names->used : 0;
}

/*
 * Reserves @len bytes of names in one piece. Blocks start at 512 bytes and
 * double: a small process costs little, a large one needs few calls. Sleeps.
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
	block = snapshot_alloc(s, size, 1);
	if (!block)
		return -ENOMEM;
	block->older = s->names;
	block->before = names_used(s);
	block->size = size - sizeof(*block);
	block->used = 0;
	s->names = block;
	return 0;
}

/* The name of a VMA that is not the path of its file */
struct vma_name {
	const char *prefix;
	const char *text;	/* belongs to the VMA; NULL without a name */
	const char *suffix;
	u8 kind;		/* of the VMA, if it has no file */
};

/*
 * Finds that name, in the order of get_vma_name() in fs/proc/task_mmu.c. @fixed
 * is the result of fixed_source(). Called with mmap_lock held. Inlined, as a
 * call would be a measurable part of a query.
 */
static __always_inline void vma_name_get(struct vma_name *n, struct vm_area_struct *vma,
					 u32 fixed)
{
	*n = (struct vma_name) { .prefix = "", .suffix = "" };
	if (vma->vm_file) {
		n->prefix = "[anon_shmem:";
		n->text = kcompat_anon_name(vma);
		n->suffix = "]";
		return;
	}
	n->kind = READ_ONCE(vma->vm_flags) & VM_HUGETLB ? VMAINFO_KIND_HUGETLB :
		  vma->vm_ops ? VMAINFO_KIND_SPECIAL : VMAINFO_KIND_ANON;
	if (vma->vm_ops && vma->vm_ops->name)
		n->text = vma->vm_ops->name(vma);
	if (n->text) {
		if (!strcmp(n->text, "[vdso]"))
			n->kind = VMAINFO_KIND_VDSO;
		else if (!strncmp(n->text, "[vvar", 5))
			n->kind = VMAINFO_KIND_VVAR;
	} else if (fixed_sources[fixed].name) {
		n->kind = fixed_sources[fixed].kind;
		n->text = fixed_sources[fixed].name;
	} else {
		n->prefix = "[anon:";
		n->text = kcompat_anon_name(vma);
		n->suffix = "]";
	}
}

static void source_mark(struct vma_snapshot *s, struct vma_source *src, const char *marker)
{
	src->name = marker;
	src->name_len = strlen(marker);
	src->bits |= SOURCE_OMITTED;
	s->longest = max_t(size_t, s->longest, src->name_len);
}

/* Names a source. Returns false if the name does not fit into the block. */
static bool source_set_name(struct vma_snapshot *s, struct vma_source *src,
			    const struct vma_name *n)
{
	size_t prefix, text, len;
	char *p;

	if (!n->text || !(s->wants & WANTS_NAMES))
		return true;
	prefix = strlen(n->prefix);
	text = strlen(n->text);
	len = prefix + text + strlen(n->suffix);
	if (names_used(s) + len >= NAMES_LIMIT) {
		source_mark(s, src, "[name omitted]");
		return true;
	}
	if (len >= names_avail(s))
		return false;
	p = s->names->text + s->names->used;
	memcpy(p, n->prefix, prefix);
	memcpy(p + prefix, n->text, text);
	memcpy(p + prefix + text, n->suffix, len - prefix - text + 1);
	src->name = p;
	src->name_len = len;
	s->names->used += len + 1;
	s->longest = max(s->longest, len);
	return true;
}

/* ---- snapshot: gate page ---- */

/* The page that get_gate_vma() returns, as maps shows it */
struct gate_vma {
	struct vma_record rec;	/* @rec.end is 0 if this kernel has no such page */
	struct vma_source source;
	char name[32];
};

static bool filter_has_gate(const struct vma_filter *f, const struct gate_vma *g)
{
	return filter_has_flags(f, g->rec.flags) && filter_has_rest(f, g->rec.flags, false) &&
	       (f->kinds & BIT(g->source.kind)) &&
	       (g->source.bits & f->bits_mask) == f->bits &&
	       filter_has_range(f, g->rec.start, g->rec.end);
}

/*
 * NULL until it is known. get_gate_vma() is not exported, so /proc/PID/maps is
 * read once, before the first snapshot of a process that would have the page.
 * It never changes after that, and is freed when the module is unloaded.
 */
static struct gate_vma *gate_page;

/* Stores the gate page if a line of maps is about it. */
static void gate_parse(struct gate_vma *g, const char *line)
{
	unsigned long start, end;
	char perm[5];

	/* A file can have any name, but is not above TASK_SIZE_MAX. */
	if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %31s", &start, &end, perm, g->name) < 3 ||
	    start < TASK_SIZE_MAX)
		return;
	g->rec.start = start;
	g->rec.end = end;
	g->rec.flags = (perm[0] == 'r' ? VM_READ : 0) | (perm[2] == 'x' ? VM_EXEC : 0) |
		       KCOMPAT_GATE_FLAGS;
	g->source.name_len = strlen(g->name);
	g->source.name = g->source.name_len ? g->name : NULL;
}

/* Reads maps to its end. A read() can begin and end within a line. */
static int gate_read(struct gate_vma *g, const struct file *entry, pid_t nr, char *buf)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = PAGE_SIZE };
	struct file *file = open_maps(entry, nr, true);
	struct kiocb kiocb;
	struct iov_iter iter;
	char line[128]; /* long enough for all that gate_parse() looks at */
	size_t line_len = 0;
	ssize_t i, len = -EMEDIUMTYPE;

	if (IS_ERR(file))
		return PTR_ERR(file);
	init_sync_kiocb(&kiocb, file);
	/* seq_read_iter() needs a seq_file in private_data. */
	while (file->f_op->read == seq_read) {
		len = -EINTR;
		if (caller_is_killed())
			break;
		cond_resched();
		iov_iter_kvec(&iter, READ, &kvec, 1, kvec.iov_len);
		len = seq_read_iter(&kiocb, &iter);
		if (len <= 0)
			break;
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
	fput(file);
	return len;
}

/*
 * Finds out what the gate page is. This reads the reader's own maps first,
 * which are usually short. If the reader's mm has no gate page, it reads the
 * target's maps, to which the opener has access. These are complete if the
 * target still has the same mm afterwards, to which the caller has a reference.
 * Not to be called from seq_file's functions: maps has a lock of the same
 * class.
 *
 * Return: 0 if gate_page is set or the target has changed, or an error.
 */
static int gate_find(const struct file *entry, struct vmainfo_target *t)
{
	struct gate_vma *g = kzalloc(sizeof(*g), VMAINFO_GFP);
	char *buf = kmalloc(PAGE_SIZE, VMAINFO_GFP);
	struct mm_struct *mm;
	struct mm_identity now;
	int err = -ENOMEM;
	pid_t nr = 0;

	if (!g || !buf)
		goto out;
	g->source.kind = VMAINFO_KIND_VSYSCALL;
	g->source.page_shift = PAGE_SHIFT;
	if (current->mm && kcompat_mm_has_gate(current->mm))
		nr = task_pid_nr_ns(current, proc_pid_ns(file_inode(entry)->i_sb));
	err = nr ? gate_read(g, entry, nr, buf) : -ESRCH;
	if (err && err != -ENOMEM && err != -EINTR) {
		err = gate_read(g, entry, t->granted.nr, buf);
		mm = target_look(entry, t, &now);
		if (IS_ERR_OR_NULL(mm)) {
			err = err == -EINTR ? err : 0;
			goto out;
		}
		mmput(mm);
	}
	if (err == -EMEDIUMTYPE) {
		pr_notice_once("cannot read /proc/PID/maps, [vsyscall] will not be shown\n");
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

/* ---- snapshot: layout ---- */

static void mm_layout_copy(struct mm_layout *l, struct mm_struct *mm)
{
	/*
	 * environ and cmdline of procfs hold this lock, too. exec sets these
	 * fields without it, and brk() changes @brk.
	 */
	spin_lock(&mm->arg_lock);
	l->start_code = READ_ONCE(mm->start_code);
	l->end_code = READ_ONCE(mm->end_code);
	l->start_data = READ_ONCE(mm->start_data);
	l->end_data = READ_ONCE(mm->end_data);
	l->start_brk = READ_ONCE(mm->start_brk);
	l->brk = READ_ONCE(mm->brk);
	l->start_stack = READ_ONCE(mm->start_stack);
	l->arg_start = READ_ONCE(mm->arg_start);
	l->arg_end = READ_ONCE(mm->arg_end);
	l->env_start = READ_ONCE(mm->env_start);
	l->env_end = READ_ONCE(mm->env_end);
	spin_unlock(&mm->arg_lock);
	l->task_size = mm->task_size;
	l->mmap_base = mm->mmap_base;
#ifdef CONFIG_HAVE_ARCH_COMPAT_MMAP_BASES
	/* x86 has another mmap base for the compat system calls. */
	if (mm->task_size <= U32_MAX)
		l->mmap_base = mm->mmap_compat_base;
#endif
}

/* ---- snapshot: walk ---- */

/*
 * The strategy of a walk:
 *
 * 1. Walk all VMAs without mmap_lock, and prove with the mm's sequence count
 *    that no writer came in between (if HAVE_MMAP_LOCK_SPECULATE).
 * 2. If a writer came BACKOFF_TRIES times, walk with mmap_lock. If no writer
 *    waits, or if max_hold_us is sufficient, the snapshot is still atomic.
 * 3. Else drop the lock for the writer. The snapshot is torn from here on: the
 *    writer changes the mm between two parts of the walk. Continue at the end
 *    of the last recorded VMA. With HAVE_MMAP_LOCK_SPECULATE try pieces without
 *    the lock, small enough to fit between two writers, until BACKOFF_RETRIES
 *    fail in a row. Else take the lock again, as in 2.
 * 4. A target can map VMAs ahead of a torn walk and unmap them behind it. After
 *    twice as many as it ever had VMAs, hold the lock to the end.
 *
 * Memory is reserved before the walk, by counts that can be out of date. If it
 * runs out, the walk pauses for more. A torn walk then continues. Another walk
 * continues if the mm's sequence has not changed. Else, or if the kernel has no
 * sequence, it starts again, so that the snapshot is atomic.
 *
 * When a walk continues, the mm can have changed in any way. What ends at or
 * below the position stays as it was recorded. Of a VMA that now reaches across
 * the position (it grew, was merged, or replaced the old one) the part above is
 * recorded. So records never overlap, repeat or go back.
 */

static unsigned int max_hold_us = 250;

static int param_set_max_hold_us(const char *val, const struct kernel_param *kp)
{
	return parse_decimal(val, USEC_PER_SEC, &max_hold_us);
}

static const struct kernel_param_ops param_ops_max_hold_us = {
	.set = param_set_max_hold_us,
	.get = param_get_uint,
};
module_param_cb(max_hold_us, &param_ops_max_hold_us, &max_hold_us, 0644);
__MODULE_PARM_TYPE(max_hold_us, "uint");
MODULE_PARM_DESC(max_hold_us, "microseconds for which a walk may hold mmap_lock while a writer waits, up to 1000000; 0: no limit (default 250)");

static u64 max_hold_ns(void)
{
	return (u64)READ_ONCE(max_hold_us) * NSEC_PER_USEC;
}

/* Whether mmap_lock, held since @since, is to be dropped for a writer */
static bool hold_is_over(struct mm_struct *mm, u64 since, u64 hold_ns)
{
	return hold_ns && kcompat_mmap_lock_is_contended(mm) &&
	       ktime_get_ns() - since >= hold_ns;
}

/* Sets the fields of a source that come from its file. */
static void source_set_file(struct vma_source *src, const struct vm_area_struct *vma,
			    const struct file *file)
{
	const struct inode *shown = file_user_inode(file);
	/* chmod() changes the permissions in it. */
	const umode_t mode = READ_ONCE(file_inode(file)->i_mode);

	src->ino = shown->i_ino;
	src->dev = shown->i_sb->s_dev;
	if (READ_ONCE(vma->vm_flags) & VM_HUGETLB)
		src->kind = VMAINFO_KIND_HUGETLB;
	else if (S_ISCHR(mode) || S_ISBLK(mode))
		src->kind = VMAINFO_KIND_DEV;
	else if (file_inode(file)->i_sb->s_magic == TMPFS_MAGIC)
		src->kind = VMAINFO_KIND_SHMEM;
	else
		src->kind = VMAINFO_KIND_FILE;
}

/*
 * What tells heap and stack from other VMAs. exec, brk() and prctl(PR_SET_MM)
 * change these fields of an mm, the last with mmap_lock held for reading.
 */
struct mm_marks {
	unsigned long start_brk;
	unsigned long brk;
	unsigned long start_stack;
};

static __always_inline struct mm_marks mm_marks_get(const struct mm_struct *mm)
{
	return (struct mm_marks) {
		.start_brk = READ_ONCE(mm->start_brk),
		.brk = READ_ONCE(mm->brk),
		.start_stack = READ_ONCE(mm->start_stack),
	};
}

/* The source of a VMA that has neither file nor vm_ops nor a name */
static __always_inline u32 fixed_source(unsigned long start, unsigned long end,
					const struct mm_marks *marks)
{
	if (likely(start > marks->brk && end < marks->start_stack))
		return SOURCE_ANON;
	if (kcompat_is_initial_heap(start, end, marks->start_brk, marks->brk))
		return SOURCE_HEAP;
	if (start <= marks->start_stack && end >= marks->start_stack)
		return SOURCE_STACK;
	return SOURCE_ANON;
}

enum walk_end {
	WALK_DONE,
	WALK_MORE,		/* VMAs were recorded, and more may follow */
	WALK_RECORDS_FULL,
	WALK_SOURCES_FULL,
	WALK_NAMES_FULL,
	WALK_UNSTABLE,		/* a VMA must not be read without mmap_lock */
	WALK_RETRY,		/* a writer had the lock */
	WALK_CONTENDED,		/* a writer waits for the lock */
	WALK_KILLED,
};

/* What VMAs of a file have in common */
struct walk_file {
	const struct file *file; /* or NULL; the source has a reference */
	const struct vm_operations_struct *ops;
	u32 source;
	bool closes;		/* the source has SOURCE_CLOSES, if WANTS_NOMERGE */
};

struct walk_pos {
	unsigned long next;	/* end of the last recorded VMA, 0 at first */
	struct walk_file files[2]; /* the last two files of VMAs, not the same one twice */
	unsigned int older;	/* which of them a new file replaces */
};

/* Returns a file if it is one of the last two, or NULL. */
static __always_inline const struct walk_file *
walk_file_known(struct walk_pos *pos, const struct file *file,
		const struct vm_operations_struct *ops)
{
	if (file == pos->files[0].file && ops == pos->files[0].ops) {
		pos->older = 1;
		return &pos->files[0];
	}
	if (file == pos->files[1].file && ops == pos->files[1].ops) {
		pos->older = 0;
		return &pos->files[1];
	}
	return NULL;
}

/*
 * What the VMA that ends at the position has, with which the next one is
 * compared. If it was not recorded last, @unusual is 1, and only @vma is used.
 */
struct walk_prev {
	struct vm_area_struct *vma; /* or NULL; valid like struct vma_walk.cursor */
	const struct file *file; /* the pointers are only compared */
	const struct vm_operations_struct *ops;
	const struct anon_vma *anon_vma;
	u64 shift;		/* its offset less its address */
	unsigned long unusual;	/* not 0: a policy, a name, or something else prevents merges */
	u64 rest;		/* record_rest() */
	/*
	 * The end of a VMA without a file must be below this, so that it has the
	 * same source. 0 if the next VMA must not be added by run_add().
	 */
	unsigned long limit;
};

/* How far a walk with a filter has come */
struct walk_progress {
	size_t seen;		/* VMAs that were looked at */
	u32 range;		/* the first range that is not done */
};

/* A walk over the VMAs of an mm */
struct vma_walk {
	struct vma_snapshot *s;	/* gets the records */
	struct mm_struct *mm;	/* the caller has a reference to its users */
	struct walk_pos pos;	/* where the walk continues */
	struct walk_prev prev;	/* what ends there; see walk_seek() */
	struct walk_progress progress; /* only with a filter */
	struct vma_cursor *cursor; /* valid while mmap_lock or RCU is held */
	struct mm_marks marks;
	size_t most;		/* the largest map_count that was seen */
	bool stable;		/* mmap_lock is held: VMAs do not change */
	unsigned int seq;	/* else the mm's sequence before the first VMA */
	bool paused;		/* memory ran out when the mm's sequence was @paused_seq */
	u64 paused_seq;
};

/*
 * Whether vm_ops have close(). Without mmap_lock they can be in memory that is
 * freed together with the VMA. If it has been freed, the walk is repeated.
 */
static noinline bool vma_closes(const struct vma_walk *w, const struct vm_area_struct *vma)
{
	const struct vm_operations_struct *ops = READ_ONCE(vma->vm_ops);
	void (*close)(struct vm_area_struct *vma) = NULL;

	if (!ops)
		return false;
	if (w->stable)
		return ops->close;
	return get_kernel_nofault(close, &ops->close) || close;
}

static bool source_same_text(const struct vma_source *other, const void *key)
{
	const struct vma_source *src = key;

	return !other->file && other->ops == src->ops && other->ino == src->ino &&
	       other->dev == src->dev && other->kind == src->kind &&
	       other->page_shift == src->page_shift && other->bits == src->bits &&
	       other->name_len == src->name_len && !other->name == !src->name &&
	       !memcmp(other->name, src->name, src->name_len);
}

/*
 * Finds or adds the source of a stable VMA whose name is not the path of its
 * file. VMAs share a source if their texts are equal: the address of a text can
 * change between two critical sections.
 */
static enum walk_end source_add_text(struct vma_walk *w, struct vm_area_struct *vma,
				     u32 fixed, u32 *index)
{
	struct vma_snapshot *s = w->s;
	const size_t used = s->names->used;
	struct vma_source src = { .ops = vma->vm_ops };
	struct vma_name name;
	u32 hash;

	vma_name_get(&name, vma, fixed);
	src.kind = name.kind;
	src.page_shift = ilog2(vma_kernel_pagesize(vma));
	src.bits = vma_closes(w, vma) ? SOURCE_CLOSES : 0;
	if (vma->vm_file)
		source_set_file(&src, vma, vma->vm_file);
	if (!source_set_name(s, &src, &name))
		return WALK_NAMES_FULL;
	hash = source_hash(&src);
	*index = source_find(s, hash, &src, source_same_text);
	if (*index || s->sources_nr == s->sources_cap) {
		s->names->used = used;
		return *index ? WALK_MORE : WALK_SOURCES_FULL;
	}
	*index = s->sources_nr++;
	s->sources[*index] = src;
	source_insert(s, *index, hash);
	return WALK_MORE;
}

/*
 * Adds the source of a file, with a reference to the file. Without mmap_lock
 * this is limited to files with base pages: vma_kernel_pagesize() would call
 * vm_ops, which can be in memory that is freed together with the VMA.
 */
static enum walk_end source_add_file(struct vma_walk *w, struct vm_area_struct *vma,
				     struct file *file, const struct vm_operations_struct *ops,
				     u32 hash)
{
	struct vma_snapshot *s = w->s;
	struct vma_source *src = &s->sources[s->sources_nr];

	if (s->sources_nr == s->sources_cap)
		return WALK_SOURCES_FULL;
	memset(src, 0, sizeof(*src));
	src->ops = ops;
	if (s->wants & WANTS_NOMERGE && vma_closes(w, vma))
		src->bits = SOURCE_CLOSES;
	if (w->stable) {
		src->file = get_file(file);
		src->page_shift = ilog2(vma_kernel_pagesize(vma));
	} else {
		src->file = vma_get_file_active(vma);
		if (!src->file)
			return WALK_RETRY;
		/*
		 * If the VMA was freed meanwhile, vm_file may be stale and
		 * refer to an unrelated or half-initialised file. The sequence
		 * tells, before the file is dereferenced.
		 */
		if (src->file != file || vma_speculate_retry(w->mm, w->seq)) {
			fput(src->file);
			return WALK_RETRY;
		}
		/* Only hugetlbfs and DAX devices have other page sizes. */
		if ((READ_ONCE(vma->vm_flags) & VM_HUGETLB) ||
		    S_ISCHR(READ_ONCE(file_inode(file)->i_mode))) {
			fput(src->file);
			return WALK_UNSTABLE;
		}
		src->page_shift = PAGE_SHIFT;
	}
	source_set_file(src, vma, file);
	source_insert(s, s->sources_nr++, hash);
	return WALK_MORE;
}

static bool source_same_file(const struct vma_source *src, const void *key)
{
	const struct walk_file *f = key;

	return src->file == f->file && src->ops == f->ops;
}

/*
 * Finds or adds the source of a VMA. A source has a reference to its file, so a
 * VMA with the same pointer has the same file.
 */
static noinline enum walk_end
source_add(struct vma_walk *w, struct vm_area_struct *vma, u32 fixed, u32 *index)
{
	struct file *file = READ_ONCE(vma->vm_file);
	const struct vm_operations_struct *ops = READ_ONCE(vma->vm_ops);
	struct walk_file found = { .file = file, .ops = ops };
	enum walk_end added;
	u32 hash;

	if (!file || kcompat_has_anon_name(vma))
		return w->stable ? source_add_text(w, vma, fixed, index) : WALK_UNSTABLE;
	hash = pointers_hash(file, ops);
	found.source = source_find(w->s, hash, &found, source_same_file);
	if (!found.source) {
		added = source_add_file(w, vma, file, ops, hash);
		if (added != WALK_MORE)
			return added;
		found.source = w->s->sources_nr - 1;
	}
	found.closes = w->s->sources[found.source].bits & SOURCE_CLOSES;
	if (file == w->pos.files[!w->pos.older].file)
		w->pos.older ^= 1;
	w->pos.files[w->pos.older] = found;
	w->pos.older ^= 1;
	*index = found.source;
	return WALK_MORE;
}

/*
 * Compares a VMA with the one that ends where it starts, if there is one. @last
 * is the VMA in front, or NULL.
 */
static noinline u8 walk_compare(const struct vma_walk *w, const struct vm_area_struct *last,
				const struct vm_area_struct *vma)
{
	bool closes;

	if (!last || READ_ONCE(last->vm_end) != READ_ONCE(vma->vm_start))
		return 0;
	closes = vma_closes(w, last) || vma_closes(w, vma);
	return vma_nomerge(last, vma, closes) | vma_nomerge_unusual(last, vma, w->stable);
}

/* Returns how many records fit into the block of the next one, 0 without one. */
static unsigned int block_begin(struct vma_snapshot *s)
{
	if (s->nr == s->cap)
		return 0;
	if (s->nr && s->nr % RECORDS_PER_BLOCK == 0)
		record_at(s, s->nr)[-1] = *record_at(s, s->nr - 1);
	return min(block_left(s->nr), s->cap - s->nr);
}

/*
 * Adds the VMAs from *@slot on that have no policy and no name, and are like the
 * VMA in front: either anonymous, or of one of the last two files. With @nomerge,
 * each also starts where the VMA in front ends and has its anon_vma, and only
 * flags, file and offset can keep the two from being merged. Returns the next
 * record. Sets *@slot to the slot of the next VMA, and *@next to the end of the
 * last one that was added. @nomerge and @has_file are constants.
 */
static __always_inline struct vma_record *
run_add(struct vma_walk *w, void ***slot, void **end_slot, struct vma_record *r,
	unsigned long *next, bool nomerge, bool has_file)
{
	struct walk_prev *const prev = &w->prev;
	const struct vm_operations_struct *ops;
	const struct anon_vma *const anon_vma = prev->anon_vma;
	const unsigned long limit = prev->limit;
	unsigned long start, end, flags, differs, unusual_flags = NOMERGE_UNUSUAL_FLAGS;
	u64 anon_bit = record_rest(0, 0, anon_vma);
	u64 offset, rest = prev->rest, shift = prev->shift;
	const struct vm_area_struct *vma;
	const struct walk_file *known;
	const struct file *file;
	void **p = *slot;
	u8 reasons;

	/* Else the compiler computes them anew for each VMA. */
	if (nomerge) {
		OPTIMIZER_HIDE_VAR(unusual_flags);
		OPTIMIZER_HIDE_VAR(anon_bit);
	}
	for (; p < end_slot; p++, r++) {
		vma = *p;
		if (!vma)
			break;
		start = READ_ONCE(vma->vm_start);
		flags = READ_ONCE(vma->vm_flags);
		if (nomerge && start != r[-1].end)
			break;
		if (nomerge && ((flags & unusual_flags) || READ_ONCE(vma->anon_vma) != anon_vma))
			break;
		reasons = (flags ^ r[-1].flags) & ~NOMERGE_IGNORED_FLAGS ?
			  VMAINFO_NOMERGE_FLAGS : 0;
		/* One branch takes fewer instructions than three. */
		file = READ_ONCE(vma->vm_file);
		ops = READ_ONCE(vma->vm_ops);
		differs = (unsigned long)file ^ (has_file ? (unsigned long)prev->file : 0);
		differs |= (unsigned long)ops ^ (has_file ? (unsigned long)prev->ops : 0);
		differs |= (unsigned long)kcompat_vma_own_policy(vma);
		if (unlikely(differs) || kcompat_has_anon_name(vma)) {
			known = &w->pos.files[w->pos.older];
			if (!has_file || !file || file != known->file || ops != known->ops ||
			    known->closes || kcompat_vma_own_policy(vma) ||
			    kcompat_has_anon_name(vma))
				break;
			reasons |= VMAINFO_NOMERGE_FILE;
			w->pos.older ^= 1;
			prev->file = file;
			prev->ops = ops;
			rest = record_rest(known->source, 0, false) | anon_bit;
		}
		end = READ_ONCE(vma->vm_end);
		if (!has_file && end >= limit)
			break;
		offset = (u64)READ_ONCE(vma->vm_pgoff) << PAGE_SHIFT;
		if (nomerge && offset != start + shift) {
			reasons |= VMAINFO_NOMERGE_OFFSET;
			shift = offset - start;
		}
		r->start = start;
		r->end = end;
		r->offset = has_file ? offset : 0;
		r->flags = flags;
		r->rest = rest;
		if (nomerge)
			r->nomerge = reasons;
		else
			r->anon_vma = READ_ONCE(vma->anon_vma);
	}
	prev->rest = rest;
	prev->shift = shift;
	*next = r[-1].end;
	*slot = p;
	return r;
}

/*
 * Adds the VMAs in @n slots, the first of which is not a gap, and of that VMA
 * only the part above the position. All of their records fit into the current
 * block. From a VMA that is not stable, this reads numbers, pointers to compare,
 * and the policy. @nomerge is a constant.
 */
static __always_inline enum walk_end
records_add(struct vma_walk *w, void **slots, unsigned int n, bool nomerge)
{
	struct vma_snapshot *s = w->s;
	struct walk_prev *const prev = &w->prev;
	struct vma_record *const first_rec = record_at(s, s->nr);
	struct vma_record *r = first_rec;
	const unsigned long from = w->pos.next;
	unsigned long start, end, flags, next = from;
	const struct vm_operations_struct *ops;
	void **const end_slot = slots + n;
	const struct anon_vma *anon_vma;
	enum walk_end added = WALK_MORE;
	struct vm_area_struct *vma;
	const struct walk_file *known;
	const struct file *file;
	void **slot = slots;
	unsigned long unusual;
	u32 fixed, source, index;
	u64 offset, shift, rest;
	u8 policy, reasons;
	bool same;

	while (slot < end_slot) {
		vma = *slot;
		if (!vma) {
			slot++;
			continue;
		}
		file = READ_ONCE(vma->vm_file);
		if (prev->limit && !file == !prev->file &&
		    (file == prev->file || file == w->pos.files[w->pos.older].file)) {
			r = file ? run_add(w, &slot, end_slot, r, &next, nomerge, true) :
				   run_add(w, &slot, end_slot, r, &next, nomerge, false);
			if (slot == end_slot)
				break;
			vma = *slot;
			if (!vma)
				continue;
			file = READ_ONCE(vma->vm_file);
		}
		start = READ_ONCE(vma->vm_start);
		end = READ_ONCE(vma->vm_end);
		ops = READ_ONCE(vma->vm_ops);
		flags = READ_ONCE(vma->vm_flags);
		anon_vma = READ_ONCE(vma->anon_vma);
		offset = (u64)READ_ONCE(vma->vm_pgoff) << PAGE_SHIFT;
		policy = kcompat_vma_policy(vma);
		shift = offset - start;
		unusual = policy;
		fixed = SOURCE_ANON;
		known = NULL;
		if (file) {
			if (!kcompat_has_anon_name(vma))
				known = walk_file_known(&w->pos, file, ops);
		} else {
			offset = 0;
			fixed = fixed_source(start, end, &w->marks);
			source = fixed;
		}
		if (known) {
			source = known->source;
			unusual |= known->closes;
		} else if (file || ops || kcompat_has_anon_name(vma)) {
			added = source_add(w, vma, fixed, &index);
			if (added != WALK_MORE)
				break;
			source = index;
			unusual |= kcompat_has_anon_name(vma) ||
				   (s->sources[source].bits & SOURCE_CLOSES);
		}
		r->start = start;
		r->end = end;
		r->offset = offset;
		r->flags = flags;
		rest = record_rest(source, policy, anon_vma);
		r->rest = rest;
		if (nomerge) {
			unusual |= flags & NOMERGE_UNUSUAL_FLAGS;
			if (file && anon_vma && vma_anon_pages_moved(vma))
				unusual = 1;
			same = !(unusual | prev->unusual);
			reasons = 0;
			if (same && start == next) {
				if ((flags ^ r[-1].flags) & ~NOMERGE_IGNORED_FLAGS)
					reasons |= VMAINFO_NOMERGE_FLAGS;
				if (file != prev->file) {
					reasons |= VMAINFO_NOMERGE_FILE;
					if (NOMERGE_TWO_OFFSETS && !(file && prev->file))
						same = false;
				}
				if (shift != prev->shift)
					reasons |= VMAINFO_NOMERGE_OFFSET;
				if (unlikely(anon_vma != prev->anon_vma)) {
					reasons |= VMAINFO_NOMERGE_ANON_VMA;
					if (!anon_vma || !prev->anon_vma)
						same = false;
				}
			}
			/* Slots in front of an adjacent VMA are not gaps. */
			if (!same)
				reasons = walk_compare(w, slot == slots ? prev->vma : slot[-1],
						       vma);
			r->nomerge = reasons;
		}
		prev->unusual = unusual;
		prev->file = file;
		prev->ops = ops;
		prev->anon_vma = anon_vma;
		prev->shift = shift;
		prev->rest = rest;
		prev->limit = 0;
		/* run_add() does not call vma_anon_pages_moved(). */
		if (!unusual && file && !(NOMERGE_TWO_OFFSETS && anon_vma))
			prev->limit = ULONG_MAX;
		else if (!unusual && source == SOURCE_ANON && start > w->marks.brk)
			prev->limit = w->marks.start_stack;
		next = end;
		slot++;
		r++;
	}
	prev->vma = slots[n - 1];
	/* Only the first VMA of a critical section can reach across the position. */
	if (next != from && first_rec->start < from) {
		vma = *slots;
		first_rec->offset += READ_ONCE(vma->vm_file) ? from - first_rec->start : 0;
		first_rec->start = from;
	}
	w->pos.next = next;
	s->nr += r - first_rec;
	return added;
}

/* The kinds that a VMA can have. The kind of its source is one of them. */
static u32 kinds_possible(const struct file *file, const struct vm_operations_struct *ops,
			  unsigned long flags, u32 fixed)
{
	if (flags & VM_HUGETLB)
		return BIT(VMAINFO_KIND_HUGETLB);
	if (file)
		return BIT(VMAINFO_KIND_FILE) | BIT(VMAINFO_KIND_SHMEM) | BIT(VMAINFO_KIND_DEV);
	if (!ops)
		return BIT(fixed_sources[fixed].kind);
	return BIT(VMAINFO_KIND_VDSO) | BIT(VMAINFO_KIND_VVAR) | BIT(VMAINFO_KIND_SPECIAL) |
	       BIT(fixed_sources[fixed].kind);
}

/*
 * Adds a VMA that has the flags of the filter, if it meets the other conditions.
 * @flags were compared with the filter. They are not read again, because
 * madvise() can set a flag with mmap_lock held for reading. @last is the VMA in
 * front, or NULL if that is not known. @last_end is the end of the last VMA that
 * the walk looked at. From a VMA that is not stable, this reads the same as
 * records_add().
 */
static noinline enum walk_end record_add_filtered(struct vma_walk *w, struct vm_area_struct *vma,
						  unsigned long flags,
						  const struct vm_area_struct *last,
						  unsigned long last_end)
{
	struct vma_snapshot *s = w->s;
	const struct vma_filter *f = s->filter;
	const struct file *file = READ_ONCE(vma->vm_file);
	const struct vm_operations_struct *ops = READ_ONCE(vma->vm_ops);
	const bool anon_vma = READ_ONCE(vma->anon_vma);
	unsigned long start = READ_ONCE(vma->vm_start);
	const unsigned long end = READ_ONCE(vma->vm_end);
	u64 offset = file ? (u64)READ_ONCE(vma->vm_pgoff) << PAGE_SHIFT : 0;
	const u32 fixed = file ? SOURCE_ANON : fixed_source(start, end, &w->marks);
	const struct walk_file *known = NULL;
	enum walk_end added;
	struct vma_record *r;
	u32 source = fixed;

	if (!filter_has_rest(f, flags, anon_vma) ||
	    !(f->kinds & kinds_possible(file, ops, flags, fixed)))
		return WALK_MORE;
	/* No record needs its predecessor, so block_begin() is not called. */
	if (s->nr == s->cap)
		return WALK_RECORDS_FULL;
	if (file && !kcompat_has_anon_name(vma))
		known = walk_file_known(&w->pos, file, ops);
	if (known) {
		source = known->source;
	} else if (file || ops || kcompat_has_anon_name(vma)) {
		added = source_add(w, vma, fixed, &source);
		if (added != WALK_MORE)
			return added;
	}
	if (!(f->kinds & BIT(s->sources[source].kind)))
		return WALK_MORE;

	r = record_at(s, s->nr++);
	r->nomerge = 0;
	if (s->wants & WANTS_NOMERGE)
		r->nomerge = walk_compare(w, last, vma);
	if (start < last_end) {
		offset += file ? last_end - start : 0;
		start = last_end;
	}
	r->start = start;
	r->end = end;
	r->offset = offset;
	r->flags = flags;
	r->source = source;
	r->policy = kcompat_vma_policy(vma);
	r->anon_vma = anon_vma;
	r->adjoins = last_end && start == last_end;
	return WALK_MORE;
}

/* The number of slots in front of @n, without the gaps at their end */
static unsigned int slots_before(void **slots, unsigned int n)
{
	while (n && !slots[n - 1])
		n--;
	return n;
}

/*
 * walk_some() with a filter that has no ranges. Of most VMAs that do not have the
 * flags of the filter, only the flags are read.
 */
static noinline enum walk_end walk_filtered(struct vma_walk *w, unsigned int max)
{
	const struct vma_filter *f = w->s->filter;
	/* The last VMA that was looked at here, and how many were */
	struct vm_area_struct *vma, *last = NULL;
	unsigned int i, n, before, gaps, seen = 0;
	enum walk_end end = WALK_MORE;
	unsigned long flags;
	void **slots;

	while (seen < max && end == WALK_MORE) {
		n = vma_cursor_read(w->cursor, w->stable, false, VMA_LEAF_MAX, &slots);
		if (!n)
			end = WALK_DONE;
		for (i = 0, gaps = 0; i < n; i++) {
			vma = slots[i];
			if (!vma) {
				gaps++;
				continue;
			}
			flags = READ_ONCE(vma->vm_flags);
			if (likely(!filter_has_flags(f, flags)))
				continue;
			before = slots_before(slots, i);
			if (before)
				last = slots[before - 1];
			end = record_add_filtered(w, vma, flags, last ?: w->prev.vma,
						  last ? READ_ONCE(last->vm_end) : w->pos.next);
			if (end != WALK_MORE)
				break;
		}
		seen += i - gaps;
		before = slots_before(slots, i);
		if (before)
			last = slots[before - 1];
	}
	w->progress.seen += seen;
	if (last) {
		w->prev.vma = last;
		w->pos.next = READ_ONCE(last->vm_end);
	}
	return end;
}

/*
 * walk_some() with a filter that has ranges. It looks at the VMAs that overlap
 * the ranges, and at the start of one more. @max limits VMAs and ranges in sum.
 * VMAs are not compared, so w->prev is not used.
 */
static noinline enum walk_end walk_ranges(struct vma_walk *w, unsigned int max)
{
	const struct vma_filter *f = w->s->filter;
	const struct vmainfo_range *range = &f->ranges[w->progress.range];
	const struct vmainfo_range *end = &f->ranges[f->nr_ranges];
	/* Start of the last VMA found. No VMA is between w->pos.next and it. */
	unsigned long found = 0;
	enum walk_end added = WALK_MORE;
	struct vm_area_struct *vma;
	unsigned int i, n, seen;
	unsigned long flags;
	void **slots;

	for (; range < end && max; range++, max--) {
		if (range->end <= max(w->pos.next, found))
			continue;
		if (range->start > ULONG_MAX)
			return WALK_DONE;
		vma_cursor_seek(w->cursor, max_t(unsigned long, range->start, w->pos.next));
		/* Most ranges are in one VMA. */
		for (i = 0, n = 0, seen = 0; ; i++) {
			if (i == n) {
				/* Continues behind the last VMA next time */
				if (seen >= max)
					goto out;
				n = vma_cursor_read(w->cursor, w->stable, false,
						    seen ? VMA_LEAF_MAX : 1, &slots);
				if (!n)
					return WALK_DONE;
				i = 0;
			}
			vma = slots[i];
			if (!vma)
				continue;
			found = READ_ONCE(vma->vm_start);
			if (found >= range->end)
				break;
			flags = READ_ONCE(vma->vm_flags);
			if (filter_has_flags(f, flags)) {
				added = record_add_filtered(w, vma, flags, NULL, w->pos.next);
				if (added != WALK_MORE)
					goto out;
			}
			w->pos.next = READ_ONCE(vma->vm_end);
			w->progress.seen++;
			seen++;
			if (w->pos.next >= range->end)
				break;
		}
		max -= min(seen, max - 1);
	}
	if (range == end)
		return WALK_DONE;
out:
	w->progress.range = range - f->ranges;
	return added;
}

/* The VMAs that a walk has looked at */
static size_t walk_seen(const struct vma_walk *w)
{
	return w->s->filter ? w->progress.seen : w->s->nr;
}

/*
 * Begins a critical section: initializes the iterator, and finds the VMA that
 * ends at the position, with which the next one is compared.
 */
static void walk_seek(struct vma_walk *w)
{
	const unsigned long next = w->pos.next;

	w->prev.vma = NULL;
	w->prev.unusual = 1;
	w->prev.limit = 0;
	if (next && w->s->wants & WANTS_NOMERGE) {
		vma_iter_init(&w->cursor->vmi, w->mm, next - 1);
		w->prev.vma = vma_next(&w->cursor->vmi);
	}
	vma_cursor_init(w->cursor, w->mm, next);
}

/*
 * Adds VMAs that end above the position, up to @max and the rest of a leaf; see
 * walk_seek().
 */
static enum walk_end walk_some(struct vma_walk *w, unsigned int max)
{
	const bool nomerge = w->s->wants & WANTS_NOMERGE;
	struct vma_snapshot *s = w->s;
	const size_t enough = s->nr + max;
	unsigned int n, fit, room = 0;
	enum walk_end end;
	void **slots;
	size_t from;

	if (unlikely(w->s->filter))
		return w->s->filter->nr_ranges ? walk_ranges(w, max) : walk_filtered(w, max);
	while (s->nr < enough) {
		n = vma_cursor_read(w->cursor, w->stable, true, VMA_LEAF_MAX, &slots);
		if (!n)
			return WALK_DONE;
		for (;;) {
			for (; n && !*slots; n--)
				slots++;
			if (!n)
				break;
			if (!room)
				room = block_begin(s);
			if (!room)
				return WALK_RECORDS_FULL;
			fit = min(n, room);
			from = s->nr;
			end = nomerge ? records_add(w, slots, fit, true) :
					records_add(w, slots, fit, false);
			if (end != WALK_MORE)
				return end;
			room -= s->nr - from;
			slots += fit;
			n -= fit;
		}
	}
	return WALK_MORE;
}

/* Whether the VMAs do not fit, so that the walk would pause */
static bool records_too_small(const struct vma_walk *w)
{
	return !w->s->filter && !w->s->nr && READ_ONCE(w->mm->map_count) > w->s->cap;
}

static void walk_begin(struct vma_walk *w)
{
	w->most = max_t(size_t, w->most, READ_ONCE(w->mm->map_count));
	w->marks = mm_marks_get(w->mm);
}

static void walk_finish(struct vma_walk *w)
{
	struct vma_snapshot *s = w->s;

	s->has_seq = kcompat_mm_seq(w->mm, &s->mm_seq);
	s->taken_ns = ktime_get_boottime_ns();
	if (s->filter)
		s->hides = (s->filter->nr_ranges ? READ_ONCE(w->mm->map_count) :
						   w->progress.seen) != s->nr;
	mm_layout_copy(&s->layout, w->mm);
}

/* VMAs between two checks for a waiting writer: one or two microseconds */
#define LOCK_STRIDE 64
/* The same with a filter, which most VMAs do not match */
#define FILTER_STRIDE 256

static bool walk_is_full(enum walk_end end)
{
	return end == WALK_RECORDS_FULL || end == WALK_SOURCES_FULL || end == WALK_NAMES_FULL;
}

/*
 * Adds the VMAs above the position. Called with mmap_lock held for reading, under
 * which the mm's sequence does not change. A writer waits for @hold_ns at most,
 * without limit if it is 0.
 */
static enum walk_end walk_locked(struct vma_walk *w, u64 hold_ns)
{
	const u64 began = ktime_get_ns();
	unsigned int strides = 0;
	enum walk_end end;
	bool has_seq;
	u64 seq;

	has_seq = kcompat_mm_seq(w->mm, &seq);
	if (w->paused && seq != w->paused_seq)
		return WALK_RETRY;
	if (records_too_small(w))
		return WALK_RECORDS_FULL;
	if (!w->paused)
		walk_begin(w);
	w->paused = false;
	w->stable = true;
	walk_seek(w);
	for (;;) {
		end = walk_some(w, w->s->filter ? FILTER_STRIDE : LOCK_STRIDE);
		if (end == WALK_DONE)
			walk_finish(w);
		if (walk_is_full(end) && has_seq && !w->s->torn) {
			w->paused = true;
			w->paused_seq = seq;
		}
		if (end != WALK_MORE)
			return end;
		if (hold_is_over(w->mm, began, hold_ns))
			return WALK_CONTENDED;
		if (++strides % (SZ_1K / LOCK_STRIDE) == 0) {
			if (caller_is_killed())
				return WALK_KILLED;
			cond_resched();
		}
	}
}

/* A state of a walk and its snapshot, to return to */
struct walk_mark {
	struct walk_pos pos;
	struct walk_progress progress;
	size_t nr;
	size_t sources_nr;
	struct vma_name_block *names;
	size_t names_used;
};

/* Sleeps. */
static void walk_rollback(struct vma_walk *w, const struct walk_mark *mark)
{
	struct vma_snapshot *s = w->s;

	sources_drop(s, mark->sources_nr);
	s->nr = mark->nr;
	/* Names in newer blocks are wasted until the snapshot is freed. */
	if (s->names && s->names == mark->names)
		s->names->used = mark->names_used;
	w->pos = mark->pos;
	w->progress = mark->progress;
}

/*
 * Returns to the start of the walk. The result is the bytes of names to reserve
 * in one block: the size so far, or twice that and @more if the names ran out.
 */
static size_t walk_restart(struct vma_walk *w, size_t more)
{
	const struct walk_mark start = { .sources_nr = SOURCES_FIXED };
	size_t names;

	walk_rollback(w, &start);
	names = names_drop(w->s);
	return min_t(size_t, more ? 2 * names + more : names, NAMES_LIMIT);
}

/* Attempts to begin while a writer has the lock: some ten microseconds */
#define SPECULATE_SPINS 256

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

/* VMAs of an RCU read-side critical section, which ends with a leaf */
#define RCU_STRIDE 256

/*
 * Adds up to @max VMAs above the position without mmap_lock.
 *
 * VMAs are SLAB_TYPESAFE_BY_RCU: under RCU, the memory stays a struct
 * vm_area_struct, but it can be reused for a VMA of another mm. If the sequence
 * count has not changed, no writer had the lock from the first VMA to the last,
 * and the VMAs belong to this mm. find_active_uprobe_speculative() in
 * kernel/events/uprobes.c does this for one VMA.
 *
 * At a VMA that needs more than plain fields, a few VMAs are read with the lock
 * if it is not contended. Readers do not change the sequence.
 *
 * Return: WALK_MORE, WALK_DONE, or why nothing has been added, if the walk is not
 * paused.
 */
static enum walk_end walk_speculative(struct vma_walk *w, unsigned int max)
{
	struct vma_snapshot *s = w->s;
	const struct walk_mark from = {
		.pos = w->pos,
		.progress = w->progress,
		.nr = s->nr,
		.sources_nr = s->sources_nr,
		.names = s->names,
		.names_used = s->names->used,
	};
	const size_t enough = walk_seen(w) + min_t(size_t, max, INT_MAX);
	enum walk_end end;

	if (records_too_small(w))
		return WALK_RECORDS_FULL;
	if (!speculate_begin(w->mm, &w->seq) || (w->paused && w->seq != w->paused_seq))
		return WALK_RETRY;
	if (!w->paused)
		walk_begin(w);
	w->paused = false;
	w->stable = false;
	do {
		rcu_read_lock();
		walk_seek(w);
		end = walk_some(w, min_t(size_t, enough - walk_seen(w), RCU_STRIDE));
		rcu_read_unlock();
		if (end == WALK_UNSTABLE && mmap_read_trylock(w->mm)) {
			w->stable = true;
			walk_seek(w);
			end = walk_some(w, LOCK_STRIDE);
			w->stable = false;
			mmap_read_unlock(w->mm);
		}
		if (end == WALK_DONE)
			walk_finish(w);
		if (end == WALK_UNSTABLE || vma_speculate_retry(w->mm, w->seq))
			end = WALK_RETRY;
		if (caller_is_killed())
			end = WALK_KILLED;
		cond_resched();
		/* Ranges without VMAs do not count: a piece is one RCU section. */
	} while (end == WALK_MORE && walk_seen(w) < enough && max > RCU_STRIDE);
	if (walk_is_full(end) && !s->torn) {
		w->paused = true;
		w->paused_seq = w->seq;
	} else if (end != WALK_MORE && end != WALK_DONE) {
		walk_rollback(w, &from);
	}
	return end;
}

/*
 * The longest wait for a writer to take the lock. The writer needs a CPU first,
 * and after 4 ms of waiting rwsem hands it the lock whatever readers do.
 */
#define WRITERS_TURN_NS (10 * NSEC_PER_MSEC)

/*
 * Unlocking wakes a waiting writer, but a reader that locks again at once
 * steals the lock before the writer runs (rwsem_down_read_slowpath()). So wait
 * until the lock is not contended. The wait is limited, as there can be an
 * endless stream of writers: mmap_read_lock() then queues behind one of them.
 */
static void wait_for_writers(struct mm_struct *mm)
{
	const u64 until = ktime_get_ns() + WRITERS_TURN_NS;

	while (kcompat_mmap_lock_is_contended(mm) && ktime_get_ns() < until &&
	       !caller_is_killed())
		usleep_range(10, 50);
}

/* How a walk yields to writers */
struct walk_backoff {
	u64 hold_ns;		/* how long a writer may wait, 0: no limit */
	unsigned int tries;	/* remaining walks of all VMAs without the lock */
	unsigned int piece;	/* VMAs per try of a torn walk, 0: no tries */
	unsigned int retries;	/* failed pieces in a row */
};

#define BACKOFF_TRIES		3
#define BACKOFF_PIECE_MIN	4
#define BACKOFF_PIECE_MAX	RCU_STRIDE
#define BACKOFF_RETRIES		32

/*
 * Whether a torn walk has seen so many VMAs that the target seems to map them
 * ahead of it. Such a walk would never end.
 */
static bool walk_is_endless(const struct vma_walk *w)
{
	return w->s->torn && walk_seen(w) > 2 * w->most;
}

/* One step of the strategy at the top of this section */
static enum walk_end walk_step(struct vma_walk *w, struct walk_backoff *b)
{
	struct vma_snapshot *s = w->s;
	const bool endless = walk_is_endless(w);
	enum walk_end end;

	if (b->tries && !s->torn) {
		/* That a writer came during a pause says nothing about the next walk. */
		const bool paused = w->paused;

		end = walk_speculative(w, INT_MAX);
		if (end == WALK_RETRY && !paused)
			b->tries--;
		return end;
	}
	if (b->piece && s->torn && !endless && b->retries < BACKOFF_RETRIES) {
		end = walk_speculative(w, b->piece);
		if (end == WALK_RETRY) {
			b->piece = max_t(unsigned int, b->piece / 2, BACKOFF_PIECE_MIN);
			b->retries++;
		} else {
			b->piece = min_t(unsigned int, b->piece * 2, BACKOFF_PIECE_MAX);
			b->retries = 0;
		}
		return end;
	}
	b->retries = 0;
	if (mmap_read_lock_killable(w->mm))
		return WALK_KILLED;
	end = walk_locked(w, endless ? 0 : b->hold_ns);
	mmap_read_unlock(w->mm);
	if (end != WALK_DONE && b->hold_ns)
		wait_for_writers(w->mm);
	return end;
}

/*
 * Records all VMAs of an mm in an empty snapshot, without the paths of files.
 * The caller has a reference to the users of the mm.
 */
static int snapshot_walk(struct vma_snapshot *s, struct mm_struct *mm)
{
	struct vma_cursor cursor __uninitialized;
	struct vma_walk w = { .s = s, .mm = mm, .cursor = &cursor };
	struct walk_backoff backoff = {
		.hold_ns = max_hold_ns(),
		.tries = HAVE_MMAP_LOCK_SPECULATE ? BACKOFF_TRIES : 0,
		.piece = HAVE_MMAP_LOCK_SPECULATE ? BACKOFF_PIECE_MAX : 0,
	};
	size_t recs = 0, sources = 0, names = 256;
	enum walk_end end;
	size_t count;
	int err;

	for (;;) {
		if (!s->nr && !s->filter) {
			count = READ_ONCE(mm->map_count);
			recs = max(recs, count + count / 32 + 8);
			/* One for 4 VMAs, in a large process for 16 */
			count = min_t(size_t, count, SZ_1K) / 4 + count / 16 + 16;
			sources = max(sources, min_t(size_t, count, SOURCES_MAX_FIRST));
		} else if (!s->nr) {
			/* A guess: a VMA for each range, or one of 64 */
			count = READ_ONCE(mm->map_count);
			recs = max(recs, min(count, 56 + max_t(size_t, s->filter->nr_ranges,
							       count / 64)));
			sources = max(sources, min_t(size_t, recs + 16, SOURCES_MAX_FIRST));
		}
		/* To run out of memory would drop the lock once more. */
		if (walk_is_endless(&w)) {
			count = READ_ONCE(mm->map_count);
			recs = max(recs, s->nr + count + count / 32 + 8);
		}
		err = records_reserve(s, recs) ?: sources_reserve(s, sources) ?:
		      names_reserve(s, names);
		if (err)
			return err;
		if (caller_is_killed())
			return -EINTR;

		end = walk_step(&w, &backoff);
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
			recs = s->cap + s->cap / 4 + 8;
			/* With a filter, it is not known how many will match. */
			if (s->filter && s->cap < READ_ONCE(mm->map_count))
				recs = min_t(size_t, 4 * s->cap, READ_ONCE(mm->map_count)) + 8;
			break;
		case WALK_SOURCES_FULL:
			sources = 2 * s->sources_cap;
			break;
		case WALK_NAMES_FULL:
			names = max_t(size_t, 2 * names_avail(s), SZ_1K);
			/* A walk that continues drops the lock for each block: make them larger. */
			if (s->torn || w.paused)
				names = clamp_t(size_t, names_used(s), names, NAMES_LIMIT);
			break;
		default:
			break;
		}
		if (end == WALK_RETRY)
			w.paused = false;
		if (!s->torn && !w.paused)
			names = walk_restart(&w, names);
	}
}

/* ---- snapshot: resolve ---- */

/* Whether d_path() calls a function of the file system; see there. */
static bool path_has_dname(const struct path *path)
{
	const struct dentry *dentry = path->dentry;

	if (!dentry->d_op || !dentry->d_op->d_dname)
		return false;
	/* rename() changes the parent of other dentries than the root. */
	return !data_race(IS_ROOT(dentry)) || dentry != path->mnt->mnt_root;
}

/*
 * The length of a text that d_path() returned. d_path() fills the buffer from
 * @end down; d_dname() of a driver can return a text elsewhere.
 */
static size_t path_len(const char *text, const char *end, bool dname)
{
	return dname ? strlen(text) : end - 1 - text;
}

#define DELETED " (deleted)"
#define DELETED_LEN (sizeof(DELETED) - 1)

/*
 * Whether the kernel appended " (deleted)" to the path of a file that is
 * unlinked or has a d_dname(). d_path() does so for an unlinked file, and
 * simple_dname(), which names memfds, always. d_dname() of a driver does not,
 * but a user can choose such a name.
 */
static bool path_is_marked(struct dentry *dentry, bool dname, const char *text, size_t len)
{
	bool simple;

	if (len < DELETED_LEN || memcmp(text + len - DELETED_LEN, DELETED, DELETED_LEN))
		return false;
	if (!dname)
		return true;
	/* d_lock keeps the name alive. */
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

static bool path_is_unlinked(const struct path *path)
{
	/* unlink() and rename() change what this reads. The caller looks again. */
	return data_race(d_unlinked(path->dentry));
}

/*
 * Names a source by d_path(), repeated if the file is unlinked or linked
 * meanwhile. The text is in @buf or static. The caller's reference to the file
 * keeps the path alive.
 */
static int source_get_path(struct vma_source *src, const struct path *path, char *buf, size_t size)
{
	const bool dname = path_has_dname(path);
	bool unlinked;

	do {
		unlinked = path_is_unlinked(path);
		src->name = d_path(path, buf, size);
		if (IS_ERR(src->name))
			return PTR_ERR(src->name);
		src->name_len = path_len(src->name, buf + size, dname);
		src->bits = 0;
		if ((unlinked || dname) &&
		    path_is_marked(path->dentry, dname, src->name, src->name_len))
			src->bits = SOURCE_DELETED;
	} while (path_is_unlinked(path) != unlinked);
	if (has_newline(src->name, src->name_len))
		src->bits |= SOURCE_ESCAPE;
	return 0;
}

#define OPS_CACHE 8

/* State that is shared while all sources of a snapshot are resolved */
struct source_resolver {
	struct vma_snapshot *s;
	char *buf;		/* for paths longer than a block of names */
	size_t size;		/* of @buf */
	size_t tried;		/* sum of the sizes tried for such paths */
	struct {
		const struct vm_operations_struct *ops;
		const char *name;
		u32 len;
	} ops[OPS_CACHE];	/* the symbols that were looked up last */
	unsigned int ops_next;	/* the element of @ops to replace next */
};

/*
 * Gets a path that is longer than @size. A target can have one such path per
 * VMA, and each d_path() is slow, so the sum of the sizes that are tried is
 * limited.
 *
 * Return: NULL, the marker to show instead, or ERR_PTR(-ENOMEM).
 */
static const char *source_get_long_path(struct source_resolver *res, struct vma_source *src,
					const struct path *path, size_t size)
{
	do {
		if (size >= PATH_LIMIT)
			return "[name too long]";
		if (res->tried >= 2 * NAMES_LIMIT)
			return "[name omitted]";
		size = max(res->size, min_t(size_t, 2 * size, PATH_LIMIT));
		if (size > res->size) {
			kvfree(res->buf);
			res->size = 0;
			res->buf = array_alloc(size, 1);
			if (!res->buf)
				return ERR_PTR(-ENOMEM);
			res->size = size;
		}
		res->tried += size;
	} while (source_get_path(src, path, res->buf, size));
	return NULL;
}

/* Names a source with its file's path, seen from the reader's root. */
static int source_set_path(struct source_resolver *res, struct vma_source *src,
			   const struct path *path)
{
	struct vma_snapshot *s = res->s;
	const char *marker = NULL;
	size_t size;
	int err;

	err = names_reserve(s, 128);
	if (err)
		return err;
	size = min_t(size_t, names_avail(s), PATH_LIMIT);
	/* d_path() only fails for lack of space. d_dname() can fail always. */
	if (source_get_path(src, path, s->names->text + s->names->used, size))
		marker = source_get_long_path(res, src, path, size);
	if (IS_ERR(marker))
		return PTR_ERR(marker);
	if (!marker && src->name_len >= PATH_LIMIT)
		marker = "[name too long]";
	else if (!marker && names_used(s) + src->name_len >= NAMES_LIMIT)
		marker = "[name omitted]";
	if (marker) {
		source_mark(s, src, marker);
		return 0;
	}
	err = names_reserve(s, src->name_len + 1);
	if (err)
		return err;
	src->name = memmove(s->names->text + s->names->used, src->name, src->name_len + 1);
	s->names->used += src->name_len + 1;
	s->longest = max_t(size_t, s->longest, src->name_len);
	return 0;
}

/*
 * Symbols of vm_ops in the kernel image, which never change. Those of a module
 * are not kept: it can be unloaded. Elements are never replaced. @ops is NULL
 * until the rest is valid. It is only compared.
 */
static struct ops_symbol {
	const struct vm_operations_struct *ops;
	u32 len;
	char name[52];
} ops_symbols[16];

/* The number of elements that are in use or being filled */
static atomic_t ops_symbols_nr;

static const struct ops_symbol *ops_symbol_find(const struct vm_operations_struct *ops)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops_symbols); i++) {
		/* Pairs with smp_store_release() in ops_symbol_add(). */
		if (smp_load_acquire(&ops_symbols[i].ops) == ops)
			return &ops_symbols[i];
	}
	return NULL;
}

/* Two readers can add the same symbol, which only takes an element more. */
static void ops_symbol_add(const struct vm_operations_struct *ops, const char *name, size_t len)
{
	struct ops_symbol *symbol;
	int i;

	if (len >= sizeof(symbol->name))
		return;
	i = atomic_fetch_add_unless(&ops_symbols_nr, 1, ARRAY_SIZE(ops_symbols));
	if (i == ARRAY_SIZE(ops_symbols))
		return;
	symbol = &ops_symbols[i];
	memcpy(symbol->name, name, len + 1);
	symbol->len = len;
	/* Readers that find @ops see the name. */
	smp_store_release(&symbol->ops, ops);
}

/*
 * Returns the symbol at an address, "?" if none is exactly there: then
 * sprint_symbol() prints a neighbour or the bare address. It is also "?" if the
 * symbol does not fit into NAMES_LIMIT. This takes a few thousand instructions.
 */
static const char *ops_look_up(struct vma_snapshot *s, const struct vm_operations_struct *ops)
{
	char *symbol, *plus;
	bool in_module;
	size_t len;

	if (names_used(s) + KSYM_SYMBOL_LEN >= NAMES_LIMIT)
		return "?";
	if (names_reserve(s, KSYM_SYMBOL_LEN))
		return ERR_PTR(-ENOMEM);
	symbol = s->names->text + s->names->used;
	sprint_symbol(symbol, (unsigned long)ops);
	plus = strchr(symbol, '+');
	if (!plus || strncmp(plus, "+0x0/", 5))
		return "?";
	/* The name of a module follows in brackets. */
	in_module = strchr(plus, '[');
	*plus = '\0';
	symbol_trim(symbol);
	len = strlen(symbol);
	s->names->used += len + 1;
	if (!in_module)
		ops_symbol_add(ops, symbol, len);
	return symbol;
}

/* Replaces @ops of a source by its symbol. */
static int source_set_ops(struct source_resolver *res, struct vma_source *src)
{
	const struct ops_symbol *symbol;
	const char *name;
	size_t i = 0;

	src->ops_len = 0;
	if (!src->ops)
		return 0;
	symbol = ops_symbol_find(src->ops);
	if (symbol) {
		src->ops_name = symbol->name;
		src->ops_len = symbol->len;
		return 0;
	}
	while (i < OPS_CACHE && res->ops[i].ops != src->ops)
		i++;
	if (i == OPS_CACHE) {
		name = ops_look_up(res->s, src->ops);
		if (IS_ERR(name))
			return PTR_ERR(name);
		i = res->ops_next++ % OPS_CACHE;
		res->ops[i].ops = src->ops;
		res->ops[i].name = name;
		res->ops[i].len = strlen(name);
	}
	src->ops_name = res->ops[i].name;
	src->ops_len = res->ops[i].len;
	return 0;
}

/* A walk adds a file's source before it knows whether its kind is shown. */
static bool source_is_shown(const struct vma_snapshot *s, const struct vma_source *src)
{
	return !s->filter || (s->filter->kinds & BIT(src->kind));
}

static bool source_same_path(const struct vma_source *src, const void *path)
{
	return path_equal(file_user_path(src->file), path);
}

/*
 * Sets the name of a source whose name is the path of its file. Each path is
 * resolved once: a process can have opened a file as often as it has VMAs.
 */
static int source_resolve_name(struct source_resolver *res, u32 i)
{
	struct vma_source *src = &res->s->sources[i];
	const struct vma_source *same;
	const struct path *path;
	u32 hash, found;
	int err;

	/* A text that is not a path has no newlines. */
	if (!src->file)
		return 0;
	path = file_user_path(src->file);
	hash = pointers_hash(path->dentry, path->mnt);
	found = source_find(res->s, hash, path, source_same_path);
	if (found) {
		same = &res->s->sources[found];
		src->name = same->name;
		src->name_len = same->name_len;
		src->bits = same->bits;
		return 0;
	}
	err = source_set_path(res, src, path);
	source_insert(res->s, i, hash);
	return err;
}

static bool source_same_inode(const struct vma_source *src, const void *inode)
{
	return src->file && file_inode(src->file) == inode;
}

/*
 * Reads the build IDs of the files of all sources. Each file is read once,
 * however often it was opened: their inodes are compared, which the files keep
 * alive. A file that cannot be read has no build ID. Called without seq_file's
 * lock: the functions of any file system can be called here.
 */
static int snapshot_get_build_ids(struct vma_snapshot *s)
{
	struct vma_build_id *id;
	const struct inode *inode;
	u32 i, hash, found;

	s->build_ids = array_alloc(s->sources_nr, sizeof(*s->build_ids));
	if (!s->build_ids)
		return -ENOMEM;
	memset(s->build_ids, 0, s->sources_nr * sizeof(*s->build_ids));
	memset(s->buckets, 0, sizeof(*s->buckets) << s->bucket_bits);
	for (i = SOURCES_FIXED; i < s->sources_nr; i++) {
		cond_resched();
		if (caller_is_killed())
			return -EINTR;
		if (!s->sources[i].file || !source_is_shown(s, &s->sources[i]))
			continue;
		inode = file_inode(s->sources[i].file);
		hash = pointers_hash(inode, NULL);
		found = source_find(s, hash, inode, source_same_inode);
		id = &s->build_ids[i];
		if (found) {
			*id = s->build_ids[found];
			continue;
		}
		id->size = max(file_build_id(s->sources[i].file, id->id), 0);
		source_insert(s, i, hash);
	}
	return 0;
}

/* Drops the records that the filter hides because of their names. */
static void snapshot_filter_names(struct vma_snapshot *s)
{
	const struct vma_filter *f = s->filter;
	const struct vma_record *r;
	size_t i, kept = 0;

	for (i = 0; i < s->nr; i++) {
		r = record_at(s, i);
		if ((s->sources[r->source].bits & f->bits_mask) == f->bits)
			*record_at(s, kept++) = *r;
		if (i % SZ_1K == 0)
			cond_resched();
	}
	s->hides |= kept < s->nr;
	s->nr = kept;
}

/*
 * Resolves what the view wants of the sources. Paths are compared by dentry and
 * mount, which the files keep alive. So all of them are put at the end.
 */
static int snapshot_resolve(struct vma_snapshot *s)
{
	struct source_resolver res = { .s = s };
	int err = 0;
	u32 i;

	if (s->wants & WANTS_NAMES)
		memset(s->buckets, 0, sizeof(*s->buckets) << s->bucket_bits);
	for (i = SOURCES_FIXED; s->wants & WANTS_NAMES && i < s->sources_nr && !err; i++) {
		cond_resched();
		if (source_is_shown(s, &s->sources[i]))
			err = caller_is_killed() ? -EINTR :
				source_resolve_name(&res, i);
	}
	if (!err && s->filter && s->filter->bits_mask)
		snapshot_filter_names(s);
	if (!err && s->wants & WANTS_BUILD_IDS)
		err = snapshot_get_build_ids(s);
	/* Symbols take the place of the chains. */
	for (i = SOURCES_FIXED; s->wants & WANTS_OPS && i < s->sources_nr && !err; i++) {
		cond_resched();
		err = caller_is_killed() ? -EINTR :
			source_set_ops(&res, &s->sources[i]);
	}
	kvfree(res.buf);
	sources_put_files(s);
	return err;
}

/* ---- snapshot: take ---- */

/*
 * Records the VMAs that a process has now. A kernel thread and a process
 * without living threads have no mm and so no VMAs. The mm is looked up each
 * time: after an exec it is another one. After an error @s is empty, except for
 * -EINPROGRESS.
 *
 * Return: 0, -ESRCH if the process is gone, -ENOMEM, -EINTR on a fatal signal,
 * or -EINPROGRESS if snapshot_prepare() must be called first. -EAGAIN would
 * make seq_file call again without end.
 */
static int snapshot_take(struct vma_snapshot *s, const struct file *entry,
			 struct vmainfo_target *t, unsigned int wants,
			 const struct vma_filter *filter)
{
	struct mm_struct *mm;
	struct mm_identity now;
	unsigned int i;
	int err = 0;

	mm = target_look(entry, t, &now);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	if (!mm && now.mm)
		return -EINPROGRESS;
	s->taken = true;
	s->wants = wants;
	if (!filter || !filter->build_ids)
		s->wants &= ~WANTS_BUILD_IDS;
	if (filter && filter->nr_ranges)
		s->wants &= ~WANTS_NOMERGE;
	if (filter && !filter->all)
		s->filter = filter;
	s->pid = pid_vnr(t->pid);
	s->taken_ns = ktime_get_boottime_ns();
	if (!mm)
		return 0;

	if (kcompat_mm_has_gate(mm)) {
		s->gate = READ_ONCE(gate_page);
		if (!s->gate)
			err = -EINPROGRESS;
		else if (!s->gate->rec.end)
			s->gate = NULL;
	}
	s->exec_id = t->granted.exec_id;
	s->has_mm = true;
	if (!err)
		err = snapshot_walk(s, mm);
	if (t->in_exec) {
		s->has_seq = false;
		s->mm_seq = 0;
	}
	/* As exact as status: adds the CPUs' shares, without mmap_lock. */
	for (i = 0; wants & WANTS_TOTALS && i < RSS_COUNTERS; i++)
		s->rss[i] = get_mm_counter_sum(mm, rss_counters[i].member);
	mmput(mm);
	if (!err && s->gate && s->filter && !filter_has_gate(s->filter, s->gate)) {
		s->gate = NULL;
		s->hides = true;
	}
	if (!err && s->wants & WANTS_BUILD_IDS) {
		s->unresolved = true;
		return -EINPROGRESS;
	}
	if (!err)
		err = snapshot_resolve(s);
	if (err)
		snapshot_free(s);
	return err;
}

/*
 * Opens and reads files for a snapshot, which snapshot_take() cannot do under
 * seq_file's lock: to ask for access to the mm that the target has now, to find
 * out what the gate page is, and to read build IDs. Called with the file's lock
 * held.
 *
 * Return: 0 to try again, or an error.
 */
static int snapshot_prepare(struct vma_snapshot *s, const struct file *entry,
			    struct vmainfo_target *t)
{
	struct mm_struct *mm;
	int err = 0;

	if (s->unresolved) {
		s->unresolved = false;
		err = snapshot_resolve(s);
		if (err)
			snapshot_free(s);
		return err;
	}
	mm = target_get_mm(entry, t);
	if (IS_ERR_OR_NULL(mm))
		return PTR_ERR_OR_ZERO(mm);
	if (kcompat_mm_has_gate(mm) && !READ_ONCE(gate_page))
		err = gate_find(entry, t);
	mmput(mm);
	return err;
}

/* ---- views: working with seq_file ---- */

/*
 * Only this section knows how seq_file works inside. This is what it relies on:
 *
 * - seq_file formats into m->buf, of m->size bytes. m->count bytes from m->from
 *   on are not read yet. m->read_pos is the file position after the last
 *   read(), and m->index the position of the next element.
 * - ->show() that fills the buffer has overflowed. For the first element,
 *   seq_file doubles the buffer and calls ->start() again. Any other element is
 *   taken back and formatted for the next read(). In a seek, any element that
 *   overflows doubles the buffer, and the seek starts again.
 * - A buffer never shrinks, and every read() fills all of it. A shorter read()
 *   then ends within a line. So view_stop() sets m->size back to a page when
 *   the long line is complete. m->size != PAGE_SIZE means that the buffer grew.
 * - seq_file allocates m->buf only if it is NULL.
 */

/* What an entry shows */
struct vmainfo_view {
	const struct seq_operations seq_ops; /* m->op points here */
	unsigned int wants;	/* WANTS_* */
};

/*
 * An open entry. seq_file's own lock is dropped after each buffer, but all
 * buffers of a read() must have the same target, snapshot and position. It is
 * taken within @lock only.
 */
struct vmainfo_file {
	struct mutex lock;	/* held for all of a read() or lseek() */
	struct vmainfo_target target; /* its pid is NULL for procs */
	struct vma_filter *filter; /* or NULL */
	struct vma_snapshot snap; /* the snapshot that is shown */
	size_t first;		/* index of the first record of the next ->show() */
	size_t shown;		/* number of records of the last ->show() */
	size_t next_line_max;	/* bytes into which any other whole line fits */
};

/* The private data of @size bytes begin with a struct vmainfo_file. */
static struct vmainfo_file *vmainfo_file_open(struct file *file,
					      const struct seq_operations *ops, int size)
{
	struct vmainfo_file *vf;

	if (!vmainfo_may_read())
		return ERR_PTR(-EPERM);
	vf = __seq_open_private(file, ops, size);
	if (!vf)
		return ERR_PTR(-ENOMEM);
	mutex_init(&vf->lock);
	return vf;
}

/*
 * Called at the last close, or on unload. On unload procfs waits for running
 * calls, releases every open file, and returns EIO from later calls.
 */
static int vmainfo_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct vmainfo_file *vf = m->private;

	snapshot_free(&vf->snap);
	kvfree(vf->filter);
	put_pid(vf->target.pid);
	return seq_release_private(inode, file);
}

/*
 * Position 0 is the header. The records follow, with the gate page last. A view
 * that wants totals (summary) has only the header.
 */
static void *view_element(struct vmainfo_file *vf, loff_t pos)
{
	struct vma_snapshot *s = &vf->snap;

	vf->first = pos - 1;
	if (!pos)
		return SEQ_START_TOKEN;
	if (s->wants & WANTS_TOTALS)
		return NULL;
	if (pos <= s->nr)
		return record_at(s, pos - 1);
	if (pos == s->nr + 1 && s->gate)
		return (void *)&s->gate->rec;
	return NULL;
}

static bool is_gate(const struct vma_snapshot *s, const struct vma_record *r)
{
	return s->gate && r == &s->gate->rec;
}

static const struct vma_source *record_source(const struct vma_snapshot *s,
					      const struct vma_record *r)
{
	return is_gate(s, r) ? &s->gate->source : &s->sources[r->source];
}

/* More than any line has besides its name */
#define LINE_OVERHEAD_MAX 1024

/* An upper bound of what a name takes in a view: all of it can be newlines. */
static size_t source_name_max(const struct vma_source *src)
{
	return (size_t)(src->bits & SOURCE_ESCAPE ? 4 : 1) * src->name_len;
}

/*
 * Gives seq_file an empty buffer of at least @size bytes. Its own allocations
 * can invoke the OOM killer.
 */
static int view_reserve(struct seq_file *m, size_t size)
{
	char *buf;

	if (m->buf && size <= m->size)
		return 0;
	buf = array_alloc(size, 1);
	if (!buf)
		return -ENOMEM;
	kvfree(m->buf);
	m->buf = buf;
	m->size = size;
	return 0;
}

/*
 * Takes a snapshot if the file has no valid one: on the first read, after a
 * rewind, and when seq_file seeks in a file that was read to its end.
 */
static void *view_start(struct seq_file *m, loff_t *pos)
{
	const struct vmainfo_view *view = container_of(m->op, struct vmainfo_view, seq_ops);
	struct vmainfo_file *vf = m->private;
	int err = 0;
	void *v;

	/* The snapshot was freed at the end of the file: return the end again. */
	if (!vf->snap.taken && *pos)
		return NULL;
	if (!vf->snap.taken)
		err = snapshot_take(&vf->snap, m->file, &vf->target, view->wants, vf->filter);
	v = err ? NULL : view_element(vf, *pos);
	if (v && v != SEQ_START_TOKEN)
		err = view_reserve(m, LINE_OVERHEAD_MAX +
				   source_name_max(record_source(&vf->snap, v)));
	return err ? ERR_PTR(err) : v;
}

static void *view_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct vmainfo_file *vf = m->private;

	*pos += v == SEQ_START_TOKEN ? 1 : vf->shown;
	/*
	 * To seek, seq_file formats all that is before the position: with the
	 * longest names, this takes minutes.
	 */
	cond_resched();
	if (caller_is_killed())
		return ERR_PTR(-EINTR);
	return view_element(vf, *pos);
}

static void view_stop(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;

	vf->next_line_max = IS_ERR_OR_NULL(v) ? SIZE_MAX :
			    max_t(size_t, PAGE_SIZE, LINE_OVERHEAD_MAX + 4 * vf->snap.longest);
	/* Pending bytes are copied out before m->size is used again. */
	if (!seq_has_overflowed(m))
		m->size = PAGE_SIZE;
}

#define DEFINE_VIEW(name, wanted)		\
static const struct vmainfo_view name##_view = {	\
	.seq_ops = {				\
		.start = view_start,		\
		.next = view_next,		\
		.stop = view_stop,		\
		.show = name##_show,		\
	},					\
	.wants = wanted,			\
}

/* Whether the buffer grew for one line, and has one */
static bool view_is_full(const struct seq_file *m)
{
	return m->count && m->size != PAGE_SIZE;
}

/*
 * The records of one ->show(), as many as fit: the work of seq_file per element
 * exceeds that of formatting a record.
 */
struct emit_batch {
	const struct vma_record *r;	/* the next record */
	const struct vma_record *end_rec; /* end (exclusive) of the records */
	char *begin;		/* where the batch begins in the buffer */
	char *p;		/* where the next record goes */
	const char *end;	/* end (exclusive) of the buffer */
	const char *limit;	/* a record from here on might not fit */
};

static struct emit_batch emit_begin(struct seq_file *m, const struct vma_record *first)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_snapshot *s = &vf->snap;
	struct emit_batch b = { .r = first };
	size_t avail = seq_get_buf(m, &b.begin);

	b.end_rec = first + 1;
	if (!is_gate(s, first))
		b.end_rec = first + min(s->nr - vf->first, block_left(vf->first));
	b.p = b.begin;
	b.end = b.begin + avail;
	if (m->size != PAGE_SIZE)
		b.end_rec = first + 1;
	if (view_is_full(m))
		b.end = b.p;
	b.limit = b.begin;
	return b;
}

/*
 * Sets an upper bound for each of the next records. To seq_file, a full buffer
 * has overflowed, so that a record must end before the end of the buffer.
 */
static void emit_expect(struct emit_batch *b, size_t len)
{
	b->limit = b->end - b->begin > len ? b->end - len : b->begin;
}

static int emit_end(struct seq_file *m, const struct vma_record *first,
		    const struct emit_batch *b)
{
	struct vmainfo_file *vf = m->private;

	vf->shown = b->r - first;
	seq_commit(m, vf->shown ? b->p - b->begin : -1);
	return 0;
}

/*
 * Reads as many whole lines as fit into @to, of a page or more. seq_read_iter()
 * returns whole lines only if it starts with one, and a page at most. So the
 * rest of a line is returned first, and then buffers as long as another whole
 * line is certain to fit.
 */
static ssize_t read_lines(struct seq_file *m, struct kiocb *iocb, struct iov_iter *to)
{
	const struct vmainfo_file *vf = m->private;
	const size_t count = iov_iter_count(to);
	ssize_t len, total = 0;

	if (iocb->ki_pos && iocb->ki_pos != m->read_pos) {
		/* After a read of one byte the rest of its line is buffered. */
		iov_iter_truncate(to, 1);
		total = seq_read_iter(iocb, to);
		iov_iter_reexpand(to, count - max_t(ssize_t, total, 0));
		if (total <= 0)
			return total;
		/* If it was the last byte of a line, the next line is buffered. */
		if (!m->from && m->count > iov_iter_count(to))
			return total;
	}
	if (iocb->ki_pos && m->count) {
		/* seq_read_iter() does the same first. */
		len = copy_to_iter(m->buf + m->from, m->count, to);
		m->from += len;
		m->count -= len;
		m->read_pos += len;
		iocb->ki_pos += len;
		total += len;
		if (m->count)
			return total ?: -EFAULT;
	}
	do {
		if (total && iov_iter_count(to) < vf->next_line_max)
			break;
		cond_resched();
		len = seq_read_iter(iocb, to);
		if (len <= 0)
			return total ?: len;
		total += len;
	} while (!signal_pending(current));
	return total;
}

static ssize_t vmainfo_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct seq_file *m = iocb->ki_filp->private_data;
	struct vmainfo_file *vf = m->private;
	ssize_t len;

	if (!iov_iter_count(to))
		return 0;
	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	if (!iocb->ki_pos)
		snapshot_free(&vf->snap);
	do {
		len = m->buf ? 0 : view_reserve(m, PAGE_SIZE);
		if (!len)
			len = iov_iter_count(to) < PAGE_SIZE ? seq_read_iter(iocb, to) :
							       read_lines(m, iocb, to);
		if (len != -EINPROGRESS)
			break;
		len = snapshot_prepare(&vf->snap, iocb->ki_filp, &vf->target);
	} while (!len);
	/* At the end of the file no more reads of this snapshot follow. */
	if (!len)
		snapshot_free(&vf->snap);
	mutex_unlock(&vf->lock);
	return len;
}

static loff_t vmainfo_lseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *m = file->private_data;
	struct vmainfo_file *vf = m->private;
	loff_t pos;

	/* This asks for the position, and rewinds nothing that pread() reads. */
	if (whence == SEEK_CUR && !offset)
		return file->f_pos;
	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	/* seq_lseek() sets f_pos to 0 if it fails. */
	if (whence == SEEK_CUR) {
		whence = SEEK_SET;
		offset += file->f_pos;
	}
	/* A seek to another position than 0 can take a snapshot. */
	do {
		pos = seq_lseek(file, offset, whence);
		if (pos != -EINPROGRESS)
			break;
		pos = snapshot_prepare(&vf->snap, file, &vf->target);
	} while (!pos);
	if (!pos)
		snapshot_free(&vf->snap);
	mutex_unlock(&vf->lock);
	return pos;
}

/* Rewinds as seq_lseek() does. The caller stores *ppos after a write(). */
static void view_rewind(struct seq_file *m, loff_t *ppos)
{
	struct vmainfo_file *vf = m->private;

	snapshot_free(&vf->snap);
	m->read_pos = 0;
	m->index = 0;
	m->count = 0;
	*ppos = 0;
}

/* ---- views: formatting ---- */

/*
 * These functions write a text at @p and return its end. Most of them copy whole
 * words, so that up to FMT_SLACK bytes after the end change, too.
 */
#define FMT_SLACK 16

/* Writes the first @len of eight characters, the first one in the highest byte. */
static __always_inline char *fmt_word(char *p, u64 chars, int len)
{
	const __be64 word = cpu_to_be64(chars);

	__builtin_memcpy(p, &word, 8);
	return p + len;
}

/* memcpy() of 8 bytes without the run-time check of CONFIG_FORTIFY_SOURCE */
static __always_inline void copy_word(char *p, const char *text)
{
	__builtin_memcpy(p, text, 8);
}

/* Two digits of each number, the first one in the upper byte, set at load */
static u16 hex_pairs[256] __ro_after_init;
static u16 decimal_pairs[100] __ro_after_init;

static void __init pairs_init(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		hex_pairs[i] = "0123456789abcdef"[i >> 4] << 8 | "0123456789abcdef"[i & 0xf];
	for (i = 0; i < 100; i++)
		decimal_pairs[i] = ('0' + i / 10) << 8 | ('0' + i % 10);
}

/* The eight hex digits of @val */
static __always_inline u64 hex_digits(u32 val)
{
	return (u64)hex_pairs[val >> 24] << 48 | (u64)hex_pairs[val >> 16 & 0xff] << 32 |
	       (u64)hex_pairs[val >> 8 & 0xff] << 16 | hex_pairs[val & 0xff];
}

static __always_inline char *fmt_pair(char *p, u16 pair)
{
	const __be16 word = cpu_to_be16(pair);

	__builtin_memcpy(p, &word, 2);
	return p + 2;
}

/* Writes at least @width lower-case hex digits, and at least one. */
static __always_inline char *fmt_hex(char *p, u64 val, int width)
{
	int digits = max(width, (fls64(val) + 3) / 4);

	if (digits > 8) {
		p = fmt_word(p, hex_digits(val >> 32) << 8 * (16 - digits), digits - 8);
		digits = 8;
	}
	return fmt_word(p, hex_digits(val) << 8 * (8 - digits), digits);
}

/* Writes the same as fmt_hex(p, offset, 8). Most offsets are 0. */
static __always_inline char *fmt_offset(char *p, u64 offset)
{
	if (offset)
		return fmt_hex(p, offset, 8);
	memcpy(p, "00000000", 8);
	return p + 8;
}

/*
 * Copies a text exactly. The last word of a long text overlaps the one before
 * it. This is faster than a call of memcpy() for most names.
 */
static __always_inline char *fmt_copy(char *p, const char *text, size_t len)
{
	size_t i;

	if (len < 8) {
		for (i = 0; i < len; i++)
			p[i] = text[i];
		return p + len;
	}
	for (i = 0; i < len - 8; i += 8)
		copy_word(p + i, text + i);
	copy_word(p + len - 8, text + len - 8);
	return p + len;
}

/* Writes spaces up to @end, and none if that is before @p. */
static __always_inline char *fmt_spaces(char *p, char *end)
{
	char *space;

	for (space = p; space < end; space += 8)
		memset(space, ' ', 8);
	return max(p, end);
}

/* Ends a left-aligned column that begins at @begin with spaces. */
static __always_inline char *fmt_column_end(char *p, char *begin, int width)
{
	p = fmt_spaces(p, begin + width);
	*p++ = ' ';
	return p;
}

/*
 * The start and end of records. Neighbouring addresses mostly have the upper
 * half in common, and the start of a VMA is often the end of the one before it.
 */
struct address_fmt {
	int width;		/* the least characters, spaces before the digits */
	int high_len;		/* characters of @high_text */
	u64 high;		/* upper half of an address; U64_MAX: not known */
	char high_text[8];	/* what is written of it */
	unsigned long end;	/* of the last record, or ULONG_MAX */
	const char *end_text;	/* where that was written */
	int end_len;
};

#define ADDRESS_FMT(min) { .width = (min), .high = U64_MAX, .end = ULONG_MAX }

static noinline void address_set_high(struct address_fmt *a, u32 high)
{
	const int digits = (fls(high) + 3) / 4;
	int i;

	a->high = high;
	a->high_len = max(a->width - 8, digits);
	memset(a->high_text, ' ', sizeof(a->high_text));
	for (i = 0; i < digits; i++)
		a->high_text[a->high_len - 1 - i] = "0123456789abcdef"[high >> 4 * i & 0xf];
}

static __always_inline char *fmt_address(char *p, struct address_fmt *a, unsigned long addr)
{
	const u64 high = (u64)addr >> 32;

	if (unlikely(high != a->high))
		address_set_high(a, high);
	copy_word(p, a->high_text);
	p += a->high_len;
	return fmt_word(p, hex_digits(addr), 8);
}

/* Writes both addresses of a record. @p stays valid until the next one. */
static __always_inline char *fmt_addresses(char *p, struct address_fmt *a,
					   const struct vma_record *r, char separator)
{
	char *end;

	if (r->start == a->end) {
		copy_word(p, a->end_text);
		copy_word(p + 8, a->end_text + 8);
		p += a->end_len;
	} else {
		p = fmt_address(p, a, r->start);
	}
	*p++ = separator;
	end = fmt_address(p, a, r->end);
	a->end = r->end;
	a->end_text = p;
	a->end_len = end - p;
	return end;
}

/* Writes a number before @end. Returns where it begins. */
static __always_inline char *fmt_decimal_before(char *end, u64 val)
{
	char *p = end;
	u64 rest;

	while (val >= 10) {
		rest = val;
		val = div_u64(val, 100);
		p -= 2;
		fmt_pair(p, decimal_pairs[rest - 100 * val]);
	}
	if (val || p == end)
		*--p = '0' + val;
	return p;
}

/* Writes a number that is right-aligned in @width characters, at least 5. */
static __always_inline char *fmt_right(char *p, int width, u64 val)
{
	char digits[20] __uninitialized, *begin, *end = digits + sizeof(digits);

	if (likely(val < 100000)) {
		memset(p, ' ', ALIGN(width, 8));
		fmt_decimal_before(p + width, val);
		return p + width;
	}
	begin = fmt_decimal_before(end, val);
	p = fmt_spaces(p, p + width - (end - begin));
	return fmt_copy(p, begin, end - begin);
}

static char *fmt_decimal(char *p, u64 val)
{
	char digits[20] __uninitialized, *end = digits + sizeof(digits);
	char *begin = fmt_decimal_before(end, val);

	return fmt_copy(p, begin, end - begin);
}

/* Writes a space and a number that is right-aligned in @width characters. */
static __always_inline char *fmt_column(char *p, int width, u64 val)
{
	*p++ = ' ';
	return fmt_right(p, width, val);
}

/* Writes the number of a device as maps does. */
static __always_inline char *fmt_dev(char *p, dev_t dev)
{
	if (likely(MAJOR(dev) <= 0xff && MINOR(dev) <= 0xff)) {
		p = fmt_pair(p, hex_pairs[MAJOR(dev)]);
		*p++ = ':';
		return fmt_pair(p, hex_pairs[MINOR(dev)]);
	}
	p = fmt_hex(p, MAJOR(dev), 2);
	*p++ = ':';
	return fmt_hex(p, MINOR(dev), 2);
}

static __always_inline char *fmt_perm(char *p, unsigned long flags)
{
	static const char texts[][8] = {
		"---p", "r--p", "-w-p", "rw-p", "--xp", "r-xp", "-wxp", "rwxp",
		"---s", "r--s", "-w-s", "rw-s", "--xs", "r-xs", "-wxs", "rwxs",
	};

	BUILD_BUG_ON(VM_READ != 1 || VM_WRITE != 2 || VM_EXEC != 4 || VM_MAYSHARE != 8 << 4);
	memcpy(p, texts[(flags & 7) | (flags & VM_MAYSHARE) >> 4], 4);
	return p + 4;
}

/* Writes a name with the escapes of seq_escape(m, name, "\n"). */
static __always_inline char *fmt_name(char *p, const struct vma_source *src)
{
	const char *name = src->name;

	if (!(src->bits & SOURCE_ESCAPE))
		return fmt_copy(p, name, src->name_len);
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
 * The names of numa_maps, in one word each. The numbers are ABI, and some
 * macros for them are newer than 5.10.
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
 * The two-letter names of smaps and the bits of raw. As in smaps, a flag that
 * is not in this table is "??", and one with an empty name is skipped. A flag
 * with mask 0 does not exist on this kernel. If two share a bit, the last wins.
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
	/* smaps shows these in a line of their own. */
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

/* That table by bit number, filled when the module is loaded */
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
	/* The flag is older than its letters. */
	flag_raw[ilog2(VM_LOCKONFAULT)] = VMAINFO_LOCKONFAULT;
}

/* Two letters and a comma for each flag */
#define FLAGS_MAX (BITS_PER_LONG * 3)

static char *fmt_flags(char *p, unsigned long flags)
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
	return p;
}

/* ---- views: maps ---- */

/* The most bytes before a name are 88, if every number is the largest. */
#define MAPS_HEAD_MAX (88 + FMT_SLACK)
/* The column in which names begin unless the numbers are long */
#define MAPS_NAME_COLUMN (25 + sizeof(void *) * 6 - 1)

/* Prints what show_map_vma() in fs/proc/task_mmu.c does, byte for byte. */
static int maps_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_source *src = NULL;
	u32 known = U32_MAX; /* not an index of a source */
	struct address_fmt address = ADDRESS_FMT(8);
	char dev_ino[48] __uninitialized;
	size_t dev_ino_len = 0;
	struct emit_batch b;
	char *p;

	if (v == SEQ_START_TOKEN)
		return 0;
	for (b = emit_begin(m, v); b.r < b.end_rec; b.r++) {
		if (b.r->source != known) {
			known = b.r->source;
			src = record_source(&vf->snap, b.r);
			p = fmt_dev(dev_ino, src->dev);
			*p++ = ' ';
			p = fmt_decimal(p, src->ino);
			*p++ = ' ';
			dev_ino_len = p - dev_ino;
			emit_expect(&b, MAPS_HEAD_MAX + source_name_max(src));
		}
		if (b.p >= b.limit)
			break;
		p = fmt_addresses(b.p, &address, b.r, '-');
		*p++ = ' ';
		p = fmt_perm(p, b.r->flags);
		*p++ = ' ';
		p = fmt_offset(p, b.r->offset);
		*p++ = ' ';
		p = fmt_copy(p, dev_ino, dev_ino_len);
		if (src->name) {
			p = fmt_column_end(p, b.p, MAPS_NAME_COLUMN);
			p = fmt_name(p, src);
		}
		*p++ = '\n';
		b.p = p;
	}
	return emit_end(m, v, &b);
}

DEFINE_VIEW(maps, WANTS_NAMES);

/* ---- views: vmas ---- */

/* The number of hex digits of the highest address */
static int address_width(const struct vma_snapshot *s)
{
	const struct vma_record *last = s->gate ? &s->gate->rec :
					s->nr ? record_at(s, s->nr - 1) : NULL;

	return max(8, (fls64(last ? last->end : 0) + 3) / 4);
}

/* Without seq_printf(), which takes as long as several lines of VMAs */
static void vmas_header(struct seq_file *m, const struct vma_snapshot *s)
{
	static const char spaces[] = "           "; /* 64-bit addresses: 16 - 5 */
	const int width = address_width(s);

	seq_put_decimal_ull(m, "# pid=", s->pid);
	seq_put_decimal_ull(m, " vmas=", s->nr);
	seq_puts(m, s->torn ? " walk=torn\n" : " walk=atomic\n");
	/* Addresses have at least 8 digits, and sizes are 10 characters wide. */
	seq_puts(m, "#  nr ");
	seq_write(m, spaces, width - 5);
	seq_puts(m, "start ");
	seq_write(m, spaces, width - 5);
	seq_puts(m, "  end         kB perm   offset   dev    inode kind      page anon policy     ");
	seq_puts(m, "flags                      nomerge        ops                    name\n");
}

/* What is written of flags, for neighbours with the same flags */
struct flags_text {
	unsigned long flags;
	int len;		/* 0: nothing is known */
	char text[40];
};

/* Writes the column flags. @known is indexed as in raw_flags(). */
static __always_inline char *fmt_flags_column(char *p, struct flags_text *known,
					      unsigned long flags)
{
	char *begin = p;
	int i;

	known += flags & (VM_READ | VM_WRITE | VM_EXEC);
	if (likely(known->len && known->flags == flags)) {
		for (i = 0; i < sizeof(known->text); i += 8)
			copy_word(p + i, known->text + i);
		return p + known->len;
	}
	p = fmt_column_end(fmt_flags(p, flags), begin, 26);
	known->flags = flags;
	known->len = p - begin <= sizeof(known->text) ? p - begin : 0;
	memcpy(known->text, begin, known->len);
	return p;
}

static __always_inline char *fmt_policy_column(char *p, u8 policy)
{
	const char *name = "?";

	if (!policy) {
		memcpy(p, "-          ", 11);
		return p + 11;
	}
	if (policy < ARRAY_SIZE(policy_names))
		name = policy_names[policy];
	return fmt_column_end(fmt_copy(p, name, strlen(name)), p, 10);
}

/* The columns that VMAs with one source have in common: dev, inode, kind, page */
static char *fmt_source_columns(char *p, const struct vma_source *src)
{
	const char *kind = kind_names[src->kind];
	char *begin = p;

	/* Right-aligned in 5 characters, which it mostly has. */
	*p++ = ' ';
	p = fmt_dev(p, src->dev);
	p = fmt_column(p, 8, src->ino);
	*p++ = ' ';
	begin = p;
	p = fmt_column_end(fmt_copy(p, kind, strlen(kind)), begin, 8);
	p = fmt_right(p, 5, 1UL << (src->page_shift - 10));
	*p++ = ' ';
	return p;
}

static const char *const nomerge_names[] = {
	"flags", "special", "file", "offset", "anon_vma", "name", "policy", "uffd",
};

/* The column nomerge with all of these, and commas between them */
#define NOMERGE_MAX 64

static char *fmt_nomerge_column(char *p, const struct vma_snapshot *s,
				const struct vma_record *r)
{
	char *const begin = p;
	unsigned long left;
	const char *name;

	if (is_gate(s, r) || !(s->wants & WANTS_NOMERGE) ||
	    (s->filter ? !r->adjoins : r[-1].end != r->start))
		*p++ = '-';
	else if (!r->nomerge)
		p = fmt_copy(p, "none", 4);
	for (left = r->nomerge; left; left &= left - 1) {
		name = nomerge_names[__ffs(left)];
		if (p != begin)
			*p++ = ',';
		p = fmt_copy(p, name, strlen(name));
	}
	return fmt_column_end(p, begin, 14);
}

/*
 * The most bytes before the column ops, if every number is the largest, and the
 * flags are all that exist
 */
#define VMAS_HEAD_MAX (190 + FLAGS_MAX + NOMERGE_MAX + FMT_SLACK)
static_assert(VMAS_HEAD_MAX + KSYM_NAME_LEN + FMT_SLACK < LINE_OVERHEAD_MAX);

static int vmas_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_record *const first = v;
	const struct vma_snapshot *s = &vf->snap;
	const struct vma_source *src = NULL;
	struct address_fmt address = ADDRESS_FMT(address_width(s));
	struct flags_text flags[8] __uninitialized;
	u32 known = U32_MAX; /* not an index of a source */
	char columns[96] __uninitialized; /* those of fmt_source_columns() */
	size_t columns_len = 0, ops_len = 0;
	const char *ops = NULL;
	struct emit_batch b;
	char *p, *begin;
	int i;

	if (v == SEQ_START_TOKEN) {
		vmas_header(m, s);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		flags[i].len = 0;
	for (b = emit_begin(m, v); b.r < b.end_rec; b.r++) {
		if (b.r->source != known) {
			known = b.r->source;
			src = record_source(s, b.r);
			columns_len = fmt_source_columns(columns, src) - columns;
			ops = src->ops_name ?: "-";
			ops_len = src->ops_name ? src->ops_len : 1;
			emit_expect(&b, VMAS_HEAD_MAX + max_t(size_t, ops_len, 22) +
				    max_t(size_t, source_name_max(src), 1) + FMT_SLACK);
		}
		if (b.p >= b.limit)
			break;
		p = b.p;
		if (likely(!is_gate(s, b.r))) {
			p = fmt_right(p, 5, vf->first + (b.r - first) + 1);
		} else {
			memcpy(p, "    -", 5);
			p += 5;
		}
		*p++ = ' ';
		p = fmt_addresses(p, &address, b.r, ' ');
		p = fmt_column(p, 10, (b.r->end - b.r->start) >> 10);
		*p++ = ' ';
		p = fmt_perm(p, b.r->flags);
		*p++ = ' ';
		p = fmt_offset(p, b.r->offset);
		p = fmt_copy(p, columns, columns_len);
		memcpy(p, b.r->anon_vma ? "   y " : "   - ", 5);
		p = fmt_policy_column(p + 5, b.r->policy);
		p = fmt_flags_column(p, flags, b.r->flags);
		p = fmt_nomerge_column(p, s, b.r);
		begin = p;
		p = fmt_column_end(fmt_copy(p, ops, ops_len), begin, 22);
		if (src->name)
			p = fmt_name(p, src);
		else
			*p++ = '-';
		*p++ = '\n';
		b.p = p;
	}
	return emit_end(m, v, &b);
}

DEFINE_VIEW(vmas, WANTS_NAMES | WANTS_OPS | WANTS_NOMERGE);

/* ---- views: raw ---- */

static_assert(sizeof(struct vmainfo_header) == VMAINFO_HEADER_SIZE_VER0);
static_assert(offsetof(struct vmainfo_header, taken_ns) == 24);
static_assert(sizeof(struct vmainfo_record) == 88);
static_assert(offsetof(struct vmainfo_record, start) == 8);
static_assert(offsetof(struct vmainfo_record, dev_major) == 48);
static_assert(offsetof(struct vmainfo_record, page_shift) == 62);
static_assert(offsetof(struct vmainfo_record, build_id_size) == VMAINFO_RECORD_SIZE_VER0);

/* Fills the fields of a header that do not depend on the target. */
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
	if (s->hides)
		h.flags |= VMAINFO_FILTERED;
	if (s->has_mm) {
		h.flags |= VMAINFO_EXEC_ID;
		h.exec_id = s->exec_id;
	}
	if (s->has_seq) {
		h.flags |= VMAINFO_SEQ;
		h.mm_seq = s->mm_seq;
	}
	seq_write(m, &h, sizeof(h));
}

/*
 * The ioctl VMAINFO_GET_HEADER: what the target has now, without a walk or
 * mmap_lock. It uses mmput_async(): if the target has exited, this is the last
 * user of the mm, and mmput() would tear down the address space here.
 */
static noinline_for_stack int get_header(const struct file *entry, struct vmainfo_file *vf,
					 struct vmainfo_header __user *to)
{
	struct vmainfo_header h;
	struct mm_struct *mm;
	size_t len;
	u32 size;

	if (get_user(size, &to->size))
		return -EFAULT;
	if (size < VMAINFO_HEADER_SIZE_VER0)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;

	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	mm = target_get_mm(entry, &vf->target);
	header_init(&h, pid_vnr(vf->target.pid));
	if (!IS_ERR_OR_NULL(mm)) {
		h.vmas = READ_ONCE(mm->map_count);
		h.flags |= VMAINFO_EXEC_ID;
		h.exec_id = vf->target.granted.exec_id;
		if (!vf->target.in_exec && kcompat_mm_seq(mm, &h.mm_seq))
			h.flags |= VMAINFO_SEQ;
		mmput_async(mm);
	}
	mutex_unlock(&vf->lock);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	h.taken_ns = ktime_get_boottime_ns();

	len = min_t(size_t, size, sizeof(h));
	if (copy_to_user(to, &h, len) || clear_user((char __user *)to + len, size - len))
		return -EFAULT;
	return 0;
}

/*
 * A cache of translated flags, indexed by VM_READ, VM_WRITE and VM_EXEC: the
 * flags of neighbouring VMAs mostly differ in nothing else.
 */
struct raw_flags_cache {
	unsigned long flags[8];
	u64 raw[8];
};

static u64 raw_flags(struct raw_flags_cache *cache, unsigned long flags)
{
	const size_t i = flags & (VM_READ | VM_WRITE | VM_EXEC);
	unsigned long left;
	u64 raw = 0;

	/* An unused element is valid: no flags, no bits. */
	if (likely(cache->flags[i] == flags))
		return cache->raw[i];
	for (left = flags; left; left &= left - 1)
		raw |= flag_raw[__ffs(left)];
	cache->flags[i] = flags;
	cache->raw[i] = raw;
	return raw;
}

/* A record as it is written, word by word, and the build ID that can follow */
union raw_record_words {
	struct vmainfo_record r;
	u64 words[VMAINFO_RECORD_SIZE_VER0 / 8];
	struct {
		char ver0[VMAINFO_RECORD_SIZE_VER0];
		struct vma_build_id build_id;
	};
};

static int raw_show(struct seq_file *m, void *v)
{
	struct vmainfo_file *vf = m->private;
	const struct vma_snapshot *s = &vf->snap;
	const struct vma_source *src = NULL;
	struct raw_flags_cache cache = {};
	union raw_record_words same = {}, *raw;
	u32 known = U32_MAX; /* not an index of a source */
	u64 more = 0, src_more = 0; /* flags of the record that are not the VMA's own */
	u64 rest;
	const struct vma_build_id *id = NULL;
	struct emit_batch b;
	/* The text of the record in front, in the same buffer, if that has the same source */
	const char *last_text = NULL;
	char *p;

	if (v == SEQ_START_TOKEN) {
		raw_header(m, s);
		return 0;
	}
	b = emit_begin(m, v);
	for (rest = ~b.r->rest; b.r < b.end_rec; b.r++) {
		if (b.r->rest != rest) {
			rest = b.r->rest;
			if (b.r->source != known) {
				known = b.r->source;
				src = record_source(s, b.r);
				same.r.size = VMAINFO_RECORD_SIZE_VER0;
				id = s->build_ids && !is_gate(s, b.r) ? &s->build_ids[known] : NULL;
				if (id && id->size)
					same.r.size = sizeof(same.r);
				same.r.kind = src->kind;
				same.r.ino = src->ino;
				same.r.dev_major = MAJOR(src->dev);
				same.r.dev_minor = MINOR(src->dev);
				same.r.name_len = src->name ? src->name_len + 1 : 0;
				same.r.ops_len = src->ops_name ? src->ops_len + 1 : 0;
				same.r.next = ALIGN(same.r.size + same.r.name_len +
						    same.r.ops_len, 8);
				same.r.page_shift = src->page_shift;
				src_more = (src->bits & SOURCE_DELETED ? VMAINFO_DELETED : 0) |
					   (src->bits & SOURCE_OMITTED ? VMAINFO_NAME_OMITTED : 0);
				emit_expect(&b, same.r.next);
				last_text = NULL;
			}
			same.r.policy = b.r->policy;
			same.r.nomerge = b.r->nomerge;
			more = src_more | (b.r->anon_vma ? VMAINFO_ANON_VMA : 0);
		}
		if (b.p >= b.limit)
			break;
		/* The buffer and all sizes in it are aligned to 8 bytes. */
		raw = (union raw_record_words *)b.p;
		raw->words[0] = same.words[0];
		raw->r.start = b.r->start;
		raw->r.end = b.r->end;
		raw->r.offset = b.r->offset;
		raw->r.ino = same.r.ino;
		raw->r.flags = raw_flags(&cache, b.r->flags) | more;
		raw->words[6] = same.words[6];
		raw->words[7] = same.words[7];
		if (same.r.next != VMAINFO_RECORD_SIZE_VER0 && last_text) {
			p = b.p + VMAINFO_RECORD_SIZE_VER0;
			do {
				copy_word(p, last_text);
				p += 8;
				last_text += 8;
			} while (p != b.p + same.r.next);
			/* The next record copies the text of this one. */
			last_text += VMAINFO_RECORD_SIZE_VER0;
		} else if (same.r.next != VMAINFO_RECORD_SIZE_VER0) {
			last_text = b.p + VMAINFO_RECORD_SIZE_VER0;
			/* The padding is in the last word. */
			*((u64 *)(b.p + same.r.next) - 1) = 0;
			p = fmt_copy(b.p + same.r.size, src->name, same.r.name_len);
			fmt_copy(p, src->ops_name, same.r.ops_len);
			if (same.r.size != VMAINFO_RECORD_SIZE_VER0)
				memcpy(&raw->build_id, id, sizeof(*id));
		}
		b.p += same.r.next;
	}
	return emit_end(m, v, &b);
}

DEFINE_VIEW(raw, WANTS_NAMES | WANTS_OPS | WANTS_NOMERGE | WANTS_BUILD_IDS);

/* ---- views: summary ---- */

static u64 pages_kb(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

static void summary_range(struct seq_file *m, const char *key,
			  unsigned long start, unsigned long end)
{
	/* During an exec, only one of them may be set. */
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
 * Whether kernel.kptr_restrict lets a reader with CAP_SYSLOG see addresses: 0
 * and 1 do, 2 does not. It is not exported, so it is read from procfs, with the
 * opener's credentials, which the entry's file keeps. Any other failure than
 * that of memory hides the addresses: a procfs without sysctls, another value,
 * a file that is mounted over this one.
 *
 * Return: 1, 0, or -ENOMEM, with which the read has to fail.
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
 * Prints the kernel's part of the address space, which is the same in all
 * processes and has no VMAs. Its start does not depend on KASLR. Its
 * regions are at random addresses, so the opener must have the permissions to
 * see them in kallsyms.
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

static int summary_show(struct seq_file *m, void *v)
{
	const struct vmainfo_file *vf = m->private;
	const struct vma_snapshot *s = &vf->snap;
	const struct mm_layout *l = &s->layout;
	struct {
		unsigned long nr;
		unsigned long size;
	} kinds[ARRAY_SIZE(kind_names)] = {}, *kind;
	unsigned long size = 0, gap_start = 0, gap_end = 0, stack_start = 0, stack_end = 0;
	const struct vma_record *r;
	size_t i;

	for (i = 0; i < s->nr; i++) {
		r = record_at(s, i);
		kind = &kinds[s->sources[r->source].kind];
		kind->nr++;
		kind->size += r->end - r->start;
		size += r->end - r->start;
		if (i && r->start - r[-1].end > gap_end - gap_start) {
			gap_start = r[-1].end;
			gap_end = r->start;
		}
		if (s->sources[r->source].kind == VMAINFO_KIND_STACK) {
			stack_start = stack_end ? stack_start : r->start;
			stack_end = r->end;
		}
		if (i % SZ_1K == 0)
			cond_resched();
	}

	seq_printf(m, "Pid:\t%d\nWalk:\t%s\nVmas:\t%zu\t%lu kB\n", s->pid,
		   s->torn ? "torn" : "atomic", s->nr, size >> 10);
	for (i = 0; i < ARRAY_SIZE(kind_names); i++) {
		/* The gate page is not a VMA of the process. */
		if (i == VMAINFO_KIND_VSYSCALL)
			continue;
		seq_printf(m, "Vmas%c%s:\t%lu\t%lu kB\n", toupper(kind_names[i][0]),
			   kind_names[i] + 1, kinds[i].nr, kinds[i].size >> 10);
	}
	for (i = 0; i < RSS_COUNTERS; i++)
		seq_printf(m, "%s:\t%llu kB\n", rss_counters[i].name, pages_kb(s->rss[i]));
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

DEFINE_VIEW(summary, WANTS_TOTALS);

/* ---- query ---- */

/* struct procmap_query of Linux 6.11, which the kernel's headers may extend */
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

/* PROCMAP_QUERY of that version: the number contains the size of the struct. */
#define PROCMAP_QUERY_V1 _IOWR('f', 17, struct procmap_query_v1)

static_assert(sizeof(struct procmap_query_v1) == 104);
static_assert(PROCMAP_QUERY_V1 == 0xc0686611);

#define QUERY_PERMS (PROCMAP_QUERY_VMA_READABLE | PROCMAP_QUERY_VMA_WRITABLE | \
		     PROCMAP_QUERY_VMA_EXECUTABLE | PROCMAP_QUERY_VMA_SHARED)
#define QUERY_FLAGS (QUERY_PERMS | PROCMAP_QUERY_COVERING_OR_NEXT_VMA | \
		     PROCMAP_QUERY_FILE_BACKED_VMA)

static u64 query_perms(unsigned long flags)
{
	return (flags & VM_READ ? PROCMAP_QUERY_VMA_READABLE : 0) |
	       (flags & VM_WRITE ? PROCMAP_QUERY_VMA_WRITABLE : 0) |
	       (flags & VM_EXEC ? PROCMAP_QUERY_VMA_EXECUTABLE : 0) |
	       (flags & VM_MAYSHARE ? PROCMAP_QUERY_VMA_SHARED : 0);
}

/*
 * Finds the VMA at or above *@addr that answers a query. Called with mmap_lock
 * held, which the caller must drop for a writer if a search is long.
 *
 * Return: the VMA, or -ENOENT, -EINTR, or -EAGAIN to continue at *@addr.
 */
static struct vm_area_struct *query_find(struct mm_struct *mm, const struct procmap_query_v1 *q,
					 unsigned long *addr, u64 hold_ns)
{
	const u64 perms = q->query_flags & QUERY_PERMS;
	const bool next = q->query_flags & PROCMAP_QUERY_COVERING_OR_NEXT_VMA;
	struct vm_area_struct *vma;
	unsigned int looked = 0;
	u64 began = 0;

	/* A 32-bit kernel has no VMAs there. */
	if (q->query_addr > ULONG_MAX)
		return ERR_PTR(-ENOENT);
	for (vma = mm_find_vma(mm, *addr); vma; vma = mm_find_vma(mm, *addr)) {
		if ((vma->vm_file || !(q->query_flags & PROCMAP_QUERY_FILE_BACKED_VMA)) &&
		    (query_perms(READ_ONCE(vma->vm_flags)) & perms) == perms &&
		    (next || vma->vm_start <= q->query_addr))
			return vma;
		if (!next)
			break;
		*addr = vma->vm_end;
		if (++looked % LOCK_STRIDE)
			continue;
		if (caller_is_killed())
			return ERR_PTR(-EINTR);
		began = began ?: ktime_get_ns();
		if (hold_is_over(mm, began, hold_ns))
			return ERR_PTR(-EAGAIN);
		cond_resched();
	}
	return ERR_PTR(-ENOENT);
}

/* The name of a VMA that a query found */
struct procmap_query_name {
	size_t limit;		/* most bytes that it may have, with the NUL */
	size_t len;		/* bytes that it has, with the NUL; 0: no name */
	const char *text;
	char *buf;		/* its allocated buffer, or NULL */
	char small[128];	/* its buffer if it is short */
};

static int query_path(struct procmap_query_name *n, const struct path *path)
{
	size_t size = min(n->limit, sizeof(n->small));
	char *text;

	text = d_path(path, n->small, size);
	if (text == ERR_PTR(-ENAMETOOLONG) && size < n->limit) {
		size = n->limit;
		n->buf = kmalloc(size, VMAINFO_GFP);
		if (!n->buf)
			return -ENOMEM;
		text = d_path(path, n->buf, size);
	}
	if (IS_ERR(text))
		return PTR_ERR(text);
	n->text = text;
	n->len = path_len(text, (n->buf ?: n->small) + size, path_has_dname(path)) + 1;
	return n->len <= n->limit ? 0 : -ENAMETOOLONG;
}

/* Copies a name that is not a path. Called with mmap_lock held. */
static int query_text(struct procmap_query_name *n, struct vm_area_struct *vma)
{
	struct mm_marks marks;
	struct vma_name name;
	u32 fixed = SOURCE_ANON;

	if (!vma->vm_file) {
		marks = mm_marks_get(vma->vm_mm);
		fixed = fixed_source(vma->vm_start, vma->vm_end, &marks);
	}
	vma_name_get(&name, vma, fixed);
	if (!name.text)
		return 0;
	n->len = snprintf(n->small, sizeof(n->small), "%s%s%s",
			  name.prefix, name.text, name.suffix) + 1;
	n->text = n->small;
	/* What users can choose has up to 80 bytes. */
	return n->len <= min(n->limit, sizeof(n->small)) ? 0 : -ENAMETOOLONG;
}

/*
 * Answers a query as do_procmap_query() in fs/proc/task_mmu.c does, including
 * which of several errors it returns. But only the look-up and the copy of the
 * VMA's fields run under mmap_lock. Path and build ID are resolved without it.
 * A build ID after BUILD_ID_NOTES notes is not found.
 */
static int query_answer(const struct file *entry, struct vmainfo_file *vf,
			struct procmap_query_v1 *q, struct procmap_query_name *n, u8 *build_id)
{
	struct file *file = NULL;
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	const struct inode *inode;
	const u64 hold_ns = max_hold_ns();
	unsigned long addr = q->query_addr;
	int err, len;

	if (mutex_lock_killable(&vf->lock))
		return -EINTR;
	mm = target_get_mm(entry, &vf->target);
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
	err = PTR_ERR_OR_ZERO(vma);
	if (!err) {
		q->vma_start = vma->vm_start;
		q->vma_end = vma->vm_end;
		q->vma_flags = query_perms(READ_ONCE(vma->vm_flags));
		q->vma_page_size = vma_kernel_pagesize(vma);
		q->vma_offset = vma->vm_file ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0;
		if (vma->vm_file)
			file = get_file(vma->vm_file);
		if (n->limit)
			err = query_text(n, vma);
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
		/* Read errors count as "no build ID". */
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

/*
 * The ioctl PROCMAP_QUERY of maps. Programs use it in loops. So nothing on the
 * stack is cleared. A structure of this version is copied with a size that the
 * compiler knows, which saves the kernel's check of bounds at run time.
 */
static long maps_query(const struct file *entry, struct vmainfo_file *vf,
		       struct procmap_query_v1 __user *to)
{
	struct procmap_query_name n __uninitialized;
	u8 build_id[BUILD_ID_MAX] __uninitialized;
	struct procmap_query_v1 q __uninitialized;
	u64 size;
	int err;

	if (get_user(size, &to->size))
		return -EFAULT;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < offsetofend(struct procmap_query_v1, query_addr))
		return -EINVAL;
	if (size == sizeof(q))
		err = copy_from_user(&q, to, sizeof(q)) ? -EFAULT : 0;
	else
		err = copy_struct_from_user(&q, sizeof(q), to, size);
	if (err)
		return err;
	if ((q.query_flags & ~(u64)QUERY_FLAGS) ||
	    !q.vma_name_size != !q.vma_name_addr || !q.build_id_size != !q.build_id_addr)
		return -EINVAL;

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
	if (!err && (size < sizeof(q) ? copy_to_user(to, &q, size) :
					copy_to_user(to, &q, sizeof(q))))
		err = -EFAULT;
	/* A call of kfree() is a measurable part of a query. */
	if (unlikely(n.buf))
		kfree(n.buf);
	return err;
}

/* ---- filter ---- */

#define FILTER_KINDS ((1U << ARRAY_SIZE(kind_names)) - 1)
/* All bits of struct vmainfo_record.flags, also those of other architectures */
#define FILTER_FLAGS ((2 * VMAINFO_MAYBE_GUARD - 1) | VMAINFO_DELETED | \
		      VMAINFO_NAME_OMITTED | VMAINFO_ANON_VMA | VMAINFO_OTHER)

static_assert(sizeof(struct vmainfo_filter) == VMAINFO_FILTER_SIZE_VER0);
static_assert(offsetof(struct vmainfo_filter, options) == 36);

/* The kernel's VM_* bits that raw shows as any of these bits */
static unsigned long filter_vm_flags(u64 raw)
{
	unsigned long flags = 0;
	size_t bit;

	for (bit = 0; bit < BITS_PER_LONG; bit++)
		flags |= flag_raw[bit] & raw ? 1UL << bit : 0;
	return flags;
}

static u8 filter_bits(u64 raw)
{
	return (raw & VMAINFO_DELETED ? SOURCE_DELETED : 0) |
	       (raw & VMAINFO_NAME_OMITTED ? SOURCE_OMITTED : 0);
}

/* Translates the conditions of a valid filter but for its ranges. */
static void filter_translate(struct vma_filter *f, const struct vmainfo_filter *from)
{
	const u64 not_vm = VMAINFO_DELETED | VMAINFO_NAME_OMITTED | VMAINFO_ANON_VMA |
			   VMAINFO_OTHER;
	bool never = from->flags & from->flags_clear;
	u64 left, flag;

	f->kinds = from->kinds ?: FILTER_KINDS;
	f->bits = filter_bits(from->flags);
	f->bits_mask = filter_bits(from->flags | from->flags_clear);
	f->anon_vma = from->flags & VMAINFO_ANON_VMA ? 2 :
		      from->flags_clear & VMAINFO_ANON_VMA ? 1 : 3;
	f->one_of = from->flags & VMAINFO_OTHER ? filter_vm_flags(VMAINFO_OTHER) : 0;
	never |= from->flags & VMAINFO_OTHER && !f->one_of;
	for (left = from->flags & ~not_vm; left; left &= left - 1) {
		flag = left & -left;
		f->flags |= filter_vm_flags(flag);
		/* This kernel does not have the flag. */
		never |= !filter_vm_flags(flag);
	}
	f->mask = f->flags | filter_vm_flags(from->flags_clear);
	f->all = !from->kinds && !from->flags && !from->flags_clear && !from->nr_ranges;
	f->build_ids = from->options & VMAINFO_WANT_BUILD_ID;
	if (never) {
		f->mask = 0;
		f->flags = 1;
	}
}

static int filter_get_ranges(struct vma_filter *f, const struct vmainfo_filter *from)
{
	u64 end = 0;
	u32 i;

	if (copy_from_user(f->ranges, u64_to_user_ptr(from->ranges),
			   from->nr_ranges * sizeof(*f->ranges)))
		return -EFAULT;
	f->nr_ranges = from->nr_ranges;
	for (i = 0; i < f->nr_ranges; end = f->ranges[i++].end) {
		if (f->ranges[i].start < end || f->ranges[i].start >= f->ranges[i].end)
			return -EINVAL;
	}
	return 0;
}

/*
 * Makes a filter from that of a program. Returns NULL if it shows all VMAs
 * without build IDs, or an ERR_PTR().
 */
static struct vma_filter *filter_get(const struct vmainfo_filter __user *user)
{
	struct vmainfo_filter from;
	struct vma_filter *f;
	u32 size;
	int err;

	if (get_user(size, &user->size))
		return ERR_PTR(-EFAULT);
	if (size < VMAINFO_FILTER_SIZE_VER0)
		return ERR_PTR(-EINVAL);
	if (size > PAGE_SIZE)
		return ERR_PTR(-E2BIG);
	err = copy_struct_from_user(&from, sizeof(from), user, size);
	if (err)
		return ERR_PTR(err);
	if ((from.kinds & ~FILTER_KINDS) || (from.options & ~VMAINFO_WANT_BUILD_ID) ||
	    ((from.flags | from.flags_clear) & ~FILTER_FLAGS))
		return ERR_PTR(-EINVAL);
	if (from.nr_ranges > VMAINFO_RANGES_MAX)
		return ERR_PTR(-E2BIG);

	f = array_alloc(1, struct_size(f, ranges, from.nr_ranges));
	if (!f)
		return ERR_PTR(-ENOMEM);
	memset(f, 0, sizeof(*f));
	filter_translate(f, &from);
	err = filter_get_ranges(f, &from);
	if (!err && (!f->all || f->build_ids))
		return f;
	kvfree(f);
	return ERR_PTR(err);
}

/*
 * The ioctl VMAINFO_SET_FILTER. With the lock of the file position, a read() of
 * another thread returns the listing of the old filter, or that of the new one
 * from its beginning.
 */
static int set_filter(struct file *file, const struct vmainfo_filter __user *user)
{
	struct seq_file *m = file->private_data;
	struct vmainfo_file *vf = m->private;
	struct vma_filter *f = filter_get(user);
	int err = -EINTR;

	if (IS_ERR(f))
		return PTR_ERR(f);
	if (mutex_lock_killable(&file->f_pos_lock))
		goto out;
	if (!mutex_lock_killable(&vf->lock)) {
		view_rewind(m, &file->f_pos);
		swap(vf->filter, f);
		mutex_unlock(&vf->lock);
		err = 0;
	}
	mutex_unlock(&file->f_pos_lock);
out:
	kvfree(f);
	return err;
}

/* ---- procs ---- */

#define PROCS_SIZES (6 + RSS_COUNTERS)

/* What procs says of a process */
struct procs_line {
	pid_t pid;		/* in the pid namespace of the procfs instance */
	unsigned int vmas;
	u64 pages[PROCS_SIZES];	/* in the order of the columns */
	char comm[TASK_COMM_LEN]; /* of its first thread */
};

/* An open procs, which has no target and no snapshot */
struct procs_file {
	struct vmainfo_file file;
	struct procs_line line;	/* nothing keeps its process from exiting */
};

/*
 * Copies the counters of a task's mm, if it has one. Without mmap_lock nothing
 * waits for a busy process. The counters can be of different instants.
 * get_mm_counter() omits what the CPUs or threads have not yet added, but takes
 * no lock and does not depend on their number. task_lock() keeps the mm.
 */
static bool procs_line_add_mm(struct procs_line *line, struct task_struct *task)
{
	u64 *pages = line->pages;
	struct mm_struct *mm;
	unsigned int i;

	task_lock(task);
	mm = task->mm;
	if (mm) {
		line->vmas = READ_ONCE(mm->map_count);
		*pages++ = READ_ONCE(mm->total_vm);
		*pages++ = READ_ONCE(mm->data_vm);
		*pages++ = READ_ONCE(mm->stack_vm);
		*pages++ = READ_ONCE(mm->exec_vm);
		*pages++ = READ_ONCE(mm->locked_vm);
		*pages++ = atomic64_read(&mm->pinned_vm);
		for (i = 0; i < RSS_COUNTERS; i++)
			*pages++ = get_mm_counter(mm, rss_counters[i].member);
	}
	task_unlock(task);
	return mm;
}

/* Called under RCU, which keeps the leader alive. */
static void procs_line_fill(struct procs_line *line, pid_t pid, struct task_struct *leader)
{
	struct task_struct *task;

	memset(line, 0, sizeof(*line));
	line->pid = pid;
	get_task_comm(line->comm, leader);
	if (is_kernel_thread(leader))
		return;
	do
		task = thread_with_mm(leader);
	while (task && !procs_line_add_mm(line, task));
}

/* Numbers per RCU read-side critical section, most of which can be threads */
#define PROCS_STRIDE 64

/*
 * Finds the first process whose number is *@pos or more, and sets *@pos to it.
 * So processes with other numbers can come and go meanwhile. next_tgid() in
 * fs/proc/base.c does the same. The namespace is that of the procfs instance,
 * which the open file keeps alive.
 *
 * Return: the line, NULL if there is no such process, or ERR_PTR(-EINTR).
 */
static struct procs_line *procs_find(struct seq_file *m, loff_t *pos)
{
	struct pid_namespace *ns = proc_pid_ns(file_inode(m->file)->i_sb);
	struct procs_file *pf = m->private;
	struct task_struct *leader = NULL;
	struct pid *pid;
	unsigned int looked;

	do {
		if (caller_is_killed())
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
				procs_line_fill(&pf->line, *pos, leader);
				break;
			}
			++*pos;
		}
		rcu_read_unlock();
	} while (pid && !leader);
	return leader ? &pf->line : NULL;
}

/* Position 0 is the header. Any other is the number of a process. */
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
	struct procs_file *pf = m->private;

	/* seq_file returns a page of whole lines at a time. */
	pf->file.next_line_max = IS_ERR_OR_NULL(v) ? SIZE_MAX : PAGE_SIZE;
}

/* More than a line has: numbers of up to 20 digits, and an escaped name */
#define PROCS_LINE_MAX 320

static int procs_show(struct seq_file *m, void *v)
{
	const struct procs_line *line = v;
	size_t avail, i;
	char *begin, *p;

	if (v == SEQ_START_TOKEN) {
		seq_printf(m, "#%6s %8s %12s %12s %12s %12s %12s %12s %12s %12s %12s %12s comm\n",
			   "pid", "vmas", "total_kB", "data_kB", "stack_kB", "exec_kB",
			   "locked_kB", "pinned_kB", "rss_anon_kB", "rss_file_kB",
			   "rss_shmem_kB", "swap_kB");
		return 0;
	}
	/* seq_printf() would take longer than all the rest. */
	avail = seq_get_buf(m, &begin);
	if (avail <= PROCS_LINE_MAX) {
		seq_commit(m, -1);
		return 0;
	}
	p = fmt_column(begin, 6, line->pid);
	p = fmt_column(p, 8, line->vmas);
	for (i = 0; i < PROCS_SIZES; i++)
		p = fmt_column(p, 12, pages_kb(line->pages[i]));
	*p++ = ' ';
	/* As proc_task_name() does for /proc/PID/status */
	p += string_escape_str(line->comm, p, begin + avail - p, ESCAPE_SPACE | ESCAPE_SPECIAL,
			       "\n\\");
	*p++ = '\n';
	seq_commit(m, p - begin);
	return 0;
}

static const struct seq_operations procs_seq_ops = {
	.start = procs_start,
	.next = procs_next,
	.stop = procs_stop,
	.show = procs_show,
};

static int procs_open(struct inode *inode, struct file *file)
{
	return PTR_ERR_OR_ZERO(vmainfo_file_open(file, &procs_seq_ops, sizeof(struct procs_file)));
}

static const struct proc_ops procs_proc_ops = {
	.proc_open = procs_open,
	.proc_read_iter = vmainfo_read_iter,
	.proc_lseek = vmainfo_lseek,
	.proc_release = vmainfo_release,
};

/* ---- proc entries ---- */

static int entry_open(struct inode *inode, struct file *file)
{
	const struct vmainfo_view *view = pde_data(inode);
	struct vmainfo_target *target;
	struct vmainfo_file *vf;
	int err;

	vf = vmainfo_file_open(file, &view->seq_ops, sizeof(*vf));
	if (IS_ERR(vf))
		return PTR_ERR(vf);
	target = &vf->target;
	kernel_param_lock(THIS_MODULE);
	target->pid = get_pid(default_target);
	kernel_param_unlock(THIS_MODULE);
	if (!target->pid)
		target->pid = get_task_pid(current, PIDTYPE_TGID);
	/* It may have no number in the opener's pid namespace. */
	err = pid_vnr(target->pid) ? target_check(file, target, false) : -ESRCH;
	if (err)
		vmainfo_release(inode, file);
	return err;
}

/* A pid gives this open file its own target, 0 the writer itself. */
static ssize_t entry_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct vmainfo_file *vf = m->private;
	struct vmainfo_target target = {};
	char text[16];
	int err;

	/* The opener had this capability, but may have passed the file on. */
	if (!vmainfo_may_read())
		return -EPERM;
	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	if (strlen(text) != count)
		return -EINVAL;
	target.pid = target_parse(text) ?: get_task_pid(current, PIDTYPE_TGID);
	if (IS_ERR(target.pid))
		return PTR_ERR(target.pid);
	err = target_check(file, &target, true);
	if (!err && mutex_lock_killable(&vf->lock))
		err = -EINTR;
	if (!err) {
		swap(vf->target, target);
		view_rewind(m, ppos);
		mutex_unlock(&vf->lock);
	}
	put_pid(target.pid);
	return err ?: count;
}

static long entry_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct seq_file *m = file->private_data;

	/* maps has the ioctl of /proc/PID/maps. */
	if (cmd == PROCMAP_QUERY_V1 && m->op == &maps_view.seq_ops)
		return maps_query(file, m->private, (void __user *)arg);
	if (cmd == VMAINFO_GET_HEADER)
		return get_header(file, m->private, (void __user *)arg);
	if (cmd == VMAINFO_SET_FILTER && m->op != &summary_view.seq_ops)
		return set_filter(file, (void __user *)arg);
	return -ENOTTY;
}

static const struct proc_ops entry_proc_ops = {
	.proc_open = entry_open,
	.proc_read_iter = vmainfo_read_iter,
	.proc_write = entry_write,
	.proc_lseek = vmainfo_lseek,
	.proc_ioctl = entry_ioctl,
#ifdef CONFIG_COMPAT
	/* The structures are the same for 32-bit programs. */
	.proc_compat_ioctl = compat_ptr_ioctl,
#endif
	.proc_release = vmainfo_release,
};

static struct proc_dir_entry *proc_dir;

static bool __init entry_create(const char *name, const struct vmainfo_view *view)
{
	/* procfs passes the data as void *, and never writes to it. */
	return proc_create_data(name, 0600, proc_dir, &entry_proc_ops, (void *)view);
}

static int __init vmainfo_init(void)
{
	leaf_lookahead_init();
	flag_names_init();
	pairs_init();

	proc_dir = proc_mkdir_mode("vmainfo", 0500, NULL);
	if (!proc_dir)
		return -ENOMEM;
	if (entry_create("vmas", &vmas_view) && entry_create("maps", &maps_view) &&
	    entry_create("raw", &raw_view) && entry_create("summary", &summary_view) &&
	    proc_create("procs", 0400, proc_dir, &procs_proc_ops))
		return 0;
	proc_remove(proc_dir);
	return -ENOMEM;
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
