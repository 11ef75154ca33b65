#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Files whose name is not simply their path: on overlayfs, on mounts that only the target has,
# on detached mounts, and for a reader with another root. A path depends on its reader.

. "$(dirname "$0")/lib.sh"
begin
ktap_set_plan 23

# path_in_maps WHAT PATTERN: compares the target; three test points
path_in_maps()
{
	compare "$1" "$target"
	result "$1: path in maps" grep -q "$2" "$TMP/look/before"
}

mkdir "$TMP/fs"
mount_at -t ramfs ramfs "$TMP/fs" || ktap_exit_fail_msg "no ramfs"
cd "$TMP/fs" || exit 1
mkdir lower1 lower2 upper merged other private gone
dd if=/dev/zero of=lower1/one bs=4096 count=2 2>/dev/null
cp lower1/one lower2/two
cp lower1/one private/visible
cp lower1/one gone/visible
cd / || exit 1

# overlayfs: the module may have to be loaded, from VMAINFO_OVERLAY if that names it
overlay=
if ! grep -qw overlay /proc/filesystems; then
	if [ -e "${VMAINFO_OVERLAY:-/overlay.ko}" ]; then
		insmod "${VMAINFO_OVERLAY:-/overlay.ko}"
	else
		modprobe overlay 2>/dev/null
	fi
fi
if ! grep -qw overlay /proc/filesystems; then
	overlay="this kernel has no overlayfs"
elif ! mount_at -t overlay -o "lowerdir=$TMP/fs/lower1:$TMP/fs/lower2" overlay "$TMP/fs/merged"; then
	overlay="overlayfs cannot be mounted"
fi
# An upper layer has to support extended attributes, which ramfs does not.
mkdir "$TMP/layers"
mount_at -t tmpfs tmpfs "$TMP/layers" || ktap_exit_fail_msg "no tmpfs"
mkdir "$TMP/layers/upper" "$TMP/layers/work" "$TMP/layers/merged"
if [ -z "$overlay" ]; then
	must_start "$HERE/mapfiles" "$TMP/fs/merged/one" "$TMP/fs/merged/two"
	path_in_maps "overlayfs" "/merged/one$"

	layers=lowerdir=$TMP/fs/lower1,upperdir=$TMP/layers/upper,workdir=$TMP/layers/work
	mount_at -t overlay -o "$layers" overlay "$TMP/layers/merged" ||
		ktap_exit_fail_msg "no overlayfs with an upper layer"
	cp "$TMP/layers/merged/one" "$TMP/layers/merged/new"
	must_start "$HERE/mapfiles" "$TMP/layers/merged/one" "$TMP/layers/merged/new"
	# This copies the file from the lower layer to the upper one.
	echo >>"$TMP/layers/merged/one"
	rm "$TMP/layers/merged/new"
	path_in_maps "overlayfs copy-up and unlink" "/merged/new (deleted)$"
else
	skip_compare "overlayfs" "$overlay" "path in maps"
	skip_compare "overlayfs copy-up and unlink" "$overlay" "path in maps"
fi

# The reader cannot reach a mount in another mount namespace.
must_start unshare -m sh -c 'mount -t ramfs ramfs "$1" && cp "$2" "$1/unreachable" &&
	exec "$0" "$1/unreachable"' "$HERE/mapfiles" "$TMP/fs/other" "$TMP/fs/lower1/one"
path_in_maps "mount in another namespace" "/unreachable$"

mount -t ramfs ramfs "$TMP/fs/gone" || ktap_exit_fail_msg "no mount to detach"
cp "$TMP/fs/lower1/one" "$TMP/fs/gone/detached"
must_start "$HERE/mapfiles" "$TMP/fs/gone/detached"
umount -l "$TMP/fs/gone" || ktap_exit_fail_msg "umount -l"
path_in_maps "detached mount" "/detached$"

must_start "$HERE/mapfiles" "$TMP/fs/private/visible"
mount_at -t ramfs ramfs "$TMP/fs/private" || ktap_exit_fail_msg "no mount over the file"
path_in_maps "overmounted file" "/visible$"

# The paths of a target with another root are longer for this reader.
chroot_at()
{
	mkdir -p "$1/bin" "$1/proc" && cp "$HERE/mapfiles" "$TMP/fs/lower1/one" "$1/" &&
		cp /proc/self/exe "$1/bin/cat" && mount_at --bind /proc "$1/proc"
}
chroot_at "$TMP/fs/root" || ktap_exit_fail_msg "no directory to chroot to"
must_start chroot "$TMP/fs/root" /mapfiles /one
path_in_maps "target in chroot" "/root/one$"

# A reader with another root sees the paths below it, and cannot reach the others.
if chroot "$TMP/fs/root" cat /proc/version >/dev/null 2>&1; then
	READER="chroot $TMP/fs/root"
	path_in_maps "reader and target in chroot" " /one$"
	must_start "$HERE/mapfiles" "$TMP/fs/lower1/one"
	compare "reader in chroot, target outside" "$target"
	READER=
else
	skip_compare "reader and target in chroot" "no static busybox for the chroot" "path in maps"
	skip_compare "reader in chroot, target outside" "no static busybox for the chroot"
fi

ktap_finished
