// SPDX-License-Identifier: MIT
/*
 * What the server says
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "client.h"
#include "wire/packet.h"

int bl_client_break(struct barlease_client *client, int error)
{
	client->broken = error;
	return error;
}

void bl_client_drop_fd(const struct bl_wire_message *message)
{
	if (message->type == BL_WIRE_LEASE && message->lease.fd >= 0)
		close(message->lease.fd);
}

static void drop_packet_fd(const struct bl_packet *packet)
{
	if (packet->fd >= 0)
		close(packet->fd);
}

/* Else the end was an empty packet, and what comes next does not count */
static bool hung_up(const struct barlease_client *client)
{
	struct pollfd poll_fd = { .fd = client->fd };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLHUP;
}

static int receive_packet(struct barlease_client *client, bool wait,
			  struct bl_packet *packet)
{
	int ret = wait ? bl_packet_await(client->fd, packet) :
			 bl_packet_receive(client->fd, packet, true);

	/*
	 * Of a server that goes, what it sent last may come third. Where it has
	 * not read everything, the kernel says that first. And a server that
	 * sends and goes while the kernel looks at an empty queue is the end,
	 * for that call.
	 */
	for (int i = 0; i < 2 && ret == -ECONNRESET && hung_up(client); i++) {
		drop_packet_fd(packet);
		ret = bl_packet_receive(client->fd, packet, true);
	}
	if (ret)
		drop_packet_fd(packet);
	return ret;
}

/* Is there an fd with it, as there is to be? */
static bool fds_valid(const struct bl_packet *packet,
		      const struct bl_wire_message *message)
{
	if (message->type == BL_WIRE_LEASE)
		return (packet->fd >= 0) != packet->fds_lost;
	return packet->fd < 0 && !packet->fds_lost;
}

/* Is it something that a server may say? An event may be of a newer one. */
static int understand(const struct bl_packet *packet,
		      struct bl_wire_message *message)
{
	int ret = bl_wire_decode(packet->bytes, packet->size, message);

	if (ret == -EOPNOTSUPP && message->type & BL_WIRE_EVENT &&
	    !(message->type & BL_WIRE_REPLY) && packet->fd < 0)
		return -EAGAIN;
	if (ret || !(message->type & (BL_WIRE_REPLY | BL_WIRE_EVENT)) ||
	    !fds_valid(packet, message))
		return -EPROTO;
	return 0;
}

/* The kernel says only that an fd did not get in: was there no room for it? */
static int why_lost(const struct barlease_client *client)
{
	int fd = fcntl(client->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -EMFILE;
	close(fd);
	return -EPERM;
}

bool bl_client_waits(const struct barlease_client *client)
{
	int flags = fcntl(client->fd, F_GETFL);

	return flags >= 0 && !(flags & O_NONBLOCK);
}

int bl_client_receive(struct barlease_client *client, bool wait,
		      struct bl_received *received)
{
	struct bl_wire_message *message = &received->message;
	struct bl_packet packet;
	int ret;

	if (client->broken)
		return client->broken;
	do {
		ret = receive_packet(client, wait, &packet);
		if (ret == -EAGAIN || ret == -EINTR)
			return ret;
		if (ret)
			return bl_client_break(client, ret);
		ret = understand(&packet, message);
	} while (ret == -EAGAIN);
	if (ret) {
		drop_packet_fd(&packet);
		return bl_client_break(client, ret);
	}
	received->lost_fd = 0;
	if (message->type == BL_WIRE_LEASE) {
		message->lease.fd = packet.fd;
		if (packet.fd < 0)
			received->lost_fd = why_lost(client);
	}
	return 0;
}
