/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The user-space ABI of vmainfo, the module that shows the VMAs of a process
 * under /proc/vmainfo/. Nothing here changes its meaning after a release.
 */
#ifndef VMAINFO_H
#define VMAINFO_H

#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/types.h>

/* Paths of the entries */
#define VMAINFO_DIR	"/proc/vmainfo"
#define VMAINFO_VMAS	VMAINFO_DIR "/vmas"
#define VMAINFO_MAPS	VMAINFO_DIR "/maps"
#define VMAINFO_RAW	VMAINFO_DIR "/raw"
#define VMAINFO_SUMMARY	VMAINFO_DIR "/summary"
#define VMAINFO_PROCS	VMAINFO_DIR "/procs"

/**
 * enum vmainfo_kind - what a VMA is, in one word
 *
 * The numbers are stable; new kinds are added at the end. The text views print
 * the names below in lower case.
 *
 * @VMAINFO_KIND_ANON: private anonymous memory that is neither heap nor stack
 * @VMAINFO_KIND_FILE: a file with a page cache of its own
 * @VMAINFO_KIND_HEAP: overlaps the brk area; [heap] in maps
 * @VMAINFO_KIND_STACK: holds the initial stack pointer; [stack] in maps
 * @VMAINFO_KIND_SHMEM: pages of tmpfs, whoever made them: shared anonymous
 *	memory, memfd, System V and POSIX shared memory, files on a tmpfs;
 *	what the kernel accounts as Shmem
 * @VMAINFO_KIND_HUGETLB: pages of the hugetlb pool, named by a file or not
 * @VMAINFO_KIND_VDSO: the vDSO's code
 * @VMAINFO_KIND_VVAR: the vDSO's data: [vvar] and what comes with it
 * @VMAINFO_KIND_VSYSCALL: the gate page, which the kernel maps above all VMAs
 *	of a process: [vsyscall] on x86, [vectors] on 32-bit ARM. It is not a
 *	VMA of the process
 * @VMAINFO_KIND_DEV: a character or block device, /dev/zero included
 * @VMAINFO_KIND_SPECIAL: a mapping of the kernel or of a driver, without a file
 */
enum vmainfo_kind {
	VMAINFO_KIND_ANON = 0,
	VMAINFO_KIND_FILE = 1,
	VMAINFO_KIND_HEAP = 2,
	VMAINFO_KIND_STACK = 3,
	VMAINFO_KIND_SHMEM = 4,
	VMAINFO_KIND_HUGETLB = 5,
	VMAINFO_KIND_VDSO = 6,
	VMAINFO_KIND_VVAR = 7,
	VMAINFO_KIND_VSYSCALL = 8,
	VMAINFO_KIND_DEV = 9,
	VMAINFO_KIND_SPECIAL = 10,
};

/*
 * raw has a struct vmainfo_header, then a struct vmainfo_record for each VMA,
 * in address order, and one for the gate page if the process has it. A read()
 * of a page or more ends with a whole record, unless that record is longer than
 * the read().
 *
 * Numbers have the byte order of the machine that the records were taken on.
 * Sizes and offsets are the same for 32-bit and 64-bit programs. Structures are
 * only extended at the end. Use their size fields to step, and ignore trailing
 * bytes that you do not know.
 */

#define VMAINFO_MAGIC	0x616d7621u	/* "!vma" in the file, if it is little-endian */
#define VMAINFO_VERSION	1

/* struct vmainfo_header.flags */
/* All records are of one instant: no VMA changed during the walk. */
#define VMAINFO_ATOMIC	0x1
/* The last record is that of the gate page. */
#define VMAINFO_GATE	0x2
/*
 * mm_seq and exec_id are valid: the kernel has a sequence, and the process has
 * an address space that no system call was changing at that moment. On kernels
 * whose mm_lock_seq is an int (mainline 6.4 to 6.12), the flag is missing during
 * execve(), but not during other system calls.
 */
