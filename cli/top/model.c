// SPDX-License-Identifier: MIT
/*
 * What barlease top shows: leases in an order, and what is counted per second
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "size.h"

const char *const top_headings[TOP_COLUMNS + 1] = {
	[TOP_LEASE] = ">LEASE",
	[TOP_STATE] = "STATE",
	[TOP_SLICE] = "SLICE",
	[TOP_DEVICE] = "DEVICE",
	[TOP_BAR] = ">BAR",
	[TOP_SIZE] = ">SIZE",
	[TOP_USER] = "USER",
	[TOP_PID] = ">PID",
	[TOP_AGE] = ">SINCE",
	[TOP_IRQS] = "?>IRQS",
	[TOP_DMA] = "?>DMA",
	[TOP_PROGRAM] = "PROGRAM",
};

const char *top_column_name(enum top_column column)
{
	return top_headings[column] + strspn(top_headings[column], "?>");
}

void top_look_free(struct top_look *look)
{
	records_free(&look->devices);
	records_free(&look->leases);
	records_free(&look->counters);
	free(look->device);
	free(look->holder);
	*look = (struct top_look){ 0 };
}

/* ---- Counters and times ------------------------------------------------------ */

uint64_t top_counted(const struct top_look *look, const char *name)
{
	const struct records *counters = &look->counters;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < counters->nr; i++)
		if (!strcmp(record_get(&counters->record[i], "name"), name))
			sum += record_number(&counters->record[i], "value");
	return sum;
}

struct top_text top_rate(uint64_t before, uint64_t after, uint64_t ms)
{
	struct top_text rate = { "-" };

	if (ms && after >= before)
		snprintf(rate.text, sizeof(rate.text), "%.1f",
			 (double)(after - before) * 1000 / (double)ms);
	return rate;
}

struct top_text top_age(uint64_t seconds)
{
	uint64_t minutes = seconds / 60, hours = minutes / 60;
	struct top_text age;

	if (!minutes)
		snprintf(age.text, sizeof(age.text), "%" PRIu64 "s", seconds);
	else if (!hours)
		snprintf(age.text, sizeof(age.text), "%" PRIu64 "m%02us",
			 minutes, (unsigned int)(seconds % 60));
	else if (hours < 24)
		snprintf(age.text, sizeof(age.text), "%" PRIu64 "h%02um",
			 hours, (unsigned int)(minutes % 60));
	else
		snprintf(age.text, sizeof(age.text), "%" PRIu64 "d%02uh",
			 hours / 24, (unsigned int)(hours % 24));
	return age;
}

/* ---- A lease ------------------------------------------------------------------- */

static void cell_set(struct top_row *row, enum top_column column,
		     const char *text, ...)
	__attribute__((format(printf, 3, 4)));

/* A cell without memory is NULL, which fill() looks for. */
static void cell_set(struct top_row *row, enum top_column column,
		     const char *text, ...)
{
	va_list args;

	va_start(args, text);
	if (vasprintf(&row->cell[column], text, args) < 0)
		row->cell[column] = NULL;
	va_end(args);
}

static void set_number(struct top_row *row, enum top_column column,
		       const struct record *lease, const char *key)
{
	row->value[column] = record_number(lease, key);
	cell_set(row, column, "%s", record_get(lease, key));
}

static void set_age(struct top_row *row, const struct top_look *look,
		    const struct record *lease)
{
	uint64_t since = record_number(lease, "since");
	uint64_t now = look->now > 0 ? (uint64_t)look->now : 0;

	/* A clock that was set back makes nothing old. */
	row->value[TOP_AGE] = since && now > since ? now - since : 0;
	cell_set(row, TOP_AGE, "%s", since ?
		 top_age(row->value[TOP_AGE]).text : "");
}

