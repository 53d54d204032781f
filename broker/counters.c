// SPDX-License-Identifier: MIT
/*
 * What has happened since the broker began, counted
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>

#include "counters.h"
#include "describe.h"

static void describe(struct text *out, const char *name, uint64_t value)
{
	text_add(out, "counter name=%s value=%" PRIu64 "\n", name, value);
}

static void describe_result(struct text *out, const char *name, uint64_t ok,
			    uint64_t failed)
{
	text_add(out, "counter name=%s result=ok value=%" PRIu64 "\n", name, ok);
	text_add(out, "counter name=%s result=failed value=%" PRIu64 "\n", name,
		 failed);
}

void counters_describe(struct text *out, const struct counters *counters)
{
	describe(out, "acquired", counters->acquired);
	for (int i = BARLEASE_RELEASED; i < COUNTERS_REASONS; i++)
		text_add(out,
			 "counter name=ended reason=%s value=%" PRIu64 "\n",
			 describe_reason(i), counters->ended[i]);
	describe(out, "refused", counters->refused);
	describe_result(out, "resets", counters->resets,
			counters->resets_failed);
	describe_result(out, "reloads", counters->reloads,
			counters->reloads_refused);
	describe(out, "devices-gone", counters->gone);
	describe(out, "devices-back", counters->back);
}
