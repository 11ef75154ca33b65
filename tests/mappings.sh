#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A process with all kinds of mappings (mappings.c), once with files on ramfs and once on
# tmpfs, is compared with procfs, and with what it expects itself of each mapping.

. "$(dirname "$0")/lib.sh"

# Prints each line of the output of fields as a test point.
expected()
{
	while read -r verdict what; do
		case $verdict in
		ok) ktap_test_pass "$1: $what" ;;
		not) ktap_test_fail "$1: ${what#ok }" ;;
		skip) skip "$1: ${what%% # *}" "${what#* # }" ;;
		esac
	done <"$TMP/points"
}

# kallsyms has some vm_ops with a suffix of link-time optimization. The column ops has the name
# without the suffix. Only names that kallsyms does not also have without one are counted.
suffixes_removed()
{
	sed -nE 's/^[0-9a-f]+ . ([^ ]*_vm_ops)\.(llvm|lto_priv)\..*/\1/p' kallsyms >suffixed
	if [ ! -s suffixed ]; then
		skip "$1" "the kernel has no suffixes of link-time optimization"
		return
	fi
	sed -nE 's/^[0-9a-f]+ . ([^ ]*_vm_ops)(\t.*)?$/\1/p' kallsyms >plain
	vmas_awk '{ print $col["ops"] }' vmas | grep -xFf suffixed | grep -vxFf plain >removed
	result "$1" [ -s removed ]
}

every_kind()
{
	must mount_at "$TMP/$1" -t "$1" "$1"
	must start "$HERE/mappings" "$TMP/$1"
	must vmainfo_load pid="$target"
	must look "$target"
	cp "$TMP/said" expect
	[ ! -e /proc/kallsyms ] || cp /proc/kallsyms kallsyms
	result "$1: maps same as procfs" same_maps
	# The points are printed one by one below.
	result "$1: vmas fields match procfs" sh -c '"$0" . "$1" >"$2"' \
		"$HERE/fields" "$target" "$TMP/points"
	result "$1: every mapping judged" \
		[ "$(grep -c '^\(not \)*ok ' "$TMP/points")" = "$ready" ]
	expected "$1"
	suffixes_removed "$1: ops without suffixes"
	cd /
	must rmmod vmainfo
	stop_all
}

begin

# for a few huge pages
pages=/proc/sys/vm/nr_hugepages
if [ -w "$pages" ]; then
	old_pages=$(cat "$pages")
	[ "$old_pages" -ge 8 ] || echo 8 >"$pages"
fi

every_kind ramfs
every_kind tmpfs

[ ! -w "$pages" ] || echo "$old_pages" >"$pages"
finish
