// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The files of streams: NAME and NAME.bin in a directory of the module's own in debugfs.
 *
 * They do not keep the module: it can be unloaded while they are open, and while somebody waits in them. What then happens
 * to each operation of a file that stays open:
 *
 * - open, read, poll: code of the module. debugfs stands in front of these, with a count of who is inside: debugfs_remove()
 *   waits for those, and whoever comes later is turned away (-ENOENT, -EIO, EPOLLHUP). Who sleeps in read() is woken first,
 *   and finds that the stream has ended.
 * - close: debugfs calls ->release always, whether the file was removed or not. So that is a function of the kernel's own,
 *   from the beginning: simple_attr_release(), which frees what is kept of the open file, with kfree(). The module never
 *   hears that a file was closed, and need not: nothing but the open file refers to that memory.
 * - The table of operations is looked at to find ->release, and ->owner, which is NULL. And who waits in poll(), select() or
 *   an epoll stays in the queue until it has gone through the kernel's code again, with no word to the module. So the table
 *   and the queue are not the module's: struct rprobes_stream_files is memory that is given back if nobody has the files open
 *   any more, and else LEFT where it is, as debugfs.c does with all files: some 400 bytes for each stream that was open in that
 *   moment. The queue is woken for the last time before; nothing in it is called then, and what leaves it, leaves it by the
 *   kernel's code.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/kprobes.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>

#include <rprobes/debugfs.h>
#include <rprobes/stream.h>

/* For how long readers may go on at unload, in milliseconds. */
#define LAST_READS 100
/* What is read at once, so that a large buffer does not keep the CPU. */
#define MOST_AT_ONCE (64 << 10)

struct stream_file {
	struct rprobes_stream_files *files;
	struct dentry *dentry;
	bool binary;
};

struct rprobes_stream_files {
	struct file_operations operations;
	struct wait_queue_head readers;
	/* What lockdep knows the queue by, as it would forget what is in the memory of a module. */
	struct lock_class_key key;
	char name[16];
	/* To be used while debugfs keeps the file. */
	struct rprobes_stream *stream;
	bool has_ended;
	struct stream_file text;
	struct stream_file binary;
};

/* What is kept of an open file: its private data. */
struct reader {
	struct mutex lock;
	u64 state[];
};

static LIST_HEAD(streams);
static DEFINE_MUTEX(streams_lock);
/* What the drain has taken out of the list and removes, and who waits for it to have done so. */
static struct rprobes_stream *drained;
static DECLARE_WAIT_QUEUE_HEAD(streams_waiting);

static int stream_open_file(struct inode *inode, struct file *file)
{
	struct stream_file *end = inode->i_private;
	size_t size = end->files->stream->operations.reader_size;
	struct reader *reader = kzalloc(sizeof(*reader) + size, GFP_KERNEL | __GFP_NOWARN);

	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	file->private_data = reader;
	/* There is no position, and so no lock of the position, which one who waits would hold. */
	return stream_open(inode, file);
}

static ssize_t read_once(struct stream_file *end, struct reader *reader, char __user *to, size_t size)
{
	struct rprobes_stream *stream = end->files->stream;
	struct rprobes_debugfs_insider insider;
	ssize_t ret;

	if (mutex_lock_interruptible(&reader->lock))
		return -ERESTARTSYS;
	rprobes_debugfs_enter(&insider, stream);
	ret = stream->operations.read(stream, reader->state, end->binary, to, size);
	rprobes_debugfs_leave(&insider);
	mutex_unlock(&reader->lock);
	return ret;
}

