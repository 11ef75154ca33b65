#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A command whose output is lost ends, and says why: stdout is a socket, a pipe or a terminal whose
# other end is closed, or a full disk. Only a closed pipe ends it by SIGPIPE, without a message.

. "$(dirname "$0")/lib.sh"
begin
export VMAINFO CAPTURES PYTHONDONTWRITEBYTECODE=1

check()
{
	result "$2" python3 "$HERE/output.py" "$1"
}

full_disk()
{
	mkdir "$TMP/disk"
	apart sh -c 'mount -t tmpfs -o size=16k none "$1" || exit
		exec python3 "$2/output.py" watch_full_disk "$1"' sh "$TMP/disk" "$HERE"
}

if [ -e /proc/vmainfo ]; then
	ktap_exit_fail_msg "these tests are of what is done without the module, which is loaded"
fi
ktap_set_plan 9
check socket "a socket whose peer has closed it"
check pipe "a pipe that nobody reads"
check terminal "a terminal that is gone"
check full "a full device"
check watch_closed "watch: nobody can read it"
check watch_full "watch: a full device"
if [ "$(id -u)" = 0 ]; then
	result "watch: a full disk" full_disk
else
	ktap_test_skip "watch: a full disk: it takes root to mount one"
fi
check top_closed "top: its reader goes between two looks"
check top_terminal "top: the terminal of the table goes"
ktap_finished
