// SPDX-License-Identifier: MIT
/*
 * Interrupts and memory that go with a lease: who gets them, who does not, and that
 * they end with it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "vendor.h"

#define PAGE		4096ull
#define MIB		(1ull << 20)
#define FIRST		2
#define VECTORS		3
#define DMA		(16 * MIB)
#define SPACE_START	(4 * MIB)
#define SPACE_SIZE	(256 * MIB)

/* A device that has all of it */
static int start(void **state)
{
	int ret = vendor_start(state);

	device.interrupts = (struct barlease_interrupts){
		.kind = BARLEASE_MSIX_VECTORS, .nr = FAKE_VECTORS,
	};
	device.space = (struct barlease_address_space){
		.id = 7, .granule = PAGE, .nr_ranges = 1,
	};
	device.ranges[0] = (struct barlease_range){ SPACE_START, SPACE_SIZE };
	return ret;
}

static int start_resetting(void **state)
{
	resets_itself = true;
	return start(state);
}

static int stop_resetting(void **state)
{
	resets_itself = false;
	return vendor_stop(state);
}

static int offer_queue(const char *name, unsigned int page,
		       unsigned int first_vector, unsigned int nr_vectors,
		       uint64_t dma)
{
	const struct barlease_range range = { page * PAGE, PAGE };
	const struct barlease_slice slice = {
		.name = name,
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = BARLEASE_EXCLUSIVE,
		.first_vector = first_vector,
		.nr_vectors = nr_vectors,
		.dma = dma,
	};

	return barlease_server_add_slice(server, &device, &slice);
}

static int peer_with_queue(const char *name, uint32_t *id)
{
	int peer = peer_new_with(BL_WIRE_FEATURES), fd;

	*id = peer_gets(peer, name, 0, &fd);
	close(fd);
	return peer;
}

static void offer_one(void)
{
	assert_int_equal(offer_queue("queue", 0, FIRST, VECTORS, DMA), 0);
}

static ino_t inode(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

/* Memory that is as it has to be, but for what is asked for */
static int memory(uint64_t size, unsigned int seals, bool filled)
{
	int fd = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	if (filled)
		assert_int_equal(fallocate(fd, 0, 0, size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void write_all(int fd, uint64_t size)
{
	static const char bytes[PAGE];

	for (uint64_t at = 0; at < size; at += PAGE)
		assert_int_equal(pwrite(fd, bytes, PAGE, at), PAGE);
}

static int good_memory(uint64_t size)
{
	return memory(size, F_SEAL_SHRINK, true);
}

static void say_interrupt(int peer, uint32_t id, uint32_t vector,
			  uint32_t flags, int fd)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_INTERRUPT,
		.serial = 11,
		.interrupt = { id, vector, flags },
	};

	peer_say_with(peer, &message, &fd, fd >= 0);
}

static void sets(int peer, uint32_t id, uint32_t vector, uint32_t flags, int fd)
{
	struct bl_wire_message message;

	say_interrupt(peer, id, vector, flags, fd);
	settle();
	peer_hears(peer, BL_WIRE_INTERRUPT_SET, &message, NULL);
	assert_int_equal(message.serial, 11);
	assert_int_equal(message.interrupt.id, id);
	assert_int_equal(message.interrupt.vector, vector);
}

static void cannot_set(int peer, uint32_t id, uint32_t vector, uint32_t flags,
		       int fd, int error)
{
	say_interrupt(peer, id, vector, flags, fd);
	settle();
	peer_hears_error(peer, error);
}

static void say_map(int peer, uint32_t id, uint64_t offset, uint64_t length,
		    int fd)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_MAP,
		.serial = 12,
		.map = { id, 0, offset, length },
	};

	peer_say_with(peer, &message, &fd, fd >= 0);
}

static uint64_t maps(int peer, uint32_t id, uint64_t offset, uint64_t length,
		     int fd)
{
	struct bl_wire_message message;

	say_map(peer, id, offset, length, fd);
	settle();
	peer_hears(peer, BL_WIRE_MAPPED, &message, NULL);
	assert_int_equal(message.serial, 12);
	assert_int_equal(message.piece.id, id);
	return message.piece.address;
}

