#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Loads the module for one process after the other, and compares its output with procfs:
# maps byte by byte, and vmas field by field with maps, smaps and numa_maps.

. "$(dirname "$0")/lib.sh"
begin

compare "own shell" $$

compare "init" 1

must start "$HERE/threads"
compare "dynamic program with threads" "$target"
for task in /proc/"$target"/task/*; do
	thread=${task##*/}
done
result "dynamic program has threads" [ "$thread" != "$target" ]
# A thread that is not the leader has the same address space.
compare "thread id" "$thread"

must start "$HERE/mapfiles" "$HERE/fields"
compare "static program" "$target"

if [ "$(cat /proc/2/comm)" = kthreadd ]; then
	compare "kernel thread" 2
	result "kernel thread: no VMAs" grep -q '^# pid=2 vmas=0 ' "$TMP/look/vmas"
else
	skip_compare "kernel thread" "process 2 is not kthreadd: this is a container" "no VMAs"
fi

must start "$HERE/zombie"
compare "zombie" "$ready"

finish
