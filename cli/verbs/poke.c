// SPDX-License-Identifier: MIT
/*
 * barlease poke: write a word through a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "lease.h"
#include "number.h"

static int poke(const struct verb *verb, const struct options *options,
		int argc, char **argv)
{
	volatile char *word = NULL;
	struct target target;
	uint64_t offset, value, most;
	int ret;

	(void)argc;
	if (!parse_number(argv[0], UINT64_MAX, &offset))
		return misused(verb, "\"%s\" is no offset, as 0x1000 is one",
			       argv[0]);
	if (!parse_number(argv[1], UINT64_MAX, &value))
		return misused(verb, "\"%s\" is no value, as 0x10 is one",
			       argv[1]);
	ret = target_open(verb, options, &target);
	if (ret)
		return ret;
	most = UINT64_MAX >> (64 - target.width * 8);
	if (value > most)
		ret = misused(verb, "\"%s\" is no value from 0 to %#" PRIx64,
			      argv[1], most);
	else
		ret = target_map(verb, &target, offset, 1, 0, &word);
	if (!ret) {
		ret = target_result(verb, offset,
				    target_write(&target, word, value));
		target_unmap(&target, word, 1);
	}
	target_close(&target);
	return ret;
}

const struct verb poke_verb = {
	.name = "poke",
	.operands = "OFFSET VALUE",
	.summary = "write a word through a lease",
	.details =
"OFFSET is in the lease and in bytes, a multiple of the word's width. An offset\n"
"that is not in the lease, and a read-only lease, are refused before anything is\n"
"written.\n",
	.examples =
"  barlease poke --slice doorbell 0 1\n"
"  barlease poke --slice doorbell --width 64 8 0x100000000\n"
"  barlease acquire doorbell -- barlease poke 0x10 0xdeadbeef\n",
	.takes = OPT_SLICE | OPT_SOCKET | OPT_WIDTH,
	.min = 2,
	.max = 2,
	.run = poke,
};
