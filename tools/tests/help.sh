#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The manual page and the completion know the commands and options that there are, and no others.

. "$(dirname "$0")/lib.sh"
begin

MAN=$HERE/../../docs/man/vmainfo.1
COMPLETION=$HERE/../vmainfo.bash

commands=$(vmainfo --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')

# The long options of a command, by its --help, but for those of argp
options()
{
	vmainfo "$1" --help | sed -nE 's/^ +(-[a-zA-Z], )*(--[a-z-]+).*/\2/p' | sort -u |
		grep -vxE -e '--(help|usage|version)'
}

# Those that the manual page describes: what it says of the command, or of several
described()
{
	awk -v section="vmainfo $1" '
		/^\.S[sh]/ {
			inside = substr($0, 5) == section
			common = /^\.Ss Options that several/
		}
		/^\.It Fl/ && (inside || common) {
			while (match($0, /Fl -[a-z-]+/)) {
				print (common ? "common" : "own"), "-" substr($0, RSTART + 3, RLENGTH - 3)
				$0 = substr($0, RSTART + RLENGTH)
			}
		}
	' "$MAN"
}

man_page()
{
	options "$1" >"$TMP/options"
	described "$1" >"$TMP/described"
	# Each has to be there, in one of the two places; and what is its own is an option.
	while read -r option; do
		grep -q -e " $option\$" "$TMP/described" || { echo "not described: $option"; return 1; }
	done <"$TMP/options"
	sed -n 's/^own //p' "$TMP/described" | while read -r option; do
		grep -qx -e "$option" "$TMP/options" || { echo "no such option: $option"; exit 1; }
	done
}

# completed WORD...: what can become of the last one
completed()
{
	bash -uc '
		. "$1"
		shift
		COMP_WORDS=(vmainfo "$@")
		COMP_CWORD=$#
		_vmainfo vmainfo "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$COMPLETION" "$@"
}

completes()
{
	completed "$1" -- | sort -u >"$TMP/completed"
	options "$1" >"$TMP/options"
	grep -vxE -e '--(help|usage|version)' "$TMP/completed" | diff "$TMP/options" -
}

completes_commands()
{
	completed '' | grep -v -e '^--' | sort >"$TMP/completed"
	printf '%s\n' "$commands" | sort | diff - "$TMP/completed"
}

# After this word, these can come.
offers()
{
	want=$1
	shift
	completed "$@" >"$TMP/completed"
	printf '%s\n' "$want" | tr ' ' '\n' | grep -vxFf "$TMP/completed" && { cat "$TMP/completed"; return 1; }
	return 0
}

has_synopsis()
{
	for command in $commands; do
		grep -qx "\.Cm $command" "$MAN" || { echo "$command is not there"; return 1; }
	done
}

bad_command()
{
	fails 1 "there is no command 'frobnicate'" vmainfo frobnicate &&
		fails 1 "Try 'vmainfo show 1234', or 'vmainfo --help'" vmainfo 1234
}

short_help()
{
	vmainfo --help >"$TMP/help" && vmainfo -h | diff "$TMP/help" - || return 1
	for command in $commands; do
		vmainfo "$command" --help >"$TMP/help" &&
			vmainfo "$command" -h | diff "$TMP/help" - || return 1
	done
}

# The exit status of failure
failure()
{
	case $1 in
	diff) echo 2 ;;
	check) echo 3 ;;
	*) echo 1 ;;
	esac
}

bad_option()
{
	for command in $commands; do
		status=0
		vmainfo "$command" --no-such-option >"$TMP/out" 2>"$TMP/err" || status=$?
		[ "$status" = "$(failure "$command")" ] || { echo "$command: status $status"; return 1; }
		grep -q "Try .vmainfo $command --help' or" "$TMP/err" "$TMP/out" || { cat "$TMP/err"; return 1; }
	done
}

# What argp cannot print is an error. check prints errors on stdout, too.
full_help()
{
	vmainfo check --help >/dev/full
	[ $? = 3 ] || return
	for command in $(echo "$commands" | grep -vx check); do
		for option in --help --usage --version; do
			fails "$(failure "$command")" "write error" \
				sh -c 'vmainfo "$0" "$1" >/dev/full' "$command" "$option" ||
				return 1
		done
	done
}

version()
{
	release=$(sed -n 's/^#define VMAINFO_RELEASE "\(.*\)"$/\1/p' "$HERE/../../include/version.h")
	[ "$(vmainfo --version)" = "vmainfo $release" ]
}

for command in $commands; do
	result "$command: manual page has every option" man_page "$command"
	result "$command: options completed" completes "$command"
done
result "manual page has every command" has_synopsis
result "commands completed" completes_commands
result "kinds completed" offers "anon hugetlb special" show --kind ""
result "columns completed" offers "address size_kb name" show -o ""
result "keys completed" offers "address size name" show --sort ""
result "groups completed" offers "kind name perm" show --group = ""
result "--color values completed" offers "auto always never" draw --color = ""
result "processes completed" offers "$$ $(cat /proc/$$/comm)" show ""
result "processes completed after --name" offers "$$" check --name = ""
result "files completed" offers "$COMPLETION" diff "${COMPLETION%.bash}"
result "unknown command rejected" bad_command
result "-h same as --help" short_help
result "unknown option rejected" bad_option
result "full disk: --help of commands fails" full_help
result "version matches version.h" version
finish
