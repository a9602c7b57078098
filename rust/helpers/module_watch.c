// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Modules that come and go. Callbacks run with watches_lock held, inside the notifier; so the notifier itself is
 * registered and unregistered under a lock of its own.
 */
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include <rprobes/module_watch.h>

static LIST_HEAD(watches);
static DEFINE_MUTEX(watches_lock);
/* Nothing comes into the list any more. */
static bool watches_closed;
static unsigned int watchers;
static DEFINE_MUTEX(watchers_lock);

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;
	struct rprobes_watch *watch;

	mutex_lock(&watches_lock);
	list_for_each_entry(watch, &watches, link)
		if (!strcmp(watch->module, mod->name))
			watch->event(watch, event != MODULE_STATE_GOING);
	mutex_unlock(&watches_lock);
	return NOTIFY_DONE;
}

/* After kprobes' own, which learns what may not be probed in a module that comes, and drops the probes of one that goes. */
static struct notifier_block module_notifier = { .notifier_call = module_event, .priority = -1 };

static void module_notifier_put(void)
{
	mutex_lock(&watchers_lock);
	if (!--watchers)
		unregister_module_notifier(&module_notifier);
	mutex_unlock(&watchers_lock);
}

/* Whether a module of that name is loaded; -EEXIST if it is no module, but part of the kernel. */
static int module_is_loaded(const char *name)
{
	struct kset *modules = THIS_MODULE->mkobj.kobj.kset;
	struct kobject *kobj;
	struct module *mod;
	int ret = -EEXIST;

	/* There is none without CONFIG_SYSFS. */
	if (!modules)
		return -EOPNOTSUPP;
	kobj = kset_find_obj(modules, name);
	if (!kobj)
		return 0;
	/* A module is not freed while somebody has its kobject. */
	mod = container_of(kobj, struct module_kobject, kobj)->mod;
	if (mod) {
		enum module_state state = READ_ONCE(mod->state);

		ret = state == MODULE_STATE_LIVE || state == MODULE_STATE_COMING;
	}
	kobject_put(kobj);
	return ret;
}

/* Calls @watch->event now if the module is loaded, and from now on whenever it comes or goes. */
int rprobes_watch_link(struct rprobes_watch *watch)
{
	int ret = 0;

	mutex_lock(&watchers_lock);
	if (!watchers)
		ret = register_module_notifier(&module_notifier);
	if (!ret)
		watchers++;
	mutex_unlock(&watchers_lock);
	if (ret)
		return ret;

	mutex_lock(&watches_lock);
	ret = watches_closed ? -ESHUTDOWN : module_is_loaded(watch->module);
	if (ret >= 0)
		list_add(&watch->link, &watches);
	if (ret > 0) {
		watch->event(watch, true);
		/* If it was just going away, what happened says nothing. When it comes back, that is announced. */
		if (module_is_loaded(watch->module) <= 0)
			watch->event(watch, false);
	}
	mutex_unlock(&watches_lock);
	if (ret < 0)
		module_notifier_put();
	return min(ret, 0);
}

/* Its callback is not called any more after this. */
void rprobes_watch_unlink(struct rprobes_watch *watch)
{
	bool linked;

	mutex_lock(&watches_lock);
	linked = !list_empty(&watch->link);
	list_del_init(&watch->link);
	mutex_unlock(&watches_lock);
	if (linked)
		module_notifier_put();
}

/* When the module goes. */
void rprobes_watch_drain(void)
{
	struct rprobes_watch *watch;

	for (;;) {
		mutex_lock(&watches_lock);
		watches_closed = true;
		watch = list_first_entry_or_null(&watches, struct rprobes_watch, link);
		if (watch)
			list_del_init(&watch->link);
		mutex_unlock(&watches_lock);
		if (!watch)
			return;
		module_notifier_put();
	}
}
