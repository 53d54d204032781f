// SPDX-License-Identifier: MIT
/*
 * Keeping what a successor needs, as things are
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "broker.h"
#include "listen.h"
#include "keep.h"

void keep_name(char name[KEEP_NAME_MAX], const char *what, const char *bdf)
{
	snprintf(name, KEEP_NAME_MAX, "%s-%s", what, bdf);
	/* The manager puts colons between names */
	for (char *c = name; *c; c++)
		if (*c == ':')
			*c = '_';
}

static const char *device_name(void *data, const struct barlease_device *which)
{
	const struct broker *broker = data;
	const struct device *device;

	LIST_FOREACH(device, &broker->devices, link)
		if (device->handle && device->handle->device == which)
			return device->bdf;
	return "none";
}

/* ---- Names ----------------------------------------------------------------- */

static bool is_ours(const char *name)
{
	static const char *const kinds[] = {
		"client-", "lease-", "device-", "lock-", "group-",
		"container-", "ledger-", "listener-",
	};

	if (!strcmp(name, "iommufd") || !strcmp(name, "ledger"))
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strncmp(name, kinds[i], strlen(kinds[i])))
			return true;
	return false;
}

/* Those of the first of that name have been taken by now */
static bool is_second(const char *name)
{
	return !strcmp(name, "client") || !strcmp(name, "admin") ||
	       !strcmp(name, "monitor");
}

int keep_check_names(const struct inheritance *all)
{
	for (size_t i = 0; i < all->nr; i++) {
		const char *name = all->list[i].name;

		if (all->list[i].fd < 0 || is_ours(name))
			continue;
		if (is_second(name))
			log_line(LOG_ERR,
				 "the service manager has two sockets \"%s\" (FileDescriptorName=)",
				 name);
		else
			log_line(LOG_ERR,
				 "the service manager's socket \"%s\" is none of \"client\", \"admin\" and \"monitor\" (FileDescriptorName=)",
				 name);
		return -EINVAL;
	}
	return 0;
}

/* ---- Devices --------------------------------------------------------------- */

/* Where lines and descriptors of devices go: the ledger and the store, or a dump */
struct sink {
	void (*write)(void *data, const char *line);
	void (*put)(void *data, const char *name, int fd);
	void *data;
};

/* The kernel's number of it: the node of a group is named after that */
static unsigned int number_of_group(int group)
{
	struct stat stat;

	return fstat(group, &stat) ? 0 : minor(stat.st_rdev);
}

static void put_numbered(const struct sink *sink, const char *what,
			 unsigned int number, int fd)
{
	char name[KEEP_NAME_MAX];

	snprintf(name, sizeof(name), "%s-%u", what, number);
	sink->put(sink->data, name, fd);
}

static void put_device(const struct sink *sink, const struct handle *handle,
		       const struct barlease_handover *handover,
		       unsigned int group)
{
	char name[KEEP_NAME_MAX];

	keep_name(name, "lock", handle->bdf);
	sink->put(sink->data, name, handle->lock);
	if (handover->group >= 0) {
		put_numbered(sink, "group", group, handover->group);
		put_numbered(sink, "container", group, handover->container);
	}
	if (handover->iommufd >= 0)
		sink->put(sink->data, "iommufd", handover->iommufd);
	keep_name(name, "device", handle->bdf);
	sink->put(sink->data, name, handover->device);
}

static void write_device(const struct sink *sink, const struct device *device)
{
	const struct handle *handle = device->handle;
	struct barlease_handover handover;
	unsigned int group;
	char line[160];

	if (!handle || barlease_device_save(handle->device, &handover))
		return;
	group = handover.group < 0 ? 0 : number_of_group(handover.group);
	put_device(sink, handle, &handover, group);
	snprintf(line, sizeof(line),
		 "device name=%s backend=%d group=%u ioas=%u unclean=%d",
		 device->bdf, handover.backend, group, handover.ioas,
		 device->unclean || device->resetting);
	sink->write(sink->data, line);
}

static void write_listener(const struct sink *sink, const char *name,
			   const struct listener *listener)
{
	char line[64 + SOCKET_PATH_MAX];

	if (listener->fd < 0 || !*listener->path)
		return;
	snprintf(line, sizeof(line), "listener name=%s path=%s", name,
		 listener->path);
	sink->write(sink->data, line);
}

/* ---- The ledger and the store ---------------------------------------------- */

static void write_line(void *data, const char *line)
{
	struct broker *broker = data;

	ledger_write(&broker->keep.ledger, line);
}