static void cannot_map(int peer, uint32_t id, uint64_t offset, uint64_t length,
		       int fd, int error)
{
	say_map(peer, id, offset, length, fd);
	settle();
	peer_hears_error(peer, error);
}

static void say_unmap(int peer, uint32_t id, uint64_t address)
{
	const struct bl_wire_message message = {
		.type = BL_WIRE_UNMAP,
		.serial = 13,
		.piece = { id, address },
	};

	peer_say(peer, &message);
	settle();
}

static void unmaps(int peer, uint32_t id, uint64_t address)
{
	struct bl_wire_message message;

	say_unmap(peer, id, address);
	peer_hears(peer, BL_WIRE_UNMAPPED, &message, NULL);
	assert_int_equal(message.piece.address, address);
}

static void cannot_unmap(int peer, uint32_t id, uint64_t address)
{
	say_unmap(peer, id, address);
	peer_hears_error(peer, ENOENT);
}

/* ---- What is on offer --------------------------------------------------- */

static void old_clients(void **state)
{
	struct bl_wire_message message;
	int peer, fd, event = eventfd(0, EFD_CLOEXEC);

	(void)state;
	offer_one();
	peer = peer_new();
	peer_ask(peer, BL_WIRE_LIST, 3);
	settle();
	peer_hears(peer, BL_WIRE_SLICE_LIST, &message, NULL);
	assert_int_equal(message.slices.slice[0].interrupts, 0);
	assert_int_equal(message.slices.slice[0].dma, 0);
	peer_acquire(peer, "queue", 0);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	assert_int_equal(message.lease.interrupts, 0);
	assert_int_equal(message.lease.interrupt_kind, BARLEASE_NO_INTERRUPTS);
	assert_int_equal(message.lease.dma, 0);
	say_unmap(peer, message.lease.id, SPACE_START);
	peer_hears_error(peer, EOPNOTSUPP);
	/* Of those that never take an fd, the connection ends with one */
	say_interrupt(peer, message.lease.id, 0, 0, event);
	settle();
	peer_hears_error(peer, EOPNOTSUPP);
	close(event);
	close(fd);
	close(peer);
}

static void is_told(void **state)
{
	struct bl_wire_message message;
	int peer, fd;

	(void)state;
	offer_one();
	peer = peer_new_with(BL_WIRE_FEATURES);
	peer_ask(peer, BL_WIRE_LIST, 3);
	settle();
	peer_hears(peer, BL_WIRE_SLICE_LIST, &message, NULL);
	assert_int_equal(message.slices.slice[0].interrupts, VECTORS);
	assert_int_equal(message.slices.slice[0].interrupt_kind,
			 BARLEASE_MSIX_VECTORS);
	assert_int_equal(message.slices.slice[0].dma, DMA);
	peer_acquire(peer, "queue", 0);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	assert_int_equal(message.lease.interrupts, VECTORS);
	assert_int_equal(message.lease.interrupt_kind, BARLEASE_MSIX_VECTORS);
	assert_int_equal(message.lease.dma, DMA);
	close(fd);
	close(peer);
}

static void bad_offers(void **state)
{
	const struct barlease_range range = { 0, PAGE };
	struct barlease_slice slice = {
		.name = "shared", .bar = FAKE_BAR, .ranges = &range,
		.nr_ranges = 1, .nr_vectors = 1,
	};

	(void)state;
	/* Several holders of one vector, or of one window */
	assert_int_equal(barlease_server_add_slice(server, &device, &slice),
			 -EINVAL);
	slice.nr_vectors = 0;
	slice.dma = PAGE;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice),
			 -EINVAL);
	slice.flags = BARLEASE_EXCLUSIVE;
	slice.dma_align = 3 * PAGE;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice),
			 -EINVAL);
	assert_int_equal(offer_queue("q", 0, 0, 0, PAGE + 1), -EINVAL);
	assert_int_equal(offer_queue("q", 0, 1, 0, 0), -EINVAL);
	assert_int_equal(offer_queue("q", 0, 0, FAKE_VECTORS + 1, 0), -EINVAL);
	assert_int_equal(offer_queue("q", 0, FAKE_VECTORS, 1, 0), -EINVAL);
	assert_int_equal(offer_queue("q", 0, 1, UINT32_MAX, 0), -EINVAL);
	assert_int_equal(offer_queue("q", 0, 0, 0, SPACE_SIZE + PAGE), -ENOSPC);
	device.usable = 4;
	assert_int_equal(offer_queue("q", 0, 3, 2, 0), -EINVAL);
	device.usable = 0;
	device.interrupts.nr = 0;
	assert_int_equal(offer_queue("q", 0, 0, 1, 0), -ENODEV);
	device.space.granule = 0;
	assert_int_equal(offer_queue("q", 0, 0, 0, PAGE), -EOPNOTSUPP);
}

