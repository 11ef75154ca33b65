#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo show, save and diff with -x and -X: how much is in memory, by smaps. Files are mounted over
# smaps and smaps_rollup of a process, so that what they say does not change meanwhile.

. "$(dirname "$0")/lib.sh"

# with SMAPS ROLLUP COMMAND...: the process has these files
with()
{
	smaps=$1 rollup=$2
	shift 2
	# shellcheck disable=SC2016 # expanded by that shell
	apart sh -c '
		mount --bind "$1" "/proc/$3/smaps" && mount --bind "$2" "/proc/$3/smaps_rollup" || exit
		shift 3
		exec "$@"
	' sh "$smaps" "$rollup" "$pid" "$@"
}

# shows FORMAT SMAPS: all fields are those of that file
shows()
{
	with "$2" "$TMP/rollup" vmainfo show -qX "--$1" "$pid" >"$TMP/shown" || return 1
	check_python "$1" "$2" <"$TMP/shown"
}

check_python()
{
	python3 "$HERE/memory.py" "$@"
}

# A capture shows the same records as the process. With its bytes swapped, it is of another machine.
captured()
{
	with "$TMP/made" "$TMP/rollup" vmainfo save -qx "$pid" "$TMP/saved" &&
		with "$TMP/made" "$TMP/rollup" vmainfo show -qX --json "$pid" |
		grep '^{"nr"' >"$TMP/expected" || return 1
	check_python swap <"$TMP/saved" >"$TMP/swapped" || return 1
	for file in saved swapped; do
		vmainfo show -X --json --from="$TMP/$file" | grep '^{"nr"' >"$TMP/shown" &&
			equal "$TMP/expected" "$TMP/shown" || return 1
	done
	# Without -x, it is a capture as any other.
	vmainfo show --from="$TMP/saved" | grep -q " VMAs, .*, from /proc/PID/smaps$" &&
		vmainfo show --maps --from="$TMP/saved" | diff -a - "$TMP/made.maps"
}

# A capture that is cut at any length is rejected.
cut_captures()
{
	size=$(wc -c <"$TMP/saved")
	for cut in $(seq $((size - 300)) 7 $((size - 1))); do
		head -c "$cut" "$TMP/saved" >"$TMP/cut"
		fails 1 "'$TMP/cut': it ends" vmainfo show -x --from="$TMP/cut" || return 1
	done
	# The last value is missing, and the record is shorter by that.
	check_python shorten <"$TMP/saved" >"$TMP/short" &&
		fails 1 "the memory of a VMA does not end where its record does" \
			vmainfo show -x --from="$TMP/short"
}

# totals WANT OPTION...: the last line is WANT
totals()
{
	want=$1
	shift
	with "$TMP/made" "$TMP/rollup" vmainfo show -qx "$@" "$pid" | tail -n 1 >"$TMP/shown"
	cat "$TMP/shown"
	[ "$(cat "$TMP/shown")" = "$want" ]
}

# says TEXT OPTION...: stderr has TEXT
says()
{
	text=$1
	shift
	with "$TMP/made" "$TMP/rollup" vmainfo show "$@" "$pid" 2>"$TMP/err" >"$TMP/shown" || return 1
	cat "$TMP/err"
	grep -qE -e "$text" "$TMP/err"
}

# VMAs whose lines of smaps overlap another line have no values.
torn()
{
	with "$TMP/torn" "$TMP/rollup" vmainfo show -q --raw --noheadings -o address,rss_kb,flags "$pid" \
		>"$TMP/shown" || return 1
	cat >"$TMP/expected" <<-END
	00001000-00005000 16 rd,mr
	00005000-00008000 ? ?
	00008000-00009000 4 rd,wr
	END
	equal "$TMP/expected" "$TMP/shown"
}

# sorted_by KEY
sorted_by()
{
	with "$TMP/made" "$TMP/rollup" vmainfo show -q --raw --noheadings -o start --sort="$1" "$pid" \
		>"$TMP/shown" && check_python sort "$1" "$TMP/made" <"$TMP/shown"
}

grouped()
{
	with "$TMP/made" "$TMP/rollup" vmainfo show -q --raw --noheadings --group=kind \
		-o kind,size_kb,rss_kb,pss_kb,dirty_kb,swap_kb "$pid" >"$TMP/shown" &&
		check_python group "$TMP/made" <"$TMP/shown"
}

# diffs EXPECTED A B OPTION...
diffs()
{
	file=$1
	shift
	with "$TMP/grown" "$TMP/rollup" vmainfo diff -q "$@" >"$TMP/shown"
	[ $? = 1 ] && equal "$file" "$TMP/shown"
}

# drawn SMAPS TEXT: the drawing of SMAPS has TEXT
drawn()
{
	with "$1" "$TMP/rollup" env COLUMNS=160 vmainfo draw -qx "$pid" >"$TMP/shown"
	cat "$TMP/shown"
	grep -qF -e "$2" "$TMP/shown"
}

