#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo top, without the module: what it prints as a batch, and on a screen.

. "$(dirname "$0")/lib.sh"
begin
export VMAINFO PYTHONDONTWRITEBYTECODE=1

check()
{
	result "$2" python3 "$HERE/top.py" "$1"
}

no_terminal()
{
	fails 1 "this is no terminal: use --batch" "$VMAINFO" top </dev/null
}

no_terminfo()
{
	fails 1 "terminal 'no-such' is not known" \
		env TERM=no-such script -qec "$VMAINFO top 2>&1 >/dev/tty" /dev/null
}

full_disk()
{
	fails 1 "write error" sh -c '"$VMAINFO" top -b -n 1 >/dev/full'
}

# what it costs is said
cost()
{
	"$VMAINFO" top -b -n 1 -l 1 | sed -n 4p |
		grep -xE '(The module is not loaded \(modprobe vmainfo\)|No permission to ask the module): .* took [0-9.]+ ms of CPU(; [0-9]+ cannot be read)?'
}

ktap_set_plan 26
if [ -e /proc/vmainfo/tasks ]; then
	# tool_top.sh tests it with the module.
	ktap_test_skip "cost: the module is loaded"
else
	result "without the module it says what it costs" cost
fi
check batch "batch: a process of known VMAs"
check order "batch: order, and how many lines"
check looks "batch: two looks"
check warn "batch: what stands out"
check names "batch: names that a terminal would obey"
result "batch: a full disk" full_disk
for option in "--delay=-1" "--delay=1e3" "--iterations=0" "--sort=size" "--pid=0" "--pid=1,x" \
	"--warn=101" "--color=red"; do
	result "wrong: $option" fails 1 "Try \`vmainfo top --help'" "$VMAINFO" top -b -n 1 "$option"
done
result "no terminal" no_terminal
check screen "screen: header, table, q"
check keys "screen: keys that sort"
check growth "screen: what has grown since the last look"
check prompts "screen: delay, lines, help"
check delay "screen: looks by itself, and ends after some"
check scroll "screen: scrolling"
check resize "screen: other sizes of the terminal"
check bad_names "screen: names that a terminal would obey"
check signals "screen: signals that end it"
check stop "screen: Ctrl-Z, and on again"
ktap_finished
