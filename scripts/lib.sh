# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # what is set here is used by the scripts that source it
#
# What the scripts share. To be sourced after "set -euo pipefail".

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$top/build
# Services and cron jobs can be without HOME.
cache=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$EUID" | cut -d : -f 6)}/.cache}
cache=$(realpath -m "$cache/vmainfo")
self=${0##*/}
die_status=1

# Scripts run one another. The outermost one has this pid, and keeps it when it is
# replaced by another script with exec.
export VMAINFO_OUTERMOST=${VMAINFO_OUTERMOST:-$$}

# at_exit COMMAND: runs COMMAND when this script exits, the last one first.
exit_commands=()
at_exit() {
	exit_commands=("$1" "${exit_commands[@]}")
}

leave() {
	local command

	for command in "${exit_commands[@]}"; do
		"$command"
	done
	give_back
}
trap leave EXIT

# If root runs a script in a tree of another user, as with sudo, then root owns what the
# script has made in build/. The outermost script gives it to that user.
give_back() {
	local owner

	[[ $EUID == 0 && ${VMAINFO_OUTERMOST:-} == "$$" && -d $build ]] || return 0
	owner=$(stat -c %u:%g "$top")
	[[ $owner != 0:0 ]] || return 0
	# Another script may remove a file in the same moment.
	find "$build" -xdev -user root -exec chown -h "$owner" {} + 2>/dev/null ||
		say "some of $build still belongs to root"
}

# A line per step; stdout belongs to what a script answers.
say() {
	printf '%s: %s\n' "$self" "$*" >&2
}

die() {
	say "$*"
	exit "$die_status"
}

# Wrong usage has a status of its own.
bad() {
	say "$*"
	exit 2
}

# The comment at the top of a script is its --help.
usage() {
	awk 'NR < 3 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
	exit
}
case ${1:-} in --help | -h) usage ;; esac

# bad_option OPTION: for what getopts does not know, with OPTARG as it sets that
bad_option() {
	[[ $1$OPTARG != \?h ]] || usage
	[[ $1 != : ]] || bad "option -$OPTARG needs a value, see --help"
	bad "unknown option: -$OPTARG, see --help"
}

