/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recovers the name of a variable from its symbol. Tests compile it as a
 * program.
 */
#ifndef VMAINFO_SYMBOL_H
#define VMAINFO_SYMBOL_H

#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

/*
 * Link-time optimization makes static variables global and their names unique:
 * clang appends .llvm.HASH, gcc .lto_priv.NUMBER. It depends on the kernel what
 * kallsyms cuts off. The .NUMBER of a static variable of a function stays:
 * without it two variables would have the same name. Other suffixes
 * (.constprop, .isra, .part, .cold, .__uniq) belong to functions.
 */
static inline void symbol_trim(char *symbol)
{
	static const char * const suffixes[] = { ".llvm.", ".lto_priv." };
	char *dot = strchr(symbol, '.');
	unsigned int i;

	for (; dot; dot = strchr(dot + 1, '.')) {
		for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
			if (!strncmp(dot, suffixes[i], strlen(suffixes[i]))) {
				*dot = '\0';
				return;
			}
		}
	}
}

#endif /* VMAINFO_SYMBOL_H */
