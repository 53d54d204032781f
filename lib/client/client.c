// SPDX-License-Identifier: MIT
/*
 * A connection to whoever vends: connecting and closing
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire/address.h"
#include "client.h"
#include "wire/packet.h"

#define DEFAULT_PATH	"/run/barlease/socket"

/* Longer than any answer takes that a person waits for */
#define TIMEOUT_MS	30000

/* @which: SO_SNDTIMEO, SO_RCVTIMEO. Negative: for any time */
static int set_patience(int fd, int which, int milliseconds)
{
	const int ms = milliseconds < 0 ? 0 : milliseconds;
	const struct timeval patience = { ms / 1000, ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, which, &patience, sizeof(patience)) ?
		       -errno : 0;
}

int bl_client_dial(const struct sockaddr_un *address, int timeout)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	/* Where the server is so busy that it does not accept, connect() waits */
	ret = set_patience(fd, SO_SNDTIMEO, timeout);
	while (!ret && connect(fd, (const struct sockaddr *)address,
			       sizeof(*address))) {
		if (errno != EINTR)
			ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
	}
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int barlease_client_connect(const char *path, struct barlease_client **client)
{
	struct sockaddr_un address;
	int ret, fd;

	/* Not where the environment is of somebody with less rights */
	path = path ?: secure_getenv("BARLEASE_SOCKET");
	ret = bl_address(path ?: DEFAULT_PATH, &address);
	if (ret)
		return ret;
	fd = bl_client_dial(&address, TIMEOUT_MS);
	if (fd < 0)
		return fd;
	ret = barlease_client_wrap(fd, client);
	if (ret)
		close(fd);
	else
		(*client)->address = address;
	return ret;
}

int bl_client_hello(struct barlease_client *client)
{
	struct bl_wire_message hello = {
		.type = BL_WIRE_HELLO,
		.hello = {
			BL_WIRE_VERSION, BL_WIRE_VERSION, BL_WIRE_FEATURES,
		},
	};
	struct bl_received welcome;
	int ret;

	ret = bl_client_call(client, &hello, BL_WIRE_WELCOME, &welcome);
	if (!ret)
		client->features = welcome.message.welcome.features &
				   BL_WIRE_FEATURES;
	return ret;
}

static void discard(struct barlease_client *client)
{
	bl_calls_free(client);
	free(client->events.at);
	free(client);
}

int barlease_client_wrap(int fd, struct barlease_client **client)
{
	struct barlease_client *new;
	int ret = bl_packet_socket(fd);

	if (ret)
		return ret;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = fd;
	LIST_INIT(&new->calls);
	barlease_client_set_timeout(new, TIMEOUT_MS);
	ret = bl_client_hello(new);
	if (ret) {
		discard(new);
		return ret;
	}
	*client = new;
	return 0;
}

void barlease_client_close(struct barlease_client *client)
{
	if (!client)
		return;
	close(client->fd);
	discard(client);
}

void barlease_client_set_timeout(struct barlease_client *client,
				 int milliseconds)
{
	client->timeout = milliseconds;
	/* Without it, calls wait otherwise: see bl_call_wait() */
	set_patience(client->fd, SO_RCVTIMEO, milliseconds);
}

int barlease_client_fd(const struct barlease_client *client)
{
	return client->fd;
}

const char *barlease_client_error(const struct barlease_client *client)
{
	return client->error;
}
