#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The examples of vmainfo(4) run. Their process 1234 is this shell.

. "$(dirname "$0")/lib.sh"
MAN=$HERE/vmainfo.4
[ -e "$MAN" ] || MAN=$HERE/../docs/man/vmainfo.4

example()
{
	command=$(printf '%s\n' "$1" | sed "s/\<1234\>/$$/g")
	sh -euc "$command" >"$TMP/out" || return
	case $command in
	*">/sys/"*) ;;
	*) [ -s "$TMP/out" ] || { echo "it prints nothing"; return 1; } ;;
	esac
}

begin
must vmainfo_load
awk '/^\.S[sh] / { inside = /EXAMPLES/ } inside' "$MAN" | sed -n 's/^\.Dl //p' >"$TMP/examples"
while read -r command <&3; do
	result "example: $command" example "$command"
	case $command in
	*/vmas*) result "its output is of that process" grep -q "^# pid=$$ " "$TMP/out" ;;
	esac
done 3<"$TMP/examples"
ktap_set_plan $((1 + $(wc -l <"$TMP/examples")))
ktap_finished
