// SPDX-License-Identifier: MIT
/*
 * The lease protocol, version 1: from bytes to what they say, and back
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "page.h"
#include "wire.h"

#define MAGIC		0x4c524142	/* "BARL" */
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define NAME_CHARACTERS	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define MAX_ERRNO	4095
#define SLICE_SIZE	160
#define TERM_SIZE	8

/*
 * A place in a message. The sizes of messages are checked before their fields
 * are looked at, so no field has to ask whether it is still in there; whether
 * any of them has been bad is asked once, at the end.
 */
struct reader {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

struct writer {
	uint8_t *at;
};

static void expect(struct reader *in, bool good)
{
	in->bad |= !good;
}

static uint16_t get16(struct reader *in)
{
	uint16_t value;

	memcpy(&value, in->at, sizeof(value));
	in->at += sizeof(value);
	return le16toh(value);
}

static uint32_t get32(struct reader *in)
{
	uint32_t value;

	memcpy(&value, in->at, sizeof(value));
	in->at += sizeof(value);
	return le32toh(value);
}

static uint64_t get64(struct reader *in)
{
	uint64_t value;

	memcpy(&value, in->at, sizeof(value));
	in->at += sizeof(value);
	return le64toh(value);
}

static void put16(struct writer *out, uint16_t value)
{
	value = htole16(value);
	memcpy(out->at, &value, sizeof(value));
	out->at += sizeof(value);
}

static void put32(struct writer *out, uint32_t value)
{
	value = htole32(value);
	memcpy(out->at, &value, sizeof(value));
	out->at += sizeof(value);
}

static void put64(struct writer *out, uint64_t value)
{
	value = htole64(value);
	memcpy(out->at, &value, sizeof(value));
	out->at += sizeof(value);
}

static void get_reserved(struct reader *in, size_t size)
{
	while (size--)
		expect(in, !*in->at++);
}

static void put_reserved(struct writer *out, size_t size)
{
	memset(out->at, 0, size);
	out->at += size;
}

/* Has a NUL, and nothing else behind it */
static void get_text(struct reader *in, char *text, size_t size)
{
	size_t length = strnlen((const char *)in->at, size);

	expect(in, length < size);
	memcpy(text, in->at, size);
	text[size - 1] = '\0';
	in->at += length;
	get_reserved(in, size - length);
}

static void put_text(struct writer *out, const char *text, size_t size)
{
	size_t length = strnlen(text, size - 1);

	memcpy(out->at, text, length);
	out->at += length;
	put_reserved(out, size - length);
}

bool bl_wire_name_valid(const char *name)
{
	/* Not isalnum(), which asks the locale */
	size_t length = strspn(name, NAME_CHARACTERS);

	return length && length < BARLEASE_NAME_MAX && !name[length];
}

static void get_name(struct reader *in, char *name)
{
	get_text(in, name, BARLEASE_NAME_MAX);
	expect(in, bl_wire_name_valid(name));
}

static void get_hello(struct reader *in, struct bl_wire_message *message)
{
	struct bl_wire_hello *hello = &message->hello;

	expect(in, get32(in) == MAGIC);
	hello->lowest = get16(in);
	hello->highest = get16(in);
	expect(in, hello->lowest <= hello->highest);
	hello->features = get32(in);
}

static void put_hello(struct writer *out, const struct bl_wire_message *message)
{
	put32(out, MAGIC);
	put16(out, message->hello.lowest);
	put16(out, message->hello.highest);
	put32(out, message->hello.features);
}

static void get_welcome(struct reader *in, struct bl_wire_message *message)
{
	message->welcome.version = get16(in);
	get_reserved(in, 2);
	message->welcome.features = get32(in);
}

static void put_welcome(struct writer *out,
			const struct bl_wire_message *message)
{
	put16(out, message->welcome.version);
	put_reserved(out, 2);
	put32(out, message->welcome.features);
}

static void get_list(struct reader *in, struct bl_wire_message *message)
{
	message->list.first = get32(in);
	get_reserved(in, 4);
}

static void put_list(struct writer *out, const struct bl_wire_message *message)
{
	put32(out, message->list.first);
	put_reserved(out, 4);
}

static uint64_t get_size(struct reader *in)
{
	uint64_t size = get64(in);

	expect(in, size && size % BL_LEAST_PAGE == 0);
	return size;
}

static uint32_t get_flags(struct reader *in, uint32_t known)
{
	uint32_t flags = get32(in);

	expect(in, !(flags & ~known));
	return flags;
}

static enum barlease_memattr get_memattr(struct reader *in)
{
	uint32_t memattr = get32(in);

