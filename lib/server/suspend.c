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
	bl_keep_session(session);
	if (!suspended ||
	    !bl_output_recall(session->peer, BL_WIRE_RESUMED))
		bl_output_event(session->peer, &message);
}

void bl_suspend_tell(struct barlease_server *server)
{
	struct bl_session *session;

	LIST_FOREACH(session, &server->sessions, of_server) {
		bool affected = is_affected(session);

		if (affected != session->suspended)
			tell(session, affected);
	}
}

static struct bl_suspension *suspend(struct barlease_server *server,
				     const struct barlease_device *device)
{
	struct bl_suspension *suspension = find(server, device);

	if (suspension)
		return suspension;
	/* Without memory for it, holders are not told: accesses wait all the same */
	suspension = calloc(1, sizeof(*suspension));
	if (!suspension)
		return NULL;
	suspension->device = device;
	LIST_INSERT_HEAD(&server->suspensions, suspension, of_server);
	bl_suspend_tell(server);
	return suspension;
}

static void resume(struct barlease_server *server,
		   struct bl_suspension *suspension)
{
	struct bl_session *session;

	LIST_REMOVE(suspension, of_server);
	free(suspension);
	bl_suspend_tell(server);
	server->again = true;
	LIST_FOREACH(session, &server->sessions, of_server)
		if (session->parked.serial)
			bl_request_again(session);
}

void bl_reset(struct barlease_server *server,
	      const struct barlease_device *device)
{
	struct bl_suspension *suspension = find(server, device);

	if (suspension) {
		suspension->again = true;
		return;
	}
	suspension = suspend(server, device);
	if (server->ops.reset) {
		server->ops.reset(server->data, device);
		return;
	}
	barlease_device_reset(device);
	if (suspension)
		resume(server, suspension);
}

void bl_unsuspend(struct barlease_server *server,
		  const struct barlease_device *device)
{
	struct bl_suspension *suspension = find(server, device);

	if (suspension)
		resume(server, suspension);
}

void barlease_server_suspend(struct barlease_server *server,
			     const struct barlease_device *device)
{
	suspend(server, device);
	bl_settle(server);
}

void barlease_server_resume(struct barlease_server *server,
			    const struct barlease_device *device)
{
	struct bl_suspension *suspension = find(server, device);

	if (!suspension)
		return;
	if (suspension->again && server->ops.reset) {
		suspension->again = false;
		server->ops.reset(server->data, device);
		return;
	}
	resume(server, suspension);
	bl_settle(server);
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
