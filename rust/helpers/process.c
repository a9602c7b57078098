// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Whose the current task is, what it executes, and where it came from. No locks, and no references: a handler may have
 * interrupted anything. What is looked at belongs to the current task, which alone replaces it, and cannot go on before
 * the handler returns; or RCU keeps it. Each function says which.
 */
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/ipc_namespace.h>
#include <linux/mm_types.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <linux/utsname.h>
#include <linux/version.h>
#include <net/net_namespace.h>

#include <rprobes/path.h>
#include <rprobes/process.h>

/* Never NULL. Only a task itself replaces its credentials, and what it replaced it puts after that. */
u32 rprobes_task_uid(void)
{
	return __kuid_val(current_uid());
}

u32 rprobes_task_gid(void)
{
	return __kgid_val(current_gid());
}

u32 rprobes_task_euid(void)
{
	return __kuid_val(current_euid());
}

u32 rprobes_task_egid(void)
{
	return __kgid_val(current_egid());
}

u64 rprobes_task_capabilities(void)
{
	kernel_cap_t set = current_cap();

	/* Two words before Linux 6.3, the lower one first. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return set.cap[0] | (u64)set.cap[1] << 32;
#else
	return set.val;
#endif
}

u64 rprobes_task_start_time(void)
{
	return current->start_boottime;
}

/* A parent may exit at any time, and then another one takes its place; RCU keeps the memory of both. */
size_t rprobes_task_parents(struct rprobes_parent *parents, size_t count)
{
	const struct task_struct *task = current;
	size_t found = 0;

	/* The one that brought up its CPU is no parent. */
	if (is_idle_task(task))
		return 0;
	rcu_read_lock();
	/* One that was reaped, and still runs for a moment, is not told what becomes of its parent. */
	while (found < count && (found || pid_alive(task))) {
		struct rprobes_parent *parent = &parents[found];

		task = rcu_dereference(task->real_parent);
		/* init and kthreadd descend from that of the first CPU. */
		if (is_idle_task(task))
			break;
		parent->pid = task->pid;
		parent->tgid = task->tgid;
		strscpy_pad(parent->comm, task->comm, TASK_COMM_LEN);
		found++;
	}
	rcu_read_unlock();
	return found;
}

/*
 * NULL in a kernel thread, which may have borrowed the memory of a process, and in a task that has given its own back.
 * Otherwise the task holds a reference, and gives it back after it has set this to NULL.
 */
static struct mm_struct *task_mm(void)
{
	return current->flags & PF_KTHREAD ? NULL : READ_ONCE(current->mm);
}

/*
 * The address of the &struct file, or 0. Another thread may replace the file; RCU, and so a handler, which runs with
 * preemption off, keeps its memory, though it may be another file's by then.
 */
unsigned long rprobes_task_exe_file(void)
{
	struct mm_struct *mm = task_mm();

	return mm ? (unsigned long)rcu_access_pointer(mm->exe_file) : 0;
}

/* Another thread may change the two meanwhile. They are addresses in user space, to be read as such. */
bool rprobes_task_arguments(unsigned long *start, unsigned long *end)
{
	struct mm_struct *mm = task_mm();

	if (!mm)
		return false;
	*start = READ_ONCE(mm->arg_start);
	*end = READ_ONCE(mm->arg_end);
	return true;
}

/* The task was removed from its PID, when it was reaped, before it ran for the last time. RCU keeps the PID. */
static unsigned int pid_namespace(void)
{
	struct pid_namespace *ns;
	unsigned int number;

	rcu_read_lock();
	ns = ns_of_pid(READ_ONCE(current->thread_pid));
	number = ns ? ns->ns.inum : 0;
	rcu_read_unlock();
	return number;
}

/*
 * The inode number, or 0. Only a task itself replaces its nsproxy, which keeps the namespaces, and puts the former one
 * after that; from some time of its exit on it is NULL.
 */
unsigned int rprobes_task_namespace(unsigned int kind)
{
	const struct nsproxy *proxy = READ_ONCE(current->nsproxy);

	if (kind == RPROBES_NS_PID)
		return pid_namespace();
	if (kind == RPROBES_NS_USER)
		return current_user_ns()->ns.inum;
	if (!proxy)
		return 0;
	switch (kind) {
#ifdef CONFIG_CGROUPS
	case RPROBES_NS_CGROUP:
		return proxy->cgroup_ns->ns.inum;
#endif
#ifdef CONFIG_IPC_NS
	case RPROBES_NS_IPC:
		return proxy->ipc_ns->ns.inum;
#endif
#if RPROBES_KNOWS_MOUNTS
	case RPROBES_NS_MOUNT:
		return ((struct ns_common *)((char *)proxy->mnt_ns + RPROBES_BTF_mnt_namespace_ns))->inum;
#endif
#ifdef CONFIG_NET
	case RPROBES_NS_NET:
		return proxy->net_ns->ns.inum;
#endif
	case RPROBES_NS_UTS:
		return proxy->uts_ns->ns.inum;
	}
	return 0;
}
