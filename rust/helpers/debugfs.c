// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Files of the module in debugfs, and their directory, which is there as long as something in it is.
 *
 * Whoever has a file by its dentry, as open() with O_PATH does, does not keep the module, and may try to open it when that is gone.
 * debugfs finds then that it was removed, but Linux 7 looks at the table of its operations before. So that is not the module's own
 * memory, nor freed with it: whoever makes a file allocates the table, and frees it if nobody has the file as it is removed. Else it
 * is LEFT where it is, for ever: some 300 bytes. What it points to is not looked at any more.
 *
 * Whether somebody has a file is seen by its dentry. An open file holds a reference, and so does who is about to open it;
 * debugfs_remove() unhashes it, so nobody finds it any more. If ours is the last reference then, it stays the last.
 */
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

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

/* Returns the directory, to be given back, or an error. */
static struct dentry *get_directory(void)
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

static void put_directory(void)
{
	mutex_lock(&directory_lock);
	if (!--directory_users) {
		if (directory_is_ours && !d_unhashed(directory))
			debugfs_remove(directory);
		dput(directory);
	}
	mutex_unlock(&directory_lock);
}

/* Who is in a function of the author's, of whose file. */
static LIST_HEAD(insiders);
static DEFINE_SPINLOCK(insiders_lock);

void rprobes_debugfs_enter(struct rprobes_debugfs_insider *insider, const void *of)
{
	insider->task = current;
	insider->of = of;
	spin_lock(&insiders_lock);
	list_add(&insider->link, &insiders);
	spin_unlock(&insiders_lock);
}

void rprobes_debugfs_leave(struct rprobes_debugfs_insider *insider)
{
	spin_lock(&insiders_lock);
	list_del(&insider->link);
	spin_unlock(&insiders_lock);
}

/* Whether this task is in such a function: to remove the file would be to wait for itself. */
bool rprobes_debugfs_is_inside(const void *of)
{
	struct rprobes_debugfs_insider *insider;
	bool found = false;

	spin_lock(&insiders_lock);
	list_for_each_entry(insider, &insiders, link)
		found |= insider->task == current && insider->of == of;
	spin_unlock(&insiders_lock);
	return found;
}

/*
 * Makes a file, and keeps it, until rprobes_debugfs_remove(). @operations are not the module's own memory, see above. Process context.
 */
struct dentry *rprobes_debugfs_create(const char *name, umode_t mode, void *data, const struct file_operations *operations)
{
	struct dentry *in = get_directory(), *file;

	if (IS_ERR(in))
		return in;
	file = debugfs_create_file(name, mode, in, data, operations);
	if (IS_ERR(file))
		put_directory();
	else
		dget(file);
	return file;
}

static bool has_more_than(struct dentry *file, unsigned int references)
{
	bool more;

	spin_lock(&file->d_lock);
	more = d_count(file) > references;
	spin_unlock(&file->d_lock);
	return more;
}

/* Whether somebody has the file, or is about to open it: ours is one reference, and that of debugfs another one. */
bool rprobes_debugfs_is_held(struct dentry *file)
{
	return has_more_than(file, 2);
}

/*
 * Waits until nobody is in an operation of the file, so that no code of the module runs for it any more. Returns whether somebody has
 * it still: then its operations are not to be freed. Process context.
 */
bool rprobes_debugfs_remove(struct dentry *file)
{
	bool is_held;

	debugfs_remove(file);
	is_held = has_more_than(file, 1);
	dput(file);
	put_directory();
	return is_held;
}
