// SPDX-License-Identifier: MIT
/*
 * Requests: interrupts, and memory for the device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "client.h"

static bool can(const struct barlease_client *client)
{
	return client->features & BL_WIRE_QUEUES;
}

static int set_eventfd(struct barlease_client *client, uint32_t lease,
		       unsigned int vector, uint32_t flags, int eventfd)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_INTERRUPT,
		.interrupt = { lease, vector, flags },
	};
	struct bl_received received;

	if (eventfd < -1)
		return -EINVAL;
	if (!can(client))
		return -EOPNOTSUPP;
	if (eventfd < 0)
		request.interrupt.flags |= BL_WIRE_NOBODY;
	return bl_client_call_with(client, &request, eventfd,
				   BL_WIRE_INTERRUPT_SET, &received);
}

int barlease_client_set_interrupt(struct barlease_client *client,
				  uint32_t lease, unsigned int vector,
				  int eventfd)
{
	return set_eventfd(client, lease, vector, 0, eventfd);
}

int barlease_client_set_unmask(struct barlease_client *client, uint32_t lease,
			       int eventfd)
{
	return set_eventfd(client, lease, 0, BL_WIRE_UNMASK, eventfd);
}

/* A server takes what is not so for a violation of the protocol */
static bool is_valid(uint64_t offset, uint64_t length, unsigned int flags)
{
	const uint64_t in_page = sysconf(_SC_PAGESIZE) - 1;

	return length && length <= INT64_MAX && offset <= INT64_MAX &&
	       !((offset | length) & in_page) && !(flags & ~BARLEASE_READ_ONLY);
}

int barlease_client_map(struct barlease_client *client, uint32_t lease,
			int memory, uint64_t offset, uint64_t length,
			unsigned int flags, uint64_t *address)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_MAP,
		.map = { lease, flags, offset, length },
	};
	struct bl_received received;
	int ret;

	if (!is_valid(offset, length, flags))
		return -EINVAL;
	if (!can(client))
		return -EOPNOTSUPP;
	if (memory < 0)
		return -EBADF;
	ret = bl_client_call_with(client, &request, memory, BL_WIRE_MAPPED,
				  &received);
	if (!ret)
		*address = received.message.piece.address;
	return ret;
}

int barlease_client_unmap(struct barlease_client *client, uint32_t lease,
			  uint64_t address)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_UNMAP,
		.piece = { lease, address },
	};
	struct bl_received received;

	if (!can(client))
		return -EOPNOTSUPP;
	if (address % sysconf(_SC_PAGESIZE))
		return -ENOENT;
	return bl_client_call(client, &request, BL_WIRE_UNMAPPED, &received);
}
