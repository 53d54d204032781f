// SPDX-License-Identifier: MIT
/*
 * barlease poke: write a 32-bit word through a lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>

#include "cli.h"
#include "lease.h"
#include "number.h"

static int poke(const struct verb *verb, const struct options *options,
		int argc, char **argv)
{
	volatile uint32_t *word;
	struct target target;
	uint64_t offset, value;
	int ret;

	(void)argc;
	if (!parse_number(argv[0], UINT64_MAX, &offset))
		return misused(verb, "\"%s\" is no offset, as 0x1000 is one",
			       argv[0]);
	if (!parse_number(argv[1], UINT32_MAX, &value))
		return misused(verb, "\"%s\" is no value from 0 to 0xffffffff",
			       argv[1]);
	ret = target_open(verb, options, &target);
	if (ret)
		return ret;
	ret = target_map(verb, &target, offset, 1, 0, &word);
	if (!ret) {
		ret = target_result(verb, offset,
				    barlease_write32(word, (uint32_t)value));
		target_unmap(word, 1);
	}
	target_close(&target);
	return ret;
}

const struct verb poke_verb = {
	.name = "poke",
	.operands = "OFFSET VALUE",
	.summary = "write a 32-bit word through a lease",
	.details =
"OFFSET is in the lease and in bytes, a multiple of 4. An offset that is not in\n"
"the lease, and a read-only lease, are refused before anything is written.\n",
	.examples =
"  barlease poke --slice doorbell 0 1\n"
"  barlease acquire doorbell -- barlease poke 0x10 0xdeadbeef\n",
	.takes = OPT_SLICE | OPT_SOCKET,
	.min = 2,
	.max = 2,
	.run = poke,
};
