// SPDX-License-Identifier: MIT
/*
 * The codec of the lease protocol: what is valid comes back as it was, and
 * nothing else gets through
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "samples.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define BODY		BL_WIRE_HEADER
#define SAMPLE_WITH_TERM	20
#define SAMPLE_WITH_WAIT	21
#define SLICE		(BODY + 16)

/* An encoded message */
static uint8_t bytes[BL_WIRE_MAX];
static size_t size;

static void encode(unsigned int number)
{
	const struct bl_wire_message message = sample(number);

	memset(bytes, 0xee, sizeof(bytes));
	size = bl_wire_encode(&message, bytes);
	assert_true(size >= BL_WIRE_HEADER && size <= BL_WIRE_MAX);
}

static unsigned int sample_of(uint16_t type)
{
	for (unsigned int i = 0; i < NR_SAMPLES; i++)
		if (sample(i).type == type)
			return i;
	fail();
	return 0;
}

static void put(size_t offset, size_t width, uint64_t value)
{
	for (size_t i = 0; i < width; i++)
		bytes[offset + i] = value >> (8 * i);
}

static uint64_t get(size_t offset, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value |= (uint64_t)bytes[offset + i] << (8 * i);
	return value;
}

static int decode(void)
{
	struct bl_wire_message message;

	return bl_wire_decode(bytes, size, &message);
}

static void is_refused(int error)
{
	assert_int_equal(decode(), -error);
}

static void round_trip(void **state)
{
	struct bl_wire_message message;
	uint8_t again[BL_WIRE_MAX];

	(void)state;
	for (unsigned int i = 0; i < NR_SAMPLES; i++) {
		encode(i);
		assert_int_equal(bl_wire_decode(bytes, size, &message), 0);
		assert_int_equal(message.type, sample(i).type);
		assert_int_equal(message.serial, sample(i).serial);
		assert_int_equal(bl_wire_encode(&message, again), size);
		assert_memory_equal(again, bytes, size);
	}
}

