// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The types of the running kernel, and those that the module was built for.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <rprobes/running_types.h>

extern const struct rprobes_expected rprobes_expected_types __weak;

/* In memory, as an instruction does not reach 0, where it is in modules that expect nothing. */
static const struct rprobes_expected *volatile expected = &rprobes_expected_types;

const struct rprobes_expected *rprobes_expected(void)
{
	return expected;
}

/*
 * As sysfs shows them; to be freed. Not by kernel_read_file(), which security modules ask what the file is for, and have no
 * answer for this.
 */
ssize_t rprobes_running_types(void **types)
{
	struct file *file = filp_open("/sys/kernel/btf/vmlinux", O_RDONLY, 0);
	size_t size, read = 0;
	loff_t pos = 0;
	ssize_t ret;

	*types = NULL;
	if (IS_ERR(file))
		return PTR_ERR(file);
	size = i_size_read(file_inode(file));
	*types = kvmalloc(size, GFP_KERNEL);
	while (*types && read < size) {
		ret = kernel_read(file, *types + read, size - read, &pos);
		if (ret <= 0)
			break;
		read += ret;
	}
	filp_close(file, NULL);
	return read;
}

void rprobes_running_types_free(void *types)
{
	kvfree(types);
}
