/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's part of the address space, as far as headers and exported
 * symbols describe it. See Documentation/arch/x86/x86_64/mm.rst and
 * Documentation/arch/arm64/memory.rst.
 */
#ifndef VMAINFO_KERNEL_REGIONS_H
#define VMAINFO_KERNEL_REGIONS_H

#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "kcompat.h"

#ifdef KCOMPAT_X86_64
#include <asm/cpu_entry_area.h>
#ifdef CONFIG_KASAN
#include <asm/kasan.h>
#endif
#endif
#if defined(KCOMPAT_X86_64) || defined(CONFIG_ARM64)
#include <asm/fixmap.h>
#endif

/* A region is empty, and to be skipped, if @end <= @start. */
struct kernel_region {
	const char *name;
	unsigned long start;
	unsigned long end;
};

#define KERNEL_REGIONS_MAX 10

/* The lowest address of the kernel, 0 where that is not known */
static inline unsigned long kernel_regions_start(void)
{
#if defined(KCOMPAT_X86_64)
	return -(1UL << __VIRTUAL_MASK_SHIFT);
#elif defined(CONFIG_ARM64)
	/* PAGE_OFFSET is its value for the longest supported addresses. */
	return _PAGE_OFFSET(vabits_actual);
#else
	return 0;
#endif
}

static inline int kernel_regions_compare(const void *a, const void *b)
{
	const struct kernel_region *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Writes the regions to @regions, sorted by address. Returns their number. */
static inline unsigned int kernel_regions_get(struct kernel_region *regions)
{
#if defined(KCOMPAT_X86_64) || defined(CONFIG_ARM64)
	const unsigned long direct = IS_ENABLED(CONFIG_ARM64) ?
				     kernel_regions_start() : PAGE_OFFSET;
#endif
	const struct kernel_region found[] = {
#if defined(KCOMPAT_X86_64) || defined(CONFIG_ARM64)
		/* Memory can be added while the kernel runs. */
		{ "DirectMap", direct, (unsigned long)high_memory },
#ifdef CONFIG_SPARSEMEM_VMEMMAP
		{ "Vmemmap", (unsigned long)virt_to_page((void *)direct),
		  PAGE_ALIGN((unsigned long)(virt_to_page(high_memory - 1) + 1)) },
#endif
#endif
#if defined(KCOMPAT_X86_64)
		/* VMALLOC_END is the last address on x86. */
		{ "Vmalloc", VMALLOC_START, VMALLOC_END + 1 },
#ifdef CONFIG_KASAN
		{ "Kasan", KASAN_SHADOW_START, KASAN_SHADOW_END },
#endif
		{ "CpuEntry", CPU_ENTRY_AREA_BASE,
		  CPU_ENTRY_AREA_BASE + CPU_ENTRY_AREA_MAP_SIZE },
		{ "Image", __START_KERNEL_map,
		  __START_KERNEL_map + KERNEL_IMAGE_SIZE },
		{ "Modules", MODULES_VADDR, MODULES_END },
		/* Its first slot is at FIXADDR_TOP, the others below. */
		{ "Fixmap", __fix_to_virt(__end_of_permanent_fixed_addresses - 1),
		  __fix_to_virt(0) + PAGE_SIZE },
#elif defined(CONFIG_ARM64)
		/*
		 * The image is always within vmalloc, and with KASLR the
		 * modules can be, too. The location of KASAN's shadow is not
		 * exported.
		 */
		{ "Vmalloc", VMALLOC_START, VMALLOC_END },
		{ "PciIo", PCI_IO_START, PCI_IO_END },
		{ "Fixmap", FIXADDR_START, FIXADDR_TOP },
#endif
		{}
	};

	BUILD_BUG_ON(ARRAY_SIZE(found) > KERNEL_REGIONS_MAX);
	memcpy(regions, found, sizeof(found));
	sort(regions, ARRAY_SIZE(found), sizeof(*regions),
	     kernel_regions_compare, NULL);
	return ARRAY_SIZE(found);
}

#endif /* VMAINFO_KERNEL_REGIONS_H */
