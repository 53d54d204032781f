// SPDX-License-Identifier: MIT
/*
 * The broker: a configuration, and what it does with devices and clients
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "broker.h"
#include "describe.h"
#include "policy.h"

static bool on_allowed(void *data, const struct barlease_peer *peer,
		       const char *name, void *context)
{
	const struct broker *broker = data;
	const struct config_slice *slice = config_find(broker->config, name);

	(void)context;
	return slice && policy_allows(slice->rule, peer);
}

/* Only where somebody listens: there is a lease for each of many clients */
static void tell_lease(struct broker *broker, const struct lease *lease,
		       const char *what, const char *reason)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!admin_is_heard(broker->admin))
		return;
	out = open_memstream(&text, &size);
	if (!out)
		return;
	describe_lease(out, broker->config, lease);
	if (!fclose(out))
		admin_tell_of(broker->admin, lease->uid, "%s %s%s%s", what,
			      text, reason ? " reason=" : "", reason ?: "");
	free(text);
}

static void on_acquired(void *data, const struct barlease_holding *held)
{
	struct broker *broker = data;
	const struct lease *lease;

	lease = leases_add(&broker->leases, held->peer, held->slice, held->id,
			   held->fd);
	log_user(LOG_INFO, held->peer->uid, "lease %u of %s to uid %u, pid %d",
		 held->id, held->slice, held->peer->uid, held->peer->pid);
	if (lease)
		tell_lease(broker, lease, "acquired", NULL);
	else
		log_line(LOG_ERR, "no memory to keep record of lease %u",
			 held->id);
}

static void on_ended(void *data, const struct barlease_holding *held)
{
	struct broker *broker = data;
	const struct lease *lease = leases_find(&broker->leases, held->id);
	const char *reason = describe_reason(held->reason);

	log_user(LOG_INFO, held->peer->uid,
		 "lease %u of %s to uid %u, pid %d has ended: %s", held->id,
		 held->slice, held->peer->uid, held->peer->pid, reason);
	if (lease)
		tell_lease(broker, lease, "ended", reason);
	leases_remove(&broker->leases, held->id);
}

static void on_refused(void *data, const struct barlease_peer *peer,
		       const char *why)
{
	struct broker *broker = data;
	char word[256];

	log_user(LOG_NOTICE, peer->uid, "refused uid %u, pid %d: %s",
		 peer->uid, peer->pid, why);
	describe_as_word(why, word, sizeof(word));
	admin_tell_of(broker->admin, peer->uid,
		      "refused uid=%u pid=%d why=%s", peer->uid, peer->pid,
		      word);
}

static const struct barlease_server_ops ops = {
	.size = sizeof(ops),
	.allowed = on_allowed,
	.acquired = on_acquired,
	.ended = on_ended,
	.refused = on_refused,
};

/* ---- Devices that come and go ------------------------------------------ */

void broker_look_soon(struct broker *broker)
{
	static const unsigned int ms[] = { 20, 50, 100, 200, 500, 1000, 2000 };
	size_t last = sizeof(ms) / sizeof(*ms) - 1;

	if (devices_any_away(&broker->devices))
		loop_set_timer(&broker->look, ms[broker->looks < last ?
						 broker->looks : last]);
	broker->looks++;
}

struct closing {
	struct work work;
	struct handle *handle;
};

static void run_close(struct work *work)
{
	handle_close(container_of(work, struct closing, work)->handle);
}

static void end_close(struct work *work)
{
	free(container_of(work, struct closing, work));
}

void broker_close(struct broker *broker, struct handle *handle)
{
	struct closing *closing;

	if (!handle)
		return;
	closing = calloc(1, sizeof(*closing));
	if (!closing) {
		handle_close(handle);
		return;
	}
	closing->work = (struct work){ .run = run_close, .done = end_close };
	closing->handle = handle;
	worker_do(broker->hands, &closing->work);
}

static void detach(struct broker *broker, struct device *device)
{
	if (!device->handle)
		return;
	if (device->request.fd >= 0)
		loop_remove(broker->loop, &device->request);
	broker_close(broker, device->handle);
	device->handle = NULL;
	device->offered = false;
}

/*
 * Whoever unbinds the device waits until it is closed. The configuration stays,
 * and the device is taken again, once it is back.
 */
static void on_request(struct loop_source *source, unsigned int events)
{
	struct device *device = container_of(source, struct device, request);
	struct broker *broker = device->owner;

	(void)events;
	log_line(LOG_NOTICE,
		 "the kernel wants %s back: it is closed until it comes again",
		 device->bdf);
	barlease_server_remove_device(broker->server, device->handle->device);
	admin_tell(broker->admin, "gone device=%s", device->bdf);
	detach(broker, device);
	device_set_why(device, "the kernel wanted it back");
	broker->looks = 2;
	broker_look_soon(broker);
}

static void attach(struct broker *broker, struct device *device,
		   struct handle *handle)
{
	int ret = handle->request;

	device->handle = handle;
	device->owner = broker;
	device->why[0] = '\0';
	device->request = (struct loop_source){ handle->request, on_request };
	if (ret >= 0)
		ret = loop_add(broker->loop, &device->request, EPOLLIN);
	if (ret) {
		device->request.fd = -1;
		log_line(LOG_WARNING,
			 "cannot see when the kernel wants %s back: %s",
			 device->bdf, strerror(-ret));
	}
}

/* ---- A configuration --------------------------------------------------- */

/* A slice of @config that is in @other, too, just the same */
static bool stays(const struct config *config, const struct config_slice *slice,
		  const struct config *other)
{
	const struct config_slice *same;

	same = other ? config_find(other, slice->name) : NULL;
	return same && config_same_slice(config, slice, other, same);
}