#define VMAINFO_SEQ	0x4
/* VMAINFO_SET_FILTER hides records. */
#define VMAINFO_FILTERED	0x8
/* exec_id is valid: the process has an address space. mm_seq may be invalid. */
#define VMAINFO_EXEC_ID	0x10
/* The upper 16 bits belong to programs that store records. */

/**
 * struct vmainfo_header - what the records are of, and when they were taken
 * @size: size of this structure in bytes: the first record begins there
 * @magic: VMAINFO_MAGIC
 * @version: VMAINFO_VERSION; readers must reject a larger version: any field
 *	may have changed
 * @flags: VMAINFO_ATOMIC, VMAINFO_GATE, VMAINFO_SEQ, VMAINFO_FILTERED,
 *	VMAINFO_EXEC_ID. Ignore all others.
 * @pid: the process, in the pid namespace of the reader; 0 if it has no number
 *	there
 * @vmas: number of records that follow, without the gate page; from
 *	VMAINFO_GET_HEADER: the number of VMAs, whatever the filter
 * @taken_ns: CLOCK_BOOTTIME of the initial time namespace when the last VMA was
 *	recorded, in ns
 * @mm_seq: changes whenever VMAs are mapped, unmapped, moved, resized, or get
 *	other permissions (the kernel's mm_lock_seq); it has 32 significant bits
 * @exec_id: changes with each exec of the process, which replaces its address
 *	space. A program that asks for one VMA after another with PROCMAP_QUERY
 *	gets a header before and after: if @exec_id differs, its answers are of
 *	two programs.
 *
 * @mm_seq changes at the end of the system call that changes VMAs. Until then
 * it can be the same although VMAs have changed.
 *
 * @mm_seq wraps around. Each system call that may change VMAs adds 2 to it, or 1
 * where mm_lock_seq is an int, so it repeats after 2^31 or 2^32 calls. About
 * four million calls per second are possible, of a munmap() that finds nothing,
 * so that takes 9 or 18 minutes at least. Compare headers that are closer to
 * each other than that.
 *
 * If two headers from one open file, without a write() in between, have
 * VMAINFO_SEQ and the same @mm_seq and @exec_id, no VMA was mapped, unmapped or
 * changed between them. The records of a first header with VMAINFO_ATOMIC are
 * still valid then. But @mm_seq does not cover everything: a page fault sets
 * VMAINFO_ANON_VMA, madvise() sets VMAINFO_MAYBE_GUARD, files are renamed and
 * deleted, and prctl(PR_SET_MM) moves heap and stack. The numbers can also
 * change without a change of a VMA.
 */
struct vmainfo_header {
	__u32 size;
	__u32 magic;
	__u32 version;
	__u32 flags;
	__s32 pid;
	__u32 vmas;
	__u64 taken_ns;
	__u64 mm_seq;
	__u64 exec_id;
};

/* The size of the header in version 1. No kernel has a smaller one. */
#define VMAINFO_HEADER_SIZE_VER0	48

/**
 * VMAINFO_GET_HEADER - get a header of the target as it is now, without a walk
 *
 * For an open file of any entry but procs, whatever its snapshot. Set @size to
 * your sizeof. Exactly @size bytes are written, zeroes beyond what the kernel
 * knows. VMAINFO_ATOMIC and VMAINFO_GATE are not set. The ioctl number encodes
 * the version 1 size and does not change when the structure grows.
 *
 * Errors: EINVAL if @size is less than VMAINFO_HEADER_SIZE_VER0, E2BIG if it is
 * more than a page, ESRCH if the target has exited, EFAULT, EINTR, ENOMEM;
 * after an exec of the target, the error of opening its /proc/PID/maps, such as
 * EACCES.
 */
#define VMAINFO_GET_HEADER \
	_IOC(_IOC_READ | _IOC_WRITE, 'v', 0xa0, VMAINFO_HEADER_SIZE_VER0)

/**
 * struct vmainfo_range - a range of addresses
 * @start: first address
 * @end: end (exclusive)
 *
 * Neither has to be a multiple of the page size.
 */
