#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Files whose name is not simply their path: on overlayfs, on mounts that only the target has,
# on detached mounts, and for a reader with another root. A path depends on its reader.

. "$(dirname "$0")/lib.sh"
begin

# path_in_maps WHAT PATTERN: compares the target; three test points
path_in_maps()
{
	compare "$1" "$target"
	result "$1: path in maps" grep -q "$2" "$TMP/look/before"
}

must mount_at "$TMP/fs" -t ramfs ramfs
cd "$TMP/fs" || exit 1
mkdir lower1 lower2 other private gone
head -c 8192 /dev/zero >lower1/one
cp lower1/one lower2/two
cp lower1/one private/visible
cd / || exit 1

# mount loads the module of overlayfs, unless VMAINFO_OVERLAY names it.
overlay=
ko=${VMAINFO_OVERLAY:-/overlay.ko}
[ ! -e "$ko" ] || must insmod "$ko"
mount_at "$TMP/fs/merged" -t overlay -o "lowerdir=$TMP/fs/lower1:$TMP/fs/lower2" overlay ||
	overlay="this kernel cannot mount overlayfs"
# An upper layer has to support extended attributes, which ramfs does not.
must mount_at "$TMP/layers" -t tmpfs tmpfs
mkdir "$TMP/layers/upper" "$TMP/layers/work"
if [ -z "$overlay" ]; then
	must start "$HERE/mapfiles" "$TMP/fs/merged/one" "$TMP/fs/merged/two"
	path_in_maps "overlayfs" "/merged/one$"

	layers=lowerdir=$TMP/fs/lower1,upperdir=$TMP/layers/upper,workdir=$TMP/layers/work
	must mount_at "$TMP/layers/merged" -t overlay -o "$layers" overlay
	cp "$TMP/layers/merged/one" "$TMP/layers/merged/new"
	must start "$HERE/mapfiles" "$TMP/layers/merged/one" "$TMP/layers/merged/new"
	# This copies the file from the lower layer to the upper one.
	echo >>"$TMP/layers/merged/one"
	rm "$TMP/layers/merged/new"
	path_in_maps "overlayfs copy-up and unlink" "/merged/new (deleted)$"
else
	skip_compare "overlayfs" "$overlay" "path in maps"
	skip_compare "overlayfs copy-up and unlink" "$overlay" "path in maps"
fi

# The reader cannot reach a mount in another mount namespace.
must start unshare -m sh -c 'mount -t ramfs ramfs "$1" && cp "$2" "$1/unreachable" &&
	exec "$0" "$1/unreachable"' "$HERE/mapfiles" "$TMP/fs/other" "$TMP/fs/lower1/one"
path_in_maps "mount in another namespace" "/unreachable$"

# File systems without a block device get ascending minor numbers. This one has at least three
# hexadecimal digits.
must start unshare -m sh -c 'for n in $(seq 260); do mount -t ramfs ramfs "$1" || exit; done
	cp "$2" "$1/device" && exec "$0" "$1/device"' "$HERE/mapfiles" "$TMP/fs/other" "$TMP/fs/lower1/one"
path_in_maps "device with a large number" " 00:[1-9a-f][0-9a-f][0-9a-f][0-9a-f]* .*/device$"

must mount -t ramfs ramfs "$TMP/fs/gone"
cp "$TMP/fs/lower1/one" "$TMP/fs/gone/detached"
must start "$HERE/mapfiles" "$TMP/fs/gone/detached"
must umount -l "$TMP/fs/gone"
path_in_maps "detached mount" "/detached$"

must start "$HERE/mapfiles" "$TMP/fs/private/visible"
must mount_at "$TMP/fs/private" -t ramfs ramfs
path_in_maps "overmounted file" "/visible$"

# The paths of a target with another root are longer for this reader.
root=$TMP/fs/root
must mkdir -p "$root/bin"
must cp "$HERE/mapfiles" "$TMP/fs/lower1/one" "$root/"
must cp /proc/self/exe "$root/bin/cat"
must mount_at "$root/proc" --bind /proc
must start chroot "$root" /mapfiles /one
path_in_maps "target in chroot" "/root/one$"

# A reader with another root sees the paths below it, and cannot reach the others.
if chroot "$root" cat /proc/version >/dev/null 2>&1; then
	READER="chroot $root"
	path_in_maps "reader and target in chroot" " /one$"
	must start "$HERE/mapfiles" "$TMP/fs/lower1/one"
	compare "reader in chroot, target outside" "$target"
	READER=
else
	skip_compare "reader and target in chroot" "no static busybox for the chroot" "path in maps"
	skip_compare "reader in chroot, target outside" "no static busybox for the chroot"
fi

finish
