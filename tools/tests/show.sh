#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo show and save: each format has what the raw listing has, as an independent reader of
# it says (raw.py); filters; what a terminal gets; the fallback to /proc/PID/maps.

. "$(dirname "$0")/lib.sh"

# as_raw FORMAT FILE OPTION...: what show prints with these options is what FILE has
as_raw()
{
	format=$1 file=$2
	shift 2
	vmainfo show "$@" --from="$file" >"$TMP/shown" || return 1
	python3 "$HERE/show.py" "$format" "$file" <"$TMP/shown"
}

# picks EXPECTED OPTION...: the lines of the capture's maps that these filters leave, as awk says
picks()
{
	awk "$1" "$TMP/maps" >"$TMP/expected"
	shift
	[ -s "$TMP/expected" ] || { echo "the capture has none of these"; return 1; }
	prints "$TMP/expected" vmainfo show --maps --from="$capture" "$@"
}

# sums FILTER: the last line has what is shown, and what there is
sums()
{
	awk "$1"' { n++ }
		{ total++ } END { printf "%d of %d VMAs, ", n, total }' "$TMP/maps" >"$TMP/expected"
	vmainfo show --from="$capture" "$2" | tail -n 1 | grep -qF "$(cat "$TMP/expected")" && return
	cat "$TMP/expected"
	return 1
}

json_of_process()
{
	vmainfo show -q --json "$target" | python3 -c '
import json, sys
data = json.load(sys.stdin)
assert data["source"] == "maps" and not data["atomic"] and data["pid"] == int(sys.argv[1])
assert data["taken_ns"] is None
names = [r["name"] or "" for r in data["records"]]
assert sum(name.endswith(r"/new\x0aline") for name in names) == 1, names
assert all(r["flags"] is None and r["anon"] is None for r in data["records"])
kinds = {r["name"]: r["kind"] for r in data["records"]}
assert (kinds["[heap]"], kinds["[stack]"], kinds["[vdso]"]) == ("heap", "stack", "vdso"), kinds
assert kinds["/dev/zero (deleted)"] == "shmem"
' "$target"
}

# A maps that was not read at once: what overlaps is cut, and the offset goes along.
overlapping()
{
	cat >"$TMP/overlaps" <<-END
	1000-5000 r--p 00000000 08:01 9  /file
	3000-8000 r--p 00002000 08:01 9  /file
	4000-6000 rw-p 00000000 00:00 0
	7000-9000 rw-p 00000000 00:00 0
	END
	cat >"$TMP/expected" <<-END
	00001000-00005000 r--p 00000000 08:01 9                                  /file
	00005000-00008000 r--p 00004000 08:01 9                                  /file
	END
	printf '00008000-00009000 rw-p 00000000 00:00 0 \n' >>"$TMP/expected"
	prints "$TMP/expected" vmainfo show --maps --from="$TMP/overlaps"
}

# not_of_maps WHAT TEXT LINE MESSAGE: a test point
not_of_maps()
{
	printf '%b' "$2" >"$TMP/bad"
	result "maps: $1 rejected" fails 1 \
		"'$TMP/bad': line $3 is not one of /proc/PID/maps: $4" vmainfo show --from="$TMP/bad"
}

# as_copied FILTER...: the maps of the capture, after this filter has changed it, is what it was
as_copied()
{
	"$@" <"$TMP/maps" >"$TMP/copied"
	! cmp -s "$TMP/maps" "$TMP/copied" &&
		prints "$TMP/maps" vmainfo show --maps --from="$TMP/copied"
}

name_with_cr()
{
	printf '%-72s /cr\r\n%s \n' '00001000-00002000 r--p 00000000 08:01 9 ' \
		'00003000-00004000 r--p 00000000 00:00 0' >"$TMP/copied"
	prints "$TMP/copied" vmainfo show --maps --from="$TMP/copied"
}

# gate_page yes|no RANGE PERM NAME STACK: whether this is a gate page, if the stack is there
gate_page()
{
	printf '%s rw-p 0 0:0 0 [stack]\n%s %s 0 0:0 0 %s\n' "$5" "$2" "$3" "$4" >"$TMP/gate"
	vmas=2 kind=special
	[ "$1" = no ] || vmas=1 kind=vsyscall
	[ "$1 $4" != "no [vdso]" ] || kind=vdso
	vmainfo show --from="$TMP/gate" >"$TMP/shown" || return 1
	cat "$TMP/shown"
	grep -q "^$vmas VMAs\?, " "$TMP/shown" &&
		[ "$(vmainfo show -q --raw -o kind --from="$TMP/gate" | tail -n 1)" = "$kind" ]
}

