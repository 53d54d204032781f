// SPDX-License-Identifier: MIT
/*
 * What a connection has still to be sent
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Requests are read only while nothing waits here, so of all that waits at most
 * one message is a reply, and the rest are events.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

struct bl_output {
	TAILQ_ENTRY(bl_output) of_peer;
	uint16_t type;
	int fd;
	size_t size;
	uint8_t bytes[];
};

static void forget(struct bl_peer *peer, struct bl_output *output)
{
	TAILQ_REMOVE(&peer->output, output, of_peer);
	if (output->fd >= 0)
		close(output->fd);
	free(output);
}

/* With an fd of its own: the lease may end before this is sent */
static int keep(struct bl_peer *peer, uint16_t type, const void *bytes,
		size_t size, int fd)
{
	struct bl_output *output = malloc(sizeof(*output) + size);

	if (!output)
		return -ENOMEM;
	output->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0 && output->fd < 0) {
		free(output);
		return -errno;
	}
	output->type = type;
	output->size = size;
	memcpy(output->bytes, bytes, size);
	TAILQ_INSERT_TAIL(&peer->output, output, of_peer);
	bl_peer_wait(peer);
	peer->net->ops->behind(peer);
	return 0;
}

static int put(struct bl_peer *peer, const void *bytes, size_t size, int fd)
{
	int ret = bl_packet_send(peer->fd, bytes, size, fd);

	peer->unread_fd |= !ret && fd >= 0;
	return ret;
}

int bl_output_send(struct bl_peer *peer, const struct bl_wire_message *message,
		   int fd)
{
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(message, bytes);
	int ret = -EAGAIN;

	if (bl_peer_is_dying(peer))
		return -ECONNRESET;
	if (TAILQ_EMPTY(&peer->output))
		ret = put(peer, bytes, size, fd);
	if (!ret && message->type & BL_WIRE_REPLY)
		peer->net->ops->answered(peer);
	return ret == -EAGAIN ? keep(peer, message->type, bytes, size, fd) :
				ret;
}

void bl_output_event(struct bl_peer *peer,
		     const struct bl_wire_message *message)
{
	if (!bl_peer_is_dying(peer) && bl_output_send(peer, message, -1))
		bl_peer_drop(peer);
}

bool bl_output_recall(struct bl_peer *peer, uint16_t type)
{
	struct bl_output *output = TAILQ_LAST(&peer->output, bl_outputs);

	if (!output || output->type != type)
		return false;
	forget(peer, output);
	return true;
}

bool bl_output_recall_of(struct bl_peer *peer, uint16_t type, uint32_t id)
{
	struct bl_wire_message message;
	struct bl_output *output;

	TAILQ_FOREACH(output, &peer->output, of_peer) {
		if (output->type != type ||
		    bl_wire_decode(output->bytes, output->size, &message) ||
		    message.release.id != id)
			continue;
		forget(peer, output);
		return true;
	}
	return false;
}

void bl_output_flush(struct bl_peer *peer)
{
	struct bl_output *output, *next;
	int ret;

	for (output = TAILQ_FIRST(&peer->output); output; output = next) {
		next = TAILQ_NEXT(output, of_peer);
		ret = put(peer, output->bytes, output->size, output->fd);
		if (ret == -EAGAIN)
			return;
		if (ret) {
			bl_peer_drop(peer);
			return;
		}
		forget(peer, output);
		if (TAILQ_EMPTY(&peer->output))
			peer->net->ops->behind(peer);
	}
	bl_peer_wait(peer);
}

void bl_output_free(struct bl_peer *peer)
{
	struct bl_output *output, *next;

	for (output = TAILQ_FIRST(&peer->output); output; output = next) {
		next = TAILQ_NEXT(output, of_peer);
		forget(peer, output);
	}
}
