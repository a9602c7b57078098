/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The files of streams: rust/helpers/stream.c
 */
#ifndef _RPROBES_STREAM_H
#define _RPROBES_STREAM_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/types.h>

struct rprobes_stream_files;

struct rprobes_stream;

/**
 * struct rprobes_stream_operations - what is done with the files of a stream; in process context
 * @reader_size: bytes of what is kept of each open file; they are zero at first
 * @read: gives one of them more; returns how many bytes, 0 if there is nothing more yet, or an error
 * @has_more: whether there is more. If there is not, rprobes_stream_wake() is called as soon as there is
 */
struct rprobes_stream_operations {
	size_t reader_size;
	ssize_t (*read)(struct rprobes_stream *stream, void *reader, bool binary, char __user *to, size_t size);
	bool (*has_more)(struct rprobes_stream *stream, void *reader, bool binary);
};

/**
 * struct rprobes_stream - something that can be read in two files
 * @link: in the list of this module's streams
 * @irq_work: wakes who waits for more
 * @has_ended: nobody is woken any more
 * @operations: what is done with the files
 * @files: the files
 */
struct rprobes_stream {
	struct list_head link;
	struct irq_work irq_work;
	bool has_ended;
	struct rprobes_stream_operations operations;
	struct rprobes_stream_files *files;
};

int rprobes_stream_add(struct rprobes_stream *stream, const struct rprobes_stream_operations *operations, const char *name,
		       u16 mode);
bool rprobes_stream_remove(struct rprobes_stream *stream);
void rprobes_stream_drain(void);
void rprobes_stream_wake(struct rprobes_stream *stream);
bool rprobes_stream_pause(unsigned int times);
u64 rprobes_stream_clock(void);

#endif /* _RPROBES_STREAM_H */