static void vectors_of_one(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	static const unsigned int first[] = { 5, 0, 2 };
	const struct barlease_range range = { 0, PAGE };
	struct barlease_offer offers[3];
	size_t bad;

	(void)state;
	assert_int_equal(offer_queue("a", 0, 0, 4, 0), 0);
	assert_int_equal(offer_queue("b", 1, 3, 2, 0), -EEXIST);
	assert_int_equal(offer_queue("b", 1, 4, 4, 0), 0);
	for (int i = 0; i < 3; i++)
		offers[i] = (struct barlease_offer){ &device, {
			.name = names[i],
			.bar = FAKE_BAR, .ranges = &range, .nr_ranges = 1,
			.flags = BARLEASE_EXCLUSIVE,
			.first_vector = first[i],
			.nr_vectors = 3,
		} };
	/* "b" has 0 to 2, and "c" has 2 to 4 */
	assert_int_equal(barlease_server_set_slices(server, offers, 3, &bad),
			 -EEXIST);
	assert_int_equal(bad, 2);
	offers[2].slice.nr_vectors = 2;
	offers[2].slice.first_vector = 3;
	assert_int_equal(barlease_server_set_slices(server, offers, 3, &bad), 0);
}

/* ---- Interrupts --------------------------------------------------------- */

static void interrupts(void **state)
{
	int events[2] = { eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC) };
	int peer, other, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	uint32_t id;

	(void)state;
	offer_one();
	peer = peer_with_queue("queue", &id);
	sets(peer, id, 1, 0, events[0]);
	assert_int_equal(device.eventfds[FIRST + 1], inode(events[0]));
	sets(peer, id, 1, 0, events[1]);
	assert_int_equal(device.eventfds[FIRST + 1], inode(events[1]));
	sets(peer, id, 1, BL_WIRE_NOBODY, -1);
	assert_int_equal(device.eventfds[FIRST + 1], 0);
	/* Once more does no harm */
	sets(peer, id, 1, BL_WIRE_NOBODY, -1);

	cannot_set(peer, id, VECTORS, 0, events[0], EINVAL);
	cannot_set(peer, id, UINT32_MAX, 0, events[0], EINVAL);
	cannot_set(peer, id, 0, BL_WIRE_UNMASK, events[0], EINVAL);
	cannot_set(peer, id + 1, 0, 0, events[0], ENOENT);
	cannot_set(peer, id, 0, 0, null, EINVAL);
	/* Nothing is heard of it until that is closed, which nobody waits for */
	peer_acquire(peer, "nothing", 0);
	settle_until_heard(peer);
	peer_hears_error(peer, ENOENT);
	other = peer_new_with(BL_WIRE_FEATURES);
	cannot_set(other, id, 0, 0, events[0], ENOENT);
	device.irq_error = -EBUSY;
	cannot_set(peer, id, 0, 0, events[0], EBUSY);
	device.irq_error = 0;
	for (int i = 0; i < FAKE_VECTORS; i++)
		assert_int_equal(device.eventfds[i], 0);
	for (int i = 0; i < 2; i++)
		close(events[i]);
	close(null);
	close(peer);
	close(other);
}

static void unmask(void **state)
{
	int events[2] = { eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC) };
	uint32_t id;
	int peer;

	(void)state;
	device.interrupts = (struct barlease_interrupts){ BARLEASE_INTX, 1, { 0 } };
	assert_int_equal(offer_queue("queue", 0, 0, 1, 0), 0);
	peer = peer_with_queue("queue", &id);
	cannot_set(peer, id, 0, BL_WIRE_UNMASK, events[1], EINVAL);
	sets(peer, id, 0, 0, events[0]);
	sets(peer, id, 0, BL_WIRE_UNMASK, events[1]);
	assert_int_equal(device.unmask, inode(events[1]));
	for (int i = 0; i < 2; i++)
		close(events[i]);
	close(peer);
}

