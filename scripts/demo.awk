# SPDX-License-Identifier: GPL-2.0
#
# Folds each record of vmas before the column policy, and prints the line of /proc/PID/maps
# for the same VMA below it. Wants the files in this order: maps, vmas. Unless -v shown=all
# it leaves out what is like what it has shown: the first and the last VMAs stay, and the
# first of every kind, permissions and operations.

function show(line) {
	print substr(line, 1, fold - 1)
	print "    " substr(line, fold)
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
	for (i = 2; i <= NF; i++)
		col[$i] = i - 1
	fold = index($0, "policy")
	show($0)
	next
}

{
	vmas[++count] = $0
}

END {
	for (i = 1; i <= count; i++) {
		split(vmas[i], f, " ")
		kind = f[col["kind"]]
		like = kind " " f[col["ops"]] " " (kind == "file" ? "" : f[col["perm"]])
		if (shown != "all" && i > 4 && i < count - 3 && like in seen) {
			left_out++
			continue
		}
		seen[like]
		if (left_out)
			printf "     ... %d more like these\n", left_out
		left_out = 0
		show(vmas[i])
		gsub(/  +/, "  ", maps[i])
		print "    maps: " maps[i]
	}
}