# gate_before_others RANGE NAME: no gate page, because another line follows
gate_before_others()
{
	printf '%s r-xp 0 0:0 0 %s\n100000000-100001000 rw-p 0 0:0 0 [stack]\n' "$1" "$2" >"$TMP/gate"
	for command in show why; do
		vmainfo $command --from="$TMP/gate" >"$TMP/shown" || return 1
		cat "$TMP/shown"
		grep -qE '(^|: )2 VMAs' "$TMP/shown" || return 1
	done
}

# raw_fields OPTION...: each line has as many fields as the first one
raw_fields()
{
	vmainfo show -q --raw "$@" >"$TMP/shown" || return 1
	head -n 3 "$TMP/shown"
	awk 'NR == 1 { nr = NF } NF != nr || /  / { print; bad = 1 } END { exit bad || NR < 3 }' "$TMP/shown"
}

# several ARGUMENT...: the two processes, with a heading
several()
{
	vmainfo show -q "$@" >"$TMP/shown" || return 1
	cat "$TMP/shown"
	[ "$(grep '^process ' "$TMP/shown")" = "$(printf 'process %s, %s:\n' \
		"$older" "$name" "$newer" "$name")" ] &&
		[ "$(grep -c 'VMAs, .*, from /proc/PID/maps$' "$TMP/shown")" = 2 ]
}

several_json()
{
	vmainfo show -q --json "$name" >"$TMP/shown" || return 1
	python3 -c '
import json, sys
text, pids = sys.stdin.read(), []
while text:
    data, end = json.JSONDecoder().raw_decode(text)
    assert len(data["records"]) >= data["vmas"] > 0
    pids.append(data["pid"])
    text = text[end:].lstrip()
assert pids == [int(pid) for pid in sys.argv[1:]], pids
' "$older" "$newer" <"$TMP/shown"
}

# The program has to be where another user can run it.
of_another_user()
{
	cp "$VMAINFO" "$TMP/vmainfo"
	chmod 755 "$TMP" "$TMP/vmainfo"
	fails 1 "vmainfo: process $target: Permission denied" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$TMP/vmainfo" show "$target"
}

# A missing process is an error, and the others are shown.
not_one_of_them()
{
	fails 1 "process 2147483647: No such process" vmainfo show "$older" 2147483647 "$newer" &&
		[ "$(grep -c "^process .*, $name:" "$TMP/stdout")" = 2 ]
}

# same_maps PID ARGUMENT...: show prints the maps of that process
same_maps()
{
	maps=/proc/$1/maps
	shift
	prints "$maps" vmainfo show -q --maps "$@"
}

# One parser for all numbers with a fraction
intervals()
{
	for good in 0.001 .001 0.0010 1.e 1..2 -1 1e-3 0x1 nan inf "" . 0 0.0009 ,5 1,5 " 1" "1 "; do
		case $good in
		0.001 | .001 | 0.0010)
			fails 0 "process" vmainfo watch "-n$good" -i "$good" -c 1 "$older" || return 1
			;;
		*)
			fails 1 "vmainfo watch: invalid interval: '$good'" \
				vmainfo watch -n "$good" -c 1 "$older" || return 1
			fails 1 "vmainfo top: invalid delay: '$good'" vmainfo top -b -n 1 -d "$good" &&
				continue
			# top can do without a pause.
			case $good in 0 | 0.0009) ;; *) return 1 ;; esac
			;;
		esac
	done
	vmainfo top -b -n 1 -d .5 | head -n 1 | grep -q "every 0.5 s"
}

# colours WANT OPTION...: whether it writes escape sequences
colours()
{
	want=$1
	shift
	got=no
	"$@" | grep -q "$(printf '\033')" && got=yes
	[ $got = "$want" ] && return
	echo "escape sequences: $got"
	return 1
}

on_terminal()
{
	python3 "$HERE/terminal.py" "$@"
}

