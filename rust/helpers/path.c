// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Paths of files, as d_path() makes them, without its locks: the probed code may hold them. So names and mounts may
 * change on the way. All that is pointed to is read without faults, as the caller's address may be any, too, and the
 * number of steps has a bound, as what is read there may go in circles.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/ns_common.h>
#include <linux/path.h>
#include <linux/proc_ns.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <rprobes/path.h>

/* Of Linux 6.9. */
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

/* Directories and mounts on the way to the root. */
#define PATH_STEPS 256
/* How often to begin again if something was renamed meanwhile. */
#define PATH_TRIES 3

/* What there is of a text that grows at its front: the end of a buffer. */
struct text {
	char *start;
	size_t room;
	bool cut;
};

/* The upper half of the addresses is the kernel's. Before Linux 6.14, arm64 would read the others as well. */
static int peek(void *to, const void *from, size_t size)
{
	if ((long)from >= 0 || copy_from_kernel_nofault(to, from, size))
		return -EFAULT;
	return 0;
}

#define PEEK(variable, pointer) peek(&(variable), pointer, sizeof(variable))

static int prepend(struct text *text, const char *from, size_t len)
{
	if (len > text->room) {
		from += len - text->room;
		len = text->room;
		text->cut = true;
	}
	text->start -= len;
	text->room -= len;
	return len ? peek(text->start, from, len) : 0;
}

static int prepend_name(struct text *text, const struct dentry *dentry)
{
	const unsigned char *name;
	u32 len;

	return PEEK(name, &dentry->d_name.name) ?: PEEK(len, &dentry->d_name.len) ?: prepend(text, name, len);
}

static int prepend_number(struct text *text, const char *what, u64 number)
{
	char piece[64];

	return prepend(text, piece, scnprintf(piece, sizeof(piece), "%s:[%llu]", what, number));
}

static int prepend_namespace(struct text *text, const struct inode *inode, u64 number)
{
	const struct proc_ns_operations *ops;
	const struct ns_common *ns;
	const char *name;
	char what[24] = {};
	int err;

	err = PEEK(ns, (const struct ns_common **)&inode->i_private) ?: PEEK(ops, &ns->ops) ?: PEEK(name, &ops->name);
	/* The longest is "time_for_children"; behind it there is more of the kernel's text. */
	err = err ?: peek(what, name, sizeof(what) - 1);
	return err ?: prepend_number(text, what, number);
}

/*
 * What is in no directory, and has a function for its name. That cannot be called: the address of the dentry may be
 * wrong, and with it the function's.
 */
static int prepend_nameless(struct text *text, const struct dentry *dentry)
{
	struct super_block *sb;
	struct inode *inode;
	typeof(sb->s_magic) magic;
	typeof(inode->i_ino) number;
	int err;

	err = PEEK(sb, &dentry->d_sb) ?: PEEK(magic, &sb->s_magic) ?: PEEK(inode, &dentry->d_inode) ?:
		PEEK(number, &inode->i_ino);
	if (err)
		return err;
	switch (magic) {
	case PIPEFS_MAGIC:
		return prepend_number(text, "pipe", number);
	case SOCKFS_MAGIC:
		return prepend_number(text, "socket", number);
	case NSFS_MAGIC:
		return prepend_namespace(text, inode, number);
	case PID_FS_MAGIC:
		return prepend(text, "anon_inode:[pidfd]", 18);
	case ANON_INODE_FS_MAGIC:
		return prepend_name(text, dentry) ?: prepend(text, "anon_inode:", 11);
	default:
		/* simple_dname(): memfd and other memory that is shared. */
		return prepend(text, " (deleted)", 10) ?: prepend_name(text, dentry) ?: prepend(text, "/", 1);
	}
}

/* At the root of a mount: goes on where that is mounted. Returns 0, or 1 if there is nothing above. */
static int leave_mount(const struct dentry **dentry, const struct vfsmount **mnt)
{
#if RPROBES_KNOWS_MOUNTS
	const char *mount = (const char *)*mnt - RPROBES_BTF_mount_mnt, *parent;
	int err;

	err = PEEK(parent, mount + RPROBES_BTF_mount_mnt_parent);
	if (err || parent == mount)
		return err ?: 1;
	*mnt = (const struct vfsmount *)(parent + RPROBES_BTF_mount_mnt);
	return PEEK(*dentry, mount + RPROBES_BTF_mount_mnt_mountpoint);
#else
	/* What would lead here does not compile. */
	return -EOPNOTSUPP;
#endif
}

