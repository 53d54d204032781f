// SPDX-License-Identifier: MIT
/*
 * While a device is reset: accesses wait, and so does who wants to have more of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>

#include "server.h"

static struct bl_suspension *find(const struct barlease_server *server,
				  const struct barlease_device *device)
{
	struct bl_suspension *suspension;

	LIST_FOREACH(suspension, &server->suspensions, of_server)
		if (suspension->device == device)
			return suspension;
	return NULL;
}

bool bl_is_suspended(const struct barlease_server *server,
		     const struct barlease_device *device)
{
	return find(server, device);
}

static bool is_affected(const struct bl_session *session)
{
	const struct bl_lease *lease;

	LIST_FOREACH(lease, &session->holder->leases, of_holder)
		if (lease->state == BARLEASE_HELD &&
		    bl_is_suspended(session->server, lease->device))
			return true;
	return false;
}

/*
 * What a client has not been sent yet of an earlier reset is taken back, so that
 * never more than two of these wait for one that does not read.
 */
static void tell(struct bl_session *session, bool suspended)
{
	const struct bl_wire_message message = {
		.type = suspended ? BL_WIRE_SUSPENDED : BL_WIRE_RESUMED,
	};

	session->suspended = suspended;
	if (!suspended ||
	    !bl_output_recall(session->peer, BL_WIRE_RESUMED))
		bl_output_event(session->peer, &message);
}

static void tell_all(struct barlease_server *server)
{
	struct bl_session *session;

	LIST_FOREACH(session, &server->sessions, of_server) {
		bool affected = is_affected(session);

		if (affected != session->suspended)
			tell(session, affected);
	}
}

void barlease_server_suspend(struct barlease_server *server,
			     const struct barlease_device *device)
{
	struct bl_suspension *suspension;

	if (find(server, device))
		return;
	/* Without memory for it, holders are not told: accesses wait all the same */
	suspension = calloc(1, sizeof(*suspension));
	if (!suspension)
		return;
	suspension->device = device;
	LIST_INSERT_HEAD(&server->suspensions, suspension, of_server);
	tell_all(server);
	bl_net_reap(&server->net);
}

void barlease_server_resume(struct barlease_server *server,
			    const struct barlease_device *device)
{
	struct bl_suspension *suspension = find(server, device);
	struct bl_session *session;

	if (!suspension)
		return;
	LIST_REMOVE(suspension, of_server);
	free(suspension);
	tell_all(server);
	LIST_FOREACH(session, &server->sessions, of_server)
		if (session->serial)
			bl_request_again(session);
	bl_net_reap(&server->net);
}

int barlease_server_reset(struct barlease_server *server,
			  const struct barlease_device *device)
{
	int ret;

	barlease_server_suspend(server, device);
	ret = barlease_device_reset(device);
	barlease_server_resume(server, device);
	return ret;
}
