// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Locks a mutex in each of the ways that there are, when a number is written to /sys/module/lockstat_target/parameters/run, and
 * measures that itself, in nanoseconds: for how long it was held at least, and at most, in all, and the longest time. In the end it
 * is held for as many milliseconds as the number says, and others want it.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>

static DEFINE_MUTEX(lockstat_target_mutex);
static DECLARE_COMPLETION(done);

struct times {
	u64 least;
	u64 most;
	u64 longest_least;
	u64 longest_most;
};

/* Holds the mutex for a while, @count times. @lock leaves it locked if it is true. */
#define HOLD(name, lock) \
	static struct times name##_times; \
	noinline int lockstat_target_##name(int count); \
	noinline int lockstat_target_##name(int count) \
	{ \
		struct times *times = &name##_times; \
		u64 before, begin, end, after; \
		\
		while (count--) { \
			before = local_clock(); \
			if (!(lock)) \
				return -EBUSY; \
			begin = local_clock(); \
			msleep(5); \
			end = local_clock(); \
			mutex_unlock(&lockstat_target_mutex); \
			after = local_clock(); \
			times->least += end - begin; \
			times->most += after - before; \
			times->longest_least = max(times->longest_least, end - begin); \
			times->longest_most = max(times->longest_most, after - before); \
		} \
		return 0; \
	}

HOLD(lock, (mutex_lock(&lockstat_target_mutex), true))
HOLD(io, (mutex_lock_io(&lockstat_target_mutex), true))
HOLD(interruptible, !mutex_lock_interruptible(&lockstat_target_mutex))
HOLD(killable, !mutex_lock_killable(&lockstat_target_mutex))
HOLD(trylock, mutex_trylock(&lockstat_target_mutex))

/* Gets it at last, after it was held by somebody else for long. */
noinline void lockstat_target_waits(void);
noinline void lockstat_target_waits(void)
{
	mutex_lock(&lockstat_target_mutex);
	mutex_unlock(&lockstat_target_mutex);
}

/* In a thread: what does not lock, while somebody else has the mutex. */
static int contend(void *data)
{
	bool wrong = mutex_trylock(&lockstat_target_mutex);

	allow_signal(SIGINT);
	send_sig(SIGINT, current, 1);
	wrong |= mutex_lock_interruptible(&lockstat_target_mutex) != -EINTR;
	flush_signals(current);
	WARN_ON(wrong);
	complete(&done);
	lockstat_target_waits();
	kthread_complete_and_exit(&done, 0);
}

noinline int lockstat_target_contended(unsigned int ms);
noinline int lockstat_target_contended(unsigned int ms)
{
	struct task_struct *thread;

	mutex_lock(&lockstat_target_mutex);
	thread = kthread_run(contend, NULL, "lockstat_target");
	if (!IS_ERR(thread)) {
		wait_for_completion(&done);
		msleep(ms);
	}
	mutex_unlock(&lockstat_target_mutex);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	wait_for_completion(&done);
	return 0;
}

static int run(const char *value, const struct kernel_param *param)
{
	unsigned int ms;
	int error = kstrtouint(value, 0, &ms);

	error = error ?: lockstat_target_lock(7);
	error = error ?: lockstat_target_io(2);
	error = error ?: lockstat_target_interruptible(3);
	error = error ?: lockstat_target_killable(4);
	error = error ?: lockstat_target_trylock(5);
	return error ?: lockstat_target_contended(ms);
}

static const struct kernel_param_ops run_ops = { .set = run };
module_param_cb(run, &run_ops, NULL, 0200);

static int show(char *buffer, const struct kernel_param *param)
{
	struct times *times = param->arg;

	return sprintf(buffer, "%llu %llu %llu %llu\n", times->least, times->most, times->longest_least, times->longest_most);
}

static const struct kernel_param_ops show_ops = { .get = show };
module_param_cb(lock, &show_ops, &lock_times, 0444);
module_param_cb(io, &show_ops, &io_times, 0444);
module_param_cb(interruptible, &show_ops, &interruptible_times, 0444);
module_param_cb(killable, &show_ops, &killable_times, 0444);
module_param_cb(trylock, &show_ops, &trylock_times, 0444);

static int __init lockstat_target_init(void)
{
	return 0;
}

static void __exit lockstat_target_exit(void)
{
}

module_init(lockstat_target_init);
module_exit(lockstat_target_exit);
MODULE_DESCRIPTION("Holds a mutex");
MODULE_LICENSE("GPL");
