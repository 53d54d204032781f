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

#include "base/ids.h"
#include "base/log.h"
#include "broker.h"
#include "describe.h"
#include "orders.h"
#include "quota.h"

/* ---- What the server asks and tells ------------------------------------ */

static bool on_welcome(void *data, const struct barlease_peer *peer)
{
	return entrance_welcomes(data, peer);
}

static bool on_allowed(void *data, const struct barlease_peer *peer,
		       const char *name, void *context)
{
	(void)name;
	return entrance_allows(data, peer, context);
}

/*
 * Which slice it is of: of those that are offered, or that have been until the
 * configuration at work takes them away. NULL where that was long ago.
 */
static const struct config_slice *slice_of(const struct broker *broker,
					   const struct barlease_holding *lease)
{
	if (broker->applying)
		return config_find(broker->config, lease->slice);
	return lease->context;
}

/* Only where somebody listens: there is a lease for each of many clients */
static void tell_lease(struct broker *broker,
		       const struct barlease_holding *lease, const char *what,
		       const char *reason)
{
	struct text text = { 0 };

	if (!admin_is_heard(broker->admin))
		return;
	describe_lease(&text, broker->config, slice_of(broker, lease), lease);
	admin_tell_of(broker->admin, lease->peer->uid, "%s %s%s%s", what,
		      text.start ?: "", reason ? " reason=" : "", reason ?: "");
	text_free(&text);
}

/* What the journal is to know of a line about a lease; @reason: or NULL */
struct fields {
	char text[512];
};

static struct fields fields_of(const struct broker *broker,
			       const struct barlease_holding *lease,
			       const char *event, const char *reason)
{
	const struct config_slice *slice = slice_of(broker, lease);
	const struct barlease_peer *peer = lease->peer;
	struct fields fields;
	size_t n;

	fields.text[0] = '\0';
	if (!log_takes_fields())
		return fields;
	n = snprintf(fields.text, sizeof(fields.text),
		     "BARLEASE_EVENT=%s\nBARLEASE_LEASE=%u\nBARLEASE_SLICE=%s\nBARLEASE_UID=%u\nBARLEASE_PID=%d\n",
		     event, lease->id, lease->slice, peer->uid, peer->pid);
	if (slice)
		n += snprintf(fields.text + n, sizeof(fields.text) - n,
			      "BARLEASE_DEVICE=%s\n",
			      config_device_of(broker->config, slice)->bdf);
	if (reason)
		snprintf(fields.text + n, sizeof(fields.text) - n,
			 "BARLEASE_REASON=%s\n", reason);
	return fields;
}

static void on_acquired(void *data, const struct barlease_holding *lease)
{
	struct broker *broker = data;
	const struct barlease_peer *peer = lease->peer;

	broker->last_id = lease->id;
	broker->counters.acquired++;
	log_event(LOG_INFO, peer->uid,
		  fields_of(broker, lease, "acquired", NULL).text,
		  "lease %u of %s to uid %u, pid %d", lease->id, lease->slice,
		  peer->uid, peer->pid);
	tell_lease(broker, lease, "acquired", NULL);
}

static void end_waits(struct broker *broker, uint32_t id)
{
	struct broker_wait *wait;

	LIST_FOREACH(wait, &broker->waits, link)
		for (size_t i = 0; i < wait->nr; i++)
			if (wait->ids[i] == id)
				wait->ids[i] = wait->ids[--wait->nr];
}

static void on_ended(void *data, const struct barlease_holding *lease)
{
	struct broker *broker = data;
	const struct barlease_peer *peer = lease->peer;
	const char *reason = describe_reason(lease->reason);

	if (lease->reason < COUNTERS_REASONS)
		broker->counters.ended[lease->reason]++;
	log_event(LOG_INFO, peer->uid,
		  fields_of(broker, lease, "ended", reason).text,
		  "lease %u of %s to uid %u, pid %d has ended: %s", lease->id,
		  lease->slice, peer->uid, peer->pid, reason);
	tell_lease(broker, lease, "ended", reason);
	end_waits(broker, lease->id);
}

static void on_ending(void *data, const struct barlease_holding *lease)
{
	struct broker *broker = data;
	const struct barlease_peer *peer = lease->peer;
	const char *reason = describe_reason(lease->reason);

	log_event(LOG_INFO, peer->uid,
		  fields_of(broker, lease, "revoking", reason).text,
		  "lease %u of %s to uid %u, pid %d is about to end: %s",
		  lease->id, lease->slice, peer->uid, peer->pid, reason);
	tell_lease(broker, lease, "revoking", reason);
}

