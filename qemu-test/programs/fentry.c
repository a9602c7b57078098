// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * fentry FUNCTION: attaches a BPF program to the entry of a function of the kernel's, prints "attached" or the error, and
 * keeps it until the standard input ends. Without a C library, as a guest has none.
 */
#include "start.h"

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

#ifdef __x86_64__
enum { READ = 0, WRITE = 1, OPEN_AT = 257, EXIT = 60, BPF = 321, MMAP = 9 };
#else
enum { READ = 63, WRITE = 64, OPEN_AT = 56, EXIT = 93, BPF = 280, MMAP = 222 };
#endif

#define CALL(number, a, b, c) call(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

/* What is needed of linux/btf.h and linux/bpf.h. */
struct btf_header {
	u16 magic;
	u8 version, flags;
	u32 hdr_len, type_off, type_len, str_off, str_len;
};

struct btf_type {
	u32 name, info, size;
};

enum { INT = 1, ARRAY = 3, STRUCT = 4, UNION = 5, ENUM = 6, FUNC = 12, FUNC_PROTO = 13, VAR = 14, DATASEC = 15, DECL_TAG = 17, ENUM64 = 19 };

static u32 extra(const struct btf_type *type)
{
	u32 members = type->info & 0xffff;

	switch (type->info >> 24 & 0x1f) {
	case INT:
	case VAR:
	case DECL_TAG:
		return 4;
	case ARRAY:
		return 12;
	case STRUCT:
	case UNION:
	case DATASEC:
	case ENUM64:
		return 12 * members;
	case ENUM:
	case FUNC_PROTO:
		return 8 * members;
	}
	return 0;
}

struct insn {
	u8 code, registers;
	u16 offset;
	u32 immediate;
};

/* Returns 0. */
static const struct insn program[] = { { 0xb7, 0, 0, 0 }, { 0x95, 0, 0, 0 } };

enum { PROG_LOAD = 5, RAW_TRACEPOINT_OPEN = 17, TRACING = 26, TRACE_FENTRY = 24 };

static u32 find(const char *name)
{
	enum { SIZE = 64 << 20, READ_WRITE = 3, PRIVATE_ANONYMOUS = 0x22 };
	char *btf = (char *)call(MMAP, 0, SIZE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
	long fd = CALL(OPEN_AT, -100, "/sys/kernel/btf/vmlinux", 0), n;
	const struct btf_header *header = (void *)btf;
	const char *at, *end;
	u32 id = 1;

	for (at = btf; (n = CALL(READ, fd, at, 1 << 20)) > 0; at += n)
		;
	at = btf + header->hdr_len + header->type_off;
	for (end = at + header->type_len; at < end; id++) {
		const struct btf_type *type = (void *)at;

		if ((type->info >> 24 & 0x1f) == FUNC && same(btf + header->hdr_len + header->str_off + type->name, name))
			return id;
		at += sizeof(*type) + extra(type);
	}
	return 0;
}

static void print_error(long error)
{
	char text[] = "error 000\n";

	error = -error;
	text[6] += error / 100;
	text[7] += error / 10 % 10;
	text[8] += error % 10;
	CALL(WRITE, 1, text, sizeof(text) - 1);
}

void start(long *stack)
{
	char **argv = (char **)(stack + 1);
	long attributes[18] = {}, fd;
	u32 *words = (u32 *)attributes;
	char byte;

	words[0] = TRACING;
	words[1] = sizeof(program) / sizeof(*program);
	attributes[1] = (long)program;
	attributes[2] = (long)"GPL";
	/* expected_attach_type, attach_btf_id */
	words[17] = TRACE_FENTRY;
	words[27] = find(argv[1]);
	fd = CALL(BPF, PROG_LOAD, attributes, 112 + 8);
	if (fd >= 0) {
		long attach[2] = { 0, fd };

		fd = CALL(BPF, RAW_TRACEPOINT_OPEN, attach, sizeof(attach));
	}
	if (fd < 0) {
		print_error(fd);
		CALL(EXIT, 1, 0, 0);
	}
	CALL(WRITE, 1, "attached\n", 9);
	while (CALL(READ, 0, &byte, 1) > 0)
		;
	CALL(EXIT, 0, 0, 0);
}
