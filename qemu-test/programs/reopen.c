// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * reopen FILE: has a file by O_PATH, which does not open it, until there is SIGTERM; then opens it by what it has, and says what that
 * returns.
 */
#include "start.h"

#ifdef __x86_64__
enum { WRITE = 1, EXIT = 60, OPENAT = 257, SIGPROCMASK = 14, SIGTIMEDWAIT = 128 };
#else
enum { WRITE = 64, EXIT = 93, OPENAT = 56, SIGPROCMASK = 135, SIGTIMEDWAIT = 137 };
#endif

#define CALL(number, a, b, c, d) call(number, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

enum { AT_FDCWD = -100, PATH = 010000000, SIGTERM = 15 };

static void say(long result)
{
	char text[] = "-000\n";
	long n = result < 0 ? -result : result;

	if (result >= 0)
		text[0] = '+';
	for (int i = 3; i > 0; i--, n /= 10)
		text[i] = '0' + n % 10;
	CALL(WRITE, 1, text, sizeof(text) - 1, 0);
}

void start(long *stack);
void start(long *stack)
{
	char **argument = (char **)(stack + 1), path[] = "/proc/self/fd/0";
	unsigned long set = 1ul << (SIGTERM - 1);
	long file;

	if (stack[0] < 2)
		CALL(EXIT, 127, 0, 0, 0);
	CALL(SIGPROCMASK, 0, &set, 0, 8);
	file = CALL(OPENAT, AT_FDCWD, argument[1], PATH, 0);
	/* It has few files, so one digit does. */
	if (file < 0 || file > 9)
		CALL(EXIT, 1, 0, 0, 0);
	path[sizeof(path) - 2] += file;
	say(file);
	CALL(SIGTIMEDWAIT, &set, 0, 0, 8);
	say(CALL(OPENAT, AT_FDCWD, path, 0, 0));
	CALL(EXIT, 0, 0, 0, 0);
}