struct vmainfo_range {
	__u64 start;
	__u64 end;
};

/**
 * struct vmainfo_filter - which VMAs an open file shows
 * @size: size of this structure in bytes
 * @kinds: 1 << enum vmainfo_kind for each kind that is shown; 0: all kinds
 * @flags: VMAINFO_READ, ...: bits of struct vmainfo_record.flags that must be
 *	set
 * @flags_clear: bits that must be clear
 * @ranges: address of @nr_ranges struct vmainfo_range, sorted and disjoint. A
 *	VMA is shown if it overlaps one of them. Its record is that of the whole
 *	VMA.
 * @nr_ranges: up to VMAINFO_RANGES_MAX; 0: the whole address space
 * @options: VMAINFO_WANT_BUILD_ID, or 0
 *
 * A VMA is shown if it meets all conditions. The same applies to the gate page.
 */
struct vmainfo_filter {
	__u32 size;
	__u32 kinds;
	__u64 flags;
	__u64 flags_clear;
	__u64 ranges;
	__u32 nr_ranges;
	__u32 options;
};

/* The size of the filter in version 1. No kernel has a smaller one. */
#define VMAINFO_FILTER_SIZE_VER0	40

#define VMAINFO_RANGES_MAX	65536

/* struct vmainfo_filter.options */
/* Records of raw have the build IDs of files. vmas and maps ignore it. */
#define VMAINFO_WANT_BUILD_ID	0x1

/**
 * VMAINFO_SET_FILTER - show some VMAs only
 *
 * For an open file of vmas, maps or raw. The filter holds for this open file
 * until it is replaced, also for another target. A structure in which all
 * members but @size are zero removes it. The file is rewound, as by lseek() to
 * 0, and its
 * snapshot is dropped. The ioctl number encodes the version 1 size and does not
 * change when the structure grows.
 *
 * With @ranges, the walk goes from one range to the next, and does not look at
 * the VMAs between them. struct vmainfo_record.nomerge is 0 then. Without
 * @ranges, nomerge is the same as without a filter: it is about the VMA that
 * ends at @start, whether that is shown or not.
 *
 * VMAINFO_ATOMIC means, as without a filter, that no VMA changed during the
 * walk. VMAINFO_GET_HEADER and PROCMAP_QUERY do not use the filter.
 *
 * Errors, which leave the old filter in place: EINVAL for unknown bits, kinds
 * or options, a @size that is less than VMAINFO_FILTER_SIZE_VER0, and ranges
 * that are empty, overlap or are not sorted; E2BIG for more than
 * VMAINFO_RANGES_MAX ranges, for a structure that is larger than the module
 * knows if a byte beyond that is not zero, and for one that is larger than a
 * page; ENOTTY from other entries; EFAULT, EINTR, ENOMEM.
 */
#define VMAINFO_SET_FILTER \
	_IOC(_IOC_WRITE, 'v', 0xa1, VMAINFO_FILTER_SIZE_VER0)

