// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Functions with all kinds of arguments and results, for types.rs. They are called when something is written to
 * /sys/module/types_target/parameters/run.
 */
#include <linux/list.h>
#include <linux/module.h>

struct two {
	long first;
	int second;
};

struct large {
	long words[3];
};

struct odd {
	int kind;
	union {
		long number;
		struct {
			short low;
			short high;
		};
	};
	unsigned int three:3;
	int five:5;
	u64 forty:40;
	bool yes:1;
	bool is_odd;
	__be16 port;
	char name[8];
	struct two table[4];
	struct odd *next;
	struct list_head list;
};

long types_target_eight(int a, unsigned char b, short c, long d, unsigned int e, u64 f, int g, short h);
long types_target_by_value(int before, struct two value, char after);
long types_target_large(int before, struct large value, int after);
long types_target_ten(long a, long b, long c, long d, long e, struct two value, long f, struct two late, int last);
bool types_target_is_odd(int n);
int types_target_recursive(int depth);
struct two types_target_two(int n);
struct large types_target_no_registers(int n);
long types_target_members(struct odd *odd, struct list_head *head);
void types_target_no_result(bool flag, s8 small);

noinline __noclone long types_target_eight(int a, unsigned char b, short c, long d, unsigned int e, u64 f, int g, short h)
{
	barrier();
	return a + b + c + d + e + f + g + h;
}

noinline __noclone long types_target_by_value(int before, struct two value, char after)
{
	barrier();
	return before + value.first + value.second + after;
}

noinline __noclone long types_target_large(int before, struct large value, int after)
{
	barrier();
	return before + value.words[0] + value.words[1] + value.words[2] + after;
}

/* The second struct does not fit into the registers that are left; on x86 the argument behind it does. */
noinline __noclone long types_target_ten(long a, long b, long c, long d, long e, struct two value, long f, struct two late, int last)
{
	barrier();
	return a + b + c + d + e + value.first + value.second + f + late.first + late.second + last;
}

noinline __noclone bool types_target_is_odd(int n)
{
	barrier();
	return n & 1;
}

noinline __noclone int types_target_recursive(int depth)
{
	int below = 0;

	barrier();
	if (depth > 0)
		below = types_target_recursive(depth - 1);
	barrier();
	return below + 1;
}

noinline __noclone struct two types_target_two(int n)
{
	barrier();
	return (struct two){ .first = -n, .second = 2 * n };
}

noinline __noclone struct large types_target_no_registers(int n)
{
	barrier();
	return (struct large){ .words = { n, n, n } };
}

noinline __noclone long types_target_members(struct odd *odd, struct list_head *head)
{
	barrier();
	return head ? odd->number : 0;
}

/* clang does not pass what is not used. */
noinline __noclone void types_target_no_result(bool flag, s8 small)
{
	asm volatile("" : : "r" (flag), "r" (small));
}

static int run(const char *value, const struct kernel_param *kp)
{
	struct odd second = { .kind = -2, .number = 0x00070008, .name = "second" };
	struct odd first = {
		.kind = 1,
		.number = 0x00050006,
		.three = 5,
		.five = -7,
		.forty = 0x1234567890ULL,
		.yes = true,
		.port = cpu_to_be16(443),
		.name = "eight ch",
		.table = { [2] = { .first = 77, .second = -78 } },
		.next = &second,
	};
	LIST_HEAD(head);
	/* Of functions that are called with constants, clang makes clones. */
	struct list_head *volatile none = NULL;
	struct odd *volatile nowhere = (struct odd *)16;

	list_add_tail(&first.list, &head);
	list_add_tail(&second.list, &head);
	types_target_eight(-1, 200, -3, -4, 4000000000U, 0x123456789abcdefULL, -7, -8);
	types_target_by_value(-1, (struct two){ .first = -2, .second = -3 }, 'x');
	types_target_large(-1, (struct large){ .words = { 2, 3, 4 } }, 5);
	types_target_ten(1, 2, 3, 4, 5, (struct two){ 6, 7 }, 8, (struct two){ 9, 10 }, 11);
	types_target_is_odd(7);
	types_target_is_odd(8);
	types_target_recursive(3);
	types_target_two(21);
	types_target_no_registers(1);
	types_target_members(&first, &head);
	types_target_members(nowhere, none);
	types_target_no_result(true, -5);
	return 0;
}

static const struct kernel_param_ops run_ops = { .set = run };
module_param_cb(run, &run_ops, NULL, 0200);

MODULE_DESCRIPTION("Functions with all kinds of arguments");
MODULE_LICENSE("GPL");
