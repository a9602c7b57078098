// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Reads the binary file of a stream, and says in the end how many records there were, and how many were lost.
 *
 *	stream read FILE [PAUSE]	waits in read(); and so many microseconds after each
 *	stream poll FILE		waits in poll(), and reads until there is nothing more
 *	stream epoll FILE		waits in an epoll that is triggered by edges, and leaves the file in it to the end
 *	stream exclusive FILE		has it in two epolls that are each the only one to be woken, and says how many see the next record
 *	stream as USER FILE		opens it as somebody else, and says what that returns
 *	stream hold FILE		has it open without reading until there is a signal; then reads, and says what that returns
 */
#include "start.h"

#ifdef __x86_64__
enum { READ = 0, WRITE = 1, CLOSE = 3, EXIT = 60, OPENAT = 257, NANOSLEEP = 35, PPOLL = 271, SETUID = 105,
       EPOLL_CREATE1 = 291, EPOLL_CTL = 233, EPOLL_PWAIT = 281, SIGPROCMASK = 14, SIGTIMEDWAIT = 128 };
#else
enum { READ = 63, WRITE = 64, CLOSE = 57, EXIT = 93, OPENAT = 56, NANOSLEEP = 101, PPOLL = 73, SETUID = 146,
       EPOLL_CREATE1 = 20, EPOLL_CTL = 21, EPOLL_PWAIT = 22, SIGPROCMASK = 135, SIGTIMEDWAIT = 137 };
#endif

#define CALL(number, a, b, c, d, e, f) call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

enum { NONBLOCK = 04000, POLLIN = 1, POLLERR = 8, POLLHUP = 16, EPOLLET = 1 << 31, EPOLLEXCLUSIVE = 1 << 28, EAGAIN = 11, SIGTERM = 15, THREADS = 1024 };

struct entry {
	u64 time;
	u32 cpu;
	u16 len;
	u16 is_lost;
};

/* As the module declares it, and the header has it: THREAD at 0, number at 8. */
struct call {
	u32 thread;
	u8 odd[3];
	signed char flags;
	u64 number;
};

static u8 buffer[1 << 17];
static u64 next[THREADS];
static u64 records, lost, times_lost, disorder, wrong, gaps;

static void print_up_to(const char *text, const char *end)
{
	long length = 0;

	while (text + length != end && text[length])
		length++;
	CALL(WRITE, 1, text, length, 0, 0, 0);
}

static void print(const char *text)
{
	print_up_to(text, 0);
}

static void print_number(const char *before, u64 number)
{
	char digits[24], *first = digits + 23;

	*first = 0;
	do
		*--first = '0' + number % 10;
	while (number /= 10);
	print(before);
	print(first);
}

static void say(const char *name, long result)
{
	print(name);
	print_number(result < 0 ? " -" : " ", result < 0 ? -result : result);
	print("\n");
}

/* Returns how many bytes of the @size there are something whole. */
static long take(const u8 *bytes, long size)
{
	static u64 record_size, longest, last;
	const u8 *at = bytes, *end = bytes + size;

	if (!record_size) {
		u16 length;

		if (size < 24)
			return 0;
		length = *(const u16 *)(at + 14);
		if (*(const u64 *)at != 0x4d41455254535052 || *(const u32 *)(at + 8) != 0x01020304 || *(const u16 *)(at + 12) != 1)
			wrong++;
		if (size < length)
			return 0;
		record_size = *(const u32 *)(at + 16);
		longest = *(const u32 *)(at + 20);
		if (record_size != sizeof(struct call) || longest != 256)
			wrong++;
		print_up_to((const char *)at + 24, (const char *)at + length);
		at += length;
	}
	for (;;) {
		const struct entry *entry = (const void *)at;
		const struct call *call = (const void *)(entry + 1);
		const u8 *behind = (const u8 *)(call + 1);
		long length;

		if (end - at < (long)sizeof(*entry))
			break;
		length = sizeof(*entry) + (entry->is_lost ? 8 : sizeof(*call) + (entry->len + 7) / 8 * 8);
		if (end - at < length)
			break;
		if (entry->time < last)
			disorder++;
		last = entry->time;
		at += length;
		if (entry->is_lost) {
			lost += *(const u64 *)call;
			times_lost++;
			continue;
		}
		records++;
		if (call->odd[0] != 1 || call->odd[1] != 2 || call->odd[2] != 3 || call->flags != -1 || call->thread >= THREADS) {
			wrong++;
			continue;
		}
		for (int i = 0; i < entry->len; i++)
			wrong += behind[i] != 'a' + call->number % 26;
		if (call->thread == 1000)
			continue;
		if (call->number < next[call->thread])
			wrong++;
		gaps += call->number - next[call->thread];
		next[call->thread] = call->number + 1;
	}
	return at - bytes;
}

static void sleep_for(u64 microseconds)
{
	long time[2] = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	CALL(NANOSLEEP, time, 0, 0, 0, 0, 0);
}

static u64 number(const char *digits)
{
	u64 n = 0;

	while (*digits)
		n = n * 10 + *digits++ - '0';
	return n;
}

/* One read. Returns what it returned. */
static long read_some(long file)
{
	static long have;
	long took, got = CALL(READ, file, buffer + have, sizeof(buffer) - have, 0, 0, 0);

	if (got <= 0)
		return got;
	have += got;
	took = take(buffer, have);
	have -= took;
	for (long i = 0; i < have; i++)
		buffer[i] = buffer[took + i];
	return got;
}

