// SPDX-License-Identifier: GPL-2.0
/*
 * The suffixes that compilers append to names of variables are removed. The
 * function is tested alone, because the kernels that mappings.sh runs on have only
 * some of them.
 */
#include <stdio.h>
#include <string.h>

#include "kselftest.h"
#include "../include/symbol.h"

static const struct {
	const char *symbol, *name;
} symbols[] = {
	{ "shmem_vm_ops", "shmem_vm_ops" },
	{ "ext4_file_vm_ops.llvm.9275136401840417312", "ext4_file_vm_ops" },
	{ "ext4_file_vm_ops.llvm.fs_ext4_file_c", "ext4_file_vm_ops" },
	{ "ext4_file_vm_ops.lto_priv.0", "ext4_file_vm_ops" },
	{ "ext4_file_vm_ops.lto_priv.0.lto_priv.12", "ext4_file_vm_ops" },
	{ "vm_ops.llvm.1.lto_priv.2", "vm_ops" },
	{ "vm_ops.lto_priv.2.llvm.1", "vm_ops" },
	{ "vm_ops.3.lto_priv.0", "vm_ops.3" },
	{ "vm_ops.3", "vm_ops.3" },
	{ "mmap_vm_ops.llvm", "mmap_vm_ops.llvm" },
	{ "llvm_vm_ops", "llvm_vm_ops" },
	{ "", "" },
};

int main(void)
{
	char symbol[128];
	unsigned int i;

	ksft_print_header();
	ksft_set_plan(sizeof(symbols) / sizeof(*symbols));
	for (i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		snprintf(symbol, sizeof(symbol), "%s", symbols[i].symbol);
		symbol_trim(symbol);
		ksft_test_result(!strcmp(symbol, symbols[i].name), "\"%s\": \"%s\"\n",
				 symbols[i].symbol, symbol);
	}
	ksft_finished();
}
