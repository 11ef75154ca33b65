#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo show and save: each format has what the raw listing has, as an independent reader of
# it says (raw.py); filters; what a terminal gets; the fallback to /proc/PID/maps.

. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1

# as_raw FORMAT FILE OPTION...: what show prints with these options is what FILE has
as_raw()
{
	format=$1 file=$2
	shift 2
	"$VMAINFO" show "$@" --from="$file" >"$TMP/shown" || return 1
	python3 "$HERE/show.py" "$format" "$file" <"$TMP/shown"
}

# picks EXPECTED OPTION...: the lines of the capture's maps that these filters leave, as awk says
picks()
{
	awk "$1" "$TMP/maps" >"$TMP/expected"
	shift
	[ -s "$TMP/expected" ] || { echo "the capture has none of these"; return 1; }
	"$VMAINFO" show --maps --from="$capture" "$@" >"$TMP/shown" || return 1
	diff "$TMP/expected" "$TMP/shown"
}

# sums FILTER: the last line has what is shown, and what there is
sums()
{
	awk "$1"' { n++ }
		{ total++ } END { printf "%d of %d VMAs, ", n, total }' "$TMP/maps" >"$TMP/expected"
	"$VMAINFO" show --from="$capture" "$2" | tail -n 1 | grep -qF "$(cat "$TMP/expected")" && return
	cat "$TMP/expected"
	return 1
}

# without_module COMMAND...: it does that, and the note on stderr says from where
without_module()
{
	"$@" 2>"$TMP/note" || return 1
	grep -qF "not loaded (modprobe vmainfo), this is from /proc/PID/maps" "$TMP/note" && return
	cat "$TMP/note"
	return 1
}

same_maps()
{
	"$VMAINFO" show -q --maps "$1" >"$TMP/shown" && diff -a "/proc/$1/maps" "$TMP/shown"
}

json_of_process()
{
	"$VMAINFO" show -q --json "$target" | python3 -c '
import json, sys
data = json.load(sys.stdin)
assert data["source"] == "maps" and not data["atomic"] and data["pid"] == int(sys.argv[1])
assert data["taken_ns"] is None
names = [r["name"] or "" for r in data["records"]]
assert sum(name.endswith("/new\nline") for name in names) == 1, names
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
	"$VMAINFO" show --maps --from="$TMP/overlaps" | diff "$TMP/expected" -
}

# not_of_maps WHAT TEXT LINE MESSAGE: a test point
not_of_maps()
{
	printf '%b' "$2" >"$TMP/bad"
	result "not of maps: $1" fails 1 \
		"'$TMP/bad': line $3 is not one of /proc/PID/maps: $4" "$VMAINFO" show --from="$TMP/bad"
}

# as_copied SED: the maps of the capture after that is what it was
as_copied()
{
	sed "$1" "$TMP/maps" >"$TMP/copied"
	! cmp -s "$TMP/maps" "$TMP/copied" &&
		"$VMAINFO" show --maps --from="$TMP/copied" | diff -a "$TMP/maps" -
}

# without_end CR: the same without the end of the last line, where others have that before it
without_end()
{
	sed "s/\$/$1/" "$TMP/maps" | head -c -1 >"$TMP/copied"
	"$VMAINFO" show --maps --from="$TMP/copied" | diff -a "$TMP/maps" -
}

name_with_cr()
{
	printf '%-72s /cr\r\n%s \n' '00001000-00002000 r--p 00000000 08:01 9 ' \
		'00003000-00004000 r--p 00000000 00:00 0' >"$TMP/copied"
	"$VMAINFO" show --maps --from="$TMP/copied" | diff -a "$TMP/copied" -
}

# gate_page yes|no RANGE PERM NAME STACK: whether it is one behind a stack that is there
gate_page()
{
	printf '%s rw-p 0 0:0 0 [stack]\n%s %s 0 0:0 0 %s\n' "$5" "$2" "$3" "$4" >"$TMP/gate"
	vmas=2
	[ "$1" = no ] || vmas=1
	"$VMAINFO" show --from="$TMP/gate" >"$TMP/shown" || return 1
	cat "$TMP/shown"
	grep -q "^$vmas VMAs\?, " "$TMP/shown"
}