# names_in LOCALE WANT FORMAT...: on a terminal, all is valid in the locale and nothing that a terminal
# obeys, and this name is that. A newline in a name is one of maps; the terminal makes CR LF of LF.
names_in()
{
	locale=$1 want=$2
	shift 2
	for format; do
		LC_ALL=$locale on_terminal vmainfo show --color=never "$format" \
			--from="$TMP/strange" >"$TMP/shown" || return 1
		python3 -c '
import sys
with open(sys.argv[1], "rb") as file:
    text = file.read().decode("utf-8" if sys.argv[2] == "C.UTF-8" else "ascii")
bad = [c for c in text if c not in "\r\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
assert not bad, bad
text = text.replace(r"\\", "\\") # JSON
assert "/umlaut " + sys.argv[3] in text, text
assert r"/behind \xff\x9b2J" in text and r"/overlong \xe0\x82\x9b2J" in text, text
' "$TMP/shown" "$locale" "$want" || return 1
	done
}

# From the first line to the last one, the permissions are in one column.
aligned()
{
	awk 'BEGIN {
		for (i = 1; i <= 12000; i++)
			printf "%x000-%x000 rw-p 00000000 08:01 %d /a\n", i * i, i * i + 1, i
	}' >"$TMP/large"
	for option in --color=never --long; do
		vmainfo show "$option" --from="$TMP/large" >"$TMP/shown" || return 1
		awk '/rw-p/ { print index($0, "rw-p") }' "$TMP/shown" | sort | uniq -c >"$TMP/places"
		[ "$(awk '{ print $1 }' "$TMP/places")" = 12000 ] || { cat "$TMP/places"; return 1; }
	done
}

cut_names()
{
	on_terminal sh -c 'stty cols 60; vmainfo show --color=never --from="$0"' "$capture" |
		tr -d '\r' >"$TMP/shown" || return 1
	awk 'length > 60 { print; bad = 1 } END { exit bad }' "$TMP/shown" &&
		grep -q '  */.*' "$TMP/shown"
}

# ---- save ----

saves()
{
	umask 022
	vmainfo save -q "$target" "$1" && as_process "$1" &&
		[ "$(stat -L -c %a "$1")" = 600 ] && nothing_else
}

as_process()
{
	prints "/proc/$target/maps" vmainfo show --maps --from="$1"
}

# No temporary file is left.
nothing_else()
{
	left=$(find "$TMP/save" -name '.vmainfo*')
	[ -z "$left" ] && return
	echo "left: $left"
	return 1
}

# Of a file that cannot be written to its end nothing is there, and the old one still is.
half_a_file()
{
	echo old >"$TMP/save/half"
	(ulimit -f 1; vmainfo save -q "$target" "$TMP/save/half") && return 1
	[ "$(cat "$TMP/save/half")" = old ] && nothing_else
}

not_to_terminal()
{
	on_terminal vmainfo save -q "$target" - >"$TMP/shown"
	[ $? = 1 ] && grep -q "not for terminals" "$TMP/shown"
}

# Without stdout, a file is saved, and is not taken for stdout.
without_stdout()
{
	(exec >&- 2>"$TMP/err"; vmainfo save -q "$target" "$TMP/save/closed") || return 1
	[ ! -s "$TMP/err" ] && as_process "$TMP/save/closed" || return 1
	(exec <&- >&-; vmainfo save -q "$target" "$TMP/save/closed") &&
		as_process "$TMP/save/closed" || return 1
	# What does print, cannot.
	fails 1 "write error: Bad file descriptor" sh -c 'exec >&-; "$@"' sh \
		vmainfo show --from="$capture" || return 1
	fails 1 "cannot read '-': Bad file descriptor" sh -c 'exec <&-; "$@"' sh \
		vmainfo show --from=-
}

begin
capture=$CAPTURES/python.raw
python3 "$HERE/strange.py" "$TMP/strange" || ktap_exit_fail_msg "strange.py failed"

for name in capture strange; do
	file=$TMP/strange
	[ $name = strange ] || file=$capture
	result "$name: --json matches raw" as_raw json "$file" --json
	result "$name: --csv matches raw" as_raw csv "$file" --csv
	result "$name: --maps matches raw" as_raw maps "$file" --maps
	result "$name: table matches raw" as_raw table "$file"
	result "$name: --long matches raw" as_raw table "$file" --long
	result "$name: --raw matches raw" as_raw raw "$file" --raw \
		-o nr,start,end,size_kb,perm,offset,dev,inode,kind,page_kb,anon,policy,flags,deleted,nomerge,ops,name
done

for options in '' '-o size,name' --group=kind; do
	# shellcheck disable=SC2086 # several words
	result "--raw $options: as many fields in each line" raw_fields $options --from="$capture"
done

