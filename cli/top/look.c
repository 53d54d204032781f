// SPDX-License-Identifier: MIT
/*
 * Have a look at a broker and its devices
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "look.h"

uint64_t top_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- Devices ---------------------------------------------------------------------- */

/* Counters of the driver, and what they are summed up as */
static const struct {
	const char *name;
	enum top_count count;
} counters[] = {
	{ "faults_small", TOP_FAULTS },
	{ "faults_huge", TOP_FAULTS },
	{ "revokes", TOP_REVOKES },
	{ "exports_refused", TOP_REFUSED },
	{ "maps_refused", TOP_REFUSED },
	{ "faults_refused", TOP_REFUSED },
	{ "attaches_refused", TOP_REFUSED },
};

static void look_at_device(const char *bdf, struct top_device *device)
{
	uint64_t value;
	size_t i;

	if (sysfs_device("", bdf, &device->pci)) {
		snprintf(device->pci.bdf, sizeof(device->pci.bdf), "%s", bdf);
		return;
	}
	for (i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		if (sysfs_counter("", bdf, counters[i].name, &value))
			continue;
		device->counts = true;
		device->count[counters[i].count] += value;
	}
}

/* A broker says what it likes; a path is put together of it. */
static bool is_address(const char *name)
{
	char bdf[BDF_SIZE];

	return !barlease_pci_address(name, bdf) && !strcmp(name, bdf);
}

static int look_at_devices(struct top_look *look)
{
	const char *name;
	size_t i;

	look->device = calloc(look->devices.nr ?: 1, sizeof(*look->device));
	if (!look->device)
		return -ENOMEM;
	for (i = 0; i < look->devices.nr; i++) {
		name = record_get(&look->devices.record[i], "name");
		if (is_address(name))
			look_at_device(name, &look->device[i]);
	}
	return 0;
}

/* ---- Holders ---------------------------------------------------------------------- */

/* Names of users, each in the place of its number: to ask for one takes a while */
struct users {
	struct user {
		bool known;
		uid_t uid;
		char name[33];
	} user[64];
};

static const char *name_user(struct users *users, uid_t uid)
{
	const size_t nr = sizeof(users->user) / sizeof(*users->user);
	struct user *user = &users->user[uid % nr];
	const struct passwd *entry;

	if (user->known && user->uid == uid)
		return user->name;
	entry = getpwuid(uid);
	user->known = true;
	user->uid = uid;
	if (entry)
		snprintf(user->name, sizeof(user->name), "%s", entry->pw_name);
	else
		snprintf(user->name, sizeof(user->name), "%u", uid);
	return user->name;
}

static bool read_name(uint64_t pid, char *name, size_t size)
{
	return !file_read(name, size, "/proc/%" PRIu64 "/comm", pid);
}

/*
 * What the kernel calls it, and what it has started if it is "barlease acquire"; "-":
 * it is no more. Not its command line: that is in its memory, and whoever reads it
 * there waits for as long as the process likes.
 */
static void name_program(uint64_t pid, char *program, size_t size)
{
	char name[32], child[32], children[32];

	if (!read_name(pid, name, sizeof(name)))
		snprintf(program, size, "-");
	else if (!strcmp(name, "barlease") &&
		 !file_read(children, sizeof(children),
			    "/proc/%" PRIu64 "/task/%" PRIu64 "/children", pid,
			    pid) &&
		 read_name(strtoull(children, NULL, 10), child, sizeof(child)))
		snprintf(program, size, "%s (barlease)", child);
	else
		snprintf(program, size, "%s", name);
}

/* One after the other, they often are the same process's. */
static int look_at_holders(struct top_look *look)
{
	uint64_t pid, last_pid = 0;
	struct users users = { 0 };
	struct top_holder *holder;
	size_t i;

	look->holder = calloc(look->leases.nr ?: 1, sizeof(*holder));
	if (!look->holder)
		return -ENOMEM;
	for (i = 0; i < look->leases.nr; i++, last_pid = pid) {
		const struct record *lease = &look->leases.record[i];

		holder = &look->holder[i];
		pid = record_number(lease, "pid");
		snprintf(holder->user, sizeof(holder->user), "%s",
			 name_user(&users, record_number(lease, "uid")));
		if (i && pid == last_pid)
			memcpy(holder->program, holder[-1].program,
			       sizeof(holder->program));
		else
			name_program(pid, holder->program,
				     sizeof(holder->program));
	}
	return 0;
}

/* ---- All of it ---------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	uint64_t left = record_number(a, "id"), right = record_number(b, "id");

	return left < right ? -1 : left > right;
}

static int ask(struct admin *admin, struct top_look *look)
{
	int ret;

	ret = admin_ask(admin, "devices", &look->devices);
	if (!ret)
		ret = admin_ask(admin, "leases", &look->leases);
	if (!ret)
		ret = admin_ask(admin, "counters", &look->counters);
	if (!ret && look->leases.nr)
		qsort(look->leases.record, look->leases.nr,
		      sizeof(*look->leases.record), by_id);
	return ret;
}

int top_look_take(struct admin *admin, struct top_look *look)
{
	int ret;

	*look = (struct top_look){ .ms = top_clock(), .now = time(NULL) };
	ret = ask(admin, look);
	if (!ret)
		ret = look_at_devices(look);
	if (!ret)
		ret = look_at_holders(look);
	if (ret)
		top_look_free(look);
	return ret;
}
