#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The files that "save" and "draw -o" write: a regular file is replaced, and a FIFO, device or link
# of another user is rejected.

. "$(dirname "$0")/lib.sh"
begin

if [ "$(id -u)" != 0 ]; then
	ktap_skip_all "it takes root to be somebody else"
	exit "$KSFT_SKIP"
fi
# Other users have no right to the directory where the program is.
COPY=$TMP/vmainfo
cp "$VMAINFO" "$COPY"
chmod 755 "$TMP" "$COPY"
# What fontconfig never frees is no leak of ours.
echo 'leak:libfontconfig' >"$TMP/suppressions"
export COPY LSAN_OPTIONS="suppressions=$TMP/suppressions:print_suppressions=0"
for directory in fifo device link replaced ours user open_files reader_goes; do
	mkdir "$TMP/$directory"
done
ktap_set_plan 8
check fifo "FIFO of another user rejected"
check device "device of another user rejected"
check link "link to a FIFO or a device of another user rejected"
check replaced "regular files and links to them replaced"
check ours "own FIFOs and devices, and those of root, written to"
check user "FIFO of another user rejected without root"
check open_files "/dev/fd/N and /proc/self/fd/N written to"
check reader_goes "FIFO: EPIPE when its reader exits"
ktap_finished
