#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# Prints the reports of bugs in the log of a kernel's console: from the line that says
# what it is to the end of its trace, or 60 lines. Only the kernel's own lines count,
# they begin with a time stamp, and only what they begin with.
#
# A data race counts if the module makes one of its accesses, and this access is not marked, for
# example by READ_ONCE(). The kernel has races of its own, also in functions that the module calls.
# Its writers do not mark what a lockless walk reads.

{ sub(/\r$/, "") }

/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? / {
	line = $0
	sub(/^\[ *[0-9]+\.[0-9]+\](\[ *[CT][0-9]+\])? /, "", line)
	if (line ~ /^BUG: KCSAN: /) {
		race = ""
		racing = 1
	} else if (line ~ /^-+\[ cut here \]-+$/ ||
	    line ~ /^(WARNING: |BUG[: ]|kernel BUG at |Oops[: ]|general protection fault|UBSAN: |KASAN: |CFI failure )/ ||
	    line ~ /\[#[0-9]+\]/ || # what all oopses have: invalid opcode: 0000 [#1]
	    line ~ /^(Kernel panic|[Uu]nable to handle|Bad page state|refcount_t: |list_(add|del) corruption)/ ||
	    line ~ /^INFO: (possible |task .* blocked for more than|trying to register non-static key)/ ||
	    line ~ /^rcu: (INFO: .*stall|.* starved for)/ ||
	    line ~ /^(NMI )?watchdog: (BUG: soft lockup|Watchdog detected hard LOCKUP)/ ||
	    line ~ /^kmemleak: .* new suspected memory leaks/ ||
	    line ~ /^(scheduling while atomic|sleeping function called|irq [0-9]+: nobody cared)/)
		left = 60
}

racing {
	race = race $0 "\n"
	# READ or WRITE to ADDRESS of SIZE bytes by TASK: and its stack, the access first
	if (innermost && line ~ / \[vmainfo\]$/)
		ours = 1
	innermost = line ~ / to 0x[0-9a-f]+ of [0-9]+ bytes by / && line !~ / \(marked[^)]*\) to /
	if (line ~ /^=+$/) {
		if (ours)
			printf "%s", race
		racing = ours = 0
	}
}

left {
	print
	left--
}

/---\[ end / { left = 0 }
