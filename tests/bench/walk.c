// SPDX-License-Identifier: GPL-2.0
/*
 * The floor that the costs of listing stand on: a walk over all VMAs of a
 * process that does nothing with them.
 *
 *	insmod walk.ko pid=PID; cat /sys/module/walk/parameters/ns
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

static int pid;
module_param(pid, int, 0444);
static ulong ns;
module_param(ns, ulong, 0444);

static void walk(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
#ifdef VMA_ITERATOR
	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, vma)
		barrier_data(vma);
#else
	for (vma = mm->mmap; vma; vma = vma->vm_next)
		barrier_data(vma);
#endif
}

static int __init walk_init(void)
{
	struct pid *target = find_get_pid(pid);
	struct task_struct *task = get_pid_task(target, PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;
	unsigned int again;
	u64 began, took;

	if (task)
		put_task_struct(task);
	put_pid(target);
	if (!mm)
		return -ESRCH;
	ns = ULONG_MAX;
	for (again = 0; again < 5; again++) {
		mmap_read_lock(mm);
		began = ktime_get_ns();
		walk(mm);
		took = ktime_get_ns() - began;
		mmap_read_unlock(mm);
		ns = min_t(ulong, ns, took);
	}
	mmput(mm);
	return 0;
}

static void __exit walk_exit(void)
{
}

module_init(walk_init);
module_exit(walk_exit);
MODULE_DESCRIPTION("What a walk over the VMAs of a process takes");
MODULE_LICENSE("GPL");
