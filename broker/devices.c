// SPDX-License-Identifier: MIT
/*
 * The devices that are open
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "devices.h"
#include "diagnose.h"

#define DEFAULT_LOCK_DIRECTORY	"/run/barlease"
#define NEEDED	(BARLEASE_CAN_EXPORT | BARLEASE_CAN_MMAP | BARLEASE_CAN_REVOKE)

static void close_device(struct device *device)
{
	barlease_device_close(device->device);
	if (device->lock >= 0)
		close(device->lock);
	free(device);
}

static struct device *find(const struct devices *devices, const char *bdf)
{
	struct device *device;

	LIST_FOREACH(device, devices, link)
		if (!strcmp(device->bdf, bdf))
			return device;
	return NULL;
}

const struct barlease_device *devices_find(const struct devices *devices,
					   const char *bdf)
{
	const struct device *device = find(devices, bdf);

	return device ? device->device : NULL;
}

bool devices_is_new(const struct devices *devices, const char *bdf)
{
	const struct device *device = find(devices, bdf);

	return device && !device->broker;
}

static int take_lock(struct device *device, const struct config *config,
		     char *why, size_t size)
{
	const char *directory = config->broker.lock_directory ?:
				DEFAULT_LOCK_DIRECTORY;
	char who[100] = "somebody";
	pid_t holder;

	device->lock = lock_device(directory, device->bdf, &holder);
	if (device->lock >= 0)
		return 0;
	if (device->lock == -EBUSY) {
		if (holder)
			diagnose_process(holder, who, sizeof(who));
		snprintf(why, size, "%s is another broker's: %s has the lock %s/%s.lock",
			 device->bdf, who, directory, device->bdf);
	} else {
		snprintf(why, size, "cannot lock %s/%s.lock: %s", directory,
			 device->bdf, strerror(-device->lock));
	}
	return device->lock;
}

static int open_device(struct device *device, enum barlease_backend backend,
		       char *why, size_t size)
{
	unsigned int caps;
	int ret;

	ret = barlease_device_open(device->bdf, backend, &device->device);
	if (ret) {
		device->device = NULL;
		diagnose_open(device->bdf, ret, why, size);
		return ret;
	}
	caps = barlease_device_caps(device->device);
	if ((caps & NEEDED) != NEEDED) {
		diagnose_caps(device->bdf, caps, why, size);
		return -ENOTTY;
	}
	return 0;
}

static int add_device(struct devices *devices, const struct config *config,
		      const struct config_device *wanted, char *why,
		      size_t size)
{
	struct device *device = calloc(1, sizeof(*device));
	int ret;

	if (!device) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	memcpy(device->bdf, wanted->bdf, sizeof(device->bdf));
	ret = take_lock(device, config, why, size);
	if (!ret)
		ret = open_device(device, wanted->backend, why, size);
	if (ret) {
		close_device(device);
		return ret;
	}
	LIST_INSERT_HEAD(devices, device, link);
	return 0;
}

/* What of a rule's slices is furthest from the BAR's start */
static uint64_t end_of(const struct config_rule *rule)
{
	uint64_t end = 0;

	for (size_t i = 0; i < rule->nr_ranges; i++) {
		const struct barlease_range *range = &rule->ranges[i];

		if (range->offset + range->length > end)
			end = range->offset + range->length;
	}
	return end;
}

/* "; it has BAR0 and BAR2": those that can be leased */
static void list_bars(const struct barlease_device *device, char *text,
		      size_t size)
{
	const char *before = "; there can be of BAR";
	struct barlease_bar bar;
	size_t length = 0;

	snprintf(text, size, "; there can be of none");
	for (unsigned int i = 0; i < BARLEASE_BARS && length < size; i++) {
		if (barlease_device_bar(device, i, &bar) || !bar.mappable)
			continue;
		length += snprintf(text + length, size - length, "%s%u", before,
				   i);
		before = ", ";
	}
}

static void check_rule(const struct barlease_device *device, const char *bdf,
		       const struct config_rule *rule,
		       struct config_errors *errors)
{
	uint64_t last = rule->count ? rule->count - 1 : 0;
	uint64_t end = end_of(rule);
	struct barlease_bar bar = { 0 };
	char bars[80];

