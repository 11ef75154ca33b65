# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests of the program vmainfo share that need no module and no guest: they run on any
# Linux, in the build root of trixie when scripts/check runs them. A test says
#
#	. "$(dirname "$0")/lib.sh"
#	begin
#	...
#	ktap_set_plan N; ...; ktap_finished
#
# VMAINFO names the program, built with the sanitizers; CAPTURES a directory with what was
# saved in a guest (see scripts/tool-captures).

# shellcheck disable=SC2034 # used by the tests
HERE=$(dirname "$(readlink -f "$0")")
. "${KSFT:?name tools/testing/selftests of a Linux source tree}/kselftest/ktap_helpers.sh"
. "$HERE/../../tests/points.sh"

# The runner's stdbuf, which the address sanitizer does not want in front of it
unset LD_PRELOAD

TMP=
PIDS=		# to be killed at the end

begin()
{
	ktap_print_header
	[ -x "${VMAINFO:?names the program to test}" ] ||
		ktap_exit_fail_msg "VMAINFO=$VMAINFO cannot be run"
	[ -d "${CAPTURES:?names a directory with captures}" ] ||
		ktap_exit_fail_msg "CAPTURES=$CAPTURES is no directory"
	TMP=$(mktemp -d) || ktap_exit_fail_msg "mktemp failed"
	export VMAINFO CAPTURES TMP PYTHONDONTWRITEBYTECODE=1
	trap cleanup EXIT
	trap 'exit 1' INT TERM
}

cleanup()
{
	status=$?
	trap - EXIT
	for pid in $PIDS; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$TMP"
	exit "$status"
}

needs_no_module()
{
	[ ! -e /proc/vmainfo ] ||
		ktap_exit_fail_msg "these tests are of the program without the module, which is loaded"
}

# check CHECK NAME: check_CHECK() in the python file beside the test
check()
{
	result "$2" python3 "$HERE/$(basename "$0" .sh).py" "$1"
}

# as_root NAME COMMAND...: a test point that needs root
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		result "$@"
	else
		ktap_test_skip "$1: needs root"
	fi
}

# two_of NAME: starts two processes of that name; $older and $newer are their pids
two_of()
{
	cp "$(command -v sleep)" "$TMP/$1" || return
	"$TMP/$1" 1000 &
	older=$!
	PIDS="$PIDS $older"
	# Until the exec, it has the shell's name.
	until [ "$(cat "/proc/$older/comm")" = "$1" ]; do :; done
	"$TMP/$1" 1000 &
	newer=$!
	PIDS="$PIDS $newer"
	until [ "$(cat "/proc/$newer/comm")" = "$1" ]; do :; done
}

# apart COMMAND...: what it mounts is for it alone. In a build root, which is private already, there
# is no mount at / that unshare could make so.
apart()
{
	if unshare -m true 2>/dev/null; then
		unshare -m "$@"
	else
		unshare -m --propagation unchanged "$@"
	fi
}

# own_proc COMMAND...: with a /proc that has only what the sanitizers need, and sys
own_proc()
{
	mkdir -p "$TMP/proc"
	# shellcheck disable=SC2016 # expanded by that shell
	apart sh -c '
		mount --rbind /proc "$TMP/proc" && mount -t tmpfs none /proc &&
			ln -s "$TMP/proc/self" "$TMP/proc/thread-self" "$TMP/proc/sys" /proc/ || exit
		ASAN_OPTIONS=detect_leaks=0 exec "$@"
	' sh "$@"
}

# limited SECONDS COMMAND...: it is killed if it takes more of CPU time, which a busy machine does
# not make much longer
limited()
{
	seconds=$1
	shift
	prlimit --cpu="$seconds" "$@"
}

# fails STATUS TEXT COMMAND...: it exits with that status, and says TEXT on stderr
fails()
{
	want=$1 text=$2
	shift 2
	got=0
	"$@" >"$TMP/stdout" 2>"$TMP/stderr" || got=$?
	cat "$TMP/stderr"
	[ "$got" = "$want" ] || { echo "status $got, not $want"; return 1; }
	grep -qF -e "$text" "$TMP/stderr" || { echo "does not say '$text'"; return 1; }
}

# sleeps PID: waits until a sleep(1) is set up: it has its name before the loader has mapped its
# libraries, and sleeps after that
sleeps()
{
	until [ "$(cat "/proc/$1/comm")" = sleep ] && grep -q '^State:.S' "/proc/$1/status"; do
		[ -e "/proc/$1/comm" ] || return
	done
}
