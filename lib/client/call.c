// SPDX-License-Identifier: MIT
/*
 * Requests and their replies
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A reply that comes too late for who asked is not lost: what it brings is given
 * back. So a call may be given up at any time.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "wire/packet.h"

/* A server could fill the memory else */
#define SLICES_MAX	65536

/* When a call that begins now is to end, in milliseconds; negative: never */
static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t deadline(int timeout)
{
	return timeout < 0 ? -1 : now_ms() + timeout;
}

/* Return: 0; -ETIMEDOUT; errors of poll() */
static int wait_for(const struct barlease_client *client, short events,
		    int64_t until)
{
	struct pollfd poll_fd = { .fd = client->fd, .events = events };
	int64_t left = until < 0 ? -1 : until - now_ms();
	int n;

	if (until >= 0 && left < 0)
		left = 0;
	n = poll(&poll_fd, 1, left > INT32_MAX ? INT32_MAX : left);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

struct bl_call *bl_call_find(const struct barlease_client *client,
			     uint32_t serial)
{
	struct bl_call *call;

	LIST_FOREACH(call, &client->calls, of_client)
		if (call->serial == serial)
			return call;
	return NULL;
}

static void forget(struct bl_call *call)
{
	LIST_REMOVE(call, of_client);
	free(call);
}

static void keep_text(struct barlease_client *client, const char *text)
{
	memcpy(client->error, text, sizeof(client->error));
	/* Somebody may print it on a terminal */
	for (char *c = client->error; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = '?';
}

static struct barlease_event event_of(const struct bl_wire_message *message)
{
	struct barlease_event event = { .type = BARLEASE_EVENT_RESUMED };

	if (message->type == BL_WIRE_SUSPENDED)
		event.type = BARLEASE_EVENT_SUSPENDED;
	if (message->type == BL_WIRE_FREED)
		event.type = BARLEASE_EVENT_FREED;
	if (message->type == BL_WIRE_REVOKING) {
		event.type = BARLEASE_EVENT_REVOKING;
		event.lease = message->revoking.id;
		event.reason = message->revoking.reason;
		event.left = message->revoking.milliseconds;
	}
	if (message->type == BL_WIRE_PAUSED) {
		event.type = BARLEASE_EVENT_PAUSED;
		event.lease = message->paused.id;
		event.left = message->paused.milliseconds;
	}
	if (message->type == BL_WIRE_UNPAUSED) {
		event.type = BARLEASE_EVENT_UNPAUSED;
		event.lease = message->unpaused.id;
	}
	if (message->type == BL_WIRE_REVOKED) {
		event.type = BARLEASE_EVENT_REVOKED;
		event.lease = message->revoked.id;
		event.reason = message->revoked.reason;
	}
	return event;
}

static int keep_event(struct barlease_client *client,
		      const struct barlease_event *event)
{
	int ret = bl_events_keep(&client->events, event);

	return ret ? bl_client_break(client, ret) : 0;
}

static int announce(struct barlease_client *client, const struct bl_call *call)
{
	const struct barlease_event event = {
		.type = BARLEASE_EVENT_ANSWERED,
		.request = call->serial,
	};

	return call->announced ? keep_event(client, &event) : 0;
}

static void give_piece_back(struct barlease_client *client,
			    const struct bl_wire_piece *piece);

static void drop_late(struct barlease_client *client, struct bl_call *call,
		      const struct bl_wire_message *message)
{
	forget(call);
	bl_client_drop_fd(message);
	if (message->type == BL_WIRE_LEASE)
		bl_call_give_back(client, message->lease.id);
	else if (message->type == BL_WIRE_MAPPED)
		give_piece_back(client, &message->piece);
}

/* Unasked; the connection ends after it, and all that is open with it */
static int hear_last_word(struct barlease_client *client,
			  const struct bl_wire_message *message)
{
	keep_text(client, message->error.text);
	client->last_word = -(int)message->error.error;
	return 0;
}

/* Is it the reply to just this request? */
static bool fits(const struct bl_call *call,
		 const struct bl_wire_message *message)
{
	if (message->type == BL_WIRE_ERROR)
		return true;
	if (message->type != call->wanted)
		return false;
	switch (message->type) {
	case BL_WIRE_WELCOME:
		return message->welcome.version == BL_WIRE_VERSION;
	case BL_WIRE_SLICE_LIST:
		return message->slices.first == call->number &&
		       message->slices.total <= SLICES_MAX;
	case BL_WIRE_LEASE:
		return !call->name[0] ||
		       !strcmp(call->name, message->lease.name);
	case BL_WIRE_INTERRUPT_SET:
		return message->interrupt.id == call->number &&
		       message->interrupt.vector == call->address;
	case BL_WIRE_MAPPED:
		return message->piece.id == call->number;
	case BL_WIRE_RENEWED:
		return message->term.id == call->number;
	case BL_WIRE_WATCHED:
	case BL_WIRE_REJOINED:
		return true;
	case BL_WIRE_UNMAPPED:
		return message->piece.id == call->number &&
		       message->piece.address == call->address;
	default:
		return message->released.id == call->number;
	}
}

/* What the reply is to say again */
static void remember(struct bl_call *call, const struct bl_wire_message *request)
{
	switch (request->type) {
	case BL_WIRE_LIST:
		call->number = request->list.first;
		break;
	case BL_WIRE_ACQUIRE:
		if (!(request->acquire.flags & BARLEASE_ANY))
			memcpy(call->name, request->acquire.name,
			       sizeof(call->name));
		break;
	case BL_WIRE_RELEASE:
		call->number = request->release.id;
		break;
	case BL_WIRE_INTERRUPT:
		call->number = request->interrupt.id;
		call->address = request->interrupt.vector;
		break;
	case BL_WIRE_MAP:
		call->number = request->map.id;
		break;
	case BL_WIRE_UNMAP:
		call->number = request->piece.id;
		call->address = request->piece.address;
		break;
	case BL_WIRE_RENEW:
		call->number = request->term.id;
		break;
	case BL_WIRE_CANCEL:
		call->number = request->cancel.id;
		break;
	}
}

static int hear_reply(struct barlease_client *client,
		      const struct bl_received *received)
{
	const struct bl_wire_message *message = &received->message;
	struct bl_call *call = bl_call_find(client, message->serial);

	if (message->type == BL_WIRE_ERROR && !message->serial)
		return hear_last_word(client, message);
	if (!call || call->answered || !fits(call, message)) {
		bl_client_drop_fd(message);
		return bl_client_break(client, -EPROTO);
	}
	if (message->type == BL_WIRE_LEASE)
		client->answered = message->serial;
	if (call->abandoned) {
		drop_late(client, call, message);
		return 0;
	}
	call->answered = true;
	bl_wire_copy(&call->reply, message);
	call->lost_fd = received->lost_fd;
	return announce(client, call);
}

int bl_call_take(struct barlease_client *client, bool wait)
{
	struct bl_received received;
	struct barlease_event event;
	int ret = bl_client_receive(client, wait, &received);

	if (ret)
		return ret;
	if (received.message.type & BL_WIRE_REPLY)
		return hear_reply(client, &received);
	if (received.message.type == BL_WIRE_TOKEN) {
		client->token = received.message.token;
		client->has_token = true;
		return 0;
	}
	event = event_of(&received.message);
	return keep_event(client, &event);
}

static uint32_t next_serial(struct barlease_client *client)
{
	do {
		client->serial = (client->serial + 1) & INT32_MAX;
	} while (!client->serial || bl_call_find(client, client->serial));
	return client->serial;
}

/*
 * A server that cannot send does not read either, so what it sends has to be
 * taken while there is no room for the request.
 */
static int send_request(struct barlease_client *client,
			const struct bl_wire_message *request, int fd,
			int timeout)
{
	int64_t until = deadline(timeout);
	uint8_t bytes[BL_WIRE_MAX];
	size_t size = bl_wire_encode(request, bytes);
	int ret;

	for (;;) {
		ret = bl_packet_send(client->fd, bytes, size, fd);
		if (ret != -EAGAIN || !timeout)
			return ret;
		ret = wait_for(client, POLLIN | POLLOUT, until);
		if (!ret)
			ret = bl_call_take(client, false);
		if (ret && ret != -EAGAIN)
			return ret;
	}
}

/* One for this request, which gets its serial; NULL: no memory */
static struct bl_call *new_call(struct barlease_client *client,
				struct bl_wire_message *request,
				enum bl_wire_type wanted)
{
	struct bl_call *new = malloc(sizeof(*new));

	if (!new)
		return NULL;
	/* All but the reply */
	memset(new, 0, offsetof(struct bl_call, reply));
	request->serial = next_serial(client);
	new->serial = request->serial;
	new->wanted = wanted;
	remember(new, request);
	LIST_INSERT_HEAD(&client->calls, new, of_client);
	return new;
}

int bl_call_start(struct barlease_client *client,
		  struct bl_wire_message *request, int fd,
		  enum bl_wire_type wanted, int timeout, struct bl_call **call)
{
	struct bl_call *new;
	int ret;

	client->error[0] = '\0';
	if (client->broken)
		return client->broken;
	new = new_call(client, request, wanted);
	if (!new)
		return -ENOMEM;
	ret = send_request(client, request, fd, timeout);
	/* A server that has hung up may have said why: that is heard later */
	if (ret && ret != -ECONNRESET) {
		forget(new);
		return ret;
	}
	*call = new;
	return 0;
}

/* It is said once; after it there is only the end of the connection */
int bl_client_last_word(struct barlease_client *client)
{
	int error = client->last_word;

	client->last_word = 0;
	return error;
}

/*
 * Most answers are the first thing that comes: for that the socket itself waits,
 * which is one system call instead of three.
 */
static int wait_for_first(struct barlease_client *client)
{
	int ret = bl_call_take(client, true);

	if (ret == -EINTR)
		return 0;
	if (ret == -EAGAIN)
		return bl_client_waits(client) ? -ETIMEDOUT : 0;
	return ret;
}

/* With a deadline of its own, in milliseconds; 0: as every call has it */
static int wait_until(struct barlease_client *client, struct bl_call *call,
		      int64_t until)
{
	int ret = client->timeout && !until ? wait_for_first(client) : 0;

	if (!until)
		until = ret || call->answered ? -1 : deadline(client->timeout);
	while (!ret && !call->answered && !client->last_word) {
		ret = bl_call_take(client, false);
		if (ret == -EAGAIN)
			ret = wait_for(client, POLLIN, until);
	}
	if (call->answered)
		return 0;
	return bl_client_last_word(client) ?: ret;
}

int bl_call_wait(struct barlease_client *client, struct bl_call *call)
{
	return wait_until(client, call, 0);
}

int bl_call_end(struct barlease_client *client, struct bl_call *call,
		struct bl_received *received)
{
	bl_wire_copy(&received->message, &call->reply);
	received->lost_fd = call->lost_fd;
	forget(call);
	if (received->message.type != BL_WIRE_ERROR)
		return 0;
	keep_text(client, received->message.error.text);
	return -(int)received->message.error.error;
}

void bl_call_abandon(struct bl_call *call)
{
	if (!call->answered) {
		call->abandoned = true;
		return;
	}
	bl_client_drop_fd(&call->reply);
	forget(call);
}

static int64_t later(int timeout, uint64_t patience)
{
	if (timeout < 0 || patience >= BL_WIRE_WAIT_MAX)
		return -1;
	return now_ms() + timeout + (int64_t)patience;
}

int bl_call_finish_in(struct barlease_client *client, struct bl_call *call,
		      uint64_t patience, struct bl_received *received)
{
	int64_t until = patience ? later(client->timeout, patience) : 0;
	int ret = wait_until(client, call, until);

	if (!ret)
		return bl_call_end(client, call, received);
	if (ret == -ETIMEDOUT)
		call->abandoned = true;
	else
		forget(call);
	return ret;
}

int bl_call_finish(struct barlease_client *client, struct bl_call *call,
		   struct bl_received *received)
{
	return bl_call_finish_in(client, call, 0, received);
}

int bl_client_call_with(struct barlease_client *client,
			struct bl_wire_message *request, int fd,
			enum bl_wire_type wanted, struct bl_received *received)
{
	struct bl_call *call;
	int ret;

	ret = bl_call_start(client, request, fd, wanted, client->timeout,
			    &call);
	return ret ?: bl_call_finish(client, call, received);
}

int bl_client_call(struct barlease_client *client,
		   struct bl_wire_message *request, enum bl_wire_type wanted,
		   struct bl_received *received)
{
	return bl_client_call_with(client, request, -1, wanted, received);
}

/* For nobody to wait for. Without a connection, it is for the next one */
static void send_off(struct barlease_client *client,
		     struct bl_wire_message *request, enum bl_wire_type wanted)
{
	char error[sizeof(client->error)];
	struct bl_call *call = NULL;

	/* What was said of the acquire is what its caller wants to know */
	memcpy(error, client->error, sizeof(error));
	if (client->broken)
		call = new_call(client, request, wanted);
	else
		bl_call_start(client, request, -1, wanted, client->timeout,
			      &call);
	if (call)
		call->abandoned = true;
	memcpy(client->error, error, sizeof(error));
}

void bl_call_give_back(struct barlease_client *client, uint32_t lease)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_RELEASE,
		.release.id = lease,
	};

	send_off(client, &request, BL_WIRE_RELEASED);
}

