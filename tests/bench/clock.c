// SPDX-License-Identifier: GPL-2.0
/*
 * Measures by the clock what it takes to list the VMAs of the process that
 * loads this module, without system calls and without copies to user space:
 *
 *	insmod clock.ko vmas=60000 entries=/proc/self/maps,/proc/vmainfo/maps
 *	cat /sys/module/clock/parameters/{bytes,min_ns,median_ns}
 *
 * Each round opens, reads and closes every entry once. So a disturbance of the
 * machine hits all entries, and their ratio is that of one run. An entry that
 * ends with ":exec" is read with a filter for executable VMAs, which are one of a
 * hundred.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "vmainfo.h"

#define ENTRIES_MAX 8
#define ROUNDS 21
#define FILTERED ":exec"
/* Every how many VMAs is executable */
#define EXECUTABLE 100
/* Listings of few VMAs are repeated: the clock ticks every 256 ns. */
#define VMAS_PER_TIME 20000
/* What is written between two listings to have cold caches: 96 MB */
#define FLUSH_BLOCKS 24
#define BUFFER_SIZE SZ_64K
/* What is allocated to measure a page: 1 MB at once, or in blocks like the module's */
#define ALLOC_SIZE SZ_1M
#define BLOCK SZ_16K
/* Calls to measure what one takes */
#define CALLS 1000000

static char *entries[ENTRIES_MAX];
static int entries_nr;
module_param_array(entries, charp, &entries_nr, 0444);
MODULE_PARM_DESC(entries, "files to read");

static int vmas;
module_param(vmas, int, 0444);
MODULE_PARM_DESC(vmas, "first map memory until the process has as many VMAs");

static bool cold;
module_param(cold, bool, 0444);
MODULE_PARM_DESC(cold, "flush the caches before each listing");

static ulong bytes[ENTRIES_MAX];
module_param_array(bytes, ulong, &entries_nr, 0444);
MODULE_PARM_DESC(bytes, "result: size of the listing");

static ulong min_ns[ENTRIES_MAX];
module_param_array(min_ns, ulong, &entries_nr, 0444);
MODULE_PARM_DESC(min_ns, "result: time of the fastest listing");

static ulong median_ns[ENTRIES_MAX];
module_param_array(median_ns, ulong, &entries_nr, 0444);
MODULE_PARM_DESC(median_ns, "result: median time of a listing");

static ulong page_ns[2];
module_param_array(page_ns, ulong, NULL, 0444);
MODULE_PARM_DESC(page_ns, "result: median time of a page, from vmalloc() and from blocks");

static ulong call_ps[2];
module_param_array(call_ps, ulong, NULL, 0444);
MODULE_PARM_DESC(call_ps, "result: median picoseconds of a call through a pointer, plain and by retpoline");

static u64 times[ENTRIES_MAX][ROUNDS];
static char *flush[FLUSH_BLOCKS];
static char *buffer;
/* A filter for executable VMAs, in the memory of the process */
static unsigned long exec_filter;

static int map_filter(void)
{
	const struct vmainfo_filter filter = { .size = sizeof(filter), .flags = VMAINFO_EXEC };

	exec_filter = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(exec_filter))
		return exec_filter;
	return copy_to_user((void __user *)exec_filter, &filter, sizeof(filter)) ? -EFAULT : 0;
}

/* Maps single pages: neighbours have other permissions and are not merged. */
static int map_more(void)
{
	const int missing = vmas - current->mm->map_count;
	unsigned long addr, page;
	int i;

	if (missing <= 0)
		return 0;
	/* One page more than needed keeps a distance to what is mapped above. */
	addr = vm_mmap(NULL, 0, (missing + 1) * PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	vm_munmap(addr, (missing + 1) * PAGE_SIZE);
	for (i = 0; i < missing; i++) {
		page = vm_mmap(NULL, addr + i * PAGE_SIZE, PAGE_SIZE,
			       i % 2 ? PROT_READ :
			       i % EXECUTABLE ? PROT_READ | PROT_WRITE : PROT_READ | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);
		if (IS_ERR_VALUE(page))
			return page;
		cond_resched();
	}
	return current->mm->map_count == vmas ? 0 : -EINVAL;
}

/* Reads an entry from open to close. Returns the number of bytes. */
static ssize_t list(const char *entry)
{
	struct kvec kvec = { .iov_base = buffer, .iov_len = BUFFER_SIZE };
	const char *filtered = strstr(entry, FILTERED);
	ssize_t len, total = 0;
	struct iov_iter iter;
	struct kiocb kiocb;
	struct file *file;
	char path[64];

	strscpy(path, entry, filtered ? filtered - entry + 1 : sizeof(path));
	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	len = filtered ? file->f_op->unlocked_ioctl(file, VMAINFO_SET_FILTER, exec_filter) : 0;
	if (len)
		goto out;
	init_sync_kiocb(&kiocb, file);
	do {
		iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, kvec.iov_len);
		/* The files of a process have no read_iter(). */
		len = file->f_op->read_iter ? file->f_op->read_iter(&kiocb, &iter) :
		      file->f_op->read == seq_read ? seq_read_iter(&kiocb, &iter) : -EINVAL;
		total += len;
	} while (len > 0);
out:
	__fput_sync(file);
	return len ?: total;
}

