/* SPDX-License-Identifier: MIT */
/*
 * The lease protocol, version 1: from bytes to what they say, and back
 *
 * Copyright (C) 2026 The barlease authors
 *
 * docs/protocol.md is the specification. Nothing here allocates, waits or does
 * I/O. What bl_wire_decode() has passed is valid in every field, for whichever
 * side it came from; who may send what, and when, is for the caller to say.
 */
#ifndef BL_WIRE_H
#define BL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "public.h"

#define BL_WIRE_VERSION	1

#define BL_WIRE_MAX	4096	/* bytes of a message */
#define BL_WIRE_HEADER	16
#define BL_WIRE_TEXT	128	/* of an ERROR, with its NUL */
/* As many slices as one message holds */
#define BL_WIRE_SLICES	25

#define BL_WIRE_REPLY	0x8000
#define BL_WIRE_EVENT	0x4000

enum bl_wire_type {
	BL_WIRE_HELLO		= 0x0001,
	BL_WIRE_LIST		= 0x0002,
	BL_WIRE_ACQUIRE		= 0x0003,
	BL_WIRE_RELEASE		= 0x0004,
	BL_WIRE_INTERRUPT	= 0x0005,
	BL_WIRE_MAP		= 0x0006,
	BL_WIRE_UNMAP		= 0x0007,
	BL_WIRE_RENEW		= 0x0008,
	BL_WIRE_CANCEL		= 0x0009,
	BL_WIRE_WATCH		= 0x000a,
	BL_WIRE_REJOIN		= 0x000b,
	BL_WIRE_WELCOME		= BL_WIRE_REPLY | BL_WIRE_HELLO,
	BL_WIRE_SLICE_LIST	= BL_WIRE_REPLY | BL_WIRE_LIST,
	BL_WIRE_LEASE		= BL_WIRE_REPLY | BL_WIRE_ACQUIRE,
	BL_WIRE_RELEASED	= BL_WIRE_REPLY | BL_WIRE_RELEASE,
	BL_WIRE_INTERRUPT_SET	= BL_WIRE_REPLY | BL_WIRE_INTERRUPT,
	BL_WIRE_MAPPED		= BL_WIRE_REPLY | BL_WIRE_MAP,
	BL_WIRE_UNMAPPED	= BL_WIRE_REPLY | BL_WIRE_UNMAP,
	BL_WIRE_RENEWED		= BL_WIRE_REPLY | BL_WIRE_RENEW,
	BL_WIRE_CANCELLED	= BL_WIRE_REPLY | BL_WIRE_CANCEL,
	BL_WIRE_WATCHED		= BL_WIRE_REPLY | BL_WIRE_WATCH,
	BL_WIRE_REJOINED	= BL_WIRE_REPLY | BL_WIRE_REJOIN,
	BL_WIRE_ERROR		= BL_WIRE_REPLY | 0x0fff,
	BL_WIRE_REVOKED		= BL_WIRE_EVENT | 0x0001,
	BL_WIRE_SUSPENDED	= BL_WIRE_EVENT | 0x0002,
	BL_WIRE_RESUMED		= BL_WIRE_EVENT | 0x0003,
	BL_WIRE_REVOKING	= BL_WIRE_EVENT | 0x0004,
	BL_WIRE_FREED		= BL_WIRE_EVENT | 0x0005,
	BL_WIRE_PAUSED		= BL_WIRE_EVENT | 0x0006,
	BL_WIRE_UNPAUSED	= BL_WIRE_EVENT | 0x0007,
	BL_WIRE_TOKEN		= BL_WIRE_EVENT | 0x0008,
};

/* Why accesses wait; a reset is the only reason there is */
#define BL_WIRE_RESET	1

/*
 * What a side knows beyond version 1. A bit that the other side does not know means
 * nothing to it; what a bit stands for is used if both have it.
 */
#define BL_WIRE_MORE_REASONS	(1u << 0)	/* reasons above 4 in REVOKED */

#define BL_WIRE_QUEUES		(1u << 1)	/* interrupts and DMA */

#define BL_WIRE_TERMS		(1u << 2)	/* leases that are waited for, and end */

#define BL_WIRE_PAUSES		(1u << 3)	/* leases that wait, and end in ones */

#define BL_WIRE_KEEPS		(1u << 4)	/* leases that outlive the server's process */

#define BL_WIRE_FEATURES	(BL_WIRE_MORE_REASONS | BL_WIRE_QUEUES | \
				 BL_WIRE_TERMS | BL_WIRE_PAUSES | \
				 BL_WIRE_KEEPS)

struct bl_wire_hello {
	uint16_t lowest;
	uint16_t highest;
	uint32_t features;
};

struct bl_wire_welcome {
	uint16_t version;
	uint32_t features;
};

struct bl_wire_list {
	uint32_t first;
};