	expect(in, memattr == BARLEASE_NC || memattr == BARLEASE_WC);
	return memattr;
}

/* How many vectors, and of what kind; both or neither */
static void get_vectors(struct reader *in, unsigned int *nr,
			enum barlease_interrupt_kind *kind)
{
	uint16_t vectors = get16(in), what = get16(in);

	expect(in, vectors <= BARLEASE_VECTORS_MAX && what <= BARLEASE_MSIX_VECTORS);
	expect(in, !vectors == (what == BARLEASE_NO_INTERRUPTS));
	*nr = vectors;
	*kind = what;
}

static uint64_t get_dma(struct reader *in)
{
	uint64_t dma = get64(in);

	expect(in, dma % BL_LEAST_PAGE == 0);
	return dma;
}

static void get_slice(struct reader *in, struct barlease_slice_info *slice)
{
	get_name(in, slice->name);
	get_text(in, slice->group, sizeof(slice->group));
	expect(in, !slice->group[0] || bl_wire_name_valid(slice->group));
	slice->size = get_size(in);
	slice->flags = get_flags(in, BL_WIRE_SLICE_FLAGS);
	slice->memattr = get_memattr(in);
	slice->free = get32(in);
	get_vectors(in, &slice->interrupts, &slice->interrupt_kind);
	slice->dma = get_dma(in);
}

static void put_slice(struct writer *out,
		      const struct barlease_slice_info *slice)
{
	put_text(out, slice->name, sizeof(slice->name));
	put_text(out, slice->group, sizeof(slice->group));
	put64(out, slice->size);
	put32(out, slice->flags);
	put32(out, slice->memattr);
	put32(out, slice->free);
	put16(out, slice->interrupts);
	put16(out, slice->interrupt_kind);
	put64(out, slice->dma);
}

/* The message is as long as its count says: body_size() has looked at that */
static void get_slices(struct reader *in, struct bl_wire_message *message)
{
	struct bl_wire_slices *slices = &message->slices;
	uint32_t left;

	slices->total = get32(in);
	slices->first = get32(in);
	slices->count = get32(in);
	get_reserved(in, 4);
	left = slices->first < slices->total ? slices->total - slices->first : 0;
	/* Whoever asks for more gets more, as long as there is more */
	expect(in, slices->count <= left && !slices->count == !left);
	for (uint32_t i = 0; i < slices->count; i++)
		get_slice(in, &slices->slice[i]);
}

static void put_slices(struct writer *out,
		       const struct bl_wire_message *message)
{
	const struct bl_wire_slices *slices = &message->slices;

	put32(out, slices->total);
	put32(out, slices->first);
	put32(out, slices->count);
	put_reserved(out, 4);
	for (uint32_t i = 0; i < slices->count; i++)
		put_slice(out, &slices->slice[i]);
}

static void get_acquire(struct reader *in, struct bl_wire_message *message)
{
	get_name(in, message->acquire.name);
	message->acquire.flags = get_flags(in, BARLEASE_ANY |
						   BARLEASE_ONES);
	message->acquire.wait = get32(in);
}

static void put_acquire(struct writer *out,
			const struct bl_wire_message *message)
{
	put_text(out, message->acquire.name, sizeof(message->acquire.name));
	put32(out, message->acquire.flags);
	put32(out, message->acquire.wait);
}

static void get_alignment(struct reader *in,
			  struct barlease_alignment *alignment)
{
	uint64_t align = get64(in), phase = get64(in);