/* Of how many interrupts somebody is told, and how much the device reaches */
static void set_queue(struct top_row *row, const struct record *lease)
{
	bool interrupts = *record_get(lease, "interrupts");
	bool dma = record_number(lease, "dma");

	row->value[TOP_IRQS] = record_number(lease, "vectors");
	row->value[TOP_DMA] = record_number(lease, "mapped");
	if (interrupts)
		cell_set(row, TOP_IRQS, "%" PRIu64, row->value[TOP_IRQS]);
	else
		cell_set(row, TOP_IRQS, "%s", "");
	cell_set(row, TOP_DMA, "%s",
		 dma ? size_text(row->value[TOP_DMA]).text : "");
}

/* Return: 0; -ENOMEM */
static int fill(struct top_row *row, const struct top_look *look, size_t index)
{
	const struct record *lease = &look->leases.record[index];
	const struct top_holder *holder = &look->holder[index];
	const char *state = record_get(lease, "state");
	unsigned int i;

	row->id = record_number(lease, "id");
	set_number(row, TOP_LEASE, lease, "id");
	/* An older broker forgets a lease when it ends. */
	cell_set(row, TOP_STATE, "%s", *state ? state : "held");
	cell_set(row, TOP_SLICE, "%s", record_get(lease, "slice"));
	cell_set(row, TOP_DEVICE, "%s", record_get(lease, "device"));
	set_number(row, TOP_BAR, lease, "bar");
	row->value[TOP_SIZE] = record_number(lease, "size");
	cell_set(row, TOP_SIZE, "%s", size_text(row->value[TOP_SIZE]).text);
	cell_set(row, TOP_USER, "%s", holder->user);
	set_number(row, TOP_PID, lease, "pid");
	set_age(row, look, lease);
	set_queue(row, lease);
	cell_set(row, TOP_PROGRAM, "%s", holder->program);
	for (i = 0; i < TOP_COLUMNS; i++)
		if (!row->cell[i])
			return -ENOMEM;
	return 0;
}

static bool matches(const struct top_row *row, const char *filter)
{
	unsigned int i;

	for (i = 0; i < TOP_COLUMNS; i++)
		if (strcasestr(row->cell[i], filter))
			return true;
	return false;
}

static void row_free(struct top_row *row)
{
	unsigned int i;

	for (i = 0; i < TOP_COLUMNS; i++)
		free(row->cell[i]);
	*row = (struct top_row){ 0 };
}

/* ---- All of them ----------------------------------------------------------------- */

struct order {
	enum top_column by;
	bool downwards;
};

static bool is_of_numbers(enum top_column column)
{
	switch (column) {
	case TOP_STATE:
	case TOP_SLICE:
	case TOP_DEVICE:
	case TOP_USER:
	case TOP_PROGRAM:
		return false;
	default:
		return true;
	}
}

static int compare_numbers(uint64_t left, uint64_t right)
{
	return left < right ? -1 : left > right;
}

/* Numbers in a name are in the order of numbers: doorbell-9 is before doorbell-10. */
static int compare(const void *a, const void *b, void *data)
{
	const struct top_row *left = a, *right = b;
	const struct order *order = data;
	int ret;

	if (is_of_numbers(order->by))
		ret = compare_numbers(left->value[order->by],
				      right->value[order->by]);
	else
		ret = strverscmp(left->cell[order->by], right->cell[order->by]);
	if (!ret)
		return compare_numbers(left->id, right->id);
	return order->downwards ? -ret : ret;
}

int top_rows_make(const struct top_look *look, const char *filter,
		  enum top_column by, bool downwards, struct top_rows *rows)
{
	struct order order = { by, downwards };
	struct top_row *row;
	size_t i;

	*rows = (struct top_rows){
		.row = calloc(look->leases.nr ?: 1, sizeof(*row)),
	};
	if (!rows->row)
		return -ENOMEM;
	for (i = 0; i < look->leases.nr; i++) {
		row = &rows->row[rows->nr++];
		if (fill(row, look, i)) {
			top_rows_free(rows);
			return -ENOMEM;
		}
		if (matches(row, filter))
			continue;
		row_free(row);
		rows->nr--;
	}
	qsort_r(rows->row, rows->nr, sizeof(*row), compare, &order);
	return 0;
}

void top_rows_free(struct top_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++)
		row_free(&rows->row[i]);
	free(rows->row);
	*rows = (struct top_rows){ 0 };
}
