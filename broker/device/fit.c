// SPDX-License-Identifier: MIT
/*
 * Whether slices are within a device's BARs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fit.h"

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
static void list_bars(const struct handle *handle, char *text, size_t size)
{
	const char *before = "; there can be of BAR";
	size_t length = 0;

	snprintf(text, size, "; there can be of none");
	for (unsigned int i = 0; i < BARLEASE_BARS && length < size; i++) {
		if (!handle->bars[i].mappable)
			continue;
		length += snprintf(text + length, size - length, "%s%u", before,
				   i);
		before = ", ";
	}
}

static void check_bar(const struct handle *handle,
		      const struct config_rule *rule,
		      struct config_errors *errors)
{
	const struct barlease_bar *bar = &handle->bars[rule->bar];
	const char *bdf = handle->bdf;
	uint64_t last = rule->count ? rule->count - 1 : 0;
	uint64_t end = end_of(rule);
	char bars[80];

	if (!bar->mappable) {
		list_bars(handle, bars, sizeof(bars));
		config_complain(errors, rule->line,
				"[slice %s]: there can be no leases of BAR%u of %s%s",
				rule->name, rule->bar, bdf, bars);
	} else if (end > bar->size) {
		config_complain(errors, rule->line,
				"[slice %s] ends at %#" PRIx64 ", and BAR%u of %s at %#" PRIx64,
				rule->name, end, rule->bar, bdf, bar->size);
	} else if (last && last > (bar->size - end) / rule->stride) {
		config_complain(errors, rule->line,
				"[slice %s]: %s-%" PRIu64 " ends at %#" PRIx64
				", and BAR%u of %s at %#" PRIx64
				"; count=%" PRIu64 " is the most",
				rule->name, rule->name, last,
				end + last * rule->stride, rule->bar, bdf,
				bar->size, (bar->size - end) / rule->stride + 1);
	} else if (rule->memattr == BARLEASE_WC &&
		   !(handle->caps & BARLEASE_CAN_MEMATTR)) {
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

static void check_msix(const struct handle *handle,
		       const struct config_rule *rule,
		       struct config_errors *errors)
{
	const struct barlease_range *msix = handle->msix[rule->bar];
	uint64_t slice, first;

	if (rule->flags & BARLEASE_MSIX)
		return;
	for (int i = 0; i < handle->nr_msix[rule->bar]; i++) {
		first = UINT64_MAX;
		for (size_t j = 0; j < rule->nr_ranges; j++) {
			slice = first_in(rule, &rule->ranges[j], msix[i].offset,
					 msix[i].offset + msix[i].length);
			if (slice < first)
				first = slice;
		}
		if (first != UINT64_MAX) {
			complain_msix(handle->bdf, rule, first, &msix[i], errors);
			return;
		}
	}
}

static const char *kind_of(const struct barlease_interrupts *interrupts)
{
	switch (interrupts->kind) {
	case BARLEASE_NO_INTERRUPTS:
		return "interrupts";
	case BARLEASE_INTX:
		return "interrupt, an INTx";
	case BARLEASE_MSI:
		return "interrupts by MSI";
	case BARLEASE_MSIX_VECTORS:
		return "interrupts by MSI-X";
	}
	return "interrupts";
}

static void check_queue(const struct handle *handle,
			const struct config_rule *rule,
			struct config_errors *errors)
{
	unsigned int there = handle->interrupts.nr;
	uint64_t end = rule->first_vector +
		       (rule->count ?: 1) * (uint64_t)rule->nr_vectors;

	if (rule->nr_vectors && end > there)
		config_complain(errors, rule->line,
				"[slice %s] wants interrupts up to %" PRIu64
				", counted from 0; %s has %u %s",
				rule->name, end - 1, handle->bdf, there,
				kind_of(&handle->interrupts));
	if (rule->dma && handle->backend == BARLEASE_BACKEND_NOIOMMU)
		config_complain(errors, rule->line,
				"[slice %s]: %s has no IOMMU, so its DMA cannot be kept to what is mapped; dma= is for those that have one",
				rule->name, handle->bdf);
	if (rule->flags & BARLEASE_RESET && !handle->can_reset)
		config_complain(errors, rule->line,
				"[slice %s]: %s has no reset of its own; reset=never is right",
				rule->name, handle->bdf);
}

void fit_check(const struct handle *handle, const struct config *config,
	       struct config_errors *errors)
{
	for (size_t i = 0; i < config->nr_rules; i++) {
		const struct config_rule *rule = &config->rules[i];

		if (strcmp(config->devices[rule->device].bdf, handle->bdf))
			continue;
		check_bar(handle, rule, errors);
		check_msix(handle, rule, errors);
		check_queue(handle, rule, errors);
	}
}
