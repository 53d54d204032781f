// SPDX-License-Identifier: MIT
/*
 * What of a slice or a lease is not registers: interrupts and memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "queue.h"
#include "size.h"
#include "table.h"

/* "4-7"; anything else is none */
static void parse_span(const char *text, struct queue *queue)
{
	unsigned int first, last;

	if (sscanf(text, "%u-%u", &first, &last) != 2 || first > last)
		return;
	queue->first = first;
	queue->interrupts = last - first + 1;
}

struct queue queue_of(const struct record *record)
{
	struct queue queue = {
		.dma = record_number(record, "dma"),
		.vectors = (unsigned int)record_number(record, "vectors"),
		.mapped = record_number(record, "mapped"),
	};

	parse_span(record_get(record, "interrupts"), &queue);
	return queue;
}

const char *interrupt_kind_name(enum barlease_interrupt_kind kind)
{
	switch (kind) {
	case BARLEASE_INTX:
		return "intx";
	case BARLEASE_MSI:
		return "msi";
	case BARLEASE_MSIX_VECTORS:
		return "msix";
	default:
		return "";
	}
}

void queue_add_slice(const struct queue *queue, struct table *table)
{
	unsigned int last = queue->first + queue->interrupts - 1;

	if (!queue->interrupts)
		table_add(table, "%s", "");
	else if (queue->interrupts == 1)
		table_add(table, "%u", queue->first);
	else
		table_add(table, "%u-%u", queue->first, last);
	table_add(table, "%s", queue->dma ? size_text(queue->dma).text : "");
}

void queue_add_lease(const struct queue *queue, struct table *table)
{
	if (queue->interrupts)
		table_add(table, "%u of %u", queue->vectors, queue->interrupts);
	else
		table_add(table, "%s", "");
	if (queue->dma)
		table_add(table, "%s of %s", size_text(queue->mapped).text,
			  size_text(queue->dma).text);
	else
		table_add(table, "%s", "");
}

void queue_slice_to_json(const struct queue *queue, struct json_object *object)
{
	json_put_number(object, "interrupts", queue->interrupts);
	if (queue->interrupts)
		json_put_number(object, "first_interrupt", queue->first);
	else
		json_put_text(object, "first_interrupt", NULL);
	json_put_number(object, "dma", queue->dma);
}

void queue_lease_to_json(const struct queue *queue, struct json_object *object)
{
	queue_slice_to_json(queue, object);
	json_put_number(object, "vectors", queue->vectors);
	json_put_number(object, "mapped", queue->mapped);
}