# several ARGUMENT...: the two processes, with a heading
several()
{
	"$VMAINFO" show -q "$@" >"$TMP/shown" || return 1
	cat "$TMP/shown"
	[ "$(grep '^process ' "$TMP/shown")" = "$(printf 'process %s, %s:\n' \
		"$older" "$name" "$newer" "$name")" ] &&
		[ "$(grep -c 'VMAs, .*, from /proc/PID/maps$' "$TMP/shown")" = 2 ]
}

several_json()
{
	"$VMAINFO" show -q --json "$name" >"$TMP/shown" || return 1
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

# One that is not there is an error, and the others are shown.
not_one_of_them()
{
	fails 1 "process 2147483647: No such process" "$VMAINFO" show "$older" 2147483647 "$newer" &&
		[ "$(grep -c "^process .*, $name:" "$TMP/stdout")" = 2 ]
}

# same_maps_as PID ARGUMENT...
same_maps_as()
{
	pid=$1
	shift
	"$VMAINFO" show -q --maps "$@" >"$TMP/shown" && diff -a "/proc/$pid/maps" "$TMP/shown"
}

# One parser for all numbers with a fraction
intervals()
{
	for good in 0.001 .001 0.0010 1.e 1..2 -1 1e-3 0x1 nan inf "" . 0 0.0009 ,5 1,5 " 1" "1 "; do
		case $good in
		0.001 | .001 | 0.0010)
			fails 0 "process" "$VMAINFO" watch "-n$good" -i "$good" -c 1 "$older" || return 1
			;;
		*)
			fails 1 "vmainfo watch: invalid interval: '$good'" \
				"$VMAINFO" watch -n "$good" -c 1 "$older" || return 1
			fails 1 "vmainfo top: invalid delay: '$good'" "$VMAINFO" top -b -n 1 -d "$good" &&
				continue
			# top can do without a pause.
			case $good in 0 | 0.0009) ;; *) return 1 ;; esac
			;;
		esac
	done
	"$VMAINFO" top -b -n 1 -d .5 | head -n 1 | grep -q "every 0.5 s"
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

# On a terminal, no format passes on what a terminal obeys; a newline in a name is one of maps.
terminal_is_safe()
{
	for format in "$@"; do
		# The terminal makes CR LF of LF.
		on_terminal "$VMAINFO" show --color=never "$format" --from="$TMP/strange" |
			tr -d '\r' >"$TMP/shown" || return 1
		if LC_ALL=C grep -q "[$(printf '\001-\010\013-\037\177')]" "$TMP/shown" ||
		   LC_ALL=C grep -q "$(printf '\302\233')" "$TMP/shown"; then
			echo "$format prints control characters"
			return 1
		fi
	done
}

