# SPDX-License-Identifier: GPL-2.0
#
# Makes tables of what native.c has printed: for each entry and number of VMAs,
# nanoseconds per VMA, and how many times as fast as /proc/PID/maps the entry
# is. Both times are medians of the same run. "<" marks a missed goal. Below the
# tables: what a page, a call, an open file and a system call cost.

$1 == "kernel" { version = $2 }
$1 == "page" { from_vmalloc = $2; from_block = $3 }
$1 == "call" { call = $2 / 1000; call_retpoline = $3 / 1000 }
$1 == "syscall" { call_min = $4; call_median = $5 }

NF == 6 && $1 != "syscall" {
	where = $1
	n = $2
	entry = $3
	sub(/.*\//, "", entry)
	if ($3 ~ /self/)
		entry = "peer"
	if (!(n in seen)) {
		seen[n] = 1
		sizes[++sizes_nr] = n
	}
	min[where, n, entry] = $4 / n
	median[where, n, entry] = $5 / n
	calls[where, n, entry] = $6
}

function row(where, entry, label, goal,    i, n, times, mark) {
	printf "%-16s", label
	for (i = 1; i <= sizes_nr; i++) {
		n = sizes[i]
		if (entry ~ /:/ && n < 100) { # too few for a hundredth of them
			printf " %21s", ""
			continue
		}
		printf " %6.0f %6.0f", min[where, n, entry], median[where, n, entry]
		if (entry == "peer") {
			printf " %7s", ""
			continue
		}
		times = median[where, n, "peer"] / median[where, n, entry]
		mark = goal && times < goal ? "<" : " "
		printf " %6.2f%s", times, mark
	}
	print ""
}

function table(where, title, goals,    i) {
	if (!((where, sizes[1], "peer") in min))
		return
	print "\n" title
	row(where, "peer", "/proc/PID/maps", 0)
	row(where, "maps", "maps", goals ? 2 : 0)
	row(where, "raw", "raw", goals ? 4 : 0)
	row(where, "vmas", "vmas", goals ? 1 : 0)
	row(where, "raw:exec", "raw, 1 of 100", goals ? 15 : 0)
}

END {
	printf "Linux %s, user-mode: nanoseconds per VMA (minimum, median), times\n", version
	printf "%-16s", ""
	for (i = 1; i <= sizes_nr; i++)
		printf " %13s %7s", sizes[i] " VMAs", "times"
	print ""
	table("kernel.warm", "inside the kernel", 1)
	table("kernel.cold", "inside the kernel, after 96 MB were written", 1)
	table("user", "from user space, with system calls", 0)
	print ""
	printf "a page of memory: %d ns by vmalloc(), %d ns in blocks of 16 KiB\n", from_vmalloc, from_block
	printf "a call through a pointer: %.1f ns, with a retpoline %.1f ns\n", call, call_retpoline
	printf "open, read and close: /proc/loadavg %d ns, /proc/PID/maps of %d VMAs %d ns\n",
		median["kernel.warm", sizes[1], "loadavg"] * sizes[1], sizes[1],
		median["kernel.warm", sizes[1], "peer"] * sizes[1]
	if (call_min) {
		printf "an empty system call: %d to %d ns; calls per listing of %d VMAs: /proc/PID/maps %d, maps %d, raw %d\n",
			call_min, call_median, n = sizes[sizes_nr], calls["user", n, "peer"],
			calls["user", n, "maps"], calls["user", n, "raw"]
	}
}
