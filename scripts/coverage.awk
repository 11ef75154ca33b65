#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# Reads what "gcov -b -c" has written, one file for each source, and prints what
# scripts/coverage describes. WANTED is the percentage of lines below which the exit status is 1.

function percent(part, all) {
	return all ? 100 * part / all : 100
}

function sum(name, l, lr, b, br) {
	printf "%-26s %5.1f %% of %d lines, %.1f %% of %d branches\n", name, percent(lr, l), l,
		percent(br, b), b
}

# Called after the last branch of a line
function end_line() {
	if (missed && executed)
		printf "%s:%d: %d of %d branches not taken:%s\n", file, nr, missed, missed + taken, text
	branches += missed + taken
	branches_taken += taken
	missed = taken = 0
}

function end_file() {
	end_line()
	if (file == "")
		return
	sums[++files] = file
	sums_lines[files] = lines
	sums_run[files] = lines_run
	sums_branches[files] = branches
	sums_taken[files] = branches_taken
	lines = lines_run = branches = branches_taken = 0
}

/^ *-: *0:Source:/ {
	end_file()
	file = $0
	sub(/^[^S]*Source:/, "", file)
	next
}
/^branch / {
	if (/ taken 0( |$)/ || / never executed/)
		missed++
	else
		taken++
	next
}
/^(call|function|unconditional) / { next }

# COUNT:LINE:TEXT, where COUNT is - without code, ##### if the code has never run
match($0, /^ *[^: ]+: *[0-9]+:/) {
	end_line()
	text = substr($0, RLENGTH + 1)
	sub(/^[ \t]*/, " ", text)
	split($0, part, ":")
	nr = part[2] + 0
	executed = part[1] !~ /#####|=====/
	if (part[1] ~ /^ *-$/)
		next
	lines++
	lines_run += executed
	if (!executed)
		printf "%s:%d: not executed:%s\n", file, nr, text
}

END {
	end_file()
	for (i = 1; i <= files; i++) {
		sum(sums[i], sums_lines[i], sums_run[i], sums_branches[i], sums_taken[i])
		l += sums_lines[i]
		lr += sums_run[i]
		b += sums_branches[i]
		br += sums_taken[i]
	}
	sum("all", l, lr, b, br)
	exit !files || percent(lr, l) < wanted
}
