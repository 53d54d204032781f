// SPDX-License-Identifier: MIT
/*
 * barlease show: a drawing of which bytes of a device's BARs are leased
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "device.h"
#include "json.h"
#include "leases.h"
#include "msix-json.h"
#include "queue.h"
#include "ranges.h"
#include "screen.h"
#include "size.h"
#include "svg.h"
#include "table.h"

static int print_facts(const struct leases *leases)
{
	static const char *const headings[] = {
		">LEASE", "SLICE", "BYTES", ">SIZE", "ACCESS", "MEMATTR",
		QUEUE_HEADINGS, ">UID", ">PID", NULL,
	};
	struct table *table = table_new(headings);
	const struct record *record;
	struct queue queue;
	char bytes[80];
	size_t i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < leases->nr; i++) {
		record = leases->entries[i].record;
		ranges_describe(leases->occupants[i].extents,
				leases->occupants[i].nr_extents, bytes,
				sizeof(bytes));
		table_add(table, "%s", record_get(record, "id"));
		table_add(table, "%s", record_get(record, "slice"));
		table_add(table, "%s", bytes);
		table_add(table, "%s",
			  size_text(record_number(record, "size")).text);
		table_add(table, "%s", record_get(record, "access"));
		table_add(table, "%s", record_get(record, "memattr"));
		queue = queue_of(record);
		queue_add_lease(&queue, table);
		table_add(table, "%s", record_get(record, "uid"));
		table_add(table, "%s", record_get(record, "pid"));
	}
	table_print(table, stdout);
	table_free(table);
	return 0;
}

static int draw(uint64_t size, const struct leases *leases, bool ascii)
{
	unsigned int width = screen_width(), columns;
	char **lines;
	int i, ret;

	ret = occupancy_draw(size, leases->occupants, leases->nr, width, ascii,
			     &lines);
	if (ret)
		return ret;
	columns = occupancy_columns(leases->occupants, leases->nr, width);
	printf("\n");
	for (i = 0; lines[i]; i++)
		puts(lines[i]);
	occupancy_free(lines);
	printf("\nA column is %s. %s all of it is leased, %s some of it.\n\n",
	       size_text(size / columns).text, ascii ? "#" : "█",
	       ascii ? "+" : "▒");
	return print_facts(leases);
}

static void print_msix(const struct pci_msix msix[PCI_MSIX_PARTS], int index)
{
	struct msix_text parts = pci_msix_text(msix, index);

	if (*parts.text)
		printf("BAR %d: MSI-X at %s, for slices with msix = yes\n", index,
		       parts.text);
}

static int print_bar(const struct pci_bar *bar, int index,
		     const struct leases *leases, bool ascii)
{
	uint64_t taken;
	int ret;

	if (!leases->nr) {
		printf("BAR %d: %s, nothing of it leased\n", index,
		       size_text(bar->size).text);
		return 0;
	}
	ret = occupancy_taken(leases->occupants, leases->nr, &taken);
	if (ret)
		return ret;
	printf("BAR %d: %s, %s of it leased, by %zu lease%s\n", index,
	       size_text(bar->size).text, size_text(taken).text, leases->nr,
	       leases->nr == 1 ? "" : "s");
	return draw(pci_bar_span(bar), leases, ascii);
}

static void lease_to_json(const struct record *record,
			  const struct occupant *occupant, struct json_object *object)
{
	const struct queue queue = queue_of(record);
	struct json_object *ranges, *range;
	size_t i;

	json_put_number(object, "id", record_number(record, "id"));
	json_put_text(object, "slice", record_get(record, "slice"));
	ranges = json_list(object, "ranges");
	for (i = 0; i < occupant->nr_extents; i++) {
		range = json_append(ranges);
		json_put_number(range, "offset", occupant->extents[i].offset);
		json_put_number(range, "length", occupant->extents[i].length);
	}
	json_put_number(object, "size", record_number(record, "size"));
	json_put_text(object, "access", record_get(record, "access"));
	json_put_text(object, "memattr", record_get(record, "memattr"));
	queue_lease_to_json(&queue, object);
	json_put_number(object, "uid", record_number(record, "uid"));
	json_put_number(object, "gid", record_number(record, "gid"));
	json_put_number(object, "pid", record_number(record, "pid"));
}

static int bar_to_json(const struct pci_bar *bar, int index,
		       const struct pci_msix msix[PCI_MSIX_PARTS],
		       const struct leases *leases, struct json_object *object)
{
	uint64_t taken;
	struct json_object *list;
	size_t i;
	int ret;

	ret = occupancy_taken(leases->occupants, leases->nr, &taken);
	if (ret)
		return ret;
	json_put_number(object, "index", index);
	json_put_number(object, "size", bar->size);
	json_put_number(object, "leased", taken);
	msix_to_json(msix, index, object);
	list = json_list(object, "leases");
	for (i = 0; i < leases->nr; i++)
		lease_to_json(leases->entries[i].record, &leases->occupants[i],
			      json_append(list));
	return 0;
}

static int bar_to_svg(const struct pci_bar *bar, int index,
		      const struct leases *leases, struct svg *svg)
{
	char heading[100];
	uint64_t taken;
	int ret;

	ret = occupancy_taken(leases->occupants, leases->nr, &taken);
	if (ret)
		return ret;
	snprintf(heading, sizeof(heading), "BAR %d: %s, %s of it leased", index,
		 size_text(bar->size).text,
		 taken ? size_text(taken).text : "nothing");
	svg_add_bar(svg, heading, pci_bar_span(bar), leases->occupants,
		    leases->nr);
	return 0;
}

/* Where it goes; both NULL: to the screen */
struct output {
	struct json_object *bars;
	struct svg *svg;
	bool ascii;
};

