#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo export, without the module: the format, which processes have series, and the file.

. "$(dirname "$0")/lib.sh"
begin
export VMAINFO TMP PYTHONDONTWRITEBYTECODE=1

check()
{
	result "$2" python3 "$HERE/export.py" "$1"
}

no_regular_file()
{
	mkfifo "$TMP/fifo"
	fails 1 "'$TMP/fifo' is no regular file" "$VMAINFO" export -q -o "$TMP/fifo" || return
	[ -p "$TMP/fifo" ] || { echo "it is gone"; return 1; }
	fails 1 "'$TMP': Is a directory" "$VMAINFO" export -q -o "$TMP" || return
	fails 1 "cannot create a file beside '$TMP/no/where': No such file or directory" \
		"$VMAINFO" export -q -o "$TMP/no/where"
}

full_disk()
{
	fails 1 "write error" sh -c '"$VMAINFO" export -q >/dev/full'
}

without_stdout()
{
	"$VMAINFO" export -q -o "$TMP/closed" >&- && grep -qx "# EOF" "$TMP/closed"
}

# with_tasks LINK COMMAND...: with a link for the module's tasks, and no other /proc but for what the
# sanitizers look at
with_tasks()
{
	apart sh -c '
		mkdir "$1/proc" && mount --rbind /proc "$1/proc" && mount -t tmpfs none /proc &&
			ln -s "$1/proc/self" "$1/proc/thread-self" "$1/proc/sys" /proc/ &&
			mkdir /proc/vmainfo /proc/1 && ln -s "$2" /proc/vmainfo/tasks || exit 77
		shift 2
		ASAN_OPTIONS=detect_leaks=0 exec "$@"
	' sh "$TMP" "$@"
	status=$?
	rmdir "$TMP/proc"
	return $status
}

# That the module is not there is no error; anything else is.
cannot_open()
{
	with_tasks none "$VMAINFO" export || return
	fails 1 "cannot open /proc/vmainfo/tasks: Too many levels of symbolic links" \
		with_tasks tasks "$VMAINFO" export
}

# On stderr, so that what is read by others is what it should be
cost()
{
	"$VMAINFO" export 2>"$TMP/cost" >/dev/null || return
	cat "$TMP/cost"
	grep -qxE 'vmainfo: (the module is not loaded \(modprobe vmainfo\)|no permission to ask the module): .* took [0-9.]+ ms of CPU' \
		"$TMP/cost" || return
	"$VMAINFO" export --quiet 2>"$TMP/cost" >/dev/null || return
	[ ! -s "$TMP/cost" ]
}

ktap_set_plan 20
if [ -e /proc/vmainfo/tasks ]; then
	ktap_test_skip "cost: the module is loaded"
else
	result "without the module it says what it costs, but for --quiet" cost
fi
if with_tasks none "$VMAINFO" --version >"$TMP/err" 2>&1; then
	result "the module cannot be asked" cannot_open
else
	ktap_test_skip "the module cannot be asked: /proc cannot be another one here"
fi
check format "format"
check values "values"
if [ "$(id -u)" = 0 ]; then
	check groups "values of a process with many groups"
else
	ktap_test_skip "values of a process with many groups: it takes root to have them"
fi
check threshold "series: who is over the threshold"
check nearest "series: the nearest"
check many "series: however many are over the threshold"
check names "names of any bytes"
check file "a file: mode, and nothing beside it"
check atomic "a file: always a whole one"
check full "a file: no room for it"
result "a file: none where none can be" no_regular_file
result "a full disk" full_disk
result "a file: without stdout" without_stdout
for option in "--threshold=101" "--threshold=-1" "--threshold=nan" "--count=x" "--output="; do
	result "wrong: $option" fails 1 "Try \`vmainfo export --help'" "$VMAINFO" export "$option"
done
ktap_finished