static void wrong_number_of_fds(void **state)
{
	int events[2] = { eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC) };
	struct bl_wire_message message = {
		.type = BL_WIRE_INTERRUPT, .serial = 11,
	};
	int peer;

	(void)state;
	offer_one();
	for (unsigned int nr = 0; nr <= 2; nr += 2) {
		peer = peer_with_queue("queue", &message.interrupt.id);
		peer_say_with(peer, &message, events, nr);
		settle();
		peer_hears_error(peer, EPROTO);
		assert_true(peer_is_hung_up(peer));
		close(peer);
		settle();
	}
	/* One where there is to be none */
	peer = peer_with_queue("queue", &message.interrupt.id);
	message.type = BL_WIRE_LIST;
	message.list.first = 0;
	peer_say_with(peer, &message, events, 1);
	settle();
	peer_hears_error(peer, EPROTO);
	assert_true(peer_is_hung_up(peer));
	for (int i = 0; i < 2; i++)
		close(events[i]);
	close(peer);
}

/* ---- Memory ------------------------------------------------------------- */

static void memory_is_mapped(void **state)
{
	int peer, other, fd = good_memory(4 * MIB);
	uint64_t first, second, third;
	uint32_t id;

	(void)state;
	offer_one();
	peer = peer_with_queue("queue", &id);
	assert_false(device.master);
	first = maps(peer, id, 0, PAGE, fd);
	assert_true(device.master);
	assert_int_equal(device.nr_maps, 1);
	assert_int_equal(device.maps[0].address, first);
	second = maps(peer, id, MIB, 2 * MIB, fd);
	assert_int_equal(device.maps[1].offset, MIB);
	assert_int_equal(second % (2 * MIB), 0);
	third = maps(peer, id, 0, PAGE, fd);
	assert_true(third != first && third >= SPACE_START &&
		    third < SPACE_START + SPACE_SIZE);
	unmaps(peer, id, second);
	cannot_unmap(peer, id, second);
	cannot_unmap(peer, id, first + PAGE * 100);
	cannot_unmap(peer, id + 1, first);
	other = peer_new_with(BL_WIRE_FEATURES);
	cannot_unmap(other, id, first);
	assert_int_equal(device.nr_maps, 2);
	/* What was given back is there again */
	assert_int_equal(maps(peer, id, 0, 2 * MIB, fd), second);
	close(fd);
	close(peer);
	close(other);
	settle();
	assert_int_equal(device.nr_maps, 0);
}

static void bad_memory(void **state)
{
	int unsealed = memory(MIB, 0, true), event = eventfd(0, EFD_CLOEXEC);
	int hole = memory(MIB, F_SEAL_SHRINK, false), good = good_memory(MIB);
	uint32_t id;
	int peer;

	(void)state;
	offer_one();
	peer = peer_with_queue("queue", &id);
	cannot_map(peer, id, 0, PAGE, unsealed, EPERM);
	cannot_map(peer, id, 0, PAGE, event, EBADF);
	cannot_map(peer, id, 0, PAGE, hole, ENXIO);
	assert_int_equal(fallocate(hole, 0, 0, MIB - PAGE), 0);
	cannot_map(peer, id, 0, MIB, hole, ENXIO);
	write_all(hole, MIB - PAGE);
	cannot_map(peer, id, 0, MIB, hole, ENXIO);
	cannot_map(peer, id, 0, MIB + PAGE, good, EINVAL);
	cannot_map(peer, id, MIB, PAGE, good, EINVAL);
	cannot_map(peer, id, INT64_MAX & ~(PAGE - 1), PAGE, good, EINVAL);
	cannot_map(peer, id + 1, 0, PAGE, good, ENOENT);
	device.map_error = -ENOMEM;
	cannot_map(peer, id, 0, PAGE, good, ENOMEM);
	device.map_error = 0;
	assert_int_equal(device.nr_maps, 0);
	maps(peer, id, 0, MIB - PAGE, hole);
	close(unsealed);
	close(event);
	close(hole);
	close(good);
	close(peer);
}

