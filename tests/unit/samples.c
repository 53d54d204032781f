// SPDX-License-Identifier: MIT
/*
 * A valid message of each type of the lease protocol
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>

#include "samples.h"

static void fill_slices(struct bl_wire_slices *slices, uint32_t count)
{
	slices->total = count + 7;
	slices->first = 7;
	slices->count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct barlease_slice_info *slice = &slices->slice[i];

		snprintf(slice->name, sizeof(slice->name), "queue-%u", i);
		if (i % 2)
			stpcpy(slice->group, "queues");
		slice->size = (i + 1) * 4096ull;
		slice->flags = i % 4;
		slice->memattr = i % 2 ? BARLEASE_WC : BARLEASE_NC;
		slice->free = i ? i : UINT32_MAX;
		slice->interrupts = i % 3 * 1024;
		slice->interrupt_kind = i % 3 ? BARLEASE_MSI : 0;
		slice->dma = i % 5 * 4096ull;
	}
}

static const struct barlease_lease lease = {
	.id = 0x01020304,
	.fd = -1,
	.size = 0x1122334455667000,
	.flags = BARLEASE_READ_ONLY | BARLEASE_EXCLUSIVE,
	.memattr = BARLEASE_WC,
	.alignment = { 1 << 30, 0x3ffff000 },
	.name = "door.bell_7",
	.interrupts = 0x0102,
	.interrupt_kind = BARLEASE_MSIX_VECTORS,
	.dma = 0x0011223344556000,
};

struct bl_wire_message sample(unsigned int number)
{
	static const uint16_t types[NR_SAMPLES] = {
		BL_WIRE_HELLO, BL_WIRE_LIST, BL_WIRE_ACQUIRE, BL_WIRE_RELEASE,
		BL_WIRE_WELCOME, BL_WIRE_SLICE_LIST, BL_WIRE_LEASE,
		BL_WIRE_RELEASED, BL_WIRE_ERROR, BL_WIRE_REVOKED,
		BL_WIRE_SUSPENDED, BL_WIRE_RESUMED,
		BL_WIRE_SLICE_LIST, BL_WIRE_ACQUIRE,
		BL_WIRE_INTERRUPT, BL_WIRE_INTERRUPT_SET, BL_WIRE_MAP,
		BL_WIRE_MAPPED, BL_WIRE_UNMAP, BL_WIRE_UNMAPPED,
		BL_WIRE_LEASE, BL_WIRE_ACQUIRE, BL_WIRE_RENEW, BL_WIRE_RENEWED,
		BL_WIRE_CANCEL, BL_WIRE_CANCELLED, BL_WIRE_WATCH,
		BL_WIRE_WATCHED, BL_WIRE_REVOKING, BL_WIRE_FREED,
		BL_WIRE_PAUSED, BL_WIRE_UNPAUSED, BL_WIRE_ACQUIRE,
		BL_WIRE_TOKEN, BL_WIRE_REJOIN, BL_WIRE_REJOINED,
	};
	struct bl_wire_message message = {
		.type = types[number],
		.serial = types[number] & BL_WIRE_EVENT ? 0 : 0x0a0b0c0d,
	};

	switch (message.type) {
	case BL_WIRE_HELLO:
		message.hello = (struct bl_wire_hello){ 1, 0x0203, 0x04050607 };
		break;
	case BL_WIRE_LIST:
		message.list.first = 0x01020304;
		break;
	case BL_WIRE_ACQUIRE:
		stpcpy(message.acquire.name, "A-z.0_9");
		message.acquire.flags = number < 12 ? BARLEASE_ANY :
					number > 30 ? BARLEASE_ONES : 0;
		message.acquire.wait = number == 21 ? 0x05060708 : 0;
		break;
	case BL_WIRE_RELEASE:
	case BL_WIRE_RELEASED:
	case BL_WIRE_CANCEL:
	case BL_WIRE_CANCELLED:
	case BL_WIRE_UNPAUSED:
		message.release.id = 0x01020304;
		break;
	case BL_WIRE_WELCOME:
		message.welcome = (struct bl_wire_welcome){ 1, 0x0a0b0c0d };
		break;
	case BL_WIRE_SLICE_LIST:
		fill_slices(&message.slices, number < 12 ? BL_WIRE_SLICES : 2);
		break;
	case BL_WIRE_LEASE:
		message.lease = lease;
		message.lease.term = number < 20 ? 0 : 0x0102030405060708;
		break;
	case BL_WIRE_INTERRUPT:
	case BL_WIRE_INTERRUPT_SET:
		message.interrupt.id = 0x01020304;
		message.interrupt.vector = 0x05060708;
		if (message.type == BL_WIRE_INTERRUPT)
			message.interrupt.flags = BL_WIRE_NOBODY |
						  BL_WIRE_UNMASK;
		break;
	case BL_WIRE_MAP:
		message.map = (struct bl_wire_map){
			0x01020304, BARLEASE_READ_ONLY, 0x0011223344556000,
			0x0123456789abc000,
		};
		break;
	case BL_WIRE_MAPPED:
	case BL_WIRE_UNMAP:
	case BL_WIRE_UNMAPPED:
		message.piece = (struct bl_wire_piece){
			0x01020304, 0xfedcba9876543000,
		};
		break;
	case BL_WIRE_RENEW:
	case BL_WIRE_RENEWED:
	case BL_WIRE_PAUSED:
		message.term = (struct bl_wire_term){
			0x01020304, 0x1112131415161718,
		};
		break;
	case BL_WIRE_REVOKING:
		message.revoking = (struct bl_wire_revoking){
			0x01020304, BARLEASE_EXPIRED, 0x1112131415161718,
		};
		break;
	case BL_WIRE_TOKEN:
		memcpy(message.token.token, "0123456789abcdef",
		       BL_WIRE_TOKEN_SIZE);
		break;
	case BL_WIRE_REJOIN:
		memcpy(message.rejoin.token, "0123456789abcdef",
		       BL_WIRE_TOKEN_SIZE);
		message.rejoin.answered = 0x01020304;
		break;
	case BL_WIRE_REJOINED:
		message.rejoined.leases = 0x01020304;
		break;
	case BL_WIRE_ERROR:
		message.error.error = 16;
		stpcpy(message.error.text, "slice doorbell: held by others");
		break;
	case BL_WIRE_REVOKED:
		message.revoked.id = 0x01020304;
		message.revoked.reason = BARLEASE_FORBIDDEN;
		break;
	}
	return message;
}
