# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# bash completion for vmainfo(1). Commands and options are those that its --help has.

_vmainfo_help() {
	local program=$1

	shift
	"$program" "$@" --help 2>/dev/null
}

# Pids, and the names of processes without spaces
_vmainfo_processes() {
	local comm name

	for comm in /proc/[0-9]*/comm; do
		# It can have gone meanwhile.
		read -r name 2>/dev/null <"$comm" || continue
		comm=${comm#/proc/}
		printf '%s\n' "${comm%/comm}"
		[[ $name == *[!A-Za-z0-9._+:-]* ]] || printf '%s\n' "$name"
	done 2>/dev/null | sort -u
}

_vmainfo() {
	local program=$1 current=$2 previous=$3 command words files=

	COMPREPLY=()
	command=${COMP_WORDS[1]}
	if ((COMP_CWORD == 1)); then
		words=$(_vmainfo_help "$program" | sed -n 's/^  \([a-z]*\)  .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$words --help --version" -- "$current")
		return
	fi
	# bash makes three words of --option=value.
	if [[ $current == = ]]; then
		current=
	elif [[ $previous == = ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	[[ $command != show || $previous != -o ]] || previous=--columns
	case $previous in
	--color) words="auto always never" ;;
	--kind) words=$(_vmainfo_help "$program" "$command" | tr -s ' \n' ' ' |
		sed -n "s/.*$previous=[^ ]* Only these: \([a-z_, ]*[a-z]\).*/\1/p" | tr -d ,) ;;
	--columns) words=$(_vmainfo_help "$program" "$command" | tr -s ' \n' ' ' |
		sed -n "s/.*Columns: \([a-z_, ]*\)\..*/\1/p" | tr -d ,) ;;
	--group) words="name kind perm" ;;
	--sort) words="address size name rss pss dirty swap"
		[[ $command != top ]] ||
			words="pid vmas %max growth total res swap data stack exec locked pinned command"
		;;
	--name) words=$(_vmainfo_processes) ;;
	--from | --before | --output | --summary | --save-to | -o) words='' files=1 ;;
	--addr | --perm | --interval | --count | --delay | --iterations | --lines | --threshold | \
	--save-above | --warn | --critical | --title | --boxes) return ;;
	*)
		if [[ $current == -* ]]; then
			words=$(_vmainfo_help "$program" "$command" |
				sed -nE 's/^ +(-[a-zA-Z?], )*(--[a-z-]+).*/\2/p')
		else
			case $command in
			show | draw | watch | save | why) words=$(_vmainfo_processes) ;;
			diff) words=$(_vmainfo_processes | grep '^[0-9]') ;;
			esac
			[[ $command != save && $command != diff ]] || files=1
		fi
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; [[ ! $files ]] || compgen -f -- "$current")
	[[ ! $files ]] || compopt -o filenames 2>/dev/null
}

complete -F _vmainfo vmainfo
