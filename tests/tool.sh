#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The program vmainfo with the module: what it prints is what the module's entries and procfs say,
# it sees what a process does, and without the module it goes on with /proc/PID/maps. What
# needs no module is tested in tools/tests.

. "$(dirname "$0")/lib.sh"
tool=$HERE/vmainfo
page=100000000000-100000001000		# the one of steps.c
nobody=2147483647			# is more than any pid

same_as_maps()
{
	"$tool" show --maps "$@" >shown && cmp shown before && return
	diff shown before | head -n 20
	return 1
}

# The kernel's order of its flags is that of vmas, and not that of raw; it has a name for the one
# of MLOCK_ONFAULT from 6.11 on.
sorted_flags()
{
	awk -F'|' -v OFS='|' '{
		sub(/lf/, "??", $13)
		n = split($13, flags, ",")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && flags[j - 1] > flags[j]; j--) {
				flag = flags[j]
				flags[j] = flags[j - 1]
				flags[j - 1] = flag
			}
		$13 = flags[1]
		for (i = 2; i <= n; i++)
			$13 = $13 "," flags[i]
		print
	}'
}

# What vmas has, but for the names, as CSV with | for the comma
fields_of_vmas()
{
	awk 'function hex(x) { sub(/^0+/, "", x); return "0x" (x == "" ? "0" : x) }
		/^#/ { next }
		{
			$2 = hex($2); $3 = hex($3); $6 = hex($6)
			if ($11 == "-") $11 = "n"
			line = $1
			for (i = 2; i <= 14; i++)
				line = line "|" (i != 13 && $i == "-" ? "" : $i)
			sub(/^-/, "", line)
			print line
		}' vmas | sorted_flags
}

# A line that does not begin as a record goes on with a name.
fields_of_csv()
{
	awk '/^[0-9]*,0x[0-9a-f]+,0x/ {
			flags = $0
			for (i = 1; i <= 12; i++) {
				comma = index(flags, ",")
				printf "%s|", substr(flags, 1, comma - 1)
				flags = substr(flags, comma + 1)
			}
			if (flags ~ /^"/) {
				end = index(substr(flags, 2), "\"")
				ops = substr(flags, end + 3)
				flags = substr(flags, 2, end - 1)
			} else {
				end = index(flags, ",")
				ops = substr(flags, end + 1)
				flags = substr(flags, 1, end - 1)
			}
			print flags "|" substr(ops, 1, index(ops, ",") - 1)
		}' csv | sorted_flags
}

csv_is_vmas()
{
	"$tool" show --csv "$target" >csv && fields_of_vmas >want && fields_of_csv >got &&
		cmp want got && return
	diff want got | head -n 20
	return 1
}

# Whether it is JSON, tools/tests tells, for any listing: here, that it has these records.
json_is_vmas()
{
	"$tool" show --json "$target" >json || return 1
	sed -n '1s/^# pid=\([0-9]*\) vmas=\([0-9]*\) .*/\1 module \2/p' vmas >want
	sed -n '1s/^{"pid":\([0-9]*\),"source":"\([a-z]*\)",.*"vmas":\([0-9]*\),.*/\1 \2 \3/p' json >got
	fields_of_vmas | awk -F'|' '{ print $2, $3, $4, $5, $6, $7, $8, $9 }' >>want
	sed -n 's/^{"nr":.*"start":"\([^"]*\)","end":"\([^"]*\)","size_kb":\([0-9]*\),"perm":"\([^"]*\)","offset":"\([^"]*\)","dev":"\([^"]*\)","inode":"\([^"]*\)","kind":"\([^"]*\)".*}[,]*$/\1 \2 \3 \4 \5 \6 \7 \8/p' json >>got
	cmp want got && [ "$(tail -n 1 json)" = "]}" ] && return
	diff want got | head -n 20
	return 1
}

# filtered CONDITION OPTION: the VMAs that this option leaves are those that awk finds in vmas
filtered()
{
	awk "!/^#/ && ($1) { print "'$2 }' vmas | sed 's/^0*//' >want
	"$tool" show --maps "$2" "$target" | sed 's/-.*//; s/^0*//' >got
	[ -s want ] && cmp want got && return
	diff want got | head -n 20
	return 1
}

