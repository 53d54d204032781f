// SPDX-License-Identifier: MIT
/*
 * A driver of QEMU's device "edu" that owns nothing: computes a factorial, and has
 * the device copy its memory there and back, by a lease of the device's registers
 * with an interrupt and memory
 *
 * Usage: edu-worker [SOCKET [SLICE]]
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <barlease.h>

#define FACTORIAL	0x08
#define STATUS		0x20
#define STATUS_IRQ	0x80
#define IRQ_STATUS	0x24
#define IRQ_FACTORIAL	0x001
#define IRQ_DMA		0x100
#define IRQ_ACK		0x64
#define DMA_FROM	0x80
#define DMA_TO		0x88
#define DMA_COUNT	0x90
#define DMA_COMMAND	0x98
#define DMA_START	0x1
#define DMA_TO_MEMORY	0x2
#define DMA_IRQ		0x4

/* The device's own memory, and half of what there is of it */
#define BUFFER		0x40000
#define COUNT		2048

#define TIMEOUT_MS	30000

struct edu {
	struct barlease_client *client;
	struct barlease_lease lease;
	struct barlease_memory memory;
	uint64_t address;
	void *registers;
	int interrupt;
};

static void check(const struct edu *edu, int ret, const char *what)
{
	if (ret < 0)
		errx(EXIT_FAILURE, "%s: %s", what,
		     *barlease_client_error(edu->client) ?
			     barlease_client_error(edu->client) :
			     strerror(-ret));
}

static uint32_t get(const struct edu *edu, unsigned int at)
{
	return *(volatile uint32_t *)((char *)edu->registers + at);
}

static void put(const struct edu *edu, unsigned int at, uint32_t value)
{
	*(volatile uint32_t *)((char *)edu->registers + at) = value;
}

/* The lease has ended, or the server has */
static int has_ended(const struct edu *edu)
{
	struct barlease_event event;
	int ret;

	while ((ret = barlease_client_dispatch(edu->client, &event)) == 1)
		if (event.type == BARLEASE_EVENT_REVOKED)
			return -ESTALE;
	return ret;
}

/* Until the device says that it has done this */
static int wait_for(const struct edu *edu, uint32_t what)
{
	struct pollfd fds[] = {
		{ .fd = edu->interrupt, .events = POLLIN },
		{ .fd = barlease_client_fd(edu->client), .events = POLLIN },
	};
	eventfd_t times;
	int ret;

	while (!(get(edu, IRQ_STATUS) & what)) {
		ret = poll(fds, 2, TIMEOUT_MS);
		if (ret <= 0)
			return ret ? -errno : -ETIMEDOUT;
		ret = fds[1].revents ? has_ended(edu) : 0;
		if (ret)
			return ret;
		eventfd_read(edu->interrupt, &times);
	}
	put(edu, IRQ_ACK, what);
	return 0;
}

static int factorial(const struct edu *edu, uint32_t of)
{
	int ret;

	put(edu, STATUS, STATUS_IRQ);
	put(edu, FACTORIAL, of);
	ret = wait_for(edu, IRQ_FACTORIAL);
	if (!ret)
		printf("%" PRIu32 "! is %" PRIu32 "\n", of,
		       get(edu, FACTORIAL));
	return ret;
}

static int dma(const struct edu *edu, uint32_t from, uint32_t to,
	       uint32_t direction)
{
	put(edu, DMA_FROM, from);
	put(edu, DMA_TO, to);
	put(edu, DMA_COUNT, COUNT);
	put(edu, DMA_COMMAND, DMA_START | DMA_IRQ | direction);
	return wait_for(edu, IRQ_DMA);
}

static int there_and_back(const struct edu *edu)
{
	unsigned char *bytes = edu->memory.at;
	int ret;

	for (size_t i = 0; i < COUNT; i++)
		bytes[i] = i * 7 + i / 256;
	ret = dma(edu, edu->address, BUFFER, 0);
	if (!ret)
		ret = dma(edu, BUFFER, edu->address + COUNT, DMA_TO_MEMORY);
	if (ret)
		return ret;
	if (memcmp(bytes, bytes + COUNT, COUNT))
		errx(EXIT_FAILURE, "other bytes came back");
	printf("%d bytes went there and came back\n", COUNT);
	return 0;
}

/* With an access to a device that is taken away meanwhile, it ends there */
static int work(void *arg)
{
	const struct edu *edu = arg;
	int ret = factorial(edu, 10);

	return ret ?: there_and_back(edu);
}

static void take(struct edu *edu, const char *slice)
{
	struct barlease_lease *lease = &edu->lease;
	struct barlease_memory *memory = &edu->memory;

	check(edu, barlease_client_acquire(edu->client, slice, 0, lease),
	      slice);
	check(edu, barlease_map(lease->fd, 0, lease->size, 0, &lease->alignment,
				&edu->registers), "the lease");
	check(edu, barlease_memory_new(2 * COUNT, 0, memory), "memory");
	check(edu, barlease_client_map(edu->client, lease->id, memory->fd, 0,
				       memory->size, 0, &edu->address),
	      "memory for the device");
	check(edu, barlease_client_set_interrupt(edu->client, lease->id, 0,
						 edu->interrupt),
	      "the interrupt");
}

int main(int argc, char **argv)
{
	struct edu edu = { .interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	int ret;

	if (edu.interrupt < 0)
		err(EXIT_FAILURE, "eventfd()");
	ret = barlease_client_connect(argc > 1 ? argv[1] : NULL, &edu.client);
	if (ret)
		errx(EXIT_FAILURE, "no connection: %s", strerror(-ret));
	take(&edu, argc > 2 ? argv[2] : "edu");
	ret = barlease_guard(edu.registers, edu.lease.size, work, &edu);
	if (ret == -ESTALE)
		errx(EXIT_FAILURE, "the lease is revoked");
	if (ret)
		errx(EXIT_FAILURE, "the device: %s", strerror(-ret));
	/* All of it ends with the process, at the latest */
	barlease_client_close(edu.client);
	return EXIT_SUCCESS;
}
