// SPDX-License-Identifier: MIT
/*
 * Whether a broker that runs can do what its configuration says
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "served.h"
#include "size.h"
#include "use.h"

/* <linux/capability.h>, in the bits of "CapEff:" */
#define IPC_LOCK	(1ull << 14)

static int check_away(const struct record *device, struct checks *checks)
{
	const char *bdf = record_get(device, "name");
	struct words why = record_words(device, "why");

	if (strcmp(record_get(device, "state"), "away") != 0 ||
	    checks_bad(checks, "device", bdf))
		return 0;
	/* What is wrong with a slice, only a new configuration mends. */
	if (why.text[0] == '[')
		return checks_add(checks, "device", HEALTH_BAD,
				  "mend that in barleased.conf, and have it read",
				  "barleased does not take %s: %s", bdf,
				  why.text) ?:
		       checks_command(checks, "barlease reload");
	return checks_add(checks, "device", HEALTH_BAD,
			  "mend that; barleased takes it then, in a few seconds",
			  "barleased does not have %s: %s", bdf, why.text);
}

/* Who has it open is whom its locked memory counts for. */
static bool find_broker(const struct records *devices, struct process *process)
{
	struct pci_device dev;
	char node[64];
	size_t i;

	for (i = 0; i < devices->nr; i++)
		if (!sysfs_device("", record_get(&devices->record[i], "name"),
				  &dev) && dev.vfio[0] &&
		    use_opener("", &dev, process, node, sizeof(node)))
			return true;
	return false;
}

static bool is_limited(const struct process *process, uint64_t *limit)
{
	char *text = NULL, *at;
	uint64_t caps = 0;
	bool found = false;

	if (file_read_all(&text, "/proc/%d/status", process->pid))
		return false;
	at = strstr(text, "\nCapEff:");
	if (at)
		caps = strtoull(at + strlen("\nCapEff:"), NULL, 16);
	free(text);
	if (!at || caps & IPC_LOCK ||
	    file_read_all(&text, "/proc/%d/limits", process->pid))
		return false;
	at = strstr(text, "Max locked memory ");
	/* "unlimited" is no number. */
	if (at)
		found = sscanf(at, "Max locked memory %" SCNu64, limit) == 1;
	free(text);
	return found;
}

/* Each slice with dma= has one holder, who may have all of it. */
static int check_locked(const struct records *slices, struct checks *checks,
			const struct process *process, uint64_t limit)
{
	const struct record *most = NULL;
	uint64_t dma, sum = 0, highest = 0;
	size_t i;

	for (i = 0; i < slices->nr; i++) {
		dma = record_number(&slices->record[i], "dma");
		sum += dma;
		if (dma <= highest)
			continue;
		highest = dma;
		most = &slices->record[i];
	}
	if (sum <= limit)
		return 0;
	return checks_add(checks, "memory", highest > limit ? HEALTH_BAD :
							      HEALTH_NOTE,
			  "say LimitMEMLOCK=infinity in its service, as the one that comes with it does; until it ends, this does",
			  "process %d (%s) may lock %s of memory: its slices let devices reach %s, %s alone %s",
			  process->pid, process->name, size_text(limit).text,
			  size_text(sum).text, record_get(most, "name"),
			  size_text(highest).text) ?:
	       checks_command(checks, "prlimit --pid %d --memlock=unlimited",
			      process->pid);
}

static int check_memory(struct admin *admin, const struct records *devices,
			struct checks *checks)
{
	struct process process;
	struct records slices;
	uint64_t limit;
	int ret;

	if (!find_broker(devices, &process) || !is_limited(&process, &limit))
		return 0;
	ret = admin_ask(admin, "slices", &slices);
	if (ret)
		return ret;
	ret = check_locked(&slices, checks, &process, limit);
	records_free(&slices);
	return ret;
}

int check_served(struct admin *admin, struct checks *checks)
{
	struct records devices;
	size_t i;
	int ret;

	ret = admin_ask(admin, "devices", &devices);
	if (ret)
		return ret;
	for (i = 0; i < devices.nr && !ret; i++)
		ret = check_away(&devices.record[i], checks);
	if (!ret)
		ret = check_memory(admin, &devices, checks);
	records_free(&devices);
	return ret;
}