/* struct vmainfo_record.flags; see Documentation/filesystems/proc.rst */
#define VMAINFO_READ		(1ULL << 0)	/* rd: readable */
#define VMAINFO_WRITE		(1ULL << 1)	/* wr: writable */
#define VMAINFO_EXEC		(1ULL << 2)	/* ex: executable */
#define VMAINFO_SHARED		(1ULL << 3)	/* sh: shared, and may be made writable */
#define VMAINFO_MAYREAD		(1ULL << 4)	/* mr: mprotect() may set VMAINFO_READ */
#define VMAINFO_MAYWRITE	(1ULL << 5)	/* mw */
#define VMAINFO_MAYEXEC		(1ULL << 6)	/* me */
#define VMAINFO_MAYSHARE	(1ULL << 7)	/* ms: MAP_SHARED: the "s" of maps */
#define VMAINFO_GROWSDOWN	(1ULL << 8)	/* gd: a stack */
#define VMAINFO_PFNMAP		(1ULL << 9)	/* pf: pages without a struct page */
#define VMAINFO_DENYWRITE	(1ULL << 10)	/* dw: the file cannot be opened for writing */
#define VMAINFO_LOCKED		(1ULL << 11)	/* lo: mlock() */
#define VMAINFO_IO		(1ULL << 12)	/* io: memory of a device */
#define VMAINFO_SEQ_READ	(1ULL << 13)	/* sr: MADV_SEQUENTIAL */
#define VMAINFO_RAND_READ	(1ULL << 14)	/* rr: MADV_RANDOM */
#define VMAINFO_DONTCOPY	(1ULL << 15)	/* dc: not copied by fork() */
#define VMAINFO_DONTEXPAND	(1ULL << 16)	/* de: mremap() cannot grow it */
#define VMAINFO_LOCKONFAULT	(1ULL << 17)	/* lf: MLOCK_ONFAULT; smaps has it from 6.11 on */
#define VMAINFO_ACCOUNT		(1ULL << 18)	/* ac: counts as committed memory */
#define VMAINFO_NORESERVE	(1ULL << 19)	/* nr: MAP_NORESERVE */
#define VMAINFO_HUGETLB		(1ULL << 20)	/* ht: of the hugetlb pool */
#define VMAINFO_SYNC		(1ULL << 21)	/* sf: MAP_SYNC */
#define VMAINFO_ARCH_1		(1ULL << 22)	/* ar: of the architecture */
#define VMAINFO_WIPEONFORK	(1ULL << 23)	/* wf: MADV_WIPEONFORK */
#define VMAINFO_DONTDUMP	(1ULL << 24)	/* dd: MADV_DONTDUMP */
#define VMAINFO_BTI		(1ULL << 25)	/* bt: arm64, branch target identification */
#define VMAINFO_SOFTDIRTY	(1ULL << 26)	/* sd: written since clear_refs */
#define VMAINFO_MIXEDMAP	(1ULL << 27)	/* mm: pages with and without a struct page */
#define VMAINFO_HUGEPAGE	(1ULL << 28)	/* hg: MADV_HUGEPAGE */
#define VMAINFO_NOHUGEPAGE	(1ULL << 29)	/* nh: MADV_NOHUGEPAGE */
#define VMAINFO_MERGEABLE	(1ULL << 30)	/* mg: MADV_MERGEABLE */
#define VMAINFO_UFFD_MISSING	(1ULL << 31)	/* um: userfaultfd, missing pages */
#define VMAINFO_UFFD_WP		(1ULL << 32)	/* uw: write protection */
#define VMAINFO_UFFD_MINOR	(1ULL << 33)	/* ui: minor faults */
#define VMAINFO_UFFD_RWP	(1ULL << 34)	/* ur: read and write protection */
#define VMAINFO_MTE		(1ULL << 35)	/* mt: arm64, memory tagging */
#define VMAINFO_SHADOW_STACK	(1ULL << 36)	/* ss */
#define VMAINFO_DROPPABLE	(1ULL << 37)	/* dp: MAP_DROPPABLE */
#define VMAINFO_SEALED		(1ULL << 38)	/* sl: mseal() */
#define VMAINFO_MAYBE_GUARD	(1ULL << 39)	/* gu: may have guard pages */
/* These have no letters in smaps: */
#define VMAINFO_DELETED		(1ULL << 60)	/* the kernel appended " (deleted)" to the name */
#define VMAINFO_NAME_OMITTED	(1ULL << 61)	/* "[name too long]" or "[name omitted]" */
#define VMAINFO_ANON_VMA	(1ULL << 62)	/* has an anon_vma: the column "anon" */
#define VMAINFO_OTHER		(1ULL << 63)	/* a flag that the module does not know: "??" */
/* Protection keys and arm64's VM_MTE_ALLOWED have no bit. */

/*
 * struct vmainfo_record.nomerge: the rules of the running kernel that prevent a
 * merge of a VMA with the one that ends where it starts. Drivers, hugetlbfs and
 * the stack of a process in exec() have further rules, which count as
 * VMAINFO_NOMERGE_SPECIAL.
 */
