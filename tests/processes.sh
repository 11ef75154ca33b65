#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loads the module for one process after the other, and compares what it says with
# /proc/PID/maps: maps byte by byte, vmas field by field (with smaps and numa_maps).

. "$(dirname "$0")/lib.sh"
begin
ktap_set_plan 18

compare "own shell" $$

compare "init" 1

# it waits for someone to open the other end
mkfifo "$TMP/never"
start sh -c 'echo ready; read -r line <"$0"' "$TMP/never" ||
	ktap_exit_fail_msg "no shell"
compare "shell" "$target"

start "$HERE/threads" || ktap_exit_fail_msg "no dynamic program with threads"
compare "dynamic program with threads" "$target"
thread=$target
for task in /proc/"$target"/task/*; do
	thread=${task##*/}
done
result "dynamic program has threads" [ "$thread" != "$target" ]
# one that is not the leader has the same address space
compare "thread id" "$thread"

start "$HERE/mapfiles" "$HERE/fields" || ktap_exit_fail_msg "no static program"
compare "static program" "$target"

if [ "$(cat /proc/2/comm)" = kthreadd ]; then
	compare "kernel thread" 2
	result "kernel thread: no VMAs" grep -q '^# pid=2 vmas=0 ' "$TMP/look/vmas"
else
	for what in "maps same as procfs" "vmas fields match procfs" "no VMAs"; do
		skip "kernel thread: $what" "process 2 is not kthreadd: this is a container"
	done
fi

start "$HERE/zombie" || ktap_exit_fail_msg "no zombie"
compare "zombie" "$ready"

ktap_finished