static int offer(struct broker *broker, const struct config_slice *slice)
{
	const struct config_rule *rule = slice->rule;
	struct barlease_slice offered = {
		.name = slice->name,
		.group = config_group_of(slice),
		.bar = rule->bar,
		.nr_ranges = rule->nr_ranges,
		.flags = rule->flags,
		.memattr = rule->memattr,
		.max_holders = rule->max_holders,
	};
	const struct config_device *device;
	struct barlease_range *ranges;
	int ret;

	ranges = calloc(rule->nr_ranges, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < rule->nr_ranges; i++)
		ranges[i] = config_range_of(slice, i);
	offered.ranges = ranges;
	device = config_device_of(broker->config, slice);
	ret = barlease_server_add_slice(broker->server,
					devices_open(&broker->devices,
						     device->bdf), &offered);
	free(ranges);
	return ret;
}

static bool is_named(const struct config *config, const char *bdf)
{
	for (size_t i = 0; config && i < config->nr_devices; i++)
		if (!strcmp(config->devices[i].bdf, bdf))
			return true;
	return false;
}

void broker_note_away(struct broker *broker, const struct openings *openings)
{
	struct device *device;

	for (size_t i = 0; i < openings->nr; i++) {
		const struct opening *opening = &openings->list[i];

		device = devices_find(&broker->devices, opening->bdf);
		if (device && !device->handle && !opening->handle &&
		    device_set_why(device, opening->why))
			log_line(LOG_WARNING, "%s", opening->why);
	}
}

/* Does anybody know of it as one that is away? */
static void greet(struct broker *broker, const struct device *device)
{
	if (!device->why[0])
		return;
	log_line(LOG_NOTICE, "%s is there", device->bdf);
	admin_tell(broker->admin, "back device=%s", device->bdf);
}

/* Those that are named, and no others */
static int keep_devices(struct broker *broker, const struct config *config,
			struct openings *openings)
{
	struct device *device, *next;

	for (size_t i = 0; i < config->nr_devices; i++)
		if (!devices_find(&broker->devices, config->devices[i].bdf) &&
		    !devices_add(&broker->devices, config->devices[i].bdf))
			return -ENOMEM;
	for (size_t i = 0; i < openings->nr; i++) {
		device = devices_find(&broker->devices, openings->list[i].bdf);
		if (!device || device->handle || !openings->list[i].handle)
			continue;
		greet(broker, device);
		attach(broker, device, openings->list[i].handle);
		openings->list[i].handle = NULL;
	}
	broker_note_away(broker, openings);
	for (device = LIST_FIRST(&broker->devices); device; device = next) {
		next = LIST_NEXT(device, link);
		if (is_named(config, device->bdf))
			continue;
		detach(broker, device);
		devices_remove(device);
	}
	return 0;
}

static int offer_all(struct broker *broker, const struct config *config,
		     const struct config *old, char *words, size_t size)
{
	const struct device *device;
	int ret, failed = 0;

	for (size_t i = 0; i < config->nr_slices; i++) {
		const struct config_slice *slice = &config->slices[i];

		device = devices_find(&broker->devices,
				      config_device_of(config, slice)->bdf);
		if (!device->handle ||
		    (device->offered && stays(config, slice, old)))
			continue;
		ret = offer(broker, slice);
		if (!ret)
			continue;
		failed = ret;
		snprintf(words, size, "cannot offer %s: %s", slice->name,
			 strerror(-ret));
	}
	return failed;
}

static void log_number(const struct broker *broker)
{
	const struct device *device;
	size_t nr = 0;

	LIST_FOREACH(device, &broker->devices, link)
		nr += !!device->handle;
	log_line(LOG_INFO, "%zu slices of %zu devices, of which %zu are there",
		 broker->config->nr_slices, broker->config->nr_devices, nr);
}

int broker_apply(struct broker *broker, struct config *config,
		 struct openings *openings, char *words, size_t size)
{
	struct config *old = broker->config;
	const struct barlease_limits limits = {
		.user_connections = config->broker.user_connections,
		.user_leases = config->broker.user_leases,
	};
	struct device *device;
	int ret;

	for (size_t i = 0; old && old != config && i < old->nr_slices; i++)
		if (!stays(old, &old->slices[i], config))
			barlease_server_remove_slice(broker->server,
						     old->slices[i].name);
	broker->config = config;
	ret = keep_devices(broker, config, openings);
	if (!ret)
		ret = offer_all(broker, config, old, words, size);
	LIST_FOREACH(device, &broker->devices, link)
		device->offered = device->handle;
	barlease_server_set_limits(broker->server, &limits);
	barlease_server_recheck(broker->server);
	if (old != config)
		config_free(old);
	log_number(broker);
	return ret;
}

int broker_start(struct broker *broker, int listener)
{
	int ret = barlease_server_new(listener, &ops, broker, &broker->server);

	if (ret) {
		log_line(LOG_ERR, "cannot serve clients: %s", strerror(-ret));
		broker->server = NULL;
	}
	return ret;
}

int broker_reset(struct broker *broker, const char *bdf)
{
	const struct barlease_device *device;
	int ret;

	device = devices_open(&broker->devices, bdf);
	if (!device)
		return -ENOENT;
	admin_tell(broker->admin, "suspended device=%s", bdf);
	ret = barlease_server_reset(broker->server, device);
	admin_tell(broker->admin, "resumed device=%s", bdf);
	log_line(ret ? LOG_ERR : LOG_NOTICE, "reset of %s: %s", bdf,
		 ret ? strerror(-ret) : "done");
	return ret;
}

/* Nobody waits for the worker: the end of the process closes all. */
void broker_stop(struct broker *broker)
{
	barlease_server_free(broker->server);
	broker->server = NULL;
}
