// SPDX-License-Identifier: MIT
/*
 * What a client's process does
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <unistd.h>

#include "access.h"
#include "broker-lib.h"
#include "clock.h"
#include "edu.h"
#include "hand.h"
#include "world.h"

static struct barlease_client *server;

static struct {
	struct barlease_lease lease;
	void *at;
} has[SLICES];

/* ---- Leases ------------------------------------------------------------- */

long hand_connect(int fd, const long *args)
{
	(void)fd;
	(void)args;
	barlease_client_close(server);
	server = NULL;
	return barlease_client_connect(BROKER_SOCKET, &server);
}

static void forget(long slice)
{
	if (!has[slice].at)
		return;
	barlease_unmap(has[slice].at, has[slice].lease.size);
	close(has[slice].lease.fd);
	has[slice].at = NULL;
}

long hand_hang_up(int fd, const long *args)
{
	(void)fd;
	barlease_client_close(server);
	server = NULL;
	for (long i = 0; args[0] && i < SLICES; i++)
		forget(i);
	return 0;
}

long hand_acquire(int fd, const long *args)
{
	struct barlease_event event;
	struct barlease_lease lease;
	int ret;

	(void)fd;
	while (barlease_client_dispatch(server, &event) > 0)
		;
	ret = barlease_client_acquire(server, slices[args[0]].name, 0, &lease);
	if (ret)
		return ret;
	forget(args[0]);
	has[args[0]].lease = lease;
	/* One that is over already cannot be mapped any more */
	if (barlease_map(lease.fd, 0, lease.size, 0, &lease.alignment,
			 &has[args[0]].at)) {
		close(lease.fd);
		has[args[0]].at = NULL;
	}
	return lease.id;
}

long hand_release(int fd, const long *args)
{
	(void)fd;
	return barlease_client_release(server, args[0]);
}

long hand_map(int fd, const long *args)
{
	uint64_t address = 0;
	int ret = barlease_client_map(server, args[0], fd, args[1], args[2],
				      args[3], &address);

	close(fd);
	return ret ?: (long)address;
}

long hand_unmap(int fd, const long *args)
{
	(void)fd;
	return barlease_client_unmap(server, args[0], args[1]);
}

long hand_arm(int fd, const long *args)
{
	int ret = barlease_client_set_interrupt(server, args[0], 0, fd);

	if (fd >= 0)
		close(fd);
	return ret;
}

/* ---- Registers ---------------------------------------------------------- */

static bool put(long slice, unsigned int at, uint32_t value)
{
	return has[slice].at && write32((char *)has[slice].at + at, value);
}

static bool get(long slice, unsigned int at, uint32_t *value)
{
	return has[slice].at && read32((char *)has[slice].at + at, value);
}

long hand_reads(int fd, const long *args)
{
	uint32_t value;

	(void)fd;
	return get(args[0], 0, &value) ? 0 : -EFAULT;
}

long hand_raise(int fd, const long *args)
{
	(void)fd;
	return put(args[0], EDU_IRQ_RAISE, 1) && put(args[0], EDU_IRQ_ACK, ~0u) ?
	       0 : -EFAULT;
}

long hand_start_dma(int fd, const long *args)
{
	uint32_t command = EDU_DMA_START | EDU_DMA_INTERRUPT;

	(void)fd;
	if (args[2])
		command |= EDU_DMA_TO_MEMORY;
	return put(args[0], EDU_DMA_FROM, args[2] ? EDU_BUFFER : args[1]) &&
	       put(args[0], EDU_DMA_TO, args[2] ? args[1] : EDU_BUFFER) &&
	       put(args[0], EDU_DMA_COUNT, CELL) &&
	       put(args[0], EDU_DMA_COMMAND, command) ? 0 : -EFAULT;
}

static bool is_done(long slice, bool *there)
{
	uint32_t command = 0;

	*there = get(slice, EDU_DMA_COMMAND, &command);
	return !(command & EDU_DMA_START);
}

long hand_end_dma(int fd, const long *args)
{
	bool there;

	(void)fd;
	if (!comes_true(is_done(args[0], &there)))
		return -ETIMEDOUT;
	return there && put(args[0], EDU_IRQ_ACK, ~0u) ? 0 : -EFAULT;
}