	expect(in, align >= BL_LEAST_PAGE && !(align & (align - 1)));
	expect(in, phase < align && phase % BL_LEAST_PAGE == 0);
	alignment->align = align;
	alignment->phase = phase;
}

static void get_lease(struct reader *in, struct bl_wire_message *message)
{
	struct barlease_lease *lease = &message->lease;

	lease->id = get32(in);
	lease->flags = get_flags(in, BL_WIRE_SLICE_FLAGS);
	lease->size = get_size(in);
	lease->memattr = get_memattr(in);
	get_vectors(in, &lease->interrupts, &lease->interrupt_kind);
	get_alignment(in, &lease->alignment);
	get_name(in, lease->name);
	lease->dma = get_dma(in);
	lease->fd = -1;
	lease->term = 0;
	/* Only where it has one: who knows nothing of terms is not sent any */
	if (in->at == in->end)
		return;
	lease->term = get64(in);
	expect(in, lease->term);
}

static void put_lease(struct writer *out, const struct bl_wire_message *message)
{
	const struct barlease_lease *lease = &message->lease;

	put32(out, lease->id);
	put32(out, lease->flags);
	put64(out, lease->size);
	put32(out, lease->memattr);
	put16(out, lease->interrupts);
	put16(out, lease->interrupt_kind);
	put64(out, lease->alignment.align);
	put64(out, lease->alignment.phase);
	put_text(out, lease->name, sizeof(lease->name));
	put64(out, lease->dma);
	if (lease->term)
		put64(out, lease->term);
}

static void get_id(struct reader *in, struct bl_wire_message *message)
{
	message->release.id = get32(in);
	get_reserved(in, 4);
}

static void put_id(struct writer *out, const struct bl_wire_message *message)
{
	put32(out, message->release.id);
	put_reserved(out, 4);
}

static void get_interrupt(struct reader *in, struct bl_wire_message *message)
{
	struct bl_wire_interrupt *interrupt = &message->interrupt;

	interrupt->id = get32(in);
	interrupt->vector = get32(in);
	interrupt->flags = get_flags(in, message->type == BL_WIRE_INTERRUPT ?
				     BL_WIRE_NOBODY | BL_WIRE_UNMASK : 0);
	get_reserved(in, 4);
}

static void put_interrupt(struct writer *out,
			  const struct bl_wire_message *message)
{
	put32(out, message->interrupt.id);
	put32(out, message->interrupt.vector);
	put32(out, message->interrupt.flags);
	put_reserved(out, 4);
}

static void get_map(struct reader *in, struct bl_wire_message *message)
{
	struct bl_wire_map *map = &message->map;

	map->id = get32(in);
	map->flags = get_flags(in, BARLEASE_READ_ONLY);
	map->offset = get64(in);
	map->length = get_size(in);
	expect(in, map->offset % BL_LEAST_PAGE == 0);
	expect(in, map->offset <= INT64_MAX && map->length <= INT64_MAX);
}

static void put_map(struct writer *out, const struct bl_wire_message *message)
{
	put32(out, message->map.id);
	put32(out, message->map.flags);
	put64(out, message->map.offset);
	put64(out, message->map.length);
}

static void get_piece(struct reader *in, struct bl_wire_message *message)
{
	message->piece.id = get32(in);
	get_reserved(in, 4);
	message->piece.address = get64(in);
	expect(in, message->piece.address % BL_LEAST_PAGE == 0);
}

static void put_piece(struct writer *out, const struct bl_wire_message *message)
{
	put32(out, message->piece.id);
	put_reserved(out, 4);
	put64(out, message->piece.address);
}

static void get_term(struct reader *in, struct bl_wire_message *message)
{
	message->term.id = get32(in);
	get_reserved(in, 4);
	message->term.milliseconds = get64(in);
}

static void put_term(struct writer *out, const struct bl_wire_message *message)
{
	put32(out, message->term.id);
	put_reserved(out, 4);
	put64(out, message->term.milliseconds);
}

static void get_error(struct reader *in, struct bl_wire_message *message)
{
	struct bl_wire_error *error = &message->error;

	error->error = get32(in);
	expect(in, error->error && error->error <= MAX_ERRNO);
	get_reserved(in, 4);
	get_text(in, error->text, sizeof(error->text));
}

static void put_error(struct writer *out, const struct bl_wire_message *message)
{
	put32(out, message->error.error);
	put_reserved(out, 4);
	put_text(out, message->error.text, sizeof(message->error.text));
}

/*
 * A holder that gave the lease back, or is gone, is told nothing. Reasons that are
 * not known yet are reasons all the same.
 */
static enum barlease_reason get_reason(struct reader *in)
{
	uint32_t reason = get32(in);