/* Offsets, widths and values of docs/protocol.md, in its order */
static const struct field {
	uint16_t type;
	uint16_t offset;
	uint8_t width;
	uint64_t value;
} fields[] = {
	{ BL_WIRE_HELLO, 0, 4, 28 },
	{ BL_WIRE_HELLO, 4, 2, 0x0001 },
	{ BL_WIRE_HELLO, 6, 2, 0 },
	{ BL_WIRE_HELLO, 8, 4, 0x0a0b0c0d },
	{ BL_WIRE_HELLO, 12, 4, 0 },
	{ BL_WIRE_HELLO, BODY + 0, 4, 0x4c524142 },
	{ BL_WIRE_HELLO, BODY + 4, 2, 1 },
	{ BL_WIRE_HELLO, BODY + 6, 2, 0x0203 },
	{ BL_WIRE_HELLO, BODY + 8, 4, 0x04050607 },
	{ BL_WIRE_WELCOME, 0, 4, 24 },
	{ BL_WIRE_WELCOME, 4, 2, 0x8001 },
	{ BL_WIRE_WELCOME, BODY + 0, 2, 1 },
	{ BL_WIRE_WELCOME, BODY + 4, 4, 0x0a0b0c0d },
	{ BL_WIRE_LIST, 0, 4, 24 },
	{ BL_WIRE_LIST, 4, 2, 0x0002 },
	{ BL_WIRE_LIST, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_SLICE_LIST, 0, 4, 16 + 16 + 25 * 160 },
	{ BL_WIRE_SLICE_LIST, 4, 2, 0x8002 },
	{ BL_WIRE_SLICE_LIST, BODY + 0, 4, 32 },
	{ BL_WIRE_SLICE_LIST, BODY + 4, 4, 7 },
	{ BL_WIRE_SLICE_LIST, BODY + 8, 4, 25 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 128, 8, 2 * 4096 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 136, 4, 1 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 140, 4, 1 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 144, 4, 1 },
	{ BL_WIRE_SLICE_LIST, SLICE + 144, 4, 0xffffffff },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 148, 2, 1024 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 150, 2, 2 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 152, 8, 4096 },
	{ BL_WIRE_ACQUIRE, 0, 4, 88 },
	{ BL_WIRE_ACQUIRE, 4, 2, 0x0003 },
	{ BL_WIRE_ACQUIRE, BODY + 64, 4, 4 },
	{ BL_WIRE_LEASE, 0, 4, 128 },
	{ BL_WIRE_LEASE, 4, 2, 0x8003 },
	{ BL_WIRE_LEASE, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_LEASE, BODY + 4, 4, 3 },
	{ BL_WIRE_LEASE, BODY + 8, 8, 0x1122334455667000 },
	{ BL_WIRE_LEASE, BODY + 16, 4, 1 },
	{ BL_WIRE_LEASE, BODY + 20, 2, 0x0102 },
	{ BL_WIRE_LEASE, BODY + 22, 2, 3 },
	{ BL_WIRE_LEASE, BODY + 24, 8, 1 << 30 },
	{ BL_WIRE_LEASE, BODY + 32, 8, 0x3ffff000 },
	{ BL_WIRE_LEASE, BODY + 104, 8, 0x0011223344556000 },
	{ BL_WIRE_RELEASE, 0, 4, 24 },
	{ BL_WIRE_RELEASE, 4, 2, 0x0004 },
	{ BL_WIRE_RELEASE, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_RELEASED, 0, 4, 24 },
	{ BL_WIRE_RELEASED, 4, 2, 0x8004 },
	{ BL_WIRE_RELEASED, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_INTERRUPT, 0, 4, 32 },
	{ BL_WIRE_INTERRUPT, 4, 2, 0x0005 },
	{ BL_WIRE_INTERRUPT, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_INTERRUPT, BODY + 4, 4, 0x05060708 },
	{ BL_WIRE_INTERRUPT, BODY + 8, 4, 3 },
	{ BL_WIRE_INTERRUPT_SET, 0, 4, 32 },
	{ BL_WIRE_INTERRUPT_SET, 4, 2, 0x8005 },
	{ BL_WIRE_INTERRUPT_SET, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_INTERRUPT_SET, BODY + 4, 4, 0x05060708 },
	{ BL_WIRE_MAP, 0, 4, 40 },
	{ BL_WIRE_MAP, 4, 2, 0x0006 },
	{ BL_WIRE_MAP, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_MAP, BODY + 4, 4, 1 },
	{ BL_WIRE_MAP, BODY + 8, 8, 0x0011223344556000 },
	{ BL_WIRE_MAP, BODY + 16, 8, 0x0123456789abc000 },
	{ BL_WIRE_MAPPED, 0, 4, 32 },
	{ BL_WIRE_MAPPED, 4, 2, 0x8006 },
	{ BL_WIRE_MAPPED, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_MAPPED, BODY + 8, 8, 0xfedcba9876543000 },
	{ BL_WIRE_UNMAP, 0, 4, 32 },
	{ BL_WIRE_UNMAP, 4, 2, 0x0007 },
	{ BL_WIRE_UNMAP, BODY + 8, 8, 0xfedcba9876543000 },
	{ BL_WIRE_UNMAPPED, 4, 2, 0x8007 },
	{ BL_WIRE_UNMAPPED, BODY + 8, 8, 0xfedcba9876543000 },
	{ BL_WIRE_RENEW, 0, 4, 32 },
	{ BL_WIRE_RENEW, 4, 2, 0x0008 },
	{ BL_WIRE_RENEW, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_RENEW, BODY + 8, 8, 0x1112131415161718 },
	{ BL_WIRE_RENEWED, 4, 2, 0x8008 },
	{ BL_WIRE_RENEWED, BODY + 8, 8, 0x1112131415161718 },
	{ BL_WIRE_CANCEL, 0, 4, 24 },
	{ BL_WIRE_CANCEL, 4, 2, 0x0009 },
	{ BL_WIRE_CANCEL, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_CANCELLED, 4, 2, 0x8009 },
	{ BL_WIRE_WATCH, 0, 4, 24 },
	{ BL_WIRE_WATCH, 4, 2, 0x000a },
	{ BL_WIRE_WATCHED, 4, 2, 0x800a },
	{ BL_WIRE_ERROR, 0, 4, 152 },
	{ BL_WIRE_ERROR, 4, 2, 0x8fff },
	{ BL_WIRE_ERROR, BODY + 0, 4, 16 },
	{ BL_WIRE_REVOKED, 0, 4, 24 },
	{ BL_WIRE_REVOKED, 4, 2, 0x4001 },
	{ BL_WIRE_REVOKED, 8, 4, 0 },
	{ BL_WIRE_REVOKED, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_REVOKED, BODY + 4, 4, 3 },
	{ BL_WIRE_SUSPENDED, 0, 4, 24 },
	{ BL_WIRE_SUSPENDED, 4, 2, 0x4002 },
	{ BL_WIRE_SUSPENDED, BODY + 0, 4, 1 },
	{ BL_WIRE_RESUMED, 0, 4, 24 },
	{ BL_WIRE_RESUMED, 4, 2, 0x4003 },
	{ BL_WIRE_REVOKING, 0, 4, 32 },
	{ BL_WIRE_REVOKING, 4, 2, 0x4004 },
	{ BL_WIRE_REVOKING, BODY + 0, 4, 0x01020304 },
	{ BL_WIRE_REVOKING, BODY + 4, 4, 6 },
	{ BL_WIRE_REVOKING, BODY + 8, 8, 0x1112131415161718 },
	{ BL_WIRE_FREED, 0, 4, 24 },
	{ BL_WIRE_FREED, 4, 2, 0x4005 },
	{ BL_WIRE_TOKEN, 0, 4, 32 },
	{ BL_WIRE_TOKEN, 4, 2, 0x4008 },
	{ BL_WIRE_TOKEN, 8, 4, 0 },
	{ BL_WIRE_TOKEN, BODY + 0, 8, 0x3736353433323130 },
	{ BL_WIRE_TOKEN, BODY + 8, 8, 0x6665646362613938 },
	{ BL_WIRE_REJOIN, 0, 4, 40 },
	{ BL_WIRE_REJOIN, 4, 2, 0x000b },
	{ BL_WIRE_REJOIN, BODY + 0, 8, 0x3736353433323130 },
	{ BL_WIRE_REJOIN, BODY + 8, 8, 0x6665646362613938 },
	{ BL_WIRE_REJOIN, BODY + 16, 4, 0x01020304 },
	{ BL_WIRE_REJOINED, 0, 4, 24 },
	{ BL_WIRE_REJOINED, 4, 2, 0x800b },
	{ BL_WIRE_REJOINED, BODY + 0, 4, 0x01020304 },
};

