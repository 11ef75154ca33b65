#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo show --kind, --perm and --addr with the module, which filters: what is printed is the same as
# without a filter, as awk selects it. tools/tests has the rest.

. "$(dirname "$0")/lib.sh"
tool=$HERE/vmainfo

# picks AWK-CONDITION OPTION...: the VMAs of which this is true, and the module left the others out
picks()
{
	condition=$1
	shift
	"$tool" show --raw -o address,perm,kind,offset,inode,flags,ops,name "$target" >all || return 1
	awk "NR == 1 || $condition" all >want
	[ "$(wc -l <want)" -gt 1 ] || { echo "there is no such VMA"; return 1; }
	"$tool" show --raw -o address,perm,kind,offset,inode,flags,ops,name "$@" "$target" >got &&
		equal want got || return 1
	"$tool" show "$@" "$target" | tail -n 1 >got
	cat got
	grep -qE "^$(($(wc -l <want) - 1)) VMAs? that match(es)?, [0-9]+ kB" got
}

# The totals and numbers of all VMAs, which need all
whole()
{
	nr=$(grep -vc '\[vsyscall\]$' "/proc/$target/maps")
	"$tool" show --json --kind=stack "$target" >got || return 1
	head -c 400 got
	grep -q "\"vmas\":$nr,.*\"shown_vmas\":1," got || return 1
	"$tool" show --raw --noheadings -o nr,kind "$target" | grep stack >want
	"$tool" show --raw --noheadings -o nr,kind --kind=stack "$target" >got &&
		equal want got
}

# The first, a middle and the last address of each VMA, and the one behind it
lookups()
{
	awk '{ split($1, at, "-"); print at[1]; print at[2] }' "/proc/$target/maps" |
		while read -r address; do
			printf '%x\n' $((0x$address - 1)) $((0x$address)) $((0x$address + 0x123))
		done | grep -v '^f\{8\}' >addresses
	"$tool" show --raw --noheadings -o lookup,start,vma_offset,file_offset --addr=- "$target" \
		<addresses >got || return 1
	grep -v '^f\{8\}' "/proc/$target/maps" | sed 's/-/ /' | while read -r start end _ offset _ inode _; do
		echo "$start $end $offset $inode"
	done >vmas
	while read -r address; do
		found=
		while read -r start end offset inode; do
			[ $((0x$address)) -ge $((0x$start)) ] && [ $((0x$address)) -lt $((0x$end)) ] || continue
			in=$((0x$address - 0x$start))
			file=$(printf %08x $((in + 0x$offset)))
			[ "$inode" != 0 ] || file=-
			found=$(printf '%08x %08x %08x %s' $((0x$address)) $((0x$start)) $in "$file")
		done <vmas
		echo "${found:-$(printf '%08x - - -' $((0x$address)))}"
	done <addresses >want
	equal want got
}

# The build IDs of the module: those of this program, which has one, and none of a text file
build_ids()
{
	"$tool" watch -q -c 1000000000 "$$" >/dev/null 2>&1 &
	TARGETS="$TARGETS $!"
	until "$tool" show -q --raw --noheadings -o name --kind=file $! | grep -q "/vmainfo$"; do
		[ -e /proc/$!/maps ] || return 1
	done
	first=$(awk '/\/vmainfo$/ { split($1, at, "-"); print at[1]; exit }' "/proc/$!/maps")
	"$tool" show --raw --noheadings -o build_id --addr="$first" $! >got || return 1
	# The note of a program: its length, that of the build ID, 3, and "GNU"
	od -An -v -tx1 "$tool" | tr -d ' \n' | grep -o '0400000014000000030000''00474e5500.\{40\}' |
		head -n 1 | cut -c 33- >want
	[ -s want ] && equal want got
}

begin
[ -x "$tool" ] || skip_all "the program vmainfo is not here"
pages=/proc/sys/vm/nr_hugepages
[ ! -w "$pages" ] || echo 8 >"$pages"
must vmainfo_load
must mount_at "$TMP/files" -t ramfs ramfs
must start "$HERE/mappings" "$TMP/files"
cd "$TMP" || exit
result "--kind filters" picks '$3 == "shmem" || $3 == "stack"' --kind=shmem,stack
result "--perm filters" picks '$2 ~ /^.w.s/' --perm='?w?s'
result "--perm filters what must be clear" picks '$2 ~ /^---/' --perm=---
start=$(sed -n '5s/-.*//p' "/proc/$target/maps")
result "--addr=START-END filters" picks 'NR == 6' --addr="$start-$(printf %x $((0x$start + 1)))"
result "all filters at once" picks '$3 == "file" && $2 ~ /^r/ && NR > 5' \
	--kind=file --perm=r --addr="$start-7fffffffffff"
result "JSON and nr refer to all VMAs" whole
result "--addr=-: every VMA" lookups
result "--addr: build ID" build_ids
stop_all
cd /
finish
