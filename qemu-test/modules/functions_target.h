/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Functions to be probed: functions_target.c
 */
struct functions_target_two {
	long first;
	long second;
};

struct functions_target_large {
	long words[3];
};

unsigned long functions_target_add(unsigned long a, unsigned long b);
int functions_target_negative(int n);
void functions_target_nothing(unsigned long *seen);
struct functions_target_two functions_target_two(long first, long second);
unsigned long functions_target_sum(unsigned long n);
long functions_target_six(long a, long b, long c, long d, long e, long f);
long functions_target_ten(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j);
long functions_target_large(int before, struct functions_target_large value, int after);
void functions_target_reached(void);
unsigned long functions_target_sleep(unsigned long n);
void functions_target_run_exit(void);
unsigned long functions_target_call_many(void);