/* What is there only where there is something to say */
static void layout_of_terms(void **state)
{
	(void)state;
	encode(SAMPLE_WITH_TERM);
	assert_int_equal(get(0, 4), 136);
	assert_int_equal(get(BODY + 112, 8), 0x0102030405060708);
	put(BODY + 112, 8, 0);
	is_refused(EPROTO);
	encode(SAMPLE_WITH_WAIT);
	assert_int_equal(get(0, 4), 88);
	assert_int_equal(get(BODY + 68, 4), 0x05060708);
}

static void layout(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		encode(sample_of(fields[i].type));
		assert_int_equal(get(fields[i].offset, fields[i].width),
				 fields[i].value);
	}

	encode(sample_of(BL_WIRE_HELLO));
	assert_memory_equal(bytes + BODY, "BARL", 4);
	encode(sample_of(BL_WIRE_ACQUIRE));
	assert_string_equal((char *)bytes + BODY, "A-z.0_9");
	encode(sample_of(BL_WIRE_LEASE));
	assert_string_equal((char *)bytes + BODY + 40, "door.bell_7");
	encode(sample_of(BL_WIRE_ERROR));
	assert_string_equal((char *)bytes + BODY + 8,
			    "slice doorbell: held by others");
	encode(sample_of(BL_WIRE_SLICE_LIST));
	assert_string_equal((char *)bytes + SLICE + 160, "queue-1");
	assert_string_equal((char *)bytes + SLICE + 160 + 64, "queues");
}

