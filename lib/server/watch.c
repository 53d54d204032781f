// SPDX-License-Identifier: MIT
/*
 * Who may have a slice, and wants to know when it becomes free
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "server.h"

bool bl_allowed(const struct barlease_server *server,
		const struct bl_holder *holder, const struct bl_slice *slice)
{
	return !server->ops.allowed ||
	       server->ops.allowed(server->data, &holder->who, slice->name,
				   slice->context);
}

bool bl_session_allowed(const struct bl_session *session,
			const struct bl_slice *slice)
{
	return bl_allowed(session->server, session->holder, slice);
}

void bl_watch(struct bl_session *session)
{
	if (session->watches)
		return;
	session->watches = true;
	bl_keep_session(session);
	LIST_INSERT_HEAD(&session->server->watchers, session, of_watchers);
}

void bl_watch_leave(struct bl_session *session)
{
	if (!session->watches)
		return;
	session->watches = false;
	bl_keep_session(session);
	LIST_REMOVE(session, of_watchers);
}

/* Once: whoever goes on wanting to know asks again */
static void tell_those_who_may(struct barlease_server *server,
			       const struct bl_slice *slice)
{
	const struct bl_wire_message message = { .type = BL_WIRE_FREED };
	struct bl_session *session, *next;

	if (slice->removed)
		return;
	for (session = LIST_FIRST(&server->watchers); session; session = next) {
		next = LIST_NEXT(session, of_watchers);
		if (!bl_session_allowed(session, slice))
			continue;
		bl_watch_leave(session);
		bl_output_event(session->peer, &message);
	}
}

/* It may be what kept others from another slice, and these have heard of that only */
void bl_watch_tell(struct barlease_server *server, const struct bl_slice *slice)
{
	const struct bl_slice *other;

	if (LIST_EMPTY(&server->watchers))
		return;
	tell_those_who_may(server, slice);
	LIST_FOREACH(other, &slice->map->slices, of_map)
		if (other != slice && bl_extents_meet(other, slice))
			tell_those_who_may(server, other);
}
