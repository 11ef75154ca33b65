#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo show: which lines there are, and in which order: --sort, --group=KEY, --addr with ranges,
# several processes.

. "$(dirname "$0")/lib.sh"

# sorted_by KEY: the VMAs of the capture are in the order that python gives them
sorted_by()
{
	vmainfo show --maps --sort="$1" --from="$capture" >"$TMP/shown" || return 1
	python3 "$HERE/lines.py" sort "$1" "$capture" <"$TMP/shown"
}

# grouped KEY [KINDS]: a table for scripts has the sums of each group of VMAs of these kinds
grouped()
{
	vmainfo show --raw -o "$1,vmas,size_kb" --group="$1" --from="$capture" ${2:+--kind="$2"} \
		>"$TMP/shown" || return 1
	python3 "$HERE/lines.py" group "$1" "$capture" ${2:+"$2"} <"$TMP/shown"
}

# The other formats have the same groups.
same_groups()
{
	vmainfo show --raw --noheadings -o kind,vmas,size_kb --group=kind --from="$capture" \
		>"$TMP/expected" || return 1
	vmainfo show --json --group=kind --from="$capture" | python3 -c '
import json, sys
for r in json.load(sys.stdin)["records"]:
    assert sorted(r) == ["kind", "size_kb", "vmas"], r
    print(r["kind"], r["vmas"], r["size_kb"])' >"$TMP/json" &&
		equal "$TMP/expected" "$TMP/json" || return 1
	vmainfo show --csv -o kind,vmas,size_kb --group=kind --from="$capture" |
		tr -d '\r' | tail -n +2 | tr , ' ' >"$TMP/csv" &&
		equal "$TMP/expected" "$TMP/csv"
}

# overlaps AWK-CONDITION ADDR: the VMAs that begin below and end above; b and e are strings of 16
# digits
overlaps()
{
	awk '{ split($1, at, "-"); b = sprintf("%16s", at[1]); e = sprintf("%16s", at[2])
		gsub(" ", "0", b); gsub(" ", "0", e) } '"$1" "$TMP/maps" >"$TMP/expected"
	[ -s "$TMP/expected" ] || { echo "the capture has none of these"; return 1; }
	shift
	prints "$TMP/expected" vmainfo show --maps --from="$capture" "$@"
}

# total_is OPTION...: the last line has the sums of the last lines of both processes
total_is()
{
	vmainfo show -q "$@" "$older" "$newer" >"$TMP/shown" || return 1
	cat "$TMP/shown"
	awk '
		/^total of 2 processes:$/ { total = 1 }
		/ VMAs, / {
			n = $1; kb = $3
			if ($2 == "of") { n = $1; kb = $5 }
			if (total) { if (n != vmas || kb != size) exit 1; checked = 1 }
			vmas += n; size += kb
		}
		END { exit !checked }' "$TMP/shown"
}

# The groups of both are those of one, twice: they run the same program.
total_of_groups()
{
	vmainfo show -q --group=kind -o kind,vmas,size "$older" "$newer" | sed '1,/^total of 2/d' \
		>"$TMP/shown"
	cat "$TMP/shown"
	for kind in file anon; do
		want=$(vmainfo show -q --raw --noheadings --group=kind -o kind,vmas "$older" |
			awk -v kind=$kind '$1 == kind { print 2 * $2 }')
		grep -q "^$kind  *$want " "$TMP/shown" || return 1
	done
}

# One table, whose lines have the number of the process
one_table()
{
	vmainfo show -q --raw -o pid,nr "$older" "$newer" >"$TMP/shown" || return 1
	[ "$(grep -c '^pid nr$' "$TMP/shown")" = 1 ] &&
		[ "$(grep -c "^$older [0-9]" "$TMP/shown")" = "$(grep -vc vsyscall "/proc/$older/maps")" ] &&
		! grep -vE "^(pid nr|($older|$newer) ([0-9]+|-))\$" "$TMP/shown"
}

# looked_up ARGUMENT...: the addresses of stdin, in this order
looked_up()
{
	python3 "$HERE/lookup.py" addresses "$TMP/looked" >"$TMP/addresses" || return 1
	vmainfo show -q --json --addr=- "$@" <"$TMP/addresses" >"$TMP/shown" &&
		python3 "$HERE/lookup.py" check "$TMP/looked" "$TMP/addresses" <"$TMP/shown"
}

begin
capture=$CAPTURES/python.raw
vmainfo show --maps --from="$capture" >"$TMP/maps" || ktap_exit_fail_msg "no maps"

for key in size -size name -name address -address; do
	result "--sort=$key" sorted_by $key
done
result "--sort: unknown KEY rejected" fails 1 "invalid KEY for --sort: 'perm'" \
	vmainfo show --sort=perm 1

for key in name kind perm; do
	result "--group=$key: sums of each" grouped $key
