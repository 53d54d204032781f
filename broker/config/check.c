// SPDX-License-Identifier: MIT
/*
 * The configuration as a whole: which device, which slices a template makes,
 * and which of them get in each other's way
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void find_device(struct config_parser *parser, struct config_rule *rule)
{
	struct config *config = parser->config;

	if (!rule->device_bdf[0]) {
		if (config->nr_devices > 1)
			config_complain(parser->errors, rule->line,
					"[slice %s] needs device=, for there are %zu devices",
					rule->name, config->nr_devices);
		return;
	}
	for (size_t i = 0; i < config->nr_devices; i++) {
		if (!strcmp(config->devices[i].bdf, rule->device_bdf)) {
			rule->device = i;
			return;
		}
	}
	config_complain(parser->errors, rule->line,
			"[slice %s] is of %s, for which there is no section [device %s]",
			rule->name, rule->device_bdf, rule->device_bdf);
}

/* How many slices the rule makes */
static uint32_t number_of(const struct config_rule *rule)
{
	return rule->count ?: 1;
}

static uint64_t last_byte(const struct config_rule *rule)
{
	uint64_t last = 0;

	for (size_t i = 0; i < rule->nr_ranges; i++) {
		const struct barlease_range *range = &rule->ranges[i];

		if (range->offset + range->length > last)
			last = range->offset + range->length;
	}
	return last;
}

static void check_template(struct config_parser *parser,
			   const struct config_rule *rule)
{
	uint64_t most = (INT64_MAX - last_byte(rule)) / (rule->stride ?: 1);
	int length = snprintf(NULL, 0, "%s-%" PRIu32, rule->name,
			      number_of(rule) - 1);

	if (number_of(rule) - 1 > most)
		config_complain(parser->errors, rule->line,
				"[slice %s]: with this stride, count=%" PRIu64
				" is the most; the rest would be where no BAR can",
				rule->name, most + 1);
	if (rule->count && length >= BARLEASE_NAME_MAX)
		config_complain(parser->errors, rule->line,
				"the name %s-%" PRIu32 " has more than %d bytes",
				rule->name, rule->count - 1,
				BARLEASE_NAME_MAX - 1);
}

/* No device has more than MSI-X can number */
static void check_vectors(struct config_parser *parser,
			  const struct config_rule *rule)
{
	unsigned int room = BARLEASE_VECTORS_MAX - rule->first_vector;

	if (rule->nr_vectors && number_of(rule) > room / rule->nr_vectors)
		config_complain(parser->errors, rule->line,
				"[slice %s]: with %u interrupts each from %u on, count=%u is the most; a device has no more than %u",
				rule->name, rule->nr_vectors,
				rule->first_vector, room / rule->nr_vectors,
				BARLEASE_VECTORS_MAX);
}

static void check_rules(struct config_parser *parser)
{
	struct config *config = parser->config;
	uint64_t total = 0;

	if (!config->nr_devices)
		config_complain(parser->errors, 0,
				"no device; a section [device BDF] names one");
	for (size_t i = 0; i < config->nr_rules; i++) {
		struct config_rule *rule = &config->rules[i];

		if (config->nr_devices)
			find_device(parser, rule);
		check_template(parser, rule);
		check_vectors(parser, rule);
		total += number_of(rule);
		if (total > MOST_SLICES && total - number_of(rule) <= MOST_SLICES)
			config_complain(parser->errors, rule->line,
					"with [slice %s] there are more than %u slices",
					rule->name, MOST_SLICES);
	}
}

/* From here on, everything is within bounds. */
static void make_slice(struct config *config, const struct config_rule *rule,
		       uint32_t i)
{
	struct config_slice *slice = &config->slices[config->nr_slices++];
	char name[BARLEASE_NAME_MAX + sizeof("-4294967295")] = "";

	slice->rule = rule;
	slice->shift = i * rule->stride;
	slice->first_vector = rule->first_vector + i * rule->nr_vectors;
	if (rule->count)
		snprintf(name, sizeof(name), "%s-%" PRIu32, rule->name, i);
	else
		snprintf(name, sizeof(name), "%s", rule->name);
	memcpy(slice->name, name, sizeof(slice->name));
}

static int compare_names(const void *a, const void *b)
{
	const struct config_slice *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	/* Of the same name, in the order of the file */
	return order ?: (*x > *y) - (*x < *y);
}

