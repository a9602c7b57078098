// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Files of reports in debugfs. An open file keeps the module, in which the functions are that are called when the file is closed,
 * whether it was removed or not.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <rprobes/debugfs.h>
#include <rprobes/report.h>

static LIST_HEAD(reports);
static DEFINE_MUTEX(reports_lock);

static int report_show(struct seq_file *seq, void *unused)
{
	struct rprobes_report *report = seq->private;
	struct rprobes_debugfs_insider insider;
	int result;

	rprobes_debugfs_enter(&insider, report);
	result = report->show(report, seq);
	rprobes_debugfs_leave(&insider);
	return result;
}

/*
 * Debugfs does not remove the file, and so the report is there, while this, a read or a write is under way. A module that has not been
 * initialised yet may fail to be, and goes then whoever has opened its files.
 */
static int report_open(struct inode *inode, struct file *file)
{
	if (THIS_MODULE->state != MODULE_STATE_LIVE)
		return -EAGAIN;
	return single_open(file, report_show, inode->i_private);
}

/* Each write is a text of its own, wherever in the file it is. */
static ssize_t report_take(struct file *file, const char __user *from, size_t len, loff_t *unused)
{
	struct seq_file *seq = file->private_data;
	struct rprobes_report *report = seq->private;
	struct rprobes_debugfs_insider insider;
	char *text;
	int result;

	if (len >= PAGE_SIZE)
		return -E2BIG;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	rprobes_debugfs_enter(&insider, report);
	result = report->take(report, text, len);
	rprobes_debugfs_leave(&insider);
	kfree(text);
	return result ? result : len;
}

/* Each file has a copy of these, as debugfs.c says; and can be written to, if its report takes that. */
static const struct file_operations report_operations = {
	.owner = THIS_MODULE,
	.open = report_open,
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

int rprobes_report_add(struct rprobes_report *report, const char *name)
{
	struct file_operations *operations = kmemdup(&report_operations, sizeof(report_operations), GFP_KERNEL);
	struct dentry *dentry;

	if (!operations)
		return -ENOMEM;
	if (report->take)
		operations->write = report_take;
	dentry = rprobes_debugfs_create(name, report->take ? 0600 : 0400, report, operations);
	if (IS_ERR(dentry)) {
		kfree(operations);
		return PTR_ERR(dentry);
	}
	report->operations = operations;
	report->dentry = dentry;
	mutex_lock(&reports_lock);
	list_add(&report->link, &reports);
	mutex_unlock(&reports_lock);
	return 0;
}

static void remove_report(struct rprobes_report *report)
{
	if (rprobes_debugfs_remove(report->dentry))
		kmemleak_not_leak(report->operations);
	else
		kfree(report->operations);
}

/* Waits until nobody reads or writes it. Returns false, and leaves it for the drain, if it is one of its own functions that calls this. */
bool rprobes_report_remove(struct rprobes_report *report)
{
	bool is_there;

	if (rprobes_debugfs_is_inside(report))
		return false;
	mutex_lock(&reports_lock);
	is_there = !list_empty(&report->link);
	list_del_init(&report->link);
	mutex_unlock(&reports_lock);
	/* Without the lock, as one who reads may make and remove others. */
	if (is_there)
		remove_report(report);
	return true;
}

void rprobes_report_drain(void)
{
	struct rprobes_report *report;

	while ((report = list_first_entry_or_null(&reports, struct rprobes_report, link)))
		rprobes_report_remove(report);
}
