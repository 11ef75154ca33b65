#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The programs of docs/examples/ print what procfs says, and their messages name the problem.

. "$(dirname "$0")/lib.sh"
EX=$HERE/examples

# refuses STATUS MESSAGE COMMAND...: its exit status and all of its stderr
refuses()
{
	expected="$1 $2"
	shift 2
	got=$("$@" 2>&1 >/dev/null)
	got="$? $got"
	[ "$got" = "$expected" ] && return
	printf 'expected: %s\ngot: %s\n' "$expected" "$got"
	return 1
}

# bad_pids NAME ARG...: two test points
bad_pids()
{
	name=$1
	shift
	result "$name: ESRCH message" refuses 1 \
		"$name: cannot read process '$no_process': No such process" "$EX/$name" $no_process "$@"
	result "$name: invalid pid rejected" refuses 1 \
		"$name: cannot read process 'x1': Invalid argument" "$EX/$name" x1 "$@"
}

# What raw has to print, by vmas and by procfs' maps. It prints a ? for each character that
# these escape.
raw_by_procfs()
{
	sed -n '1s/^# pid=\([0-9]*\) vmas=\([0-9]*\) .*/process \1: \2 VMAs/p' vmas
	awk '$2 ~ /^.wx/ {
		range = $1
		sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ */, "")
		gsub(/\\[0-7][0-7][0-7]/, "?")
		print "write+exec", range, $0 == "" ? "-" : $0
	}' before
	vmas_awk '{ n[$col["kind"]]++; kb[$col["kind"]] += $col["kB"] }
	END {
		split("anon file heap stack shmem hugetlb vdso vvar vsyscall dev special", kinds)
		for (i = 1; i in kinds; i++)
			if (kinds[i] in n)
				printf "%-10s %8d VMAs %14.0f kB\n", kinds[i], n[kinds[i]], kb[kinds[i]]
	}' vmas
}

# raw_of WHAT PID: two test points
raw_of()
{
	echo "$2" >/sys/module/vmainfo/parameters/pid
	must look "$2"
	raw_by_procfs >raw.expected
	result "raw: $1: parameter selects process" prints raw.expected "$EX/raw"
	echo 0 >/sys/module/vmainfo/parameters/pid
	result "raw: $1: output matches procfs" prints raw.expected "$EX/raw" "$2"
}

