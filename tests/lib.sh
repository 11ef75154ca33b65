# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the shell tests of vmainfo share. A test says
#
#	. "$(dirname "$0")/lib.sh"
#	begin			# skips it all when there is no module to test
#	...
#	ktap_set_plan N; ...; ktap_finished
#
# and may leave its targets, its module and its mounts to be cleaned up at exit.

HERE=$(dirname "$(readlink -f "$0")")

# where the tests are installed, or in the kernel's tree
if [ -e "$HERE/../kselftest/ktap_helpers.sh" ]; then
	. "$HERE/../kselftest/ktap_helpers.sh"
else
	. "${KSFT:?}/kselftest/ktap_helpers.sh"
fi

# How many VMAs a large process has: see the Makefile.
# shellcheck disable=SC2034 # used by tests
read -r many <"$HERE/many_vmas"

. "$HERE/points.sh"

if [ -z "${VMAINFO_KO:-}" ] && [ -e /vmainfo.ko ]; then
	VMAINFO_KO=/vmainfo.ko
fi

TMP=
TARGETS=
MOUNTS=
watch=		# the process that looks() waits for
READER=		# a command in front of each read of procfs, such as chroot DIR

vmainfo_load()
{
	if [ -n "${VMAINFO_KO:-}" ]; then
		insmod "$VMAINFO_KO" "$@"
	else
		modprobe vmainfo "$@"
	fi
}

vmainfo_unload()
{
	rmmod vmainfo
}

vmainfo_loaded()
{
	[ -e /sys/module/vmainfo ]
}

# skip_all REASON: nothing here can be tested
skip_all()
{
	ktap_print_header
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

begin()
{
	[ "$(id -u)" = 0 ] || skip_all "these tests need root"
	if [ -z "${VMAINFO_KO:-}" ] && ! modprobe -n vmainfo 2>/dev/null; then
		skip_all "no vmainfo.ko: name one in VMAINFO_KO, or install it for modprobe"
	fi
	ktap_print_header
	if vmainfo_loaded; then
		ktap_exit_fail_msg "vmainfo is loaded already, and these tests load it themselves"
	fi
	TMP=$(mktemp -d) || ktap_exit_fail_msg "mktemp failed"
	trap cleanup EXIT
	trap 'exit 1' INT TERM
}

# What is left at exit, and cannot be cleaned up, makes the test fail.
cleanup()
{
	status=$?
	trap - EXIT
	stop_all
	if vmainfo_loaded && ! vmainfo_unload; then
		echo "# vmainfo does not unload"
		status=1
	fi
	cd /
	for dir in $MOUNTS; do
		umount "$dir" || status=1
	done
	rm -rf "$TMP" || status=1
	exit "$status"
}

# start COMMAND [ARG...]: runs a target until it says "ready". $target is its pid,
# $ready what it said after that; what it said before is in $TMP/said.
start()
{
	ready=
	target=
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
			return 0
			;;
		esac
		printf '%s\n' "$ready" >>"$TMP/said"
	done <"$TMP/fifo"
	echo "# $1 does not get ready"
	return 1
}

# switches PID: how many times it has gone to sleep
switches()
{
	sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$1/status"
}

# step LETTER: tells steps.c, the target, by its FIFO, which is file descriptor 5, and waits
# until it has done so: it has been awake, and sleeps in its next read. While it waits for
# its mmap_lock, its state is D. An empty LETTER is no step.
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

stop_all()
{
	for pid in $TARGETS; do
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	TARGETS=
}

mount_at()
{
	mount "$@" || return 1
	shift $(($# - 1))
	MOUNTS="$1 $MOUNTS"
}

# look PID: what vmainfo and procfs say of a process goes to $TMP/look. A process
# that runs can change between two reads, so this is done again until its maps
# is the same before and after everything else.
look()
{
	mkdir -p "$TMP/look" && cd "$TMP/look" || return 1
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		rm -f before maps vmas raw smaps numa_maps after
		$READER cat "/proc/$1/maps" >before &&
			$READER cat /proc/vmainfo/maps >maps &&
			$READER cat /proc/vmainfo/vmas >vmas &&
			$READER cat /proc/vmainfo/raw >raw &&
			$READER cat "/proc/$1/smaps" >smaps || return 1
		if [ -e "/proc/$1/numa_maps" ]; then
			$READER cat "/proc/$1/numa_maps" >numa_maps || return 1
		fi
		$READER cat "/proc/$1/maps" >after || return 1
		cmp -s before after && return 0
	done
	echo "process $1 changed in each of $try tries"
	return 1
}

# vmas_awk PROGRAM [VARIABLE=VALUE...] FILE: an awk for the lines of vmas, in which
# $col["kind"] is what is in the column of that name
vmas_awk()
{
	program=$1
	shift
	awk '/^# *nr / { sub(/^# */, ""); for (i = 1; i <= NF; i++) col[$i] = i; next }
		/^#/ { next } '"$program" "$@"
}

same_maps()
{
	cmp before maps && return 0
	diff before maps | head -n 40
	return 1
}

# compare WHAT PID: loads the module for PID; two test points.
compare()
{
	if ! vmainfo_load pid="$2"; then
		ktap_test_fail "$1: maps same as procfs"
		ktap_test_fail "$1: vmas fields match procfs"
		return
	fi
	if look "$2" >"$TMP/why" 2>&1; then
		result "$1: maps same as procfs" same_maps
		result "$1: vmas fields match procfs" "$HERE/fields" . "$2"
	else
		sed 's/^/# /' "$TMP/why"
		ktap_test_fail "$1: maps same as procfs"
		ktap_test_fail "$1: vmas fields match procfs"
	fi
	cd /
	vmainfo_unload || ktap_exit_fail_msg "vmainfo does not unload"
}
