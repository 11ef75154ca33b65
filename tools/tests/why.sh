#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo why: captures that look like processes of known reports (why.py). The answer names the
# cause first.

. "$(dirname "$0")/lib.sh"
begin
export LC_ALL=C.UTF-8

check guards "guard pages named"
check decommitted "decommitted memory named"
check advised "advice on huge pages named"
check joined "memory that was touched separately named"
check forked "memory that fork() shares named"
check deleted "deleted files named"
check stacks "three kinds that alternate"
check noise "few other VMAs do not hide what alternates"
check scattered "VMAs without neighbours counted"
check rules "each rule has a text"
check flags "each flag has its system call"
check names "variable parts of names folded"
check lines "at most 25 lines; --all prints all"
check capture "capture of a guest: sums"
check maps "maps and old captures: reasons that are missing"
check forms "forms of maps, and errors: as show"
check hostile "control characters escaped"
check group "show --group: first table alone"
check added "diff --group: what was added"
for what in alternating sizes names words extensions pairs maps; do
	result "1,048,576 VMAs, $what: less time than show, bounded memory" \
		python3 "$HERE/why.py" many "$what"
done
result "missing process: ESRCH message" fails 1 "No such process" vmainfo why 2147483647
result "no operand rejected" fails 1 "missing operand: a process, or --from" vmainfo why
result "process and --from rejected" fails 1 "exclude each other" vmainfo why 1 --from=x
result "two processes rejected" fails 1 "extra operand '2'" vmainfo why 1 2
result "missing file: ENOENT message" fails 1 "cannot open '$TMP/none'" vmainfo why --from="$TMP/none"

finish
