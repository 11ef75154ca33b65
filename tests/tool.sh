#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The program vmainfo with the module: what it prints is what the module's entries and procfs say,
# it sees what a process does, and without the module it goes on with /proc/PID/maps. What
# needs no module is tested in tools/tests.

. "$(dirname "$0")/lib.sh"
tool=$HERE/vmainfo
nobody=2147483647			# is more than any pid

# A line for each value in a table but for the names, whose forms differ. vmas has the flags in
# another order, and from 6.11 on the kernel has a name for the one of MLOCK_ONFAULT.
values()
{
	awk 'NR == 1 { names = NF }
		NR > 1 {
			for (i = 1; i < names; i++) {
				n = split($i, value, ",")
				for (j = 1; j <= n; j++)
					print NR, i, value[j] == "lf" ? "??" : value[j]
			}
		}' | sort
}

# tools/tests checks that all formats have the same.
raw_is_vmas()
{
	sed '1d; 2s/^#//' vmas | values >want
	"$tool" show --raw --long "$target" | values >got
	[ -s want ] && equal want got
}

# Copies maps as a 64-bit kernel prints it, whose names begin further to the right.
as_64_bits()
{
	read -r address _ </proc/kallsyms
	if [ ${#address} = 16 ]; then
		cat "$1"
	else
		awk '{
			match($0, /^[^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /)
			name = substr($0, RLENGTH + 1)
			sub(/^ +/, "", name)
			printf name == "" ? "%s%s\n" : "%-73s%s\n", substr($0, 1, RLENGTH), name
		}' "$1"
	fi
}

# Its records are those of raw; only when they were taken is something else.
save_is_raw()
{
	"$tool" save "$target" saved && (exec 3<>/proc/vmainfo/raw && echo "$target" >&3 && cat <&3) |
		tail -c +49 >raw && tail -c +49 saved | cmp - raw &&
		"$tool" show --maps --from=saved | cmp - printed
}

# ---- watch ----

# watches OPTION...: begins to, and goes on when it has looked once
watches()
{
	: >"$TMP/watch"
	: >"$TMP/watch.err"
	"$tool" watch --interval=0.01 "$@" "$target" >"$TMP/watch" 2>"$TMP/watch.err" &
	watch=$!
	TARGETS="$TARGETS $watch"
	until grep -q "process $target, " "$TMP/watch.err"; do
		[ -e "/proc/$watch/stat" ] || return 1
	done
	lines=0
}

# How many bytes it has read: a walk is a read.
bytes_read()
{
	sed -n 's/^rchar: //p' "/proc/$watch/io"
}

# sees STEP LINE: after that step of the target it says this, and nothing else
sees()
{
	step "$1" || return
	looks 5
	tail -n +$((lines + 1)) "$TMP/watch" >"$TMP/new"
	lines=$(wc -l <"$TMP/watch")
	grep -qx "$2" "$TMP/new" && [ "$(wc -l <"$TMP/new")" = 1 ] && return
	cat "$TMP/new" "$TMP/watch.err"
	return 1
}

unchanged()
{
	looks 3
	before=$(bytes_read)
	looks 20
	after=$(bytes_read)
	[ "$(wc -l <"$TMP/watch")" = "$lines" ] || { cat "$TMP/watch"; return 1; }
	case $1 in
	nothing) [ "$before" = "$after" ] ;;
	*) [ "$before" -lt "$after" ] ;;
	esac && return
	echo "it has read $before bytes, and later $after"
	return 1
}

# execs LINE: it says this once
execs()
{
	step x || return
	looks 5
	tail -n +$((lines + 1)) "$TMP/watch" >"$TMP/new"
	cat "$TMP/new"
	# The VMAs of the old program are not reported as unmapped. On some machines, the address
	# of the new stack begins with the same digits.
	[ "$(grep -cx "$1" "$TMP/new")" = 1 ] && ! grep -qwE "(0x)?${at%-*}" "$TMP/new"
}

# exits_too [LINE]: this is the last line
exits_too()
{
	kill -9 "$target"
	wait "$watch" || return 1
	tail -n 1 "$TMP/watch" | grep -qx "${1:-process $target has exited}" && return
	cat "$TMP/watch"
	return 1
}

# All that was open says EIO from then on.
module_goes()
{
	rmmod vmainfo && ! wait "$watch" &&
		grep -qx "vmainfo: process $target: Input/output error" "$TMP/watch.err" && return
	cat "$TMP/watch.err"
	return 1
}

# kinds FILE: start, kind and name of each VMA whose kind show can derive without the module:
# the initial root file system can be a tmpfs or not, and what has no file and no name is anonymous
# memory
kinds()
{
	"$tool" show -q --raw -o start,kind,dev "$target" >raw || return 1
	grep -v " $root_dev\$" raw >"$1"
}

same_kinds()
{
	grep -q shmem kinds.maps && equal kinds.module kinds.maps
}

