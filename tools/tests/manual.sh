#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The manual pages name what is printed, and the examples of vmainfo(1) run.

. "$(dirname "$0")/lib.sh"
begin

# section NUMBER NAME: the source of that section or subsection of vmainfo(NUMBER)
section()
{
	awk -v name="$2" '/^\.S[sh] / { inside = substr($0, 5) == name; next } inside' \
		"$HERE/../../docs/man/vmainfo.$1"
}

# named SECTION: the words of standard input are in that section of vmainfo(1)
named()
{
	section 1 "$1" | tr -cs 'A-Za-z0-9_%' '\n' >"$TMP/named"
	sort -u >"$TMP/words"
	[ -s "$TMP/words" ] || { echo "nothing was printed"; return 1; }
	if grep -vxFf "$TMP/named" "$TMP/words"; then
		echo "these words are not in the section $1"
		return 1
	fi
}

json_members()
{
	{
		vmainfo show --from="$CAPTURES/python.raw" --json
		vmainfo why --from="$CAPTURES/python.raw" --json
		vmainfo diff --json "$CAPTURES/python.raw" pid:postgres --oldest
		vmainfo top --json -n 1
	} >"$TMP/json"
	# The manual describes the members that end in _hex with one sentence.
	grep -o '"[a-z_]*":' "$TMP/json" | tr -d '":' | grep -v '_hex$' | named JSON
}

csv_columns()
{
	vmainfo show --from="$CAPTURES/python.raw" --csv | head -n 1 | tr -d '\r' | tr , '\n' | named JSON
}

metrics()
{
	vmainfo export --quiet | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' >"$TMP/metrics"
	section 1 "vmainfo export" | sed -n 's/^\.It Li \(vmainfo_\)/\1/p' | diff - "$TMP/metrics"
}

top_columns()
{
	vmainfo top -b -n 1 >"$TMP/top"
	awk '$1 == "PID" { for (i = 1; i <= NF; i++) print $i }' "$TMP/top" | named "vmainfo top"
}

flags()
{
	sed -n 's,^#define VMAINFO_.*1ULL.*/\* \([a-z][a-z]\)[ :].*,\1,p' "$HERE/../../vmainfo.h" |
		sort >"$TMP/flags"
	[ -s "$TMP/flags" ] || return
	section 4 Flags | sed -n 's/^\.It Li //p' | tr ' ' '\n' | grep -vxF '??' | sort | diff "$TMP/flags" -
}

# example COMMAND: runs it. The process 1234 of the manual is $newer, which ends when "watch" has
# begun to watch it.
example()
{
	command=$(printf '%s\n' "$1" | sed "s/\<1234\>/$newer/; s/\<7f1c2a5b6000\>/$address/")
	sh -euc "$command" 2>"$TMP/said" &
	status=0
	case $command in
	*" watch "*)
		until grep -q "process $newer, postgres" "$TMP/said"; do
			kill -0 $! || break
		done
		kill "$newer"
		;;
	esac
	wait $! || status=$?
	cat "$TMP/said"
	case $command in
	*" check "*) [ $status = 3 ]; return ;; # it needs the module
	esac
	return $status
}

two_of postgres || ktap_exit_fail_msg "no processes to look at"
address=$(sed -n '1s/-.*//p' "/proc/$newer/maps")
# What the other machine does, this one can do.
printf '#!/bin/sh\nshift\nexec "$@"\n' >"$TMP/bin/ssh" && chmod +x "$TMP/bin/ssh"
cd "$TMP" || exit

result "members of JSON are in the manual" json_members
result "columns of CSV are in the manual" csv_columns
result "metrics are in the manual" metrics
result "columns of top are in the manual" top_columns
result "flags are in vmainfo(4)" flags
section 1 EXAMPLES | sed -n 's/^\.Dl //p' >examples
while read -r command <&3; do
	result "example: $command" example "$command"
done 3<examples
result "watch example logged the exit" grep -q "process $newer has exited" log
finish
