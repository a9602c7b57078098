// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The directory of the module in debugfs, which is there as long as something in it is.
 */
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include <rprobes/debugfs.h>

static DEFINE_MUTEX(directory_lock);
static unsigned int directory_users;
/* While there are users. Somebody else may have made it, and removes it then, with all that is in it, perhaps before that. */
static struct dentry *directory;
static bool directory_is_ours;

static int find_directory(void)
{
	directory = debugfs_lookup(THIS_MODULE->name, NULL);
	/* Such as "gpio", for a module of that name. */
	if (!IS_ERR_OR_NULL(directory) && !d_is_dir(directory)) {
		dput(directory);
		return -ENOTDIR;
	}
	directory_is_ours = !directory;
	if (directory_is_ours)
		directory = debugfs_create_dir(THIS_MODULE->name, NULL);
	if (IS_ERR(directory))
		return PTR_ERR(directory);
	if (directory_is_ours)
		dget(directory);
	return 0;
}

/* Process context. Returns the directory, to be given back, or an error. */
struct dentry *rprobes_debugfs_get(void)
{
	struct dentry *found;
	int result = 0;

	mutex_lock(&directory_lock);
	if (!directory_users)
		result = find_directory();
	if (!result)
		directory_users++;
	found = result ? ERR_PTR(result) : directory;
	mutex_unlock(&directory_lock);
	return found;
}

/* Process context. */
void rprobes_debugfs_put(void)
{
	mutex_lock(&directory_lock);
	if (!--directory_users) {
		if (directory_is_ours && !d_unhashed(directory))
			debugfs_remove(directory);
		dput(directory);
	}
	mutex_unlock(&directory_lock);
}
