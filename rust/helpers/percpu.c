// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Memory: words that each CPU has its own copy of, zero at first; and how much there may be of other memory.
 */
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>

#include <rprobes/percpu.h>

u64 *rprobes_percpu_alloc(size_t count)
{
	return (u64 *)(unsigned long __force)__alloc_percpu(count * sizeof(u64), sizeof(u64));
}

void rprobes_percpu_free(u64 *words)
{
	free_percpu((u64 __percpu *)(unsigned long)words);
}

void rprobes_percpu_add(u64 *word, u64 n)
{
	this_cpu_add(*(u64 __percpu *)(unsigned long)word, n);
}
NOKPROBE_SYMBOL(rprobes_percpu_add);

u64 rprobes_percpu_read(u64 *word)
{
	return this_cpu_read(*(u64 __percpu *)(unsigned long)word);
}
NOKPROBE_SYMBOL(rprobes_percpu_read);

/* What another CPU has, or will have: nothing if there cannot be such a one. */
void rprobes_percpu_set(u64 *word, unsigned int cpu, u64 value)
{
	if (cpu_possible(cpu))
		WRITE_ONCE(*per_cpu_ptr((u64 __percpu *)(unsigned long)word, cpu), value);
}

u64 rprobes_percpu_sum(const u64 *word)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr((const u64 __percpu *)(unsigned long)word, cpu));
	return sum;
}

/* Whether so much memory can be had without taking it from everybody else: half of what is there, at most. */
bool rprobes_may_take(size_t bytes)
{
	return bytes >> PAGE_SHIFT < max(si_mem_available(), 0L) / 2;
}
