// SPDX-License-Identifier: MIT
/*
 * Going on where another process has left off
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "broker.h"
#include "heir.h"
#include "store.h"
#include "listen.h"

/* From one line to the next, if it has an end; NULL: there is none */
static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end && strchr(end + 1, '\n') ? end + 1 : NULL;
}

static const char *first_line(const char *text)
{
	return strchr(text, '\n') ? text : NULL;
}

/* ---- What there is --------------------------------------------------------- */

/* Of the program that this one was before; or of a process that is gone */
static int read_ledger(struct heir *heir)
{
	const int own[2] = { inherit_peek(heir->all, "ledger"), -1 };
	const int kept[2] = {
		inherit_peek(heir->all, "ledger-a"),
		inherit_peek(heir->all, "ledger-b"),
	};

	if (own[0] < 0 && kept[0] < 0 && kept[1] < 0)
		return -ENOENT;
	return ledger_read(own[0] < 0 ? kept : own, &heir->text,
			   &heir->served);
}

/* Sockets that were made by itself are to be removed in the end */
static void take_listener(struct listeners *listeners, const char *line)
{
	char name[16], path[SOCKET_PATH_MAX];
	struct listener *listener;

	if (sscanf(line, "listener name=%15s path=%107s", name, path) != 2)
		return;
	if (!strcmp(name, "client"))
		listener = &listeners->client;
	else if (!strcmp(name, "admin"))
		listener = &listeners->admin;
	else
		listener = &listeners->monitor;
	if (listener->fd >= 0)
		snprintf(listener->path, sizeof(listener->path), "%s", path);
}

static bool is_left(const struct inheritance *all)
{
	for (size_t i = 0; i < all->nr; i++)
		if (all->list[i].fd >= 0)
			return true;
	return false;
}

/* Devices are revoked and can be opened again when nobody has them any more. */
static void drop_all(struct inheritance *all, int error)
{
	struct store store;

	log_line(LOG_ERR,
		 "there are descriptors of another process, and nothing that says what they are (%s): all that is revoked",
		 strerror(-error));
	if (!store_open(&store)) {
		for (size_t i = 0; i < all->nr; i++)
			if (all->list[i].stored && all->list[i].fd >= 0)
				store_drop(&store, all->list[i].name);
		store_settle(&store);
		close(store.socket);
	}
	inherit_close(all);
}

void heir_open(struct heir *heir, struct broker *broker,
	       struct inheritance *all, struct listeners *listeners)
{
	const char *line;
	int ret;

	*heir = (struct heir){ .broker = broker, .all = all };
	ret = read_ledger(heir);
	if (ret) {
		heir->text = NULL;
		if (is_left(all))
			drop_all(all, ret);
		return;
	}
	line = first_line(heir->text);
	for (; line; line = next_line(line))
		take_listener(listeners, line);
}

/* ---- Devices --------------------------------------------------------------- */

struct device_line {
	char bdf[BARLEASE_PCI_ADDRESS_SIZE];
	int backend;
	unsigned int group;
	unsigned int ioas;
	int unclean;
};

static bool understand(struct device_line *device, const char *line)
{
	return sscanf(line,
		      "device name=%16s backend=%d group=%u ioas=%u unclean=%d",
		      device->bdf, &device->backend, &device->group,
		      &device->ioas, &device->unclean) == 5;
}

/* Is it the last that is said of this device? */
static bool is_last(const char *line, const char *bdf)
{
	size_t length = strlen(bdf);

	while ((line = next_line(line)))
		if (!strncmp(line, "device name=", 12) &&
		    !strncmp(line + 12, bdf, length) && line[12 + length] == ' ')
			return false;
	return true;
}

static int numbered(const struct heir *heir, const char *what,
		    unsigned int number)
{
	char name[KEEP_NAME_MAX];

	snprintf(name, sizeof(name), "%s-%u", what, number);
	return inherit_peek(heir->all, name);
}

static int named(const struct heir *heir, const char *what, const char *bdf)
{
	char name[KEEP_NAME_MAX];

	keep_name(name, what, bdf);
	return inherit_peek(heir->all, name);
}

static int restore(struct heir *heir, const struct device_line *device,
		   struct handle **handle)
{
	const bool iommufd = device->backend == BARLEASE_BACKEND_IOMMUFD;
	const struct barlease_handover handover = {
		.backend = device->backend,
		.ioas = device->ioas,
		.device = named(heir, "device", device->bdf),
		.group = iommufd ? -1 : numbered(heir, "group", device->group),
		.container = iommufd ? -1 :
			     numbered(heir, "container", device->group),
		.iommufd = iommufd ? inherit_peek(heir->all, "iommufd") : -1,
	};
	char name[KEEP_NAME_MAX];
	int ret, lock;

