// SPDX-License-Identifier: MIT
/*
 * A worker of the demo that has a device use its lease: edu-accel copies out of
 * it by DMA, for as long as that goes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accel.h"
#include "lease.h"
#include "slices.h"

/**
 * struct device - what the accelerator works with
 * @accel: fd of a context
 * @lease, @buffer: handles
 * @at: in the buffer
 * @done: a syncobj, of the last job
 */
struct device {
	int accel;
	int lease;
	int buffer;
	mapping_t at;
	uint32_t done;
};

static struct device give(int lease)
{
	struct device device = { .accel = accel_open() };

	device.lease = accel_import(device.accel, lease);
	if (device.lease < 0)
		errx(1, "edu-accel: %s", strerror(-device.lease));
	device.buffer = accel_buffer(device.accel, PAGE, &device.at);
	device.done = sync_create(device.accel);
	return device;
}

/* A page of the lease; returns 0, or a negative errno */
static int copy(const struct device *device)
{
	int ret = accel_move(device->accel, device->lease, 0, device->buffer, 0,
			     PAGE, device->done);

	if (!ret)
		ret = sync_status(device->accel, device->done);
	return ret < 0 ? ret : 0;
}

/* How many bytes of the copy are what this process sees in the lease itself */
static size_t compare(const struct device *device, int lease)
{
	mapping_t at = map(lease, 0, PAGE, PROT_READ);
	size_t n = 0;

	for (size_t i = 0; i < PAGE; i++)
		n += ((volatile uint8_t *)at)[i] ==
		     ((volatile uint8_t *)device->at)[i];
	unmap(at, PAGE);
	return n;
}

int main(void)
{
	const char *lease = getenv("BARLEASE_FD");
	struct device device;
	char command[64];
	int ret;

	if (!lease)
		errx(2, "no lease: run it by way of 'barlease acquire'");
	device = give(atoi(lease));
	ret = copy(&device);
	if (ret)
		errx(1, "a job: %s", strerror(-ret));
	printf("%zu\n", compare(&device, atoi(lease)));
	answer_done();
	while (fgets(command, sizeof(command), stdin)) {
		if (strcmp(command, "copy\n"))
			errx(1, "what is \"%s\"?", command);
		ret = copy(&device);
		puts(ret ? strerrorname_np(-ret) : "done");
		answer_done();
	}
	return 0;
}
