#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo check: its line and its exit status, for a file in the place of the module's procs.

. "$(dirname "$0")/lib.sh"
begin

max=$(cat /proc/sys/vm/max_map_count)

# set_levels WARN CRITICAL: in thousandths of the limit
set_levels()
{
	warn=$((max * $1 / 1000))
	critical=$((max * $2 / 1000))
}

# procs "PID VMAS COMM"...: these processes
procs()
{
	echo '#    pid     vmas total_kB data_kB stack_kB exec_kB locked_kB pinned_kB rss_anon_kB rss_file_kB rss_shmem_kB swap_kB comm'
	for process; do
		rest=${process#* }
		printf '%s\n' "${process%% *} ${rest%% *} 1 2 3 4 5 6 7 8 9 10 ${rest#* }"
	done
}

# says STATUS LINE [OPTION...]: what the check of $TMP/procs prints. Process 30 has the name in
# $TMP/comm, for --name.
says()
{
	want=$1 line=$2
	shift 2
	got=0
	# shellcheck disable=SC2016 # expanded by that shell
	with_procs "$TMP/procs" sh -c 'mkdir /proc/30 && cp "$TMP/comm" /proc/30/ && exec "$@"' sh \
		vmainfo check "$@" >"$TMP/out" 2>"$TMP/err" || got=$?
	cat "$TMP/out" "$TMP/err"
	[ "$got" = "$want" ] || { echo "status $got, not $want"; return 1; }
	[ ! -s "$TMP/err" ] && printf '%s\n' "$line" | equal - "$TMP/out"
}

# percent VMAS: of the limit
percent()
{
	awk -v vmas="$1" -v max="$max" 'BEGIN { printf "%.1f", 100 * vmas / max }'
}

# line WORD VMAS COMM MORE OVER: with process 20
line()
{
	printf '%s\n' "VMAS $1 - $3 (pid 20) has $2 of $max VMAs ($(percent "$2") %)$4 | 'vmas'=$2;$warn;$critical;0;$max 'over'=$5;;;0"
}

states()
{
	procs "10 5 init" "20 $warn java" "30 6 a b" >"$TMP/procs"
	says 0 "$(line OK "$warn" java "" 0)" || return
	procs "10 5 init" "20 $((warn + 1)) java" "30 6 a b" >"$TMP/procs"
	says 1 "$(line WARNING $((warn + 1)) java "" 1)" || return
	procs "10 $critical init" "20 $((critical + 1)) java" "30 $((warn + 1)) a b" >"$TMP/procs"
	says 2 "$(line CRITICAL $((critical + 1)) java ", 2 more above 85 %" 3)" || return
	procs "10 5 init" "20 $critical java" >"$TMP/procs"
	says 1 "$(line WARNING "$critical" java "" 1)"
}

# With the levels of another limit than the default
levels()
{
	set_levels 125 250
	procs "20 $((warn + 1)) java" >"$TMP/procs"
	says 1 "$(line WARNING $((warn + 1)) java "" 1)" --warn=12.5 --critical=25 || return
	says 1 "$(line WARNING $((warn + 1)) java "" 1)" -w 12.5 -c 25 || return
	warn=$critical
	procs "20 $critical java" >"$TMP/procs"
	says 0 "$(line OK "$critical" java "" 0)" --warn=25 --critical=25
}

# The nearest one has another name.
named()
{
	procs "10 $((critical + 1)) init" "20 $((critical + 2)) java" "30 7 a b" >"$TMP/procs"
	ok="VMAS OK - a b (pid 30) has 7 of $max VMAs ($(percent 7) %) | 'vmas'=7;$warn;$critical;0;$max 'over'=0;;;0"
	says 0 "$ok" --name="a b" && says 0 "$ok" -n 30 || return
	says 3 "VMAS UNKNOWN - there is no process 'nothing'" --name=nothing || return
	says 3 "VMAS UNKNOWN - the process has no VMAs" --name=40
}

# A bar would begin the performance data, and a newline end the line.
odd_name()
{
	procs "20 7 a|'b'=1;\\nc" >"$TMP/procs"
	says 0 "$(line OK 7 "a\\x7c'b'=1;\\x0ac" "" 0)"
}

# rejects TEXT [OPTION...]: status 3, with a reason on stdout
rejects()
{
	want=$1
	shift
	got=0
	vmainfo check "$@" >"$TMP/out" 2>"$TMP/err" || got=$?
	cat "$TMP/out" "$TMP/err"
	[ "$got" = 3 ] && [ ! -s "$TMP/err" ] && grep -qF -e "$want" "$TMP/out"
}

echo "a b" >"$TMP/comm"
set_levels 850 950
as_root "OK, WARNING and CRITICAL" states
as_root "--warn and --critical" levels
set_levels 850 950
as_root "--name" named
as_root "name of any bytes keeps the line" odd_name
result "no module: UNKNOWN" rejects "VMAS UNKNOWN - the module is not loaded (modprobe vmainfo)"
for option in "--warn=101" "--critical=x" "--warn=96" "--no-such" "java"; do
	result "$option: UNKNOWN" rejects "Try \`vmainfo check --help'" "$option"
done
finish
