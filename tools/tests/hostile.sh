#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What is read as a listing can be anything: all that is wrong in one place (hostile.py), and what a
# fuzzer has found to be different from all else (corpus/, by fuzz_raw.c; make -C tools fuzz). The
# program is built with the sanitizers, which end it with a report.

. "$(dirname "$0")/lib.sh"

# On stdin a listing can come in pieces of any size.
in_pieces()
{
	vmainfo show --maps --from="$CAPTURES/python.raw" >"$TMP/maps" || return 1
	for file in "$CAPTURES/python.raw" "$TMP/maps"; do
		dd if="$file" bs=7 2>/dev/null | vmainfo show --maps --from=- |
			cmp - "$TMP/maps" || return 1
	done
}

# line_of N: a listing of one line of so many characters
line_of()
{
	python3 -c 'import sys; print("1000-2000 r--p 0 0:0 0 /".ljust(int(sys.argv[1]), "x"))' "$1" \
		>"$TMP/long"
}

# A line of maps has a name of 2 MiB at most, though a record has room for 4 GiB.
long_line()
{
	line_of 2097152 && vmainfo show --maps --from="$TMP/long" >"$TMP/maps" && line_of 2097153 &&
		fails 1 "'$TMP/long': line 1 is not one of /proc/PID/maps: it is too long" \
			vmainfo show --from="$TMP/long"
}

begin
check truncated "truncated listing rejected at every byte"
check header "extreme values in every header field"
check records "extreme values in every record field"
check order "records out of order rejected"
check grown "larger structures accepted"
check swapped "other byte order shown the same"
result "stdin in small pieces" in_pieces
result "maps line over 2 MiB rejected" long_line
replay=${FUZZ_REPLAY:-$(dirname "$VMAINFO")/fuzz_replay}
if [ -x "$replay" ]; then
	result "fuzzer corpus replayed" "$replay" "$HERE"/corpus/raw-* "$HERE"/corpus/maps-*
else
	skip "fuzzer corpus replayed" "$replay is not built"
fi
finish