	keep_name(name, "lock", device->bdf);
	lock = inherit_take(heir->all, name);
	if (lock < 0)
		return -ENOLCK;
	ret = handle_restore(device->bdf, &handover, lock, handle);
	if (ret)
		close(lock);
	return ret;
}

static void take_device(struct heir *heir, const char *line)
{
	struct device_line device;
	struct handle *handle;
	int ret;

	if (!understand(&device, line) || !is_last(line, device.bdf))
		return;
	ret = restore(heir, &device, &handle);
	if (!ret)
		ret = broker_adopt(heir->broker, handle, device.unclean);
	if (ret)
		log_line(LOG_ERR,
			 "%s is not gone on with, so all leases of it are revoked: %s",
			 device.bdf, strerror(-ret));
}

void heir_take_devices(struct heir *heir)
{
	const char *line = heir->text ? first_line(heir->text) : NULL;

	for (; line; line = next_line(line))
		take_device(heir, line);
}

/* ---- Leases ---------------------------------------------------------------- */

static int take_fd(void *data, const char *name)
{
	struct heir *heir = data;

	return inherit_take(heir->all, name);
}

static const struct barlease_device *device_of(void *data, const char *name)
{
	const struct heir *heir = data;

	return devices_open(&heir->broker->devices, name);
}

static void on_lost(void *data, const char *what)
{
	(void)data;
	log_line(LOG_WARNING, "%s", what);
}

/* It goes when the server is done */
static void on_unsafe(void *data, const struct barlease_device *which)
{
	struct heir *heir = data;
	struct device *device;

	LIST_FOREACH(device, &heir->broker->devices, link)
		if (device->handle && device->handle->device == which)
			device->unsafe = true;
}

static void give_up_unsafe(struct broker *broker)
{
	struct device *device;

	LIST_FOREACH(device, &broker->devices, link) {
		if (!device->unsafe)
			continue;
		device->unsafe = false;
		log_line(LOG_ERR,
			 "%s is closed, for there are leases of it that cannot be revoked one by one",
			 device->bdf);
		broker_give_up(broker, device,
			       "it was not safe to go on with it");
	}
}

/* Accesses wait for these still */
static void suspend_unclean(struct broker *broker)
{
	struct device *device;

	LIST_FOREACH(device, &broker->devices, link)
		if (device->unclean)
			barlease_server_suspend(broker->server,
						device->handle->device);
}

int heir_take_leases(struct heir *heir, uint64_t reconnect)
{
	const struct barlease_estate estate = {
		.size = sizeof(estate),
		.text = heir->text,
		.served = heir->served,
		.reconnect = reconnect,
		.fd = take_fd,
		.device = device_of,
		.lost = on_lost,
		.unsafe = on_unsafe,
	};
	struct broker *broker = heir->broker;
	int ret;

	if (!heir->text)
		return 0;
	suspend_unclean(broker);
	ret = barlease_server_take_over(broker->server, &estate, heir);
	if (ret < 0) {
		log_line(LOG_ERR,
			 "cannot go on with the leases of another process, so they are revoked: %s",
			 ret == -EPROTO ? "it was of another version" :
					  strerror(-ret));
		return ret == -ENOMEM ? ret : 0;
	}
	give_up_unsafe(broker);
	log_line(LOG_NOTICE, "goes on with %d leases of another process", ret);
	return 0;
}

/* Of which device it is nobody knows: the right one does it, and others do not */
static void revoke_lease(const struct broker *broker, int lease)
{
	const struct device *device;

	LIST_FOREACH(device, &broker->devices, link)
		if (device->handle &&
		    !barlease_begin_revoke(device->handle->device, lease, NULL))
			return;
}

/* One that nothing is written of may be in a client's hands all the same. */
static void revoke_others(const struct heir *heir)
{
	const struct inheritance *all = heir->all;

	for (size_t i = 0; i < all->nr; i++)
		if (all->list[i].fd >= 0 &&
		    !strncmp(all->list[i].name, "lease-", 6))
			revoke_lease(heir->broker, all->list[i].fd);
}

void heir_close(struct heir *heir)
{
	revoke_others(heir);
	free(heir->text);
	heir->text = NULL;
	inherit_close(heir->all);
}
