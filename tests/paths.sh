#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Names of files that are not simply where their path says: on overlayfs, on mounts
# that only the target has, on mounts that are gone, and for a reader that has another
# root. What a path looks like depends on who reads it.

. "$(dirname "$0")/lib.sh"
begin
ktap_set_plan 23

# holds NAME: the file that the test is about is there at all
holds()
{
	result "$1: path in maps" grep -q "$2" "$TMP/look/before"
}

# Beneath the directory of this test, on a file system that does nothing special
mkdir "$TMP/fs"
mount_at -t ramfs ramfs "$TMP/fs" ||
	ktap_exit_fail_msg "no file system to put files on"
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
if [ -z "$overlay" ]; then
	start "$HERE/mapfiles" "$TMP/fs/merged/one" "$TMP/fs/merged/two" ||
		ktap_exit_fail_msg "no files on overlayfs"
	compare "overlayfs" "$target"
	holds "overlayfs" "/merged/one$"
else
	for what in "maps same as procfs" "vmas fields match procfs" "path in maps"; do
		skip "overlayfs: $what" "$overlay"
	done
fi

# ... and its layers, which are on a file system that takes extended attributes
mkdir "$TMP/layers"
mount_at -t tmpfs tmpfs "$TMP/layers" || ktap_exit_fail_msg "no tmpfs"
mkdir "$TMP/layers/upper" "$TMP/layers/work" "$TMP/layers/merged"
if [ -z "$overlay" ]; then
	layers=lowerdir=$TMP/fs/lower1,upperdir=$TMP/layers/upper,workdir=$TMP/layers/work
	mount_at -t overlay -o "$layers" overlay "$TMP/layers/merged" ||
		ktap_exit_fail_msg "no overlayfs with an upper layer"
	cp "$TMP/layers/merged/one" "$TMP/layers/merged/new"
	start "$HERE/mapfiles" "$TMP/layers/merged/one" "$TMP/layers/merged/new" ||
		ktap_exit_fail_msg "no files on overlayfs"
	# one of the lower layer has a copy in the upper one by now
	echo >>"$TMP/layers/merged/one"
	rm "$TMP/layers/merged/new"
	compare "overlayfs copy-up and unlink" "$target"
	holds "overlayfs copy-up and unlink" "/merged/new (deleted)$"
else
	for what in "maps same as procfs" "vmas fields match procfs" "path in maps"; do
		skip "overlayfs copy-up and unlink: $what" "$overlay"
	done
fi

# A mount in another mount namespace: out of this reader's reach
start unshare -m sh -c 'mount -t ramfs ramfs "$1" && cp "$2" "$1/unreachable" &&
	exec "$0" "$1/unreachable"' "$HERE/mapfiles" "$TMP/fs/other" "$TMP/fs/lower1/one" ||
	ktap_exit_fail_msg "no mount namespace"
compare "mount in another namespace" "$target"
holds "mount in another namespace" "/unreachable$"

# A mount that has been taken away from under the mapping
mount -t ramfs ramfs "$TMP/fs/gone" || ktap_exit_fail_msg "no mount to take away"
cp "$TMP/fs/lower1/one" "$TMP/fs/gone/detached"
start "$HERE/mapfiles" "$TMP/fs/gone/detached" || ktap_exit_fail_msg "no file to map"
umount -l "$TMP/fs/gone" || ktap_exit_fail_msg "umount -l"
compare "detached mount" "$target"
holds "detached mount" "/detached$"

# A mount over the file
start "$HERE/mapfiles" "$TMP/fs/private/visible" || ktap_exit_fail_msg "no file to map"
mount_at -t ramfs ramfs "$TMP/fs/private" || ktap_exit_fail_msg "no mount over it"
compare "overmounted file" "$target"
holds "overmounted file" "/visible$"

# A target that has another root: its paths are longer for us
chroot_at()
{
	mkdir -p "$1/bin" "$1/proc" && cp "$HERE/mapfiles" "$TMP/fs/lower1/one" "$1/" &&
		cp /proc/self/exe "$1/bin/cat" && mount_at --bind /proc "$1/proc"
}
mkdir "$TMP/fs/root"
chroot_at "$TMP/fs/root" || ktap_exit_fail_msg "no directory to chroot to"
start chroot "$TMP/fs/root" /mapfiles /one || ktap_exit_fail_msg "no chroot"
compare "target in chroot" "$target"
holds "target in chroot" "/root/one$"

# The reader has another root: it sees what the target in there sees, and what is
# outside of it is out of its reach.
if chroot "$TMP/fs/root" cat /proc/version >/dev/null 2>&1; then
	READER="chroot $TMP/fs/root"
	compare "reader and target in chroot" "$target"
	holds "reader and target in chroot" " /one$"
	start "$HERE/mapfiles" "$TMP/fs/lower1/one" || ktap_exit_fail_msg "no file to map"
	compare "reader in chroot, target outside" "$target"
	READER=
else
	for what in "reader and target in chroot: maps same as procfs" "reader and target in chroot: vmas fields match procfs" \
		"reader and target in chroot: path in maps" \
		"reader in chroot, target outside: maps same as procfs" \
		"reader in chroot, target outside: vmas fields match procfs"; do
		skip "$what" "no static busybox for the chroot"
	done
fi

ktap_finished
