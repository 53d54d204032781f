// SPDX-License-Identifier: MIT
/*
 * P14: from the store that makes a device interrupt to the return of read() from the
 * eventfd; of a client with a lease, and of who has opened the device
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <barlease.h>

#include "broker-lib.h"
#include "lease.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

/* Of edu */
#define RAISE		0x60
#define ACKNOWLEDGE	0x64

#define TIMES	200

static const struct figure figure = {
	.id = "P14", .what = "interrupt to eventfd", .unit = "us",
	.lease = "a lease", .against = "the owner", .least = 0.9, .most = 1.1,
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		bail("%s: %s", what, strerror(-ret));
}

static double once(volatile char *regs, int event)
{
	double began = now_ns(), took;
	uint64_t times;

	*(volatile uint32_t *)(regs + RAISE) = 1;
	if (read(event, &times, sizeof(times)) != sizeof(times) || times != 1)
		bail("no interrupt, or more than one");
	took = now_ns() - began;
	*(volatile uint32_t *)(regs + ACKNOWLEDGE) = 1;
	return took / 1e3;
}

/* The quickest of each round counts: the rest is what else the machine did */
static void measure(volatile char *regs, int event, struct series *values)
{
	for (int i = 0; i < bench_rounds(); i++) {
		double us = INFINITY;

		for (int j = 0; j < TIMES; j++)
			us = fmin(us, once(regs, event));
		series_add(values, us);
	}
}

static void by_owner(int event, struct series *values)
{
	struct barlease_device *device;
	struct barlease_bar bar;
	void *regs;

	check(barlease_device_open(dev_edu().name, BARLEASE_BACKEND_ANY,
				   &device), "open");
	check(barlease_device_bar(device, 0, &bar), "BAR 0");
	regs = mmap(NULL, PAGE, RW, MAP_SHARED, barlease_device_fd(device),
		    bar.offset);
	if (regs == MAP_FAILED)
		bail("BAR 0 cannot be mapped");
	check(barlease_device_enable_interrupts(device), "interrupts");
	check(barlease_device_set_interrupt(device, 0, event), "interrupt 0");
	measure(regs, event, values);
	munmap(regs, PAGE);
	barlease_device_close(device);
}

static void by_lease(int event, struct series *values)
{
	struct barlease_client *client;
	struct barlease_lease lease;
	pid_t broker;
	void *regs;

	broker_set_up();
	broker_configure("[device %s]\n[slice edu]\nbar=0\nranges=0+4K\nusers=root\ninterrupts=0\n",
			 dev_edu().name);
	broker = broker_start();
	check(barlease_client_connect(BROKER_SOCKET, &client), "connect");
	check(barlease_client_acquire(client, "edu", 0, &lease), "acquire");
	check(barlease_map(lease.fd, 0, lease.size, 0, &lease.alignment,
			   &regs), "map");
	check(barlease_client_set_interrupt(client, lease.id, 0, event),
	      "interrupt 0");
	measure(regs, event, values);
	barlease_unmap(regs, lease.size);
	close(lease.fd);
	barlease_client_close(client);
	if (broker_stop(broker))
		bail("the broker fails");
}

int main(void)
{
	int event = eventfd(0, EFD_CLOEXEC);
	struct series lease = { 0 }, owner = { 0 };
	struct pair pair = { 0 };

	bench_begin("P14", "an interrupt");
	by_owner(event, &owner);
	by_lease(event, &lease);
	for (size_t i = 0; i < lease.nr && i < owner.nr; i++)
		pair_add(&pair, lease.values[i], owner.values[i]);
	report_figure(&figure, &pair);
	pair_free(&pair);
	series_free(&lease);
	series_free(&owner);
	return 0;
}