static void on_paused(void *data, const struct barlease_holding *lease)
{
	const char *what = lease->paused ? "paused" : "unpaused";
	const struct barlease_peer *peer = lease->peer;
	struct broker *broker = data;

	log_event(LOG_INFO, peer->uid,
		  fields_of(broker, lease, what, NULL).text,
		  "lease %u of %s to uid %u, pid %d is %s", lease->id,
		  lease->slice, peer->uid, peer->pid,
		  lease->paused ? "paused" : "resumed");
	tell_lease(broker, lease, what, NULL);
}

static void on_refused(void *data, const struct barlease_peer *peer,
		       const char *why)
{
	struct broker *broker = data;
	char word[256], fields[96];

	broker->counters.refused++;
	snprintf(fields, sizeof(fields),
		 "BARLEASE_EVENT=refused\nBARLEASE_UID=%u\nBARLEASE_PID=%d\n",
		 peer->uid, peer->pid);
	log_event(LOG_NOTICE, peer->uid, fields, "refused uid %u, pid %d: %s",
		  peer->uid, peer->pid, why);
	describe_as_word(why, word, sizeof(word));
	admin_tell_of(broker->admin, peer->uid,
		      "refused uid=%u pid=%d why=%s", peer->uid, peer->pid,
		      word);
}

static void on_reset(void *data, const struct barlease_device *device)
{
	order_reset_between(data, device);
}

static const struct barlease_server_ops ops = {
	.size = sizeof(ops),
	.welcome = on_welcome,
	.allowed = on_allowed,
	.acquired = on_acquired,
	.ended = on_ended,
	.refused = on_refused,
	.reset = on_reset,
	.ending = on_ending,
	.paused = on_paused,
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
	keep_forget_device(broker, device);
	if (device->request.fd >= 0)
		loop_remove(broker->loop, &device->request);
	if (device->again.source.fd >= 0)
		loop_remove_timer(broker->loop, &device->again);
	broker_close(broker, device->handle);
	device->handle = NULL;
	device->resetting = false;
	device->unclean = false;
}

void broker_give_up(struct broker *broker, struct device *device,
		    const char *why)
{
	barlease_server_remove_device(broker->server, device->handle->device);
	admin_tell(broker->admin, "gone device=%s", device->bdf);
	broker->counters.gone++;
	detach(broker, device);
	device_set_why(device, why);
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
	broker_give_up(broker, device, "the kernel wanted it back");
	broker->looks = 2;
	broker_look_soon(broker);
}

/* Whoever looks at what is due does so after each event */
static void on_again(struct loop_timer *timer)
{
	(void)timer;
}

static void attach(struct broker *broker, struct device *device,
		   struct handle *handle)
{
	int ret = handle->request;

