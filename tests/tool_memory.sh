#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo show -X: it prints the values of smaps for each VMA, with the module and without it. A VMA
# that differs between smaps and the module has no values. tools/tests has the rest.

. "$(dirname "$0")/lib.sh"
tool=$HERE/vmainfo

# A line "START COLUMN VALUE" for each value of smaps, without flags
smaps_values()
{
	awk '
		/^[0-9a-f]+-/ { split($1, at, "-"); sub(/^0+/, "", at[1]); next }
		{ name = tolower(substr($1, 1, length($1) - 1)) }
		name == "vmflags" { next }
		name == "kernelpagesize" { name = "page" }
		{ unit = $3 == "kB" ? "_kb" : ""; print at[1], name unit, $2 }
		name ~ /_dirty$/ && name != "pss_dirty" { dirty[at[1]] += $2 }
		END { for (start in dirty) print start, "dirty_kb", dirty[start] }' "$1" | sort
}

# The same of a table of show
shown_values()
{
	awk 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; next }
		{ sub(/^0+/, "", $1); for (i = 2; i <= NF; i++) print $1, name[i], $i }' "$1" | sort
}

# The values of an smaps that was the same before and after, in all columns that it has
same_values()
{
	until
		cat "/proc/$target/smaps" >smaps
		columns=$(smaps_values smaps | awk '{ print $2 }' | sort -u | tr '\n' ,)
		"$tool" show -q --raw -o "start,${columns%,}" "$target" >table || return 1
		cmp -s smaps "/proc/$target/smaps"
	do
		:
	done
	smaps_values smaps >want
	shown_values table >got
	[ -s want ] && equal want got
}

# Flags and page sizes that smaps has are those of the module. From 6.11 on, smaps has a name for lf.
flags()
{
	"$tool" show -q --raw -x -o start,page_kb,flags "$target" | sed 's/\<lf\>/??/' |
		while read -r start page flags; do
			echo "$start $page $(echo "$flags" | tr , '\n' | sort -u | tr '\n' ,)"
		done
}

rollup()
{
	awk '{ v[$1] = $2 }
		END { printf "Rss %d kB, Pss %d kB, Dirty %d kB, Swap %d kB\n", v["Rss:"], v["Pss:"],
			v["Shared_Dirty:"] + v["Private_Dirty:"], v["Swap:"] }' \
		"/proc/$target/smaps_rollup"
}

# khugepaged can make a huge page of some pages meanwhile.
totals()
{
	rollup >want
	while
		"$tool" show -x "$target" 2>err | tail -n 1 >got
		rollup >after
		! cmp -s want after
	do
		mv after want
	done
	equal want got && grep -q "reading /proc/$target/smaps took" err
}

# In smaps, the first VMA has other permissions, the second another file, and the third is missing.
changed()
{
	awk '/^[0-9a-f]+-/ { nr++ }
		/^[0-9a-f]+-/ && nr == 1 { $2 = $2 == "---p" ? "r--p" : "---p" }
		/^[0-9a-f]+-/ && nr == 2 { $5 = $5 + 1 }
		nr != 3' "/proc/$target/smaps" >other
	vmas=$(grep -c '^[0-9a-f]*-' "/proc/$target/smaps")
	must mount --bind other "/proc/$target/smaps"
	"$tool" show --raw --noheadings -o nr,rss_kb,flags "$target" >got 2>err
	umount "/proc/$target/smaps"
	cat err
	grep -q "3 of $vmas VMAs changed meanwhile" err &&
		[ "$(awk '$2 == "?" && $3 != "?" { print $1 }' got | tr '\n' ' ')" = "1 2 3 " ] &&
		[ "$(wc -l <got)" = "$vmas" ]
}

begin
[ -x "$tool" ] || skip_all "the program vmainfo is not here"
pages=/proc/sys/vm/nr_hugepages
[ ! -w "$pages" ] || echo 8 >"$pages"
must vmainfo_load
must mount_at "$TMP/files" -t tmpfs tmpfs
must start "$HERE/mappings" "$TMP/files"
cd "$TMP" || exit
result "-X: same values as smaps" same_values
result "-x: totals of smaps_rollup, and a note" totals
result "VMAs that changed meanwhile have no values" changed
flags >flags.module
must rmmod vmainfo
result "without the module: -X: same values as smaps" same_values
flags >flags.smaps
result "without the module: flags and page sizes of smaps" equal flags.module flags.smaps
stop_all
cd /
finish
