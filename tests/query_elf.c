// SPDX-License-Identifier: GPL-2.0
/* Constructed ELF files: see query.h. */
#include "query.h"

const unsigned char some_id[ID_MAX] = {
	0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9,
	0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0xe0, 0xe1, 0xe2, 0xe3,
};

struct place {
	size_t offset, size;
};

#define PLACE(type, field) { offsetof(struct type, field), sizeof(((struct type *)0)->field) }
#define PLACES(type, field) { PLACE(elf32_##type, field), PLACE(elf64_##type, field) }

/* Where the fields of the header, and of a program header, are */
static const struct place places[LENGTH][2] = {
	[E_CLASS] = { { EI_CLASS, 1 }, { EI_CLASS, 1 } },
	[E_DATA] = { { EI_DATA, 1 }, { EI_DATA, 1 } },
	[E_TYPE] = PLACES(hdr, e_type),
	[E_PHOFF] = PLACES(hdr, e_phoff),
	[E_PHENTSIZE] = PLACES(hdr, e_phentsize),
	[E_PHNUM] = PLACES(hdr, e_phnum),
	[P_TYPE] = PLACES(phdr, p_type),
	[P_OFFSET] = PLACES(phdr, p_offset),
	[P_FILESZ] = PLACES(phdr, p_filesz),
	/* the four words of a note are the same in both */
	[N_NAMESZ] = { { BUILD_ID_NOTE, 4 }, { BUILD_ID_NOTE, 4 } },
	[N_DESCSZ] = { { BUILD_ID_NOTE + 4, 4 }, { BUILD_ID_NOTE + 4, 4 } },
	[N_TYPE] = { { BUILD_ID_NOTE + 8, 4 }, { BUILD_ID_NOTE + 8, 4 } },
	[N_NAME] = { { BUILD_ID_NOTE + 12, 4 }, { BUILD_ID_NOTE + 12, 4 } },
};

static size_t phdr_at(int class, unsigned int nr)
{
	return class == ELFCLASS64 ? sizeof(struct elf64_hdr) + nr * sizeof(struct elf64_phdr) :
	       sizeof(struct elf32_hdr) + nr * sizeof(struct elf32_phdr);
}

static void set_field_of(struct elf *e, unsigned int phdr, unsigned int which, __u64 value)
{
	const struct place *p = &places[which][e->class == ELFCLASS64];
	bool in_phdr = which == P_TYPE || which == P_OFFSET || which == P_FILESZ;
	const char *low = (const char *)&value;

	if (IS_BIG_ENDIAN)
		low += sizeof(value) - p->size;
	memcpy(e->s + p->offset + (in_phdr ? phdr_at(e->class, phdr) : 0), low, p->size);
}

void set_field(struct elf *e, unsigned int which, __u64 value)
{
	if (which == LENGTH)
		e->length = value;
	else
		set_field_of(e, 1, which, value);
}

void add_note(struct elf *e, size_t at, __u32 type, const void *desc, __u32 size)
{
	struct elf32_note note = { .n_namesz = 4, .n_descsz = size, .n_type = type };

	memcpy(e->s + at, &note, sizeof(note));
	memcpy(e->s + at + sizeof(note), "GNU", 4);
	memcpy(e->s + at + sizeof(note) + 4, desc, size);
}

void add_phdr(struct elf *e, unsigned int nr, __u32 type, __u64 offset, __u64 size)
{
	set_field_of(e, nr, P_TYPE, type);
	set_field_of(e, nr, P_OFFSET, offset);
	set_field_of(e, nr, P_FILESZ, size);
	set_field(e, E_PHNUM, nr + 1);
}

struct elf new_elf(int class, size_t size)
{
	static const __u32 abi[4] = { 0, 3, 2, 0 };
	struct elf e = { .class = class, .length = size, .s = get_memory(size) };

	memcpy(e.s, ELFMAG, SELFMAG);
	set_field(&e, E_CLASS, class);
	set_field(&e, E_DATA, IS_BIG_ENDIAN ? ELFDATA2MSB : ELFDATA2LSB);
	set_field(&e, E_TYPE, ET_DYN);
	set_field(&e, E_PHOFF, phdr_at(class, 0));
	set_field(&e, E_PHENTSIZE, phdr_at(class, 1) - phdr_at(class, 0));
	add_phdr(&e, 0, PT_LOAD, 0, size);
	add_phdr(&e, 1, PT_NOTE, NOTES, NOTES_SIZE);
	add_note(&e, NOTES, 1, abi, sizeof(abi));
	add_note(&e, BUILD_ID_NOTE, BUILD_ID, some_id, sizeof(some_id));
	return e;
}

void write_at(int fd, const void *data, size_t size, off_t at)
{
	if (pwrite(fd, data, size, at) != (ssize_t)size)
		fatal("writing %zu bytes", size);
}

int elf_file(struct elf *e, const char *name)
{
	int fd = new_memfd(name);

	write_at(fd, e->s, e->length, 0);
	free(e->s);
	return fd;
}
