#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# Prints the reports of bugs in the log of a kernel's console: from the line that says
# what it is to the end of its trace, or 60 lines. Only the kernel's own lines count,
# they begin with a time stamp, and only what they begin with.

{ sub(/\r$/, "") }

/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? / {
	line = $0
	sub(/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? /, "", line)
	if (line ~ /^-+\[ cut here \]-+$/ ||
	    line ~ /^(WARNING: |BUG[: ]|kernel BUG at |Oops[: ]|general protection fault|UBSAN: |KASAN: )/ ||
	    line ~ /\[#[0-9]+\]/ || # what all oopses have: invalid opcode: 0000 [#1]
	    line ~ /^(Kernel panic|[Uu]nable to handle|Bad page state|refcount_t: |list_(add|del) corruption)/ ||
	    line ~ /^INFO: (possible |task .* blocked for more than|trying to register non-static key)/ ||
	    line ~ /^rcu: (INFO: .*stall|.* starved for)/ ||
	    line ~ /^(NMI )?watchdog: (BUG: soft lockup|Watchdog detected hard LOCKUP)/ ||
	    line ~ /^kmemleak: .* new suspected memory leaks/ ||
	    line ~ /^(scheduling while atomic|sleeping function called|irq [0-9]+: nobody cared)/)
		left = 60
}

left {
	print
	left--
}

/---\[ end / { left = 0 }