/* Where nothing but 0 may be */
static const struct {
	uint16_t type;
	uint16_t offset;
	uint16_t length;
} reserved[] = {
	{ BL_WIRE_HELLO, 6, 2 },
	{ BL_WIRE_HELLO, 12, 4 },
	{ BL_WIRE_WELCOME, BODY + 2, 2 },
	{ BL_WIRE_LIST, BODY + 4, 4 },
	{ BL_WIRE_SLICE_LIST, BODY + 12, 4 },
	{ BL_WIRE_SLICE_LIST, SLICE + 64, 64 },		/* no group */
	{ BL_WIRE_SLICE_LIST, SLICE + 8, 56 },		/* behind the name */
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 64 + 7, 57 },
	{ BL_WIRE_ACQUIRE, BODY + 8, 56 },
	{ BL_WIRE_LEASE, BODY + 40 + 12, 52 },
	{ BL_WIRE_RELEASE, BODY + 4, 4 },
	{ BL_WIRE_RELEASED, BODY + 4, 4 },
	{ BL_WIRE_INTERRUPT, BODY + 12, 4 },
	{ BL_WIRE_INTERRUPT_SET, BODY + 8, 8 },
	{ BL_WIRE_MAPPED, BODY + 4, 4 },
	{ BL_WIRE_UNMAP, BODY + 4, 4 },
	{ BL_WIRE_UNMAPPED, BODY + 4, 4 },
	{ BL_WIRE_RENEW, BODY + 4, 4 },
	{ BL_WIRE_RENEWED, BODY + 4, 4 },
	{ BL_WIRE_CANCEL, BODY + 4, 4 },
	{ BL_WIRE_WATCH, BODY + 0, 8 },
	{ BL_WIRE_WATCHED, BODY + 0, 8 },
	{ BL_WIRE_FREED, BODY + 0, 8 },
	{ BL_WIRE_REJOIN, BODY + 20, 4 },
	{ BL_WIRE_REJOINED, BODY + 4, 4 },
	{ BL_WIRE_ERROR, BODY + 4, 4 },
	{ BL_WIRE_ERROR, BODY + 8 + 31, 97 },
	{ BL_WIRE_SUSPENDED, BODY + 4, 4 },
	{ BL_WIRE_RESUMED, BODY + 0, 8 },
};

static void reserved_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		for (size_t at = 0; at < reserved[i].length; at++) {
			encode(sample_of(reserved[i].type));
			assert_int_equal(bytes[reserved[i].offset + at], 0);
			/* Nothing that would be part of a good name */
			bytes[reserved[i].offset + at] = 0x80;
			is_refused(EPROTO);
		}
	}
}

