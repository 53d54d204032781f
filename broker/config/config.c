// SPDX-License-Identifier: MIT
/*
 * What a configuration holds, once it is understood
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "config.h"

#define DEFAULT_LOCK_DIRECTORY	"/run/barlease"

int config_add_word(struct config_words *words, const char *text)
{
	char **slot = array_add(&words->list, &words->nr, sizeof(*slot));

	if (slot)
		*slot = strdup(text);
	if (slot && *slot)
		return 0;
	words->nr -= !!slot;
	return -ENOMEM;
}

void config_free_words(struct config_words *words)
{
	for (size_t i = 0; i < words->nr; i++)
		free(words->list[i]);
	free(words->list);
	*words = (struct config_words){ 0 };
}

static void free_who(struct config_who *who)
{
	free(who->users.ids);
	free(who->groups.ids);
	config_free_words(&who->units);
	config_free_words(&who->cgroups);
}

static void free_rule(struct config_rule *rule)
{
	free(rule->ranges);
	free_who(&rule->who);
}

static void free_listener(struct config_listener *listener)
{
	free(listener->socket);
	config_free_words(&listener->slices);
	free_who(&listener->who);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->nr_rules; i++)
		free_rule(&config->rules[i]);
	for (size_t i = 0; i < config->nr_devices; i++)
		free(config->devices[i].vf_token_file);
	for (size_t i = 0; i < config->nr_listeners; i++)
		free_listener(&config->listeners[i]);
	free(config->listeners);
	free(config->broker.socket);
	free(config->broker.admin);
	free(config->broker.monitor);
	free(config->broker.lock_directory);
	free(config->devices);
	free(config->rules);
	free(config->slices);
	free(config->by_name);
	config_free_errors(&config->warnings);
	free(config);
}

static int against_name(const void *name, const void *element)
{
	const struct config_slice *const *slice = element;

	return strcmp(name, (*slice)->name);
}

const struct config_slice *config_find(const struct config *config,
				       const char *name)
{
	const struct config_slice *const *found;

	if (!config->nr_slices)
		return NULL;
	found = bsearch(name, config->by_name, config->nr_slices,
			sizeof(struct config_slice *), against_name);
	return found ? *found : NULL;
}

const struct config_listener *config_listener(const struct config *config,
					      const char *name)
{
	for (size_t i = 0; i < config->nr_listeners; i++)
		if (!strcmp(config->listeners[i].name, name))
			return &config->listeners[i];
	return NULL;
}

static bool sees_cgroups(const struct config_who *who)
{
	return who->units.nr || who->cgroups.nr;
}

bool config_sees_cgroups(const struct config *config)
{
	for (size_t i = 0; i < config->nr_rules; i++)
		if (sees_cgroups(&config->rules[i].who))
			return true;
	for (size_t i = 0; i < config->nr_listeners; i++)
		if (sees_cgroups(&config->listeners[i].who))
			return true;
	return false;
}

bool config_has(const struct config *config, const char *name)
{
	if (config_find(config, name))
		return true;
	for (size_t i = 0; i < config->nr_rules; i++)
		if (config->rules[i].count &&
		    !strcmp(config->rules[i].name, name))
			return true;
	return false;
}

bool config_is_of(const struct config_slice *slice,
		  const struct config_words *names)
{
	const char *group = config_group_of(slice);

	for (size_t i = 0; i < names->nr; i++)
		if (!strcmp(slice->name, names->list[i]) ||
		    (group && !strcmp(group, names->list[i])))
			return true;
	return false;
}

const char *config_locks(const struct config *config)
{
	return config->broker.lock_directory ?: DEFAULT_LOCK_DIRECTORY;
}

const struct config_device *config_device_of(const struct config *config,
					     const struct config_slice *slice)
{
	return &config->devices[slice->rule->device];
}

const char *config_group_of(const struct config_slice *slice)
{
	return slice->rule->count ? slice->rule->name : NULL;
}

struct barlease_range config_range_of(const struct config_slice *slice,
				      size_t i)
{
	struct barlease_range range = slice->rule->ranges[i];

	range.offset += slice->shift;
	return range;
}

uint64_t config_size_of(const struct config_slice *slice)
{
	uint64_t size = 0;

	for (size_t i = 0; i < slice->rule->nr_ranges; i++)
		size += slice->rule->ranges[i].length;
	return size;
}

static bool same_ranges(const struct config_slice *a,
			const struct config_slice *b)
{
	if (a->rule->nr_ranges != b->rule->nr_ranges)
		return false;
	for (size_t i = 0; i < a->rule->nr_ranges; i++) {
		struct barlease_range x = config_range_of(a, i);
		struct barlease_range y = config_range_of(b, i);

		if (x.offset != y.offset || x.length != y.length)
			return false;
	}
	return true;
}

static bool same_group(const struct config_slice *a,
		       const struct config_slice *b)
{
	const char *x = config_group_of(a), *y = config_group_of(b);

	return x && y ? !strcmp(x, y) : x == y;
}

static bool same_dma(const struct config_rule *a, const struct config_rule *b)
{
	return a->dma == b->dma && a->dma_align == b->dma_align &&
	       a->dma_base == b->dma_base;
}

bool config_same_slice(const struct config *a, const struct config_slice *in_a,
		       const struct config *b, const struct config_slice *in_b)
{
	const struct config_rule *x = in_a->rule, *y = in_b->rule;

	return !strcmp(config_device_of(a, in_a)->bdf,
		       config_device_of(b, in_b)->bdf) &&
	       x->bar == y->bar && x->flags == y->flags &&
	       x->memattr == y->memattr && x->max_holders == y->max_holders &&
	       in_a->first_vector == in_b->first_vector &&
	       x->nr_vectors == y->nr_vectors && same_dma(x, y) &&
	       same_group(in_a, in_b) && same_ranges(in_a, in_b);
}
