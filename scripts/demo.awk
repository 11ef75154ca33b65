# SPDX-License-Identifier: GPL-2.0
#
# Folds vmas to 100 columns, with the line of /proc/PID/maps for the same VMA below
# each record. Wants the files in this order: maps, vmas. Unless -v shown=all it leaves
# out what is like what it has shown: the first and the last VMAs stay, and the first of
# every kind of name, permissions and operations.

function cut(text) {
	return length(text) > 100 ? substr(text, 1, 99) ">" : text
}

# The name is the last column and may have spaces in it.
function name(line, columns,    i) {
	for (i = 0; i < columns; i++)
		sub(/^ *[^ ]+/, "", line)
	sub(/^ */, "", line)
	return line
}

function show(line) {
	split(line, f, " ")
	printf "%4s %12s %12s %7s %4s %8s %5s %6s %-8s %4s %-4s %s\n", f[1], f[2], f[3], f[4],
		f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12]
	print cut(sprintf("     %-26s %-22s %s", f[13], f[14], name(line, 14)))
}

FNR == NR {
	maps[FNR] = $0
	next
}

/^# pid=/ {
	print
	next
}

/^#/ {
	header = $0
	sub(/^# */, "#", header)
	next
}

{
	vmas[++count] = $0
}

END {
	show(header)
	for (i = 1; i <= count; i++) {
		split(vmas[i], f, " ")
		like = f[9] " " f[14] " " (f[9] == "file" ? "" : f[5])
		if (shown != "all" && i > 4 && i < count - 3 && like in seen) {
			left_out++
			continue
		}
		seen[like]
		if (left_out)
			printf "     ... %d more like these\n", left_out
		left_out = 0
		show(vmas[i])
		line = maps[i]
		gsub(/  +/, "  ", line)
		print cut("     maps: " line)
	}
}
