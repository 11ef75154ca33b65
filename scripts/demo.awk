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
function name(line,    i) {
	for (i = 1; i < columns; i++)
		sub(/^ *[^ ]+/, "", line)
	sub(/^ */, "", line)
	return line
}

# The flags, and what follows them, go to a second line.
function show(line,    f, i, text) {
	split(line, f, " ")
	for (i = 1; i < columns; i++) {
		if (i == col["flags"]) {
			print text
			text = "    "
		}
		text = (i > 1 ? text " " : "") sprintf("%" (width[i] ? width[i] : "") "s", f[i])
	}
	print cut(text " " name(line))
}

BEGIN {
	n = split("nr 4 start 12 end 12 kB 7 perm 4 offset 8 dev 5 inode 6 kind -8 page 4 anon -4 " \
		"flags -26 ops -22", w, " ")
	for (i = 1; i < n; i += 2)
		widths[w[i]] = w[i + 1]
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
	sub(/^# */, "")
	columns = split($0, names, " ")
	for (i = 1; i <= columns; i++) {
		col[names[i]] = i
		width[i] = widths[names[i]]
	}
	header = "#" $0
	next
}

{
	vmas[++count] = $0
}

END {
	show(header)
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
		line = maps[i]
		gsub(/  +/, "  ", line)
		print cut("     maps: " line)
	}
}
