#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A process of very many VMAs, one of as many parts of a file, and one of many names.

. "$(dirname "$0")/lib.sh"
begin
ktap_set_plan 9

start "$HERE/many" "$many" || ktap_exit_fail_msg "no process of $many VMAs"
compare "many VMAs" "$target"
result "many VMAs: all listed" \
	vmas_awk '$col["nr"] != "-" { got++ } END { exit got <= n }' n="$many" "$TMP/look/vmas"
stop_all

start "$HERE/many" "$many" "$TMP/a file" || ktap_exit_fail_msg "no process of $many VMAs"
compare "many file mappings" "$target"
result "many file mappings: all listed" \
	awk -v n="$many" '/\/a file$/ { got++ } END { exit got != n }' "$TMP/look/maps"

stop_all

# More than fit into what is set aside for names at first.
names=$((many < 3000 ? many : 3000))
named="many named VMAs"
if start "$HERE/many" $names -n; then
	compare "$named" "$target"
	result "$named: all listed" \
		awk -v n=$names '/\[anon:[0-9]+\]$/ { got++ } END { exit got != n }' "$TMP/look/maps"
else
	for what in "maps same as procfs" "vmas fields match procfs" "all listed"; do
		skip "$named: $what" "this kernel has no names of anonymous VMAs"
	done
fi

ktap_finished
