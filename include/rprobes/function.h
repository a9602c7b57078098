/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Probes on functions, as ftrace calls them: rust/helpers/function.c
 */
#ifndef _RPROBES_FUNCTION_H
#define _RPROBES_FUNCTION_H

#include <linux/fprobe.h>
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/types.h>

#if defined(CONFIG_DYNAMIC_FTRACE) && (defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) || defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS))
#define RPROBES_FTRACE
#endif
/* Until Linux 6.14 arm64 has no exits of fprobes. */
#if defined(RPROBES_FTRACE) && defined(CONFIG_FPROBE) && \
	(defined(CONFIG_RETHOOK) || defined(MAX_FPROBE_DATA_SIZE))
#define RPROBES_FPROBE
#endif

#ifdef RPROBES_FPROBE
#ifdef MAX_FPROBE_DATA_SIZE
typedef struct ftrace_regs rprobes_fprobe_regs_t;
#else
typedef struct pt_regs rprobes_fprobe_regs_t;
#endif
typedef int (*rprobes_fprobe_entry_t)(struct fprobe *fprobe, unsigned long entry_ip, unsigned long ret_ip,
				      rprobes_fprobe_regs_t *regs, void *data);
#endif

enum {
#ifdef RPROBES_FTRACE
	RPROBES_HAS_FTRACE = 1,
#else
	RPROBES_HAS_FTRACE = 0,
#endif
#if defined(RPROBES_FTRACE) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
	RPROBES_HAS_DIRECT = 1,
#else
	RPROBES_HAS_DIRECT = 0,
#endif
#ifdef RPROBES_FPROBE
	/* Before Linux 6.5 its handlers lack what is needed here. */
	RPROBES_HAS_FPROBE = __builtin_types_compatible_p(typeof(((struct fprobe *)0)->entry_handler), rprobes_fprobe_entry_t),
#else
	RPROBES_HAS_FPROBE = 0,
#endif
#ifdef MAX_FPROBE_DATA_SIZE
	RPROBES_FPROBE_DATA_MAX = MAX_FPROBE_DATA_SIZE,
	/* Handlers get a &struct ftrace_regs; before Linux 6.14, a &struct pt_regs. */
	RPROBES_FPROBE_HAS_FTRACE_REGS = 1,
#else
	RPROBES_FPROBE_DATA_MAX = 4096,
	RPROBES_FPROBE_HAS_FTRACE_REGS = 0,
#endif
};

/**
 * struct rprobes_function - what ftrace needs to know of a probe
 * @ops: first, so that what ftrace passes to a callback is also this
 * @fprobe: the kernel's own probe on functions
 * @direct: the trampoline
 */
struct rprobes_function {
#ifdef RPROBES_FTRACE
	struct ftrace_ops ops;
#endif
#ifdef RPROBES_FPROBE
	struct fprobe fprobe;
#endif
	unsigned long direct;
};

enum {
#ifdef RPROBES_FPROBE
	RPROBES_FUNCTION_FPROBE = offsetof(struct rprobes_function, fprobe),
#else
	RPROBES_FUNCTION_FPROBE = 0,
#endif
};

bool rprobes_ftrace_is_off(void);
void rprobes_sort(unsigned long *addresses, size_t count);

/* Whether ftrace can call something at each of @count @functions, in their place. */
void rprobes_ftrace_takes(unsigned long *functions, bool *takes, size_t count);

int rprobes_ops_prepare(struct rprobes_function *function, const void *callback, unsigned long *functions, size_t count);
int rprobes_ops_register(struct rprobes_function *function);
void rprobes_ops_unregister(struct rprobes_function *function);
int rprobes_direct_prepare(struct rprobes_function *function, unsigned long trampoline, unsigned long address);
int rprobes_direct_register(struct rprobes_function *function);
void rprobes_direct_unregister(struct rprobes_function *function);
void rprobes_ops_free(struct rprobes_function *function);
int rprobes_fprobe_register(struct rprobes_function *function, const void *entry, const void *exit, size_t data_size,
			    int maxactive, unsigned long *functions, size_t count);
unsigned long rprobes_fprobe_unregister(struct rprobes_function *function);
unsigned long rprobes_fprobe_missed(const struct rprobes_function *function);

struct pt_regs *rprobes_ftrace_regs(void *fregs, struct pt_regs *regs, bool returned);

int rprobes_module_get(const char *name, unsigned long function, void **module);
void rprobes_module_put(void *module);

#endif /* _RPROBES_FUNCTION_H */
