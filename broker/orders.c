// SPDX-License-Identifier: MIT
/*
 * What an administrator orders, and what takes its time
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "orders.h"

/*
 * @nr: of leases that were taken back; @wait has those of them that go on.
 * @graces: of those that it has at first
 */
struct revoking {
	struct broker_wait wait;
	uint64_t *graces;
	size_t nr_graces;
	const struct broker *broker;
	struct order order;
	size_t nr;
	int error;
	void (*done)(void *data, size_t nr, int error);
	void *data;
};

static bool is_of_slice(const struct barlease_holding *lease, const char *name)
{
	const struct config_slice *slice = lease->context;
	const char *group = slice ? config_group_of(slice) : NULL;

	return !strcmp(lease->slice, name) || (group && !strcmp(group, name));
}

static bool is_of_device(const struct broker *broker,
			 const struct barlease_holding *lease, const char *bdf)
{
	const struct config_slice *slice = lease->context;

	return slice &&
	       !strcmp(config_device_of(broker->config, slice)->bdf, bdf);
}

static bool is_meant(const struct broker *broker, const struct order *order,
		     const struct barlease_holding *lease)
{
	if (lease->state == BARLEASE_KEPT)
		return false;
	return (!order->by_id || lease->id == order->id) &&
	       (!order->by_uid || lease->peer->uid == order->uid) &&
	       (!order->slice || is_of_slice(lease, order->slice)) &&
	       (!order->device ||
		is_of_device(broker, lease, order->device));
}

static uint64_t grace_of(const struct order *order,
			 const struct barlease_holding *lease)
{
	const struct config_slice *slice = lease->context;

	if (order->has_grace)
		return order->grace;
	return slice ? slice->rule->grace : 0;
}

static int choose(void *data, const struct barlease_holding *lease)
{
	struct revoking *revoking = data;
	uint64_t *grace;
	uint32_t *id;

	if (!is_meant(revoking->broker, &revoking->order, lease))
		return 0;
	id = array_add(&revoking->wait.ids, &revoking->wait.nr, sizeof(*id));
	grace = array_add(&revoking->graces, &revoking->nr_graces,
			  sizeof(*grace));
	if (!id || !grace)
		return -ENOMEM;
	*id = lease->id;
	*grace = grace_of(&revoking->order, lease);
	return 0;
}

static void free_revoking(struct revoking *revoking)
{
	free(revoking->graces);
	free(revoking->wait.ids);
	free(revoking);
}

static void end_revoke(struct broker_wait *wait)
{
	struct revoking *revoking = container_of(wait, struct revoking, wait);

	revoking->done(revoking->data, revoking->nr, revoking->error);
	free_revoking(revoking);
}

/* What goes on stays in the list of what is waited for. */
static void revoke_chosen(struct broker *broker, struct revoking *revoking)
{
	struct broker_wait *wait = &revoking->wait;
	size_t kept = 0;
	int ret;

	for (size_t i = 0; i < wait->nr; i++) {
		ret = barlease_server_revoke_after(broker->server, wait->ids[i],
						   revoking->graces[i]);
		if (!ret || ret == -EINPROGRESS)
			revoking->nr++;
		else if (ret != -ENOENT)
			revoking->error = ret;
		if (ret == -EINPROGRESS)
			wait->ids[kept++] = wait->ids[i];
	}
	wait->nr = kept;
}

int order_revoke(struct broker *broker, const struct order *order,
		 void (*done)(void *data, size_t nr, int error), void *data)
{
	struct revoking *revoking = calloc(1, sizeof(*revoking));

	if (!revoking)
		return -ENOMEM;
	*revoking = (struct revoking){
		.wait = { .done = end_revoke },
		.broker = broker,
		.order = *order,
		.done = done,
		.data = data,
	};
	if (barlease_server_each_lease(broker->server, choose, revoking)) {
		free_revoking(revoking);
		return -ENOMEM;
	}
	revoke_chosen(broker, revoking);
	LIST_INSERT_HEAD(&broker->waits, &revoking->wait, link);
	return 0;
}

/* ---- Pauses --------------------------------------------------------------- */

struct pausing {
	const struct broker *broker;
	const struct order *order;
	uint32_t *ids;
	size_t nr;
};

static int choose_held(void *data, const struct barlease_holding *lease)
{
	struct pausing *pausing = data;
	uint32_t *id;

	if (lease->state != BARLEASE_HELD ||
	    !is_meant(pausing->broker, pausing->order, lease))
		return 0;
	id = array_add(&pausing->ids, &pausing->nr, sizeof(*id));
	if (!id)
		return -ENOMEM;
	*id = lease->id;
	return 0;
}

static int pause_one(struct broker *broker, const struct order *order,
		     uint32_t id)
{
	return barlease_server_pause_lease(broker->server, id, order->time);
}

static int resume_one(struct broker *broker, const struct order *order,
		      uint32_t id)
{
	(void)order;
	return barlease_server_resume_lease(broker->server, id);
}

