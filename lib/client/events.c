// SPDX-License-Identifier: MIT
/*
 * Events that nobody has asked for yet
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

int bl_events_keep(struct bl_events *events, const struct barlease_event *event)
{
	int ret = make_room(events);

	if (!ret)
		events->at[events->first + events->nr++] = *event;
	return ret;
}

bool bl_events_take(struct bl_events *events, struct barlease_event *event)
{
	if (!events->nr)
		return false;
	*event = events->at[events->first++];
	events->nr--;
	return true;
}