done
result "--group=perm: sums of what the filter leaves" grouped perm file,anon
result "--group=kind: same in all formats" same_groups
result "--group=KEY: unknown KEY rejected" fails 1 "invalid KEY for --group: 'size'" \
	vmainfo show --group=size 1
result "--group=kind: columns of VMAs rejected" fails 1 "a group has no column 'start'" \
	vmainfo show --group=kind -o kind,start 1
result "column vmas without --group rejected" fails 1 "a VMA has no column 'vmas'" \
	vmainfo show -o vmas 1
for format in --maps --long --group; do
	result "--group=kind $format rejected" fails 1 "exclude each other" \
		vmainfo show --group=kind $format 1
done

# The third VMA, and the first address of the fifth
b=$(sed -n '3s/-.*//p' "$TMP/maps")
e=$(sed -n '5s/-.*//p' "$TMP/maps")
result "--addr=START-END: end is exclusive" overlaps \
	"b < \"$(printf %016x "0x$e")\" && e > \"$(printf %016x "0x$b")\"" --addr="$b-$e"
result "--addr=START-END: one byte more" overlaps \
	"b <= \"$(printf %016x "0x$e")\" && e > \"$(printf %016x "0x$b")\"" \
	--addr="0x$b-$(printf %x $((0x$e + 1)))"
result "--addr=START-END: start inside a VMA" overlaps NR==3 \
	--addr="$(printf %x $((0x$b + 1)))-$(printf %x $((0x$b + 2)))"
result "several ranges, unsorted and overlapping" overlaps "NR==1||NR==3||NR==5" \
	--addr="$e-$(printf %x $((0x$e + 2))),$b-$(printf %x $((0x$b + 1)))" --addr="0-1" \
	--addr="1-$(sed -n '1s/^[^-]*-\([^ ]*\) .*/\1/p' "$TMP/maps")"
for text in 20-20 20-10 20- -10 10- x 1,,2 "1 x"; do
	what=address
	case $text in *-*) what=range ;; esac
	result "--addr=$text rejected" fails 1 "invalid $what: '" vmainfo show --addr="$text" 1
done
result "--addr: unmapped range message" fails 1 "nothing is mapped from 0x0 to 0x10" \
	vmainfo show --from="$capture" --addr=0-10
result "--addr: unmapped addresses message" fails 1 "nothing is mapped at any of these addresses" \
	vmainfo show --from="$capture" --addr=0,10
result "--addr: addresses with ranges rejected" fails 1 "addresses and ranges exclude each other" \
	vmainfo show --addr=10 --addr=10-20 1

cp "$TMP/maps" "$TMP/looked"
result "--addr: lookups in a capture" looked_up --from="$capture"
sleeper "$(command -v sleep)" || ktap_exit_fail_msg "no process to look at"
cat "/proc/$pid/maps" >"$TMP/looked"
result "--addr: lookups in a process" looked_up "$pid"
if vmainfo show -q --raw --noheadings -o build_id --addr="$(sed -n '1s/-.*//p' "$TMP/looked")" "$pid" | grep -qv '?'; then
	result "--addr: build IDs" python3 "$HERE/lookup.py" build_ids "$TMP/looked" "$pid"
else
	skip "--addr: build IDs" "this kernel does not tell them without the module"
fi
code=$(awk '$2 == "r-xp" { sub("-.*", "", $1); print $1; exit }' "$TMP/maps")
result "--addr: one line for each address" sh -c '
	vmainfo show --raw --noheadings -o lookup,vma_offset --from="$0" --addr="${1}a,10,${1}a" >"$2" &&
	printf "%s 0000000a\n00000010 -\n%s 0000000a\n" "${1}a" "${1}a" | sed "s/^[0-9a-f]\{1,7\} /0&/" | diff - "$2"' \
	"$capture" "${code%?}" "$TMP/shown"
result "--addr=-: no address rejected" fails 1 "there is no address on stdin" \
	sh -c 'vmainfo show --addr=- 1 </dev/null'
result "--addr=-: invalid address named" fails 1 "invalid address on stdin: 'libc.so'" \
	sh -c 'echo 10 libc.so | vmainfo show --addr=- 1'
result "--addr=- with --from=- rejected" fails 1 "only one of --addr and --from can be stdin" \
	sh -c 'echo 10 | vmainfo show --addr=- --from=-'

two_of lines || ktap_exit_fail_msg "no processes to look at"
result "several: total is the sum" total_is
result "several: total follows the filter" total_is --perm=r-x
result "several: total of groups" total_of_groups
result "several: one table with --raw" one_table
result "several: no headings and totals with --noheadings" sh -c '
	! vmainfo show -q --noheadings "$@" | grep -E "^process|^total|address|VMAs"' sh "$older" "$newer"

finish