# names_in LOCALE WANT: on a terminal, all is valid in the locale, and this name is that
names_in()
{
	for format in --long --csv --maps; do
		LC_ALL=$1 on_terminal "$VMAINFO" show --color=never "$format" \
			--from="$TMP/strange" >"$TMP/shown" || return 1
		python3 -c '
import sys
with open(sys.argv[1], "rb") as file:
    text = file.read().decode("utf-8" if sys.argv[2] == "C.UTF-8" else "ascii")
bad = [c for c in text if c not in "\r\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
assert not bad, bad
assert "/umlaut " + sys.argv[3] in text, text
assert "/behind ??2J" in text and "/overlong ???2J" in text, text
' "$TMP/shown" "$1" "$2" || return 1
	done
}

# ---- save ----

saves()
{
	umask 022
	"$VMAINFO" save -q "$target" "$1" && as_process "$1" &&
		[ "$(stat -L -c %a "$1")" = 600 ] && nothing_else
}

as_process()
{
	"$VMAINFO" show --maps --from="$1" | diff -a "/proc/$target/maps" -
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
	(ulimit -f 1; "$VMAINFO" save -q "$target" "$TMP/save/half") && return 1
	[ "$(cat "$TMP/save/half")" = old ] && nothing_else
}

# A link is somebody else's word for where to write: it is replaced, and what it points to is not.
over_link()
{
	echo old >"$TMP/save/linked"
	for to in linked none; do
		rm -f "$TMP/save/link"
		ln -s "$to" "$TMP/save/link"
		saves "$TMP/save/link" && [ ! -L "$TMP/save/link" ] || return 1
	done
	[ "$(cat "$TMP/save/linked")" = old ] && [ ! -e "$TMP/save/none" ]
}

# Not this one: it can be that of /dev.
over_link_to_stdout()
{
	ln -s /proc/self/fd/1 "$TMP/save/stdout"
	"$VMAINFO" save -q "$target" "$TMP/save/stdout" | cat >"$TMP/piped"
	as_process "$TMP/piped" && fails 1 "is an open file, which cannot be replaced" \
		"$VMAINFO" save -q "$target" "$TMP/save/stdout" && [ -L "$TMP/save/stdout" ]
}

to_pipe()
{
	mkfifo "$TMP/save/pipe"
	cat "$TMP/save/pipe" >"$TMP/piped" &
	"$VMAINFO" save -q "$target" "$TMP/save/pipe" && wait $! && [ -p "$TMP/save/pipe" ] &&
		as_process "$TMP/piped"
}

to_stdout()
{
	"$VMAINFO" save -q "$target" - | "$VMAINFO" show --maps --from=- |
		diff -a "/proc/$target/maps" -
}

not_to_terminal()
{
	on_terminal "$VMAINFO" save -q "$target" - >"$TMP/shown"
	[ $? = 1 ] && grep -q "not for terminals" "$TMP/shown"
}

# Without stdout, a file is saved, and is not taken for stdout.
without_stdout()
{
	(exec >&- 2>"$TMP/err"; "$VMAINFO" save -q "$target" "$TMP/save/closed") || return 1
	as_process "$TMP/save/closed" && [ ! -s "$TMP/err" ] || return 1
	(exec <&- >&-; "$VMAINFO" save -q "$target" "$TMP/save/closed") &&
		as_process "$TMP/save/closed" || return 1
	# What does print, cannot.
	fails 1 "write error: Bad file descriptor" sh -c 'exec >&-; "$@"' sh \
		"$VMAINFO" show --from="$capture" || return 1
	fails 1 "cannot read '-': Bad file descriptor" sh -c 'exec <&-; "$@"' sh \
		"$VMAINFO" show --from=-
}

begin
capture=$CAPTURES/python.raw
python3 "$HERE/strange.py" "$TMP/strange" || ktap_exit_fail_msg "strange.py failed"

for name in capture strange; do
	file=$TMP/strange
	[ $name = strange ] || file=$capture
	result "$name: --json" as_raw json "$file" --json
	result "$name: --csv" as_raw csv "$file" --csv
	result "$name: --maps" as_raw maps "$file" --maps
	result "$name: the table" as_raw table "$file"
	result "$name: --long" as_raw table "$file" --long
	result "$name: from stdin" sh -c '"$1" show --from=- --maps <"$2" >"$3" &&
		"$1" show --from="$2" --maps | cmp - "$3"' sh "$VMAINFO" "$file" "$TMP/stdin"
done

"$VMAINFO" show --maps --from="$capture" >"$TMP/maps"
result "--perm=rw-p" picks '$2 == "rw-p"' --perm=rw-p
result "--perm=?w" picks '$2 ~ /^.w/' --perm=?w
result "--perm=---" picks '$2 ~ /^---/' --perm=---
result "--perm=???s" picks '$2 ~ /s$/' --perm=???s
result "--perm=???- is private" picks '$2 ~ /p$/' --perm=???-
result "--kind=stack,heap" picks '/\[(stack|heap)\]$/' --kind=stack,heap
result "two filters" picks '$2 ~ /^r-x/ && /vdso/' --kind=vdso,vvar --perm=r-x
first=$(sed -n '1s/-.*//p' "$TMP/maps")
end=$(sed -n '1s/.*-\([0-9a-f]*\) .*/\1/p' "$TMP/maps")
last=$(printf %x $((0x$end - 1)))
result "--addr: the first address" picks 'NR == 1' --addr="$first"
result "--addr: the last one, with 0x" picks 'NR == 1' --addr="0x$last"
result "--addr: not the one behind it" sh -c '! "$0" show --maps --addr="$1" --from="$2" |
	grep -q "^$3"' "$VMAINFO" "$end" "$capture" "$first"
result "--addr: nothing there" fails 1 "vmainfo: nothing is mapped at 0x10" \
	"$VMAINFO" show --from="$capture" --addr=10
result "--addr: not of that kind" fails 1 "nothing that matches is mapped at 0x${first#"${first%%[!0]*}"}" \
	"$VMAINFO" show --from="$capture" --addr="$first" --kind=heap
result "sums with a filter" sums '$2 ~ /^rw/' --perm=rw

for pair in "--json --csv" "--maps --long" "--csv --maps"; do
	# shellcheck disable=SC2086 # two words
	result "not both: $pair" fails 1 "exclude each other" "$VMAINFO" show $pair 1
done
result "not both: a process and --from" fails 1 "exclude each other" "$VMAINFO" show --from=- 1
result "no such kind" fails 1 "unknown kind: 'heaps'" "$VMAINFO" show --kind=anon,heaps 1
for pattern in rwxpp w "" sp "rw p"; do
	result "no pattern: '$pattern'" fails 1 "invalid pattern of permissions" "$VMAINFO" show --perm="$pattern" 1
done
result "no address" fails 1 "invalid address: '12x'" "$VMAINFO" show --addr=12x 1
result "no such file" fails 1 "vmainfo: cannot open '$TMP/none': No such file" \
	"$VMAINFO" show --from="$TMP/none"
result "a directory" fails 1 "Is a directory" "$VMAINFO" show --from="$TMP"
result "a file without end" fails 1 "'/dev/zero': it is neither a listing of" \
	limited 60 "$VMAINFO" show --from=/dev/zero
result "a full device" fails 1 "vmainfo: write error: No space left" \
	sh -c '"$0" show --from="$1" >/dev/full' "$VMAINFO" "$capture"

export TERM=xterm
unset NO_COLOR
result "colours: not to a pipe" colours no "$VMAINFO" show --from="$capture"
result "colours: to a terminal" colours yes on_terminal "$VMAINFO" show --from="$capture"
result "colours: not with NO_COLOR" colours no \
	env NO_COLOR=1 python3 "$HERE/terminal.py" "$VMAINFO" show --from="$capture"
result "colours: --color=always" colours yes "$VMAINFO" show --color=always --from="$capture"
result "colours: none in --json" colours no "$VMAINFO" show --color=always --json --from="$capture"
result "a terminal is safe from names" terminal_is_safe --long --json --csv --maps
result "a terminal of UTF-8" names_in C.UTF-8 "$(printf '\303\244')"
result "a terminal without UTF-8" names_in C "??"

# without the module, which is not loaded where this runs
mkdir "$TMP/files" "$TMP/save"
mkfifo "$TMP/ready"
python3 "$HERE/mapped.py" "$TMP/files" >"$TMP/ready" &
target=$!
PIDS=$target
read -r _ <"$TMP/ready" || ktap_exit_fail_msg "mapped.py failed"
if [ -e /proc/vmainfo ]; then
	ktap_exit_fail_msg "these tests are of what is done without the module, which is loaded"
fi
result "without the module: maps of a process" same_maps "$target"
result "without the module: its JSON" json_of_process
result "without the module: it says so" without_module "$VMAINFO" show "$target"
result "without the module: of itself" without_module "$VMAINFO" show --kind=heap
result "without the module: --quiet" sh -c '[ -z "$("$0" show -q "$1" 2>&1 >/dev/null)" ]' \
	"$VMAINFO" "$target"
result "without the module: the sums say so" sh -c '"$0" show -q "$1" | tail -n 1 |
	grep -q ", from /proc/PID/maps$"' "$VMAINFO" "$target"
result "no such process" fails 1 "No such process" "$VMAINFO" show 2147483647
result "no process of that name" fails 1 "there is no process 'not such a name'" \
	"$VMAINFO" show "not such a name"
sleep 0 &
gone=$!
wait $gone
result "a process that has exited" fails 1 "vmainfo: process $gone: No such process" \
	"$VMAINFO" show $gone
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	# The program is to be reached by somebody else.
	cp "$VMAINFO" "$TMP/vmainfo"
	chmod 755 "$TMP" "$TMP/vmainfo"
	result "a process of somebody else" fails 1 "vmainfo: process $target: Permission denied" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$TMP/vmainfo" show "$target"
else
	ktap_test_skip "a process of somebody else: it takes root and setpriv"
fi
if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
	# Some kernels give an empty maps, others none.
	result "a kernel thread has none" sh -c '"$0" show -q --maps 2 >"$1" 2>"$2" ||
		grep -q "No such process" "$2"; [ ! -s "$1" ]' "$VMAINFO" "$TMP/shown" "$TMP/err"
else
	ktap_test_skip "a kernel thread has none: there is none here"
fi
result "a maps that is not of one instant" overlapping

# Copies of a maps: what is not one
good='1000-2000 r--p 0 0:0 0\n'
not_of_maps "range, a word" "${good}x\n" 2 "it does not begin with a range"
not_of_maps "range, empty line" "$good\n" 2 "it does not begin with a range"
not_of_maps "range, a sign" '1000--1 r--p 0 0:0 0\n' 1 "it does not begin with a range"
not_of_maps "range, 0x" '1000-0x2000 r--p 0 0:0 0\n' 1 "it does not begin with a range"
not_of_maps "range, a space" "$good 3000-4000 r--p 0 0:0 0\n" 2 "it does not begin with a range"
not_of_maps "range, 65 bits" "1000-10000000000001000 r--p 0 0:0 0\n" 1 \
	"it does not begin with a range"
not_of_maps "range, upper case" "${good}A000-B000 r--p 0 0:0 0\n" 2 "it does not begin with a range"
not_of_maps "range, empty" '1000-1000 r--p 0 0:0 0\n' 1 "its range ends before it begins"
not_of_maps "range, backwards" '2000-1000 r--p 0 0:0 0\n' 1 "its range ends before it begins"
not_of_maps "range, start not of a page" '1001-2000 r--p 0 0:0 0\n' 1 "an address is not that of a page"
not_of_maps "range, end not of a page" '1000-2800 r--p 0 0:0 0\n' 1 "an address is not that of a page"
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
not_of_maps "behind the gate page" \
	'ffffffffff600000-ffffffffff601000 --xp 0 0:0 0 [vsyscall]\nfffffffffff00000-fffffffffff01000 r--p 0 0:0 0\n' \
	2 "nothing is behind the gate page"
not_of_maps "CR LF and LF" "1000-2000 r--p 0 0:0 0\r\n3000-4000 r--p 0 0:0 0\n" 1 \
	"it ends in CR LF, and others do not"
awk '1' "/proc/$target/smaps" >"$TMP/smaps"
result "not of maps: smaps" fails 1 "line 2 is not one of /proc/PID/maps" \
	"$VMAINFO" show --from="$TMP/smaps"

# and what is
result "maps: CR LF" as_copied "s/\$/$(printf '\r')/"
result "maps: no end of the last line" without_end ""
result "maps: CR LF, no end of the last line" without_end "$(printf '\r')"
result "maps: a name that ends in CR" name_with_cr
for gate in 'ffffffffff600000-ffffffffff601000 --xp [vsyscall] 7ffd00000000-7ffd00021000' \
	'ffff0000-ffff1000 r-xp [vectors] befdf000-bf000000' \
	'ffffe000-fffff000 r-xp [vdso] bffdf000-c0000000'; do
	# shellcheck disable=SC2086 # four words
	result "maps: the gate page ${gate%% *}" gate_page yes $gate
done
# Of 32-bit processes of a 64-bit kernel, where these are VMAs
for gate in 'ffff0000-ffff1000 r-xp [vectors] fffcf000-ffff0000' \
	'ffffe000-fffff000 r-xp [vdso] fff9f000-fffc0000'; do
	# shellcheck disable=SC2086 # four words
	result "maps: not a gate page: ${gate#*p }" gate_page no $gate
done

# which processes
name=named$$
two_of "$name"
result "several processes: by name" several "$name"
result "several processes: by pid" several "$older" "$newer"
result "several processes: --json" several_json
result "several processes: --long" several --long "$name"
result "several processes: --addr" fails 1 "nothing is mapped at 0x10" \
	"$VMAINFO" show -q --addr=10 "$name"
result "several processes: not one of them" not_one_of_them
result "several processes: not with --csv" fails 1 "2 processes have the name '$name'" \
	"$VMAINFO" show --csv "$name"
result "several processes: not with --maps" fails 1 "extra operand '$newer': --maps is for one process" \
	"$VMAINFO" show --maps "$older" "$newer"
result "--oldest" same_maps_as "$older" --oldest "$name"
result "--newest" same_maps_as "$newer" --newest "$name"
result "--newest of one" same_maps_as "$target" --newest "$target"
result "--oldest and --newest" fails 1 "exclude each other" "$VMAINFO" show --oldest --newest "$name"
result "save: several processes" fails 1 "$older $newer" "$VMAINFO" save "$name" "$TMP/none"
result "save: --oldest" sh -c '"$1" save -q --oldest "$2" - | "$1" show --maps --from=- |
	diff -a "/proc/$3/maps" -' sh "$VMAINFO" "$name" "$older"
result "watch: --newest" fails 0 "process $newer, $name: " \
	"$VMAINFO" watch --newest -n .001 -c 1 "$name"
result "draw: --newest" sh -c '"$1" draw -q --newest "$2" | head -n 1 | grep -qx "$2 (pid $3)"' \
	sh "$VMAINFO" "$name" "$newer"
for pid in 0 2147483648 99999999999999999999; do
	result "invalid PID: $pid" fails 1 "invalid PID: '$pid'" "$VMAINFO" show "$pid"
done
result "a file as a process" fails 1 "show and draw read it with --from" "$VMAINFO" show "$capture"
result "watch: intervals" intervals

result "save: a file" saves "$TMP/save/file"
chmod 644 "$TMP/save/file"
result "save: over another one" saves "$TMP/save/file"
result "save: over a link" over_link
result "save: not over the link of stdout" over_link_to_stdout
result "save: to a pipe" to_pipe
result "save: to stdout" to_stdout
result "save: not to a terminal" not_to_terminal
result "save: without stdout" without_stdout
result "save: never half a file" half_a_file
# Not that of the machine: it would be replaced by a file if this went wrong.
if mknod "$TMP/full" c 1 7 2>/dev/null && ! echo | cat 2>"$TMP/err" >"$TMP/full" &&
   grep -q "No space left" "$TMP/err"; then
	result "save: to a full device" fails 1 "cannot write '$TMP/full': No space left" \
		"$VMAINFO" save -q "$target" "$TMP/full"
	result "save: it is still a device" [ -c "$TMP/full" ]
else
	ktap_test_skip "save: to a full device: none can be made here"
fi
result "save: no such directory" fails 1 "No such file or directory" \
	"$VMAINFO" save -q "$target" "$TMP/none/file"
result "save: no file" fails 1 "missing operand" "$VMAINFO" save "$target"

ktap_set_plan $((KTAP_TESTNO - 1))
ktap_finished
