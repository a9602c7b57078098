/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Whose the current task is, what it executes, and where it came from: rust/helpers/process.c
 */
#ifndef _RPROBES_PROCESS_H
#define _RPROBES_PROCESS_H

#include <linux/sched.h>
#include <linux/types.h>

#define RPROBES_NS_CGROUP 0
#define RPROBES_NS_IPC 1
#define RPROBES_NS_MOUNT 2
#define RPROBES_NS_NET 3
#define RPROBES_NS_PID 4
#define RPROBES_NS_USER 5
#define RPROBES_NS_UTS 6

/**
 * struct rprobes_parent - a task that another one descends from
 * @pid: its thread
 * @tgid: its process
 * @comm: its name, with a NUL
 */
struct rprobes_parent {
	int pid;
	int tgid;
	char comm[TASK_COMM_LEN];
};

u32 rprobes_task_uid(void);
u32 rprobes_task_gid(void);
u32 rprobes_task_euid(void);
u32 rprobes_task_egid(void);
u64 rprobes_task_capabilities(void);
u64 rprobes_task_start_time(void);
size_t rprobes_task_parents(struct rprobes_parent *parents, size_t count);
unsigned long rprobes_task_exe_file(void);
bool rprobes_task_arguments(unsigned long *start, unsigned long *end);
unsigned int rprobes_task_namespace(unsigned int kind);

#endif /* _RPROBES_PROCESS_H */
