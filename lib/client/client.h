/* SPDX-License-Identifier: MIT */
/*
 * What the client's files know of each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 *   client.c   connecting and closing
 *   call.c     a request and its reply
 *   events.c   events, and those that came before somebody asked
 *   lease.c    the requests that there are
 */
#ifndef LIB_CLIENT_H
#define LIB_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "public.h"
#include "wire/wire.h"

/* @first is the oldest of @nr */
struct bl_events {
	struct barlease_event *at;
	size_t first;
	size_t nr;
	size_t room;
};

/**
 * struct barlease_client - a connection to whoever vends
 * @serial: of the last request
 * @broken: 0, or why nothing can be received any more, as a negative errno
 * @error: what the server has said of the last request
 */
struct barlease_client {
	int fd;
	uint32_t serial;
	int broken;
	struct bl_events events;
	char error[BL_WIRE_TEXT];
};

/*
 * Sends the request, with a serial of its own, and waits for its reply, which
 * is of type @wanted. Return: 0; what an ERROR said; errors of the connection.
 */
int bl_client_call(struct barlease_client *client,
		   struct bl_wire_message *request, enum bl_wire_type wanted,
		   struct bl_wire_message *reply);

/*
 * What the server has sent, without waiting for it. It is valid, and an event
 * or a reply; a LEASE has an fd, or -1 where this process had no room for it.
 *
 * Return: 0; -EAGAIN; errors of the connection, which are final.
 */
int bl_client_receive(struct barlease_client *client,
		      struct bl_wire_message *message);

/* Nothing more is received after this; returns @error */
int bl_client_break(struct barlease_client *client, int error);

int bl_events_keep(struct barlease_client *client,
		   const struct bl_wire_message *message);

#endif
