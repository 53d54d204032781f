// SPDX-License-Identifier: MIT
/*
 * P15: memory mapped for a device and unmapped again, 2 MiB of it, by way of the
 * broker; against the two calls alone of who has opened the device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <barlease.h>

#include "broker-lib.h"
#include "kernel.h"
#include "lease.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

#define SIZE	(2ull << 20)
#define TIMES	40

/*
 * @huge: as barlease_memory_new() makes it, of a huge page; else of small ones, as most
 *   memory is
 */
static const struct way {
	const char *what;
	const char *backend;
	bool huge;
	double most;
} ways[] = {
	{ "map and unmap 2 MiB for a device", "group", false, 2 },
	{ "map and unmap 2 MiB by an iommufd", "iommufd", false, 2 },
	{ "map and unmap a huge page for a device", "group", true, NO_LIMIT },
	{ "map and unmap a huge page by an iommufd", "iommufd", true,
	  NO_LIMIT },
};

static struct barlease_memory memory;

static void check(int ret, const char *what)
{
	if (ret < 0)
		bail("%s: %s", what, strerror(-ret));
}

static void make_memory(bool huge)
{
	if (huge) {
		check(barlease_memory_new(SIZE, 0, &memory), "memory");
		return;
	}
	memory.size = SIZE;
	memory.fd = memfd_create("small", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory.fd < 0 || fallocate(memory.fd, 0, 0, SIZE) ||
	    fcntl(memory.fd, F_ADD_SEALS, F_SEAL_SHRINK))
		bail("memory: %s", strerror(errno));
	memory.at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, memory.fd, 0);
	if (memory.at == MAP_FAILED)
		bail("memory: %s", strerror(errno));
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

static void by_container(struct series *values)
{
	struct vfio vfio = vfio_open(dev_edu());

	measure(owner_cycle, &vfio, values);
	vfio_close(&vfio);
}

/* Which takes the file, as the broker's does: the library adds next to nothing */
static void file_cycle(void *data)
{
	const struct barlease_device *device = data;
	const struct barlease_dma dma = {
		.memory = memory.fd, .length = SIZE, .address = SIZE,
	};

	check(barlease_device_map(device, &dma), "map");
	check(barlease_device_unmap(device, SIZE, SIZE), "unmap");
}

static void by_iommufd(struct series *values)
{
	struct barlease_address_space space;
	struct barlease_device *device;

	check(barlease_device_open(dev_edu().name, BARLEASE_BACKEND_IOMMUFD,
				   &device), "open");
	check(barlease_device_address_space(device, &space), "address space");
	measure(file_cycle, device, values);
	free(space.ranges);
	barlease_device_close(device);
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

static void by_broker(const char *backend, struct series *values)
{
	struct barlease_lease lease;
	struct client client;
	pid_t broker;

	broker_set_up();
	broker_configure("[device %s]\nbackend=%s\n"
			 "[slice edu]\nbar=0\nranges=0+4K\nusers=root\ndma=4M\n",
			 dev_edu().name, backend);
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

static void compare(const struct way *way)
{
	const struct figure figure = {
		.id = "P15", .what = way->what, .unit = "us",
		.lease = "broker", .against = "the ioctls",
		.least = NO_LIMIT, .most = way->most,
	};
	struct series broker = { 0 }, owner = { 0 };
	struct pair pair = { 0 };

	make_memory(way->huge);
	if (!strcmp(way->backend, "iommufd"))
		by_iommufd(&owner);
	else
		by_container(&owner);
	by_broker(way->backend, &broker);
	for (size_t i = 0; i < broker.nr && i < owner.nr; i++)
		pair_add(&pair, broker.values[i], owner.values[i]);
	report_figure(&figure, &pair);
	pair_free(&pair);
	series_free(&broker);
	series_free(&owner);
	barlease_memory_free(&memory);
}

int main(void)
{
	bench_begin("P15", "memory for a device");
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].backend, "iommufd") || kernel_has_iommufd())
			compare(&ways[i]);
	return 0;
}
