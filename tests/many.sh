#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A process of very many VMAs, and one of as many parts of a file.

. "$(dirname "$0")/lib.sh"
begin
ktap_set_plan 6

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

check_all_vmas on
ktap_finished
