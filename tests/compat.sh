#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A 32-bit program gets the same from a 64-bit kernel as a 64-bit one does: the bytes of
# raw, and the answers of the ioctls.

. "$(dirname "$0")/lib.sh"

# both ARG...: appends the output and the exit status of the two programs to a file each
both()
{
	for bits in ia32 amd64; do
		"$HERE/${bits}_reader" "$@" >>"$TMP/$bits" || echo "error $?" >>"$TMP/$bits"
	done
}

# same BYTES: the two outputs since the last call are equal and at least BYTES long
same()
{
	cmp "$TMP/ia32" "$TMP/amd64" && [ "$(wc -c <"$TMP/ia32")" -ge "$1" ]
	equal=$?
	wc -c "$TMP/ia32" "$TMP/amd64"
	rm "$TMP/ia32" "$TMP/amd64"
	return $equal
}

# compare_all WHAT: five test points
compare_all()
{
	vmas=$(wc -l <"/proc/$target/maps")

	both raw "$target"
	result "$1: same raw for 32 and 64 bits" same $((48 + 64 * vmas))
	both header "$target"
	result "$1: same header ioctl for 32 and 64 bits" same 64

	# Each mapping: struct procmap_query, a name, a build ID. A few have longer names.
	while read -r line; do
		both query "$target" "${line%%-*}"
	done <"/proc/$target/maps"
	result "$1: queries return names" grep -q '\[stack\]' "$TMP/ia32"
	result "$1: same queries for 32 and 64 bits" same $(((104 + 4096 + 20) * (vmas - 3)))

	both query "$target" 0
	both raw 2147483647
	printf 'error 2\nerror 3\n' >"$TMP/errors"	# ENOENT, ESRCH
	result "$1: ENOENT and ESRCH for 32 and 64 bits" cmp "$TMP/errors" "$TMP/ia32"
	rm "$TMP/ia32" "$TMP/amd64"
}

begin
[ -x "$HERE/ia32_reader" ] || skip_all "this machine has no 32-bit programs"
"$HERE/ia32_reader" 2>/dev/null
[ $? = 22 ] || skip_all "this kernel does not run 32-bit programs"
must vmainfo_load

must mount_at "$TMP/files" -t ramfs ramfs
must start "$HERE/mappings" "$TMP/files"
compare_all "64-bit process"
must start "$HERE/ia32"
compare_all "32-bit process"

finish
