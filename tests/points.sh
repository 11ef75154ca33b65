# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the tests here and in tools/tests share, on top of the kernel's ktap_helpers.sh

TMP=		# a directory for temporary files
TARGETS=	# processes that are killed at the end

# make_tmp: sets TMP; from then on the test's own cleanup runs at exit, too.
make_tmp()
{
	TMP=$(mktemp -d) || ktap_exit_fail_msg "mktemp failed"
	trap leave EXIT
	trap 'exit 1' INT TERM
}

# The test fails if something cannot be cleaned up.
leave()
{
	status=$?
	trap - EXIT
	stop_all
	cd /
	cleanup || status=1
	rm -rf "$TMP" || status=1
	exit "$status"
}

stop_all()
{
	for pid in $TARGETS; do
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	TARGETS=
}

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

# fails STATUS TEXT COMMAND...: it exits with that status, and says TEXT on stderr
fails()
{
	want=$1 text=$2
	shift 2
	got=0
	"$@" >"$TMP/stdout" 2>"$TMP/stderr" || got=$?
	cat "$TMP/stderr"
	[ "$got" = "$want" ] || { echo "status $got, not $want"; return 1; }
	grep -qF -e "$text" "$TMP/stderr" || { echo "does not say '$text'"; return 1; }
}

# equal WANT GOT: compares two files, and prints where they begin to differ
equal()
{
	cmp "$1" "$2" && return
	diff -a "$1" "$2" | head -n 40
	return 1
}

# prints EXPECTED COMMAND...: COMMAND's stdout equals that file, and it has no stderr
prints()
{
	file=$1
	shift
	"$@" >"$TMP/out" 2>"$TMP/err" || echo "exit status $?" >>"$TMP/err"
	cat "$TMP/err"
	equal "$file" "$TMP/out" && [ ! -s "$TMP/err" ]
}

# captured VMAINFO FILE: prints how that program lists FILE
captured()
{
	LC_ALL=C "$1" show --json --from="$2" | grep -oE '"(pid|atomic|taken_ns|vmas|total_kb)":"?[0-9a-z]+'
	LC_ALL=C "$1" show --raw --from="$2" -o \
		nr,start,end,size_kb,perm,offset,dev,inode,kind,page_kb,anon,policy,flags,deleted,nomerge,ops,name
}

# as_captured VMAINFO FILE: it lists FILE.raw as it did on the machine where that was made
as_captured()
{
	captured "$1" "$2.raw" >"$TMP/captured" && equal "$2.txt" "$TMP/captured"
}

# finish: ends a test; its plan is the number of points that it had
finish()
{
	ktap_set_plan $((KTAP_TESTNO - 1))
	ktap_finished
}

# skip_all REASON: skips the whole test
skip_all()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

# skip WHAT REASON
skip()
{
	KTAP_CNT_SKIP=$((KTAP_CNT_SKIP + 1))
	__ktap_test ok "$1" "SKIP $2"
}