several()
{
	"$tool" show --json "$target" 1 >json &&
		[ "$(sed -n 's/^{"pid":\([0-9]*\),"source":"module",.*/\1/p' json)" = "$target
1" ]
}

# Its records are those of raw; only when they were taken is something else.
save_is_raw()
{
	"$tool" save "$target" saved && (exec 3<>/proc/vmainfo/raw && echo "$target" >&3 && cat <&3) |
		tail -c +49 >raw && tail -c +49 saved | cmp - raw &&
		"$tool" show --maps --from=saved | cmp - before
}

# exits STATUS MESSAGE COMMAND...
exits()
{
	want=$1 message=$2 got=0
	shift 2
	"$@" >out 2>err || got=$?
	[ "$got" = "$want" ] && grep -qF -e "$message" err && return
	echo "status $got"
	cat err
	return 1
}

# differ EXPECTED A B: all that diff says of two files, "" for nothing
differ()
{
	got=$("$tool" diff -q "$2" "$3") && status=0 || status=$?
	[ "$got" = "$1" ] && [ "$status" = $((${#1} > 0)) ] && return
	printf 'status %s: %s\n' "$status" "$got"
	return 1
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

# looks N: waits until it has looked N times more. It sleeps after each look.
looks()
{
	enough=$(($(switches "$watch") + $1))
	while [ "$(switches "$watch")" -lt $enough ]; do
		:
	done
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
	for-nothing) [ "$before" = "$after" ] ;;
	*) [ "$before" -lt "$after" ] ;;
	esac && return
	echo "it has read $before bytes, and later $after"
	return 1
}

execs()
{
	step x || return
	looks 5
	tail -n +$((lines + 1)) "$TMP/watch" >"$TMP/new"
	cat "$TMP/new"
	# What the old program had is not said to have gone.
	[ "$(grep -cx "exec  *exe: [0-9]* VMAs, [0-9]* kB" "$TMP/new")" = 1 ] && ! grep -q "$page" "$TMP/new"
}

exits_too()
{
	kill -9 "$target"
	wait "$watch" || return 1
	[ "$(tail -n 1 "$TMP/watch")" = "process $target has exited" ] && return
	cat "$TMP/watch"
	return 1
}

# Nobody reads what it prints: it ends, though it has nothing to print.
closed_pipe()
{
	got=$( (set +e; timeout 600 "$tool" watch -q "$target"; echo $? >"$TMP/status") | : )
	[ -z "$got" ] && [ "$(cat "$TMP/status")" = 141 ]
}

# All that was open says EIO from then on.
module_goes()
{
	vmainfo_unload && ! wait "$watch" &&
		grep -qx "vmainfo: process $target: Input/output error" "$TMP/watch.err" && return
	cat "$TMP/watch.err"
	return 1
}

counted()
{
	"$tool" watch -c 2 -n .001 "$target" 2>"$TMP/watch.err" | cmp - /dev/null &&
		grep -q "^vmainfo: process $target, steps: [0-9]* VMAs, [0-9]* kB$" "$TMP/watch.err"
}

# kinds FILE: start, kind and name of each VMA that show can know the kind of without the module:
# the initial root file system can be a tmpfs or not, and what has no file and no name is anonymous
# memory
kinds()
{
	"$tool" show -q --csv "$target" >csv || return 1
	awk -F, -v dev="$root_dev" '/^[0-9]*,0x[0-9a-f]+,0x/ && $7 != dev {
		print $2, $9, $7
	}' csv >"$1"
}

same_kinds()
{
	cmp kinds.module kinds.maps && grep -q shmem kinds.maps && return
	diff kinds.module kinds.maps
	return 1
}

steps()
{
	rm -f "$TMP/steps"
	mkfifo "$TMP/steps"
	start "$HERE/steps" "$TMP/steps" || ktap_exit_fail_msg "no process that changes"
	exec 5<>"$TMP/steps"
}

[ -x "$tool" ] || skip_all "the program vmainfo is not here"
begin
pages=/proc/sys/vm/nr_hugepages
[ ! -w "$pages" ] || echo 8 >"$pages"
vmainfo_load || ktap_exit_fail_msg "vmainfo does not load"

# all kinds of mappings, with strange names
mkdir "$TMP/files"
mount_at -t ramfs ramfs "$TMP/files" || ktap_exit_fail_msg "no ramfs to put files on"
start "$HERE/mappings" "$TMP/files" || ktap_exit_fail_msg "no process with all kinds of mappings"
echo "$target" >/sys/module/vmainfo/parameters/pid
look "$target" || ktap_exit_fail_msg "what vmainfo says cannot be read"
result "show --maps" same_as_maps "$target"
result "show --maps: the process that the parameter names" same_as_maps
echo 0 >/sys/module/vmainfo/parameters/pid
result "show --csv" csv_is_vmas
result "show --json" json_is_vmas
result "show --kind" filtered '$9 == "shmem"' --kind=shmem
result "show --perm" filtered '$5 ~ /^.w.s/' --perm=?w?s
result "show: by its name" same_as_maps mappings
result "show: several processes" several
result "show: not one of several" exits 1 "vmainfo: process $nobody: No such process" \
	"$tool" show "$target" $nobody
result "save" save_is_raw
result "diff: with itself" differ "" saved "$target"
"$tool" show --maps "$target" >copy
result "diff: with its maps" differ "" saved copy
result "show: no such process" exits 1 "vmainfo: process $nobody: No such process" \
	"$tool" show $nobody
result "diff: no such process" exits 2 "vmainfo: process $nobody: No such process" \
	"$tool" diff saved $nobody
result "save: no such directory" exits 1 "No such file or directory" "$tool" save "$target" none/file
result "show: a kernel thread has none" sh -c '"$0" show 2 | grep -qx "0 VMAs, 0 kB.*"' "$tool"
root_dev=$(awk '/ - rootfs / { split($3, dev, ":"); printf "%02x:%02x", dev[1], dev[2] }' \
	/proc/self/mountinfo)
kinds kinds.module
vmainfo_unload || ktap_exit_fail_msg "vmainfo does not unload"
kinds kinds.maps
result "without the module: show: kinds" same_kinds
vmainfo_load || ktap_exit_fail_msg "vmainfo does not load again"
stop_all

# a process that changes step by step
steps
"$tool" save "$target" old
watches
flags=$(od -An -tu4 -j12 -N4 old)
cost=for-nothing
[ $((flags & 4)) != 0 ] || cost=by-walks		# VMAINFO_SEQ, from Linux 6.4 on
if [ -e "/proc/$watch/io" ]; then
	result "watch: a process that does not change, $cost" unchanged $cost
else
	skip "watch: a process that does not change, $cost" "this kernel does not count what is read"
fi
result "watch: mapped" sees m "mapped    $page     4 K r--p anon"
result "diff: mapped" differ "mapped    $page     4 K r--p anon" old "$target"
result "diff: unmapped" differ "unmapped  $page     4 K r--p anon" "$target" old
"$tool" save "$target" new
result "watch: protected" sees p "protected $page     4 K ---p anon (was r--p)"
result "diff: protected" differ "protected $page     4 K ---p anon (was r--p)" new "$target"
result "watch: unmapped" sees u "unmapped  $page     4 K ---p anon"
result "diff: nothing is left of it" differ "" old "$target"
if [ $cost = for-nothing ]; then
	result "watch: mapped before an exec" sees m "mapped    $page     4 K r--p anon"
	result "watch: an exec" execs
else
	skip "watch: an exec" "this kernel has no sequence of an mm's changes (from 6.4 on)"
fi
result "watch: no complaint" [ "$(wc -l <"$TMP/watch.err")" = 1 ]
result "watch: the end" exits_too
stop_all

steps
result "watch --count" counted
result "watch: a closed pipe" closed_pipe
watches --time
result "watch --time" sees m "20[0-9-]*T[0-9:]*\.[0-9]*[+-][0-9:]* mapped    $page     4 K r--p anon"
result "watch: the module goes" module_goes
stop_all

# without the module
steps
cat "/proc/$target/maps" >before
result "without the module: show" same_as_maps "$target"
result "without the module: show says so" exits 0 "the module is not loaded" "$tool" show "$target"
watches
result "without the module: watch: mapped" sees m "mapped    $page     4 K r--p anon"
result "without the module: watch: protected" sees p "protected $page     4 K ---p anon (was r--p)"
result "without the module: watch: unmapped" sees u "unmapped  $page     4 K ---p anon"
result "without the module: watch says so" grep -q "the module is not loaded" "$TMP/watch.err"
result "without the module: watch: the end" exits_too
result "without the module: no such process" exits 1 "No such process" "$tool" show $nobody
stop_all
cd /
ktap_set_plan $((KTAP_TESTNO - 1))
ktap_finished
