#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo export, without the module: the format, which processes have series, and the file.

. "$(dirname "$0")/lib.sh"
begin

no_regular_file()
{
	mkfifo "$TMP/fifo"
	fails 1 "'$TMP/fifo' is not a regular file" vmainfo export -q -o "$TMP/fifo" || return
	[ -p "$TMP/fifo" ] || { echo "it is gone"; return 1; }
	fails 1 "'$TMP': Is a directory" vmainfo export -q -o "$TMP" || return
	fails 1 "cannot create a file beside '$TMP/no/where': No such file or directory" \
		vmainfo export -q -o "$TMP/no/where"
}

without_stdout()
{
	vmainfo export -q -o "$TMP/closed" >&- && grep -qx "# EOF" "$TMP/closed"
}

# That the module is not there is no error; anything else is.
cannot_open()
{
	with_procs none vmainfo export || return
	fails 1 "cannot open /proc/vmainfo/procs: Too many levels of symbolic links" \
		with_procs procs vmainfo export
}

columns()
{
	with_procs "$TMP/procs" python3 "$HERE/export.py" columns
}

# Of an older module, or no text of one
bad_columns()
{
	echo '#    pid vmas total_kB comm' >"$TMP/procs"
	fails 1 "/proc/vmainfo/procs lacks columns: load the module of version" \
		with_procs "$TMP/procs" vmainfo export || return
	printf '# %s\n' 'pid vmas total_kB data_kB stack_kB exec_kB locked_kB pinned_kB rss_anon_kB rss_file_kB rss_shmem_kB swap_kB comm' \
		>"$TMP/procs"
	for line in '1 2 3 4 5 6 7 8 9 10 11 a' '1 2 3 4 5 6 7 8 9 10 11 12' 'a'; do
		{ head -n 1 "$TMP/procs" && echo "$line"; } >"$TMP/bad"
		fails 1 "cannot understand '$line'" with_procs "$TMP/bad" vmainfo export || return
	done
}

# On stderr, so that what is read by others is what it should be
cost()
{
	vmainfo export 2>"$TMP/cost" >/dev/null || return
	cat "$TMP/cost"
	grep -qxE 'vmainfo: the module is not loaded \(modprobe vmainfo\): .* took [0-9.]+ ms of CPU' \
		"$TMP/cost" || return
	vmainfo export --quiet 2>"$TMP/cost" >/dev/null || return
	[ ! -s "$TMP/cost" ]
}

result "cost warning without the module, not with --quiet" cost
as_root "unusable module entry: message" cannot_open
check format "OpenMetrics format"
check values "values match procfs"
as_root "columns of procs found by name" columns
as_root "unusable procs: message" bad_columns
as_root "process with many groups: values match procfs" python3 "$HERE/export.py" groups
check threshold "--threshold and --count select processes"
check nearest "nearest to its limit has series"
check many "any number of processes over --threshold"
check names "names of any bytes escaped"
check file "--output: mode 0644, no temporary file left"
result "--output: FIFO, directory and missing directory rejected" no_regular_file
result "--output works with stdout closed" without_stdout
# Other processes of this machine with as many VMAs would have captures, too.
as_root "--save-above: one private capture each, the oldest removed" \
	alone python3 "$HERE/export.py" captures
for option in "--save-above=90" "--save-to=." "--threshold=101" "--threshold=-1" "--threshold=nan" \
	"--count=x" "--output="; do
	result "$option rejected" fails 1 "Try \`vmainfo export --help'" vmainfo export "$option"
done
finish