static int make_slices(struct config *config)
{
	size_t total = 0;

	for (size_t i = 0; i < config->nr_rules; i++)
		total += number_of(&config->rules[i]);
	config->slices = calloc(total ?: 1, sizeof(*config->slices));
	config->by_name = calloc(total ?: 1, sizeof(struct config_slice *));
	if (!config->slices || !config->by_name)
		return -ENOMEM;

	config->nr_slices = 0;
	for (size_t i = 0; i < config->nr_rules; i++)
		for (uint32_t j = 0; j < number_of(&config->rules[i]); j++)
			make_slice(config, &config->rules[i], j);
	for (size_t i = 0; i < total; i++)
		config->by_name[i] = &config->slices[i];
	qsort(config->by_name, total, sizeof(struct config_slice *),
	      compare_names);
	return 0;
}

/* Two templates collide in many slices, or in none: one word is enough. */
static bool is_told(const struct config_parser *parser,
		    const struct config_rule *rule)
{
	for (size_t i = 0; i < parser->errors->nr; i++)
		if (parser->errors->list[i].line == rule->line)
			return true;
	return false;
}

static void check_names(struct config_parser *parser)
{
	const struct config *config = parser->config;

	for (size_t i = 1; i < config->nr_slices; i++) {
		const struct config_slice *a = config->by_name[i - 1];
		const struct config_slice *b = config->by_name[i];

		if (strcmp(a->name, b->name) || is_told(parser, b->rule))
			continue;
		config_complain(parser->errors, b->rule->line,
				"the name %s is taken already, in line %u",
				b->name, a->rule->line);
	}
}

/* Bytes of a BAR that belong to a slice */
struct span {
	uint64_t start;
	uint64_t end;
	const struct config_slice *slice;
};

static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	const struct config_rule *p = x->slice->rule, *q = y->slice->rule;

	if (p->device != q->device)
		return p->device < q->device ? -1 : 1;
	if (p->bar != q->bar)
		return p->bar < q->bar ? -1 : 1;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->slice > y->slice) - (x->slice < y->slice);
}

static struct span *make_spans(const struct config *config, size_t *nr)
{
	struct span *spans;

	*nr = 0;
	for (size_t i = 0; i < config->nr_slices; i++)
		*nr += config->slices[i].rule->nr_ranges;
	spans = calloc(*nr ?: 1, sizeof(*spans));
	if (!spans)
		return NULL;

	*nr = 0;
	for (size_t i = 0; i < config->nr_slices; i++) {
		const struct config_slice *slice = &config->slices[i];

		for (size_t j = 0; j < slice->rule->nr_ranges; j++) {
			struct barlease_range range = config_range_of(slice, j);

			spans[(*nr)++] = (struct span){
				range.offset, range.offset + range.length, slice
			};
		}
	}
	qsort(spans, *nr, sizeof(*spans), compare_spans);
	return spans;
}

static bool same_bar(const struct span *a, const struct span *b)
{
	return a->slice->rule->device == b->slice->rule->device &&
	       a->slice->rule->bar == b->slice->rule->bar;
}

static bool is_exclusive(const struct span *span)
{
	return span->slice->rule->flags & BARLEASE_EXCLUSIVE;
}

static void complain_overlap(struct config_parser *parser, const struct span *a,
			     const struct span *b)
{
	const struct span *exclusive = is_exclusive(a) ? a : b;
	const struct span *other = exclusive == a ? b : a;

	config_complain(parser->errors, b->slice->rule->line,
			"%s is exclusive, and shares bytes of BAR%u with %s of line %u, from %#"
			PRIx64 " on",
			exclusive->slice->name, b->slice->rule->bar,
			other->slice->name, other->slice->rule->line, b->start);
}

/*
 * The spans that reach furthest, of those that began so far: of any slice, of
 * any other slice than that one, and the same of exclusive slices only. A
 * slice's own spans may overlap; with two of each, there is one of another.
 */
struct reach {
	const struct span *far[2];
};

static void reach_further(struct reach *reach, const struct span *span)
{
	const struct span **far = reach->far;

	if (far[0] && far[0]->slice == span->slice) {
		if (span->end > far[0]->end)
			far[0] = span;
	} else if (!far[0] || span->end > far[0]->end) {
		far[1] = far[0];
		far[0] = span;
	} else if (!far[1] || span->end > far[1]->end) {
		far[1] = span;
	}
}