	device->handle = handle;
	device->owner = broker;
	device->why[0] = '\0';
	device->again.fire = on_again;
	if (loop_add_timer(broker->loop, &device->again)) {
		device->again.source.fd = -1;
		log_line(LOG_WARNING,
			 "should a reset of %s fail, it is not tried again soon: no timer",
			 device->bdf);
	}
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

int broker_adopt(struct broker *broker, struct handle *handle, bool unclean)
{
	struct device *device = devices_add(&broker->devices, handle->bdf);

	if (!device)
		return -ENOMEM;
	attach(broker, device, handle);
	device->unclean = unclean;
	return 0;
}

/* ---- A configuration --------------------------------------------------- */

/* What is to be offered, and the ranges of it all */
struct offers {
	struct barlease_offer *list;
	struct barlease_range *ranges;
	size_t nr;
	size_t nr_ranges;
};

static int make_offers(struct offers *offers, const struct config *config)
{
	size_t nr_ranges = 0;

	for (size_t i = 0; i < config->nr_slices; i++)
		nr_ranges += config->slices[i].rule->nr_ranges;
	*offers = (struct offers){
		.list = calloc(config->nr_slices ?: 1, sizeof(*offers->list)),
		.ranges = calloc(nr_ranges ?: 1, sizeof(*offers->ranges)),
	};
	return offers->list && offers->ranges ? 0 : -ENOMEM;
}

static void free_offers(struct offers *offers)
{
	free(offers->list);
	free(offers->ranges);
}

static void offer(struct offers *offers, const struct config_slice *slice,
		  const struct barlease_device *device)
{
	const struct config_rule *rule = slice->rule;
	struct barlease_range *ranges = &offers->ranges[offers->nr_ranges];

	for (size_t i = 0; i < rule->nr_ranges; i++)
		ranges[i] = config_range_of(slice, i);
	offers->nr_ranges += rule->nr_ranges;
	offers->list[offers->nr++] = (struct barlease_offer){
		.device = device,
		.slice = {
			.name = slice->name,
			.group = config_group_of(slice),
			.bar = rule->bar,
			.ranges = ranges,
			.nr_ranges = rule->nr_ranges,
			.flags = rule->flags,
			.memattr = rule->memattr,
			.max_holders = rule->max_holders,
			.per_user = rule->per_user,
			.first_vector = slice->first_vector,
			.nr_vectors = rule->nr_vectors,
			.dma = rule->dma,
			.dma_align = rule->dma_align,
			.dma_base = rule->dma_base,
			.grace = rule->grace,
			.max_term = rule->max_term,
			.context = (void *)slice,
		},
	};
}

/* Of those that are open, or have just been opened; NULL where it is away */
static const struct barlease_device *
open_device(const struct broker *broker, const struct openings *openings,
	    const char *bdf)
{
	for (size_t i = 0; i < openings->nr; i++)
		if (openings->list[i].handle &&
		    !strcmp(openings->list[i].wanted.bdf, bdf))
			return openings->list[i].handle->device;
	return devices_open(&broker->devices, bdf);
}

/* There are many slices, and few devices. */
static void offer_all(struct broker *broker, struct offers *offers,
		      const struct config *config,
		      const struct openings *openings,
		      const struct barlease_device **devices)
{
	const struct barlease_device *device;

	for (size_t i = 0; i < config->nr_devices; i++)
		devices[i] = open_device(broker, openings,
					 config->devices[i].bdf);
	for (size_t i = 0; i < config->nr_slices; i++) {
		device = devices[config->slices[i].rule->device];
		if (device)
			offer(offers, &config->slices[i], device);
	}
}

static int set_slices(struct broker *broker, const struct offers *offers,
		      char *words, size_t size)
{
	size_t bad = offers->nr;
	int ret;

	ret = barlease_server_set_slices(broker->server, offers->list,
					 offers->nr, &bad);
	if (ret && bad < offers->nr)
		snprintf(words, size, "cannot offer %s: %s",
			 offers->list[bad].slice.name, strerror(-ret));
	else if (ret)
		snprintf(words, size, "cannot offer slices: %s",
			 strerror(-ret));
	return ret;
}

static int offer_slices(struct broker *broker, const struct config *config,
			const struct openings *openings, char *words,
			size_t size)
{
	const struct barlease_device **devices;
	struct offers offers;
	int ret;

	devices = calloc(config->nr_devices, sizeof(struct barlease_device *));
	ret = make_offers(&offers, config);
	if (!devices || ret) {
		ret = -ENOMEM;
		snprintf(words, size, "%s", strerror(ENOMEM));
	} else {
		offer_all(broker, &offers, config, openings, devices);
		ret = set_slices(broker, &offers, words, size);
	}
	free_offers(&offers);
	free(devices);
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

		device = devices_find(&broker->devices, opening->wanted.bdf);
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
	broker->counters.back++;
}

static int add_devices(struct broker *broker, const struct config *config)
{
	for (size_t i = 0; i < config->nr_devices; i++)
		if (!devices_find(&broker->devices, config->devices[i].bdf) &&
		    !devices_add(&broker->devices, config->devices[i].bdf))
			return -ENOMEM;
	return 0;
}

/* Those that are named, and no others */
static void keep_devices(struct broker *broker, const struct config *config,
			 struct openings *openings)
{
	struct device *device, *next;

