#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The vsyscall page is shown exactly when and as the kernel shows it: that depends on
# vsyscall= on the kernel's command line, and on the process. It is no VMA of the
# process, so it comes last, without a number, and does not count.

. "$(dirname "$0")/lib.sh"
begin
ktap_set_plan 13

mode=
read -r cmdline </proc/cmdline
for word in $cmdline; do
	case $word in
	vsyscall=*) mode=${word#vsyscall=} ;;
	esac
done

# What there must be for this mode; only the kernel's configuration knows the default.
gate=ffffffffff600000-ffffffffff601000
case $mode in
none) page= ;;
xonly) page="$gate --xp" ;;
emulate) page="$gate r-xp" ;;
*)	page=$(grep -o "^$gate ...." /proc/self/maps)
	mode=default
	;;
esac
echo "# vsyscall=$mode: ${page:-no such page}"

gate_of()
{
	grep -o "^$gate ...." "$1"
	return 0
}

start "$HERE/mapfiles" || ktap_exit_fail_msg "no process"
compare "vsyscall=$mode" "$target"
result "vsyscall=$mode: procfs has \"$page\"" [ "$(gate_of "$TMP/look/before")" = "$page" ]
result "vsyscall=$mode: maps has \"$page\"" [ "$(gate_of "$TMP/look/maps")" = "$page" ]

# "# pid=1 vmas=20 walk=atomic": two header lines, the VMAs, and this page
lines=$(wc -l <"$TMP/look/vmas")
vmas=$(sed -n '1s/.* vmas=\([0-9]*\) .*/\1/p' "$TMP/look/vmas")
if [ -n "$page" ]; then
	result "vsyscall=$mode: vmas does not count it" [ $((vmas + 3)) -eq "$lines" ]
	result "vsyscall=$mode: vmas has it last" awk -v perm="${page#* }" '
		END { exit !($1 == "-" && $2 == "ffffffffff600000" && $4 == 4 && $5 == perm &&
			     $6 == "00000000" && $7 == "00:00" && $8 == "0" && $9 == "vsyscall" &&
			     $15 == "[vsyscall]") }' "$TMP/look/vmas"
else
	result "vsyscall=$mode: vmas counts all" [ $((vmas + 2)) -eq "$lines" ]
	result "vsyscall=$mode: vmas has no such page" sh -c '! grep -q vsyscall "$0"' "$TMP/look/vmas"
fi

# loaded_by COMMAND...: whether maps is right of $target when that has loaded the module
loaded_by()
{
	"$@" && echo "$target" >/sys/module/vmainfo/parameters/pid || return 1
	look "$target" && same_maps
	same=$?
	cd /
	vmainfo_unload && return $same
}

# It is the same whoever loads the module, and without a procfs to look at.
if [ ! -x "$HERE/amd64_reader" ] || [ -z "${VMAINFO_KO:-}" ]; then
	why="there is no such loader here"
	skip "loaded without /proc: maps" "$why"
else
	mkdir "$TMP/root"
	cp "$HERE/amd64_reader" "$VMAINFO_KO" "$TMP/root"
	result "loaded without /proc: maps" loaded_by chroot "$TMP/root" \
		/amd64_reader load "/${VMAINFO_KO##*/}"
fi

# A 32-bit process never has it.
if [ ! -x "$HERE/ia32" ]; then
	why="this machine has no 32-bit programs"
elif ! start "$HERE/ia32"; then
	why="this kernel does not run 32-bit programs"
else
	why=
fi
if [ -z "$why" ]; then
	compare "a 32-bit process" "$target"
	result "a 32-bit process: no vsyscall" sh -c '! grep -q vsyscall "$@"' sh \
		"$TMP/look/maps" "$TMP/look/vmas"
else
	for what in maps vmas "no vsyscall"; do
		skip "a 32-bit process: $what" "$why"
	done
fi

# Nor does it matter that the loader or the first reader is such a process.
first_reader()
{
	vmainfo_load || return 1
	"$HERE/ia32_reader" maps "$1" >"$TMP/first" && cmp "/proc/$1/maps" "$TMP/first"
	same=$?
	vmainfo_unload && return $same
}

if [ -z "$why" ] && [ -n "${VMAINFO_KO:-}" ]; then
	start "$HERE/mapfiles" || ktap_exit_fail_msg "no process"
	result "loaded by a 32-bit process: maps" loaded_by \
		"$HERE/ia32_reader" load "$VMAINFO_KO"
	result "first read by a 32-bit process: maps" first_reader "$target"
	start "$HERE/ia32" || ktap_exit_fail_msg "no 32-bit process"
	result "first read by and of a 32-bit process: maps" first_reader "$target"
else
	skip "loaded by a 32-bit process: maps" "${why:-VMAINFO_KO is not set}"
	skip "first read by a 32-bit process: maps" "${why:-VMAINFO_KO is not set}"
	skip "first read by and of a 32-bit process: maps" "${why:-VMAINFO_KO is not set}"
fi

ktap_finished
