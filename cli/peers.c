// SPDX-License-Identifier: MIT
/*
 * Which devices can have leases of which others, and why not
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "peers.h"

/* Without this the driver is built to let no device have leases. */
#define SYMBOL	" pcim_p2pdma_provider\n"

#define KERNEL_ADVICE \
	"boot Linux 6.19 or newer with CONFIG_PCI_P2PDMA, and build the driver for it, if devices are to have leases"
#define PATH_ADVICE \
	"put both behind one PCIe switch, and boot with pci=disable_acs_redir= and its ports; or take a machine whose host bridge Linux knows to pass it on: AMD Zen, or one of the list in drivers/pci/p2pdma.c"

int peers_ask(const char *root, const char *device, const char *peer)
{
	return file_write(peer, "%s/sys/bus/pci/devices/%s/barlease/peer", root,
			  device);
}

/* --- the kernel --- */

/* A list of some 100,000 lines; 1: it is there, 0: not, else there is no list */
static int has_symbol(const char *root)
{
	char path[PATH_MAX], line[512];
	bool found = false;
	FILE *symbols;

	snprintf(path, sizeof(path), "%s/proc/kallsyms", root);
	symbols = fopen(path, "re");
	if (!symbols)
		return -errno;
	while (!found && fgets(line, sizeof(line), symbols))
		found = strstr(line, SYMBOL);
	fclose(symbols);
	return found;
}

struct verdict peers_kernel(const char *root)
{
	if (!has_symbol(root))
		return verdict_because("this kernel has no peer-to-peer DMA for devices' memory");
	return (struct verdict){ .good = true };
}

/* --- what is between two devices --- */

/*
 * Where a device is, from its host bridge on: "pci0000:00/0000:00:02.0/...". In
 * @path, which is for free(), and NULL where that cannot be read.
 */
static const char *place_of(const char *root, const char *bdf, char **path)
{
	const char *place;

	*path = file_real_path("%s/sys/bus/pci/devices/%s", root, bdf);
	place = *path ? strstr(*path, "/devices/pci") : NULL;
	return place ? place + strlen("/devices/") : "";
}

/* How many directories two places have in common */
static int count_common(const char *a, const char *b)
{
	int n = 0;

	for (; *a && *a == *b; a++, b++)
		n += *a == '/';
	return n;
}

/* "pci0000:00/...": of its device 0, which Linux knows a host bridge by */
static void host_ids(const char *root, const char *place, char *text,
		     size_t size)
{
	char bdf[BDF_SIZE];
	struct pci_device host;

	snprintf(bdf, sizeof(bdf), "%.*s:00.0",
		 (int)strcspn(place, "/") - 3, place + 3);
	text[0] = '\0';
	if (!sysfs_device(root, bdf, &host))
		snprintf(text, size, " (%04x:%04x)", host.vendor, host.device);
}

#define UNKNOWN	"is not known to pass DMA on"

static struct verdict between(const char *root, const char *device,
			      const char *peer)
{
	char ids[16];

	if (!*device || !*peer)
		return verdict_because("what is between them " UNKNOWN);
	host_ids(root, device, ids, sizeof(ids));
	switch (count_common(device, peer)) {
	case 0:
		return verdict_because("each is below a host bridge that " UNKNOWN);
	case 1:
		return verdict_because("no switch is above both, and the host bridge%s "
				       UNKNOWN, ids);
	default:
		return verdict_because("ACS has it go up to the host bridge%s, which "
				       UNKNOWN, ids);
	}
}

struct verdict peers_between(const char *root, const struct pci_device *device,
			     const struct pci_device *peer)
{
	char *device_path, *peer_path;
	struct verdict verdict;
	const char *a, *b;

	a = place_of(root, device->bdf, &device_path);
	b = place_of(root, peer->bdf, &peer_path);
	verdict = between(root, a, b);
	free(device_path);
	free(peer_path);
	return verdict;
}

int check_peer(const char *root, peers_ask_fn ask,
	       const struct pci_device *device, const struct pci_device *peer,
	       struct checks *checks)
{
	struct verdict verdict = peers_kernel(root);
	int ret;

	if (!verdict.good)
		return checks_add(checks, "peers", HEALTH_BAD, KERNEL_ADVICE,
				  "%s can have no leases of %s: %s", peer->bdf,
				  device->bdf, verdict.why);
	ret = ask(root, device->bdf, peer->bdf);
	if (!ret)
		return checks_add(checks, "peers", HEALTH_GOOD, "",
				  "%s can have leases of %s", peer->bdf,
				  device->bdf);
	if (ret != -EOPNOTSUPP)
		return ret;
	verdict = peers_between(root, device, peer);
	return checks_add(checks, "peers", HEALTH_BAD, PATH_ADVICE,
			  "%s can have no leases of %s: %s", peer->bdf,
			  device->bdf, verdict.why);
}

/* --- all of them --- */

#define MOST_NAMES	4

