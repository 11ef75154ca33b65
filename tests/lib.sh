# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the shell tests of vmainfo share. A test has this form:
#
#	. "$(dirname "$0")/lib.sh"
#	begin			# skips the test if there is no module
#	...
#	finish
#
# Targets, the module and mounts that it leaves are cleaned up at exit.

HERE=$(dirname "$(readlink -f "$0")")

# The helpers are beside an installed test, or in the kernel's tree.
if [ -e "$HERE/../kselftest/ktap_helpers.sh" ]; then
	. "$HERE/../kselftest/ktap_helpers.sh"
else
	. "${KSFT:?}/kselftest/ktap_helpers.sh"
fi

# The number of VMAs of a large process; see the Makefile.
# shellcheck disable=SC2034 # used by tests
read -r many <"$HERE/many_vmas"

. "$HERE/points.sh"

if [ -z "${VMAINFO_KO:-}" ] && [ -e /vmainfo.ko ]; then
	VMAINFO_KO=/vmainfo.ko
fi

MOUNTS=
watch=		# the process that looks() waits for
READER=		# a command that reads procfs, such as chroot DIR

vmainfo_load()
{
	if [ -n "${VMAINFO_KO:-}" ]; then
		insmod "$VMAINFO_KO" "$@"
	else
		modprobe vmainfo "$@"
	fi
}

begin()
{
	ktap_print_header
	[ "$(id -u)" = 0 ] || skip_all "these tests need root"
	if [ -z "${VMAINFO_KO:-}" ] && ! modprobe -n vmainfo 2>/dev/null; then
		skip_all "no vmainfo.ko: name one in VMAINFO_KO, or install it for modprobe"
	fi
	[ ! -e /sys/module/vmainfo ] ||
		ktap_exit_fail_msg "these tests load vmainfo themselves: run rmmod vmainfo"
	make_tmp
}

cleanup()
{
	left=0
	if [ -e /sys/module/vmainfo ]; then
		rmmod vmainfo || left=1
	fi
	for dir in $MOUNTS; do
		umount "$dir" || left=1
	done
	return $left
}

# start COMMAND [ARG...]: runs a target until it prints "ready". $target is its pid, $ready the rest
# of that line; the lines before it are in $TMP/said.
start()
{
	ready=
	rm -f "$TMP/fifo"
	: >"$TMP/said"
	mkfifo "$TMP/fifo" || return 1
	"$@" >"$TMP/fifo" </dev/null &
	target=$!
	TARGETS="$TARGETS $target"
	while IFS= read -r ready; do
		case $ready in
		ready*)
			ready=${ready#ready}
			ready=${ready# }
			return
			;;
		esac
		printf '%s\n' "$ready" >>"$TMP/said"
	done <"$TMP/fifo"
	sed 's/^/# /' "$TMP/said"
	echo "# $1 does not get ready"
	return 1
}

# must COMMAND [ARG...]: ends the test if COMMAND fails
must()
{
	"$@" || ktap_exit_fail_msg "this fails: $*"
}

# switches PID: how many times it has gone to sleep
switches()
{
	sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$1/status"
}

# step LETTER: sends LETTER to the target, steps.c, through its FIFO (file descriptor 5), and
# waits until it has woken up and sleeps in its next read. While it waits for its mmap_lock,
# its state is D. An empty LETTER is no step.
step()
{
	[ -n "$1" ] || return 0
	asleep || return
	slept=$(switches "$target")
	printf %s "$1" >&5
	until [ "$(switches "$target")" -gt "$slept" ]; do
		asleep || return
	done
	asleep
}

# Waits until the target sleeps in a read.
asleep()
{
	while :; do
		case $(sed -n 's/^State:.\(.\).*/\1/p' "/proc/$target/status") in
		S) return ;;
		[!RDt]*) echo "the target has exited"; return 1 ;;
		esac
	done
}

# looks N: waits until process $watch has looked N times more. It sleeps after each look.
looks()
{
	enough=$(($(switches "$watch") + $1))
	while [ "$(switches "$watch")" -lt $enough ]; do
		:
	done
}

# mount_at DIRECTORY ARG...: makes that directory, and mounts there
mount_at()
{
	dir=$1
	shift
	mkdir -p "$dir" && mount "$@" "$dir" && MOUNTS="$dir $MOUNTS"
}

# look PID: copies what vmainfo and procfs say of a process to $TMP/look. It tries again until the
# process has not changed meanwhile: maps is then the same before and after all other files.
look()
{
	mkdir -p "$TMP/look" && cd "$TMP/look" || return 1
	tries=0
	while [ $((tries += 1)) -le 20 ]; do
		rm -f before maps vmas raw smaps numa_maps after
		for file in "$1/maps before" vmainfo/maps vmainfo/vmas vmainfo/raw "$1/smaps" "$1/numa_maps" \
			"$1/maps after"; do
			name=${file##*[ /]}
			file=/proc/${file% *}
			# Not every kernel has numa_maps.
			[ "$name" = numa_maps ] && [ ! -e "$file" ] && continue
			$READER cat "$file" >"$name" || return 1
		done
		cmp -s before after && return
	done
	echo "process $1 has changed in each of 20 tries"
	return 1
}

# vmas_awk PROGRAM [VARIABLE=VALUE...] FILE: awk for the lines of vmas, in which $col["kind"] is
# the column of that name
vmas_awk()
{
	program=$1
	shift
	awk '/^# *nr / { sub(/^# */, ""); for (i = 1; i <= NF; i++) col[$i] = i; next }
		/^#/ { next } '"$program" "$@"
}

same_maps()
{
	equal before maps
}

# if_looked COMMAND...: runs it if look has succeeded in compare
if_looked()
{
	[ "$looked" = 0 ] && "$@" && return
	cat "$TMP/why"
	return 1
}

# compare WHAT PID: loads the module for PID; two test points
compare()
{
	{ vmainfo_load pid="$2" && look "$2"; } >"$TMP/why" 2>&1
	looked=$?
	result "$1: maps same as procfs" if_looked same_maps
	result "$1: vmas fields match procfs" if_looked "$HERE/fields" . "$2"
	cd /
	must rmmod vmainfo
}

# skip_compare WHAT REASON [POINT...]: skips the two points of compare, and others about WHAT
skip_compare()
{
	skipped=$1
	reason=$2
	shift 2
	for point in "maps same as procfs" "vmas fields match procfs" "$@"; do
		skip "$skipped: $point" "$reason"
	done
}
