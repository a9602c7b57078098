// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Has the module report see it: report stack NAME, from the innermost of three functions, whose addresses it prints, report wait NAME,
 * the same, and it waits then for the end of its input, or report comm NAME. Without a C library, as a guest has none.
 */
#include "start.h"

#pragma GCC optimize("no-omit-frame-pointer")

#ifdef __x86_64__
enum { READ = 0, WRITE = 1, EXIT = 60, PRCTL = 157, OPENAT = 257 };
#else
enum { READ = 63, WRITE = 64, EXIT = 93, PRCTL = 167, OPENAT = 56 };
#endif

#define CALL(number, a, b, c) call(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

enum { AT_FDCWD = -100, PR_SET_NAME = 15 };

static void print(void *function)
{
	unsigned long address = (unsigned long)function;
	char text[17];
	int i;

	for (i = 15; i >= 0; i--, address >>= 4)
		text[i] = "0123456789abcdef"[address & 15];
	text[16] = '\n';
	CALL(WRITE, 1, text, sizeof(text));
}

__attribute__((noinline)) static long inner(const char *path)
{
	/* It needs its frame, then. */
	asm volatile("" : : "r"(__builtin_frame_address(0)));
	return CALL(OPENAT, AT_FDCWD, path, 0);
}

__attribute__((noinline)) static long middle(const char *path)
{
	return inner(path) + 1;
}

__attribute__((noinline)) static long outer(const char *path)
{
	return middle(path) + 2;
}

void start(long *stack);
__attribute__((noinline)) static long report(const char *path)
{
	print(inner);
	print(middle);
	print(outer);
	print(report);
	return outer(path) + 3;
}

void start(long *stack)
{
	/* A quote, a backslash, a line feed, a bell, a semicolon, a letter of two bytes, and one that is half missing. */
	static const char odd[] = "a\"b\\c\nd\a;\xc3\xa9\xc3";
	char **argument = (char **)(stack + 1), byte;

	if (stack[0] >= 3 && same(argument[1], "comm")) {
		CALL(PRCTL, PR_SET_NAME, odd, 0);
		CALL(OPENAT, AT_FDCWD, argument[2], 0);
	} else if (stack[0] >= 3) {
		report(argument[2]);
		if (same(argument[1], "wait"))
			CALL(READ, 0, &byte, 1);
	}
	CALL(EXIT, 0, 0, 0);
}
