#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo top, without the module: what it prints as a batch, and on a screen.

. "$(dirname "$0")/lib.sh"
begin

no_terminal()
{
	fails 1 "not a terminal: use --batch" vmainfo top </dev/null
}

no_terminfo()
{
	fails 1 "unknown or unsuitable terminal: 'no-such'" \
		env TERM=no-such script -qec "$VMAINFO top 2>&1 >/dev/tty" /dev/null
}

# what it costs is said
cost()
{
	vmainfo top -b -n 1 -l 1 | sed -n 4p |
		grep -xE 'The module is not loaded \(modprobe vmainfo\): .* took [0-9.]+ ms of CPU(; [0-9]+ cannot be read)?'
}

result "cost warning without the module" cost
check batch "batch: counts of a known process"
check order "batch: --sort and --lines"
check looks "batch: -n 2 prints two tables"
check warn "batch: processes near the limit highlighted"
check json "--json: a line for each update, with the same counts"
check names "batch: control characters in names escaped"
for option in "--delay=-1" "--delay=1e3" "--iterations=0" "--sort=size" "--pid=0" "--pid=1,x" \
	"--warn=101" "--color=red"; do
	result "$option rejected" fails 1 "Try \`vmainfo top --help'" vmainfo top -b -n 1 "$option"
done
result "no terminal: message" no_terminal
check screen "screen: header, table, q"
check keys "screen: sort keys"
check growth "screen: growth since the last refresh"
check prompts "screen: prompts for delay and lines, help"
check why "screen: why a process has so many VMAs"
check delay "screen: refreshes by itself, ends after -n"
check scroll "screen: scrolling"
check resize "screen: follows the size of the terminal"
check bad_names "screen: control characters in names escaped"
check signals "screen: terminal restored after signals"
check stop "screen: Ctrl-Z and continue"
finish
