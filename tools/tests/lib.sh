# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests of the program vmainfo share that need no module and no guest: they run on any
# Linux, in the build root of trixie when scripts/check runs them. A test says
#
#	. "$(dirname "$0")/lib.sh"
#	begin
#	...
#	finish
#
# VMAINFO names the program, built with the sanitizers, which a test can call vmainfo; CAPTURES a
# directory with what was saved in a guest (see scripts/tool-captures).

# shellcheck disable=SC2034 # used by the tests
HERE=$(dirname "$(readlink -f "$0")")
. "${KSFT:?name tools/testing/selftests of a Linux source tree}/kselftest/ktap_helpers.sh"
. "$HERE/../../tests/points.sh"

# The runner's stdbuf, which the address sanitizer does not want in front of it
unset LD_PRELOAD

begin()
{
	ktap_print_header
	[ -x "${VMAINFO:?names the program to test}" ] ||
		ktap_exit_fail_msg "VMAINFO=$VMAINFO cannot be run"
	[ -d "${CAPTURES:?names a directory with captures}" ] ||
		ktap_exit_fail_msg "CAPTURES=$CAPTURES is no directory"
	[ ! -e /proc/vmainfo ] ||
		ktap_exit_fail_msg "these tests are of the program without the module: run rmmod vmainfo"
	make_tmp
	# What fontconfig never frees is no leak of ours; it is there with every use of cairo's texts.
	echo 'leak:libfontconfig' >"$TMP/suppressions"
	export LSAN_OPTIONS="suppressions=$TMP/suppressions:print_suppressions=0"
	mkdir "$TMP/bin" && ln -s "$(readlink -f "$VMAINFO")" "$TMP/bin/vmainfo"
	export PATH="$TMP/bin:$PATH"
	export VMAINFO CAPTURES TMP PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1
}

cleanup() { :; }

# needs PROGRAM...: skips the whole test if one is missing
needs()
{
	for program; do
		command -v "$program" >/dev/null || skip_all "there is no $program here"
	done
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
		skip "$1" "it takes root"
	fi
}

# sleeper PROGRAM: starts sleep(1), or a copy of it; $pid is its pid. It has its name before the loader
# has mapped its libraries, and sleeps after that.
sleeper()
{
	"$1" 1000 &
	pid=$!
	TARGETS="$TARGETS $pid"
	until [ "$(cat "/proc/$pid/comm")" = "${1##*/}" ] && grep -q '^State:.S' "/proc/$pid/status"; do
		[ -e "/proc/$pid/comm" ] || return
	done
}

# two_of NAME: starts two processes of that name; $older and $newer are their pids
two_of()
{
	cp "$(command -v sleep)" "$TMP/$1" && sleeper "$TMP/$1" && older=$pid &&
		sleeper "$TMP/$1" && newer=$pid
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

# alone COMMAND...: in a pid namespace, with a /proc that has its processes only
alone()
{
	# shellcheck disable=SC2016 # expanded by that shell
	apart -p -f sh -c 'mount -t proc proc /proc && exec "$@"' sh "$@"
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

# with_procs LINK COMMAND...: with a link for the module's procs
with_procs()
{
	# shellcheck disable=SC2016 # expanded by that shell
	own_proc sh -c 'mkdir /proc/vmainfo /proc/1 && ln -s "$1" /proc/vmainfo/procs &&
		shift && exec "$@"' sh "$@"
}

# limited SECONDS COMMAND...: it is killed if it takes more of CPU time, which a busy machine does
# not make much longer
limited()
{
	seconds=$1
	shift
	prlimit --cpu="$seconds" "$@"
}