steps()
{
	rm -f "$TMP/steps"
	mkfifo "$TMP/steps"
	must start "$HERE/steps" "$TMP/steps"
	exec 5<>"$TMP/steps"
	# The page that it maps, and its size
	at=${ready% *} kb=${ready#* }
	page=$(printf '%-25s %5s K' "$at" "$kb")
}

begin
[ -x "$tool" ] || skip_all "the program vmainfo is not here"
pages=/proc/sys/vm/nr_hugepages
[ ! -w "$pages" ] || echo 8 >"$pages"
must vmainfo_load

# all kinds of mappings, with strange names
must mount_at "$TMP/files" -t ramfs ramfs
must start "$HERE/mappings" "$TMP/files"
echo "$target" >/sys/module/vmainfo/parameters/pid
must look "$target"
as_64_bits before >printed
result "show --maps: same as procfs" prints printed "$tool" show --maps "$target"
result "show --maps: parameter selects process" prints printed "$tool" show --maps
echo 0 >/sys/module/vmainfo/parameters/pid
result "show --raw: same as vmas" raw_is_vmas
result "show PID PID: missing process named" fails 1 "vmainfo: process $nobody: No such process" \
	"$tool" show "$target" $nobody
result "save: same as raw" save_is_raw
result "diff: no changes against its own save" "$tool" diff saved "$target"
result "diff: ESRCH message" fails 2 "vmainfo: process $nobody: No such process" \
	"$tool" diff saved $nobody
result "show: kernel thread has 0 VMAs" sh -c '"$0" show 2 | grep -qx "0 VMAs, 0 kB.*"' "$tool"
root_dev=$(awk '/ - rootfs / { split($3, dev, ":"); printf "%02x:%02x", dev[1], dev[2] }' \
	/proc/self/mountinfo)
kinds kinds.module
must rmmod vmainfo
kinds kinds.maps
result "without the module: show: same kinds" same_kinds
must vmainfo_load
stop_all

# listings that other machines have made
for capture in "$HERE"/machines/*.raw; do
	capture=${capture%.raw}
	result "show: same as on ${capture##*/}" as_captured "$tool" "$capture"
done

# a process that changes step by step
steps
"$tool" save "$target" old
watches
flags=$(od -An -tu4 -j12 -N4 old)
cost=nothing
[ $((flags & 4)) != 0 ] || cost=walks		# VMAINFO_SEQ, from Linux 6.4 on
if [ -e "/proc/$watch/io" ]; then
	result "watch: unchanged process costs $cost" unchanged $cost
else
	skip "watch: unchanged process costs $cost" "this kernel does not count what is read"
fi
result "watch: mmap reported" sees m "mapped    $page r--p anon"
result "watch: mprotect reported" sees p "protected $page ---p anon (was r--p)"
result "watch: munmap reported" sees u "unmapped  $page ---p anon"
if [ $cost = nothing ]; then
	result "watch: mmap before exec reported" sees m "mapped    $page r--p anon"
	result "watch: exec reported once" execs "exec  *exe: [0-9]* VMAs, [0-9]* kB"
else
	skip "watch: exec reported once" "this kernel has no sequence of an mm's changes (CONFIG_PER_VMA_LOCK, from 6.4 on)"
fi
result "watch: no warnings" [ "$(wc -l <"$TMP/watch.err")" = 1 ]
result "watch: exit reported" exits_too
stop_all

steps
watches --json
event="{\"time\":\"20[0-9-]*T[0-9:]*\.[0-9]*[+-][0-9:]*\",\"pid\":$target,\"change\":"
range="\"start\":\"$(printf '0x%x' "0x${at%-*}")\",\"end\":\"$(printf '0x%x' "0x${at#*-}")\",\"size_kb\":$kb"
vma="{$range,\"perm\":\"r--p\",\"kind\":\"anon\",\"name\":null}"
result "watch --json: mmap reported" sees m "$event\"mapped\",$range,\"before\":null,\"after\":$vma}"
result "watch --json: munmap reported" sees u "$event\"unmapped\",$range,\"before\":$vma,\"after\":null}"
if [ $cost = nothing ]; then
	result "watch --json: exec reported once" execs "$event\"exec\",\"comm\":\"exe\",\"vmas\":[0-9]*,\"total_kb\":[0-9]*}"
else
	skip "watch --json: exec reported once" "this kernel has no sequence of an mm's changes (CONFIG_PER_VMA_LOCK, from 6.4 on)"
fi
result "watch --json: exit reported" exits_too "$event\"exited\"}"
stop_all

steps
watches --time
result "watch --time: prefixes the time" sees m "20[0-9-]*T[0-9:]*\.[0-9]*[+-][0-9:]* mapped    $page r--p anon"
result "watch: EIO after rmmod" module_goes
stop_all

# without the module, as far as tools/tests does not prove it
steps
watches
result "without the module: watch: mmap reported" sees m "mapped    $page r--p anon"
result "without the module: watch: mprotect reported" sees p "protected $page ---p anon (was r--p)"
result "without the module: watch: munmap reported" sees u "unmapped  $page ---p anon"
result "without the module: watch: warning" grep -q "the module is not loaded" "$TMP/watch.err"
result "without the module: watch: exit reported" exits_too
stop_all
cd /
finish
