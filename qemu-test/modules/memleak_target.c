// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Allocates when something is written to /sys/module/memleak_target/parameters/run, and frees some of it, in each of the ways
 * that there are; and the rest when it is unloaded.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct object {
	struct object *next;
	struct rcu_head rcu;
};

static struct kmem_cache *cache;
static struct object *kept, *cached;
static void *large;
/* What the compiler must not know. */
static size_t size = 1000;
module_param(size, ulong, 0444);

static void keep(struct object **list, struct object *object)
{
	if (object) {
		object->next = *list;
		*list = object;
	}
}

noinline void memleak_target_kmalloc(int count);
noinline void memleak_target_kmalloc(int count)
{
	while (count--)
		keep(&kept, kmalloc(READ_ONCE(size), GFP_KERNEL));
}

/* As above, of a size that the compiler knows, so by another function of the kernel's. */
noinline void memleak_target_fixed(int count);
noinline void memleak_target_fixed(int count)
{
	while (count--)
		keep(&kept, kmalloc(96, GFP_KERNEL));
}

/* Too large for a slab. */
noinline void memleak_target_large(void);
noinline void memleak_target_large(void)
{
	large = kmalloc(40000, GFP_KERNEL);
}

noinline void memleak_target_cache(int count);
noinline void memleak_target_cache(int count)
{
	while (count--)
		keep(&cached, kmem_cache_alloc(cache, GFP_KERNEL));
}

/* All of that is freed. */
noinline void memleak_target_freed(int count);
noinline void memleak_target_freed(int count)
{
	void *many[32];
	int i;

	for (i = 0; i < count; i++) {
		struct object *object = kmalloc(READ_ONCE(size), GFP_KERNEL);

		kfree(kmalloc(READ_ONCE(size), GFP_KERNEL));
		if (object)
			kfree_rcu(object, rcu);
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		if (object)
			kmem_cache_free(cache, object);
	}
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!many[i])
			break;
	}
	if (i)
		kmem_cache_free_bulk(cache, i, many);
}

static int run(const char *value, const struct kernel_param *param)
{
	memleak_target_kmalloc(37);
	memleak_target_fixed(21);
	memleak_target_large();
	memleak_target_cache(53);
	memleak_target_freed(100);
	return 0;
}

static const struct kernel_param_ops run_ops = { .set = run };
module_param_cb(run, &run_ops, NULL, 0200);

/* A cache with a constructor is used by nobody else. */
static void construct(void *object)
{
}

static int __init memleak_target_init(void)
{
	cache = kmem_cache_create("memleak_target", 248, 0, 0, construct);
	return cache ? 0 : -ENOMEM;
}

static void __exit memleak_target_exit(void)
{
	struct object *object;

	while ((object = kept)) {
		kept = object->next;
		kfree(object);
	}
	while ((object = cached)) {
		cached = object->next;
		kmem_cache_free(cache, object);
	}
	kfree(large);
	kmem_cache_destroy(cache);
}

module_init(memleak_target_init);
module_exit(memleak_target_exit);
MODULE_DESCRIPTION("Allocates, and frees a part");
MODULE_LICENSE("GPL");
