// SPDX-License-Identifier: GPL-2.0
/* PROCMAP_QUERY: build IDs of programs and of constructed files */
#include "query_fixture.h"

#define ONLY_64 0x100

static const struct {
	const char *what;
	unsigned int field;	/* one of those above, and perhaps ONLY_64 */
	__u64 value;
	unsigned int size;	/* of the build ID that is found */
} strange_files[] = {
	{ "as it is", AS_IT_IS, 0, 20 },
	{ "ET_EXEC", E_TYPE, ET_EXEC, 20 },
	{ "ET_NONE", E_TYPE, ET_NONE, 0 },
	{ "ET_REL", E_TYPE, ET_REL, 0 },
	{ "ET_CORE", E_TYPE, ET_CORE, 0 },
	{ "no class", E_CLASS, ELFCLASSNONE, 0 },
	{ "an unknown class", E_CLASS, 3, 0 },
	{ "another byte order", E_DATA, ELFDATA2MSB, 20 },
	{ "program headers of size 0", E_PHENTSIZE, 0, 20 },
	{ "no program headers", E_PHNUM, 0, 0 },
	{ "one program header too few", E_PHNUM, 1, 0 },
	{ "65535 program headers", E_PHNUM, 0xffff, 20 },
	{ "program headers at the start", E_PHOFF, 0, 0 },
	{ "program headers after the end", E_PHOFF, 0x10000, 0 },
	{ "program headers across the end", E_PHOFF, ELF_SIZE - 20, 0 },
	{ "program headers at 2^32 - 1", E_PHOFF, 0xffffffff, 0 },
	{ "program headers at 2^64 - 1", E_PHOFF | ONLY_64, -1, 0 },
	{ "program headers at 2^64 - 56", E_PHOFF | ONLY_64, -56, 0 },
	{ "program headers at 2^63", E_PHOFF | ONLY_64, 1ull << 63, 0 },
	{ "program headers at 2^63 - 1", E_PHOFF | ONLY_64, (1ull << 63) - 1, 0 },
	{ "program headers at 2^63 - 64", E_PHOFF | ONLY_64, (1ull << 63) - 64, 0 },
	{ "no notes", P_TYPE, PT_LOAD, 0 },
	{ "notes after the end", P_OFFSET, 0x10000, 0 },
	{ "notes across the end", P_OFFSET, ELF_SIZE - 20, 0 },
	{ "notes at 2^32 - 1", P_OFFSET, 0xffffffff, 0 },
	{ "notes beyond 4 GiB", P_OFFSET | ONLY_64, 1ull << 32 | NOTES, 0 },
	{ "notes at 2^64 - 1", P_OFFSET | ONLY_64, -1, 0 },
	{ "notes at 2^64 - 20", P_OFFSET | ONLY_64, -20, 0 },
	{ "notes at 2^63", P_OFFSET | ONLY_64, 1ull << 63, 0 },
	{ "notes at the second one", P_OFFSET, BUILD_ID_NOTE, 20 },
	{ "notes at no multiple of 4", P_OFFSET, BUILD_ID_NOTE + 1, 0 },
	{ "notes of size 0", P_FILESZ, 0, 0 },
	{ "too few bytes for a note", P_FILESZ, 16, 0 },
	{ "a byte too few", P_FILESZ, NOTES_SIZE - 1, 0 },
	{ "a byte more", P_FILESZ, NOTES_SIZE + 1, 20 },
	{ "4 GiB of notes", P_FILESZ, 0xffffffff, 0 },
	{ "notes up to 4 GiB", P_FILESZ, 0xffffffff - NOTES, 20 },
	{ "notes beyond 4 GiB by a byte", P_FILESZ, 0x100000000 - NOTES, 0 },
	/* only the lower half of it is looked at */
	{ "2^32 more bytes of notes", P_FILESZ | ONLY_64, 0x100000000 | NOTES_SIZE, 20 },
	{ "2^32 bytes of notes", P_FILESZ | ONLY_64, 0x100000000, 0 },
	{ "a note without a name", N_NAMESZ, 0, 0 },
	{ "a name of 3 bytes", N_NAMESZ, 3, 0 },
	{ "a name of 5 bytes", N_NAMESZ, 5, 0 },
	{ "a name of 2^31 bytes", N_NAMESZ, 1ull << 31, 0 },
	{ "a name of 2^32 - 1 bytes", N_NAMESZ, 0xffffffff, 0 },
	{ "a name of 2^32 - 4 bytes", N_NAMESZ, 0xfffffffc, 0 },
	{ "another name", N_NAME, 'G' | 'N' << 8 | 'X' << 16, 0 },
	{ "a name with no end", N_NAME, 'G' | 'N' << 8 | 'U' << 16 | 'U' << 24, 0 },
	{ "another type of note", N_TYPE, BUILD_ID - 1, 0 },
	{ "a build ID of 0 bytes", N_DESCSZ, 0, 0 },
	{ "a build ID of 1 byte", N_DESCSZ, 1, 1 },
	{ "a build ID of 16 bytes", N_DESCSZ, 16, 16 },
	{ "a build ID of 19 bytes", N_DESCSZ, 19, 19 },
	{ "a build ID of 21 bytes", N_DESCSZ, 21, 0 },
	{ "a build ID of 2^31 bytes", N_DESCSZ, 1ull << 31, 0 },
	{ "a build ID of 2^32 - 1 bytes", N_DESCSZ, 0xffffffff, 0 },
	{ "a build ID of 2^32 - 4 bytes", N_DESCSZ, 0xfffffffc, 0 },
	{ "an empty file", LENGTH, 0, 0 },
	{ "a byte", LENGTH, 1, 0 },
	{ "the magic number", LENGTH, SELFMAG, 0 },
	{ "the start of a header", LENGTH, 17, 0 },
	{ "the start of a header, with its type", LENGTH, 18, 0 },
	{ "all but the last byte of a header (32)", LENGTH, 51, 0 },
	{ "a header (32)", LENGTH, 52, 0 },
	{ "all but the last byte of a header (64)", LENGTH, 63, 0 },
	{ "a header (64)", LENGTH, 64, 0 },
	{ "the first program header only", LENGTH, 64 + 56, 0 },
	{ "no notes after the headers", LENGTH, NOTES, 0 },
	{ "the first note only", LENGTH, BUILD_ID_NOTE, 0 },
	{ "all but the build ID itself", LENGTH, BUILD_ID_NOTE + 16, 0 },
	{ "all but the last byte", LENGTH, NOTES + NOTES_SIZE - 1, 0 },
	{ "nothing after the build ID", LENGTH, NOTES + NOTES_SIZE, 20 },
};

