// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Makes the system calls that tests look at: calls WHAT [FILE]. Without a C library, as a guest has none.
 */

#include "start.h"

#ifdef __x86_64__
enum { READ = 0, CLONE = 56, PREAD64 = 17, MMAP = 9, MUNMAP = 11, GETPID = 39, EXECVE = 59, EXIT = 60, KILL = 62, TKILL = 200, TGKILL = 234, OPENAT = 257, EXECVEAT = 322 };

/* As a program for 32 bits does it. Above its arguments there is what the kernel must not look at. */
static long call_32(long number, long a, long b, long c)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(a | 0xdeadL << 32), "c"(b | 0xbeefL << 32), "d"(c)
		     : "r8", "r9", "r10", "r11", "memory");
	return result;
}
enum { EXECVE_32 = 11, GETPID_32 = 20, KILL_32 = 37 };
#else
enum { READ = 63, CLONE = 220, PREAD64 = 67, MMAP = 222, MUNMAP = 215, GETPID = 172, EXECVE = 221, EXIT = 93, KILL = 129, TKILL = 130, TGKILL = 131, OPENAT = 56, EXECVEAT = 281 };
#endif

#define CALL(number, a, b, c, d) call(number, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

enum { AT_FDCWD = -100, PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20, PAGE = 65536,
	CLONE_VFORK = 0x4000, SIGCHLD = 17 };

/* A path that ends where the memory does. */
static void edge(void)
{
	static const char path[] = "/no/such/path/whose/end/is/where/the/memory/ends";
	char *memory = (char *)call(MMAP, 0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at = memory + PAGE - sizeof(path);
	unsigned int i;

	CALL(MUNMAP, memory + PAGE, PAGE, 0, 0);
	for (i = 0; i < sizeof(path); i++)
		((volatile char *)at)[i] = path[i];
	CALL(OPENAT, AT_FDCWD, at, 0, 0);
}

/* The path that is in a file, which nobody has read through this mapping. */
static void untouched(const char *file)
{
	long fd = CALL(OPENAT, AT_FDCWD, file, 0, 0);

	CALL(OPENAT, AT_FDCWD, call(MMAP, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), 0, 0);
}

/* Is in clone() until its child has read something. */
static void vfork(void)
{
	char byte;

	if (!CALL(CLONE, CLONE_VFORK | SIGCHLD, 0, 0, 0))
		CALL(READ, 0, &byte, 1, 0);
}

/* A thousand that do not fail, and a hundred that do. */
static void many(void)
{
	int i;

	for (i = 0; i < 1000; i++)
		CALL(GETPID, 0, 0, 0, 0);
	for (i = 0; i < 100; i++)
		CALL(READ, -1, 0, 0, 0);
}

#ifdef __x86_64__
/* What a program for 32 bits passes is below 4 GiB: so are variables, unlike the stack. */
static void execve_32(char **argv)
{
	static char text[256];
	static unsigned int pointers[8];
	unsigned int i, j = 0;
	const char *at;

	for (i = 0; argv[i] && i < 7; i++) {
		pointers[i] = (unsigned int)(long)&text[j];
		for (at = argv[i]; *at && j < sizeof(text) - 8; at++)
			text[j++] = *at;
		j++;
	}
	call_32(EXECVE_32, pointers[0], (long)pointers, 0);
}
#endif

void start(long *stack)
{
	char **argv = (char **)(stack + 1);
	const char *what = argv[1] ?: "";
	volatile long spins;

	if (same(what, "kill"))
		CALL(KILL, 7654321, 10, 0, 0);
	else if (same(what, "pread64"))
		CALL(PREAD64, 4321, 0x1111, 0x2222, 0x3333);
	else if (same(what, "getpid"))
		CALL(GETPID, 0, 0, 0, 0);
	else if (same(what, "many"))
		many();
	else if (same(what, "edge"))
		edge();
	else if (same(what, "untouched"))
		untouched(argv[2]);
	else if (same(what, "execve"))
		CALL(EXECVE, argv[2], argv + 2, 0, 0);
	else if (same(what, "execveat"))
		call(EXECVEAT, AT_FDCWD, (long)argv[2], (long)(argv + 2), 0, 0, 0);
	else if (same(what, "tkill"))
		CALL(TKILL, 7654323, 15, 0, 0);
	else if (same(what, "tgkill"))
		CALL(TGKILL, 7654324, 7654325, 34, 0);
	else if (same(what, "vfork"))
		vfork();
	else if (same(what, "spin"))
		for (spins = 0; spins < 300000000; spins++)
			;
#ifdef __x86_64__
	else if (same(what, "kill_32"))
		call_32(KILL_32, 7654322, 12, 0);
	else if (same(what, "getpid_32"))
		call_32(GETPID_32, 0, 0, 0);
	else if (same(what, "execve_32"))
		execve_32(argv + 2);
#endif
	CALL(EXIT, 0, 0, 0, 0);
}