static ssize_t stream_read(struct file *file, char __user *to, size_t size, loff_t *unused)
{
	struct stream_file *end = file_inode(file)->i_private;
	struct rprobes_stream_files *files = end->files;
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	bool has_ended;
	ssize_t ret;

	if (!size)
		return 0;
	size = min_t(size_t, size, MOST_AT_ONCE);
	add_wait_queue(&files->readers, &wait);
	for (;;) {
		/* Before it is read: nothing is pushed after the end. */
		has_ended = smp_load_acquire(&files->has_ended);
		ret = read_once(end, file->private_data, to, size);
		if (ret || has_ended)
			break;
		ret = -EAGAIN;
		if (file->f_flags & O_NONBLOCK)
			break;
		ret = -ERESTARTSYS;
		if (signal_pending(current))
			break;
		wait_woken(&wait, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	}
	remove_wait_queue(&files->readers, &wait);
	return ret;
}

static __poll_t stream_poll(struct file *file, struct poll_table_struct *table)
{
	struct stream_file *end = file_inode(file)->i_private;
	struct rprobes_stream *stream = end->files->stream;
	struct reader *reader = file->private_data;
	bool has_more;

	poll_wait(file, &end->files->readers, table);
	if (smp_load_acquire(&end->files->has_ended))
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	mutex_lock(&reader->lock);
	has_more = stream->operations.has_more(stream, reader->state, end->binary);
	mutex_unlock(&reader->lock);
	return has_more ? EPOLLIN | EPOLLRDNORM : 0;
}

/* Also those who would have only one of them woken, as EPOLLEXCLUSIVE does: each has all of the stream. */
static void wake_all(struct rprobes_stream_files *files, __poll_t events)
{
	__wake_up(&files->readers, TASK_NORMAL, 0, poll_to_key(events));
}

static void wake_irq_work(struct irq_work *irq_work)
{
	struct rprobes_stream *stream = container_of(irq_work, struct rprobes_stream, irq_work);

	wake_all(stream->files, EPOLLIN | EPOLLRDNORM);
}

/* Any context. A stream that was leaked may be pushed to when it has ended, by what is called for a reader of another one. */
void rprobes_stream_wake(struct rprobes_stream *stream)
{
	preempt_disable_notrace();
	if (!READ_ONCE(stream->has_ended))
		irq_work_queue(&stream->irq_work);
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(rprobes_stream_wake);

/* Any context. One for all CPUs. */
u64 rprobes_stream_clock(void)
{
	return ktime_get_mono_fast_ns();
}
NOKPROBE_SYMBOL(rprobes_stream_clock);

/* Waits for another CPU, that does not need long. Returns whether it may be called again: not if there is a signal. */
bool rprobes_stream_pause(unsigned int times)
{
	if (times < 1000) {
		cpu_relax();
		return true;
	}
	usleep_range(50, 200);
	return !signal_pending(current);
}

static int create_file(struct stream_file *end, const char *name, const char *suffix, u16 mode)
{
	char full[NAME_MAX + 1];
	struct dentry *dentry;

	if (snprintf(full, sizeof(full), "%s%s", name, suffix) >= sizeof(full))
		return -ENAMETOOLONG;
	dentry = rprobes_debugfs_create(full, mode, end, &end->files->operations);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	end->dentry = dentry;
	return 0;
}

/* The one or the other may not have been made. */
static bool is_held(struct stream_file *end)
{
	return end->dentry && rprobes_debugfs_is_held(end->dentry);
}

static bool remove_file(struct stream_file *end)
{
	return end->dentry && rprobes_debugfs_remove(end->dentry);
}

static void free_files(struct rprobes_stream_files *files)
{
	lockdep_unregister_key(&files->key);
	kfree(files);
}

/* Nobody pushes any more. */
static void remove_files(struct rprobes_stream_files *files)
{
	bool was_left;

	smp_store_release(&files->has_ended, true);
	wake_all(files, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	for (int i = 0; i < LAST_READS / 10 && (is_held(&files->text) || is_held(&files->binary)); i++)
		msleep(10);
	/* From here on, no code of ours runs for these files. Who is in the queue has one of them. */
	was_left = remove_file(&files->text);
	was_left |= remove_file(&files->binary);
	wake_all(files, EPOLLIN | EPOLLRDNORM | EPOLLHUP);
	if (was_left)
		kmemleak_not_leak(files);
	else
		free_files(files);
}

/* Process context. */
int rprobes_stream_add(struct rprobes_stream *stream, const struct rprobes_stream_operations *operations, const char *name,
		       u16 mode)
{
	struct rprobes_stream_files *files = kzalloc(sizeof(*files), GFP_KERNEL);
	int result;

	INIT_LIST_HEAD(&stream->link);
	if (!files)
		return -ENOMEM;
	files->operations.open = stream_open_file;
	files->operations.read = stream_read;
	files->operations.poll = stream_poll;
	files->operations.release = simple_attr_release;
	strscpy(files->name, "stream->readers", sizeof(files->name));
	lockdep_register_key(&files->key);
	__init_waitqueue_head(&files->readers, files->name, &files->key);
	files->stream = stream;
	files->text.files = files;
	files->binary.files = files;
	files->binary.binary = true;
	init_irq_work(&stream->irq_work, wake_irq_work);
	stream->has_ended = false;
	stream->operations = *operations;
	stream->files = files;

	result = create_file(&files->text, name, "", mode);
	if (!result)
		result = create_file(&files->binary, name, ".bin", mode);
	if (result) {
		remove_files(files);
		return result;
	}
	mutex_lock(&streams_lock);
	list_add(&stream->link, &streams);
	mutex_unlock(&streams_lock);
	return 0;
}

/* Without the lock, as what is called for a reader may make and remove others. */
static void remove_stream(struct rprobes_stream *stream)
{
	WRITE_ONCE(stream->has_ended, true);
	/* Whoever did not see that has queued what it will. */
	synchronize_rcu();
	irq_work_sync(&stream->irq_work);
	remove_files(stream->files);
}

/*
 * Process context. Nobody pushes any more. Waits for who reads, and wakes who waits. Returns false, and leaves it for the drain, if
 * it is one who reads it that calls this.
 */
bool rprobes_stream_remove(struct rprobes_stream *stream)
{
	bool is_there;

	if (rprobes_debugfs_is_inside(stream))
		return false;
	mutex_lock(&streams_lock);
	is_there = !list_empty(&stream->link);
	list_del_init(&stream->link);
	mutex_unlock(&streams_lock);
	if (is_there)
		remove_stream(stream);
	else
		wait_event(streams_waiting, smp_load_acquire(&drained) != stream);
	return true;
}

/* When the module goes: removes those that were leaked. Process context. */
void rprobes_stream_drain(void)
{
	for (;;) {
		struct rprobes_stream *stream;

		mutex_lock(&streams_lock);
		stream = list_first_entry_or_null(&streams, struct rprobes_stream, link);
		if (stream)
			list_del_init(&stream->link);
		drained = stream;
		mutex_unlock(&streams_lock);
		if (!stream)
			return;
		remove_stream(stream);
		smp_store_release(&drained, NULL);
		wake_up_all(&streams_waiting);
	}
}
