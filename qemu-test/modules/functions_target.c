// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Functions of all kinds, for functions.rs, which calls them; those that sleep are called by whoever writes to
 * /sys/kernel/debug/functions_target/run, too.
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "functions_target.h"

noinline __noclone unsigned long functions_target_add(unsigned long a, unsigned long b)
{
	barrier();
	return a + b;
}
EXPORT_SYMBOL_GPL(functions_target_add);

noinline __noclone int functions_target_negative(int n)
{
	barrier();
	return -n;
}
EXPORT_SYMBOL_GPL(functions_target_negative);

noinline __noclone void functions_target_nothing(unsigned long *seen)
{
	(*seen)++;
}
EXPORT_SYMBOL_GPL(functions_target_nothing);

noinline __noclone struct functions_target_two functions_target_two(long first, long second)
{
	struct functions_target_two two = { first + 1, second + 2 };

	barrier();
	return two;
}
EXPORT_SYMBOL_GPL(functions_target_two);

/* Calls itself: n, n - 1, ... 0. */
noinline __noclone unsigned long functions_target_sum(unsigned long n)
{
	unsigned long (*volatile function)(unsigned long n) = functions_target_sum;

	return n ? n + function(n - 1) : 0;
}
EXPORT_SYMBOL_GPL(functions_target_sum);

noinline __noclone long functions_target_six(long a, long b, long c, long d, long e, long f)
{
	barrier();
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}
EXPORT_SYMBOL_GPL(functions_target_six);

noinline __noclone long functions_target_ten(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
	barrier();
	return a + b + c + d + e + f + g + h + 10 * i + 100 * j;
}
EXPORT_SYMBOL_GPL(functions_target_ten);

noinline __noclone long functions_target_large(int before, struct functions_target_large value, int after)
{
	barrier();
	return before + value.words[0] + value.words[1] + value.words[2] + after;
}
EXPORT_SYMBOL_GPL(functions_target_large);

/* Without the place that ftrace calls from. */
noinline notrace unsigned long functions_target_untraced(unsigned long n);
noinline __noclone notrace unsigned long functions_target_untraced(unsigned long n)
{
	barrier();
	return n + 1;
}
EXPORT_SYMBOL_GPL(functions_target_untraced);

/* What a handler calls. */
noinline __noclone void functions_target_reached(void)
{
	barrier();
}
EXPORT_SYMBOL_GPL(functions_target_reached);

static DECLARE_WAIT_QUEUE_HEAD(sleepers);
static bool awake;
static atomic_t asleep;

/* Sleeps until it is woken up; returns twice what it is given. */
noinline __noclone unsigned long functions_target_sleep(unsigned long n)
{
	atomic_inc(&asleep);
	wait_event_killable(sleepers, READ_ONCE(awake));
	atomic_dec(&asleep);
	return 2 * n;
}
EXPORT_SYMBOL_GPL(functions_target_sleep);

static struct completion exited;

noinline __noclone void functions_target_exit(int status);
noinline __noclone void functions_target_exit(int status)
{
	if (status < 0)
		functions_target_sleep(status);
	kthread_complete_and_exit(&exited, status);
}

static int thread(void *data)
{
	functions_target_exit((long)data);
	return 0;
}

static void run_exit(long status)
{
	struct task_struct *task;

	init_completion(&exited);
	task = kthread_run(thread, (void *)status, "functions_exit");
	if (!IS_ERR(task))
		wait_for_completion(&exited);
}

/* A thread goes into functions_target_exit() and never comes out. Returns when it has gone. */
void functions_target_run_exit(void)
{
	run_exit(7);
}
EXPORT_SYMBOL_GPL(functions_target_run_exit);

/* Thousands of functions: functions_target_many_0000 to functions_target_many_1999. */
#define MANY(n) \
	noinline __noclone unsigned long functions_target_many_##n(unsigned long i); \
	noinline __noclone unsigned long functions_target_many_##n(unsigned long i) \
	{ \
		barrier(); \
		return i + 1; \
	}
#define MANY10(n) MANY(n##0) MANY(n##1) MANY(n##2) MANY(n##3) MANY(n##4) MANY(n##5) MANY(n##6) MANY(n##7) MANY(n##8) MANY(n##9)
#define MANY100(n) MANY10(n##0) MANY10(n##1) MANY10(n##2) MANY10(n##3) MANY10(n##4) MANY10(n##5) MANY10(n##6) MANY10(n##7) \
	MANY10(n##8) MANY10(n##9)
#define MANY1000(n) MANY100(n##0) MANY100(n##1) MANY100(n##2) MANY100(n##3) MANY100(n##4) MANY100(n##5) MANY100(n##6) \
	MANY100(n##7) MANY100(n##8) MANY100(n##9)

MANY1000(0)
MANY1000(1)

#define CALL(n) i = functions_target_many_##n(i);
#define CALL10(n) CALL(n##0) CALL(n##1) CALL(n##2) CALL(n##3) CALL(n##4) CALL(n##5) CALL(n##6) CALL(n##7) CALL(n##8) CALL(n##9)
#define CALL100(n) CALL10(n##0) CALL10(n##1) CALL10(n##2) CALL10(n##3) CALL10(n##4) CALL10(n##5) CALL10(n##6) CALL10(n##7) \
	CALL10(n##8) CALL10(n##9)
#define CALL1000(n) CALL100(n##0) CALL100(n##1) CALL100(n##2) CALL100(n##3) CALL100(n##4) CALL100(n##5) CALL100(n##6) \
	CALL100(n##7) CALL100(n##8) CALL100(n##9)

/* Calls each of them once; returns how many there are. */
unsigned long functions_target_call_many(void)
{
	unsigned long i = 0;

	CALL1000(0)
	CALL1000(1)
	return i;
}
EXPORT_SYMBOL_GPL(functions_target_call_many);

static ssize_t run_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	char what[16] = "";

	if (count >= sizeof(what) || copy_from_user(what, from, count))
		return -EINVAL;
	if (sysfs_streq(what, "sleep"))
		return functions_target_sleep(21) == 42 ? count : -EIO;
	if (sysfs_streq(what, "exit")) {
		run_exit(-2);
		return count;
	}
	if (sysfs_streq(what, "many"))
		return functions_target_call_many() == 2000 ? count : -EIO;
	if (!sysfs_streq(what, "wake") && !sysfs_streq(what, "doze"))
		return -EINVAL;
	WRITE_ONCE(awake, what[0] == 'w');
	wake_up_all(&sleepers);
	return count;
}

/* How many are asleep. */
static ssize_t run_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	char text[16];

	return simple_read_from_buffer(to, count, pos, text, scnprintf(text, sizeof(text), "%d\n", atomic_read(&asleep)));
}

static const struct file_operations run_ops = { .owner = THIS_MODULE, .read = run_read, .write = run_write };
static struct dentry *directory;

static int __init functions_target_init(void)
{
	directory = debugfs_create_dir("functions_target", NULL);
	debugfs_create_file("run", 0600, directory, NULL, &run_ops);
	return 0;
}

static void __exit functions_target_exit_module(void)
{
	debugfs_remove(directory);
}

module_init(functions_target_init);
module_exit(functions_target_exit_module);
MODULE_DESCRIPTION("Functions to be probed");
MODULE_LICENSE("GPL");
