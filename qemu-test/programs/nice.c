// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * nice -n NUMBER PROGRAM [ARGUMENT...]: runs a program of /bin at another priority, for the kernel's own tests; busybox has no such
 * applet. Without a C library, as a guest has none.
 */
#include "start.h"

#ifdef __x86_64__
enum { EXECVE = 59, EXIT = 60, SETPRIORITY = 141 };
#else
enum { EXECVE = 221, EXIT = 93, SETPRIORITY = 140 };
#endif

#define CALL(number, a, b, c) call(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

void start(long *stack);
void start(long *stack)
{
	char **argument = (char **)(stack + 1), **environment = argument + stack[0] + 1;
	char path[64] = "/bin/";
	int i;

	if (stack[0] >= 4 && same(argument[1], "-n")) {
		for (i = 0; argument[3][i] && i < 58; i++)
			path[5 + i] = argument[3][i];
		CALL(SETPRIORITY, 0, 0, argument[2][0] - '0');
		CALL(EXECVE, path, argument + 3, environment);
	}
	CALL(EXIT, 127, 0, 0);
}