static const struct field wrong[] = {
	{ BL_WIRE_HELLO, 0, 4, 27 },
	{ BL_WIRE_HELLO, 0, 4, 0 },
	{ BL_WIRE_HELLO, 0, 4, 0xffffffff },
	{ BL_WIRE_HELLO, 8, 4, 0 },
	{ BL_WIRE_HELLO, BODY + 0, 4, 0x4241524c },
	{ BL_WIRE_HELLO, BODY + 4, 2, 0x0204 },
	{ BL_WIRE_WELCOME, 8, 4, 0 },
	{ BL_WIRE_LIST, 8, 4, 0 },
	{ BL_WIRE_SLICE_LIST, 8, 4, 0 },
	{ BL_WIRE_SLICE_LIST, BODY + 8, 4, 24 },
	{ BL_WIRE_SLICE_LIST, BODY + 8, 4, 26 },
	{ BL_WIRE_SLICE_LIST, BODY + 8, 4, 0xffffffff },
	{ BL_WIRE_SLICE_LIST, BODY + 8, 4, 0x1999999a },	/* * 160 */
	{ BL_WIRE_SLICE_LIST, BODY + 0, 4, 31 },
	{ BL_WIRE_SLICE_LIST, BODY + 4, 4, 8 },
	{ BL_WIRE_SLICE_LIST, BODY + 4, 4, 0xfffffff9 },
	{ BL_WIRE_SLICE_LIST, SLICE + 0, 1, ' ' },
	{ BL_WIRE_SLICE_LIST, SLICE + 0, 8, 0 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 64, 1, '/' },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 64, 1, 0 },
	{ BL_WIRE_SLICE_LIST, SLICE + 128, 8, 0 },
	{ BL_WIRE_SLICE_LIST, SLICE + 128, 8, 4095 },
	{ BL_WIRE_SLICE_LIST, SLICE + 136, 4, 4 },
	{ BL_WIRE_SLICE_LIST, SLICE + 136, 4, 0x80000000 },
	{ BL_WIRE_SLICE_LIST, SLICE + 140, 4, 2 },
	{ BL_WIRE_SLICE_LIST, SLICE + 24 * 160 + 140, 4, 2 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 148, 2, 2049 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 148, 2, 0 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 150, 2, 0 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 150, 2, 4 },
	{ BL_WIRE_SLICE_LIST, SLICE + 160 + 152, 8, 4095 },
	{ BL_WIRE_ACQUIRE, 8, 4, 0 },
	{ BL_WIRE_ACQUIRE, BODY + 0, 1, 0 },
	{ BL_WIRE_ACQUIRE, BODY + 3, 1, 0xc3 },
	{ BL_WIRE_ACQUIRE, BODY + 64, 4, 1 },
	{ BL_WIRE_ACQUIRE, BODY + 64, 4, 0x80000004 },
	{ BL_WIRE_LEASE, 8, 4, 0 },
	{ BL_WIRE_LEASE, BODY + 4, 4, 4 },
	{ BL_WIRE_LEASE, BODY + 20, 2, 0 },
	{ BL_WIRE_LEASE, BODY + 22, 2, 4 },
	{ BL_WIRE_LEASE, BODY + 104, 8, 1 },
	{ BL_WIRE_INTERRUPT, BODY + 8, 4, 4 },
	{ BL_WIRE_MAP, BODY + 4, 4, 2 },
	{ BL_WIRE_MAP, BODY + 8, 8, 1 },
	{ BL_WIRE_MAP, BODY + 8, 8, 0x8000000000000000 },
	{ BL_WIRE_MAP, BODY + 16, 8, 0 },
	{ BL_WIRE_MAP, BODY + 16, 8, 4097 },
	{ BL_WIRE_MAP, BODY + 16, 8, 0x8000000000000000 },
	{ BL_WIRE_MAPPED, BODY + 8, 8, 1 },
	{ BL_WIRE_LEASE, BODY + 8, 8, 0 },
	{ BL_WIRE_LEASE, BODY + 8, 8, 4097 },
	{ BL_WIRE_LEASE, BODY + 16, 4, 0xff },
	{ BL_WIRE_LEASE, BODY + 24, 8, 0 },
	{ BL_WIRE_LEASE, BODY + 24, 8, 8192 },
	{ BL_WIRE_LEASE, BODY + 24, 8, 1 << 21 },
	{ BL_WIRE_LEASE, BODY + 32, 8, 1 << 30 },
	{ BL_WIRE_LEASE, BODY + 32, 8, 1 },
	{ BL_WIRE_LEASE, BODY + 40, 1, '\n' },
	{ BL_WIRE_RELEASE, 8, 4, 0 },
	{ BL_WIRE_RELEASED, 8, 4, 0 },
	{ BL_WIRE_ERROR, BODY + 0, 4, 0 },
	{ BL_WIRE_ERROR, BODY + 0, 4, 4096 },
	{ BL_WIRE_ERROR, BODY + 0, 4, 0xfffffff0 },
	{ BL_WIRE_REVOKED, 8, 4, 1 },
	{ BL_WIRE_REVOKED, BODY + 4, 4, 0 },
	{ BL_WIRE_REVOKED, BODY + 4, 4, 1 },
	{ BL_WIRE_REVOKED, BODY + 4, 4, 0x80000000 },
	{ BL_WIRE_REVOKING, 8, 4, 1 },
	{ BL_WIRE_REVOKING, BODY + 4, 4, 1 },
	{ BL_WIRE_RENEW, 8, 4, 0 },
	{ BL_WIRE_SUSPENDED, 8, 4, 1 },
	{ BL_WIRE_SUSPENDED, BODY + 0, 4, 0 },
	{ BL_WIRE_SUSPENDED, BODY + 0, 4, 2 },
	{ BL_WIRE_RESUMED, 8, 4, 1 },
	{ BL_WIRE_TOKEN, 8, 4, 1 },
	{ BL_WIRE_REJOIN, 8, 4, 0 },
	{ BL_WIRE_REJOINED, 8, 4, 0 },
};