static void give_piece_back(struct barlease_client *client,
			    const struct bl_wire_piece *piece)
{
	struct bl_wire_message request = {
		.type = BL_WIRE_UNMAP,
		.piece = *piece,
	};

	send_off(client, &request, BL_WIRE_UNMAPPED);
}

static bool gives_back(const struct bl_call *call)
{
	return call->abandoned && (call->wanted == BL_WIRE_RELEASED ||
				   call->wanted == BL_WIRE_UNMAPPED);
}

static int lose(struct barlease_client *client, struct bl_call *call)
{
	int ret = announce(client, call);

	if (ret)
		return ret;
	call->answered = true;
	call->reply.type = BL_WIRE_ERROR;
	call->reply.error = (struct bl_wire_error){ .error = ECONNRESET };
	return 0;
}

int bl_calls_lose(struct barlease_client *client)
{
	struct bl_call *call = LIST_FIRST(&client->calls), *next;
	int ret = 0;

	for (; call && !ret; call = next) {
		next = LIST_NEXT(call, of_client);
		if (call->answered || gives_back(call))
			continue;
		if (call->abandoned)
			forget(call);
		else
			ret = lose(client, call);
	}
	return ret;
}

static int send_again(struct barlease_client *client, struct bl_call *call)
{
	struct bl_wire_message request = {
		.type = call->wanted & ~BL_WIRE_REPLY,
		.serial = next_serial(client),
	};

	if (call->wanted == BL_WIRE_RELEASED)
		request.release.id = call->number;
	else
		request.piece = (struct bl_wire_piece){
			call->number, call->address,
		};
	call->serial = request.serial;
	return send_request(client, &request, -1, client->timeout);
}

/* Where one cannot be sent, it and those behind it are for the next connection */
void bl_calls_again(struct barlease_client *client)
{
	struct bl_call *call = LIST_FIRST(&client->calls), *next;
	LIST_HEAD(, bl_call) again = LIST_HEAD_INITIALIZER(again);
	int ret = 0;

	/* While they are sent, what the server says may take any off the other list */
	for (; call; call = next) {
		next = LIST_NEXT(call, of_client);
		if (!gives_back(call))
			continue;
		LIST_REMOVE(call, of_client);
		LIST_INSERT_HEAD(&again, call, of_client);
	}
	while (!LIST_EMPTY(&again)) {
		call = LIST_FIRST(&again);
		LIST_REMOVE(call, of_client);
		LIST_INSERT_HEAD(&client->calls, call, of_client);
		if (!ret)
			ret = send_again(client, call);
	}
}

void bl_calls_free(struct barlease_client *client)
{
	struct bl_call *call = LIST_FIRST(&client->calls), *next;

	for (; call; call = next) {
		next = LIST_NEXT(call, of_client);
		if (call->answered)
			bl_client_drop_fd(&call->reply);
		forget(call);
	}
}
