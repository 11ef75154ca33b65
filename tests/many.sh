#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A process with very many VMAs: anonymous, of a file, and with names of their own

. "$(dirname "$0")/lib.sh"
begin

# all_listed N PATTERN: maps has N lines of that kind
all_listed()
{
	[ "$(grep -c "$2" "$TMP/look/maps")" = "$1" ]
}

must start "$HERE/many" "$many"
compare "many VMAs" "$target"
result "many VMAs: all listed" \
	vmas_awk '$col["nr"] != "-" { got++ } END { exit got <= n }' n="$many" "$TMP/look/vmas"
stop_all

must start "$HERE/many" "$many" "$TMP/a file"
compare "many file mappings" "$target"
result "many file mappings: all listed" all_listed "$many" "/a file$"
stop_all

# More than the initial capacity for names
names=$((many < 3000 ? many : 3000))
if start "$HERE/many" $names -n; then
	compare "many named VMAs" "$target"
	result "many named VMAs: all listed" all_listed $names '\[anon:[0-9]*\]$'
else
	skip_compare "many named VMAs" "this kernel has no names of anonymous VMAs" "all listed"
fi

finish
