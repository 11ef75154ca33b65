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
check fifo "a pipe of another user"
check device "a device of another user"
check link "a link to a pipe or a device"
check replaced "regular files and links to them are replaced"
check ours "a pipe or a device of one's own, and of root"
check user "a pipe of another user, without being root"
check open_files "paths of open files"
check reader_goes "a pipe whose reader goes"
ktap_finished