/* Without a mount, up to the root of the file system. */
static int prepend_directories(struct text *text, const struct dentry *dentry, const struct vfsmount *mnt,
			       const struct path *root)
{
	const struct text before = *text;
	int step;

	for (step = 0; step < PATH_STEPS && !text->cut; step++) {
		const struct dentry *parent, *mount_root = NULL;
		int err;

		if (mnt && dentry == root->dentry && mnt == root->mnt)
			goto found;
		err = PEEK(parent, &dentry->d_parent) ?: (mnt ? PEEK(mount_root, &mnt->mnt_root) : 0);
		if (err)
			return err;
		if (dentry == mount_root) {
			err = leave_mount(&dentry, &mnt);
			if (err < 0)
				return err;
			if (err)
				goto found;
			continue;
		}
		if (dentry == parent) {
			/* Out of the tree that is mounted: d_path() then gives up, too. */
			if (mnt)
				*text = before;
			goto found;
		}
		err = prepend_name(text, dentry) ?: prepend(text, "/", 1);
		if (err)
			return err;
		dentry = parent;
	}
	text->cut = true;
	return 0;
found:
	return text->start == before.start ? prepend(text, "/", 1) : 0;
}

static int prepend_path(struct text *text, const struct dentry *dentry, const struct vfsmount *mnt)
{
	/* Only a task itself replaces its fs, and frees it after that; NULL from some time of its exit on. */
	const struct fs_struct *fs = READ_ONCE(current->fs);
	const struct dentry_operations *op;
	const struct dentry *parent, *mount_root = NULL;
	const void *pprev, *name = NULL;
	struct path root = {};
	int err;

	err = PEEK(op, &dentry->d_op) ?: PEEK(parent, &dentry->d_parent) ?: PEEK(pprev, &dentry->d_hash.pprev);
	if (!err && op)
		err = PEEK(name, (const void **)&op->d_dname);
	if (!err && mnt)
		err = PEEK(mount_root, &mnt->mnt_root);
	if (err)
		return err;
	/* Such a thing may be mounted; then its path is where. */
	if (name && !(dentry == parent && dentry == mount_root))
		return prepend_nameless(text, dentry);
	/* C: d_unlinked(). */
	if (!pprev && dentry != parent)
		err = prepend(text, " (deleted)", 10);
	if (fs) {
		root.mnt = READ_ONCE(fs->root.mnt);
		root.dentry = READ_ONCE(fs->root.dentry);
	}
	return err ?: prepend_directories(text, dentry, mnt, &root);
}

/* Returns the length of the path, which is at the end of the buffer. */
static ssize_t make_path(const struct dentry *dentry, const struct vfsmount *mnt, char *buffer, size_t size, bool *cut)
{
	struct text text;
	int err, tries;

	rcu_read_lock();
	for (tries = 0; tries < PATH_TRIES; tries++) {
		/* Odd while something is renamed, which may be what was interrupted: no waiting. */
		unsigned int sequence = READ_ONCE(rename_lock.seqcount.seqcount.sequence);

		smp_rmb();
		text = (struct text) { .start = buffer + size, .room = size };
		err = prepend_path(&text, dentry, mnt);
		smp_rmb();
		if (sequence == READ_ONCE(rename_lock.seqcount.seqcount.sequence))
			break;
	}
	rcu_read_unlock();
	*cut = text.cut;
	return err ?: size - text.room;
}

ssize_t rprobes_path(unsigned long address, char *buffer, size_t size, bool *cut)
{
	struct path path;

	return PEEK(path, (const struct path *)address) ?: make_path(path.dentry, path.mnt, buffer, size, cut);
}

ssize_t rprobes_file_path(unsigned long address, char *buffer, size_t size, bool *cut)
{
	return rprobes_path((unsigned long)&((const struct file *)address)->f_path, buffer, size, cut);
}

ssize_t rprobes_dentry_path(unsigned long address, char *buffer, size_t size, bool *cut)
{
	return make_path((const struct dentry *)address, NULL, buffer, size, cut);
}
