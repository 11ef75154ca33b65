#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The program's commands top and export, with the module: they agree with /proc/PID/maps, for a
# process of many VMAs and for all. tools/tests has what they do with these counts.

. "$(dirname "$0")/lib.sh"
begin
tool=$HERE/vmainfo
[ -x "$tool" ] || ktap_exit_fail_msg "there is no $tool"

# counts: pid and VMAs of each process that has some, without the gate page
counts()
{
	for dir in /proc/[0-9]*; do
		vmas=$(grep -vc '^ffffffffff600000-' "$dir/maps" 2>/dev/null)
		[ "${vmas:-0}" = 0 ] || echo "${dir#/proc/} $vmas"
	done
}

# rows: pid and VMAs of each process, as top has them
rows()
{
	"$tool" top -b -n 1 >"$TMP/top" || return
	awk 'table { print $1, $2 } $1 == "PID" { table = 1 }' "$TMP/top"
}

# series: the same of export
series()
{
	"$tool" export --threshold=0 --count=100000 >"$TMP/export" || return
	sed -n 's/^vmainfo_process_vmas{pid="\([0-9]*\)",.*} \([0-9]*\)$/\1 \2/p' "$TMP/export"
}

# same_counts COMMAND: it reports every process whose count did not change meanwhile: at least
# init, this shell and the target.
same_counts()
{
	counts >"$TMP/before"
	"$1" >"$TMP/got" || return
	counts | grep -xFf "$TMP/before" >"$TMP/same"
	grep "^$target " "$TMP/same" && [ "$(wc -l <"$TMP/same")" -ge 3 ] &&
		! grep -vxFf "$TMP/got" "$TMP/same"
}

# sizes: the memory and swap of the target in kB: their three columns of procs, and of swap
sizes()
{
	awk -v pid="$target" 'NR == 1 { sub(/^# */, ""); for (i = 1; i <= NF; i++) at[$i] = i }
		$1 == pid { print $at["rss_anon_kB"], $at["rss_file_kB"], $at["rss_shmem_kB"], $at["swap_kB"] }' \
		/proc/vmainfo/procs
}

# The target sleeps: nothing of it changes.
same_sizes()
{
	sizes >"$TMP/sizes" && read -r anon file shmem swap <"$TMP/sizes" || return
	echo "$anon $file $shmem $swap"
	[ "$((anon + file + shmem))" -gt 0 ] || return
	"$tool" top -b -k -n 1 --pid="$target" >"$TMP/top" || return
	awk -v want="$((anon + file + shmem)) $swap" \
		'table { got = $at["RES"] " " $at["SWAP"]; print got; exit got != want }
		$1 == "PID" { table = 1; for (i = 1; i <= NF; i++) at[$i] = i }' "$TMP/top" || return
	series >/dev/null || return
	for size in "resident_anon $anon" "resident_file $file" "resident_shmem $shmem" "swap $swap"; do
		has "vmainfo_process_${size% *}_bytes{pid=\"$target\",comm=\"many\"}" "$((${size#* } * 1024))" || return
	done
}

# has METRIC VALUE: in what export wrote
has()
{
	grep -qxF "$1 $2" "$TMP/export" || { grep "^$1" "$TMP/export"; return 1; }
}

from_module()
{
	"$tool" export >"$TMP/export" 2>"$TMP/stderr" || return
	cat "$TMP/stderr"
	[ ! -s "$TMP/stderr" ] && has vmainfo_module_used 1 &&
		has vmainfo_vmas_limit "$(cat /proc/sys/vm/max_map_count)" || return
	! "$tool" top -b -n 1 | grep maps
}

# The target is the nearest one. The module counts it, so this is not UNKNOWN.
checks()
{
	status=0
	"$tool" check --name=many "$@" >"$TMP/check" || status=$?
	cat "$TMP/check"
	vmas=$(awk -v pid="$target" '$1 == pid { print $2 }' /proc/vmainfo/procs)
	grep -q " - many (pid $target) has $vmas of $(cat /proc/sys/vm/max_map_count) VMAs " "$TMP/check"
}

states()
{
	checks --warn=99 --critical=99 && [ "$status" = 0 ] &&
		checks --warn=0 --critical=99 && [ "$status" = 1 ] &&
		checks --warn=0 --critical=0 && [ "$status" = 2 ]
}

# As a service has it, see tools/contrib/vmainfo-export.service
one_capability()
{
	"$HERE/onlycap" "$1" "$tool" export --quiet >"$TMP/export" || return
	has vmainfo_module_used "$2"
}

must vmainfo_load
must start "$HERE/many" $((many / 2))

result "top: counts match maps" same_counts rows
result "export: counts match maps" same_counts series
result "top, export: memory and swap match procs" same_sizes
result "export: module used" from_module
result "check: the module's count, and the exit status" states
result "export: CAP_SYS_PTRACE is enough" one_capability sys_ptrace 1
result "export: fallback without CAP_SYS_PTRACE" one_capability none 0
stop_all
result "module unloads" rmmod vmainfo
finish
