# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Test points, on top of the kernel's ktap_helpers.sh. TMP is a directory for temporary files.

# result WHAT COMMAND [ARG...]: one test point, with COMMAND's output if it fails
result()
{
	what=$1
	shift
	if "$@" >"$TMP/output" 2>&1; then
		ktap_test_pass "$what"
	else
		awk '{ print "# " $0 }' "$TMP/output" # the last line may have no newline
		ktap_test_fail "$what"
	fi
}

# skip WHAT REASON
skip()
{
	KTAP_CNT_SKIP=$((KTAP_CNT_SKIP + 1))
	__ktap_test ok "$1" "SKIP $2"
}
