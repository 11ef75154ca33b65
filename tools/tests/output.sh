#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A command whose output is lost ends, and says why: stdout is a socket, a pipe or a terminal whose
# other end is closed, or a full disk. Only a closed pipe ends it by SIGPIPE, without a message.

. "$(dirname "$0")/lib.sh"
begin

full_disk()
{
	mkdir "$TMP/disk"
	apart sh -c 'mount -t tmpfs -o size=16k none "$1" || exit
		exec python3 "$2/output.py" watch_full_disk "$1"' sh "$TMP/disk" "$HERE"
}

check socket "closed socket ends show"
check pipe "closed pipe ends show"
check terminal "EIO of a hung-up terminal ends show"
check full "full device: ENOSPC message"
check watch_closed "watch: ends when its output is closed"
check watch_full "watch: ends on a full device"
as_root "watch: ends on a full disk" full_disk
check top_closed "top: ends when its pipe is closed"
check top_terminal "top: ends when its terminal is gone"
finish
