// SPDX-License-Identifier: MIT
/*
 * P15: memory mapped for a device and unmapped again, 2 MiB of it, by way of the
 * broker; against the two calls alone of who has opened the device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/vfio.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <barlease.h>

#include "broker-lib.h"
#include "lease.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

#define SIZE	(2ull << 20)
#define TIMES	40

static const struct figure figure = {
	.id = "P15", .what = "map and unmap 2 MiB for a device", .unit = "us",
	.lease = "broker", .against = "the ioctls", .least = NO_LIMIT, .most = 2,
};

static struct barlease_memory memory;

static void check(int ret, const char *what)
{
	if (ret < 0)
		bail("%s: %s", what, strerror(-ret));
}

/* The quickest of each round counts: the rest is what else the machine did */
static void measure(void (*cycle)(void *data), void *data,
		    struct series *values)
{
	double us, began;

	for (int i = 0; i < bench_rounds(); i++) {
		us = INFINITY;
		for (int j = 0; j < TIMES; j++) {
			began = now_ns();
			cycle(data);
			us = fmin(us, (now_ns() - began) / 1e3);
		}
		series_add(values, us);
	}
}

/* With the memory in its page table: the call has only to pin it */
static void owner_cycle(void *data)
{
	const struct vfio *vfio = data;
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory.at,
		.iova = SIZE,
		.size = SIZE,
	};
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = SIZE, .size = SIZE,
	};

	if (ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &map) ||
	    ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &unmap))
		bail("cannot map: %s", strerror(errno));
}

static void by_owner(struct series *values)
{
	struct vfio vfio = vfio_open(dev_edu());

	measure(owner_cycle, &vfio, values);
	vfio_close(&vfio);
}

struct client {
	struct barlease_client *broker;
	uint32_t lease;
};

static void broker_cycle(void *data)
{
	const struct client *client = data;
	uint64_t address;

	check(barlease_client_map(client->broker, client->lease, memory.fd, 0,
				  SIZE, 0, &address), "map");
	check(barlease_client_unmap(client->broker, client->lease, address),
	      "unmap");
}

static void by_broker(struct series *values)
{
	struct barlease_lease lease;
	struct client client;
	pid_t broker;

	broker_set_up();
	broker_configure("[device %s]\nbackend=group\n"
			 "[slice edu]\nbar=0\nranges=0+4K\nusers=root\ndma=4M\n",
			 dev_edu().name);
	broker = broker_start();
	check(barlease_client_connect(BROKER_SOCKET, &client.broker),
	      "connect");
	check(barlease_client_acquire(client.broker, "edu", 0, &lease),
	      "acquire");
	client.lease = lease.id;
	measure(broker_cycle, &client, values);
	close(lease.fd);
	barlease_client_close(client.broker);
	if (broker_stop(broker))
		bail("the broker fails");
}

int main(void)
{
	struct series broker = { 0 }, owner = { 0 };
	struct pair pair = { 0 };

	bench_begin("P15", "memory for a device");
	check(barlease_memory_new(SIZE, 0, &memory), "memory");
	by_owner(&owner);
	by_broker(&broker);
	for (size_t i = 0; i < broker.nr && i < owner.nr; i++)
		pair_add(&pair, broker.values[i], owner.values[i]);
	report_figure(&figure, &pair);
	pair_free(&pair);
	series_free(&broker);
	series_free(&owner);
	barlease_memory_free(&memory);
	return 0;
}