TEST_F(query, build_id_of_malformed_elf)
{
	struct fds f = open_fds(getpid());
	unsigned int i, n = 0;
	struct elf e;
	int class;

	for (i = 0; i < ARRAY_SIZE(strange_files); i++) {
		for (class = ELFCLASS32; class <= ELFCLASS64; class++) {
			if ((strange_files[i].field & ONLY_64) && class != ELFCLASS64)
				continue;
			e = new_elf(class, ELF_SIZE);
			set_field(&e, strange_files[i].field & ~ONLY_64, strange_files[i].value);
			EXPECT_TRUE(has_id(&f, elf_file(&e, "strange"), some_id,
					   strange_files[i].size)) {
				TH_LOG("%s, %d bits", strange_files[i].what, 32 * class);
			}
			n++;
		}
	}
	figure(n, "strange ELF files");
}

/* Files that take more than one change */
TEST_F(query, build_id_note_search)
{
	static const char other_id[ID_MAX] = "another build ID..";
	struct fds f = open_fds(getpid());
	const size_t at = ELF_SIZE * 8 - 100;
	unsigned int i, class;
	struct elf e;
	int fd;

	for (class = ELFCLASS32; class <= ELFCLASS64; class++) {
		/* the first one of two */
		e = new_elf(class, ELF_SIZE);
		add_note(&e, NOTES + NOTES_SIZE, BUILD_ID, other_id, ID_MAX);
		set_field(&e, P_FILESZ, NOTES_SIZE + 16 + ID_MAX);
		EXPECT_TRUE(has_id(&f, elf_file(&e, "two"), some_id, ID_MAX));
		/* the second one, if the first one is not valid */
		e = new_elf(class, ELF_SIZE);
		set_field(&e, N_DESCSZ, 24);
		add_note(&e, NOTES + NOTES_SIZE + 4, BUILD_ID, other_id, ID_MAX);
		set_field(&e, P_FILESZ, NOTES_SIZE + 4 + 16 + ID_MAX);
		EXPECT_TRUE(has_id(&f, elf_file(&e, "two"), other_id, ID_MAX));
		/* after notes without it, unreadable, or too large */
		for (i = 0; i < 4; i++) {
			e = new_elf(class, ELF_SIZE);
			set_field(&e, P_OFFSET, i == 0 ? NOTES : i == 1 ? ELF_SIZE - 20 :
				  i == 2 ? 0x20000 : 0xffffffff);
			set_field(&e, P_FILESZ, i ? NOTES_SIZE : 32);
			add_phdr(&e, 2, PT_LOAD, 0, 0);
			add_phdr(&e, 3, PT_NOTE, NOTES, NOTES_SIZE);
			EXPECT_TRUE(has_id(&f, elf_file(&e, "later"), some_id, ID_MAX));
		}
		/* 256 program headers are looked at */
		for (i = 255; i <= 256; i++) {
			e = new_elf(class, 8 * ELF_SIZE);
			set_field(&e, P_TYPE, PT_LOAD);
			memset(e.s + NOTES, 0, NOTES_SIZE);
			add_note(&e, at, BUILD_ID, some_id, ID_MAX);
			add_phdr(&e, i, PT_NOTE, at, 16 + ID_MAX);
			EXPECT_TRUE(has_id(&f, elf_file(&e, "many"), some_id,
					   i < 256 ? ID_MAX : 0));
		}
		/* offsets have no sign */
		for (i = 1; i < 4; i++) {
			__u64 far = 0xffffffff / 3 * i - 1000;

			e = new_elf(class, ELF_SIZE);
			set_field(&e, P_OFFSET, far);
			fd = new_memfd("far");
			write_at(fd, e.s, ELF_SIZE, 0);
			write_at(fd, e.s + NOTES, NOTES_SIZE, far);
			EXPECT_TRUE(has_id(&f, fd, some_id, ID_MAX));
			free(e.s);
		}
	}
}

/* The module reads 4,096 notes of a file, the kernel's own ioctl all. */
TEST_F(query, build_id_after_note_limit)
{
	const unsigned int limit = 4096, empty = 12;
	struct fds f = open_ours(getpid());
	unsigned int before, class;
	struct elf e;
	size_t at;

	for (class = ELFCLASS32; class <= ELFCLASS64; class++) {
		for (before = limit - 1; before <= limit; before++) {
			e = new_elf(class, NOTES + limit * empty + ELF_SIZE);
			memset(e.s + NOTES, 0, NOTES_SIZE);
			at = NOTES + before * empty;
			add_note(&e, at, BUILD_ID, some_id, ID_MAX);
			set_field(&e, P_FILESZ, at + 16 + ID_MAX - NOTES);
			EXPECT_TRUE(has_id(&f, elf_file(&e, "notes"), some_id,
					   before < limit ? ID_MAX : 0)) {
				TH_LOG("after %u notes", before);
			}
		}
	}
}

VMAINFO_TEST_MAIN(query_begin(1, 0))