/* "0000:02:00.0, 0000:03:00.0 and 7 more" */
struct names {
	char text[(MOST_NAMES + 1) * (BDF_SIZE + 2)];
	size_t length;
	size_t nr;
};

static void add_name(struct names *names, const char *bdf)
{
	if (names->nr++ < MOST_NAMES)
		names->length += snprintf(names->text + names->length,
					  sizeof(names->text) - names->length,
					  "%s%s", names->length ? ", " : "",
					  bdf);
}

static const char *end_names(struct names *names)
{
	if (names->nr > MOST_NAMES)
		snprintf(names->text + names->length,
			 sizeof(names->text) - names->length, " and %zu more",
			 names->nr - MOST_NAMES);
	return names->text;
}

/* One for each of what peers_between() says */
#define MOST_REASONS	4

/* Of a device, those that can have its leases, and those that cannot and why */
struct answers {
	struct names can;
	struct names cannot[MOST_REASONS];
	struct verdict why[MOST_REASONS];
	size_t reasons;
};

static void add_refusal(struct answers *answers, const struct verdict *why,
			const char *bdf)
{
	size_t i = 0;

	while (i < answers->reasons && strcmp(answers->why[i].why, why->why))
		i++;
	if (i == MOST_REASONS)
		i--;
	else if (i == answers->reasons)
		answers->why[answers->reasons++] = *why;
	add_name(&answers->cannot[i], bdf);
}

static int ask_all(const char *root, peers_ask_fn ask,
		   const struct pci_device *device,
		   const struct pci_device *devs, size_t nr,
		   struct answers *answers)
{
	struct verdict verdict;
	size_t i;
	int ret;

	for (i = 0; i < nr; i++) {
		if (pci_is_bridge(&devs[i]) ||
		    !strcmp(devs[i].bdf, device->bdf))
			continue;
		ret = ask(root, device->bdf, devs[i].bdf);
		if (!ret) {
			add_name(&answers->can, devs[i].bdf);
		} else if (ret == -EOPNOTSUPP) {
			verdict = peers_between(root, device, &devs[i]);
			add_refusal(answers, &verdict, devs[i].bdf);
		} else if (ret != -ENODEV) {
			return ret;
		}
	}
	return 0;
}

static int add_answers(const struct pci_device *device,
		       struct answers *answers, struct checks *checks)
{
	size_t i;
	int ret = 0;

	if (answers->can.nr && !answers->reasons)
		ret = checks_add(checks, "peers", HEALTH_GOOD, "",
				 "all other devices can have leases of %s",
				 device->bdf);
	else if (answers->can.nr)
		ret = checks_add(checks, "peers", HEALTH_GOOD, "",
				 "%s can have leases of %s",
				 end_names(&answers->can), device->bdf);
	for (i = 0; i < answers->reasons && !ret; i++)
		ret = checks_add(checks, "peers", HEALTH_NOTE, PATH_ADVICE,
				 "%s can have no leases of %s: %s",
				 end_names(&answers->cannot[i]), device->bdf,
				 answers->why[i].why);
	return ret;
}

static int add_unknown(const struct pci_device *device, int error,
		       struct checks *checks)
{
	if (error == -EACCES)
		return checks_add(checks, "peers", HEALTH_NOTE,
				  "run it as root to be told",
				  "which devices can have leases of %s, only root may ask",
				  device->bdf);
	if (error == -ENOENT)
		return checks_add(checks, "peers", HEALTH_NOTE,
				  "build and load the driver of this version",
				  "%s: the driver that is loaded lets no device have leases",
				  device->bdf);
	return checks_add(checks, "peers", HEALTH_NOTE,
			  "see what the kernel's log says",
			  "which devices can have leases of %s, the driver does not say: %s",
			  device->bdf, strerror(-error));
}

static int check_each(const char *root, peers_ask_fn ask,
		      const struct pci_device *devs, size_t nr,
		      struct checks *checks)
{
	size_t i;
	int ret;

	for (i = 0; i < nr; i++) {
		struct answers answers = { 0 };

		if (!pci_is_ours(&devs[i]))
			continue;
		ret = ask_all(root, ask, &devs[i], devs, nr, &answers);
		ret = ret ? add_unknown(&devs[i], ret, checks) :
			    add_answers(&devs[i], &answers, checks);
		if (ret)
			return ret;
	}
	return 0;
}

int check_peers(const char *root, peers_ask_fn ask, struct checks *checks)
{
	struct verdict verdict = peers_kernel(root);
	struct pci_device *devs;
	size_t nr;
	int ret;

	if (!verdict.good)
		return checks_add(checks, "peers", HEALTH_NOTE, KERNEL_ADVICE,
				  "no device can have leases, only processes: %s",
				  verdict.why);
	ret = sysfs_devices(root, &devs, &nr);
	if (!ret)
		ret = check_each(root, ask, devs, nr, checks);
	free(devs);
	return ret;
}