vmainfo show --maps --from="$capture" >"$TMP/maps"
result "--perm=rw-p" picks '$2 == "rw-p"' --perm=rw-p
result "--perm=?w" picks '$2 ~ /^.w/' --perm=?w
result "--perm=---" picks '$2 ~ /^---/' --perm=---
result "--perm=???s" picks '$2 ~ /s$/' --perm=???s
result "--perm=???- means private" picks '$2 ~ /p$/' --perm=???-
result "--kind=stack,heap" picks '/\[(stack|heap)\]$/' --kind=stack,heap
result "--kind and --perm combined" picks '$2 ~ /^r-x/ && /vdso/' --kind=vdso,vvar --perm=r-x
first=$(sed -n '1s/-.*//p' "$TMP/maps")
end=$(sed -n '1s/.*-\([0-9a-f]*\) .*/\1/p' "$TMP/maps")
last=$(printf %x $((0x$end - 1)))
result "--addr: first address found" picks 'NR == 1' --addr="$first"
result "--addr: last address with 0x found" picks 'NR == 1' --addr="0x$last"
result "--addr: end is exclusive" sh -c '! vmainfo show --maps --addr="$1" --from="$2" |
	grep -q "^$0"' "$first" "$end" "$capture"
result "--addr: unmapped address message" fails 1 "vmainfo: nothing is mapped at 0x10" \
	vmainfo show --from="$capture" --addr=10
result "--addr: filtered address message" fails 1 "nothing that matches is mapped at 0x${first#"${first%%[!0]*}"}" \
	vmainfo show --from="$capture" --addr="$first" --kind=heap
result "totals follow the filter" sums '$2 ~ /^rw/' --perm=rw

for pair in "--json --csv" "--maps --long" "--csv --maps" "--raw --json" "-onr --maps" "--from=-"; do
	# shellcheck disable=SC2086 # two words
	result "$pair rejected" fails 1 "exclude each other" vmainfo show $pair 1
done
result "unknown column rejected" fails 1 "unknown column: 'nam'" vmainfo show -o start,nam 1
printf 'name,perm\r\n[heap],rw-p\r\n' >"$TMP/expected"
result "--columns: order in CSV" prints "$TMP/expected" \
	vmainfo show --from="$capture" --csv -o name,perm --kind=heap
echo "[heap] rw-p" >"$TMP/expected"
result "--columns, --noheadings: only lines of VMAs, in this order" prints "$TMP/expected" \
	vmainfo show --from="$capture" --noheadings -o name,perm --kind=heap
result "large listing: columns stay aligned" aligned
result "terminal: names cut to its width" cut_names
result "unknown kind rejected" fails 1 "unknown kind: 'heaps'" vmainfo show --kind=anon,heaps 1
for pattern in rwxpp w "" sp "rw p"; do
	result "--perm='$pattern' rejected" fails 1 "invalid pattern of permissions" vmainfo show --perm="$pattern" 1
done
result "invalid address rejected" fails 1 "invalid address: '12x'" vmainfo show --addr=12x 1
result "missing file: ENOENT message" fails 1 "vmainfo: cannot open '$TMP/none': No such file" \
	vmainfo show --from="$TMP/none"
result "directory rejected" fails 1 "Is a directory" vmainfo show --from="$TMP"
result "endless file rejected" fails 1 "'/dev/zero': it is neither a file of" \
	limited 60 vmainfo show --from=/dev/zero

export TERM=xterm
unset NO_COLOR
result "no colours to a pipe" colours no vmainfo show --from="$capture"
result "colours to a terminal" colours yes on_terminal vmainfo show --from="$capture"
result "no colours with NO_COLOR" colours no \
	on_terminal env NO_COLOR=1 vmainfo show --from="$capture"
result "colours with --color=always" colours yes vmainfo show --color=always --from="$capture"
result "no colours in --json" colours no vmainfo show --color=always --json --from="$capture"
result "names to a UTF-8 terminal escaped" names_in C.UTF-8 "$(printf '\303\244')" \
	--long --csv --maps --json
result "names to a terminal in the C locale escaped" names_in C '\xc3\xa4' \
	--long --csv --maps

# without the module, which is not loaded where this runs
mkdir "$TMP/files" "$TMP/save"
mkfifo "$TMP/ready"
python3 "$HERE/mapped.py" "$TMP/files" >"$TMP/ready" &
target=$!
TARGETS=$target
read -r _ <"$TMP/ready" || ktap_exit_fail_msg "mapped.py failed"
result "without the module: --maps same as procfs" same_maps "$target" "$target"
result "without the module: --json of a process" json_of_process
result "without the module: warning" fails 0 \
	"not loaded (modprobe vmainfo); this is from /proc/PID/maps" vmainfo show "$target"
