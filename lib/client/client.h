/* SPDX-License-Identifier: MIT */
/*
 * What the client's files know of each other
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Each calls only what is above it:
 *
 *   events.c    events that nobody has asked for yet
 *   receive.c   what the server says
 *   call.c      requests and their replies
 *   lease.c     requests: acquire, release, renew, watch
 *   list.c      requests: list
 *   queue.c     requests: interrupts, and memory for the device
 *   memory.c    memory as a device can be let reach it
 *   client.c    connecting and closing
 *   rejoin.c    connecting again, and going on
 */
#ifndef LIB_CLIENT_H
#define LIB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/un.h>

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
 * struct bl_call - a request that has not been finished
 * @serial: of the request
 * @wanted: type of the reply
 * @name: that it is to have; "" for any
 * @number: the same: of a lease, or of the first slice of a list
 * @address: the same: of memory; or the number of an interrupt
 * @answered: there is one, and it is @reply: that, or an ERROR
 * @announced: who asked wants an event when it is there
 * @abandoned: nobody wants it any more
 * @lost_fd: of a LEASE without an fd: why, as a negative errno
 */
struct bl_call {
	LIST_ENTRY(bl_call) of_client;
	uint32_t serial;
	enum bl_wire_type wanted;
	char name[BARLEASE_NAME_MAX];
	uint32_t number;
	uint64_t address;
	bool answered;
	bool announced;
	bool abandoned;
	int lost_fd;
	struct bl_wire_message reply;
};

/**
 * struct barlease_client - a connection to whoever vends
 * @serial: of the last request
 * @timeout: in milliseconds; negative for none
 * @broken: 0, or why nothing can be received any more, as a negative errno
 * @features: that both sides have
 * @last_word: what the server has said unasked before it went, or 0
 * @answered: serial of the ACQUIRE whose LEASE has come last, or 0
 * @has_token: @token is there, the last one that the server has sent
 * @address: that it has connected to; of no family where it has not
 * @calls: not finished yet
 * @error: what the server has said of the last request
 */
struct barlease_client {
	int fd;
	uint32_t serial;
	int timeout;
	int broken;
	uint32_t features;
	int last_word;
	uint32_t answered;
	bool has_token;
	struct bl_wire_token token;
	struct sockaddr_un address;
	LIST_HEAD(, bl_call) calls;
	struct bl_events events;
	char error[BL_WIRE_TEXT];
};

/* A message of the server's. @lost_fd: see struct bl_call */
struct bl_received {
	struct bl_wire_message message;
	int lost_fd;
};

/* events.c. Return: 0; -ENOMEM; -ENOBUFS too many */
int bl_events_keep(struct bl_events *events, const struct barlease_event *event);
bool bl_events_take(struct bl_events *events, struct barlease_event *event);

/*
 * receive.c. What the server has sent: it is valid, and an event or a reply. With
 * @wait the socket is waited for, as it is in bl_packet_await().
 *
 * Return: 0; -EAGAIN; -EINTR with @wait; errors of the connection, which are final.
 */
int bl_client_receive(struct barlease_client *client, bool wait,
		      struct bl_received *received);
/* Does the socket wait at all? */
bool bl_client_waits(const struct barlease_client *client);
/* Nothing more is received after this; returns @error */
int bl_client_break(struct barlease_client *client, int error);
/* Its fd is closed, if it has one */
void bl_client_drop_fd(const struct bl_wire_message *message);

/*
 * call.c. bl_call_start() sends a request, with a serial of its own; @timeout as in
 * the client, 0 does not wait until it can be sent. @fd: goes with it, and stays the
 * caller's; -1 for none. bl_call_take() deals with one
 * message of the server's, or returns -EAGAIN. bl_call_wait() returns 0 when the call is answered.
 * bl_call_end() says how it ended, and forgets it: 0 and the reply, which is of the
 * type wanted; what an ERROR said.
 */
int bl_call_start(struct barlease_client *client,
		  struct bl_wire_message *request, int fd,
		  enum bl_wire_type wanted, int timeout, struct bl_call **call);
int bl_call_take(struct barlease_client *client, bool wait);
int bl_call_wait(struct barlease_client *client, struct bl_call *call);
int bl_call_end(struct barlease_client *client, struct bl_call *call,
		struct bl_received *received);
struct bl_call *bl_call_find(const struct barlease_client *client,
			     uint32_t serial);
int bl_client_last_word(struct barlease_client *client);
/*
 * bl_call_wait() and bl_call_end(). The call is gone after it, or abandoned. @patience:
 * milliseconds that the server may take beyond the time-out
 */
int bl_call_finish_in(struct barlease_client *client, struct bl_call *call,
		      uint64_t patience, struct bl_received *received);
int bl_call_finish(struct barlease_client *client, struct bl_call *call,
		   struct bl_received *received);
/* Not for a call that brings a lease: that has to be given back */
void bl_call_abandon(struct bl_call *call);
/* All of these in one */
int bl_client_call(struct barlease_client *client,
		   struct bl_wire_message *request, enum bl_wire_type wanted,
		   struct bl_received *received);
int bl_client_call_with(struct barlease_client *client,
			struct bl_wire_message *request, int fd,
			enum bl_wire_type wanted, struct bl_received *received);
/* A lease is given back that nobody wants, or can have */
void bl_call_give_back(struct barlease_client *client, uint32_t lease);
/*
 * The connection is lost: who asked, and still wants to know, is answered ECONNRESET.
 * Return: 0; as bl_events_keep()
 */
int bl_calls_lose(struct barlease_client *client);
/* On another connection: what was to be given back, and may not have been */
void bl_calls_again(struct barlease_client *client);
void bl_calls_free(struct barlease_client *client);

/*
 * client.c. bl_client_dial(): waits for @timeout milliseconds, negative for any time.
 * Return: an fd; errors of connect(). bl_client_hello(): the first call.
 */
int bl_client_dial(const struct sockaddr_un *address, int timeout);
int bl_client_hello(struct barlease_client *client);

#endif
