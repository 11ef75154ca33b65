// SPDX-License-Identifier: GPL-2.0
/* ELF files, made to measure: see query.h. */
#include "query.h"

const unsigned char some_id[ID_MAX] = {
	0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9,
	0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, 0xe0, 0xe1, 0xe2, 0xe3,
};

void set_field(struct elf *e, unsigned int which, __u64 value)
{
	struct elf64_hdr *h64 = e->class == ELFCLASS64 ? (void *)e->s : NULL;
	struct elf64_phdr *p64 = (void *)(e->s + sizeof(*h64) + sizeof(*p64));
	struct elf32_hdr *h32 = (void *)e->s;
	struct elf32_phdr *p32 = (void *)(e->s + sizeof(*h32) + sizeof(*p32));
	struct elf32_note *note = (void *)(e->s + BUILD_ID_NOTE);

	switch (which) {
	case AS_IT_IS:
		break;
	case E_CLASS:
		e->s[EI_CLASS] = value;
		break;
	case E_DATA:
		e->s[EI_DATA] = value;
		break;
	case E_TYPE:		/* at the same place in both */
		h32->e_type = value;
		break;
	case E_PHOFF:
		if (h64)
			h64->e_phoff = value;
		else
			h32->e_phoff = value;
		break;
	case E_PHENTSIZE:
		if (h64)
			h64->e_phentsize = value;
		else
			h32->e_phentsize = value;
		break;
	case E_PHNUM:
		if (h64)
			h64->e_phnum = value;
		else
			h32->e_phnum = value;
		break;
	case P_TYPE:
		if (h64)
			p64->p_type = value;
		else
			p32->p_type = value;
		break;
	case P_OFFSET:
		if (h64)
			p64->p_offset = value;
		else
			p32->p_offset = value;
		break;
	case P_FILESZ:
		if (h64)
			p64->p_filesz = value;
		else
			p32->p_filesz = value;
		break;
	case N_NAMESZ:
		note->n_namesz = value;
		break;
	case N_DESCSZ:
		note->n_descsz = value;
		break;
	case N_TYPE:
		note->n_type = value;
		break;
	case N_NAME:
		memcpy(note + 1, &value, 4);
		break;
	case LENGTH:
		e->length = value;
		break;
	}
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
	if (e->class == ELFCLASS64) {
		struct elf64_phdr p = { .p_type = type, .p_offset = offset, .p_filesz = size };

		memcpy(e->s + sizeof(struct elf64_hdr) + nr * sizeof(p), &p, sizeof(p));
	} else {
		struct elf32_phdr p = { .p_type = type, .p_offset = offset, .p_filesz = size };

		memcpy(e->s + sizeof(struct elf32_hdr) + nr * sizeof(p), &p, sizeof(p));
	}
	set_field(e, E_PHNUM, nr + 1);
}

struct elf new_elf(int class, size_t size)
{
	static const __u32 abi[4] = { 0, 3, 2, 0 };
	struct elf e = { .class = class, .length = size, .s = get_memory(size) };
	bool is_64 = class == ELFCLASS64;

	memcpy(e.s, ELFMAG, SELFMAG);
	set_field(&e, E_CLASS, class);
	set_field(&e, E_DATA, ELFDATA2LSB);
	set_field(&e, E_TYPE, ET_DYN);
	set_field(&e, E_PHOFF, is_64 ? sizeof(struct elf64_hdr) : sizeof(struct elf32_hdr));
	set_field(&e, E_PHENTSIZE, is_64 ? sizeof(struct elf64_phdr) : sizeof(struct elf32_phdr));
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
