// SPDX-License-Identifier: MIT
/*
 * A request and its reply
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "wire/packet.h"

int bl_client_break(struct barlease_client *client, int error)
{
	client->broken = error;
	return error;
}

/* Else the end was an empty packet, and what comes next does not count */
static bool hung_up(const struct barlease_client *client)
{
	struct pollfd poll_fd = { .fd = client->fd };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLHUP;
}

static int receive_packet(struct barlease_client *client,
			  struct bl_packet *packet)
{
	int ret = bl_packet_receive(client->fd, packet, true);

	/*
	 * Of a server that goes, what it sent last may come third. Where it has
	 * not read everything, the kernel says that first. And a server that
	 * sends and goes while the kernel looks at an empty queue is the end,
	 * for that call.
	 */
	for (int i = 0; i < 2 && ret == -ECONNRESET && hung_up(client); i++)
		ret = bl_packet_receive(client->fd, packet, true);
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

/* Is it something that a server may say? */
static bool valid(const struct bl_packet *packet,
		  struct bl_wire_message *message)
{
	return !bl_wire_decode(packet->bytes, packet->size, message) &&
	       message->type & (BL_WIRE_REPLY | BL_WIRE_EVENT) &&
	       fds_valid(packet, message);
}

int bl_client_receive(struct barlease_client *client,
		      struct bl_wire_message *message)
{
	struct bl_packet packet;
	int ret;

	if (client->broken)
		return client->broken;
	ret = receive_packet(client, &packet);
	if (ret)
		return ret == -EAGAIN ? ret : bl_client_break(client, ret);
	if (!valid(&packet, message)) {
		if (packet.fd >= 0)
			close(packet.fd);
		return bl_client_break(client, -EPROTO);
	}
	if (message->type == BL_WIRE_LEASE)
		message->lease.fd = packet.fd;
	return 0;
}

static int wait_for(const struct barlease_client *client, short events)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = events };

	while (poll(&poll_fd, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static void drop_fd(const struct bl_wire_message *message)
{
	if (message->type == BL_WIRE_LEASE && message->lease.fd >= 0)
		close(message->lease.fd);
}

/* @got is false where there was an event, or nothing */
static int receive_reply(struct barlease_client *client,
			 struct bl_wire_message *message, bool *got)
{
	int ret = bl_client_receive(client, message);

	*got = false;
	if (ret)
		return ret == -EAGAIN ? 0 : ret;
	if (message->type & BL_WIRE_EVENT)
		return bl_events_keep(client, message);
	*got = true;
	return 0;
}

/*
 * A server that cannot send does not read either, so what it sends has to be
 * taken while there is no room for the request.
 */
static int send_request(struct barlease_client *client,
			const struct bl_wire_message *request)
{
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(request, bytes);
	struct bl_wire_message message;
	bool got;
	int ret;

	for (;;) {
		ret = bl_packet_send(client->fd, bytes, size, -1);
		if (ret != -EAGAIN)
			return ret;
		ret = wait_for(client, POLLIN | POLLOUT);
		if (ret)
			return ret;
		ret = receive_reply(client, &message, &got);
		if (ret)
			return ret;
		if (got) {
			drop_fd(&message);
			return bl_client_break(client, -EPROTO);
		}
	}
}

static void keep_text(struct barlease_client *client, const char *text)
{
	memcpy(client->error, text, sizeof(client->error));
	/* Somebody may print it on a terminal */
	for (char *c = client->error; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = '?';
}

static int check_reply(struct barlease_client *client, uint32_t serial,
		       enum bl_wire_type wanted,
		       const struct bl_wire_message *reply)
{
	if (reply->type == BL_WIRE_ERROR &&
	    (reply->serial == serial || !reply->serial)) {
		keep_text(client, reply->error.text);
		return -(int)reply->error.error;
	}
	if (reply->type != wanted || reply->serial != serial) {
		drop_fd(reply);
		return bl_client_break(client, -EPROTO);
	}
	return 0;
}

int bl_client_call(struct barlease_client *client,
		   struct bl_wire_message *request, enum bl_wire_type wanted,
		   struct bl_wire_message *reply)
{
	bool got;
	int ret;

	client->error[0] = '\0';
	if (client->broken)
		return client->broken;
	request->serial = ++client->serial ?: ++client->serial;
	ret = send_request(client, request);
	/* A server that has hung up may have said why */
	if (ret == -ECONNRESET)
		ret = 0;
	while (!ret) {
		ret = receive_reply(client, reply, &got);
		if (!ret && got)
			return check_reply(client, request->serial, wanted,
					   reply);
		if (!ret)
			ret = wait_for(client, POLLIN);
	}
	return ret;
}
