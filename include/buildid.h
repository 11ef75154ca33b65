/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The GNU build ID of an ELF file. build_id_parse_file() in lib/buildid.c is
 * not exported; file_build_id() accepts the same files, but reads
 * BUILD_ID_NOTES notes at most. It uses kernel_read(), so the hooks of security
 * modules and fanotify apply. Of a file that was opened with O_DIRECT, file
 * systems that want aligned reads return an error, and it has no build ID.
 *
 * Nothing in a file is trusted: every length is checked, every loop is bounded.
 */
#ifndef VMAINFO_BUILDID_H
#define VMAINFO_BUILDID_H

#include <linux/elf.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#define BUILD_ID_MAX	20	/* bytes of a SHA-1 sum */
#define BUILD_ID_PHDRS	256	/* limit of program headers */
#define BUILD_ID_NOTES	4096	/* limit of notes, in all */

/* Reads @len bytes at @pos of a file. A shorter file is an error. */
static inline int buildid_read(struct file *file, void *buf, size_t len,
			       loff_t pos)
{
	ssize_t got = kernel_read(file, buf, len, &pos);

	return got < 0 ? got : got == len ? 0 : -EIO;
}

/*
 * Looks for a build ID in up to *@left notes, and decrements *@left by each.
 * Returns its length, 0 if the notes have none, or an error.
 */
static inline int buildid_in_notes(struct file *file, u64 pos, u32 size, u8 *id,
				   unsigned int *left)
{
	const u32 name_len = sizeof("GNU");
	struct {
		struct elf32_note head; /* the same in 64-bit files */
		char name[4];
	} note;
	u64 next, end = pos + size;
	int err;

	if (pos > U32_MAX || end > U32_MAX)
		return 0;
	for (; end - pos > sizeof(note) && *left; pos = next, --*left) {
		err = buildid_read(file, &note, sizeof(note), pos);
		if (err)
			return err;
		next = pos + sizeof(note.head) +
		       ALIGN((u64)note.head.n_namesz, 4) +
		       ALIGN((u64)note.head.n_descsz, 4);
		if (next > end)
			return 0;
		/* Another signal can come meanwhile. */
		if (data_race(fatal_signal_pending(current)))
			return -EINTR;
		cond_resched();
		if (note.head.n_type == 3 /* NT_GNU_BUILD_ID */ &&
		    note.head.n_namesz == name_len &&
		    !memcmp(note.name, "GNU", name_len) &&
		    note.head.n_descsz && note.head.n_descsz <= BUILD_ID_MAX) {
			err = buildid_read(file, id, note.head.n_descsz,
					   pos + sizeof(note));
			return err ?: note.head.n_descsz;
		}
	}
	return 0;
}

/*
 * Writes the build ID of an ELF file to @id, up to BUILD_ID_MAX bytes. The
 * caller has a reference to the file. Returns its length in bytes, 0 if the
 * file has none, or a read error.
 */
static inline int file_build_id(struct file *file, u8 *id)
{
	union {
		struct elf32_hdr h32;
		struct elf64_hdr h64;
	} elf;
	union {
		struct elf32_phdr p32;
		struct elf64_phdr p64;
	} ph;
	unsigned int i, count, notes = BUILD_ID_NOTES;
	bool is64;
	u64 pos;
	int ret;

	/*
	 * Reading a device can have effects. kernel_read() fails with a warning
	 * for a file that has ->read(). chmod() changes permissions in @i_mode.
	 */
	if (!S_ISREG(READ_ONCE(file_inode(file)->i_mode)) ||
	    !(file->f_mode & FMODE_READ) ||
	    !file->f_op->read_iter || file->f_op->read)
		return 0;
	ret = buildid_read(file, &elf, sizeof(elf.h32), 0);
	if (ret)
		return ret;
	is64 = elf.h32.e_ident[EI_CLASS] == ELFCLASS64;
	if (memcmp(elf.h32.e_ident, ELFMAG, SELFMAG) ||
	    (elf.h32.e_type != ET_EXEC && elf.h32.e_type != ET_DYN) ||
	    (!is64 && elf.h32.e_ident[EI_CLASS] != ELFCLASS32))
		return 0;
	if (is64)
		ret = buildid_read(file, &elf, sizeof(elf.h64), 0);
	if (ret)
		return ret;
	pos = is64 ? elf.h64.e_phoff : elf.h32.e_phoff;
	count = is64 ? elf.h64.e_phnum : elf.h32.e_phnum;
	if (pos > LLONG_MAX - SZ_1M)
		return 0;

	for (i = 0; i < min_t(unsigned int, count, BUILD_ID_PHDRS); i++) {
		ret = buildid_read(file, &ph,
				   is64 ? sizeof(ph.p64) : sizeof(ph.p32), pos);
		if (ret)
			return ret;
		pos += is64 ? sizeof(ph.p64) : sizeof(ph.p32);
		if ((is64 ? ph.p64.p_type : ph.p32.p_type) != PT_NOTE)
			continue;
		ret = buildid_in_notes(file,
				       is64 ? ph.p64.p_offset : ph.p32.p_offset,
				       is64 ? ph.p64.p_filesz : ph.p32.p_filesz,
				       id, &notes);
		if (ret > 0 || ret == -EINTR)
			return ret;
	}
	return 0;
}

#endif /* VMAINFO_BUILDID_H */
