#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Unmodified programs use maps of the module instead of the kernel's. scripts/check clients runs
# this test. It needs beside it tree.tar of scripts/clients, in which the programs are, and in
# newest/ the selftests of scripts/clients, built.
#
# maps of the module is mounted over /proc/PID/maps, and the parameter of the module selects that
# process. A program must print the same as with the kernel's file. It must print something else
# when the parameter selects another process: else it does not read the file.

. "$(dirname "$0")/lib.sh"
begin

tree=$TMP/tree
param=/sys/module/vmainfo/parameters/pid
must mount_at "$tree" -t tmpfs -o size=100% none
must tar -x -C "$tree" -f "$HERE/tree.tar"
must mount_at "$tree/proc" -t proc proc
must mount_at "$tree/sys" -t sysfs sysfs
must mount_at "$tree/dev" -t devtmpfs devtmpfs
must mount_at "$tree/tmp" -t tmpfs tmp
must mount_at "$tree/files" -t ramfs ramfs
# perf starts a shell.
must cp /bin/busybox "$tree/usr/bin/sh"
must cp "$HERE/threads" "$HERE/mappings" "$HERE/spin" "$HERE/mount_maps.so" "$HERE"/newest/* "$tree/"
must mkfifo "$tree/commands" "$tree/answers"

# maps_mounts: prints the files that list the mappings of $target. perf reads the second.
maps_mounts()
{
	echo "$tree/proc/$target/maps" "$tree/proc/$target/task/$target/maps"
}

mount_maps()
{
	for file in $(maps_mounts); do
		mount --bind "$tree/proc/vmainfo/maps" "$file" || return
	done
}

unmount_maps()
{
	for file in $(maps_mounts); do
		umount "$file" || return
	done
}

# Each of these prints what a program says of $target.
run_pmap()
{
	chroot "$tree" pmap "$target" && chroot "$tree" pmap -d "$target" && chroot "$tree" pmap -qp "$target"
}

run_gdb()
{
	chroot "$tree" gdb -q -nx -batch -p "$target" -ex "info proc mappings" |
		sed -n '/^Start Addr/,/^\[Inferior/p'
}

run_lsof()
{
	chroot "$tree" lsof -l -w -p "$target"
}

run_fuser()
{
	chroot "$tree" fuser -v /usr/lib/x86_64-linux-gnu/libm.so.6 2>&1 # it prints most of it there
}

run_elfutils()
{
	chroot "$tree" eu-unstrip -n -p "$target"
}

# perf record reads maps once, and writes a record for each mapping.
run_perf()
{
	chroot "$tree" perf record -q -o /tmp/data -e cpu-clock:u -p "$target" -- sh -c : >&2 &&
		chroot "$tree" perf script -i /tmp/data --show-mmap-events |
		sed -n "s|.*\(PERF_RECORD_MMAP2 $target/\)|\1|p"
}

# The two functions in which the target is most of the time.
run_symbols()
{
	chroot "$tree" perf record -q -o /tmp/data -e cpu-clock:u -p "$target" -- \
		sh -c 'echo >/commands && read -r done </answers' >&2 &&
		chroot "$tree" perf script -i /tmp/data -F ip,sym,dso | sed 's/^ *[0-9a-f]* //' |
		grep -wE 'spin_in_program|random_r' | sort -u
}

# run NAME FILE: runs the program NAME, and writes to FILE what it prints.
run()
{
	echo "$2:" >>"$TMP/log"
	"run_$1" >"$TMP/$2" 2>>"$TMP/log"
}

same_output()
{
	cat "$TMP/log"
	run "$1" got && equal "$TMP/kernel" "$TMP/got"
}

reads_maps()
{
	run "$1" got
	! cmp -s "$TMP/kernel" "$TMP/got"
}

# client WHAT NAME: two points about the program NAME and $target, which is WHAT. $other is another
# process.
client()
{
	: >"$TMP/log"
	if ! run "$2" kernel || [ ! -s "$TMP/kernel" ]; then
		cat "$TMP/log"
		ktap_exit_fail_msg "$2 does not work on this kernel"
	fi
	must vmainfo_load pid="$target"
	must mount_maps
	result "$2, $1: same output" same_output "$2"
	echo "$other" >"$param"
	result "$2, $1: reads maps of the module" reads_maps "$2"
	must unmount_maps
	must rmmod vmainfo
}

must start chroot "$tree" /spin /commands /answers
other=$target
must start chroot "$tree" /threads
for name in pmap gdb lsof fuser elfutils perf; do
	client "threads" "$name"
done

must vmainfo_load pid="$target"
must mount_maps
result "mounted maps does not keep the module loaded" rmmod vmainfo
result "mounted maps without the module: ENOENT" \
	fails 1 "No such file or directory" cat "$tree/proc/$target/maps"
must unmount_maps

must start chroot "$tree" /mappings /files
for name in pmap gdb lsof elfutils perf; do
	client "all kinds of mappings" "$name"
done

threads=$target
target=$other
other=$threads
client "busy program" symbols
stop_all

# selftest NAME [ARG...]: runs a selftest, which passes, with maps of the module.
selftest()
{
	LD_PRELOAD=/mount_maps.so DURATION=1 chroot "$tree" "$@"
}

must vmainfo_load
result "selftest proc-maps-race" selftest /proc-maps-race -v maps
result "selftest proc-pid-vm" selftest /proc-pid-vm
case $(uname -r) in
5.* | 6.[0-9].* | 6.10.*)
	fails_alone()
	{
		! DURATION=1 chroot "$tree" /proc-maps-race -v maps
	}
	result "selftest fails without PROCMAP_QUERY" fails_alone
	;;
esac

# stress OPS: reads, seeks and maps the files in /proc of the tree, by several threads
stress()
{
	chroot "$tree" stress-ng --procfs 2 --procfs-ops "$1" -t 0
}

result "stress-ng reads /proc" stress 60
result "module unloads after stress-ng" rmmod vmainfo

must vmainfo_load
must mount_at "$tree/proc" -t tmpfs none
must mount_at "$tree/proc/vmainfo" --bind /proc/vmainfo
result "stress-ng reads /proc/vmainfo" stress 200
must rmmod vmainfo

finish
