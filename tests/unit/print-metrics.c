// SPDX-License-Identifier: MIT
/*
 * For unit-metrics: the metrics of a broker that has answered these lines
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static const char *const lines[] = {
	"device name=0000:03:00.0 state=open",
	"device name=0000:04:00.0 state=away why=it_is_not_there",
	"slice name=door-0 group=door device=0000:03:00.0 bar=2 size=4096 max=1 holders=1",
	"slice name=page group=- device=0000:03:00.0 bar=2 size=8192 max=0 holders=3 dma=65536",
	/* As no broker of ours would say it */
	"slice name=a\"b\\c\xff group=- device=0000:03:00.0 bar=2 size=4096 max=2 holders=0",
	"lease id=7 slice=page state=held mapped=4096 vectors=2",
	"lease id=8 slice=door-0 state=held",
	"lease id=9 slice=page state=kept",
	"lease id=10 slice=page state=held mapped=8192 listener=inner",
	"lease id=11 slice=door-1 state=held listener=grant-web",
	"lease id=12 slice=door-2 state=paused listener=grant-mail",
	"lease id=13 slice=door-2 state=kept listener=grant-mail",
	"grant name=mail path=/run/barlease/grants/mail/run/socket slices=door",
	"grant name=web path=- slices=door,page ends=1700000000",
	"counter name=acquired value=18446744073709551615",
	"counter name=ended reason=released value=5",
	"counter name=ended reason=gone value=0",
	"counter name=resets result=ok value=3",
	"counter name=something-new value=1",
};

static struct records *list_of(struct metrics *metrics, const char *word)
{
	if (!strcmp(word, "device"))
		return &metrics->devices;
	if (!strcmp(word, "slice"))
		return &metrics->slices;
	if (!strcmp(word, "lease"))
		return &metrics->leases;
	if (!strcmp(word, "grant"))
		return &metrics->grants;
	return &metrics->counters;
}

int main(void)
{
	struct metrics metrics = { .up = true };
	struct record record;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (record_parse(lines[i], &record) ||
		    records_add(list_of(&metrics, record.word), &record))
			return EXIT_FAILURE;
	metrics_print(&metrics, stdout);
	records_free(&metrics.devices);
	records_free(&metrics.slices);
	records_free(&metrics.leases);
	records_free(&metrics.grants);
	records_free(&metrics.counters);
	return EXIT_SUCCESS;
}
