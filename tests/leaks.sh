#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs after all other tests: an unloaded module has left nothing.
#
# A file system from which targets ran, and whose files they mapped, can be unmounted after they
# have exited: a reference to a file or an mm would keep it busy. Then kmemleak looks for
# unreferenced memory.

. "$(dirname "$0")/lib.sh"
begin

KMEMLEAK=/sys/kernel/debug/kmemleak

# read_all ENTRY PID: to the end, and once more up to the middle
read_all()
{
	exec 3<>"/proc/vmainfo/$1"
	{ echo "$2" >&3 && cat <&3 && echo "$2" >&3 && head -c 5000 <&3; } >/dev/null
	read_status=$?
	exec 3>&-
	return "$read_status"
}

files=$TMP/files
must mount_at "$files" -t tmpfs none
cp "$HERE/many" "$files/"
must vmainfo_load

read_targets()
{
	for i in 1 2 3 4 5; do
		start "$files/many" 200 "$files/file $i" && read_all vmas "$target" &&
			read_all maps "$target" || return 1
		# This target exits before the file is closed.
		exec 4<>/proc/vmainfo/vmas
		echo "$target" >&4
		head -c 100 <&4 >/dev/null
		stop_all
		exec 4>&-
	done
}
result "targets on their own file system read" read_targets
stop_all

unmount()
{
	umount "$files" && MOUNTS=
}
result "no file or mm reference leaked" unmount

must rmmod vmainfo

# kmemleak reports no object of the last five seconds, and none that has changed since the
# previous scan: hence two scans.
scan()
{
	sleep 6
	echo scan >"$KMEMLEAK" && echo scan >"$KMEMLEAK"
}

# Objects of the kernel that only a leaked reference keeps, such as a struct pid, were not allocated
# by the module. So no object may be left. An object whose only pointer moves during a scan can be
# reported, too, but not by each scan.
no_leaks()
{
	for _ in 1 2 3; do
		scan || return 1
		cat "$KMEMLEAK" >"$TMP/leaks" || return 1
		objects=$(grep -c '^unreferenced object' "$TMP/leaks")
		[ "$objects" != 0 ] || return 0
	done
	echo "$objects objects"
	head -n 200 "$TMP/leaks"
	return 1
}

if [ ! -e "$KMEMLEAK" ] && [ -d /sys/kernel/debug ]; then
	mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
fi
if [ -w "$KMEMLEAK" ]; then
	result "no memory leaked (kmemleak)" no_leaks
else
	skip "no memory leaked (kmemleak)" "this kernel has no kmemleak (CONFIG_DEBUG_KMEMLEAK)"
fi

finish
