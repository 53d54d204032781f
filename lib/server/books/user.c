// SPDX-License-Identifier: MIT
/*
 * How much each user has
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Connections and leases are file descriptors of the server. Whoever could have
 * any number of them could leave none for others.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/packet.h"
#include "server.h"

int bl_user_compare(const void *uid, const void *user)
{
	uid_t a = *(const uid_t *)uid, b = ((const struct bl_user *)user)->uid;

	return (a > b) - (a < b);
}

static int new_user(struct barlease_server *server, uid_t uid,
		    struct bl_user **user)
{
	struct bl_user *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->uid = uid;
	ret = bl_sorted_add(&server->users, &new->uid, new);
	if (ret)
		free(new);
	else
		*user = new;
	return ret;
}

static bool enough(unsigned int has, unsigned int most)
{
	return most && has >= most;
}

/* The only thing that it is ever sent, so there is room for it */
static void turn_away(const struct bl_peer *peer)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_ERROR,
		.error.error = EDQUOT,
	};
	uint8_t bytes[BL_WIRE_MAX];

	snprintf(message.error.text, sizeof(message.error.text),
		 "user %u has %u connections, as many as it may have",
		 peer->who.uid, peer->server->most_connections);
	bl_peer_refused(peer, message.error.text);
	bl_packet_send(peer->fd, bytes, bl_wire_encode(&message, bytes), -1);
}

int bl_user_join(struct bl_peer *peer)
{
	struct barlease_server *server = peer->server;
	struct bl_user *user = bl_sorted_find(&server->users, &peer->who.uid);
	int ret = 0;

	if (!user)
		ret = new_user(server, peer->who.uid, &user);
	if (ret)
		return ret;
	if (enough(user->connections, server->most_connections)) {
		turn_away(peer);
		return -EDQUOT;
	}
	user->connections++;
	peer->user = user;
	return 0;
}

void bl_user_leave(struct bl_peer *peer)
{
	struct bl_user *user = peer->user;

	if (!user || --user->connections)
		return;
	bl_sorted_remove(&peer->server->users, &user->uid);
	free(user);
}

bool bl_user_has_enough(const struct bl_peer *peer)
{
	return enough(peer->user->leases, peer->server->most_leases);
}

void barlease_server_set_limits(struct barlease_server *server,
				unsigned int connections, unsigned int leases)
{
	server->most_connections = connections;
	server->most_leases = leases;
}