/* What cannot be stored had better not be in the ledger either */
static void store_fd(void *data, const char *name, int fd)
{
	struct broker *broker = data;
	struct keep *keep = &broker->keep;
	int ret;

	if (keep->known && inherit_confirm(keep->known, name))
		return;
	ret = store_put(&keep->store, name, fd);
	if (!ret || keep->ledger.broken)
		return;
	log_line(LOG_ERR, "the service manager does not keep %s: %s", name,
		 strerror(-ret));
	ledger_write(&keep->ledger, NULL);
}

static void drop_fd(void *data, const char *name)
{
	struct broker *broker = data;

	store_drop(&broker->keep.store, name);
}

static void serves(void *data, uint32_t connection)
{
	struct broker *broker = data;

	ledger_serves(&broker->keep.ledger, connection);
}

static const struct barlease_keeper keeper = {
	.size = sizeof(keeper),
	.write = write_line,
	.store = store_fd,
	.drop = drop_fd,
	.serves = serves,
	.device_name = device_name,
};

static struct sink own_sink(struct broker *broker)
{
	return (struct sink){ write_line, store_fd, broker };
}

void keep_device(struct broker *broker, const struct device *device)
{
	const struct sink sink = own_sink(broker);

	if (broker->keep.on)
		write_device(&sink, device);
}

static bool group_is_used(const struct broker *broker,
			  const struct device *but, unsigned int group)
{
	struct barlease_handover handover;
	const struct device *device;

	LIST_FOREACH(device, &broker->devices, link)
		if (device != but && device->handle &&
		    !barlease_device_save(device->handle->device, &handover) &&
		    handover.group >= 0 &&
		    number_of_group(handover.group) == group)
			return true;
	return false;
}

static void drop_group(struct broker *broker, const struct device *device)
{
	struct barlease_handover handover;
	char name[KEEP_NAME_MAX];
	unsigned int group;

	if (barlease_device_save(device->handle->device, &handover) ||
	    handover.group < 0)
		return;
	group = number_of_group(handover.group);
	if (group_is_used(broker, device, group))
		return;
	snprintf(name, sizeof(name), "group-%u", group);
	drop_fd(broker, name);
	snprintf(name, sizeof(name), "container-%u", group);
	drop_fd(broker, name);
}

/* As long as the service manager has it, the kernel does not get it back. */
void keep_forget_device(struct broker *broker, const struct device *device)
{
	char name[KEEP_NAME_MAX], line[64];

	if (!broker->keep.on || !device->handle)
		return;
	snprintf(line, sizeof(line), "device name=%s gone=1", device->bdf);
	write_line(broker, line);
	keep_name(name, "device", device->bdf);
	drop_fd(broker, name);
	keep_name(name, "lock", device->bdf);
	drop_fd(broker, name);
	drop_group(broker, device);
}

/* The new one finds out by itself what they are for: it has their paths */
static void put_entrance(const struct sink *sink, const struct entrance *entrance)
{
	char name[KEEP_NAME_MAX];

	keep_name(name, "listener", entrance->name);
	sink->put(sink->data, name, entrance->listener.fd);
}

void keep_entrance(struct broker *broker, const struct entrance *entrance)
{
	const struct sink sink = own_sink(broker);

	if (broker->keep.on)
		put_entrance(&sink, entrance);
}

void keep_forget_entrance(struct broker *broker, const struct entrance *entrance)
{
	char name[KEEP_NAME_MAX];

	keep_name(name, "listener", entrance->name);
	if (broker->keep.on)
		drop_fd(broker, name);
}

static void write_all(struct broker *broker)
{
	const struct entrance *entrance;
	const struct device *device;

	LIST_FOREACH(entrance, &broker->entrances, link)
		keep_entrance(broker, entrance);
	ledger_begin(&broker->keep.ledger);
	LIST_FOREACH(device, &broker->devices, link)
		keep_device(broker, device);
	barlease_server_keep(broker->server, &keeper, broker);
	ledger_commit(&broker->keep.ledger);
}

static int open_ledger(struct keep *keep, struct inheritance *known)
{
	const int fds[2] = {
		inherit_take(known, "ledger-a"),
		inherit_take(known, "ledger-b"),
	};

	return ledger_open(&keep->ledger, fds);
}

/* What the service manager has, and nobody needs any more */
static void drop_others(struct keep *keep, const struct inheritance *known)
{
	for (size_t i = 0; i < known->nr; i++)
		if (known->list[i].stored && is_ours(known->list[i].name))
			store_drop(&keep->store, known->list[i].name);
}