	for (size_t i = 0; i < openings->nr; i++) {
		device = devices_find(&broker->devices, openings->list[i].wanted.bdf);
		if (!device || device->handle || !openings->list[i].handle)
			continue;
		greet(broker, device);
		attach(broker, device, openings->list[i].handle);
		openings->list[i].handle = NULL;
	}
	/* Those that were there may have an address space now */
	LIST_FOREACH(device, &broker->devices, link)
		keep_device(broker, device);
	broker_note_away(broker, openings);
	for (device = LIST_FIRST(&broker->devices); device; device = next) {
		next = LIST_NEXT(device, link);
		if (is_named(config, device->bdf))
			continue;
		if (device->handle)
			barlease_server_remove_device(broker->server,
						      device->handle->device);
		detach(broker, device);
		devices_remove(device);
	}
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

/* Some file descriptors are kept for administrators, devices, sockets and files */
static void set_limits(struct broker *broker, struct barlease_limits *limits)
{
	const struct config_broker *wanted = &broker->config->broker;

	quota_choose(limits, wanted, broker->config->nr_devices,
		     entrances_count(broker),
		     wanted->keep ? store_room() : 0);
	barlease_server_set_limits(broker->server, limits);
}

void broker_set_limits(struct broker *broker)
{
	struct barlease_limits limits;

	set_limits(broker, &limits);
}

/* Of a configuration that comes into force, which may want more than there is */
static void set_new_limits(struct broker *broker)
{
	const struct config_broker *wanted = &broker->config->broker;
	struct barlease_limits limits;

	set_limits(broker, &limits);
	if ((wanted->connections && limits.connections < wanted->connections) ||
	    (wanted->leases && limits.leases < wanted->leases))
		log_line(LOG_WARNING,
			 "there are file descriptors for %u connections and %u leases only (LimitNOFILE=; with keep, FileDescriptorStoreMax=)",
			 limits.connections, limits.leases);
}

int broker_apply(struct broker *broker, struct config *config,
		 struct openings *openings, char *words, size_t size)
{
	struct config *old = broker->config;
	int ret;

	ret = add_devices(broker, config);
	if (!ret)
		ret = entrances_prepare(broker, config, words, size);
	if (!ret) {
		barlease_server_see_cgroups(broker->server,
					    config_sees_cgroups(config));
		broker->applying = old ? config : NULL;
		if (!old)
			broker->config = config;
		ret = offer_slices(broker, config, openings, words, size);
		broker->applying = NULL;
	}
	broker->config = ret ? old : config;
	if (ret) {
		entrances_undo(broker);
		return ret;
	}
	entrances_settle(broker, config);
	keep_devices(broker, config, openings);
	set_new_limits(broker);
	if (old != config)
		config_free(old);
	log_number(broker);
	return 0;
}

/* ---- Numbers of leases -------------------------------------------------- */

/* The block that the next lease has its number from */
static void take_ids(struct broker *broker, const struct config *config)
{
	uint32_t first = broker->end_of_ids ?: 1;
	int ret = ids_take(config_locks(config), &first);

	if (ret)
		log_line(LOG_WARNING,
			 "numbers of leases may come again after a restart: %s/next-id: %s",
			 config_locks(config), strerror(-ret));
	if (first != broker->end_of_ids)
		barlease_server_number_from(broker->server, first);
	broker->last_id = first;
	broker->end_of_ids = first + IDS_BLOCK;
}

void broker_catch_up(struct broker *broker)
{
	struct broker_wait *wait, *next;

	/* A dispatch hands out as many as there are clients, at the most. */
	if (broker->end_of_ids - broker->last_id < IDS_BLOCK / 4)
		take_ids(broker, broker->config);
	orders_catch_up(broker);
	keep_catch_up(broker);
	for (wait = LIST_FIRST(&broker->waits); wait; wait = next) {
		next = LIST_NEXT(wait, link);
		if (wait->nr)
			continue;
		LIST_REMOVE(wait, link);
		wait->done(wait);
	}
}

int broker_start(struct broker *broker, const struct config *config,
		 int listener)
{
	int ret = barlease_server_new(listener, &ops, broker, &broker->server);

	if (ret) {
		log_line(LOG_ERR, "cannot serve clients: %s", strerror(-ret));
		broker->server = NULL;
		return ret;
	}
	take_ids(broker, config);
	ret = grants_load(broker, config);
	if (ret)
		log_line(LOG_ERR, "cannot go on with grants: %s", strerror(-ret));
	return ret;
}

/* Nobody waits for the worker: the end of the process closes all. */
void broker_stop(struct broker *broker)
{
	barlease_server_free(broker->server);
	broker->server = NULL;
	entrances_close(broker);
	grants_free(broker);
	config_free(broker->config);
	broker->config = NULL;
}