/* A span of another slice that has bytes of this one, or NULL */
static const struct span *reached(const struct reach *reach,
				  const struct span *span)
{
	for (int i = 0; i < 2; i++) {
		const struct span *far = reach->far[i];

		if (far && far->slice != span->slice && far->end > span->start)
			return far;
	}
	return NULL;
}

static int check_overlaps(struct config_parser *parser)
{
	struct reach any = { 0 }, exclusive = { 0 };
	struct span *spans;
	size_t nr;

	spans = make_spans(parser->config, &nr);
	if (!spans)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		struct span *span = &spans[i];
		const struct span *other;

		if (i && !same_bar(span - 1, span)) {
			any = (struct reach){ 0 };
			exclusive = any;
		}
		other = reached(is_exclusive(span) ? &any : &exclusive, span);
		if (other && !is_told(parser, span->slice->rule))
			complain_overlap(parser, other, span);
		reach_further(&any, span);
		if (is_exclusive(span))
			reach_further(&exclusive, span);
	}
	free(spans);
	return 0;
}

static int compare_vectors(const void *a, const void *b)
{
	const struct config_slice *const *x = a, *const *y = b;
	const struct config_rule *p = (*x)->rule, *q = (*y)->rule;

	if (p->device != q->device)
		return p->device < q->device ? -1 : 1;
	if ((*x)->first_vector != (*y)->first_vector)
		return (*x)->first_vector < (*y)->first_vector ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

/* Those of a device by their first one: who shares any does so with a neighbour */
static int check_shared_vectors(struct config_parser *parser)
{
	const struct config *config = parser->config;
	const struct config_slice **with, *a, *b;
	size_t nr = 0;

	with = calloc(config->nr_slices ?: 1, sizeof(struct config_slice *));
	if (!with)
		return -ENOMEM;
	for (size_t i = 0; i < config->nr_slices; i++)
		if (config->slices[i].rule->nr_vectors)
			with[nr++] = &config->slices[i];
	qsort(with, nr, sizeof(struct config_slice *), compare_vectors);
	for (size_t i = 1; i < nr; i++) {
		a = with[i - 1];
		b = with[i];
		if (a->rule->device != b->rule->device ||
		    a->first_vector + a->rule->nr_vectors <= b->first_vector ||
		    is_told(parser, b->rule))
			continue;
		config_complain(parser->errors, b->rule->line,
				"%s has interrupt %u, and so has %s of line %u; each is for one slice",
				b->name, b->first_vector, a->name,
				a->rule->line);
	}
	free(with);
	return 0;
}

static void check_listener(struct config_parser *parser,
			   const struct config_listener *listener)
{
	const struct config *config = parser->config;

	for (size_t i = 0; i < listener->slices.nr; i++)
		if (!config_has(config, listener->slices.list[i]))
			config_complain(parser->errors, listener->line,
					"[listener %s] has a slice \"%.60s\", for which there is no section [slice %.60s]",
					listener->name, listener->slices.list[i],
					listener->slices.list[i]);
}

static bool same_path(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* Of each socket there can be one */
static void check_sockets(struct config_parser *parser)
{
	const struct config *config = parser->config;
	const struct config_broker *broker = &config->broker;

	for (size_t i = 0; i < config->nr_listeners; i++) {
		const struct config_listener *a = &config->listeners[i];
		bool taken = same_path(a->socket, broker->socket) ||
			     same_path(a->socket, broker->admin) ||
			     same_path(a->socket, broker->monitor);

		for (size_t j = 0; j < i; j++)
			taken |= same_path(a->socket,
					   config->listeners[j].socket);
		if (taken)
			config_complain(parser->errors, a->line,
					"[listener %s] has socket=%s, which is another one's",
					a->name, a->socket);
	}
}

int config_check(struct config_parser *parser)
{
	int ret;

	check_rules(parser);
	/* What follows would repeat, in other words, what is wrong already. */
	if (parser->errors->nr)
		return 0;
	ret = make_slices(parser->config);
	if (ret)
		return ret;
	check_names(parser);
	for (size_t i = 0; i < parser->config->nr_listeners; i++)
		check_listener(parser, &parser->config->listeners[i]);
	check_sockets(parser);
	if (parser->errors->nr)
		return 0;
	ret = check_overlaps(parser);
	return ret ?: check_shared_vectors(parser);
}
