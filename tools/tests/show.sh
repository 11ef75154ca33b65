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
	"$VMAINFO" show --maps --from="$TMP/overlaps" | diff "$TMP/expected" -
}

# not_of_maps WHAT TEXT LINE MESSAGE: a test point
not_of_maps()
{
	printf '%b' "$2" >"$TMP/bad"
	result "maps: $1 rejected" fails 1 \
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

# gate_page yes|no RANGE PERM NAME STACK: whether this is a gate page, if the stack is there
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

# A missing process is an error, and the others are shown.
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
assert r"/behind \xff\x9b2J" in text and r"/overlong \xe0\x82\x9b2J" in text, text
' "$TMP/shown" "$1" "$2" || return 1
	done
}

# columns LINE OPTION...: one line begins so, and it is the last one with --noheadings
columns()
{
	want=$1
	shift
	"$VMAINFO" show --from="$capture" "$@" >"$TMP/shown" || return 1
	if [ "$1" = --noheadings ]; then
		set -- "$(wc -l <"$TMP/shown")"
	else
		set -- 1
	fi
	[ "$(grep -c "^$(printf %s "$want" | sed 's/[[]/\\[/')" "$TMP/shown")" = "$1" ] && return
	head -n 3 "$TMP/shown"
	return 1
}

# From the first line to the last one, the permissions are in one column.
aligned()
{
	awk 'BEGIN {
		for (i = 1; i <= 12000; i++)
			printf "%x000-%x000 rw-p 00000000 08:01 %d /a\n", i * i, i * i + 1, i
	}' >"$TMP/large"
	for option in --color=never --long; do
		"$VMAINFO" show "$option" --from="$TMP/large" >"$TMP/shown" || return 1
		awk '/rw-p/ { print index($0, "rw-p") }' "$TMP/shown" | sort | uniq -c >"$TMP/places"
		[ "$(awk '{ print $1 }' "$TMP/places")" = 12000 ] || { cat "$TMP/places"; return 1; }
	done
}

