// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The files of tracefs, for what the tracing system exports no function for. They are found through a mount of our own,
 * so that nobody needs to have mounted tracefs.
 *
 * Their operations take pointers to user memory, and nothing else: tracefs knows no iterators. So a page is mapped into
 * the current process for the moment. A worker does the rest, with the memory of that process: what a worker closes
 * is closed at once, while a process would do that on its way back to user mode, and hold, say, an instance until then.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/file.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <rprobes/tracefs.h>

struct access {
	struct work_struct work;
	struct mm_struct *mm;
	const char *path;
	/* One of them. */
	const char *write;
	char *read;
	size_t len;
	ssize_t ret;
};

static ssize_t write_page(struct file *file, const char *from, size_t len, char __user *page)
{
	loff_t pos = 0;

	if (!(file->f_mode & FMODE_WRITE) || !file->f_op->write)
		return -EINVAL;
	/* Such a file takes a whole command, or none. */
	if (len > PAGE_SIZE)
		return -E2BIG;
	if (copy_to_user(page, from, len))
		return -EFAULT;
	return file->f_op->write(file, page, len, &pos);
}

static ssize_t read_pages(struct file *file, char *to, size_t size, char __user *page)
{
	size_t len = 0;
	loff_t pos = 0;

	if (!(file->f_mode & FMODE_READ) || !file->f_op->read)
		return -EINVAL;
	while (len < size) {
		ssize_t ret = file->f_op->read(file, page, min_t(size_t, size - len, PAGE_SIZE), &pos);

		if (ret < 0)
			return ret;
		if (!ret)
			break;
		if (copy_from_user(to + len, page, ret))
			return -EFAULT;
		len += ret;
	}
	return len;
}

static ssize_t use(struct file *file, struct access *access)
{
	unsigned long page = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	char __user *user = (char __user *)page;
	ssize_t ret;

	if (IS_ERR_VALUE(page))
		return page;
	if (access->write)
		ret = write_page(file, access->write, access->len, user);
	else
		ret = read_pages(file, access->read, access->len, user);
	vm_munmap(page, PAGE_SIZE);
	return ret;
}

static void work(struct work_struct *work)
{
	struct access *access = container_of(work, struct access, work);
	struct file_system_type *type = get_fs_type("tracefs");
	struct vfsmount *mount = NULL;
	struct path root;
	struct file *file;
	int pins = 0;

	/* It is built in, so there is nothing to put. */
	if (!type) {
		access->ret = -EOPNOTSUPP;
		return;
	}
	access->ret = simple_pin_fs(type, &mount, &pins);
	if (access->ret)
		return;
	root.mnt = mount;
	root.dentry = mount->mnt_root;
	/* Not to be truncated: that means to clear what there is. */
	file = file_open_root(&root, access->path, access->write ? O_WRONLY : O_RDONLY, 0);
	if (IS_ERR(file)) {
		access->ret = PTR_ERR(file);
	} else {
		kthread_use_mm(access->mm);
		access->ret = use(file, access);
		kthread_unuse_mm(access->mm);
		__fput_sync(file);
	}
	simple_release_fs(&mount, &pins);
}

static ssize_t run(struct access *access)
{
	if (!current->mm || current->flags & PF_KTHREAD)
		return -ESRCH;
	access->mm = current->mm;
	INIT_WORK_ONSTACK(&access->work, work);
	queue_work(system_long_wq, &access->work);
	flush_work(&access->work);
	destroy_work_on_stack(&access->work);
	return access->ret;
}

/*
 * Both: process context; -ESRCH in a kernel thread, which has no user memory; -EOPNOTSUPP if this kernel has no tracefs;
 * and what the file has to say.
 */

/* The first @size bytes of a file; returns how many there are. */
ssize_t rprobes_tracefs_read(const char *path, char *buffer, size_t size)
{
	struct access access = { .path = path, .read = buffer, .len = size };

	return run(&access);
}

ssize_t rprobes_tracefs_write(const char *path, const char *text, size_t len)
{
	struct access access = { .path = path, .write = text, .len = len };

	return run(&access);
}
