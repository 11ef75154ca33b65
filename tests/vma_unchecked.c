// SPDX-License-Identifier: GPL-2.0
/*
 * While it is loaded, validate_mm() does nothing.
 *
 * With CONFIG_DEBUG_VM_MAPLE_TREE the kernel looks at every VMA of a process whenever one
 * changes. A test that wants 60,000 of them there would wait for hours, and what is to be
 * tested is the walk afterwards, not how they were made. So the tests load this while they
 * make them. Everything else that the kernel checks, it still checks.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static int return_at_once(struct kprobe *probe, struct pt_regs *regs)
{
	/* At a function's first instruction, the return address is on top. */
	regs->ip = *(unsigned long *)regs->sp;
	regs->sp += sizeof(unsigned long);
	return 1;
}

/* A probe that has one is not made into a jump, which could not change regs->ip. */
static void not_to_be_optimized(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "validate_mm",
	.pre_handler = return_at_once,
	.post_handler = not_to_be_optimized,
};

static int __init vma_unchecked_init(void)
{
	return register_kprobe(&probe);
}

static void __exit vma_unchecked_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(vma_unchecked_init);
module_exit(vma_unchecked_exit);
MODULE_DESCRIPTION("Switches validate_mm() off");
MODULE_LICENSE("GPL");