/* All of them, whatever becomes of one */
static int each(struct broker *broker, const struct order *order, size_t *nr,
		int (*fn)(struct broker *broker, const struct order *order,
			  uint32_t id))
{
	struct pausing pausing = { .broker = broker, .order = order };
	int one, ret, error = 0;

	*nr = 0;
	ret = barlease_server_each_lease(broker->server, choose_held, &pausing);
	for (size_t i = 0; !ret && i < pausing.nr; i++) {
		one = fn(broker, order, pausing.ids[i]);
		if (!one || one == -EINPROGRESS)
			++*nr;
		else if (one != -ENOENT)
			error = one;
	}
	free(pausing.ids);
	return ret ?: error;
}

int order_pause(struct broker *broker, const struct order *order, size_t *nr)
{
	return each(broker, order, nr, pause_one);
}

int order_resume(struct broker *broker, const struct order *order, size_t *nr)
{
	return each(broker, order, nr, resume_one);
}

/* ---- Resets --------------------------------------------------------------- */

struct resetting {
	struct work work;
	struct broker *broker;
	struct handle *handle;
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];
	int ret;
	void (*done)(void *data, int error);
	void *data;
};

static void run_reset(struct work *work)
{
	struct resetting *resetting;

	resetting = container_of(work, struct resetting, work);
	resetting->ret = barlease_device_reset(resetting->handle->device);
}

/* NULL: it is gone since, and closed. That was done by the same thread, later. */
static struct device *reset_device(const struct resetting *resetting)
{
	struct device *device = devices_find(&resetting->broker->devices,
					     resetting->bdf);

	if (!device || device->handle != resetting->handle)
		return NULL;
	device->resetting = false;
	return device;
}

static void count(const struct resetting *resetting)
{
	struct counters *counters = &resetting->broker->counters;

	if (resetting->ret)
		counters->resets_failed++;
	else
		counters->resets++;
}

/*
 * Nobody has it before a reset that it needs has worked, whoever wanted that one.
 * Return: the device, where it stays suspended; or NULL
 */
static struct device *resume(const struct resetting *resetting)
{
	struct broker *broker = resetting->broker;
	struct device *device = reset_device(resetting);

	count(resetting);
	if (device && device->unclean && resetting->ret)
		return device;
	admin_tell(broker->admin, "resumed device=%s", resetting->bdf);
	if (device) {
		device->unclean = false;
		keep_device(broker, device);
		barlease_server_resume(broker->server, device->handle->device);
	}
	return NULL;
}

static void end_reset(struct work *work)
{
	struct resetting *resetting;
	int ret;

	resetting = container_of(work, struct resetting, work);
	ret = resetting->ret;
	resume(resetting);
	log_line(ret ? LOG_ERR : LOG_NOTICE, "reset of %s: %s", resetting->bdf,
		 ret ? strerror(-ret) : "done");
	resetting->done(resetting->data, ret);
	free(resetting);
}

static struct resetting *new_reset(struct broker *broker,
				   struct device *device,
				   void (*end)(struct work *work))
{
	struct resetting *resetting = calloc(1, sizeof(*resetting));

	if (!resetting)
		return NULL;
	resetting->work.run = run_reset;
	resetting->work.done = end;
	resetting->broker = broker;
	resetting->handle = device->handle;
	memcpy(resetting->bdf, device->bdf, sizeof(resetting->bdf));
	device->resetting = true;
	return resetting;
}

int order_reset(struct broker *broker, const char *bdf,
		void (*done)(void *data, int error), void *data)
{
	struct device *device = devices_find(&broker->devices, bdf);
	struct resetting *resetting;

	if (!device || !device->handle)
		return -ENOENT;
	if (device->resetting)
		return -EBUSY;
	resetting = new_reset(broker, device, end_reset);
	if (!resetting)
		return -ENOMEM;
	resetting->done = done;
	resetting->data = data;
	admin_tell(broker->admin, "suspended device=%s", bdf);
	keep_device(broker, device);
	barlease_server_suspend(broker->server, device->handle->device);
	worker_do(broker->hands, &resetting->work);
	return 0;
}

/* ---- Between holders ---------------------------------------------------- */

#define AGAIN_MS	1000

static void end_between(struct work *work)
{
	struct resetting *resetting;
	struct device *device;

	resetting = container_of(work, struct resetting, work);
	device = resume(resetting);
	if (device) {
		log_line(LOG_ERR,
			 "%s cannot be reset, so nobody has it until it can: %s",
			 device->bdf, strerror(-resetting->ret));
		loop_set_timer(&device->again, AGAIN_MS);
	}
	free(resetting);
}

static void begin_between(struct broker *broker, struct device *device)
{
	struct resetting *resetting = new_reset(broker, device, end_between);

	if (!resetting) {
		loop_set_timer(&device->again, AGAIN_MS);
		return;
	}
	worker_do(broker->hands, &resetting->work);
}

void order_reset_between(struct broker *broker,
			 const struct barlease_device *which)
{
	struct device *device;

	LIST_FOREACH(device, &broker->devices, link) {
		if (!device->handle || device->handle->device != which ||
		    device->unclean)
			continue;
		device->unclean = true;
		keep_device(broker, device);
		admin_tell(broker->admin, "suspended device=%s", device->bdf);
	}
}

void orders_catch_up(struct broker *broker)
{
	struct device *device;

	LIST_FOREACH(device, &broker->devices, link)
		if (device->unclean && device->handle && !device->resetting &&
		    !device->again.set)
			begin_between(broker, device);
}
