// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Looking symbols up, by name or one after the other. The kernel has functions for both and exports none of them;
 * the code at which this module may plant probes includes them, and register_kprobe() finds the address of whatever
 * it is to probe. So they are looked up that way, once.
 */
#include <linux/ctype.h>
#include <linux/glob.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/objtool.h>
#ifdef CONFIG_X86
#include <asm/linkage.h>
#endif

#include <rprobes/kallsyms.h>

/* kallsyms_on_each_match_symbol(), which the first releases of 6.1 lack, and so on. */
static const void *on_each_match, *on_each, *module_on_each;
static DEFINE_MUTEX(lookup_lock);

/*
 * CALL(function, a, b, c): calls one of them; all take up to three pointers and return an int.
 *
 * On x86 nobody may branch to a function whose address the kernel itself never takes: its landing pad (ENDBR) and its
 * CFI preamble are sealed at boot. A return needs neither; it is mispredicted, which does not matter here.
 */
#ifdef CONFIG_X86_64
int rprobes_kallsyms_call(const void *a, const void *b, const void *c, const void *function);
asm(".pushsection .text\n"
    ".type rprobes_kallsyms_call, @function\n"
    "rprobes_kallsyms_call:\n"
    "	push %rcx\n"
    "	" ASM_RET "\n"
    ".size rprobes_kallsyms_call, . - rprobes_kallsyms_call\n"
    ".popsection");
STACK_FRAME_NON_STANDARD(rprobes_kallsyms_call);
#else
static int __nocfi rprobes_kallsyms_call(const void *a, const void *b, const void *c, const void *function)
{
	return ((int (*)(const void *, const void *, const void *))function)(a, b, c);
}
#endif
#define CALL(function, a, b, c) rprobes_kallsyms_call(a, b, c, function)
#define CALL2(function, a, b) rprobes_kallsyms_call(a, b, NULL, function)

/* Until Linux 6.3 the callbacks of two of them are passed the module, too. */
typedef int each_with_module(void *data, const char *name, struct module *module, unsigned long address);
#define EACH_HAS_MODULE __same_type(kallsyms_on_each_symbol, int (each_with_module *, void *))
/* Until Linux 6.2 the one for modules takes no name of a module. */
#define MODULE_EACH_HAS_NO_NAME __same_type(module_kallsyms_on_each_symbol, int (each_with_module *, void *))
#define MODULE_EACH_HAS_MODULE \
	(MODULE_EACH_HAS_NO_NAME || \
	 __same_type(module_kallsyms_on_each_symbol, int (const char *, each_with_module *, void *)))

static bool begins_at(const char *name, unsigned long address)
{
	char symbol[KSYM_SYMBOL_LEN];
	size_t len = strlen(name);

	sprint_symbol(symbol, address);
	return !strncmp(symbol, name, len) && !strncmp(symbol + len, "+0x0/", 5);
}

/*
 * The address of a function of the kernel, or NULL. register_kprobe() refuses a probe at these offsets, but not before
 * it has looked the name up: the first leads from the kernel's code into its constants, which is refused before
 * anything is searched for, but unknown to a kernel without CONFIG_KALLSYMS_ALL; the other leads into the middle of an
 * instruction. Should one be accepted after all, it is disabled, and goes at once.
 */
static void *address_of(const char *name)
{
	unsigned int offsets[] = { (unsigned long)_ctype - (unsigned long)register_kprobe, 1 }, i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct kprobe kp = { .symbol_name = name, .offset = offsets[i], .flags = KPROBE_FLAG_DISABLED };

		if (!register_kprobe(&kp))
			unregister_kprobe(&kp);
		if (kp.addr && begins_at(name, (unsigned long)kp.addr - kp.offset))
			return (void *)kp.addr - kp.offset;
	}
	return NULL;
}

static int take_address(void *data, unsigned long address)
{
	*(void **)data = (void *)address;
	return 1;
}