/* Who sends it need not be the one whose it is */
static void memory_for_reading(void **state)
{
	int fd = good_memory(MIB), sealed = good_memory(MIB), reads;
	char path[32];
	uint32_t id;
	int peer;

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reads = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(reads >= 0);
	assert_int_equal(fcntl(sealed, F_ADD_SEALS, F_SEAL_WRITE), 0);
	offer_one();
	peer = peer_with_queue("queue", &id);
	cannot_map(peer, id, 0, PAGE, reads, EACCES);
	cannot_map(peer, id, 0, PAGE, sealed, EACCES);
	assert_int_equal(device.nr_maps, 0);
	close(reads);
	close(sealed);
	close(fd);
	close(peer);
}

static void limits(void **state)
{
	struct barlease_limits most = { .user_dma = 24 * MIB };
	int peer, other, fd = good_memory(32 * MIB);
	uint32_t id, other_id;
	uint64_t at;

	(void)state;
	offer_one();
	assert_int_equal(offer_queue("another", 1, 0, 0, DMA), 0);
	assert_int_equal(barlease_server_set_limits(server, &most), 0);
	peer = peer_with_queue("queue", &id);
	other = peer_with_queue("another", &other_id);
	cannot_map(peer, id, 0, DMA + PAGE, fd, EDQUOT);
	at = maps(peer, id, 0, DMA, fd);
	cannot_map(peer, id, 0, PAGE, fd, EDQUOT);
	cannot_map(other, other_id, 0, 9 * MIB, fd, EDQUOT);
	assert_non_null(strstr(heard.why, "this user may have 25165824"));
	maps(other, other_id, 0, 8 * MIB, fd);
	unmaps(peer, id, at);
	most = (struct barlease_limits){ .dma = 10 * MIB };
	assert_int_equal(barlease_server_set_limits(server, &most), 0);
	cannot_map(peer, id, 0, 3 * MIB, fd, EDQUOT);
	assert_non_null(strstr(heard.why, "all together may have 10485760"));
	maps(peer, id, 0, 2 * MIB, fd);
	close(fd);
	close(peer);
	close(other);
}

static void many_pieces(void **state)
{
	int peer, fd = good_memory(PAGE);
	uint64_t at[1024];
	uint32_t id;

	(void)state;
	offer_one();
	peer = peer_with_queue("queue", &id);
	for (int i = 0; i < 1024; i++)
		at[i] = maps(peer, id, 0, PAGE, fd);
	cannot_map(peer, id, 0, PAGE, fd, ENOSPC);
	unmaps(peer, id, at[500]);
	assert_int_equal(maps(peer, id, 0, PAGE, fd), at[500]);
	close(fd);
	close(peer);
}

static void windows_are_apart(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	int peers[4], fd = good_memory(DMA);
	uint64_t at[4];
	uint32_t id;

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(offer_queue(names[i], i, 0, 0, DMA), 0);
		peers[i] = peer_with_queue(names[i], &id);
		at[i] = maps(peers[i], id, 0, DMA, fd);
		for (int j = 0; j < i; j++)
			assert_true(at[i] >= at[j] + DMA ||
				    at[j] >= at[i] + DMA);
	}
	/* What is nobody's any more is there for the next one: addresses stay low */
	assert_int_equal(barlease_server_remove_slice(server, "b"), 0);
	assert_int_equal(offer_queue("e", 5, 0, 0, DMA), 0);
	close(peers[1]);
	peers[1] = peer_with_queue("e", &id);
	assert_int_equal(maps(peers[1], id, 0, DMA, fd), at[1]);
	for (int i = 0; i < 4; i++)
		close(peers[i]);
	close(fd);
}

/* ---- The end ------------------------------------------------------------ */

static int peer_with_all(uint32_t *id)
{
	int event = eventfd(0, EFD_CLOEXEC), fd = good_memory(MIB), peer;

	offer_one();
	peer = peer_with_queue("queue", id);
	sets(peer, *id, 0, 0, event);
	sets(peer, *id, 2, 0, event);
	maps(peer, *id, 0, MIB, fd);
	maps(peer, *id, 0, PAGE, fd);
	close(event);
	close(fd);
	return peer;
}