begin
[ "$(id -u)" = 0 ] || skip_all "mounting takes root"
sleeper "$(command -v sleep)" || ktap_exit_fail_msg "no process to look at"
cat "/proc/$pid/smaps" >"$TMP/smaps"
cat >"$TMP/rollup" <<END
5000-7ffffffff000 ---p 00000000 00:00 0                    [rollup]
Rss:                1234 kB
Pss:                 567 kB
Shared_Dirty:         30 kB
Private_Dirty:        12 kB
Swap:                  8 kB
END
check_python make "$TMP/made" || ktap_exit_fail_msg "memory.py failed"
grep '^[0-9a-f]' "$TMP/made" >"$TMP/made.maps"
cat >"$TMP/torn" <<END
1000-5000 r--p 00000000 08:01 9  /file
Rss:                  16 kB
VmFlags: rd mr
3000-8000 r--p 00002000 08:01 9  /file
Rss:                  20 kB
VmFlags: rd ex
4000-6000 rw-p 00000000 00:00 0
Rss:                   8 kB
8000-9000 rw-p 00000000 00:00 0
Rss:                   4 kB
VmFlags: rd wr
END

for format in json csv; do
	result "-X --$format: same as smaps of a process" shows $format "$TMP/smaps"
	result "-X --$format: same as an smaps with all fields" shows $format "$TMP/made"
done
result "VMAs that overlap: not known" torn
result "totals of smaps_rollup" totals "Rss 1234 kB, Pss 567 kB, Dirty 42 kB, Swap 8 kB"
result "totals follow the filter" \
	totals "Rss 44 of 1234 kB, Pss 13 of 567 kB, Dirty 9 of 42 kB, Swap 2 of 8 kB" --kind=heap
result "cost is noted" says "^vmainfo: reading /proc/$pid/smaps took [0-9.]* ms of CPU" -x
result "a column of -x reads smaps" says "^vmainfo: reading /proc/$pid/smaps took" -o rss_kb
result "--sort=rss reads smaps" says "^vmainfo: reading /proc/$pid/smaps took" --sort=rss
result "unknown fields are noted" says "smaps has fields that this program does not know" -X
result "without -x, smaps is not read" sh -c '! vmainfo show "$0" 2>&1 | grep smaps' "$pid"
for key in rss -swap pss dirty; do
	result "--sort=$key" sorted_by $key
done
result "--group=kind -x: sums of smaps" grouped
result "save -x: capture has memory in both byte orders" captured
result "save -x: damaged captures rejected" cut_captures
result "show -x: capture without memory rejected" fails 1 \
	"does not say how much is in memory: 'vmainfo save -x' saves that, too" \
	vmainfo show -x --from="$CAPTURES/python.raw"
result "diff -x: capture without memory rejected" fails 2 "'vmainfo save -x' saves that, too" \
	vmainfo diff -x "$CAPTURES/python.raw" "$CAPTURES/python.raw"
for format in --maps --group; do
	result "-x $format rejected" fails 1 "exclude each other" vmainfo show -x $format 1
done

# A VMA has grown in memory; one is new, and one is swapped out and split.
check_python grow "$TMP/made" >"$TMP/grown" || ktap_exit_fail_msg "memory.py failed"
check_python growth "$TMP/made" >"$TMP/expected" || ktap_exit_fail_msg "memory.py failed"
grep -v '^memory' "$TMP/expected" | sed 's/ (Rss.*)//' >"$TMP/expected.without"
result "diff -x: growth of each VMA" diffs "$TMP/expected" "$TMP/saved" "$pid" -x
with "$TMP/grown" "$TMP/rollup" vmainfo save -qx "$pid" "$TMP/new" || ktap_exit_fail_msg "save failed"
result "diff -x: same from files" diffs "$TMP/expected" "$TMP/saved" "$TMP/new" -x
result "diff -x: JSON has both sides" sh -c 'vmainfo diff -x --json "$@" | grep -q \
	"\"before\":.*\"rss_kb\":44,\"pss_kb\":13,.*\"after\":.*\"rss_kb\":54,\"pss_kb\":23,"' \
	sh "$TMP/saved" "$TMP/new"
result "diff: memory is not compared" diffs "$TMP/expected.without" "$TMP/saved" "$TMP/new"

result "draw -x: resident memory of a box" drawn "$TMP/made" "[heap]  44 K resident, 2 K swapped out"
result "draw -x: unknown memory of a box" drawn "$TMP/torn" "16 K resident, not known of 1 VMA"
result "draw -x --from: same of a capture" sh -c \
	'COLUMNS=160 vmainfo draw -x --from="$0" | grep -qF "[heap]  44 K resident, 2 K swapped out"' "$TMP/saved"
result "draw: resident memory only with -x" sh -c '! vmainfo draw --from="$0" | grep resident' "$TMP/saved"
result "draw -x: capture without memory rejected" fails 1 "'vmainfo save -x' saves that, too" \
	vmainfo draw -x --from="$CAPTURES/python.raw"

finish