cut_names()
{
	on_terminal sh -c 'stty cols 60; "$0" show --color=never --from="$1"' "$VMAINFO" "$capture" |
		tr -d '\r' >"$TMP/shown" || return 1
	awk 'length > 60 { print; bad = 1 } END { exit bad }' "$TMP/shown" &&
		grep -q '  */.*' "$TMP/shown"
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
	result "$name: --json matches raw" as_raw json "$file" --json
	result "$name: --csv matches raw" as_raw csv "$file" --csv
	result "$name: --maps matches raw" as_raw maps "$file" --maps
	result "$name: table matches raw" as_raw table "$file"
	result "$name: --long matches raw" as_raw table "$file" --long
	result "$name: --raw matches raw" as_raw raw "$file" --raw \
		-o nr,start,end,size_kb,perm,offset,dev,inode,kind,page_kb,anon,policy,flags,deleted,ops,name
	result "$name: same from stdin" sh -c '"$1" show --from=- --maps <"$2" >"$3" &&
		"$1" show --from="$2" --maps | cmp - "$3"' sh "$VMAINFO" "$file" "$TMP/stdin"
done

"$VMAINFO" show --maps --from="$capture" >"$TMP/maps"
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
result "--addr: end is exclusive" sh -c '! "$0" show --maps --addr="$1" --from="$2" |
	grep -q "^$3"' "$VMAINFO" "$end" "$capture" "$first"
result "--addr: unmapped address message" fails 1 "vmainfo: nothing is mapped at 0x10" \
	"$VMAINFO" show --from="$capture" --addr=10
result "--addr: filtered address message" fails 1 "nothing that matches is mapped at 0x${first#"${first%%[!0]*}"}" \
	"$VMAINFO" show --from="$capture" --addr="$first" --kind=heap
result "totals follow the filter" sums '$2 ~ /^rw/' --perm=rw

for pair in "--json --csv" "--maps --long" "--csv --maps" "--raw --json" "-onr --maps" "--from=-"; do
	# shellcheck disable=SC2086 # two words
	result "$pair rejected" fails 1 "exclude each other" "$VMAINFO" show $pair 1
done
result "unknown column rejected" fails 1 "unknown column: 'nam'" "$VMAINFO" show -o start,nam 1
result "--columns: order of the columns" columns "[heap] " -o name,end
result "--columns: order in CSV" columns "[heap],0x" --csv -o name,end
result "--noheadings: only lines of VMAs" columns "[heap] rw-p\$" --noheadings -o name,perm --kind=heap
result "large listing: columns stay aligned" aligned
result "terminal: names cut to its width" cut_names
result "unknown kind rejected" fails 1 "unknown kind: 'heaps'" "$VMAINFO" show --kind=anon,heaps 1
for pattern in rwxpp w "" sp "rw p"; do
	result "--perm='$pattern' rejected" fails 1 "invalid pattern of permissions" "$VMAINFO" show --perm="$pattern" 1
done
result "invalid address rejected" fails 1 "invalid address: '12x'" "$VMAINFO" show --addr=12x 1
result "missing file: ENOENT message" fails 1 "vmainfo: cannot open '$TMP/none': No such file" \
	"$VMAINFO" show --from="$TMP/none"
result "directory rejected" fails 1 "Is a directory" "$VMAINFO" show --from="$TMP"
result "endless file rejected" fails 1 "'/dev/zero': it is neither a file of" \
	limited 60 "$VMAINFO" show --from=/dev/zero

export TERM=xterm
unset NO_COLOR
result "no colours to a pipe" colours no "$VMAINFO" show --from="$capture"
result "colours to a terminal" colours yes on_terminal "$VMAINFO" show --from="$capture"
result "no colours with NO_COLOR" colours no \
	env NO_COLOR=1 python3 "$HERE/terminal.py" "$VMAINFO" show --from="$capture"
result "colours with --color=always" colours yes "$VMAINFO" show --color=always --from="$capture"
result "no colours in --json" colours no "$VMAINFO" show --color=always --json --from="$capture"
result "control characters in names escaped" terminal_is_safe --long --json --csv --maps
result "UTF-8 names to a UTF-8 terminal" names_in C.UTF-8 "$(printf '\303\244')"
result "UTF-8 names replaced in the C locale" names_in C '\xc3\xa4'

# without the module, which is not loaded where this runs
mkdir "$TMP/files" "$TMP/save"
mkfifo "$TMP/ready"
python3 "$HERE/mapped.py" "$TMP/files" >"$TMP/ready" &
target=$!
PIDS=$target
read -r _ <"$TMP/ready" || ktap_exit_fail_msg "mapped.py failed"
needs_no_module
result "without the module: --maps same as procfs" same_maps "$target"
result "without the module: --json of a process" json_of_process
result "without the module: warning" without_module "$VMAINFO" show "$target"
result "without the module: own process" without_module "$VMAINFO" show --kind=heap
result "without the module: no warning with --quiet" sh -c '[ -z "$("$0" show -q "$1" 2>&1 >/dev/null)" ]' \
	"$VMAINFO" "$target"
result "without the module: totals name the source" sh -c '"$0" show -q "$1" | tail -n 1 |
	grep -q ", from /proc/PID/maps$"' "$VMAINFO" "$target"
result "missing process: ESRCH message" fails 1 "No such process" "$VMAINFO" show 2147483647
result "unknown process name rejected" fails 1 "there is no process 'not such a name'" \
	"$VMAINFO" show "not such a name"
sleep 0 &
gone=$!
wait $gone
result "exited process: ESRCH message" fails 1 "vmainfo: process $gone: No such process" \
	"$VMAINFO" show $gone
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	# The program is to be reached by somebody else.
	cp "$VMAINFO" "$TMP/vmainfo"
	chmod 755 "$TMP" "$TMP/vmainfo"
	result "another user's process: EACCES message" fails 1 "vmainfo: process $target: Permission denied" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$TMP/vmainfo" show "$target"
else
	ktap_test_skip "another user's process: EACCES message: needs root and setpriv"
fi
if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
	# Some kernels give an empty maps, others none.
	result "kernel thread has 0 VMAs" sh -c '"$0" show -q --maps 2 >"$1" 2>"$2" ||
		grep -q "No such process" "$2"; [ ! -s "$1" ]' "$VMAINFO" "$TMP/shown" "$TMP/err"
else
	ktap_test_skip "kernel thread has 0 VMAs: no kernel thread here"
fi
result "torn maps: overlaps trimmed" overlapping

# Copies of a maps: what is rejected
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
not_of_maps "range, start not of a page" '1001-2000 r--p 0 0:0 0\n' 1 "an address is not a multiple of the page size"
not_of_maps "range, end not of a page" '1000-2800 r--p 0 0:0 0\n' 1 "an address is not a multiple of the page size"
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
	"$VMAINFO" show --from="$TMP/smaps"

# and what is accepted
result "maps: CR LF accepted" as_copied "s/\$/$(printf '\r')/"
result "maps: last line without newline accepted" without_end ""
result "maps: CR LF without the last LF accepted" without_end "$(printf '\r')"
result "maps: CR at the end of one name kept" name_with_cr
for gate in 'ffffffffff600000-ffffffffff601000 --xp [vsyscall] 7ffd00000000-7ffd00021000' \
	'ffff0000-ffff1000 r-xp [vectors] befdf000-bf000000' \
	'ffffe000-fffff000 r-xp [vdso] bffdf000-c0000000'; do
	# shellcheck disable=SC2086 # four words
	result "maps: gate page ${gate%% *} recognized" gate_page yes $gate
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
	"$VMAINFO" show -q --addr=10 "$name"
result "two processes: missing one named" not_one_of_them
result "two processes: --csv rejected" fails 1 "2 processes have the name '$name'" \
	"$VMAINFO" show --csv "$name"
result "two processes: --maps rejected" fails 1 "extra operand '$newer': --maps is for one process" \
	"$VMAINFO" show --maps "$older" "$newer"
result "--oldest: first process shown" same_maps_as "$older" --oldest "$name"
result "--newest: last process shown" same_maps_as "$newer" --newest "$name"
result "--newest with one PID accepted" same_maps_as "$target" --newest "$target"
result "--oldest with --newest rejected" fails 1 "exclude each other" "$VMAINFO" show --oldest --newest "$name"
result "save: ambiguous NAME rejected" fails 1 "$older $newer" "$VMAINFO" save "$name" "$TMP/none"
result "save --oldest: first process saved" sh -c '"$1" save -q --oldest "$2" - | "$1" show --maps --from=- |
	diff -a "/proc/$3/maps" -' sh "$VMAINFO" "$name" "$older"
result "watch --newest: last process watched" fails 0 "process $newer, $name: " \
	"$VMAINFO" watch --newest -n .001 -c 1 "$name"
result "draw --newest: last process drawn" sh -c '"$1" draw -q --newest "$2" | head -n 1 | grep -qx "$2 (pid $3)"' \
	sh "$VMAINFO" "$name" "$newer"
for pid in 0 2147483648 99999999999999999999; do
	result "PID $pid rejected" fails 1 "invalid PID: '$pid'" "$VMAINFO" show "$pid"
done
result "file as process rejected" fails 1 "show and draw read it with --from" "$VMAINFO" show "$capture"
result "watch: invalid intervals rejected" intervals

result "save: file created" saves "$TMP/save/file"
chmod 644 "$TMP/save/file"
result "save: file replaced" saves "$TMP/save/file"
result "save: symlink replaced, target kept" over_link
result "save: link to stdout not replaced" over_link_to_stdout
result "save: pipe accepted" to_pipe
result "save: stdout accepted" to_stdout
result "save: terminal rejected" not_to_terminal
result "save: works with stdout closed" without_stdout
result "save: no partial file after an error" half_a_file
# Not that of the machine: it would be replaced by a file if this went wrong.
if mknod "$TMP/full" c 1 7 2>/dev/null && ! echo | cat 2>"$TMP/err" >"$TMP/full" &&
   grep -q "No space left" "$TMP/err"; then
	result "save: ENOSPC message" fails 1 "cannot write '$TMP/full': No space left" \
		"$VMAINFO" save -q "$target" "$TMP/full"
	result "save: device not replaced" [ -c "$TMP/full" ]
else
	ktap_test_skip "save: ENOSPC message: no device can be made here"
fi
result "save: missing directory message" fails 1 "No such file or directory" \
	"$VMAINFO" save -q "$target" "$TMP/none/file"
result "save: missing FILE operand rejected" fails 1 "missing operand" "$VMAINFO" save "$target"

ktap_set_plan $((KTAP_TESTNO - 1))
ktap_finished