# le NUMBER:BYTES...: little-endian numbers
le()
{
	for field; do
		rest=${field%:*}
		bytes=${field#*:}
		while [ "$bytes" -gt 0 ]; do
			printf '%b' "\\0$(printf %o $((rest & 255)))"
			rest=$((rest >> 8))
			bytes=$((bytes - 1))
		done
	done
}

zeros()
{
	head -c "$1" /dev/zero
}

# header MAGIC VERSION MORE: struct vmainfo_header with MORE bytes at its end: an atomic walk of
# process 77, 2 VMAs
header()
{
	le $((48 + $3)):4 "$1:4" "$2:4" 1:4 77:4 2:4
	zeros $((24 + $3))
}

# record KIND FLAGS NAME MORE: struct vmainfo_record with MORE bytes at its end
record()
{
	next=$(((64 + $4 + ${#3} + 1 + 7) & ~7))
	le $((64 + $4)):2 "$1:1" 0:1 $next:4 $((0x7f0000000000)):8 $((0x7f0000003000)):8
	le 0:8 0:8 "$2:8" 0:8 $((${#3} + 1)):4 0:4
	zeros "$4"
	printf %s "$3"
	zeros $((next - 64 - $4 - ${#3}))
}

# instead WHAT COMMAND...: a test point with the file $TMP/fake in the place of raw
instead()
{
	must mount --bind "$TMP/fake" /proc/vmainfo/raw
	result "$@"
	must umount /proc/vmainfo/raw
}

# Each VMA in "before" is looked up by its last address, all at once. Some names are omitted: a
# line of maps does not determine them, or they exceed the PATH_MAX bytes of the ioctl.
queries()
{
	set --
	grep -v -e 'two spaces ' -e 'back\\slash' -e '/tab' before >exact
	while read -r range perm offset _ _ name; do
		if [ ${#name} -gt 4000 ] || [ "$name" = "[vsyscall]" ]; then
			continue
		fi
		to=$((0x${range#*-} - 1 - 0x${range%-*} + 0x$offset))
		at=$(printf %x $((0x${range#*-} - 1)))
		set -- "$@" "$at"
		id=-
		[ "$name" != "$HERE/mappings" ] || id=$build_id
		name=$(printf '%s\n' "$name" | sed 's/\\[0-7][0-7][0-7]/?/g')
		echo "$at $range $perm $offset $id ${name:--}${name:+$(printf +0x%x $to)}"
	done <exact >query.expected
	for needed in heap stack "$build_id $HERE/mappings+0x" " -$" "(deleted)+0x" "new?line?+0x"; do
		grep -q -e "$needed" query.expected || { echo "nothing with $needed"; return 1; }
	done
	prints query.expected "$EX/query" "$target" "$@"
}

# The end of the first VMA that is followed by a gap
gap()
{
	awk '{ split($1, a, "-") } NR > 1 && a[1] != end { exit } { end = a[2] }
		END { sub(/^0*/, "", end); print end }' before
}

# After an unmapped address the others are still looked up.
query_gap()
{
	got=$("$EX/query" "$target" "$gap" "$first" 2>"$TMP/err")
	[ $? = 1 ] && [ "$(cat "$TMP/err")" = "query: $gap: nothing is mapped there" ] &&
		[ "${got%% *}" = "$first" ] && return
	cat "$TMP/err"
	echo "$got"
	return 1
}

# says PATTERN: watch has printed a new last line
says()
{
	if [ "$(wc -l <"$TMP/watch")" -gt "$lines" ] && tail -n 1 "$TMP/watch" | grep -q "$1"; then
		return
	fi
	cat "$TMP/watch" "$TMP/watch.err"
	return 1
}

# changed STEP PATTERN: watch prints that after a step of the target. It may also have looked
# during the step. After five more looks it has printed everything.
changed()
{
	step "$1" || return
	looks 5
	says "^[0-9]*\.[0-9][0-9][0-9]: $2" || return 1
	lines=$(wc -l <"$TMP/watch")
}

unchanged()
{
	looks 20
	[ "$(wc -l <"$TMP/watch")" = "$lines" ] && return
	cat "$TMP/watch"
	return 1
}

watch_ends()
{
	kill -9 "$target" && wait "$watch" && says "^it has exited$"
}

begin

build_id=0123456789abcdeffedcba987654321001234567	# see the Makefile
no_process=2147483647	# above any pid

result "raw: fails without the module" refuses 1 \
	"raw: cannot open /proc/vmainfo/raw: No such file or directory" "$EX/raw"
result "query: fails without the module" refuses 1 \
	"query: cannot open /proc/vmainfo/maps: No such file or directory" "$EX/query" 1 1000
result "watch: fails without the module" refuses 1 \
	"watch: cannot open /proc/vmainfo/raw: No such file or directory" "$EX/watch" 1

must vmainfo_load
bad_pids raw
bad_pids query 1000
bad_pids watch
result "raw: too many arguments rejected" refuses 2 "raw: usage: raw [PID]" "$EX/raw" 1 2
result "query: too few arguments rejected" refuses 2 "query: usage: query PID ADDRESS..." "$EX/query" 1
result "watch: zero interval rejected" refuses 2 "watch: usage: watch PID [MILLISECONDS]" "$EX/watch" 1 0

# all kinds of mappings, with strange names
must mount_at "$TMP/files" -t ramfs ramfs
must start "$HERE/mappings" "$TMP/files"
raw_of "all kinds of mappings" "$target"
result "raw: all kinds of mappings: rwx VMA listed" grep -q '^write+exec .* -$' "$TMP/out"

result "query: every mapping found" queries
gap=$(gap)
first=$(sed -n '1s/-.*//p' before)
result "query: gap reported, other addresses found" query_gap
result "query: invalid address rejected" refuses 1 "query: invalid address: '12x'" "$EX/query" "$target" 12x

# A newer ABI, and files in another format
{
	header 0x616d7621 1 16
	record 1 6 "$(zeros 70000 | tr '\0' x)" 8
	record 11 4 "" 24
} >"$TMP/fake"
{
	echo "process 77: 2 VMAs"
	echo "write+exec 7f0000000000-7f0000003000 $(zeros 70000 | tr '\0' x)"
	printf '%-10s %8d VMAs %14d kB\n' file 1 12 "(new)" 1 12
} >raw.expected
instead "raw: larger structures, unknown kind and long name accepted" \
	prints raw.expected "$EX/raw"
truncate -s 70200 "$TMP/fake"
instead "raw: truncated file rejected" refuses 1 "raw: /proc/vmainfo/raw ends too early" \
	"$EX/raw"
header 0x616d7622 1 0 >"$TMP/fake"
instead "raw: wrong magic rejected" refuses 1 "raw: /proc/vmainfo/raw is not what vmainfo.h describes" \
	"$EX/raw"
: >"$TMP/fake"
instead "raw: empty file rejected" refuses 1 "raw: /proc/vmainfo/raw is not what vmainfo.h describes" "$EX/raw"
header 0x616d7621 2 0 >"$TMP/fake"
instead "raw: unknown version rejected" refuses 1 \
	"raw: /proc/vmainfo/raw has version 2, 1 is known" "$EX/raw"
stop_all

# all processes
must mount_at "$TMP/more_files" -t ramfs ramfs
must start "$HERE/mappings" "$TMP/more_files"
# executable mappings of files, not of devices, huge pages, the kernel, and System V memory
executables_by_procfs()
{
	sed 's/\\012/?/g' "/proc/$target/maps" | awk -v pid="$target" '$2 ~ /^..x/ && $6 ~ "^/" &&
		$6 !~ "^/(dev|SYSV|anon_hugepage)" {
			range = $1
			offset = $3
			sub(/^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ */, "")
			print pid, range, offset, $0
		}' >executables.expected
	"$EX/executables" >executables &&
		sed -n "s/^\($target [^ ]* [^ ]*\) [^ ]* /\1 /p" executables | cmp - executables.expected
}
result "executables: same mappings as procfs" executables_by_procfs
id=0123456789abcdeffedcba987654321001234567	# of mappings: see the Makefile
result "executables: build ID printed" grep -q "^$target .* $id $HERE/mappings$" executables
result "executables: other processes listed" grep -qv "^$target " executables
stop_all

# a process that changes step by step
mkfifo "$TMP/steps"
must start "$HERE/steps" "$TMP/steps"
exec 5<>"$TMP/steps"
raw_of "rwx file mapping" "$target"
result "raw: rwx file mapping: name printed" \
	grep -q "^write+exec [0-9a-f]*-[0-9a-f]* $HERE/steps$" "$TMP/out"

vmas=$(sed -n '1s/.* vmas=\([0-9]*\) .*/\1/p' vmas)
: >"$TMP/watch"
lines=0
"$EX/watch" "$target" 10 >"$TMP/watch" 2>"$TMP/watch.err" &
watch=$!
TARGETS="$TARGETS $watch"
result "watch: initial count printed" changed "" "$vmas VMAs, "
result "watch: silent without changes" unchanged
result "watch: mmap counted" changed m "$((vmas + 1)) VMAs, "
flags=$(exec 3<>/proc/vmainfo/raw && echo "$target" >&3 && cat <&3 | od -An -tu4 -j12 -N4)
exec_id=$(sed -n '$s/.* //p' "$TMP/watch")
if [ $((flags & 4)) != 0 ]; then	# VMAINFO_SEQ
	result "watch: mprotect noticed" changed p "$((vmas + 1)) VMAs, .* exec $exec_id$"
	result "watch: munmap counted" changed u "$vmas VMAs, .* exec $exec_id$"
	result "watch: no warnings" [ ! -s "$TMP/watch.err" ]
else
	why="this kernel has no sequence of an mm's changes (from 6.4 on)"
	skip "watch: mprotect noticed" "$why"
	result "watch: munmap counted" changed u "$vmas VMAs, sequence 0, exec $exec_id$"
	result "watch: missing sequence reported" grep -qx \
		"watch: no sequence: changes that keep the number of VMAs are not seen" "$TMP/watch.err"
fi
result "watch: exec noticed" changed x "$vmas VMAs, .* exec $((exec_id + 1))$"
result "watch: exit reported" watch_ends

cd /
finish
