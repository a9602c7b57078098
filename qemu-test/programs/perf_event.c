// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * perf_event ID: opens a trace event as perf does, on this task, makes one system call that opens a file, prints "open", and how
 * many events there were when the standard input ends. Without a C library, as a guest has none.
 */
#include "start.h"

typedef unsigned int u32;
typedef unsigned long u64;

#ifdef __x86_64__
enum { READ = 0, WRITE = 1, OPEN_AT = 257, EXIT = 60, PERF_EVENT_OPEN = 298 };
#else
enum { READ = 63, WRITE = 64, OPEN_AT = 56, EXIT = 93, PERF_EVENT_OPEN = 241 };
#endif

#define CALL(number, a, b, c) call(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

/* What is needed of struct perf_event_attr. */
struct attributes {
	u32 type, size;
	u64 config, rest[5];
};

enum { TRACEPOINT = 2 };

void start(long *stack)
{
	char **argv = (char **)(stack + 1), text[] = "events 0\n", byte;
	struct attributes attributes = { .type = TRACEPOINT, .size = 64 };
	const char *at;
	u64 count = 0;
	long fd;

	for (at = argv[1]; *at; at++)
		attributes.config = 10 * attributes.config + *at - '0';
	fd = call(PERF_EVENT_OPEN, (long)&attributes, 0, -1, -1, 0, 0);
	if (fd < 0) {
		CALL(WRITE, 1, "refused\n", 8);
		CALL(EXIT, 1, 0, 0);
	}
	CALL(OPEN_AT, -100, "/no/such/file", 0);
	CALL(WRITE, 1, "open\n", 5);
	while (CALL(READ, 0, &byte, 1) > 0)
		;
	CALL(READ, fd, &count, sizeof(count));
	text[7] += count;
	CALL(WRITE, 1, text, sizeof(text) - 1);
	CALL(EXIT, 0, 0, 0);
}
