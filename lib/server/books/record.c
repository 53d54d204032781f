// SPDX-License-Identifier: MIT
/*
 * What another process needs to go on, line by line
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A line is a word, and then words of the form key=value; what it is about is named in
 * the first of those. So a reader may pass over what it does not know. Of two lines of
 * the same word about the same thing the later one holds.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "books.h"

/* Of all lines but those of slices with many ranges */
#define USUAL_LINE	512

/* Of each range, and of each group, with a comma */
#define RANGE_TEXT	40
#define GROUP_TEXT	11

static void write_line(const struct bl_keeping *keeping, const char *format,
		       va_list args)
	__attribute__((format(printf, 2, 0)));

static void write_line(const struct bl_keeping *keeping, const char *format,
		       va_list args)
{
	char usual[USUAL_LINE], *line = usual;
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(usual, sizeof(usual), format, args);
	if (length >= (int)sizeof(usual) && vasprintf(&line, format, again) < 0)
		line = NULL;
	va_end(again);
	keeping->ops.write(keeping->data, line);
	if (line != usual)
		free(line);
}

void bl_record(struct bl_books *books, const char *format, ...)
{
	va_list args;

	if (!books->keeping.on)
		return;
	va_start(args, format);
	write_line(&books->keeping, format, args);
	va_end(args);
}

uint32_t bl_record_number(struct bl_books *books)
{
	return ++books->keeping.last;
}

void bl_record_store(struct bl_books *books, const char *what, uint32_t number,
		     int fd)
{
	const struct bl_keeping *keeping = &books->keeping;
	char name[32];

	if (!keeping->on || !keeping->ops.store)
		return;
	snprintf(name, sizeof(name), "%s-%" PRIu32, what, number);
	keeping->ops.store(keeping->data, name, fd);
}

void bl_record_drop(struct bl_books *books, const char *what, uint32_t number)
{
	const struct bl_keeping *keeping = &books->keeping;
	char name[32];

	if (!keeping->on || !keeping->ops.drop)
		return;
	snprintf(name, sizeof(name), "%s-%" PRIu32, what, number);
	keeping->ops.drop(keeping->data, name);
}

/* "OFFSET+LENGTH,..." for free(); NULL without memory */
static char *text_of_ranges(const struct bl_slice *slice)
{
	size_t room = slice->nr_ranges * RANGE_TEXT, n = 0;
	char *text = malloc(room);

	for (size_t i = 0; text && i < slice->nr_ranges; i++)
		n += snprintf(text + n, room - n, "%s%" PRIx64 "+%" PRIx64,
			      i ? "," : "", slice->ranges[i].offset,
			      slice->ranges[i].length);
	return text;
}

static uint64_t window_at(const struct bl_slice *slice)
{
	return slice->window ? slice->window->taken.start : 0;
}

/* It counts from the first lease on: who goes on needs those that somebody has */
void bl_record_slice(struct bl_books *books, struct bl_slice *slice)
{
	const struct bl_keeping *keeping = &books->keeping;
	char *ranges;

	if (!keeping->on)
		return;
	if (!slice->number)
		slice->number = bl_record_number(books);
	ranges = text_of_ranges(slice);
	if (!ranges) {
		keeping->ops.write(keeping->data, NULL);
		return;
	}
	bl_record(books,
		  "slice n=%u name=%s device=%s group=%s bar=%u flags=%x memattr=%d holders=%u per-user=%u vector=%u vectors=%u dma=%llx dma-align=%llx dma-base=%llx dma-at=%llx grace=%lld max-term=%lld ranges=%s",
		  slice->number, slice->name,
		  keeping->ops.device_name(keeping->data, slice->device),
		  slice->group_name, slice->bar, slice->flags, slice->memattr,
		  slice->max_holders, slice->per_user, slice->first_vector,
		  slice->nr_vectors, (unsigned long long)slice->dma,
		  (unsigned long long)slice->dma_align,
		  (unsigned long long)slice->dma_base,
		  (unsigned long long)window_at(slice),
		  (long long)slice->grace, (long long)slice->max_term, ranges);
	free(ranges);
}

/* "GID,..." for free(); NULL without memory */
static char *text_of_groups(const struct barlease_peer *who)
{
	size_t room = who->nr_groups * GROUP_TEXT + 1, n = 0;
	char *text = calloc(1, room);

	for (size_t i = 0; text && i < who->nr_groups; i++)
		n += snprintf(text + n, room - n, "%s%u", i ? "," : "",
			      who->groups[i]);
	return text;
}

/* In hexadecimal, for there may be anything in it. For free(); NULL without memory */
static char *text_of_cgroup(const struct barlease_peer *who)
{
	const char *path = who->cgroup ?: "";
	char *text = calloc(1, 2 * strlen(path) + 1);

	for (size_t i = 0; text && path[i]; i++)
		snprintf(&text[2 * i], 3, "%02x", (unsigned char)path[i]);
	return text;
}

void bl_record_holder(struct bl_books *books, const struct bl_holder *holder)
{
	const struct bl_keeping *keeping = &books->keeping;
	const struct barlease_peer *who = &holder->who;
	char *groups, *cgroup;

	if (!keeping->on)
		return;
	groups = text_of_groups(who);
	cgroup = text_of_cgroup(who);
	if (groups && cgroup)
		bl_record(books,
			  "holder n=%u uid=%u gid=%u pid=%d listener=%s one=%d cgroup=%s groups=%s",
			  holder->number, who->uid, who->gid, who->pid,
			  who->listener ?: "",
			  holder->user->uid == BL_ONE_USER, cgroup, groups);
	else
		keeping->ops.write(keeping->data, NULL);
	free(cgroup);
	free(groups);
}

static const char *device_of(const struct bl_keeping *keeping,
			     const struct bl_lease *lease)
{
	if (!lease->device)
		return "";
	return keeping->ops.device_name(keeping->data, lease->device);
}

void bl_record_lease(struct bl_books *books, const struct bl_lease *lease)
{
	if (!books->keeping.on)
		return;
	bl_record(books,
		  "lease id=%u holder=%u slice=%u name=%s device=%s state=%d reason=%d since=%lld serial=%u answer=%u term-end=%lld ordered-end=%lld warned=%d paused=%d resumes=%lld shared=%d",
		  lease->id, lease->holder->number,
		  lease->slice ? lease->slice->number : 0, lease->name,
		  device_of(&books->keeping, lease), lease->state,
		  lease->reason, (long long)lease->since, lease->serial,
		  lease->answer, (long long)lease->term_end,
		  (long long)lease->ordered_end, lease->warned, lease->paused,
		  (long long)lease->resumes, lease->shared);
}

void bl_record_piece(struct bl_books *books, const struct bl_lease *lease,
		     uint64_t start, uint64_t size)
{
	bl_record(books, "piece lease=%" PRIu32 " start=%" PRIx64 " size=%" PRIx64,
		  lease->id, start, size);
}

void bl_record_armed(struct bl_books *books, const struct bl_lease *lease,
		     uint32_t vector)
{
	bl_record(books, "armed lease=%" PRIu32 " vector=%" PRIu32, lease->id,
		  vector);
}
