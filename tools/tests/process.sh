#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which process a name means, and what is seen without the module of one whose main thread has
# exited, and of what kind its VMAs are.

. "$(dirname "$0")/lib.sh"
begin
export VMAINFO TMP PYTHONDONTWRITEBYTECODE=1
APART="unshare -m"
unshare -m true 2>/dev/null || APART="unshare -m --propagation unchanged"
export APART

check()
{
	result "$2" python3 "$HERE/process.py" "$1"
}

# With a /proc that has no process but for what the sanitizers look at
stuck()
{
	mkdir "$TMP/proc"
	# shellcheck disable=SC2016 # expanded by that shell
	ASAN_OPTIONS=detect_leaks=0 apart sh -c '
		mount --rbind /proc "$TMP/proc" && mount -t tmpfs none /proc &&
			ln -s "$TMP/proc/self" "$TMP/proc/thread-self" "$TMP/proc/sys" /proc/ &&
			exec python3 "$1/process.py" stuck
	' sh "$HERE"
}

if [ -e /proc/vmainfo ]; then
	ktap_exit_fail_msg "these tests are of what is done without the module, which is loaded"
fi
ktap_set_plan 13
check script "a name: of a script"
check program "a name: of a program"
check prefix "a name: the same beginning"
check argument "a name: not that of an argument"
check name_of_threads "a name: the main thread has exited"
if [ "$(id -u)" = 0 ]; then
	result "a name: no other process' cmdline is read" stuck
else
	ktap_test_skip "a name: no other process' cmdline is read: it takes root to mount a /proc"
fi
check threads_show "the main thread has exited: show"
check threads_top "the main thread has exited: top"
check threads_export "the main thread has exited: export"
check threads_watch "the main thread has exited: watch"
if [ "$(id -u)" = 0 ]; then
	check mounted "kinds: files of mounted file systems"
else
	ktap_test_skip "kinds: files of mounted file systems: it takes root to mount them"
fi
check memory "kinds: devices, and memory without a path"
# shellcheck disable=SC2016 # expanded by that shell
result "kinds: it says that they are guessed" sh -c \
	'"$VMAINFO" show $$ 2>&1 >"$TMP/shown" | grep -q "kinds are guessed"'
ktap_finished