/* What is said of a slice and of a lease; the rest is the server's own affair */
#define BL_WIRE_SLICE_FLAGS	(BARLEASE_READ_ONLY | BARLEASE_EXCLUSIVE)

struct bl_wire_slices {
	uint32_t total;
	uint32_t first;
	uint32_t count;
	struct barlease_slice_info slice[BL_WIRE_SLICES];
};

/* How long to wait for it, in milliseconds: at the most that, which is 49 days */
#define BL_WIRE_WAIT_MAX	UINT32_MAX

/* @wait: 0: not at all */
struct bl_wire_acquire {
	char name[BARLEASE_NAME_MAX];
	uint32_t flags;
	uint32_t wait;
};

/* RELEASE, RELEASED, UNPAUSED; CANCEL and CANCELLED, with the serial of an ACQUIRE */
struct bl_wire_id {
	uint32_t id;
};

/* RENEW, RENEWED, PAUSED. @milliseconds: in the last two 0 for no end */
struct bl_wire_term {
	uint32_t id;
	uint64_t milliseconds;
};

/* What is done about a vector. With an fd, but for BL_WIRE_NOBODY */
#define BL_WIRE_NOBODY	(1u << 0)	/* takes it away */
#define BL_WIRE_UNMASK	(1u << 1)	/* what unmasks it */

/* INTERRUPT, INTERRUPT_SET; that has no flags */
struct bl_wire_interrupt {
	uint32_t id;
	uint32_t vector;
	uint32_t flags;
};

/* With an fd. @flags: BARLEASE_READ_ONLY */
struct bl_wire_map {
	uint32_t id;
	uint32_t flags;
	uint64_t offset;
	uint64_t length;
};

/* MAPPED, UNMAP, UNMAPPED */
struct bl_wire_piece {
	uint32_t id;
	uint64_t address;
};

struct bl_wire_error {
	uint32_t error;		/* positive */
	char text[BL_WIRE_TEXT];
};

struct bl_wire_revoked {
	uint32_t id;
	enum barlease_reason reason;
};

struct bl_wire_revoking {
	uint32_t id;
	enum barlease_reason reason;
	uint64_t milliseconds;
};

#define BL_WIRE_TOKEN_SIZE	16

/* By which a client is known that has lost its connection; good once */
struct bl_wire_token {
	uint8_t token[BL_WIRE_TOKEN_SIZE];
};

/*
 * @answered: serial of the ACQUIRE whose LEASE has come last; 0: none has. There is
 * one on its way at most, so if it is not the one that was sent last, that one alone
 * has not arrived. To be compared for being the same: serials begin again, and who
 * waits is not answered in their order.
 */
struct bl_wire_rejoin {
	uint8_t token[BL_WIRE_TOKEN_SIZE];
	uint32_t answered;
};

struct bl_wire_rejoined {
	uint32_t leases;
};

struct bl_wire_message {
	uint16_t type;
	uint32_t serial;
	union {
		struct bl_wire_hello hello;
		struct bl_wire_welcome welcome;
		struct bl_wire_list list;
		struct bl_wire_slices slices;
		struct bl_wire_acquire acquire;
		struct barlease_lease lease;	/* but for its fd */
		struct bl_wire_id release;
		struct bl_wire_id released;
		struct bl_wire_id cancel;
		struct bl_wire_id unpaused;
		struct bl_wire_term term;
		struct bl_wire_term paused;
		struct bl_wire_interrupt interrupt;
		struct bl_wire_map map;
		struct bl_wire_piece piece;
		struct bl_wire_error error;
		struct bl_wire_revoked revoked;
		struct bl_wire_revoking revoking;
		struct bl_wire_token token;
		struct bl_wire_rejoin rejoin;
		struct bl_wire_rejoined rejoined;
	};
};

/* A name of a slice or a group: letters, digits, "._-", short enough */
bool bl_wire_name_valid(const char *name);

/*
 * Return: 0; -EPROTO; -EOPNOTSUPP a well-formed message of an unknown type.
 * Also of a message that is refused, @type and @serial are as sent if it is
 * long enough to have them, or else 0.
 */
int bl_wire_decode(const void *bytes, size_t size,
		   struct bl_wire_message *message);

/*
 * Copy a message: of the room that there is for many slices only what it uses,
 * which is most of the work otherwise
 */
void bl_wire_copy(struct bl_wire_message *to,
		  const struct bl_wire_message *from);

/* Which of BL_WIRE_FEATURES requests of this type are part of; 0: of version 1 itself */
uint32_t bl_wire_feature(uint16_t type);

/* Does a valid message of this kind come with an fd? */
bool bl_wire_has_fd(const struct bl_wire_message *message);

/* @bytes: room for BL_WIRE_MAX. Return: how many it takes; 0 an unknown type */
size_t bl_wire_encode(const struct bl_wire_message *message, void *bytes);

#endif