static void wrong_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		encode(sample_of(wrong[i].type));
		put(wrong[i].offset, wrong[i].width, wrong[i].value);
		is_refused(EPROTO);
	}
}

static void texts_without_end(void **state)
{
	static const struct field texts[] = {
		{ BL_WIRE_ACQUIRE, BODY, 64, 'x' },
		{ BL_WIRE_LEASE, BODY + 40, 64, 'x' },
		{ BL_WIRE_SLICE_LIST, SLICE, 64, 'x' },
		{ BL_WIRE_SLICE_LIST, SLICE + 64, 64, 'x' },
		{ BL_WIRE_ERROR, BODY + 8, 128, 'x' },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		uint8_t *text = bytes + texts[i].offset;

		encode(sample_of(texts[i].type));
		memset(text, texts[i].value, texts[i].width);
		is_refused(EPROTO);
		/* One less is the longest that there can be */
		text[texts[i].width - 1] = '\0';
		assert_int_equal(decode(), 0);
	}
}

/* A lease comes with a term, or without */
static bool has_two_sizes(unsigned int number)
{
	return sample(number).type == BL_WIRE_LEASE &&
	       (size == BODY + 112 || size == BODY + 120);
}

static void every_size(void **state)
{
	size_t whole;

	(void)state;
	for (unsigned int i = 0; i < NR_SAMPLES; i++) {
		encode(i);
		whole = size;
		for (size = 0; size < whole; size++) {
			put(0, 4, whole);
			is_refused(EPROTO);
			put(0, 4, size);
			if (!has_two_sizes(i))
				is_refused(EPROTO);
		}
		for (size = whole + 1; size <= BL_WIRE_MAX; size++) {
			put(0, 4, size);
			if (!has_two_sizes(i))
				is_refused(EPROTO);
		}
	}
}

static void too_long(void **state)
{
	static uint8_t more[BL_WIRE_MAX + 1];
	struct bl_wire_message message;

	(void)state;
	encode(sample_of(BL_WIRE_LIST));
	put(0, 4, sizeof(more));
	put(4, 2, 0x0777);
	memcpy(more, bytes, BL_WIRE_HEADER);
	assert_int_equal(bl_wire_decode(more, sizeof(more), &message), -EPROTO);
}

static void unknown_types(void **state)
{
	struct bl_wire_message message;
	unsigned int known = 0;

	(void)state;
	for (uint32_t type = 0; type < 0x10000; type++) {
		encode(sample_of(BL_WIRE_LIST));
		put(4, 2, type);
		put(8, 4, type & BL_WIRE_EVENT ? 0 : 5);
		if (decode() == -EOPNOTSUPP)
			continue;
		known++;
		put(4, 2, type ^ 0x0010);
		assert_int_equal(bl_wire_decode(bytes, size, &message),
				 -EOPNOTSUPP);
		assert_int_equal(message.type, type ^ 0x0010);
	}
	assert_int_equal(known, 31);

	/* But what is wrong with any message is wrong with those */
	put(4, 2, 0x0010);
	put(8, 4, 0);
	is_refused(EPROTO);
	put(8, 4, 5);
	is_refused(EOPNOTSUPP);
	put(6, 2, 1);
	is_refused(EPROTO);

	message.type = 0x0010;
	assert_int_equal(bl_wire_encode(&message, bytes), 0);
}

