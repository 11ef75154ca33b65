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

# own_proc CHECK: with a /proc that has no process but for what the sanitizers look at
own_proc()
{
	mkdir -p "$TMP/proc"
	# shellcheck disable=SC2016 # expanded by that shell
	ASAN_OPTIONS=detect_leaks=0 apart sh -c '
		mount --rbind /proc "$TMP/proc" && mount -t tmpfs none /proc &&
			ln -s "$TMP/proc/self" "$TMP/proc/thread-self" "$TMP/proc/sys" /proc/ &&
			exec python3 "$1/process.py" "$2"
	' sh "$HERE" "$1"
}

if [ -e /proc/vmainfo ]; then
	ktap_exit_fail_msg "these tests are of what is done without the module, which is loaded"
fi
ktap_set_plan 14
check script "NAME of a script found"
check program "NAME of a program found"
check prefix "NAME longer than comm: processes with the same beginning told apart"
check argument "NAME in an argument not found"
check name_of_threads "NAME found after the main thread exited"
if [ "$(id -u)" = 0 ]; then
	result "NAME: only cmdline of processes with that comm read" own_proc stuck
	result "gate pages of all architectures not counted" own_proc gate
else
	ktap_test_skip "NAME: only cmdline of processes with that comm read: it takes root to mount a /proc"
	ktap_test_skip "gate pages of all architectures not counted: it takes root to mount a /proc"
fi
check threads_show "main thread exited: show"
check threads_top "main thread exited: top"
check threads_export "main thread exited: export"
check threads_watch "main thread exited: watch"
if [ "$(id -u)" = 0 ]; then
	check mounted "kinds: files of mounted file systems"
else
	ktap_test_skip "kinds: files of mounted file systems: it takes root to mount them"
fi
check memory "kinds: devices, and memory without a path"
# shellcheck disable=SC2016 # expanded by that shell
result "kinds: note that they are guessed" sh -c \
	'"$VMAINFO" show $$ 2>&1 >"$TMP/shown" | grep -q "kinds are guessed"'
ktap_finished
