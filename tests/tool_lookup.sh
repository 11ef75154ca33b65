#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# vmainfo show --kind, --perm and --addr with the module, which filters. The output is compared with
# what awk selects from an unfiltered listing. tools/tests has the rest.

. "$(dirname "$0")/lib.sh"
tool=$HERE/vmainfo

# picks AWK-CONDITION OPTION...: prints the VMAs that meet the condition. The module omitted the others.
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

# Totals and numbers refer to all VMAs, so the module must not filter.
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

# Addresses at and around both ends of some VMAs: awk finds their VMAs with numbers below 2^53.
lookups()
{
	grep -v '^f\{8\}' "/proc/$target/maps" | sed 's/-/ /' | while read -r start end _ offset _ inode _; do
		echo "$((0x$start)) $((0x$end)) $((0x$offset)) $inode"
	done >vmas
	awk 'NR % 20 == 1 { for (i = 1; i <= 2; i++) printf "%.0f\n%.0f\n%.0f\n", $i - 1, $i, $i + 291 }' \
		vmas >addresses
	while read -r address; do
		printf '%x\n' "$address"
	done <addresses >hex
	"$tool" show --raw --noheadings -o lookup,start,vma_offset,file_offset --addr=- "$target" \
		<hex >got || return 1
	awk '
		FILENAME == "vmas" { start[NR] = $1; end[NR] = $2; offset[NR] = $3; inode[NR] = $4; n = NR; next }
		{
			for (i = 1; i <= n && ($1 < start[i] || $1 >= end[i]); i++);
			if (i > n)
				print $1, "- - -"
			else
				printf "%s %s %.0f %s\n", $1, start[i], $1 - start[i],
					inode[i] ? sprintf("%.0f", $1 - start[i] + offset[i]) : "-"
		}' vmas addresses | while read -r address start in file; do
		for number in "$address" "$start" "$in"; do
			[ "$number" = - ] && printf '%s ' - || printf '%08x ' "$number"
		done
		[ "$file" = - ] && echo - || printf '%08x\n' "$file"
	done >want
	[ "$(grep -vc -e '- - -' want)" -gt 10 ] && equal want got
}

# The build ID of this program
build_id()
{
	# The loader has mapped it when it has printed something.
	"$tool" watch -c 1000000000 "$target" >/dev/null 2>"$TMP/watch.err" &
	watch=$!
	TARGETS="$TARGETS $watch"
	until grep -q "process $target, " "$TMP/watch.err"; do
		[ -e "/proc/$watch/stat" ] || return 1
	done
	first=$(awk '/\/vmainfo$/ { split($1, at, "-"); print at[1]; exit }' "/proc/$watch/maps")
	"$tool" show --raw --noheadings -o build_id --addr="$first" "$watch" >got || return 1
	# The note of the ELF file: the length of its name, that of the build ID, 3, and "GNU"
	od -An -v -tx1 "$tool" | tr -d ' \n' | grep -o '040000001400000003000000474e5500.\{40\}' |
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
	--kind=file --perm=r --addr="$start-ffffffffffffffff"
result "JSON and nr refer to all VMAs" whole
result "--addr=-: every VMA" lookups
result "--addr: build ID" build_id
stop_all
cd /
finish