# operands MIN MAX WHAT ARG...: refuses options, and other numbers of ARGs than these
operands() {
	[[ ${4:-} != -* ]] || bad "unknown option: $4, see --help"
	(($# - 3 >= $1 && $# - 3 <= $2)) || bad "$3 wanted, see --help"
}

# make_tmp DIRECTORY: sets tmp to a new directory there, which is removed at exit
make_tmp() {
	mkdir -p "$1"
	tmp=$(mktemp -d "$1/$self.XXXXXX")
	at_exit remove_tmp
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
remove_tmp() {
	rm -rf --one-file-system "$tmp"
}

need() {
	command -v "$1" >/dev/null ||
		die "$1 is missing: apt-get install $2, or run scripts/deps"
}

need_root() {
	((EUID == 0)) || die "$1 needs root: run this as root or with sudo"
}

# The files of the project, each followed by a NUL: what git has or could add, or
# everything but build/ in a tree without git, such as one from a release tarball.
tree_files() {
	local file

	if [[ -e $top/.git ]]; then
		git -c safe.directory="$top" -C "$top" --no-optional-locks \
			ls-files -z --cached --others --exclude-standard |
			while read -r -d '' file; do
				# git also lists what is deleted, but not committed.
				[[ ! -e $top/$file && ! -L $top/$file ]] || printf '%s\0' "$file"
			done
	else
		(cd "$top" && find . -path ./build -prune -o ! -type d -printf '%P\0')
	fi
}

# copy_tree DIRECTORY: copies these files
copy_tree() {
	mkdir -p "$1"
	tree_files | tar -c -C "$top" --null -T - | tar -x -C "$1" --no-same-owner
}

kernel_names() {
	awk '!/^#/ && NF { print $1 }' "$top/scripts/kernels"
}

# Those that run when no kernel is named: without ALL=1, the most important ones
usual_kernels() {
	awk -v all="${ALL:-}" '!/^#/ && NF && (all == 1 || $8 != "ALL") { print $1 }' \
		"$top/scripts/kernels"
}

# Those that DKMS is tested with: the usual ones whose roots have it
dkms_kernels() {
	awk -v all="${ALL:-}" '!/^#/ && (all == 1 || $8 != "ALL") && $NF ~ /(^|,)dkms(,|$)/ { print $1 }' \
		"$top/scripts/kernels"
}

# Those of scripts/check clients: the oldest, the stable and the newest one
clients_kernels="bullseye trixie trixie-backports"

# Those that are built to find bugs, with debug.config
debug_kernels() {
	awk '!/^#/ && NF && $6 ~ /(^|,)debug\.config/ { print $1 }' "$top/scripts/kernels"
}

# Those that are programs, which run on this machine
uml_kernels() {
	awk '!/^#/ && NF && $4 ~ "/um$" { print $1 }' "$top/scripts/kernels"
}

# merged_config LIST: the fragments in that list, one after the other. Of several lines about one
# option only the last one stays.
merged_config() {
	local files

	IFS=, read -ra files <<<"$1"
	awk '
		{ option = "" }
		/^CONFIG_[A-Za-z0-9_]*=/ { option = substr($0, 1, index($0, "=") - 1) }
		/^# CONFIG_[A-Za-z0-9_]* is not set$/ { option = $2 }
		option in line { delete text[line[option]] }
		option { line[option] = NR }
		{ text[NR] = $0 }
		END {
			for (i = 1; i <= NR; i++)
				if (i in text)
					print text[i]
		}
	' "${files[@]/#/$top/scripts/}"
}

# config_has LIST LINE: tells whether the merged fragments have that line. With "grep -q" behind a
# pipe, awk could die of SIGPIPE, and pipefail would make that a no.
config_has() {
	local text

	text=$(merged_config "$1") && grep -qxF -e "$2" <<<"$text"
}

# lost_options WANTED CONFIG: those lines of the fragment WANTED that the kernel's CONFIG does not
# fulfil. Exit status 1 if there are such lines.
lost_options() {
	awk '
		NR == FNR && /^CONFIG_/ { has[$0]; set[substr($0, 1, index($0, "=") - 1)] }
		NR == FNR { next }
		/^# CONFIG_[A-Za-z0-9_]* was CONFIG_[A-Za-z0-9_]*$/ { renamed[$4 "=y"]; next }
		/^CONFIG_[A-Za-z0-9_]*=n$/ || /^# CONFIG_[A-Za-z0-9_]* is not set$/ {
			option = /=n$/ ? substr($0, 1, length($0) - 2) : $2
			if (option in set)
				lost[++nr] = $0
			next
		}
		/^CONFIG_/ && !($0 in has) { lost[++nr] = $0 }
		END {
			for (i = 1; i <= nr; i++) {
				if (lost[i] in renamed)
					continue
				print lost[i]
				status = 1
			}
			exit status
		}
	' "$2" "$1"
}

# Reads a row of the table into k_name, k_suite, k_more, k_arch, k_flavour, k_source, k_config,
# k_cost, k_quick, k_tests, k_extra, and sets the fields of k_cost: k_download, k_disk (MB),
# k_making, k_quick_time and k_tests_time (seconds). Reads the row of its machine into m_host,
# m_compiler, m_package, m_terminals and m_start, and sets k_make, the arguments that a kernel's
# make wants there; k_llvm is another one, LLVM=1, if clang builds the kernel, else empty.
kernel_row() {
	local row kbuild

	row=$(awk -v name="$1" '!/^#/ && $1 == name' "$top/scripts/kernels")
	[[ $row ]] || bad "unknown kernel: '$1', known are: $(kernel_names | paste -sd ' ')"
	read -r k_name k_suite k_more k_arch k_source k_config k_cost k_quick k_tests k_extra <<<"$row"
	k_more=${k_more#-} k_source=${k_source#-} k_config=${k_config#-} k_extra=${k_extra#-}
	IFS=, read -r k_download k_disk k_making k_quick_time k_tests_time <<<"$k_cost"
	row=$(awk -v arch="$k_arch" '!/^#/ && $1 == arch { exact = $0 }
		!/^#/ && index(arch, $1 "/") == 1 { any = $0 }
		END { print exact ? exact : any }' "$top/scripts/machines")
	[[ $row ]] || die "$k_name: scripts/machines has no row for the architecture $k_arch"
	k_flavour=${k_arch#*/} k_arch=${k_arch%/*}
	read -r _ m_host kbuild m_compiler m_package m_terminals m_start <<<"$row"
	m_compiler=${m_compiler#-} m_package=${m_package#-}
	k_llvm=
	[[ ! $k_config ]] || ! config_has "$k_config" CONFIG_CC_IS_CLANG=y || k_llvm=LLVM=1
	k_make=(ARCH="$kbuild" ${m_compiler:+CROSS_COMPILE="$m_compiler-"})
	# User-mode Linux is compiled with -fno-builtin, which makes a call of each copy of a few bytes.
	[[ $kbuild != um ]] || k_make+=(KCFLAGS=-fbuiltin)
}

# python_files: sets files to the options of scripts/vm that bring the demo's target, and the
# interpreter from the root that has the project's tools.
python_files() {
	local root python

	root=$("$top/scripts/root" trixie)
	python=$(realpath "$root/usr/bin/python3")
	files=(-f "$python:/usr/bin/python3" -f "$root/usr/lib/${python##*/}:/usr/lib/${python##*/}"
		-f "$top/scripts/demo-target.py")
}

# Takes a lock that lasts as long as this process and what it starts: -x alone,
# -s together with others who take it with -s.
lock() {
	local fd

	mkdir -p "${2%/*}"
	[[ -w ${2%/*} && (! -e $2 || -w $2) ]] ||
		die "cannot write $2: it belongs to $(stat -c %U "${2%/*}"), run this as that user"
	exec {fd}>"$2"
	flock -w 2 "$1" "$fd" && return
	say "waiting for another run to be done with $2"
	flock "$1" "$fd"
}

# mirror debian|security: where this machine's apt gets Debian from, or its security
# updates.
mirror() {
	local uri lists

	lists=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages')
	uri=$(awk -v want="$1" '
		$1 == "Debian" && ($2 ~ /security|\/updates/) == (want == "security") && !uri { uri = $3 }
		END { print uri }' <<<"$lists")
	if [[ $1 == debian ]]; then
		uri=${VMAINFO_MIRROR:-$uri}
		[[ $uri || $lists ]] ||
			die "apt has no package lists, so it knows no mirror: run apt-get update, or set VMAINFO_MIRROR"
		# Ubuntu and other descendants of Debian
		[[ $uri ]] ||
			die "this machine gets no packages from Debian, which the build roots are made of: set VMAINFO_MIRROR to the URL of a Debian mirror, and VMAINFO_SECURITY_MIRROR to that of its security updates"
	else
		uri=${VMAINFO_SECURITY_MIRROR:-$uri}
		# Where apt has none, it mostly lies next to the rest.
		[[ $uri ]] || uri=$(mirror debian | sed -n 's,/debian/*$,/debian-security,p')
		[[ $uri ]] || die "apt knows no mirror of the security updates: set VMAINFO_SECURITY_MIRROR"
	fi
	printf '%s\n' "$uri"
}

# root_apt ROOT STATE get|cache ...: apt-get or apt-cache for a root, run from outside,
# where proxies and name resolution are set up. STATE is a directory for its package lists,
# so that the root stays as it is.
root_apt() {
	local root=$1 state=$2 command=apt-$3

	shift 3
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	"$command" -qq -o Dir="$root" -o Dir::State="$state" -o Dir::Cache="$state" \
		-o APT::Architectures::=amd64 -o APT::Architectures::="$k_arch" \
		-o Dir::State::status="$root/var/lib/dpkg/status" -o APT::Sandbox::User=root "$@"
}
