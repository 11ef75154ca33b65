#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A process of very many VMAs, one of as many parts of a file, and one of many names.

. "$(dirname "$0")/lib.sh"
begin
ktap_set_plan 9

check_all_vmas off
start "$HERE/many" $many || ktap_exit_fail_msg "no process of $many VMAs"
compare "$many VMAs" "$target"
result "$many VMAs: so many" \
	awk -v n=$many '!/^#/ && $1 != "-" { got++ } END { exit got <= n }' "$TMP/look/vmas"
stop_all

start "$HERE/many" $many "$TMP/a file" || ktap_exit_fail_msg "no process of $many VMAs"
compare "$many parts of a file" "$target"
result "$many parts of a file: so many" \
	awk -v n=$many '/\/a file$/ { got++ } END { exit got != n }' "$TMP/look/maps"

stop_all

# More than fit into what is set aside for names at first.
named="3000 VMAs with names"
if start "$HERE/many" 3000 -n; then
	compare "$named" "$target"
	result "$named: so many" \
		awk '/\[anon:[0-9]+\]$/ { got++ } END { exit got != 3000 }' "$TMP/look/maps"
else
	for what in maps vmas "so many"; do
		skip "$named: $what" "this kernel has no names of anonymous VMAs"
	done
fi

check_all_vmas on
ktap_finished