/* The first by a probe, and the others by the first. */
static bool can_look_up(void)
{
	bool can;

	mutex_lock(&lookup_lock);
	if (!on_each_match) {
		on_each_match = address_of("kallsyms_on_each_match_symbol");
		if (on_each_match) {
			CALL(on_each_match, take_address, "kallsyms_on_each_symbol", &on_each);
			CALL(on_each_match, take_address, "module_kallsyms_on_each_symbol", &module_on_each);
		}
	}
	can = on_each_match && on_each && module_on_each;
	mutex_unlock(&lookup_lock);
	return can;
}

struct find {
	const char *name;
	const char *module;
	void (*found)(void *data, unsigned long address);
	void *data;
	unsigned int count;
};

static int find_found(void *data, unsigned long address)
{
	struct find *find = data;

	find->count++;
	find->found(find->data, address);
	return 0;
}

static int find_in_module(void *data, const char *name, unsigned long address)
{
	struct find *find = data;

	return strcmp(name, find->name) ? 0 : find_found(data, address);
}

static int find_with_module(void *data, const char *name, struct module *module, unsigned long address)
{
	struct find *find = data;

	return find->module && strcmp(module->name, find->module) ? 0 : find_in_module(data, name, address);
}

/*
 * Calls @found with the address of each symbol called @name: those of the module @module; or, if that is NULL, those
 * of the kernel, and if there are none, those of any module. In the order of the symbol table, from which livepatch
 * counts its positions, too. Process context.
 */
int rprobes_kallsyms_find(const char *name, const char *module, void (*found)(void *data, unsigned long address),
			  void *data)
{
	struct find find = { .name = name, .module = module, .found = found, .data = data };

	if (!can_look_up())
		return -EOPNOTSUPP;
	if (!module)
		CALL(on_each_match, find_found, name, &find);
	if (find.count)
		return 0;
	if (MODULE_EACH_HAS_NO_NAME)
		CALL2(module_on_each, find_with_module, &find);
	else if (MODULE_EACH_HAS_MODULE)
		CALL(module_on_each, module, find_with_module, &find);
	else
		CALL(module_on_each, module, find_in_module, &find);
	return 0;
}

struct each {
	const char *pattern;
	const char *module;
	bool (*visit)(void *data, const char *name, unsigned long address);
	void *data;
};

static int each_symbol(void *data, const char *name, unsigned long address)
{
	struct each *each = data;

	if (each->pattern && !rprobes_glob(each->pattern, name))
		return 0;
	return !each->visit(each->data, name, address);
}

static int each_symbol_with_module(void *data, const char *name, struct module *module, unsigned long address)
{
	struct each *each = data;

	return each->module && strcmp(module->name, each->module) ? 0 : each_symbol(data, name, address);
}

/* Whether @name is like @pattern, which is a name with `*`, `?` and `[a-z]`. */
bool rprobes_glob(const char *pattern, const char *name)
{
#ifdef CONFIG_GLOB
	return glob_match(pattern, name);
#else
	return !strcmp(pattern, name);
#endif
}

/*
 * Calls @visit for each symbol of the module @module, or of the kernel if that is NULL, that is like @pattern, if that is
 * not NULL, until it returns false. Process context.
 */
int rprobes_kallsyms_each(const char *pattern, const char *module,
			  bool (*visit)(void *data, const char *name, unsigned long address), void *data)
{
	struct each each = { .pattern = pattern, .module = module, .visit = visit, .data = data };

	if (!can_look_up())
		return -EOPNOTSUPP;
	if (module) {
		if (MODULE_EACH_HAS_NO_NAME)
			CALL2(module_on_each, each_symbol_with_module, &each);
		else if (MODULE_EACH_HAS_MODULE)
			CALL(module_on_each, module, each_symbol_with_module, &each);
		else
			CALL(module_on_each, module, each_symbol, &each);
	} else if (EACH_HAS_MODULE) {
		CALL2(on_each, each_symbol_with_module, &each);
	} else {
		CALL2(on_each, each_symbol, &each);
	}
	return 0;
}