#define VMAINFO_NOMERGE_FLAGS		0x01	/* flags that matter for this differ */
#define VMAINFO_NOMERGE_SPECIAL		0x02	/* VM_SPECIAL, or vm_ops with close() */
#define VMAINFO_NOMERGE_FILE		0x04	/* they do not map the same open file */
#define VMAINFO_NOMERGE_OFFSET		0x08	/* their offsets are not contiguous */
#define VMAINFO_NOMERGE_ANON_VMA	0x10	/* two anon_vmas, or one shared by fork() */
#define VMAINFO_NOMERGE_NAME		0x20	/* names of PR_SET_VMA_ANON_NAME differ */
#define VMAINFO_NOMERGE_POLICY		0x40	/* NUMA policies differ */
#define VMAINFO_NOMERGE_UFFD		0x80	/* their userfaultfds differ */

/**
 * struct vmainfo_record - a VMA
 * @size: size of this structure in bytes: the name begins there. Members from
 *	@size on do not exist.
 * @kind: enum vmainfo_kind
 * @policy: MPOL_* of the VMA's own NUMA policy plus 1, 0 without a policy
 * @next: bytes from the beginning of this record to the next, a multiple of 8
 * @start: first address
 * @end: end (exclusive)
 * @offset: of @start in the file, in bytes; 0 without a file
 * @ino: inode number that maps shows, 0 without a file
 * @flags: VMAINFO_READ, ...
 * @dev_major: major device number that maps shows, 0 without a file
 * @dev_minor: minor device number that maps shows, 0 without a file
 * @name_len: bytes of the name with its NUL, 0 without a name. The name is as
 *	in maps but not escaped: it can contain newlines and other control
 *	characters. A marker takes the place of a path of 1 MiB or more, and of a
 *	name that does not fit into the 64 MiB that a snapshot has for names;
 *	then @flags has VMAINFO_NAME_OMITTED.
 * @ops_len: bytes of the symbol of its vm_operations_struct with its NUL, 0
 *	without one. The symbol begins where the name ends.
 * @page_shift: log2 of the kernel's page size for it
 * @nomerge: VMAINFO_NOMERGE_*: why this VMA and the one that ends at @start are
 *	not merged; 0 if no rule prevents it, and if no VMA ends there
 * @build_id_size: bytes of @build_id, up to 20. With VMAINFO_WANT_BUILD_ID, the
 *	record of a VMA has this member and the next one if it maps an ELF file
 *	with a GNU build ID. @size is VMAINFO_RECORD_SIZE_VER0 in other records.
 * @build_id: the build ID that was in the file after the walk. It is read from
 *	the file and not from the memory of the process, where it can have been
 *	overwritten. Each file is read once for a snapshot.
 */
struct vmainfo_record {
	__u16 size;
	__u8 kind;
	__u8 policy;
	__u32 next;
	__u64 start;
	__u64 end;
	__u64 offset;
	__u64 ino;
	__u64 flags;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 name_len;
	__u16 ops_len;
	__u8 page_shift;
	__u8 nomerge;
	__u32 build_id_size;
	__u8 build_id[20];
};

/* The size of the record without a build ID. No kernel has a smaller one. */
#define VMAINFO_RECORD_SIZE_VER0	64

/*
 * PROCMAP_QUERY: an ioctl() of VMAINFO_MAPS that returns the VMA at an address.
 *
 * It is the ioctl of /proc/PID/maps of Linux 6.11. Here it works on all
 * kernels, for the target of the open file. linux/fs.h of 6.11 and later
 * declares it; this is for older ones. linux/fs.h and a sys/mount.h before
 * glibc 2.37 can only be included in one order: sys/mount.h comes first.
 *
 * One VMAINFO_SET_FILTER with ranges replaces many queries: it takes less time,
 * and its listing is one snapshot.
 */
#ifndef PROCMAP_QUERY
#define PROCMAP_QUERY	_IOWR('f', 17, struct procmap_query)

