// SPDX-License-Identifier: MIT
/*
 * The requests that there are: list, acquire, release
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* A server could fill the memory else */
#define SLICES_MAX	65536

static int list_from(struct barlease_client *client, uint32_t first,
		     struct bl_wire_message *reply)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_LIST,
		.list.first = first,
	};
	int ret = bl_client_call(client, &request, BL_WIRE_SLICE_LIST, reply);

	if (ret)
		return ret;
	if (reply->slices.first != first || reply->slices.total > SLICES_MAX)
		return bl_client_break(client, -EPROTO);
	return 0;
}

static int append(struct barlease_slice_info **slices, size_t *nr_slices,
		  const struct bl_wire_slices *more)
{
	struct barlease_slice_info *all;

	/* One at least: NULL would be for want of memory */
	all = reallocarray(*slices, *nr_slices + more->count + 1, sizeof(*all));
	if (!all)
		return -ENOMEM;
	memcpy(all + *nr_slices, more->slice, more->count * sizeof(*all));
	*slices = all;
	*nr_slices += more->count;
	return 0;
}

int barlease_client_list(struct barlease_client *client,
			 struct barlease_slice_info **slices,
			 size_t *nr_slices)
{
	struct barlease_slice_info *all = NULL;
	struct bl_wire_message reply;
	size_t nr = 0;
	int ret;

	do {
		ret = list_from(client, nr, &reply);
		if (!ret)
			ret = append(&all, &nr, &reply.slices);
		if (ret) {
			free(all);
			return ret;
		}
	} while (nr < reply.slices.total);
	*slices = all;
	*nr_slices = nr;
	return 0;
}

/* A lease whose fd this process has no room for is no use to anybody */
static int give_back(struct barlease_client *client, uint32_t id)
{
	int ret = barlease_client_release(client, id);

	return ret && ret != -ENOENT ? ret : -EMFILE;
}

int barlease_client_acquire(struct barlease_client *client, const char *name,
			    unsigned int flags, struct barlease_lease *lease)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_ACQUIRE,
		.acquire.flags = flags,
	};
	struct bl_wire_message reply;
	int ret;

	if (flags & ~BARLEASE_ANY || !bl_wire_name_valid(name))
		return -EINVAL;
	memcpy(request.acquire.name, name, strlen(name) + 1);
	ret = bl_client_call(client, &request, BL_WIRE_LEASE, &reply);
	if (ret)
		return ret;
	if (reply.lease.fd < 0)
		return give_back(client, reply.lease.id);
	if (!(flags & BARLEASE_ANY) && strcmp(reply.lease.name, name)) {
		close(reply.lease.fd);
		return bl_client_break(client, -EPROTO);
	}
	*lease = reply.lease;
	return 0;
}

int barlease_client_release(struct barlease_client *client, uint32_t id)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_RELEASE,
		.release.id = id,
	};
	struct bl_wire_message reply;
	int ret = bl_client_call(client, &request, BL_WIRE_RELEASED, &reply);

	if (ret)
		return ret;
	return reply.released.id == id ? 0 : bl_client_break(client, -EPROTO);
}