	expect(in, reason >= BARLEASE_ORDERED && reason <= INT32_MAX);
	return reason;
}

static void get_revoked(struct reader *in, struct bl_wire_message *message)
{
	message->revoked.id = get32(in);
	message->revoked.reason = get_reason(in);
}

static void put_revoked(struct writer *out,
			const struct bl_wire_message *message)
{
	put32(out, message->revoked.id);
	put32(out, message->revoked.reason);
}

static void get_suspended(struct reader *in, struct bl_wire_message *message)
{
	(void)message;
	expect(in, get32(in) == BL_WIRE_RESET);
	get_reserved(in, 4);
}

static void put_suspended(struct writer *out,
			  const struct bl_wire_message *message)
{
	(void)message;
	put32(out, BL_WIRE_RESET);
	put_reserved(out, 4);
}

static void get_revoking(struct reader *in, struct bl_wire_message *message)
{
	message->revoking.id = get32(in);
	message->revoking.reason = get_reason(in);
	message->revoking.milliseconds = get64(in);
}

static void put_revoking(struct writer *out,
			 const struct bl_wire_message *message)
{
	put32(out, message->revoking.id);
	put32(out, message->revoking.reason);
	put64(out, message->revoking.milliseconds);
}

/* What says nothing but its type */
static void get_nothing(struct reader *in, struct bl_wire_message *message)
{
	(void)message;
	get_reserved(in, 8);
}

static void put_nothing(struct writer *out,
			const struct bl_wire_message *message)
{
	(void)message;
	put_reserved(out, 8);
}

/* Any bytes: only who has made it up knows which are good */
static void get_token(struct reader *in, struct bl_wire_message *message)
{
	memcpy(message->token.token, in->at, BL_WIRE_TOKEN_SIZE);
	in->at += BL_WIRE_TOKEN_SIZE;
}

static void put_token(struct writer *out, const struct bl_wire_message *message)
{
	memcpy(out->at, message->token.token, BL_WIRE_TOKEN_SIZE);
	out->at += BL_WIRE_TOKEN_SIZE;
}

static void get_rejoin(struct reader *in, struct bl_wire_message *message)
{
	memcpy(message->rejoin.token, in->at, BL_WIRE_TOKEN_SIZE);
	in->at += BL_WIRE_TOKEN_SIZE;
	message->rejoin.answered = get32(in);
	get_reserved(in, 4);
}

static void put_rejoin(struct writer *out,
		       const struct bl_wire_message *message)
{
	memcpy(out->at, message->rejoin.token, BL_WIRE_TOKEN_SIZE);
	out->at += BL_WIRE_TOKEN_SIZE;
	put32(out, message->rejoin.answered);
	put_reserved(out, 4);
}

static void get_rejoined(struct reader *in, struct bl_wire_message *message)
{
	message->rejoined.leases = get32(in);
	get_reserved(in, 4);
}

static void put_rejoined(struct writer *out,
			 const struct bl_wire_message *message)
{
	put32(out, message->rejoined.leases);
	put_reserved(out, 4);
}

/* @size is the body's; of SLICES without any slice, of LEASE without a term */
static const struct format {
	enum bl_wire_type type;
	size_t size;
	void (*get)(struct reader *in, struct bl_wire_message *message);
	void (*put)(struct writer *out, const struct bl_wire_message *message);
} formats[] = {
	{ BL_WIRE_HELLO, 12, get_hello, put_hello },
	{ BL_WIRE_WELCOME, 8, get_welcome, put_welcome },
	{ BL_WIRE_LIST, 8, get_list, put_list },
	{ BL_WIRE_SLICE_LIST, 16, get_slices, put_slices },
	{ BL_WIRE_ACQUIRE, 72, get_acquire, put_acquire },
	{ BL_WIRE_LEASE, 112, get_lease, put_lease },
	{ BL_WIRE_RELEASE, 8, get_id, put_id },
	{ BL_WIRE_RELEASED, 8, get_id, put_id },
	{ BL_WIRE_INTERRUPT, 16, get_interrupt, put_interrupt },
	{ BL_WIRE_INTERRUPT_SET, 16, get_interrupt, put_interrupt },
	{ BL_WIRE_MAP, 24, get_map, put_map },
	{ BL_WIRE_MAPPED, 16, get_piece, put_piece },
	{ BL_WIRE_UNMAP, 16, get_piece, put_piece },
	{ BL_WIRE_UNMAPPED, 16, get_piece, put_piece },
	{ BL_WIRE_RENEW, 16, get_term, put_term },
	{ BL_WIRE_RENEWED, 16, get_term, put_term },
	{ BL_WIRE_CANCEL, 8, get_id, put_id },
	{ BL_WIRE_CANCELLED, 8, get_id, put_id },
	{ BL_WIRE_WATCH, 8, get_nothing, put_nothing },
	{ BL_WIRE_WATCHED, 8, get_nothing, put_nothing },
	{ BL_WIRE_ERROR, 136, get_error, put_error },
	{ BL_WIRE_REVOKED, 8, get_revoked, put_revoked },
	{ BL_WIRE_SUSPENDED, 8, get_suspended, put_suspended },
	{ BL_WIRE_RESUMED, 8, get_nothing, put_nothing },
	{ BL_WIRE_REVOKING, 16, get_revoking, put_revoking },
	{ BL_WIRE_FREED, 8, get_nothing, put_nothing },
	{ BL_WIRE_PAUSED, 16, get_term, put_term },
	{ BL_WIRE_UNPAUSED, 8, get_id, put_id },
	{ BL_WIRE_TOKEN, 16, get_token, put_token },
	{ BL_WIRE_REJOIN, 24, get_rejoin, put_rejoin },
	{ BL_WIRE_REJOINED, 8, get_rejoined, put_rejoined },
};

static const struct format *format_of(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].type == type)
			return &formats[i];
	return NULL;
}

