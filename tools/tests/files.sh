#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where "save" and "draw -o" write to: a regular file is replaced, and nobody makes them write to
# anything else by putting it there.

. "$(dirname "$0")/lib.sh"
begin
export VMAINFO CAPTURES PYTHONDONTWRITEBYTECODE=1

# check CHECK WHAT: in a directory of its own, that other users can search
check()
{
	mkdir "$TMP/$1"
	result "$2" python3 "$HERE/files.py" "$1" "$TMP/$1"
}

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
