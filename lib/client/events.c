// SPDX-License-Identifier: MIT
/*
 * Events, and those that came before somebody asked
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

/* More than anybody forgets to ask for; a server could fill the memory else */
#define EVENTS_MAX	65536

/* Behind the newest; room in front of the oldest is used again */
static int make_room(struct bl_events *events)
{
	size_t room = events->room ? 2 * events->room : 16;
	struct barlease_event *at;

	if (events->first + events->nr < events->room)
		return 0;
	if (events->nr == EVENTS_MAX)
		return -ENOBUFS;
	if (events->first > events->nr) {
		memmove(events->at, events->at + events->first,
			events->nr * sizeof(*at));
		events->first = 0;
		return 0;
	}
	at = reallocarray(events->at, room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	events->at = at;
	events->room = room;
	return 0;
}

static struct barlease_event event_of(const struct bl_wire_message *message)
{
	struct barlease_event event = { .type = BARLEASE_EVENT_RESUMED };

	if (message->type == BL_WIRE_SUSPENDED)
		event.type = BARLEASE_EVENT_SUSPENDED;
	if (message->type == BL_WIRE_REVOKED) {
		event.type = BARLEASE_EVENT_REVOKED;
		event.lease = message->revoked.id;
		event.reason = message->revoked.reason;
	}
	return event;
}

int bl_events_keep(struct barlease_client *client,
		   const struct bl_wire_message *message)
{
	struct bl_events *events = &client->events;
	int ret = make_room(events);

	if (ret)
		return bl_client_break(client, ret);
	events->at[events->first + events->nr++] = event_of(message);
	return 0;
}

static void take_oldest(struct bl_events *events, struct barlease_event *event)
{
	*event = events->at[events->first++];
	events->nr--;
}

int barlease_client_dispatch(struct barlease_client *client,
			     struct barlease_event *event)
{
	struct bl_wire_message message;
	int ret;

	if (client->events.nr) {
		take_oldest(&client->events, event);
		return 1;
	}
	ret = bl_client_receive(client, &message);
	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	if (!(message.type & BL_WIRE_EVENT)) {
		/* A reply, and nobody has asked */
		if (message.type == BL_WIRE_LEASE && message.lease.fd >= 0)
			close(message.lease.fd);
		return bl_client_break(client, -EPROTO);
	}
	*event = event_of(&message);
	return 1;
}
