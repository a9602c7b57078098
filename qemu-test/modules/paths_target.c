// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Files that programs of the shell do not have, with the names that the kernel has for them.
 */
#include <linux/anon_inodes.h>
#include <linux/compiler.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/shmem_fs.h>

/* A structure in later kernels. */
#ifndef EMPTY_VMA_FLAGS
#define EMPTY_VMA_FLAGS 0
#endif

void rprobes_paths_compare(struct file *file, const char *wanted);
int rprobes_paths_files(void);

/* To be probed. clang does not pass what is not used. */
noinline void rprobes_paths_compare(struct file *file, const char *wanted)
{
	asm volatile("" : : "r" (file), "r" (wanted));
}

int rprobes_paths_files(void)
{
	/* A file is put some time later, so its operations must not be of this module. */
	struct file *null = filp_open("/dev/null", O_RDWR, 0);
	struct file *files[] = {
		IS_ERR(null) ? null : anon_inode_getfile("[rprobes]", null->f_op, NULL, O_RDWR),
		shmem_file_setup("rprobes", PAGE_SIZE, EMPTY_VMA_FLAGS),
		filp_open("/proc/self/ns/net", O_RDONLY, 0),
		filp_open("/proc/self/ns/pid_for_children", O_RDONLY, 0),
		filp_open("/proc", O_RDONLY, 0),
		filp_open("/", O_RDONLY, 0),
	};
	static char wanted[128];
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (IS_ERR(files[i])) {
			/* A kernel without such namespaces. */
			if (PTR_ERR(files[i]) != -ENOENT)
				err = PTR_ERR(files[i]);
			continue;
		}
		rprobes_paths_compare(files[i], d_path(&files[i]->f_path, wanted, sizeof(wanted)));
		fput(files[i]);
	}
	if (!IS_ERR(null))
		fput(null);
	return err;
}
