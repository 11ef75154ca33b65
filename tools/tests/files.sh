#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The files that "save" and "draw -o" write: a regular file is replaced, and a FIFO, device or link
# of another user is rejected.

. "$(dirname "$0")/lib.sh"
begin

[ "$(id -u)" = 0 ] || skip_all "it takes root to be somebody else"
# Other users have no right to the directory where the program is.
COPY=$TMP/vmainfo
cp "$VMAINFO" "$COPY"
chmod 755 "$TMP" "$COPY"
export COPY
check fifo "FIFO of another user rejected"
check device "device of another user rejected"
check link "link to a FIFO or a device of another user rejected"
check replaced "regular files and links to them replaced"
check ours "own FIFOs and devices, and those of root, written to"
check user "FIFO of another user rejected without root"
check open_files "/dev/fd/N and /proc/self/fd/N written to"
check reader_goes "FIFO: EPIPE when its reader exits"
finish