static void summary(long result)
{
	print_number("records ", records);
	print_number(" lost ", lost);
	print_number(" all ", records + lost);
	print_number(" gaps ", gaps);
	print_number(" times ", times_lost);
	print_number(" disorder ", disorder);
	print_number(" wrong ", wrong);
	say(" end", result);
}

static long read_all(long file)
{
	long result;

	do
		result = read_some(file);
	while (result > 0);
	return result;
}

static void by_poll(long file)
{
	struct { int file; short events, found; } poll = { .file = file, .events = POLLIN };
	long result;

	do {
		CALL(PPOLL, &poll, 1, 0, 0, 8, 0);
		result = read_all(file);
	} while (result == -EAGAIN);
	summary(result);
}

static void by_epoll(long file)
{
	struct { u32 events; u64 data; } __attribute__((packed, aligned(4))) event = { .events = POLLIN | EPOLLET };
	struct { u32 events; u32 unused; u64 data; } wide = { .events = POLLIN | EPOLLET };
#ifdef __x86_64__
	void *pointer = &event;
#else
	void *pointer = &wide;
#endif
	long epoll = CALL(EPOLL_CREATE1, 0, 0, 0, 0, 0, 0), result;

	(void)event, (void)wide;
	if (CALL(EPOLL_CTL, epoll, 1, file, pointer, 0, 0))
		print("epoll_ctl fails\n");
	do {
		CALL(EPOLL_PWAIT, epoll, pointer, 1, -1, 0, 8);
		result = read_all(file);
	} while (result == -EAGAIN);
	summary(result);
	/* It stays in the epoll while the module goes. */
	sleep_for(3000000);
	say("then epoll", CALL(EPOLL_PWAIT, epoll, pointer, 1, 0, 0, 8));
	say("and read", CALL(READ, file, buffer, sizeof(buffer), 0, 0, 0));
	say("and close", CALL(CLOSE, file, 0, 0, 0, 0, 0));
	CALL(CLOSE, epoll, 0, 0, 0, 0, 0);
}

static void exclusive(long file, const char *path)
{
	struct { u32 events; u64 data; } __attribute__((packed, aligned(4))) event = { .events = POLLIN | EPOLLEXCLUSIVE };
	struct { u32 events; u32 unused; u64 data; } wide = { .events = POLLIN | EPOLLEXCLUSIVE };
#ifdef __x86_64__
	void *pointer = &event;
#else
	void *pointer = &wide;
#endif
	long files[] = { file, CALL(OPENAT, -100, path, NONBLOCK, 0, 0, 0) }, epolls[2], seen = 0;

	(void)event, (void)wide;
	for (int i = 0; i < 2; i++) {
		while (CALL(READ, files[i], buffer, sizeof(buffer), 0, 0, 0) > 0)
			;
		epolls[i] = CALL(EPOLL_CREATE1, 0, 0, 0, 0, 0, 0);
		if (CALL(EPOLL_CTL, epolls[i], 1, files[i], pointer, 0, 0))
			print("epoll_ctl fails\n");
	}
	print("ready\n");
	/* The last to come is the first to be woken, so not this one. */
	for (int i = 0; i < 2; i++)
		seen += CALL(EPOLL_PWAIT, epolls[i], pointer, 1, 5000, 0, 8);
	say("seen", seen);
}

static void hold(long file)
{
	u64 set = 1ul << (SIGTERM - 1);
	struct { int file; short events, found; } poll = { .file = file, .events = POLLIN };
	long now[2] = { 0, 0 };

	CALL(SIGPROCMASK, 0, &set, 0, 8, 0, 0);
	say("open", 0);
	CALL(SIGTIMEDWAIT, &set, 0, 0, 8, 0, 0);
	CALL(PPOLL, &poll, 1, now, 0, 8, 0);
	say("poll", poll.found);
	say("read", CALL(READ, file, buffer, sizeof(buffer), 0, 0, 0));
	say("close", CALL(CLOSE, file, 0, 0, 0, 0, 0));
}

void start(long *stack);
void start(long *stack)
{
	char **argument = (char **)(stack + 1);
	long file, count = stack[0], nonblock;

	if (count < 3)
		CALL(EXIT, 127, 0, 0, 0, 0, 0);
	if (same(argument[1], "as")) {
		CALL(SETUID, number(argument[2]), 0, 0, 0, 0, 0);
		say("open", CALL(OPENAT, -100, argument[3], 0, 0, 0, 0));
		CALL(EXIT, 0, 0, 0, 0, 0, 0);
	}
	nonblock = same(argument[1], "poll") || same(argument[1], "epoll") || same(argument[1], "exclusive") ? NONBLOCK : 0;
	file = CALL(OPENAT, -100, argument[2], nonblock, 0, 0, 0);
	if (file < 0) {
		say("open", file);
		CALL(EXIT, 1, 0, 0, 0, 0, 0);
	}
	if (same(argument[1], "poll")) {
		by_poll(file);
	} else if (same(argument[1], "epoll")) {
		by_epoll(file);
	} else if (same(argument[1], "exclusive")) {
		exclusive(file, argument[2]);
	} else if (same(argument[1], "hold")) {
		hold(file);
	} else {
		long result;

		do {
			result = read_some(file);
			if (count > 3)
				sleep_for(number(argument[3]));
		} while (result > 0);
		summary(result);
	}
	CALL(EXIT, 0, 0, 0, 0, 0, 0);
}
