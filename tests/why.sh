#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo why with the module: processes that have many VMAs for one of the reasons that programs
# have them (patterns.c). The answer has to name the cause first.

. "$(dirname "$0")/lib.sh"
tool=$HERE/vmainfo
nr=300
# The program itself can have a few VMAs of the same kind and size.
about_nr='30[0-9]'

# The first line of the table with that heading, with single spaces
first()
{
	awk -v heading="$1" 'found { $1 = $1; print; exit } index($0, heading) == 1 { found = 1 }' "$TMP/why"
}

# names GROUP REASON: patterns of these lines
names()
{
	"$tool" why "$pid" >"$TMP/why" || return
	cat "$TMP/why"
	[ "$(wc -l <"$TMP/why")" -le 25 ] || return
	grep -q "^These are the reasons that" "$TMP/why" && return 1
	first "what they are" | grep -q "^$1" && first "why neighbours" | grep -q "^$2"
}

# pattern NAME GROUP REASON [ARG...]: a test point
pattern()
{
	name=$1 group=$2 reason=$3
	shift 3
	if start "$HERE/patterns" "$name" $nr "$@" 2>"$TMP/said"; then
		pid=$ready
		result "$name: cause named first" names "$group" "$reason"
	elif [ "$name" = hugepages ] && grep -q "madvise: Invalid" "$TMP/said"; then
		skip "$name: cause named first" "this kernel has no huge pages"
	else
		cat "$TMP/said"
		ktap_test_fail "$name: cause named first"
	fi
	stop_all
}

# why and vmas have the same number of pairs that only the rule "flags" keeps apart.
same_pairs()
{
	"$tool" why --json "$pid" >"$TMP/json" || return
	echo "$pid" >/sys/module/vmainfo/parameters/pid
	vmas_awk '$col["nomerge"] == "flags" { n++ } END { print n }' /proc/vmainfo/vmas >"$TMP/pairs"
	sed -n 's/.*{"pairs":\([0-9]*\),"rules":\["flags"\].*/\1/p' "$TMP/json" |
		awk '{ n += $1 } END { print n }' | diff "$TMP/pairs" -
}

begin
vmainfo_load || ktap_exit_fail_msg "vmainfo does not load"
mkdir "$TMP/files"
pattern guards "anon rw-p 8 K each $about_nr .* alternating with the next row" \
	"permissions differ (rw-p, ---p) .* guard pages"
pattern decommit "anon ---p 8 K each $about_nr " "permissions differ (rw-p, ---p) .* guard pages"
pattern hugepages "anon rw-p 4 K each $about_nr .*MADV_.*HUGEPAGE, alternating" \
	"MADV_NOHUGEPAGE and MADV_HUGEPAGE $((2 * nr - 1)) .* madvise()"
pattern joined "anon rw-p 8 K each $about_nr " "different anon_vma $((nr - 1)) .* touched separately"
pattern forked "anon rw-p 4 K each 60[0-9] " "anon_vma shared by fork() $((2 * nr - 1)) "
pattern deleted "[a-z]* r--s .*/_\*_Lucene\*.dvd (deleted), 4 K each $nr " "different files $((nr - 1)) " "$TMP/files"
must start "$HERE/patterns" guards $nr
pid=$ready
result "pairs as in vmas" same_pairs
finish
