// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Files of reports in debugfs, in a directory of the module's own, which is there as long as there is one. An open file keeps the
 * module: its operations are in it, and debugfs looks at them when the file is closed, whether it was removed or not.
 */
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include <rprobes/report.h>

static LIST_HEAD(files);
static DEFINE_MUTEX(files_lock);
/* While there are files. Somebody else may have made it, and removes it then, with all that is in it, perhaps before that. */
static struct dentry *directory;
static bool directory_is_ours;

static int show(struct seq_file *seq, void *unused)
{
	struct rprobes_report *report = seq->private;

	return report->show(report, seq);
}

/*
 * Debugfs does not remove the file, and so the report is there, while this or a read is under way. A module that has not been
 * initialised yet may fail to be, and goes then whoever has opened its files.
 */
static int open(struct inode *inode, struct file *file)
{
	if (THIS_MODULE->state != MODULE_STATE_LIVE)
		return -EAGAIN;
	return single_open(file, show, inode->i_private);
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/* Whether there is room for more. If not, all is asked for again, with more room. */
bool rprobes_report_write(void *seq, const void *text, size_t len)
{
	seq_write(seq, text, len);
	return !seq_has_overflowed(seq);
}

static int get_directory(void)
{
	const char *name = THIS_MODULE->name;

	if (!list_empty(&files))
		return 0;
	directory = debugfs_lookup(name, NULL);
	directory_is_ours = !directory;
	if (directory_is_ours)
		directory = debugfs_create_dir(name, NULL);
	if (IS_ERR(directory))
		return PTR_ERR(directory);
	if (directory_is_ours)
		dget(directory);
	return 0;
}

static void put_directory(void)
{
	if (!list_empty(&files))
		return;
	/* The second time that something is removed it stays as it is. */
	if (directory_is_ours)
		debugfs_remove(directory);
	dput(directory);
}

int rprobes_report_add(struct rprobes_report *report, const char *name)
{
	struct dentry *dentry;
	int result;

	mutex_lock(&files_lock);
	result = get_directory();
	if (result)
		goto out;
	dentry = debugfs_create_file(name, 0400, directory, report, &operations);
	if (IS_ERR(dentry)) {
		result = PTR_ERR(dentry);
		put_directory();
		goto out;
	}
	report->dentry = dget(dentry);
	list_add(&report->link, &files);
out:
	mutex_unlock(&files_lock);
	return result;
}

static void remove(struct rprobes_report *report)
{
	list_del_init(&report->link);
	debugfs_remove(report->dentry);
	dput(report->dentry);
	put_directory();
}

/* Waits until nobody reads it. */
void rprobes_report_remove(struct rprobes_report *report)
{
	mutex_lock(&files_lock);
	if (!list_empty(&report->link))
		remove(report);
	mutex_unlock(&files_lock);
}

void rprobes_report_drain(void)
{
	mutex_lock(&files_lock);
	while (!list_empty(&files))
		remove(list_first_entry(&files, struct rprobes_report, link));
	mutex_unlock(&files_lock);
}
