/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Files of reports in debugfs: rust/helpers/report.c
 */
#ifndef _RPROBES_REPORT_H
#define _RPROBES_REPORT_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct rprobes_report - a file in the module's directory in debugfs
 * @link: in the list of this module's files
 * @dentry: the &struct dentry of the file
 * @operations: its &struct file_operations
 * @show: writes its text into the &struct seq_file, in process context, and returns 0 or an error
 * @take: takes what was written to the file, in process context, and returns 0 or an error; %NULL for a file that is only read
 */
struct rprobes_report {
	struct list_head link;
	void *dentry;
	void *operations;
	int (*show)(struct rprobes_report *report, void *seq);
	int (*take)(struct rprobes_report *report, const void *text, size_t len);
};

int rprobes_report_add(struct rprobes_report *report, const char *name);
bool rprobes_report_remove(struct rprobes_report *report);
void rprobes_report_drain(void);
bool rprobes_report_write(void *seq, const void *text, size_t len);

#endif /* _RPROBES_REPORT_H */
