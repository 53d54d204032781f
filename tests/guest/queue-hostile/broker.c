// SPDX-License-Identifier: MIT
/*
 * The broker: how it is configured, and what it says it has
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "broker.h"
#include "queue-lib.h"
#include "shadow.h"

/* ---- Its configuration -------------------------------------------------- */

static const uint32_t pages[VARIANTS][SLICES] = {
	{ [ONE] = 8, [BESIDE] = 4, [TWO] = 8 },
	{ [ONE] = 6, [BESIDE] = 0, [TWO] = 8 },
};

uint32_t dma_pages(int slice)
{
	return pages[world.variant][slice];
}

/* In the second variant TWO is of the user alone who has two of the clients */
bool may_hold(int slice, uid_t uid)
{
	return !world.variant || slice != TWO || uid == world.clients[0].uid;
}

static void write_slice(char *text, size_t size, int slice, const char *more)
{
	const struct slice *what = &slices[slice];

	snprintf(text, size,
		 "[slice %s]\ndevice=%s\nbar=0\nranges=%s\n"
		 "exclusive=yes\ndma=%llu\n%s", what->name,
		 world.devices[what->device].edu.dev.name, what->ranges,
		 (unsigned long long)dma_pages(slice) * PAGE, more);
}

static void configure(void)
{
	char one[512], beside[512] = "", two[512];

	write_slice(one, sizeof(one), ONE,
		    "users=*\ninterrupts=0\nreset=between-holders\n");
	if (dma_pages(BESIDE))
		write_slice(beside, sizeof(beside), BESIDE, "users=*\n");
	write_slice(two, sizeof(two), TWO, world.variant ?
		    "users=1001\ninterrupts=0\n" : "users=*\ninterrupts=0\n");
	broker_configure("[broker]\nuser-dma=%llu\ndma=%llu\n"
			 "[device %s]\nbackend=%s\n[device %s]\nbackend=%s\n"
			 "%s%s%s",
			 (unsigned long long)USER_PAGES * PAGE,
			 (unsigned long long)ALL_PAGES * PAGE,
			 world.devices[0].edu.dev.name, world.backend,
			 world.devices[1].edu.dev.name, world.backend,
			 one, beside, two);
}

static void forget_window(int slice)
{
	world.leases[slice].low = 0;
	world.leases[slice].high = 0;
}

void broker_choose(uint32_t variant)
{
	const uint32_t *before = pages[world.variant];

	world.variant = variant;
	configure();
	broker_reload(world.broker);
	for (int i = 0; i < SLICES; i++) {
		int who = world.leases[i].holder;
		bool changes = dma_pages(i) != before[i];

		if (changes)
			forget_window(i);
		if (who != NOBODY &&
		    (changes || !may_hold(i, world.clients[who].uid)))
			lease_ends(i);
	}
}

/* ---- Its life ----------------------------------------------------------- */

void broker_begin(void)
{
	configure();
	world.broker = broker_start();
	world.admin = admin_connect();
	world.fds = broker_fds(world.broker);
	for (int i = 0; i < SLICES; i++)
		forget_window(i);
}

bool broker_finish(int signal)
{
	int want = signal == SIGKILL ? -SIGKILL : 0, end;

	close(world.admin);
	kill(world.broker, signal);
	end = broker_end(world.broker);
	if (end != want)
		wrong("the broker ends with %d, and not %d", end, want);
	for (int i = 0; i < CLIENTS; i++)
		client_leaves(i);
	for (int i = 0; i < DEVICES; i++)
		flight_is_shaken(i);
	return end == want;
}

/* ---- What it has -------------------------------------------------------- */

/* Of a slice's lease that is not over */
struct told {
	long id;
	long mapped;
	bool armed;
};

static void note(const char *line, struct told *told)
{
	char word[96];

	for (int i = 0; i < SLICES; i++, told++) {
		snprintf(word, sizeof(word), " slice=%s ", slices[i].name);
		if (!strstr(line, word) || strstr(line, " state=kept"))
			continue;
		told->id = admin_number(line, "id");
		told->mapped = strstr(line, " mapped=") ?
			       admin_number(line, "mapped") : 0;
		told->armed = admin_number(line, "vectors") > 0;
	}
}

static void ask(struct told told[SLICES])
{
	char answer[8192], *rest = answer, *line;

	memset(told, 0, SLICES * sizeof(*told));
	admin_ask(world.admin, "leases", answer, sizeof(answer));
	while ((line = strsep(&rest, "\n")))
		note(line, told);
}

static bool slice_agrees(int slice, const struct told *told, bool say)
{
	const struct lease *lease = &world.leases[slice];
	long id = lease->holder == NOBODY ? 0 : lease->id;
	long mapped = pages_of(slice) * PAGE;

	if (told->id == id && told->mapped == mapped &&
	    told->armed == !!lease->told)
		return true;
	if (say)
		wrong("%s: lease %ld, %ld bytes, interrupt %d, and not %ld, %ld, %d",
		      slices[slice].name, told->id, told->mapped, told->armed,
		      id, mapped, !!lease->told);
	return false;
}

bool broker_agrees(bool say)
{
	long pinned = queue_pinned(world.broker), want = 0;
	struct told told[SLICES];

	ask(told);
	for (int i = 0; i < SLICES; i++) {
		if (!slice_agrees(i, &told[i], say))
			return false;
		want += (long)(pages_of(i) * PAGE / 1024);
	}
	if (pinned != want && say)
		wrong("%ld KiB are pinned, and not %ld", pinned, want);
	return pinned == want;
}

long broker_holds(int slice)
{
	struct told told[SLICES];

	ask(told);
	return told[slice].id;
}

bool broker_is_clean(void)
{
	return broker_fds(world.broker) == world.fds &&
	       queue_dmabufs() == world.dmabufs;
}