static void serial_of_the_refused(void **state)
{
	struct bl_wire_message message;

	(void)state;
	encode(sample_of(BL_WIRE_ACQUIRE));
	put(BODY + 64, 4, 1);
	assert_int_equal(bl_wire_decode(bytes, size, &message), -EPROTO);
	assert_int_equal(message.type, BL_WIRE_ACQUIRE);
	assert_int_equal(message.serial, 0x0a0b0c0d);
	assert_int_equal(bl_wire_decode(bytes, 15, &message), -EPROTO);
	assert_int_equal(message.type, 0);
	assert_int_equal(message.serial, 0);

	/* An ERROR about a message that had none */
	encode(sample_of(BL_WIRE_ERROR));
	put(8, 4, 0);
	assert_int_equal(decode(), 0);
}

/* There may be nothing from there on; whoever asks on, gets on */
static void pages(void **state)
{
	struct bl_wire_message message = {
		.type = BL_WIRE_SLICE_LIST,
		.serial = 1,
	};

	(void)state;
	size = bl_wire_encode(&message, bytes);
	assert_int_equal(decode(), 0);
	message.slices.first = 3;
	size = bl_wire_encode(&message, bytes);
	assert_int_equal(decode(), 0);
	message.slices.total = 3;
	size = bl_wire_encode(&message, bytes);
	assert_int_equal(decode(), 0);
	message.slices.total = 4;
	size = bl_wire_encode(&message, bytes);
	is_refused(EPROTO);
}

static void names(void **state)
{
	static const char *const bad[] = {
		"", " ", "a b", "a/b", "../a", "a\n", "\xc3\xa4", "a*", "a:b",
		"a,b", "a=b", "$a", "@",
	};
	static const char *const good[] = {
		"a", "Z", "0", ".", "..", "_", "-", "queue-7", "a.b_c-D9",
	};
	char name[66];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(bl_wire_name_valid(bad[i]));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(bl_wire_name_valid(good[i]));
	memset(name, 'n', sizeof(name));
	name[64] = '\0';
	assert_false(bl_wire_name_valid(name));
	name[63] = '\0';
	assert_true(bl_wire_name_valid(name));
}

/* What is too long for a field is cut, so that it stays valid */
static void long_texts(void **state)
{
	struct bl_wire_message message = sample(sample_of(BL_WIRE_ERROR));

	(void)state;
	memset(message.error.text, 'e', sizeof(message.error.text));
	size = bl_wire_encode(&message, bytes);
	assert_int_equal(decode(), 0);
	assert_int_equal(bytes[BODY + 8 + 126], 'e');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "what is encoded is decoded", round_trip, NULL, NULL, NULL },
		{ "terms are where the specification has them", layout_of_terms,
		  NULL, NULL, NULL },
		{ "each field is where the specification has it", layout,
		  NULL, NULL, NULL },
		{ "each reserved byte must be 0", reserved_bytes,
		  NULL, NULL, NULL },
		{ "each field with a wrong value is refused", wrong_fields,
		  NULL, NULL, NULL },
		{ "each text must end", texts_without_end, NULL, NULL, NULL },
		{ "each size but the right one is refused", every_size,
		  NULL, NULL, NULL },
		{ "a message has 4096 bytes at most", too_long,
		  NULL, NULL, NULL },
		{ "unknown types are told from nonsense", unknown_types,
		  NULL, NULL, NULL },
		{ "a refused message tells its serial", serial_of_the_refused,
		  NULL, NULL, NULL },
		{ "a page of a list leaves nothing open", pages,
		  NULL, NULL, NULL },
		{ "names", names, NULL, NULL, NULL },
		{ "a text that is too long is cut", long_texts,
		  NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
