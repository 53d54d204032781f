// SPDX-License-Identifier: MIT
/*
 * barlease peek: read words through a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "lease.h"
#include "number.h"

/* More than anybody reads by hand, and less than overflows something */
#define MOST_WORDS	(1ull << 28)

static int print_words(const struct verb *verb, const struct target *target,
		       const volatile char *words, uint64_t offset,
		       uint64_t count)
{
	unsigned int width = target->width;
	uint64_t i, value;
	int ret;

	for (i = 0; i < count; i++, offset += width) {
		ret = target_result(verb, offset,
				    target_read(target, words + i * width,
						&value));
		if (ret)
			return ret;
		printf("0x%08" PRIx64 ": 0x%0*" PRIx64 "\n", offset,
		       (int)width * 2, value);
	}
	return EXIT_SUCCESS;
}

static int peek(const struct verb *verb, const struct options *options,
		int argc, char **argv)
{
	volatile char *words;
	struct target target;
	uint64_t offset, count = 1;
	int ret;

	if (!parse_number(argv[0], UINT64_MAX, &offset))
		return misused(verb, "\"%s\" is no offset, as 0x1000 is one",
			       argv[0]);
	if (argc > 1 && (!parse_number(argv[1], MOST_WORDS, &count) || !count))
		return misused(verb, "\"%s\" is no number of words, from 1 on",
			       argv[1]);
	ret = target_open(verb, options, &target);
	if (ret)
		return ret;
	ret = target_map(verb, &target, offset, count, BARLEASE_READ_ONLY,
			 &words);
	if (!ret) {
		ret = print_words(verb, &target, words, offset, count);
		target_unmap(&target, words, count);
	}
	target_close(&target);
	return ret;
}

const struct verb peek_verb = {
	.name = "peek",
	.operands = "OFFSET [COUNT]",
	.summary = "read words through a lease",
	.details =
"OFFSET is in the lease and in bytes, a multiple of the width of a word. An\n"
"offset that is not in the lease is refused before anything is read. Reading may\n"
"have effects: that is up to the device.\n",
	.examples =
"  barlease peek --slice doorbell 0\n"
"  barlease peek --slice doorbell --width 8 3\n"
"  barlease acquire doorbell -- barlease peek 0x10 4\n",
	.takes = OPT_SLICE | OPT_SOCKET | OPT_WIDTH,
	.min = 1,
	.max = 2,
	.run = peek,
};
