// SPDX-License-Identifier: GPL-2.0
/*
 * A module whose files have names from d_dname(), as files of drivers have.
 *
 * Writing one of these words to the parameter "open" opens a file in the
 * writer, with the lowest free descriptor. d_dname() of that file:
 *
 *	front	puts the name at the beginning of the buffer, not at its end
 *	static	returns a name that is not in the buffer
 *	refuse	finds every buffer too small
 *	end	puts a name at the end of the buffer that ends in " (deleted)"
 *
 * The parameter "calls" counts the calls of d_dname().
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>

static unsigned int calls;
module_param(calls, uint, 0444);

static const char * const modes[] = { "front", "static", "refuse", "end" };

static char *odd_dname(struct dentry *dentry, char *buf, int size)
{
	static const char front[] = "odd:[front]", end[] = "/odd:[end] (deleted)";
	const char *mode = d_inode(dentry)->i_private;

	calls++;
	if (*mode == 's')
		return (char *)"odd:[static]";
	if (*mode == 'r' || size < (int)sizeof(end))
		return ERR_PTR(-ENAMETOOLONG);
	if (*mode == 'f')
		return memcpy(buf, front, sizeof(front));
	return memcpy(buf + size - sizeof(end), end, sizeof(end));
}

static const struct dentry_operations odd_dentry_ops = {
	.d_dname = odd_dname,
};

static int odd_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, 0x6f646421);

	if (!ctx)
		return -ENOMEM;
	ctx->dops = &odd_dentry_ops;
	return 0;
}

/* It has no owner: its mount would hold a reference to the module. */
static struct file_system_type odd_fs = {
	.name = "odd_names",
	.init_fs_context = odd_init_fs_context,
	.kill_sb = kill_anon_super,
};

static struct vfsmount *odd_mount;

static const struct vm_operations_struct odd_vm_ops;

static int odd_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &odd_vm_ops;
	return 0;
}

static const struct file_operations odd_fops = {
	.owner = THIS_MODULE,
	.mmap = odd_mmap,
};

static struct file *odd_file(const char *mode)
{
	struct inode *inode = alloc_anon_inode(odd_mount->mnt_sb);
	struct file *file;

	if (IS_ERR(inode))
		return ERR_CAST(inode);
	inode->i_mode = S_IFREG | 0600;
	inode->i_fop = &odd_fops;
	inode->i_private = (void *)mode;
	/* Closing the file drops this reference. */
	__module_get(THIS_MODULE);
	file = alloc_file_pseudo(inode, odd_mount, "odd", O_RDWR, &odd_fops);
	if (IS_ERR(file)) {
		module_put(THIS_MODULE);
		iput(inode);
	}
	return file;
}

static int open_set(const char *val, const struct kernel_param *kp)
{
	struct file *file;
	int fd, i = __sysfs_match_string(modes, ARRAY_SIZE(modes), val);

	if (i < 0)
		return i;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = odd_file(modes[i]);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return 0;
}

static const struct kernel_param_ops open_ops = {
	.set = open_set,
};
module_param_cb(open, &open_ops, NULL, 0200);

static int __init odd_init(void)
{
	odd_mount = kern_mount(&odd_fs);
	return PTR_ERR_OR_ZERO(odd_mount);
}

static void __exit odd_exit(void)
{
	kern_unmount(odd_mount);
}

module_init(odd_init);
module_exit(odd_exit);
MODULE_DESCRIPTION("Files with odd names, for the tests of vmainfo");
MODULE_LICENSE("GPL");