static void nothing_is_left(void)
{
	assert_string_equal(device.events, "riiuu");
	assert_int_equal(device.nr_maps, 0);
	for (int i = 0; i < FAKE_VECTORS; i++)
		assert_int_equal(device.eventfds[i], 0);
}

static void ends_by_release(void **state)
{
	struct bl_wire_message message;
	int peer, fd = good_memory(PAGE);
	uint32_t id;

	(void)state;
	peer = peer_with_all(&id);
	peer_release(peer, id);
	settle();
	peer_hears(peer, BL_WIRE_RELEASED, &message, NULL);
	nothing_is_left();
	cannot_map(peer, id, 0, PAGE, fd, ENOENT);
	close(fd);
	close(peer);
}

static void ends_by_order(void **state)
{
	struct bl_wire_message message;
	uint32_t id;
	int peer;

	(void)state;
	peer = peer_with_all(&id);
	assert_int_equal(barlease_server_revoke(server, id), 0);
	nothing_is_left();
	peer_hears(peer, BL_WIRE_REVOKED, &message, NULL);
	close(peer);
}

static void ends_by_hanging_up(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	peer = peer_with_all(&id);
	close(peer);
	settle();
	nothing_is_left();
}

static void ends_with_the_device(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	peer = peer_with_all(&id);
	barlease_server_remove_device(server, &device);
	nothing_is_left();
	close(peer);
}

/* Also while it is reset, and has to be once more */
static void ends_with_the_device_anyway(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	peer = peer_with_all(&id);
	barlease_server_suspend(server, &device);
	assert_int_equal(barlease_server_revoke(server, id), -EINPROGRESS);
	assert_string_equal(device.events, "r");
	barlease_server_remove_device(server, &device);
	nothing_is_left();
	assert_int_equal(heard.ended, 1);
	close(peer);
}

static void ends_though_nothing_lets_go(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	peer = peer_with_all(&id);
	device.unmap_error = -EBUSY;
	barlease_server_remove_device(server, &device);
	assert_int_equal(heard.ended, 1);
	device.unmap_error = 0;
	close(peer);
}

static void ends_with_the_server(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	peer = peer_with_all(&id);
	vendor_free();
	nothing_is_left();
	close(peer);
}

/* Where the kernel does not let go, it is asked until it does */
static void ends_in_the_end(void **state)
{
	struct bl_wire_message message;
	uint32_t id;
	int peer, fd;

	(void)state;
	peer = peer_with_all(&id);
	device.unmap_error = -EBUSY;
	close(peer);
	settle();
	assert_int_equal(heard.ended, 0);
	peer = peer_new();
	peer_is_refused(peer, "queue", 0, EBUSY);
	device.unmap_error = 0;
	while (!heard.ended) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		settle();
	}
	nothing_is_left();
	peer_acquire(peer, "queue", 0);
	settle();
	peer_hears(peer, BL_WIRE_LEASE, &message, &fd);
	close(fd);
	close(peer);
}

/* ---- A reset ------------------------------------------------------------ */

/* Whoever changes interrupts meanwhile would wait for it, and everybody else, too */
static void waits_for_a_reset(void **state)
{
	int peer, event = eventfd(0, EFD_CLOEXEC), fd = good_memory(MIB);
	struct bl_wire_message message;
	uint32_t id;

	(void)state;
	offer_one();
	peer = peer_with_queue("queue", &id);
	barlease_server_suspend(server, &device);
	peer_hears(peer, BL_WIRE_SUSPENDED, &message, NULL);
	say_interrupt(peer, id, 0, 0, event);
	settle();
	assert_true(peer_hears_nothing(peer));
	assert_int_equal(device.eventfds[FIRST], 0);
	barlease_server_resume(server, &device);
	peer_hears(peer, BL_WIRE_RESUMED, &message, NULL);
	peer_hears(peer, BL_WIRE_INTERRUPT_SET, &message, NULL);
	assert_int_equal(device.eventfds[FIRST], inode(event));

	barlease_server_suspend(server, &device);
	peer_hears(peer, BL_WIRE_SUSPENDED, &message, NULL);
	say_map(peer, id, 0, MIB, fd);
	settle();
	assert_true(peer_hears_nothing(peer));
	/* The end comes in two parts: registers now, and the rest after it */
	close(peer);
	settle();
	assert_string_equal(device.events, "r");
	assert_int_equal(heard.ended, 0);
	barlease_server_resume(server, &device);
	while (!heard.ended) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		settle();
	}
	assert_string_equal(device.events, "ri");
	assert_int_equal(device.nr_maps, 0);
	close(event);
	close(fd);
}