void keep_begin(struct broker *broker, struct inheritance *known)
{
	struct keep *keep = &broker->keep;
	int ret = store_open(&keep->store);

	if (!broker->config->broker.keep) {
		drop_others(keep, known);
		return;
	}
	if (ret) {
		log_line(LOG_WARNING,
			 "keep = yes, and nobody keeps descriptors: a crash ends all leases, \"barlease restart\" does not (%s)",
			 ret == -EDESTADDRREQ ? "no service manager" :
						strerror(-ret));
		return;
	}
	ret = open_ledger(keep, known);
	if (ret) {
		log_line(LOG_ERR, "no memory files for keep = yes: %s",
			 strerror(-ret));
		return;
	}
	keep->on = true;
	keep->known = known;
	store_fd(broker, "ledger-a", keep->ledger.fds[0]);
	store_fd(broker, "ledger-b", keep->ledger.fds[1]);
	write_all(broker);
	keep->known = NULL;
	drop_others(keep, known);
}

void keep_catch_up(struct broker *broker)
{
	if (broker->keep.on && ledger_is_long(&broker->keep.ledger))
		write_all(broker);
}

/* ---- A dump ---------------------------------------------------------------- */

static void dump_line(void *data, const char *line)
{
	struct keep_dump *dump = data;

	ledger_write(&dump->ledger, line);
}

static void dump_fd(void *data, const char *name, int fd)
{
	struct keep_dump *dump = data;
	struct inherited *new;

	/* Devices of one group have some in common */
	for (size_t i = 0; i < dump->nr; i++)
		if (dump->list[i].fd == fd)
			return;
	new = array_add(&dump->list, &dump->nr, sizeof(*new));
	if (new)
		new->name = strdup(name);
	if (!new || !new->name) {
		dump->nr -= !!new;
		ledger_write(&dump->ledger, NULL);
		return;
	}
	new->fd = fd;
	new->stored = dump->broker->keep.on;
}

static void drop_nothing(void *data, const char *name)
{
	(void)data;
	(void)name;
}

static const char *dumped_name(void *data, const struct barlease_device *which)
{
	const struct keep_dump *dump = data;

	return device_name(dump->broker, which);
}

static const struct barlease_keeper dumper = {
	.size = sizeof(dumper),
	.write = dump_line,
	.store = dump_fd,
	.drop = drop_nothing,
	.device_name = dumped_name,
};

static void dump_listeners(const struct sink *sink,
			   const struct listeners *listeners)
{
	const struct listener *all[] = {
		&listeners->client, &listeners->admin, &listeners->monitor,
	};
	static const char *const names[] = { "client", "admin", "monitor" };

	for (int i = 0; i < 3; i++) {
		if (all[i]->fd >= 0)
			sink->put(sink->data, names[i], all[i]->fd);
		write_listener(sink, names[i], all[i]);
	}
}

/* Of the two files it needs the one that is complete */
static void dump_itself(struct keep_dump *dump)
{
	const struct keep *keep = &dump->broker->keep;

	dump_fd(dump, "ledger", dump->ledger.fds[dump->ledger.current]);
	if (!keep->on)
		return;
	dump_fd(dump, "ledger-a", keep->ledger.fds[0]);
	dump_fd(dump, "ledger-b", keep->ledger.fds[1]);
}

int keep_dump(struct broker *broker, const struct listeners *listeners,
	      struct keep_dump *dump)
{
	const int none[2] = { -1, -1 };
	const struct sink sink = { dump_line, dump_fd, dump };
	const struct entrance *entrance;
	const struct device *device;
	int ret;

	*dump = (struct keep_dump){ .broker = broker };
	ret = ledger_open(&dump->ledger, none);
	if (ret)
		return ret;
	ledger_begin(&dump->ledger);
	dump_listeners(&sink, listeners);
	LIST_FOREACH(entrance, &broker->entrances, link)
		put_entrance(&sink, entrance);
	LIST_FOREACH(device, &broker->devices, link)
		write_device(&sink, device);
	barlease_server_keep(broker->server, &dumper, dump);
	ledger_commit(&dump->ledger);
	dump_itself(dump);
	return dump->ledger.broken ? -ENOMEM : 0;
}

/* Nothing has become of it, and all is as it was */
void keep_free_dump(struct broker *broker, struct keep_dump *dump)
{
	barlease_server_keep(broker->server, NULL, NULL);
	if (broker->keep.on)
		write_all(broker);
	for (size_t i = 0; i < dump->nr; i++)
		free(dump->list[i].name);
	free(dump->list);
	ledger_close(&dump->ledger);
}
