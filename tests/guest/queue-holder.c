// SPDX-License-Identifier: MIT
/*
 * A process that has a lease of edu, with its interrupt and memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "access.h"
#include "broker-lib.h"
#include "clock.h"
#include "edu.h"
#include "lease.h"
#include "queue-holder.h"
#include "tap.h"

/* edu's registers, and its own memory */
#define COUNT		2048

struct barlease_client *holder_client;
struct barlease_lease holder_lease;
void *holder_registers;

static struct barlease_memory memory;
static uint64_t addresses[HOLDER_PIECES];
static int interrupt = -1;

long holder_connect(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return barlease_client_connect(BROKER_SOCKET, &holder_client);
}

long holder_acquire(int fd, const long *args)
{
	int ret;

	(void)fd;
	ret = barlease_client_acquire(holder_client, (const char *)args[0], 0,
				      &holder_lease);
	if (!ret)
		ret = barlease_map(holder_lease.fd, 0, holder_lease.size, 0,
				   &holder_lease.alignment, &holder_registers);
	return ret ?: (long)holder_lease.id;
}

struct peer holder_of(uid_t uid, const char *slice)
{
	struct peer peer = client_process(uid);
	long ret = client_call(&peer, holder_connect, 0);

	if (!ret)
		comes_true((ret = client_call(&peer, holder_acquire,
					      (long)slice)) > 0);
	if (ret <= 0)
		bail("uid %u gets no lease of %s: %s", uid, slice,
		     strerror(-ret));
	return peer;
}

long holder_add_memory(int fd, const long *args)
{
	int ret = barlease_memory_new(HOLDER_PIECES * PAGE, 0, &memory);

	(void)fd;
	for (long i = 0; !ret && i < args[0]; i++)
		ret = barlease_client_map(holder_client, holder_lease.id,
					  memory.fd, i * PAGE, PAGE, 0,
					  &addresses[i]);
	return ret;
}

long holder_add_interrupt(int fd, const long *args)
{
	(void)fd;
	(void)args;
	interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return barlease_client_set_interrupt(holder_client, holder_lease.id, 0,
					     interrupt);
}

long holder_address(int fd, const long *args)
{
	(void)fd;
	return addresses[args[0]];
}

long holder_fill(int fd, const long *args)
{
	(void)fd;
	memset(memory.at, args[0], memory.size);
	return 0;
}

long holder_is_filled(int fd, const long *args)
{
	const unsigned char *bytes = memory.at;

	(void)fd;
	return bytes[0] == args[0] &&
	       !memcmp(bytes, bytes + 1, memory.size - 1);
}

bool holder_put(unsigned int at, uint32_t value)
{
	return write32((char *)holder_registers + at, value);
}

/* It says when it is done, in the bit that starts it */
static bool is_done(void)
{
	uint32_t command;

	return !read32((char *)holder_registers + EDU_DMA_COMMAND, &command) ||
	       !(command & EDU_DMA_START);
}

long holder_dma(int fd, const long *args)
{
	(void)fd;
	if (!holder_put(EDU_DMA_FROM, EDU_BUFFER) || !holder_put(EDU_DMA_TO, args[0]) ||
	    !holder_put(EDU_DMA_COUNT, COUNT) ||
	    !holder_put(EDU_DMA_COMMAND, EDU_DMA_START | EDU_DMA_TO_MEMORY))
		return -EFAULT;
	return comes_true(is_done()) ? 0 : -ETIMEDOUT;
}

long holder_raise(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return holder_put(EDU_IRQ_RAISE, 1) ? 0 : -EFAULT;
}

long holder_interrupts(int fd, const long *args)
{
	eventfd_t times = 0;

	(void)fd;
	(void)args;
	eventfd_read(interrupt, &times);
	return times;
}

long holder_reads(int fd, const long *args)
{
	uint32_t id;

	(void)fd;
	(void)args;
	return read32(holder_registers, &id) ? 0 : -EFAULT;
}

long holder_release(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return barlease_client_release(holder_client, holder_lease.id);
}

long holder_disconnect(int fd, const long *args)
{
	(void)fd;
	(void)args;
	barlease_client_close(holder_client);
	return 0;
}
