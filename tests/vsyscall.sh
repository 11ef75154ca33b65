#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The vsyscall page is shown exactly as the kernel shows it. That depends on vsyscall= on the
# kernel's command line and on the process. It is not a VMA of the process: it comes last,
# without a number, and is not counted.

. "$(dirname "$0")/lib.sh"
begin

mode=$(sed -n 's/^\(.* \)\{0,1\}vsyscall=\([^ ]*\).*/\2/p' /proc/cmdline)
gate=ffffffffff600000-ffffffffff601000
case $mode in
none) page= ;;
xonly) page="$gate --xp" ;;
emulate) page="$gate r-xp" ;;
*)	# Only the kernel's configuration knows the default.
	page=$(grep -o "^$gate ...." /proc/self/maps)
	mode=default
	;;
esac
echo "# vsyscall=$mode: ${page:-no page}"

# gate_is_page FILE: the only vsyscall page in that maps is $page
gate_is_page()
{
	[ "$(grep -o "^$gate ....\|vsyscall" "$1")" = "${page:+$page
vsyscall}" ]
}

# last_in_vmas: the last line of vmas is the page if there is one; no other line is
last_in_vmas()
{
	vmas_awk '$col["kind"] == "vsyscall" || $col["name"] == "[vsyscall]" { pages++ }
		END { exit page == "" ? pages > 0 :
			!(pages == 1 && $col["nr"] == "-" && $col["start"] == "ffffffffff600000" &&
			  $col["kB"] == 4 && $col["perm"] == substr(page, length(page) - 3) &&
			  $col["offset"] == "00000000" && $col["dev"] == "00:00" &&
			  $col["inode"] == "0" && $col["kind"] == "vsyscall" &&
			  $col["name"] == "[vsyscall]") }' page="$page" "$TMP/look/vmas"
}

# not_counted: vmas has two header lines, as many lines as its header says, and the page
not_counted()
{
	vmas=$(sed -n '1s/.* vmas=\([0-9]*\) .*/\1/p' "$TMP/look/vmas")
	[ "$(wc -l <"$TMP/look/vmas")" -eq $((2 + vmas + ${page:+1} + 0)) ]
}

must start "$HERE/mapfiles"
native=$target
compare "vsyscall=$mode" "$native"
result "vsyscall=$mode: procfs has ${page:-no page}" gate_is_page "$TMP/look/before"
result "vsyscall=$mode: maps has ${page:-no page}" gate_is_page "$TMP/look/maps"
result "vsyscall=$mode: not counted in vmas=" not_counted
result "vsyscall=$mode: last in vmas" last_in_vmas

no_32_bit=
if [ ! -x "$HERE/ia32" ]; then
	no_32_bit="this machine has no 32-bit programs"
elif ! start "$HERE/ia32"; then
	no_32_bit="this kernel does not run 32-bit programs"
fi
ia32=$target
if [ -z "$no_32_bit" ]; then
	compare "32-bit process" "$ia32"
	page=
	result "32-bit process: no vsyscall" eval 'last_in_vmas && gate_is_page "$TMP/look/maps"'
else
	skip_compare "32-bit process" "$no_32_bit" "no vsyscall"
fi

# What follows does not depend on who loads the module and on the first call on an entry.

# loaded_by COMMAND...: maps is right after COMMAND has loaded the module
loaded_by()
{
	"$@" && echo "$native" >/sys/module/vmainfo/parameters/pid || return 1
	look "$native" && same_maps
	same=$?
	cd /
	rmmod vmainfo && return $same
}

# first_call BYTES PID COMMAND...: what COMMAND reads from maps is right from that offset on
first_call()
{
	vmainfo_load pid="$2" || return 1
	tail -c +$(($1 + 1)) "/proc/$2/maps" >"$TMP/expected"
	shift 2
	"$@" >"$TMP/first" 2>"$TMP/why" && cmp "$TMP/expected" "$TMP/first"
	same=$?
	rmmod vmainfo && return $same
}

# point REASON WHAT COMMAND...: a test point, skipped if there is a reason
point()
{
	if [ -n "$1" ]; then
		skip "$2: maps same as procfs" "$1"
	else
		shift
		what=$1
		shift
		result "$what: maps same as procfs" "$@"
	fi
}

no_loader=
mkdir "$TMP/root"
cp "$HERE/amd64_reader" "${VMAINFO_KO:-/none}" "$TMP/root" 2>/dev/null ||
	no_loader="there is no amd64_reader, or VMAINFO_KO is not set"
point "$no_loader" "loaded without /proc" loaded_by chroot "$TMP/root" \
	/amd64_reader load "/${VMAINFO_KO##*/}"
point "${no_32_bit:-$no_loader}" "loaded by 32-bit process" loaded_by \
	"$HERE/ia32_reader" load "$VMAINFO_KO"
point "" "first call is a seek" first_call 9 "$native" dd if=/proc/vmainfo/maps bs=9 skip=1
point "$no_32_bit" "first read by 32-bit process" first_call 0 "$native" \
	"$HERE/ia32_reader" maps "$native"
point "$no_32_bit" "first read by and of 32-bit process" first_call 0 "$ia32" \
	"$HERE/ia32_reader" maps "$ia32"

# The page is in the model of that test, which loads the module.
result "vsyscall=$mode: filters apply" eval \
	'"$HERE/filter" -t each_condition -t range_boundaries >"$TMP/filter" 2>&1 ||
		{ cat "$TMP/filter"; false; }'

finish
