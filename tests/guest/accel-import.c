// SPDX-License-Identifier: MIT
/*
 * edu-accel copies out of and into another device's memory, and lets go of it
 * when it is told to; the exporter is the kernel's own vfio-pci
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "clock.h"
#include "config.h"
#include "kernel.h"
#include "lease.h"
#include "tap.h"

#define WORDS	(PAGE / 4)
#define COPIES	EDU_ACCEL_MAX_COPIES

struct parts {
	struct vfio vfio;
	int accel;
	int slice;		/* handles */
	int buffer;
	mapping_t at;		/* of buffer */
	uint32_t out[2];
};

static uint32_t word(const struct parts *p, size_t i)
{
	return ((volatile uint32_t *)p->at)[i];
}

static size_t differ(const struct parts *p)
{
	size_t n = 0;

	for (size_t i = 0; i < WORDS; i++)
		n += vfio_get32(&p->vfio, BAR2, 4 * i) != word(p, i);
	return n;
}

static bool set_up(struct parts *p)
{
	struct vfio_region_dma_range range = { 0, PAGE };
	int dmabuf;

	memory_decode(&p->vfio, true);
	dmabuf = lease_export(p->vfio.device, BAR2, O_RDWR | O_CLOEXEC, &range,
			      1);
	if (dmabuf < 0)
		return false;
	p->slice = accel_import(p->accel, dmabuf);
	close(dmabuf);
	p->buffer = accel_buffer(p->accel, PAGE, &p->at);
	for (int i = 0; i < 2; i++)
		p->out[i] = sync_create(p->accel);
	for (size_t i = 0; p->slice > 0 && i < WORDS; i++)
		vfio_put32(&p->vfio, BAR2, 4 * i, 0x10000 * i + 0x1417);
	return p->slice > 0 &&
	       !accel_move(p->accel, p->slice, 0, p->buffer, 0, PAGE,
			   p->out[0]);
}

static void copies(const struct parts *p)
{
	is_int(sync_status(p->accel, p->out[0]), 1,
	       "a job out of another device's memory is done");
	is_int(differ(p), 0, "every word is right");
	for (size_t i = 0; i < WORDS; i++)
		((volatile uint32_t *)p->at)[i] = 0x20000 * i + 0x7141;
	is_ok(accel_move(p->accel, p->buffer, 0, p->slice, 0, PAGE, p->out[0]),
	      "a job into it is queued");
	is_int(sync_status(p->accel, p->out[0]), 1, "it is done");
	is_int(differ(p), 0, "every word is right");
}

/* It takes as many tenths of a second as it has copies. */
static int queue_long(const struct parts *p, int direction, uint32_t out)
{
	struct drm_edu_accel_copy copy[COPIES];

	for (int i = 0; i < COPIES; i++) {
		copy[i] = (struct drm_edu_accel_copy) {
			.handle = p->slice, .size = PAGE,
			.direction = i ? direction : EDU_ACCEL_TO_DEVICE,
		};
	}
	return accel_copy(p->accel, copy, COPIES, out);
}

/* One job runs, and one waits. */
static void taken_away(const struct parts *p, const char *how, int resets)
{
	is_ok(queue_long(p, EDU_ACCEL_FROM_DEVICE, p->out[0]),
	      "a job of %d copies is queued", COPIES);
	is_ok(queue_long(p, EDU_ACCEL_TO_DEVICE, p->out[1]), "and another one");
	ok(comes_true(accel_usage() > 0), "the first one runs");
	if (!strcmp(how, "closed"))
		close(p->vfio.device);
	else
		memory_decode(&p->vfio, false);
	is_int(accel_stat("resets"), resets,
	       "the memory is %s, without a reset", how);
	is_int(sync_status(p->accel, p->out[0]), -ENODEV,
	       "the job that ran has ended with ENODEV");
	is_int(sync_status(p->accel, p->out[1]), -ENODEV,
	       "so has the one behind it");
	is_error(queue_long(p, EDU_ACCEL_TO_DEVICE, 0), ENODEV,
		 "another job: ENODEV");
}

static void given_back(const struct parts *p)
{
	memory_decode(&p->vfio, true);
	is_ok(accel_move(p->accel, p->slice, 0, p->buffer, 0, PAGE, p->out[0]),
	      "it is on again: a job is queued");
	is_int(sync_status(p->accel, p->out[0]), 1, "it is done");
	is_int(differ(p), 0, "every word is right");
}

/* Who takes the memory away does not wait for the job's time-out. */
static void taken_from_a_hung_job(const struct parts *p)
{
	accel_order("hang", 1);
	is_ok(queue_long(p, EDU_ACCEL_FROM_DEVICE, p->out[0]),
	      "a job that hangs is queued");
	ok(comes_true(accel_usage() > 0), "it runs");
	memory_decode(&p->vfio, false);
	is_int(accel_stat("resets"), 1, "the memory is off, by a reset");
	is_int(sync_status(p->accel, p->out[0]), -ENODEV,
	       "the job has ended with ENODEV");
}

static void balanced(void)
{
	is_int(accel_stat("fences_created"), accel_stat("fences_freed"),
	       "every fence is gone");
	ok(comes_true(accel_is_suspended()), "the device is suspended");
	is_int(accel_usage(), 0, "nobody uses it");
}

static void check(struct parts *p)
{
	if (!set_up(p)) {
		skip("no peer-to-peer between these devices, or none at all",
		     "jobs reach another device's memory");
		if (p->at)
			unmap(p->at, PAGE);
		return;
	}
	copies(p);
	taken_away(p, "off", 0);
	given_back(p);
	taken_from_a_hung_job(p);
	given_back(p);
	taken_away(p, "closed", 1);
	p->vfio.device = -1;
	unmap(p->at, PAGE);
}

int main(void)
{
	struct parts p = { .accel = -1 };

	accel_bind(ACCEL, NULL);
	is_int(module_load("vfio-pci", NULL), 0, "the stock driver is loaded");
	is_ok(pci_bind(dev_small(), STOCK_DRIVER), "it gets the device");
	p.accel = accel_open();
	p.vfio = vfio_open(dev_small());
	check(&p);
	close(p.accel);
	vfio_close(&p.vfio);
	balanced();
	accel_unbind();
	is_ok(module_unload(ACCEL_MODULE), "edu-accel is unloaded");
	is_ok(pci_bind(dev_small(), OUR_DRIVER), "the other device is given back");
	stock_is_unloaded();
	return tap_done();
}
