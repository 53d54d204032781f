// SPDX-License-Identifier: MIT
/*
 * Any bytes as a configuration: it is understood, or refused with a reason, and
 * what was understood holds together
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every other name is known. */
static int look_up(const char *name, uint32_t *id)
{
	*id = name[0];
	return name[0] & 1 ? -1 : 0;
}

static void expect(bool good)
{
	if (!good)
		abort();
}

static void check_slice(const struct config *config,
			const struct config_slice *slice)
{
	const struct config_rule *rule = slice->rule;

	expect(config_find(config, slice->name) == slice);
	expect(strlen(slice->name) && strlen(slice->name) < BARLEASE_NAME_MAX);
	expect(rule->device < config->nr_devices);
	expect(rule->bar < BARLEASE_BARS);
	expect(rule->nr_ranges);
	expect(config_same_slice(config, slice, config, slice));
	for (size_t i = 0; i < rule->nr_ranges; i++) {
		struct barlease_range range = config_range_of(slice, i);

		expect(!((range.offset | range.length) % config_page()));
		expect(range.length);
		expect(range.offset <= INT64_MAX);
		expect(range.length <= INT64_MAX - range.offset);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_names names = { look_up, look_up };
	struct config_errors errors = { 0 };
	struct config *config = NULL;
	int ret;

	ret = config_parse((const char *)data, size, &names, &config, &errors);
	expect(!ret == !!config);
	expect(!ret == !errors.nr);
	if (config)
		for (size_t i = 0; i < config->nr_slices; i++)
			check_slice(config, &config->slices[i]);
	config_free(config);
	config_free_errors(&errors);
	return 0;
}