/**
 * enum procmap_query_flags - conditions on a VMA, and what a VMA is
 *
 * In query_flags, all but PROCMAP_QUERY_COVERING_OR_NEXT_VMA are conditions on
 * the VMA.
 *
 * @PROCMAP_QUERY_VMA_READABLE: readable
 * @PROCMAP_QUERY_VMA_WRITABLE: writable
 * @PROCMAP_QUERY_VMA_EXECUTABLE: executable
 * @PROCMAP_QUERY_VMA_SHARED: MAP_SHARED
 * @PROCMAP_QUERY_COVERING_OR_NEXT_VMA: if there is no such VMA at the address,
 *	return the next one above
 * @PROCMAP_QUERY_FILE_BACKED_VMA: maps a file of any kind. Devices, memfd, and
 *	the files that the kernel makes count: those of shared anonymous memory,
 *	of System V shared memory and of huge pages. VMAINFO_KIND_FILE means
 *	less.
 */
enum procmap_query_flags {
	PROCMAP_QUERY_VMA_READABLE = 0x01,
	PROCMAP_QUERY_VMA_WRITABLE = 0x02,
	PROCMAP_QUERY_VMA_EXECUTABLE = 0x04,
	PROCMAP_QUERY_VMA_SHARED = 0x08,
	PROCMAP_QUERY_COVERING_OR_NEXT_VMA = 0x10,
	PROCMAP_QUERY_FILE_BACKED_VMA = 0x20,
};

/**
 * struct procmap_query - a query, and its answer
 *
 * The kernel overwrites @vma_name_size and @build_id_size. Set them again before
 * each query: a value from the last answer is too small for a longer name, and 0
 * means that no name is wanted.
 *
 * @size: bytes of this structure, at least up to @query_addr. The caller sets
 *	this field, the next two and the last four.
 * @query_flags: enum procmap_query_flags
 * @query_addr: the address
 * @vma_start: first address of the VMA
 * @vma_end: its end (exclusive)
 * @vma_flags: the first four of enum procmap_query_flags
 * @vma_page_size: the kernel's page size for it, in bytes
 * @vma_offset: of @vma_start in the file, in bytes; 0 without a file
 * @inode: inode number, 0 without a file
 * @dev_major: major device number, 0 without a file
 * @dev_minor: minor device number, 0 without a file
 * @vma_name_size: capacity for a name in bytes, 0 if it is not wanted; becomes
 *	the size of the name that maps shows with its NUL, 0 without a name. It
 *	is not escaped, as in raw.
 * @build_id_size: the same for the GNU build ID of an ELF file, up to 20 bytes.
 *	The answer is 0 if the VMA maps no file, the file is not an ELF file or
 *	has no build ID, or it cannot be read. This is not an error. The build
 *	ID is read from the file, and not from the memory of the process.
 * @vma_name_addr: address for the name, 0 if it is not wanted
 * @build_id_addr: address for the build ID, 0 if it is not wanted
 *
 * Errors: ENOENT if there is no such VMA; ESRCH if the target has exited or has
 * no address space; ENAMETOOLONG if the capacity for name or build ID is too
 * small, or the name longer than PATH_MAX; EINVAL for unknown flags, an address
 * without a size or a size without an address, or a structure that is too
 * small; E2BIG if it is larger than the module knows and a byte beyond that is
 * not zero, or larger than a page; EFAULT, EINTR, ENOMEM; after an exec of the
 * target, the error of opening its /proc/PID/maps, such as EACCES.
 */
struct procmap_query {
	__u64 size;
	__u64 query_flags;
	__u64 query_addr;
	__u64 vma_start;
	__u64 vma_end;
	__u64 vma_flags;
	__u64 vma_page_size;
	__u64 vma_offset;
	__u64 inode;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 vma_name_size;
	__u32 build_id_size;
	__u64 vma_name_addr;
	__u64 build_id_addr;
};
#endif

#endif /* VMAINFO_H */