static int show_bar(const struct pci_device *dev, int index,
		    const struct records *answer, const struct output *output)
{
	const struct pci_bar *bar = &dev->bar[index];
	struct pci_msix msix[PCI_MSIX_PARTS];
	struct leases leases;
	int ret;

	ret = leases_select(answer, dev->bdf, index, &leases);
	if (ret)
		return ret;
	sysfs_msix("", dev, msix);
	if (output->bars)
		ret = bar_to_json(bar, index, msix, &leases,
				  json_append(output->bars));
	else if (output->svg)
		ret = bar_to_svg(bar, index, &leases, output->svg);
	else
		ret = print_bar(bar, index, &leases, output->ascii);
	if (!output->bars && !output->svg && !ret)
		print_msix(msix, index);
	leases_free(&leases);
	return ret;
}

static int show_bars(const struct pci_device *dev, const struct records *answer,
		     const struct output *output)
{
	int i, ret = 0;

	for (i = 0; i < PCI_BARS && !ret; i++)
		if (pci_bar_leasable(&dev->bar[i]))
			ret = show_bar(dev, i, answer, output);
	return ret;
}

static int show_as_json(const struct pci_device *dev,
			const struct records *answer)
{
	struct json_object *object = json_new();
	struct output output = { 0 };
	int ret;

	json_put_text(object, "device", dev->bdf);
	output.bars = json_list(object, "bars");
	ret = show_bars(dev, answer, &output);
	if (!ret)
		json_print(object);
	return ret;
}

static int show_as_svg(const struct pci_device *dev,
		       const struct records *answer)
{
	char title[BDF_SIZE + 40];
	struct output output;
	int ret;

	snprintf(title, sizeof(title), "Leases of %s", dev->bdf);
	output = (struct output){ .svg = svg_new(title) };
	if (!output.svg)
		return -ENOMEM;
	ret = show_bars(dev, answer, &output);
	if (!ret)
		ret = svg_write(output.svg, stdout);
	svg_free(output.svg);
	return ret;
}

static int show_on_screen(const struct pci_device *dev,
			  const struct records *answer, bool ascii)
{
	const struct output output = {
		.ascii = ascii || !screen_is_unicode(),
	};

	printf("%s: %04x:%04x, %s\n", dev->bdf, dev->vendor, dev->device,
	       pci_kind(dev));
	return show_bars(dev, answer, &output);
}

/* Of a device that it does not have, the broker knows nothing. */
static int is_brokers(const struct verb *verb, struct admin *admin,
		      const char *bdf)
{
	struct records answer;
	bool found = false;
	size_t i;
	int ret;

	ret = broker_ask(verb, admin, "devices", &answer);
	if (ret)
		return ret;
	for (i = 0; i < answer.nr; i++)
		if (!strcmp(record_get(&answer.record[i], "name"), bdf))
			found = true;
	records_free(&answer);
	return found ? EXIT_SUCCESS :
		       failed_by(verb, -ENODEV, "%s is not one of barleased's devices",
				 bdf);
}

static int show_device(const struct verb *verb, const struct options *options,
		       struct admin *admin, const struct pci_device *dev)
{
	struct records answer;
	int ret;

	ret = is_brokers(verb, admin, dev->bdf);
	if (ret)
		return ret;
	ret = broker_ask_leases(verb, admin, &answer);
	if (ret)
		return ret;
	if (options->given & OPT_JSON)
		ret = show_as_json(dev, &answer);
	else if (options->given & OPT_SVG)
		ret = show_as_svg(dev, &answer);
	else
		ret = show_on_screen(dev, &answer, options->given & OPT_ASCII);
	records_free(&answer);
	return ret ? broker_complain(verb, admin, ret) : EXIT_SUCCESS;
}

static int show(const struct verb *verb, const struct options *options,
		int argc, char **argv)
{
	struct pci_device dev;
	struct admin *admin;
	int ret;

	(void)argc;
	if (options->given & OPT_JSON && options->given & OPT_SVG)
		return misused(verb, "--json and --svg are two outputs; there is one");
	ret = device_named(verb, argv[0], &dev);
	if (ret)
		return ret;
	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = show_device(verb, options, admin, &dev);
	admin_close(admin);
	return ret;
}

const struct verb show_verb = {
	.name = "show",
	.operands = "DEVICE",
	.summary = "draw which bytes of a device's BARs are leased, and to whom",
	.details =
"A line for each lease, drawn to scale. Asks barleased, for root only.\n",
	.examples =
"  barlease show 0000:03:00.0\n"
"  barlease show 03:00.0 --svg >leases.svg\n"
"  barlease show 03:00.0 --json | jq '.bars[] | .leased / .size'\n",
	.takes = OPT_ADMIN | OPT_ASCII | OPT_JSON | OPT_SVG,
	.min = 1,
	.max = 1,
	.run = show,
};
