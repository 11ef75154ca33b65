#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo diff: pairs of listings (diffs.py) of which it is known what differs between them, forth
# and back; what its arguments can be; its exit status.

. "$(dirname "$0")/lib.sh"

# status_is WANT COMMAND...: with what it printed in $TMP/out
status_is()
{
	want=$1 got=0
	shift
	"$@" >"$TMP/out" 2>"$TMP/err" || got=$?
	[ "$got" = "$want" ] && [ ! -s "$TMP/err" ] && return
	echo "status $got, not $want"
	cat "$TMP/err"
	return 1
}

# How many spaces there are is not what is tested.
differ()
{
	want=0
	[ ! -s "$1.diff" ] || want=1
	status_is "$want" vmainfo diff "$1.a" "$1.b" || return 1
	tr -s ' ' <"$TMP/out" | diff "$1.diff" - || return 1
	# What differs in one direction does so in the other.
	status_is "$want" vmainfo diff "$1.b" "$1.a" || return 1
	[ "$(wc -l <"$TMP/out")" = "$(wc -l <"$1.diff")" ] || { cat "$TMP/out"; return 1; }
	status_is "$want" vmainfo diff --json "$1.a" "$1.b" || return 1
	python3 -c '
import json, sys
changes = json.load(sys.stdin)["changes"]
lines = open(sys.argv[1]).read().splitlines()
assert [c["change"] for c in changes] == [line.split()[0] for line in lines], changes
for c, line in zip(changes, lines):
    vma = c["after"] or c["before"]
    assert vma["perm"] in line and vma["kind"] in line
    if c["change"] in ("mapped", "protected", "flags", "renamed", "moved"):
        assert "%08x-%08x" % (int(c["start"], 16), int(c["end"], 16)) in line, c
    assert "flags" not in c or (isinstance(c["flags"], list) and ",".join(c["flags"]) in line)
' "$1.diff" <"$TMP/out"
}

# The same process with the module and without: all that maps has is the same.
maps_and_module()
{
	vmainfo show --maps --from="$capture" >"$TMP/maps"
	status_is 0 vmainfo diff "$capture" "$TMP/maps"
}

# Each VMA has moved: the time goes with their number, not its square.
many()
{
	python3 -c '
import sys, raw
for name, skip in (("a", 3), ("b", 5)):
    with open(sys.argv[1] + "/many." + name, "wb") as file:
        file.write(raw.build([raw.vma(0x10000 * i + (0 if name == "a" else 2**40),
                   0x10000 * i + 4096 + (0 if name == "a" else 2**40), kind=raw.FILE, ino=i + 1,
                   name=b"/f") for i in range(200000) if i % skip]))
' "$TMP" || return 1
	status_is 1 limited 60 vmainfo diff "$TMP/many.a" "$TMP/many.b" || return 1
	for line in moved:106667 unmapped:26666 mapped:53333; do
		got=$(grep -c "^${line%:*} " "$TMP/out")
		[ "$got" = "${line#*:}" ] || { echo "$got $line"; return 1; }
	done
}

# The same, where nothing but one thing tells one from the other.
many_alike()
{
	python3 -c '
import sys, raw
what, nr = sys.argv[2], 100000
for side in "ab":
    with open(sys.argv[1] + "/alike." + side, "wb") as file:
        file.write(raw.build([raw.vma(0x10000 * i + 2**40 * (side == "a"),
                   0x10000 * i + 4096 + 2**40 * (side == "a"),
                   "r--s" if what == "shared" and side == "b" else "r--p", kind=raw.FILE, ino=1,
                   name=b"/%d" % (i if side == "a" else nr - i) if what == "name" else b"/f")
                   for i in range(nr)]))
' "$TMP" "$1" || return 1
	status_is 1 limited 30 vmainfo diff "$TMP/alike.a" "$TMP/alike.b" || return 1
	got=$(grep -c "^moved " "$TMP/out")
	[ "$got" = "$2" ] || { echo "$got have moved"; return 1; }
}

# Both are without the module, which is said once.
one_note()
{
	fails 1 "not loaded" vmainfo diff "$older" "$newer" &&
		[ "$(wc -l <"$TMP/stderr")" = 1 ]
}

unknown_is_null()
{
	status_is 0 vmainfo diff --json "$TMP/maps" "$TMP/maps" && python3 -c '
import json, sys
for side in list(json.load(sys.stdin).values())[:2]:
    assert side["pid"] is None and side["taken_ns"] is None and side["source"] == "maps", side
' <"$TMP/out"
}

begin
capture=$CAPTURES/python.raw
python3 "$HERE/diffs.py" "$TMP" >"$TMP/pairs" || ktap_exit_fail_msg "diffs.py failed"
while read -r nr name; do
	result "$name" differ "$TMP/$nr"
done <"$TMP/pairs"
result "no changes against itself" status_is 0 vmainfo diff "$capture" "$capture"
result "maps against raw" maps_and_module
result "many changes" many
result "many renamed VMAs" many_alike name 99999
result "many VMAs, private against shared" many_alike shared 0

sleeper sleep
target=$pid
cat "/proc/$target/maps" >"$TMP/maps"
result "PID accepted" status_is 0 vmainfo diff -q "$target" "$TMP/maps"
result "pid:PID accepted" status_is 0 vmainfo diff -q "$TMP/maps" "pid:$target"
result "stdin accepted" sh -c 'vmainfo diff -q - "$0" <"$1"' "$target" "$TMP/maps"
name=named$$
two_of "$name"
cd "$TMP" || exit
cp maps 123
result "./NUMBER is a file" status_is 0 vmainfo diff -q ./123 maps
cd /

result "missing file: ENOENT message" fails 2 "vmainfo: cannot open '$TMP/none': No such file" \
	vmainfo diff "$capture" "$TMP/none"
result "two processes: one note" one_note
result "--json: unknown values are null" unknown_is_null
result "--oldest: first process chosen" status_is 0 vmainfo diff -q --oldest "$older" "pid:$name"
result "--newest: last process chosen" status_is 0 vmainfo diff -q --newest "$newer" "pid:$name"
result "ambiguous pid:NAME rejected" fails 2 "2 processes have the name '$name'" \
	vmainfo diff "pid:$name" "$TMP/maps"
result "NAME without pid: rejected" fails 2 "Processes are named by their PID, or as pid:$name" \
	vmainfo diff "$name" "$TMP/maps"
result "missing process: ESRCH message" fails 2 "No such process" vmainfo diff "$capture" 2147483647
result "unknown process name rejected" fails 2 "there is no process" vmainfo diff "$capture" "pid:no such"
as_root "empty /proc: message" fails 2 "there are no processes in /proc" \
	own_proc vmainfo diff "$capture" "pid:no such"
echo "this is not a listing" >"$TMP/nothing"
result "file that is not a listing rejected" fails 2 "is neither a file of" vmainfo diff "$TMP/nothing" "$capture"
result "one argument rejected" fails 2 "missing operand" vmainfo diff "$capture"
result "three arguments rejected" fails 2 "extra operand 'c'" vmainfo diff a b c
result "stdin twice rejected" fails 2 "only one of the two can be stdin" vmainfo diff - -
result "unknown option rejected" fails 2 "unrecognized option" vmainfo diff --none a b

finish
