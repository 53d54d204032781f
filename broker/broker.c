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

#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "broker.h"
#include "config/parse.h"
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

static const struct config_names system_names = { names_user, names_group };

int broker_read(const char *path, struct config **config,
		struct config_errors *errors)
{
	char *text;
	size_t size;
	int ret;

	ret = file_read_all(path, &text, &size);
	if (ret) {
		config_complain(errors, 0, "cannot be read: %s",
				strerror(-ret));
		return ret;
	}
	ret = config_parse(text, size, &system_names, config, errors);
	if (ret && !errors->nr)
		config_complain(errors, 0, "%s", strerror(-ret));
	free(text);
	return ret;
}

int broker_prepare(struct broker *broker, struct config **config,
		   struct config_errors *errors)
{
	int ret;

	ret = broker_read(broker->path, config, errors);
	if (ret)
		return ret;
	ret = devices_prepare(&broker->devices, *config, errors);
	if (ret) {
		devices_keep(&broker->devices, broker->config);
		config_free(*config);
		*config = NULL;
	}
	return ret;
}

/*
 * Whoever unbinds the device waits until it is closed. The configuration stays,
 * so that reading it again takes the device again, once it is back.
 */
static void on_request(struct loop_source *source, unsigned int events)
{
	struct device *device = container_of(source, struct device, request);
	struct broker *broker = device->broker;

	(void)events;
	log_line(LOG_NOTICE,
		 "the kernel wants %s back: it is closed, until a reload",
		 device->bdf);
	barlease_server_remove_device(broker->server, device->device);
	admin_tell(broker->admin, "gone device=%s", device->bdf);
	loop_remove(broker->loop, source);
	devices_close(device);
}

static void watch_new_devices(struct broker *broker)
{
	struct device *device;
	int fd, ret;

	LIST_FOREACH(device, &broker->devices, link) {
		if (device->broker)
			continue;
		device->broker = broker;
		fd = barlease_device_request_fd(device->device);
		device->request = (struct loop_source){ fd, on_request };
		ret = fd < 0 ? fd : loop_add(broker->loop, &device->request,
					     EPOLLIN);
		if (ret)
			log_line(LOG_WARNING,
				 "cannot see when the kernel wants %s back: %s",
				 device->bdf, strerror(-ret));
	}
}

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
					devices_find(&broker->devices,
						     device->bdf), &offered);
	free(ranges);
	return ret;
}

/*
 * What the old configuration had and the new one has not goes first, and while
 * the old one is in force, which knows what there was: there may be something
 * else at its place. What is only for others from now on is found
 * out last.
 */
static int switch_to(struct broker *broker, struct config *config)
{
	struct config *old = broker->config;
	const struct barlease_limits limits = {
		.user_connections = config->broker.user_connections,
		.user_leases = config->broker.user_leases,
	};
	const struct config_device *device;
	int ret, failed = 0;

	for (size_t i = 0; old && i < old->nr_slices; i++)
		if (!stays(old, &old->slices[i], config))
			barlease_server_remove_slice(broker->server,
						     old->slices[i].name);
	broker->config = config;
	for (size_t i = 0; i < config->nr_slices; i++) {
		device = config_device_of(config, &config->slices[i]);
		if (stays(config, &config->slices[i], old) &&
		    !devices_is_new(&broker->devices, device->bdf))
			continue;
		ret = offer(broker, &config->slices[i]);
		if (!ret)
			continue;
		failed = ret;
		log_line(LOG_ERR, "cannot offer %s: %s",
			 config->slices[i].name, strerror(-ret));
	}
	barlease_server_set_limits(broker->server, &limits);
	barlease_server_recheck(broker->server);
	devices_keep(&broker->devices, config);
	watch_new_devices(broker);
	config_free(old);
	log_line(failed ? LOG_ERR : LOG_INFO, "%zu slices of %zu devices",
		 config->nr_slices, config->nr_devices);
	return failed;
}

int broker_start(struct broker *broker, struct config *config, int listener)
{
	int ret;

	ret = barlease_server_new(listener, &ops, broker, &broker->server);
	if (ret) {
		log_line(LOG_ERR, "cannot serve clients: %s", strerror(-ret));
		broker->server = NULL;
		config_free(config);
		return ret;
	}
	return switch_to(broker, config);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* What only a start looks at */
static void warn_of_late_changes(const struct config *old,
				 const struct config *new)
{
	const struct config_broker *a = &old->broker, *b = &new->broker;

	if (!same_text(a->socket, b->socket) ||
	    !same_text(a->admin, b->admin) ||
	    !same_text(a->lock_directory, b->lock_directory) ||
	    a->socket_mode != b->socket_mode)
		log_line(LOG_WARNING,
			 "what has changed in [broker] will count from the next start on");
	for (size_t i = 0; i < old->nr_devices; i++)
		for (size_t j = 0; j < new->nr_devices; j++)
			if (!strcmp(old->devices[i].bdf, new->devices[j].bdf) &&
			    old->devices[i].backend != new->devices[j].backend)
				log_line(LOG_WARNING,
					 "the new backend of %s will count from the next start on",
					 new->devices[j].bdf);
}

int broker_reload(struct broker *broker, struct config_errors *errors)
{
	struct config *config;
	int ret;

	ret = broker_prepare(broker, &config, errors);
	if (ret)
		return ret;
	warn_of_late_changes(broker->config, config);
	ret = switch_to(broker, config);
	if (ret)
		config_complain(errors, 0, "not all slices can be offered: %s",
				strerror(-ret));
	admin_tell(broker->admin, "reloaded");
	return ret;
}

int broker_reset(struct broker *broker, const char *bdf)
{
	const struct barlease_device *device;
	int ret;

	device = devices_find(&broker->devices, bdf);
	if (!device)
		return -ENOENT;
	admin_tell(broker->admin, "suspended device=%s", bdf);
	ret = barlease_server_reset(broker->server, device);
	admin_tell(broker->admin, "resumed device=%s", bdf);
	log_line(ret ? LOG_ERR : LOG_NOTICE, "reset of %s: %s", bdf,
		 ret ? strerror(-ret) : "done");
	return ret;
}

void broker_stop(struct broker *broker)
{
	barlease_server_free(broker->server);
	broker->server = NULL;
	devices_keep(&broker->devices, NULL);
	config_free(broker->config);
	broker->config = NULL;
}