result "without the module: own process" fails 0 "kinds are guessed" vmainfo show --kind=heap
result "without the module: no warning with --quiet" sh -c \
	'[ -z "$(vmainfo show -q "$0" 2>&1 >/dev/null)" ]' "$target"
result "without the module: totals name the source" sh -c 'vmainfo show -q "$0" | tail -n 1 |
	grep -q ", from /proc/PID/maps$"' "$target"
result "missing process: ESRCH message" fails 1 "vmainfo: process 2147483647: No such process" \
	vmainfo show 2147483647
result "unknown process name rejected" fails 1 "there is no process 'not such a name'" \
	vmainfo show "not such a name"
as_root "another user's process: EACCES message" of_another_user
if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
	# Some kernels give an empty maps, others none.
	result "kernel thread has 0 VMAs" sh -c 'vmainfo show -q --maps 2 >"$0" 2>"$1" ||
		grep -q "No such process" "$1"; [ ! -s "$0" ]' "$TMP/shown" "$TMP/err"
else
	skip "kernel thread has 0 VMAs" "no kernel thread here"
fi
result "torn maps: overlaps trimmed" overlapping

# Copies of a maps: what is rejected
good='1000-2000 r--p 0 0:0 0\n'
for range in x 1000--1 1000-0x2000 ' 1000-2000' 1000-10000000000001000 A000-B000 ''; do
	not_of_maps "range, '$range'" "${good}${range:+$range r--p 0 0:0 0}\n" 2 \
		"it does not begin with a range"
done
for range in 1000-1000 2000-1000; do
	not_of_maps "range, $range" "$range r--p 0 0:0 0\n" 1 "its range ends before it begins"
done
for range in 1001-2000 1000-2800; do
	not_of_maps "range, $range" "$range r--p 0 0:0 0\n" 1 \
		"an address is not a multiple of the page size"
done
for perm in zzzz r--- r--P -r-p rwxps r-- rw; do
	not_of_maps "permissions, $perm" "1000-2000 $perm 0 0:0 0\n" 1 "invalid permissions"
done
for offset in x -1000 1001 10000000000000000 0x1000 ''; do
	not_of_maps "offset, '$offset'" "1000-2000 r--p $offset 0:0 0\n" 1 "invalid offset"
done
for dev in 0 0:x 1000:0 0:100000 0:0:0; do
	not_of_maps "device, $dev" "1000-2000 r--p 0 $dev 0\n" 1 "invalid device"
done
for ino in x -1 18446744073709551616 0x1 0/; do
	not_of_maps "inode, $ino" "1000-2000 r--p 0 0:0 $ino\n" 1 "invalid inode"
done
not_of_maps "cut in the middle" "${good}3000-4000 r--p 0" 2 "invalid offset"
not_of_maps "a NUL" '1000-2000 r--p 0 0:0 0 /\0000x\n' 1 "it contains a NUL"
not_of_maps "out of order" "3000-4000 r--p 0 0:0 0\n$good" 2 "it is not in address order"
not_of_maps "twice" "$good$good" 2 "it is not in address order"
not_of_maps "after the gate page" \
	'ffffffffff600000-ffffffffff601000 --xp 0 0:0 0 [vsyscall]\nfffffffffff00000-fffffffffff01000 r--p 0 0:0 0\n' \
	2 "nothing may follow the gate page"
not_of_maps "CR LF and LF" "1000-2000 r--p 0 0:0 0\r\n3000-4000 r--p 0 0:0 0\n" 1 \
	"it ends in CR LF, and others do not"
awk '1' "/proc/$target/smaps" >"$TMP/smaps"
result "smaps rejected" fails 1 "line 2 is not one of /proc/PID/maps" \
	vmainfo show --from="$TMP/smaps"