/* ---- Between holders ---------------------------------------------------- */

static void offer_reset(void)
{
	const struct barlease_range range = { 0, PAGE };
	const struct barlease_slice slice = {
		.name = "clean", .bar = FAKE_BAR, .ranges = &range,
		.nr_ranges = 1, .flags = BARLEASE_EXCLUSIVE | BARLEASE_RESET,
	};

	device.reset_error = -EOPNOTSUPP;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice),
			 -EOPNOTSUPP);
	device.reset_error = 0;
	assert_int_equal(barlease_server_add_slice(server, &device, &slice), 0);
}

/* The owner has not said how: the server does it */
static void reset_by_itself(void **state)
{
	uint32_t id;
	int peer;

	(void)state;
	offer_reset();
	for (unsigned int i = 0; i < 3; i++) {
		peer = peer_with_queue("clean", &id);
		assert_int_equal(device.resets, i);
		close(peer);
		settle();
		assert_int_equal(device.resets, i + 1);
	}
}

/* The owner does it, and whoever comes meanwhile waits */
static void reset_by_its_owner(void **state)
{
	struct bl_wire_message message;
	int first, second, other, fd;
	uint32_t id;

	(void)state;
	offer_reset();
	offer("other", NULL, 1, 1, 0, 0);
	other = peer_with_queue("other", &id);
	first = peer_with_queue("clean", &id);
	close(first);
	settle();
	assert_int_equal(heard.resets, 1);
	assert_int_equal(device.resets, 0);
	peer_hears(other, BL_WIRE_SUSPENDED, &message, NULL);
	second = peer_new();
	peer_acquire(second, "clean", 0);
	settle();
	assert_true(peer_hears_nothing(second));
	barlease_server_resume(server, &device);
	peer_hears(second, BL_WIRE_LEASE, &message, &fd);
	peer_hears(other, BL_WIRE_RESUMED, &message, NULL);
	close(fd);

	/* One that ends while it is reset has been there after it began */
	barlease_server_suspend(server, &device);
	close(second);
	settle();
	assert_int_equal(heard.resets, 1);
	barlease_server_resume(server, &device);
	assert_int_equal(heard.resets, 2);
	second = peer_new();
	peer_acquire(second, "clean", 0);
	settle();
	assert_true(peer_hears_nothing(second));
	barlease_server_resume(server, &device);
	peer_hears(second, BL_WIRE_LEASE, &message, &fd);
	close(fd);

	/* One that goes is reset by nobody any more */
	barlease_server_suspend(server, &device);
	close(second);
	settle();
	barlease_server_remove_device(server, &device);
	assert_int_equal(heard.resets, 2);
	barlease_server_resume(server, &device);
	assert_int_equal(heard.resets, 2);
	close(other);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, start, vendor_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(old_clients),
		TEST(is_told),
		TEST(bad_offers),
		TEST(vectors_of_one),
		TEST(interrupts),
		TEST(unmask),
		TEST(wrong_number_of_fds),
		TEST(memory_is_mapped),
		TEST(bad_memory),
		TEST(memory_for_reading),
		TEST(limits),
		TEST(many_pieces),
		TEST(windows_are_apart),
		TEST(ends_by_release),
		TEST(ends_by_order),
		TEST(ends_by_hanging_up),
		TEST(ends_with_the_device),
		TEST(ends_with_the_device_anyway),
		TEST(ends_though_nothing_lets_go),
		TEST(ends_with_the_server),
		TEST(ends_in_the_end),
		TEST(waits_for_a_reset),
		TEST(reset_by_itself),
		cmocka_unit_test_setup_teardown(reset_by_its_owner,
						start_resetting,
						stop_resetting),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