	if (barlease_device_bar(device, rule->bar, &bar) || !bar.mappable) {
		list_bars(device, bars, sizeof(bars));
		config_complain(errors, rule->line,
				"[slice %s]: there can be no leases of BAR%u of %s%s",
				rule->name, rule->bar, bdf, bars);
	} else if (end > bar.size) {
		config_complain(errors, rule->line,
				"[slice %s] ends at %#" PRIx64 ", and BAR%u of %s at %#" PRIx64,
				rule->name, end, rule->bar, bdf, bar.size);
	} else if (last && last > (bar.size - end) / rule->stride) {
		config_complain(errors, rule->line,
				"[slice %s]: %s-%" PRIu64 " ends at %#" PRIx64
				", and BAR%u of %s at %#" PRIx64
				"; count=%" PRIu64 " is the most",
				rule->name, rule->name, last,
				end + last * rule->stride, rule->bar, bdf,
				bar.size, (bar.size - end) / rule->stride + 1);
	} else if (rule->memattr == BARLEASE_WC &&
		   !(barlease_device_caps(device) & BARLEASE_CAN_MEMATTR)) {
		config_complain(errors, rule->line,
				"[slice %s]: memattr=wc is nothing that the driver of %s has; nc is",
				rule->name, bdf);
	}
}

/*
 * The first slice of a rule, counted from 0, of which a range has bytes from
 * @start to before @end; UINT64_MAX where none has
 */
static uint64_t first_in(const struct config_rule *rule,
			 const struct barlease_range *range, uint64_t start,
			 uint64_t end)
{
	uint64_t last = rule->count ? rule->count - 1 : 0, first = 0;

	if (range->offset + range->length <= start) {
		if (!rule->count)
			return UINT64_MAX;
		first = (start - range->offset - range->length) / rule->stride +
			1;
	}
	if (first > last || range->offset + first * rule->stride >= end)
		return UINT64_MAX;
	return first;
}

static void complain_msix(const char *bdf, const struct config_rule *rule,
			  uint64_t slice, const struct barlease_range *msix,
			  struct config_errors *errors)
{
	char which[32] = "";

	if (rule->count)
		snprintf(which, sizeof(which), "-%" PRIu64, slice);
	config_complain(errors, rule->line,
			"[slice %s]: %s%s has bytes of %#" PRIx64 "+%#" PRIx64
			" in BAR%u of %s, where its MSI-X table or pending bits are; leave those out, or give its interrupts away with msix = yes",
			rule->name, rule->name, which, msix->offset,
			msix->length, rule->bar, bdf);
}

static void check_msix(const struct barlease_device *device, const char *bdf,
		       const struct config_rule *rule,
		       struct config_errors *errors)
{
	struct barlease_range msix[BARLEASE_MSIX_RANGES];
	uint64_t slice, first;
	int nr;

	if (rule->flags & BARLEASE_MSIX)
		return;
	nr = barlease_device_msix(device, rule->bar, msix);
	for (int i = 0; i < nr; i++) {
		first = UINT64_MAX;
		for (size_t j = 0; j < rule->nr_ranges; j++) {
			slice = first_in(rule, &rule->ranges[j], msix[i].offset,
					 msix[i].offset + msix[i].length);
			if (slice < first)
				first = slice;
		}
		if (first != UINT64_MAX) {
			complain_msix(bdf, rule, first, &msix[i], errors);
			return;
		}
	}
}

static void check_rules(const struct devices *devices,
			const struct config *config,
			struct config_errors *errors)
{
	for (size_t i = 0; i < config->nr_rules; i++) {
		const struct config_rule *rule = &config->rules[i];
		const char *bdf = config->devices[rule->device].bdf;
		const struct device *device = find(devices, bdf);

		if (!device)
			continue;
		check_rule(device->device, bdf, rule, errors);
		check_msix(device->device, bdf, rule, errors);
	}
}

int devices_prepare(struct devices *devices, const struct config *config,
		    struct config_errors *errors)
{
	char why[240];

	for (size_t i = 0; i < config->nr_devices; i++) {
		const struct config_device *wanted = &config->devices[i];

		if (!find(devices, wanted->bdf) &&
		    add_device(devices, config, wanted, why, sizeof(why)))
			config_complain(errors, wanted->line, "%s", why);
	}
	check_rules(devices, config, errors);
	config_sort_errors(errors);
	return errors->nr ? -EINVAL : 0;
}

static bool is_named(const struct config *config, const char *bdf)
{
	for (size_t i = 0; config && i < config->nr_devices; i++)
		if (!strcmp(config->devices[i].bdf, bdf))
			return true;
	return false;
}

void devices_close(struct device *device)
{
	LIST_REMOVE(device, link);
	close_device(device);
}

void devices_keep(struct devices *devices, const struct config *config)
{
	struct device *device = LIST_FIRST(devices), *next;

	for (; device; device = next) {
		next = LIST_NEXT(device, link);
		if (is_named(config, device->bdf))
			continue;
		devices_close(device);
	}
}