/* The size that a body of this type must have, given that it has @size */
static size_t body_size(const struct format *format, const uint8_t *body,
			size_t size)
{
	struct reader at_count = { .at = body + 8 };
	uint32_t count;

	if (format->type == BL_WIRE_LEASE && size == format->size + TERM_SIZE)
		return size;
	if (format->type != BL_WIRE_SLICE_LIST || size < format->size)
		return format->size;
	count = get32(&at_count);
	/* More than fit have no size at all */
	return count <= BL_WIRE_SLICES ? format->size + count * SLICE_SIZE : 0;
}

/* An ERROR's is that of the request, which may have had none */
static bool serial_valid(uint16_t type, uint32_t serial)
{
	if (type == BL_WIRE_ERROR)
		return true;
	return !serial == !!(type & BL_WIRE_EVENT);
}

int bl_wire_decode(const void *bytes, size_t size,
		   struct bl_wire_message *message)
{
	struct reader in = { .at = bytes };
	const struct format *format;

	message->type = 0;
	message->serial = 0;
	if (size < BL_WIRE_HEADER)
		return -EPROTO;

	expect(&in, get32(&in) == size && size <= BL_WIRE_MAX);
	message->type = get16(&in);
	expect(&in, !get16(&in));
	message->serial = get32(&in);
	expect(&in, serial_valid(message->type, message->serial));
	get_reserved(&in, 4);
	if (in.bad)
		return -EPROTO;

	format = format_of(message->type);
	if (!format)
		return -EOPNOTSUPP;
	size -= BL_WIRE_HEADER;
	if (size != body_size(format, in.at, size))
		return -EPROTO;
	in.end = in.at + size;
	format->get(&in, message);
	return in.bad ? -EPROTO : 0;
}

uint32_t bl_wire_feature(uint16_t type)
{
	switch (type) {
	case BL_WIRE_INTERRUPT:
	case BL_WIRE_MAP:
	case BL_WIRE_UNMAP:
		return BL_WIRE_QUEUES;
	case BL_WIRE_RENEW:
	case BL_WIRE_CANCEL:
	case BL_WIRE_WATCH:
		return BL_WIRE_TERMS;
	case BL_WIRE_REJOIN:
		return BL_WIRE_KEEPS;
	default:
		return 0;
	}
}

bool bl_wire_has_fd(const struct bl_wire_message *message)
{
	switch (message->type) {
	case BL_WIRE_LEASE:
	case BL_WIRE_MAP:
		return true;
	case BL_WIRE_INTERRUPT:
		return !(message->interrupt.flags & BL_WIRE_NOBODY);
	default:
		return false;
	}
}

void bl_wire_copy(struct bl_wire_message *to,
		  const struct bl_wire_message *from)
{
	size_t used = offsetof(struct bl_wire_message, lease) +
		      sizeof(from->lease);

	if (from->type == BL_WIRE_SLICE_LIST)
		used = offsetof(struct bl_wire_message, slices.slice) +
		       from->slices.count * sizeof(from->slices.slice[0]);
	memcpy(to, from, used);
}

size_t bl_wire_encode(const struct bl_wire_message *message, void *bytes)
{
	const struct format *format = format_of(message->type);
	struct writer out = { .at = bytes };
	size_t size;

	if (!format)
		return 0;
	size = BL_WIRE_HEADER + format->size;
	if (format->type == BL_WIRE_SLICE_LIST)
		size += message->slices.count * SLICE_SIZE;
	if (format->type == BL_WIRE_LEASE && message->lease.term)
		size += TERM_SIZE;
	put32(&out, size);
	put16(&out, message->type);
	put16(&out, 0);
	put32(&out, message->serial);
	put_reserved(&out, 4);
	format->put(&out, message);
	return size;
}
