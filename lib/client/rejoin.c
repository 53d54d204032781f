// SPDX-License-Identifier: MIT
/*
 * Connecting again, and going on
 *
 * Copyright (C) 2026 The barlease authors
 *
 * All that is asked and kept is the same client's, on another connection: until the
 * server has said that the leases go on, the lost one is kept, to be tried from again.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "wire/packet.h"

/* A server that keeps nothing has kept none of them */
static int show(struct barlease_client *client,
		const struct bl_wire_token *token)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_REJOIN,
		.rejoin.answered = client->answered,
	};
	struct bl_received rejoined;
	int ret;

	if (!(client->features & BL_WIRE_KEEPS))
		return -ESTALE;
	memcpy(request.rejoin.token, token->token, sizeof(token->token));
	ret = bl_client_call(client, &request, BL_WIRE_REJOINED, &rejoined);
	return ret == -ENOENT ? -ESTALE : ret;
}

static int greet(struct barlease_client *client, int fd)
{
	/* There will be others, before it is known whether this one was good */
	const struct bl_wire_token token = client->token;
	int ret;

	client->fd = fd;
	client->broken = 0;
	client->last_word = 0;
	barlease_client_set_timeout(client, client->timeout);
	ret = bl_client_hello(client);
	if (!ret)
		ret = show(client, &token);
	if (ret)
		client->token = token;
	return ret;
}

static int go_on(struct barlease_client *client, int fd)
{
	const uint32_t features = client->features;
	const int lost = client->fd, why = client->broken;
	int ret = greet(client, fd);

	if (!ret) {
		close(lost);
		bl_calls_again(client);
		return 0;
	}
	client->fd = lost;
	client->broken = why;
	client->features = features;
	client->has_token = ret != -ESTALE;
	return ret;
}

int barlease_client_rejoin(struct barlease_client *client, int fd)
{
	const bool dials = fd == -1;
	int ret;

	if (!client->broken)
		return -EISCONN;
	client->error[0] = '\0';
	if (!client->has_token)
		return -ESTALE;
	if (dials && !client->address.sun_family)
		return -EINVAL;
	ret = dials ? 0 : bl_packet_socket(fd);
	if (!ret)
		ret = bl_calls_lose(client);
	if (ret)
		return ret;
	/* A time-out of 0 would be none at all */
	if (dials)
		fd = bl_client_dial(&client->address, client->timeout ?: 1);
	if (fd < 0)
		return fd;
	ret = go_on(client, fd);
	if (ret && dials)
		close(fd);
	return ret;
}