# and what is accepted
cr_lf="sed s/\$/$(printf '\r')/"
# shellcheck disable=SC2086 # two words
result "maps: CR LF accepted" as_copied $cr_lf
result "maps: last line without newline accepted" as_copied head -c -1
result "maps: CR LF without the last LF accepted" as_copied sh -c "$cr_lf | head -c -1"
result "maps: CR at the end of one name kept" name_with_cr
for gate in 'ffffffffff600000-ffffffffff601000 --xp [vsyscall] 7ffd00000000-7ffd00021000' \
	'ffff0000-ffff1000 r-xp [vectors] befdf000-bf000000' \
	'ffffe000-fffff000 r-xp [vdso] bffdf000-c0000000'; do
	# shellcheck disable=SC2086 # four words
	result "maps: gate page ${gate%% *} recognized" gate_page yes $gate
done
printf '%s 0 0:0 0 [vsyscall]\n' 'ffffffffff600000-ffffffffff601000 --xp' \
	'ffffffffff601000-ffffffffff602000 --xp' >"$TMP/gate"
result "maps: line behind [vsyscall] rejected" fails 1 "nothing may follow the gate page" \
	vmainfo show --from="$TMP/gate"
# A process can move its vDSO there.
for gate in 'ffff0000-ffff1000 [vectors]' 'ffffe000-fffff000 [vdso]'; do
	# shellcheck disable=SC2086 # two words
	result "maps: ${gate#* } with a line behind it: not a gate page" gate_before_others $gate
done
# Of 32-bit processes of a 64-bit kernel, where these are VMAs
for gate in 'ffff0000-ffff1000 r-xp [vectors] fffcf000-ffff0000' \
	'ffffe000-fffff000 r-xp [vdso] fff9f000-fffc0000'; do
	# shellcheck disable=SC2086 # four words
	result "maps: ${gate#*p }: not a gate page" gate_page no $gate
done

# which processes
name=named$$
two_of "$name"
result "NAME of two processes: both shown" several "$name"
result "two PIDs: both shown" several "$older" "$newer"
result "two processes: --json" several_json
result "two processes: --long" several --long "$name"
result "two processes: --addr with no VMA rejected" fails 1 "nothing is mapped at 0x10" \
	vmainfo show -q --addr=10 "$name"
result "two processes: missing one named" not_one_of_them
result "two processes: --csv rejected" fails 1 "2 processes have the name '$name'" \
	vmainfo show --csv "$name"
result "two processes: --maps rejected" fails 1 "extra operand '$newer': --maps is for one process" \
	vmainfo show --maps "$older" "$newer"
result "--oldest: first process shown" same_maps "$older" --oldest "$name"
result "--newest: last process shown" same_maps "$newer" --newest "$name"
result "--newest with one PID accepted" same_maps "$target" --newest "$target"
result "--oldest with --newest rejected" fails 1 "exclude each other" vmainfo show --oldest --newest "$name"
result "save: ambiguous NAME rejected" fails 1 "$older $newer" vmainfo save "$name" "$TMP/none"
result "save --oldest: first process saved to stdout" sh -c 'vmainfo save -q --oldest "$0" - |
	vmainfo show --maps --from=- | diff -a "/proc/$1/maps" -' "$name" "$older"
result "watch --newest: last process watched" fails 0 "process $newer, $name: " \
	vmainfo watch --newest -n .001 -c 1 "$name"
result "draw --newest: last process drawn" sh -c 'vmainfo draw -q --newest "$0" | head -n 1 |
	grep -qx "$0 (pid $1)"' "$name" "$newer"
for pid in 0 2147483648 99999999999999999999; do
	result "PID $pid rejected" fails 1 "invalid PID: '$pid'" vmainfo show "$pid"
done
result "file as process rejected" fails 1 "show and draw read it with --from" vmainfo show "$capture"
result "watch: invalid intervals rejected" intervals

for machine in "$HERE"/machines/*.raw; do
	machine=${machine%.raw}
	result "same as on ${machine##*/}" as_captured vmainfo "$machine"
done

result "save: file created" saves "$TMP/save/file"
chmod 644 "$TMP/save/file"
result "save: file replaced" saves "$TMP/save/file"
# The rest of what FILE can be is in files.sh.
ln -s /proc/self/fd/1 "$TMP/save/stdout"
result "save: link to stdout not replaced" fails 1 "is an open file, which cannot be replaced" \
	vmainfo save -q "$target" "$TMP/save/stdout"
result "save: terminal rejected" not_to_terminal
result "save: works with stdout closed" without_stdout
result "save: no partial file after an error" half_a_file
result "save: missing directory message" fails 1 "No such file or directory" \
	vmainfo save -q "$target" "$TMP/none/file"
result "save: missing FILE operand rejected" fails 1 "missing operand" vmainfo save "$target"

finish
