// SPDX-License-Identifier: MIT
/*
 * Requests: acquire, release, renew, watch
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

static bool knows_terms(const struct barlease_client *client)
{
	return client->features & BL_WIRE_TERMS;
}

static int acquire_request(const struct barlease_client *client,
			   const char *name, unsigned int flags,
			   struct bl_wire_message *request)
{
	if (flags & ~(BARLEASE_ANY | BARLEASE_ONES) || !bl_wire_name_valid(name))
		return -EINVAL;
	/* A server that does not know it would hang up */
	if (flags & BARLEASE_ONES && !(client->features & BL_WIRE_PAUSES))
		return -EOPNOTSUPP;
	request->type = BL_WIRE_ACQUIRE;
	request->acquire = (struct bl_wire_acquire){ .flags = flags };
	memcpy(request->acquire.name, name, strlen(name) + 1);
	return 0;
}

/* A lease whose fd this process cannot have is no use to anybody */
static int take_lease(struct barlease_client *client,
		      const struct bl_received *received,
		      struct barlease_lease *lease)
{
	const struct barlease_lease *got = &received->message.lease;

	if (received->lost_fd) {
		bl_call_give_back(client, got->id);
		return received->lost_fd;
	}
	*lease = *got;
	return 0;
}

int barlease_client_acquire(struct barlease_client *client, const char *name,
			    unsigned int flags, struct barlease_lease *lease)
{
	struct bl_wire_message request;
	struct bl_received received;
	int ret = acquire_request(client, name, flags, &request);

	if (ret)
		return ret;
	ret = bl_client_call(client, &request, BL_WIRE_LEASE, &received);
	return ret ?: take_lease(client, &received, lease);
}

/* A server that cannot have anybody wait would hang up */
static int may_wait(const struct barlease_client *client, uint64_t patience,
		    struct bl_wire_message *request)
{
	if (patience && !knows_terms(client))
		return -EOPNOTSUPP;
	request->acquire.wait = patience < BL_WIRE_WAIT_MAX ? patience :
							     BL_WIRE_WAIT_MAX;
	return 0;
}

int barlease_client_acquire_wait(struct barlease_client *client,
				 const char *name, unsigned int flags,
				 uint64_t patience,
				 struct barlease_lease *lease)
{
	struct bl_wire_message request;
	struct bl_received received;
	struct bl_call *call;
	int ret = acquire_request(client, name, flags, &request);

	if (!ret)
		ret = may_wait(client, patience, &request);
	if (!ret)
		ret = bl_call_start(client, &request, -1, BL_WIRE_LEASE,
				    client->timeout, &call);
	if (ret)
		return ret;
	ret = bl_call_finish_in(client, call, patience, &received);
	return ret ?: take_lease(client, &received, lease);
}

int barlease_client_renew(struct barlease_client *client, uint32_t lease,
			  uint64_t term, uint64_t *left)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_RENEW,
		.term = { lease, term },
	};
	struct bl_received received;
	int ret;

	if (!knows_terms(client))
		return -EOPNOTSUPP;
	ret = bl_client_call(client, &request, BL_WIRE_RENEWED, &received);
	if (!ret && left)
		*left = received.message.term.milliseconds;
	return ret;
}

int barlease_client_watch(struct barlease_client *client)
{
	struct bl_wire_message request = { .type = BL_WIRE_WATCH };
	struct bl_received received;

	if (!knows_terms(client))
		return -EOPNOTSUPP;
	return bl_client_call(client, &request, BL_WIRE_WATCHED, &received);
}

static void release_request(uint32_t id, struct bl_wire_message *request)
{
	request->type = BL_WIRE_RELEASE;
	request->release.id = id;
}

int barlease_client_release(struct barlease_client *client, uint32_t id)
{
	struct bl_wire_message request;
	struct bl_received received;

	release_request(id, &request);
	return bl_client_call(client, &request, BL_WIRE_RELEASED, &received);
}

static int start(struct barlease_client *client,
		 struct bl_wire_message *request, enum bl_wire_type wanted)
{
	struct bl_call *call;
	int ret = bl_call_start(client, request, -1, wanted, 0, &call);

	if (ret)
		return ret;
	call->announced = true;
	return call->serial;
}

int barlease_client_start_acquire(struct barlease_client *client,
				  const char *name, unsigned int flags)
{
	struct bl_wire_message request;
	int ret = acquire_request(client, name, flags, &request);

	return ret ?: start(client, &request, BL_WIRE_LEASE);
}

int barlease_client_start_acquire_wait(struct barlease_client *client,
				       const char *name, unsigned int flags,
				       uint64_t patience)
{
	struct bl_wire_message request;
	int ret = acquire_request(client, name, flags, &request);

	if (!ret)
		ret = may_wait(client, patience, &request);
	return ret ?: start(client, &request, BL_WIRE_LEASE);
}

int barlease_client_cancel(struct barlease_client *client, int request)
{
	struct bl_wire_message cancel = {
		.type = BL_WIRE_CANCEL,
		.cancel.id = request,
	};
	struct bl_call *waiting = bl_call_find(client, request), *call;
	int ret;

	if (!waiting || waiting->wanted != BL_WIRE_LEASE ||
	    !knows_terms(client))
		return -EINVAL;
	ret = bl_call_start(client, &cancel, -1, BL_WIRE_CANCELLED, 0, &call);
	if (!ret)
		bl_call_abandon(call);
	return ret;
}

int barlease_client_start_release(struct barlease_client *client, uint32_t id)
{
	struct bl_wire_message request;

	release_request(id, &request);
	return start(client, &request, BL_WIRE_RELEASED);
}

int barlease_client_finish(struct barlease_client *client, int request,
			   struct barlease_lease *lease)
{
	struct bl_call *call = bl_call_find(client, request);
	struct bl_received received;
	int ret = 0;

	if (!call || !call->announced)
		return -EINVAL;
	if (lease ? call->wanted != BL_WIRE_LEASE :
		    call->wanted != BL_WIRE_RELEASED)
		return -EINVAL;
	while (!ret && !call->answered && !client->last_word)
		ret = bl_call_take(client, false);
	if (!call->answered)
		return bl_client_last_word(client) ?: ret;
	ret = bl_call_end(client, call, &received);
	if (ret || !lease)
		return ret;
	return take_lease(client, &received, lease);
}

int barlease_client_dispatch(struct barlease_client *client,
			     struct barlease_event *event)
{
	int ret = 0;

	while (!bl_events_take(&client->events, event)) {
		if (ret)
			return ret == -EAGAIN ? 0 : ret;
		ret = bl_call_take(client, false);
	}
	return 1;
}
