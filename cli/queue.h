/* SPDX-License-Identifier: MIT */
/*
 * What of a slice or a lease is not registers: interrupts and memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_QUEUE_H
#define CLI_QUEUE_H

#include <stdint.h>

#include <barlease.h>

#include "record.h"

struct json_object;
struct table;

/**
 * struct queue - interrupts and memory
 * @first: of the device's vectors
 * @interrupts: how many go with it; 0: none
 * @dma: how much memory the device may be let reach, in bytes
 * @vectors: of a lease: of how many interrupts somebody is told
 * @mapped: of a lease: how much memory the device reaches
 */
struct queue {
	unsigned int first;
	unsigned int interrupts;
	uint64_t dma;
	unsigned int vectors;
	uint64_t mapped;
};

/* What barleased says of it */
struct queue queue_of(const struct record *record);

/* "intx", "msi", "msix"; "" for none */
const char *interrupt_kind_name(enum barlease_interrupt_kind kind);

/* Of tables: two columns each, which nothing is in where there is nothing */
#define QUEUE_HEADINGS	"?>IRQS", "?>DMA"

/* "4-7", "16 MiB" */
void queue_add_slice(const struct queue *queue, struct table *table);
/* "3 of 4", "2 MiB of 16 MiB": what is in use */
void queue_add_lease(const struct queue *queue, struct table *table);

void queue_slice_to_json(const struct queue *queue, struct json_object *object);
void queue_lease_to_json(const struct queue *queue, struct json_object *object);

#endif
