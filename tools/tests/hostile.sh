#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What is read as a listing can be anything: all that is wrong in one place (hostile.py), and what a
# fuzzer has found to be different from all else (corpus/, by fuzz_raw.c; make -C tools fuzz). The
# program is built with the sanitizers, which end it with a report.

. "$(dirname "$0")/lib.sh"

hostile()
{
	python3 "$HERE/hostile.py" "$1" "$VMAINFO" "$CAPTURES/python.raw" "$TMP"
}

# On stdin a listing can come in pieces of any size.
in_pieces()
{
	"$VMAINFO" show --maps --from="$CAPTURES/python.raw" >"$TMP/maps" || return 1
	for file in "$CAPTURES/python.raw" "$TMP/maps"; do
		dd if="$file" bs=7 2>/dev/null | "$VMAINFO" show --maps --from=- |
			cmp - "$TMP/maps" || return 1
	done
}

# A line of maps has a name of 2 MiB at most, though a record has room for 4 GiB.
long_line()
{
	for line in 2097152:0 2097153:1; do
		awk -v n="$((${line%:*} - 23))" 'BEGIN {
			printf "1000-2000 r--p 0 0:0 0 "
			for (name = "/2345678"; 2 * length(name) <= n; name = name name)
				;
			for (; n >= length(name); n -= length(name))
				printf "%s", name
			print substr(name, 1, n)
		}' >"$TMP/long" || return 1
		[ "$(wc -c <"$TMP/long")" = $((${line%:*} + 1)) ] || { wc -c "$TMP/long"; return 1; }
		if [ "${line#*:}" = 0 ]; then
			"$VMAINFO" show --maps --from="$TMP/long" >"$TMP/maps" || return 1
		else
			fails 1 "'$TMP/long': line 1 is not one of /proc/PID/maps: it is too long" \
				"$VMAINFO" show --from="$TMP/long" || return 1
		fi
	done
}

begin
result "truncated listing rejected at every byte" hostile truncated
result "extreme values in every header field" hostile header
result "extreme values in every record field" hostile records
result "records out of order rejected" hostile order
result "larger structures accepted" hostile grown
result "other byte order shown the same" hostile swapped
result "stdin in small pieces" in_pieces
result "maps line over 2 MiB rejected" long_line
replay=${FUZZ_REPLAY:-$(dirname "$VMAINFO")/fuzz_replay}
if [ -x "$replay" ]; then
	result "fuzzer corpus replayed" "$replay" "$HERE"/corpus/raw-* "$HERE"/corpus/maps-*
else
	ktap_test_skip "fuzzer corpus replayed: $replay is not built"
fi
ktap_set_plan $((KTAP_TESTNO - 1))
ktap_finished
