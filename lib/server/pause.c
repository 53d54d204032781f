// SPDX-License-Identifier: MIT
/*
 * Leases whose accesses wait
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server.h"

/*
 * What a holder has not been sent yet of the last change is taken back instead: it
 * believes what is true again. So one that does not read has one message of these for
 * each lease, however often that is paused.
 */
static void tell_holder(const struct bl_lease *lease)
{
	const struct bl_session *session = lease->holder->session;
	const uint64_t left = lease->resumes ? lease->resumes - bl_now() : 0;
	const struct bl_wire_message paused = {
		.type = BL_WIRE_PAUSED,
		.paused = { lease->id, left },
	};
	const struct bl_wire_message unpaused = {
		.type = BL_WIRE_UNPAUSED,
		.unpaused = { lease->id },
	};

	if (!session || !(session->features & BL_WIRE_PAUSES) ||
	    bl_output_recall_of(session->peer, lease->paused ? BL_WIRE_UNPAUSED :
							       BL_WIRE_PAUSED,
				lease->id))
		return;
	bl_output_event(session->peer, lease->paused ? &paused : &unpaused);
}

static void tell(const struct barlease_server *server,
		 const struct bl_lease *lease)
{
	const struct barlease_holding holding = bl_lease_holding(lease);

	tell_holder(lease);
	if (server->ops.paused)
		server->ops.paused(server->data, &holding);
}

static struct bl_lease *find_held(const struct barlease_server *server,
				  uint32_t id)
{
	struct bl_lease *lease = bl_lease_find(&server->books, id);

	return lease && lease->state == BARLEASE_HELD ? lease : NULL;
}

/* A device that has it was told to give it back. */
static int still_mapped(const struct bl_lease *lease)
{
	struct barlease_state state;

	if (barlease_get_state(lease->device, lease->fd, &state))
		return 0;
	return state.mapped ? -EINPROGRESS : 0;
}

static int resume(struct barlease_server *server, struct bl_lease *lease)
{
	int ret;

	if (!lease->paused)
		return 0;
	ret = barlease_resume(lease->device, lease->fd);
	if (ret)
		return ret;
	lease->paused = false;
	lease->resumes = 0;
	bl_plan(server, lease);
	tell(server, lease);
	return 0;
}

/* Nobody is there to be told that it cannot be: it ends, rather than wait for ever. */
void bl_pause_fire(struct barlease_server *server, struct bl_lease *lease)
{
	int ret = resume(server, lease);
	char why[128];

	if (!ret)
		return;
	snprintf(why, sizeof(why), "%s: lease %u cannot be resumed: %s",
		 lease->name, lease->id, strerror(-ret));
	bl_refused(server, &lease->holder->who, why);
	bl_end_anyway(server, lease, BARLEASE_ORDERED);
}

int barlease_server_pause_lease(struct barlease_server *server, uint32_t id,
				uint64_t time)
{
	struct bl_lease *lease = find_held(server, id);
	int ret;

	if (!lease)
		return -ENOENT;
	if (!time)
		return -EINVAL;
	ret = barlease_pause(lease->device, lease->fd);
	if (ret)
		return ret;
	lease->paused = true;
	lease->resumes = time < BL_TERM_MAX ? bl_now() + (int64_t)time : 0;
	bl_plan(server, lease);
	tell(server, lease);
	ret = still_mapped(lease);
	/* With it, if its holder cannot be told */
	bl_settle(server);
	return ret;
}

int barlease_server_resume_lease(struct barlease_server *server, uint32_t id)
{
	struct bl_lease *lease = find_held(server, id);
	int ret = lease ? resume(server, lease) : -ENOENT;

	bl_settle(server);
	return ret;
}
