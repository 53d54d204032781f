// SPDX-License-Identifier: MIT
/*
 * Any bytes as a message of the lease protocol: what is understood is the same
 * bytes again when it is said, and all else is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool good)
{
	if (!good)
		abort();
}

/* What both sides take for granted, beyond what makes the same bytes again */
static void check(const struct bl_wire_message *message)
{
	expect(!message->serial == !!(message->type & BL_WIRE_EVENT) ||
	       message->type == BL_WIRE_ERROR);
	if (message->type == BL_WIRE_ACQUIRE)
		expect(bl_wire_name_valid(message->acquire.name));
	if (message->type == BL_WIRE_LEASE)
		expect(bl_wire_name_valid(message->lease.name) &&
		       message->lease.fd == -1 && message->lease.size);
	if (message->type == BL_WIRE_SLICE_LIST)
		expect(message->slices.count <= BL_WIRE_SLICES);
	if (message->type == BL_WIRE_ERROR)
		expect(memchr(message->error.text, 0, BL_WIRE_TEXT));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bl_wire_message message;
	uint8_t again[BL_WIRE_MAX];
	int ret = bl_wire_decode(data, size, &message);

	expect(ret == 0 || ret == -EPROTO || ret == -EOPNOTSUPP);
	if (ret)
		return 0;
	check(&message);
	expect(bl_wire_encode(&message, again) == size);
	expect(!memcmp(again, data, size));
	return 0;
}
