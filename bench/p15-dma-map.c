// SPDX-License-Identifier: MIT
/*
 * P15: memory mapped for a device and unmapped again, 2 MiB of it, by way of the
 * broker; against the two calls alone of who has opened the device, and against a process
 * that makes them when it is asked to, and looks at nothing
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barlease.h>

#include "broker-lib.h"
#include "kernel.h"
#include "lease.h"
#include "message.h"
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

/* Who has opened the device */
struct owner {
	int (*map)(const struct owner *owner);
	int (*unmap)(const struct owner *owner);
	struct vfio vfio;
	struct barlease_device *device;
	struct barlease_address_space space;
	int sock;
};

/* With the memory in its page table: the call has only to pin it */
static int map_in_container(const struct owner *owner)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory.at,
		.iova = SIZE,
		.size = SIZE,
	};

	return ioctl(owner->vfio.container, VFIO_IOMMU_MAP_DMA, &map);
}

static int unmap_in_container(const struct owner *owner)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = SIZE, .size = SIZE,
	};

	return ioctl(owner->vfio.container, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

/* Which takes the file, as the broker's does: the library adds next to nothing */
static int map_file(const struct owner *owner)
{
	const struct barlease_dma dma = {
		.memory = memory.fd, .length = SIZE, .address = SIZE,
	};

	return barlease_device_map(owner->device, &dma);
}

static int unmap_file(const struct owner *owner)
{
	return barlease_device_unmap(owner->device, SIZE, SIZE);
}

static struct owner open_it(const char *backend)
{
	struct owner owner = {
		.map = map_in_container, .unmap = unmap_in_container,
	};

	if (strcmp(backend, "iommufd")) {
		owner.vfio = vfio_open(dev_edu());
		return owner;
	}
	owner.map = map_file;
	owner.unmap = unmap_file;
	check(barlease_device_open(dev_edu().name, BARLEASE_BACKEND_IOMMUFD,
				   &owner.device), "open");
	check(barlease_device_address_space(owner.device, &owner.space),
	      "address space");
	return owner;
}

static void close_it(struct owner *owner)
{
	if (!owner->device) {
		vfio_close(&owner->vfio);
		return;
	}
	free(owner->space.ranges);
	barlease_device_close(owner->device);
}

static void owner_cycle(void *data)
{
	const struct owner *owner = data;

	if (owner->map(owner) || owner->unmap(owner))
		bail("cannot map: %s", strerror(errno));
}

static __attribute__((noreturn)) void serve(const struct owner *owner, int sock)
{
	char what;
	int fd, ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (message_receive(sock, &what, 1, &fd)) {
		ret = what == 'm' ? owner->map(owner) : owner->unmap(owner);
		if (fd >= 0)
			close(fd);
		if (ret || !message_send(sock, &what, 1, -1))
			break;
	}
	_exit(1);
}

static void ask(int sock, char what, int fd)
{
	int none;

	if (!message_send(sock, &what, 1, fd) ||
	    !message_receive(sock, &what, 1, &none))
		bail("the process that has the device cannot map");
}

static void asking_cycle(void *data)
{
	const struct owner *owner = data;

	ask(owner->sock, 'm', memory.fd);
	ask(owner->sock, 'u', -1);
}

static void by_process(struct owner *owner, struct series *values)
{
	int two[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, two))
		bail("socketpair() fails");
	pid = fork();
	if (pid < 0)
		bail("fork() fails");
	if (!pid)
		serve(owner, two[1]);
	close(two[1]);
	owner->sock = two[0];
	measure(asking_cycle, owner, values);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(two[0]);
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

static void report(const struct way *way, const char *against, double most,
		   const struct series *broker, struct series *other)
{
	const struct figure figure = {
		.id = "P15", .what = way->what, .unit = "us",
		.lease = "broker", .against = against,
		.least = NO_LIMIT, .most = most,
	};
	struct pair pair = { 0 };

	for (size_t i = 0; i < broker->nr && i < other->nr; i++)
		pair_add(&pair, broker->values[i], other->values[i]);
	report_figure(&figure, &pair);
	pair_free(&pair);
	series_free(other);
}

static void compare(const struct way *way)
{
	struct series broker = { 0 }, alone = { 0 }, process = { 0 };
	struct owner owner;

	make_memory(way->huge);
	owner = open_it(way->backend);
	measure(owner_cycle, &owner, &alone);
	by_process(&owner, &process);
	close_it(&owner);
	by_broker(way->backend, &broker);
	report(way, "the ioctls", way->most, &broker, &alone);
	report(way, "a bare process", NO_LIMIT, &broker, &process);
	series_free(&broker);
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
