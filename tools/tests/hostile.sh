#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What is read as a listing can be anything: all that is wrong in one place (hostile.py), and what a
# fuzzer has found to be different from all else (corpus/, by fuzz_raw.c; make -C tools fuzz). The
# program is built with the sanitizers, which end it with a report.

. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1

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

begin
result "truncated anywhere" hostile truncated
result "each field of the header" hostile header
result "each field of a record" hostile records
result "the order of records" hostile order
result "structures that have grown" hostile grown
result "in pieces" in_pieces
replay=${FUZZ_REPLAY:-$(dirname "$VMAINFO")/fuzz_replay}
if [ -x "$replay" ]; then
	result "what the fuzzer found" "$replay" "$HERE"/corpus/*
else
	ktap_test_skip "what the fuzzer found: $replay is not built"
fi
ktap_set_plan $((KTAP_TESTNO - 1))
ktap_finished
