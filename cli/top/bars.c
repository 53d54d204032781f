// SPDX-License-Identifier: MIT
/*
 * The BARs of a broker's devices, drawn to scale
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "leases.h"
#include "size.h"

static int print_lines(uint64_t size, const struct occupant *occupants,
		       size_t nr, const struct top_screen *screen, FILE *to)
{
	char **lines;
	size_t i;
	int ret;

	ret = occupancy_draw(size, occupants, nr, screen->width, screen->ascii,
			     &lines);
	if (ret)
		return ret;
	for (i = 0; lines[i]; i++)
		fprintf(to, "%s\n", lines[i]);
	occupancy_free(lines);
	return 0;
}

/* All of their bytes as those of one, whose extents are for free(). Return: 0; -ENOMEM */
static int join(const struct leases *leases, struct occupant *all)
{
	const struct occupant *one;
	struct extent *extents;
	size_t i, n = 0;

	for (i = 0; i < leases->nr; i++)
		n += leases->occupants[i].nr_extents;
	extents = calloc(n ?: 1, sizeof(*extents));
	if (!extents)
		return -ENOMEM;
	all->extents = extents;
	all->nr_extents = n;
	for (i = 0; i < leases->nr; i++) {
		one = &leases->occupants[i];
		extents = mempcpy(extents, one->extents,
				  one->nr_extents * sizeof(*extents));
	}
	return 0;
}

static int print_together(uint64_t size, const struct leases *leases,
			  const struct top_screen *screen, FILE *to)
{
	struct occupant all;
	char label[32];
	int ret;

	ret = join(leases, &all);
	if (ret)
		return ret;
	snprintf(label, sizeof(label), "%zu leases", leases->nr);
	all.label = label;
	ret = print_lines(size, &all, 1, screen, to);
	free((struct extent *)all.extents);
	return ret;
}

static int print_leased(const struct pci_device *pci, int index,
			const struct leases *leases,
			const struct top_screen *screen, bool together, FILE *to)
{
	const struct pci_bar *bar = &pci->bar[index];
	uint64_t span = pci_bar_span(bar), taken;
	int ret;

	ret = occupancy_taken(leases->occupants, leases->nr, &taken);
	if (ret)
		return ret;
	fprintf(to, "%s BAR %d: %s, %s of it leased, by %zu lease%s\n",
		pci->bdf, index, size_text(bar->size).text,
		size_text(taken).text, leases->nr, leases->nr == 1 ? "" : "s");
	if (together && leases->nr > 1)
		return print_together(span, leases, screen, to);
	return print_lines(span, leases->occupants, leases->nr, screen, to);
}

static int print_bar(const struct top_look *look, const struct pci_device *pci,
		     int index, const struct top_screen *screen, bool together,
		     FILE *to)
{
	struct leases leases;
	int ret;

	ret = leases_select(&look->leases, pci->bdf, index, &leases);
	if (ret)
		return ret;
	if (leases.nr)
		ret = print_leased(pci, index, &leases, screen, together, to);
	else
		fprintf(to, "%s BAR %d: %s, nothing of it leased\n", pci->bdf,
			index, size_text(pci->bar[index].size).text);
	leases_free(&leases);
	return ret;
}

int top_bars_print(const struct top_look *look, const struct top_screen *screen,
		   bool together, FILE *to)
{
	const struct pci_device *pci;
	size_t i;
	int bar, ret = 0;

	for (i = 0; i < look->devices.nr; i++) {
		pci = &look->device[i].pci;
		for (bar = 0; bar < PCI_BARS && !ret; bar++)
			if (pci_bar_leasable(&pci->bar[bar]))
				ret = print_bar(look, pci, bar, screen,
						together, to);
	}
	return ret;
}
