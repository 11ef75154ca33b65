#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What the sanitizers hide, of a program that is built without them: their strcasecmp() knows no
# locales, and they change what takes how much time.

. "$(dirname "$0")/lib.sh"

# A locale where, as in a Turkish one, "i" and "I" are not one letter, and where, as in a German
# one, numbers have a comma. It needs no sources of locales.
make_locale()
{
	python3 - "$TMP" <<-'END' || return
	import string, sys
	def codes(letters):
	    return ["<U%04X>" % ord(letter) for letter in letters]
	lower, upper = codes(string.ascii_lowercase), codes(string.ascii_uppercase)
	pairs = [(a, b) for a, b in zip(lower, upper) if a != codes("i")[0]]
	with open(sys.argv[1] + "/charmap", "w", encoding="ascii") as file:
	    file.write("<code_set_name> ASCII\n<comment_char> %\n<escape_char> /\n"
	               "<mb_cur_min> 1\n<mb_cur_max> 1\nCHARMAP\n")
	    file.writelines("<U%04X> /x%02x c%d\n" % (i, i, i) for i in range(128))
	    file.write("END CHARMAP\n")
	with open(sys.argv[1] + "/source", "w", encoding="ascii") as file:
	    file.write("comment_char %\nescape_char /\nLC_CTYPE\n")
	    file.write("upper %s\nlower %s\n" % (";".join(upper), ";".join(lower)))
	    file.write("toupper %s\n" % ";".join("(%s,%s)" % (a, b) for a, b in pairs))
	    file.write("tolower %s\n" % ";".join("(%s,%s)" % (b, a) for a, b in pairs))
	    file.write('END LC_CTYPE\nLC_NUMERIC\ndecimal_point "<U002C>"\n'
	               'thousands_sep "<U002E>"\ngrouping 3;3\nEND LC_NUMERIC\n')
	END
	mkdir "$TMP/locales" || return
	# It warns of the categories that are not there, with a status of 1.
	localedef -c --quiet -f "$TMP/charmap" -i "$TMP/source" "$TMP/locales/xx_XX" 2>"$TMP/err"
	# The shell's own printf is of that locale then.
	[ "$(LOCPATH=$TMP/locales LC_ALL=xx_XX env printf %.1f 1,5)" = 1,5 ]
}

in_locale()
{
	env LOCPATH="$TMP/locales" LC_ALL=xx_XX "$@"
}

words()
{
	for word in pid PID Pid -pinned STACK exec; do
		in_locale "$plain" top -b -n 1 -o "$word" >"$TMP/out" || { echo "$word"; return 1; }
	done
}

numbers()
{
	in_locale "$plain" top -b -n 1 -d 0.5 --warn=12.5 >"$TMP/out" &&
		head -n 2 "$TMP/out" && grep -q "every 0.5 s" "$TMP/out" &&
		grep -q "over 12.5 %" "$TMP/out" &&
		in_locale "$plain" export -q --threshold=.5 | grep -q "^vmainfo_processes " &&
		in_locale "$plain" watch -q -n 0.001 -c 1 $$ &&
		fails 1 "invalid delay: '0,5'" in_locale "$plain" top -b -n 1 -d 0,5
}

# cpu FORMAT: the least user time of some runs, in ms
cpu()
{
	python3 -c '
import resource, subprocess, sys
def run():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
print(round(min(run() for i in range(5)) * 1000))
' "$plain" show "$1" --from="$TMP/many"
}

# A JSON record takes about as much CPU time as a line of CSV, and not several times as much.
json_cost()
{
	python3 -c '
import sys, raw
with open(sys.argv[1], "wb") as file:
    file.write(raw.build([raw.vma(0x7f0000000000 + 0x10000 * i, 0x7f0000001000 + 0x10000 * i, "r--p",
               kind=raw.FILE, ino=i + 1, dev_major=8, offset=4096 * i, policy=1,
               more_flags=raw.ACCOUNT | 0x70, name=b"/usr/lib/x86_64-linux-gnu/lib%d.so" % i,
               ops=b"ext4_file_vm_ops") for i in range(200000)]))
' "$TMP/many" || return
	csv=$(cpu --csv) && json=$(cpu --json) && echo "CSV: $csv ms, JSON: $json ms" || return
	[ "$json" -le $((3 * csv)) ]
}

begin
needs cc make localedef
make -s -C "$HERE/.." OUTPUT="$TMP/plain" CFLAGS=-O2 CURSES=no CAIRO=no >"$TMP/err" 2>&1 ||
	{ sed 's/^/# /' "$TMP/err"; ktap_exit_fail_msg "it does not build"; }
plain=$TMP/plain/vmainfo
make_locale || ktap_exit_fail_msg "no locale can be made here"
result "locale: column names in any case accepted" words
result "locale: numbers with a point" numbers
result "CPU time of --json close to --csv" json_cost
finish