static int compare(const void *a, const void *b)
{
	const u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int measure(void)
{
	const int repeats = cold ? 1 : 1 + VMAS_PER_TIME / current->mm->map_count;
	unsigned int round;
	ssize_t len = 0;
	u64 began;
	int i, j;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < entries_nr; i++) {
			for (j = 0; cold && j < FLUSH_BLOCKS; j++)
				memset(flush[j], round, SZ_4M);
			cond_resched();
			if (fatal_signal_pending(current))
				return -EINTR;
			began = ktime_get_ns();
			for (j = 0; j < repeats && len >= 0; j++)
				len = list(entries[i]);
			times[i][round] = (ktime_get_ns() - began) / repeats;
			if (len < 0)
				return len;
			bytes[i] = len;
		}
	}
	for (i = 0; i < entries_nr; i++) {
		sort(times[i], ROUNDS, sizeof(u64), compare, NULL);
		min_ns[i] = times[i][0];
		median_ns[i] = times[i][ROUNDS / 2];
	}
	return 0;
}

static int measure_vmalloc(void)
{
	unsigned int round;
	void *memory;

	for (round = 0; round < ROUNDS; round++) {
		const u64 began = ktime_get_ns();

		memory = vmalloc(ALLOC_SIZE);
		if (!memory)
			return -ENOMEM;
		vfree(memory);
		times[0][round] = ktime_get_ns() - began;
	}
	sort(times[0], ROUNDS, sizeof(u64), compare, NULL);
	page_ns[0] = times[0][ROUNDS / 2] / (ALLOC_SIZE / PAGE_SIZE);
	return 0;
}

static int measure_blocks(void)
{
	static void *blocks[ALLOC_SIZE / BLOCK];
	unsigned int round, i;
	int err = 0;

	for (round = 0; round < ROUNDS && !err; round++) {
		const u64 began = ktime_get_ns();

		for (i = 0; i < ARRAY_SIZE(blocks); i++) {
			blocks[i] = kmalloc(BLOCK, GFP_KERNEL);
			if (!blocks[i])
				err = -ENOMEM;
		}
		for (i = 0; i < ARRAY_SIZE(blocks); i++)
			kfree(blocks[i]);
		times[0][round] = ktime_get_ns() - began;
	}
	sort(times[0], ROUNDS, sizeof(u64), compare, NULL);
	page_ns[1] = times[0][ROUNDS / 2] / (ALLOC_SIZE / PAGE_SIZE);
	return err;
}

static noinline void called(void)
{
	barrier();
}

static void (*volatile pointer)(void) = called;

static noinline void calls(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		pointer();
}

/* The same with a retpoline, which servers use on processors that need it */
static noinline __attribute__((indirect_branch("thunk-inline"))) void calls_by_retpoline(void)
{
	int i;

	for (i = 0; i < CALLS; i++)
		pointer();
}

static void measure_calls(void)
{
	unsigned int round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < ARRAY_SIZE(call_ps); i++) {
			const u64 began = ktime_get_ns();

			if (i)
				calls_by_retpoline();
			else
				calls();
			times[i][round] = ktime_get_ns() - began;
		}
	}
	for (i = 0; i < ARRAY_SIZE(call_ps); i++) {
		sort(times[i], ROUNDS, sizeof(u64), compare, NULL);
		call_ps[i] = times[i][ROUNDS / 2] * 1000 / CALLS;
	}
}

static int __init clock_init(void)
{
	int err, i;

	buffer = kmalloc(BUFFER_SIZE, GFP_KERNEL);
	err = buffer ? map_filter() : -ENOMEM;
	err = err ?: map_more();
	for (i = 0; cold && i < FLUSH_BLOCKS && !err; i++) {
		flush[i] = kmalloc(SZ_4M, GFP_KERNEL);
		if (!flush[i])
			err = -ENOMEM;
	}
	measure_calls();
	err = err ?: measure_vmalloc();
	err = err ?: measure_blocks();
	err = err ?: measure();
	for (i = 0; i < FLUSH_BLOCKS; i++)
		kfree(flush[i]);
	kfree(buffer);
	return err;
}

static void __exit clock_exit(void)
{
}

module_init(clock_init);
module_exit(clock_exit);
MODULE_DESCRIPTION("What listing the VMAs of a process takes by the clock");
MODULE_LICENSE("GPL");
