# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests of the scripts share, to be sourced after lib.sh and make_tmp. A test is a
# function test_NAME, where NAME is the fact that it proves. set -e does not count in it:
# every step ends in "|| return".
# shellcheck disable=SC2154 # the script that sources this sets top and tmp

# run STATUS COMMAND...: COMMAND ends with that status.
run() {
	local want=$1 got=0

	shift
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null || got=$?
	((got == want)) && return
	echo "exit status $got, not $want, of ${*@Q}"
	tail -n 30 "$tmp/out" "$tmp/err"
	return 1
}

# out PATTERN, err PATTERN: what the last command printed on stdout and stderr
out() {
	printed out "$1"
}
err() {
	printed err "$1"
}
printed() {
	grep -q -e "$2" "$tmp/$1" && return
	echo "not on std$1: $2"
	tail -n 30 "$tmp/$1"
	return 1
}

# stub FILE: replaces a program by a script, which is on stdin
stub() {
	mkdir -p "${1%/*}"
	rm -f "$1"
	{ printf '#!/bin/sh\n'; cat; } >"$1"
	chmod 755 "$1"
}

# run_tests [TEST...]: runs these tests, or all, and prints KTAP.
run_tests() {
	local test

	if ((! $#)); then
		mapfile -t all < <(sed -n 's/^test_\([a-z_]*\)() {$/\1/p' "$0")
		set -- "${all[@]}"
	fi
	for test; do
		declare -F "test_$test" >/dev/null || bad "unknown test: '$test'"
	done
	# shellcheck source=/dev/null
	. "$("$top/scripts/ksource")/tools/testing/selftests/kselftest/ktap_helpers.sh"
	ktap_print_header
	ktap_set_plan $#
	for test; do
		# shellcheck disable=SC2310 # see above
		if ("test_$test") >"$tmp/log" 2>&1; then
			ktap_test_pass "$test"
		else
			tail -n 100 "$tmp/log" | sed 's/^/# /'
			ktap_test_fail "$test"
		fi
	done
	ktap_finished
}
