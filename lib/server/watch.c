// SPDX-License-Identifier: MIT
/*
 * Who may have a slice, and wants to know when it becomes free
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "server.h"

bool bl_session_allowed(const struct bl_session *session,
			const struct bl_slice *slice)
{
	const struct barlease_server *server = session->server;

	return !server->ops.allowed ||
	       server->ops.allowed(server->data, &session->holder->who,
				   slice->name, slice->context);
}

void bl_watch(struct bl_session *session)
{
	if (session->watches)
		return;
	session->watches = true;
	LIST_INSERT_HEAD(&session->server->watchers, session, of_watchers);
}

void bl_watch_leave(struct bl_session *session)
{
	if (!session->watches)
		return;
	session->watches = false;
	LIST_REMOVE(session, of_watchers);
}

/* It may be what another slice was excluded by, of which they have heard more */
static bool concerns(const struct bl_session *session,
		     const struct bl_slice *ended)
{
	const struct bl_slice *slice;

	if (!ended->removed && bl_session_allowed(session, ended))
		return true;
	LIST_FOREACH(slice, &ended->map->slices, of_map)
		if (slice != ended && !slice->removed &&
		    bl_extents_meet(slice, ended) &&
		    bl_session_allowed(session, slice))
			return true;
	return false;
}

/* Once: whoever goes on wanting to know asks again */
void bl_watch_tell(struct barlease_server *server, struct bl_slice *slice)
{
	const struct bl_wire_message message = { .type = BL_WIRE_FREED };
	struct bl_session *session, *next;

	for (session = LIST_FIRST(&server->watchers); session; session = next) {
		next = LIST_NEXT(session, of_watchers);
		if (!concerns(session, slice))
			continue;
		bl_watch_leave(session);
		bl_output_event(session->peer, &message);
	}
}
