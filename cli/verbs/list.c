// SPDX-License-Identifier: MIT
/*
 * barlease list: PCI devices, and whether they can be leased from
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "msix-json.h"
#include "names.h"
#include "size.h"
#include "sysfs.h"
#include "table.h"
#include "verdict.h"

/* What keeps all of a BAR, or a part, from being leased like the others */
static void describe_limits(const struct pci_bar *bar, const char *msix,
			    char *text, size_t size)
{
	text[0] = '\0';
	if (!bar->memory)
		snprintf(text, size, " I/O");
	else if (!pci_bar_leasable(bar))
		snprintf(text, size, " (in a page with others)");
	else if (bar->size < pci_bar_span(bar))
		snprintf(text, size, " (leased as a page)");
	else if (*msix)
		snprintf(text, size, " (MSI-X: %s)", msix);
}

/* "0: 64 MiB, 2: 256 B (leased as a page), 3: 16 KiB (MSI-X: 0x0-0xfff)" */
static void describe_bars(const struct pci_device *dev, char *text, size_t size)
{
	struct pci_msix msix[PCI_MSIX_PARTS];
	char limits[120];
	size_t at = 0;
	int i;

	sysfs_msix("", dev, msix);
	text[0] = '\0';
	for (i = 0; i < PCI_BARS && at < size; i++) {
		if (!dev->bar[i].size)
			continue;
		describe_limits(&dev->bar[i], pci_msix_text(msix, i).text,
				limits, sizeof(limits));
		at += snprintf(text + at, size - at, "%s%d: %s%s",
			       at ? ", " : "", i,
			       size_text(dev->bar[i].size).text, limits);
	}
}

static void add_row(struct table *table, const struct pci_device *dev,
		    bool named)
{
	struct names names;
	struct verdict verdict = verdict_leases("", dev);
	char bars[400];

	describe_bars(dev, bars, sizeof(bars));
	table_add(table, "%s", dev->bdf);
	table_add(table, "%04x:%04x", dev->vendor, dev->device);
	table_add(table, "%s", pci_kind(dev));
	if (dev->group < 0)
		table_add(table, "-");
	else
		table_add(table, "%d", dev->group);
	table_add(table, "%s",
		  dev->driver[0] ? pci_driver_text(dev).text : "-");
	table_add(table, "%s", bars[0] ? bars : "-");
	table_add(table, "%s%s", verdict.good ? "yes" : "no: ", verdict.why);
	if (named) {
		names = names_of(NULL, dev->vendor, dev->device);
		table_add(table, "%s%s%s", names.vendor,
			  *names.device ? " " : "", names.device);
	}
}

/* No column of them, where none has one */
static bool any_has_name(const struct pci_device *devs, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (*names_of(NULL, devs[i].vendor, devs[i].device).vendor)
			return true;
	return false;
}

static int print_table(const struct pci_device *devs, size_t nr, bool all)
{
	static const char *const headings[] = {
		"DEVICE", "ID", "KIND", ">GROUP", "DRIVER", "BARS", "LEASES",
		NULL,
	};
	static const char *const with_names[] = {
		"DEVICE", "ID", "KIND", ">GROUP", "DRIVER", "BARS", "LEASES",
		"NAME", NULL,
	};
	bool named = any_has_name(devs, nr);
	struct table *table = table_new(named ? with_names : headings);
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		if (all || !pci_is_bridge(&devs[i]))
			add_row(table, &devs[i], named);
	table_print(table, stdout);
	table_free(table);
	return 0;
}

static void bar_to_json(const struct pci_bar *bar, int index,
			const struct pci_msix msix[PCI_MSIX_PARTS],
			struct json_object *object)
{
	json_put_number(object, "index", index);
	json_put_number(object, "size", bar->size);
	json_put_bool(object, "memory", bar->memory);
	json_put_bool(object, "prefetchable", bar->prefetchable);
	json_put_bool(object, "leasable", pci_bar_leasable(bar));
	msix_to_json(msix, index, object);
}

static void device_to_json(const struct pci_device *dev,
			   struct json_object *object)
{
	struct names names = names_of(NULL, dev->vendor, dev->device);
	struct verdict verdict = verdict_leases("", dev);
	struct pci_msix msix[PCI_MSIX_PARTS];
	char id[8];
	struct json_object *bars;
	int i;

	json_put_text(object, "device", dev->bdf);
	snprintf(id, sizeof(id), "%04x", dev->vendor & 0xffff);
	json_put_text(object, "vendor_id", id);
	snprintf(id, sizeof(id), "%04x", dev->device & 0xffff);
	json_put_text(object, "device_id", id);
	json_put_text(object, "vendor_name", names.vendor);
	json_put_text(object, "device_name", names.device);
	json_put_text(object, "kind", pci_kind(dev));
	if (dev->group < 0)
		json_put_text(object, "iommu_group", NULL);
	else
		json_put_number(object, "iommu_group", dev->group);
	json_put_text(object, "driver", dev->driver);
	json_put_text(object, "module", dev->module);
	bars = json_list(object, "bars");
	sysfs_msix("", dev, msix);
	for (i = 0; i < PCI_BARS; i++)
		if (dev->bar[i].size)
			bar_to_json(&dev->bar[i], i, msix, json_append(bars));
	json_put_bool(object, "leases", verdict.good);
	json_put_text(object, "why_not", verdict.why);
}

static void print_json(const struct pci_device *devs, size_t nr, bool all)
{
	struct json_object *answer = json_new();
	struct json_object *list = json_list(answer, "devices");
	size_t i;

	for (i = 0; i < nr; i++)
		if (all || !pci_is_bridge(&devs[i]))
			device_to_json(&devs[i], json_append(list));
	json_print(answer);
}

static int list(const struct verb *verb, const struct options *options,
		int argc, char **argv)
{
	bool all = options->given & OPT_ALL;
	struct pci_device *devs;
	size_t nr;
	int ret;

	(void)argc;
	(void)argv;
	ret = sysfs_devices("", &devs, &nr);
	if (!ret && options->given & OPT_JSON)
		print_json(devs, nr, all);
	else if (!ret)
		ret = print_table(devs, nr, all);
	free(devs);
	names_forget();
	return ret ? failed(verb, "/sys/bus/pci/devices: %s", strerror(-ret)) :
		     EXIT_SUCCESS;
}

const struct verb list_verb = {
	.name = "list",
	.operands = "",
	.summary = "show the PCI devices, and whether they can be leased from",
	.details =
"The last column says what is to be done before there can be leases. 'bind'\n"
"gives a device the driver; 'doctor' looks at all else. Bytes after MSI-X, which\n"
"only root is shown, are leased where a slice has msix = yes.\n",
	.examples =
"  barlease list\n"
"  barlease list --json | jq -r '.devices[] | select(.leases).device'\n",
	.takes = OPT_ALL | OPT_JSON,
	.run = list,
};
