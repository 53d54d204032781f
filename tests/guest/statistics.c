// SPDX-License-Identifier: MIT
/*
 * What has happened to a device's leases is counted in sysfs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "huge.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

static struct vfio vfio;

static long counter(const char *name)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "barlease_stats/%s", name);
	if (pci_read(vfio.bdf, path, text, sizeof(text)))
		bail("%s cannot be read", path);
	return strtol(text, NULL, 10);
}

static void counts(const char *name, long before, long more)
{
	is_int(counter(name) - before, more, "%s: %ld more", name, more);
}

static void of_leases(void)
{
	long exports = counter("exports"), revokes = counter("revokes");
	long refused = counter("exports_refused");
	int first = lease_of(vfio.device, BAR2, 0, PAGE);
	int second = lease_of(vfio.device, BAR2, 0, PAGE);
	struct vfio_region_dma_range past = { 1ull << 50, PAGE };

	is_error(lease_export(vfio.device, BAR2, O_RDWR, &past, 1), EINVAL,
		 "an export past the BAR is refused");
	counts("exports", exports, 2);
	counts("exports_refused", refused, 1);
	is_ok(lease_revoke(vfio.device, first), "one is revoked");
	is_error(lease_revoke(vfio.device, first), EBADFD, "which is done once");
	counts("revokes", revokes, 1);
	close(first);
	close(second);
	counts("revokes", revokes, 1);
}

static void of_mappings(void)
{
	long maps = counter("maps"), refused = counter("maps_refused");
	int lease = lease_of(vfio.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);
	mapping_t bar = map_bar(&vfio, BAR2, 0, PAGE);

	counts("maps", maps, 2);
	is_error(try_map(lease, 0, PAGE, RW, MAP_PRIVATE), EINVAL,
		 "a private mapping is refused");
	lease_revoke(vfio.device, lease);
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "so is one of a revoked lease");
	counts("maps_refused", refused, 2);
	counts("maps", maps, 2);
	unmap(at, PAGE);
	unmap(bar, PAGE);
	close(lease);
}

/* Aligned for huge pages, or off by a page so that there are none */
static void touch(bool huge)
{
	int lease = lease_of(vfio.device, BAR2, 0, HUGE);
	mapping_t at = map_aligned(lease, 0, HUGE, RW, HUGE, huge ? 0 : PAGE);
	uint32_t value;

	if (!read32(at, &value))
		bail("a lease cannot be read");
	lease_revoke(vfio.device, lease);
	sigbus(at, "after the revoke it is SIGBUS");
	unmap(at, HUGE);
	close(lease);
}

static void of_faults(void)
{
	long small = counter("faults_small"), huge = counter("faults_huge");
	long refused = counter("faults_refused");

	touch(false);
	counts("faults_small", small, 1);
	counts("faults_huge", huge, 0);
	counts("faults_refused", refused, 1);
	if (!huge_pages()) {
		skip("this kernel has no huge pages of devices", "huge ones");
		return;
	}
	touch(true);
	counts("faults_small", small, 1);
	counts("faults_huge", huge, 1);
	counts("faults_refused", refused, 2);
}

static void of_pauses_and_ones(void)
{
	long pauses = counter("pauses"), scratch = counter("faults_scratch");
	long refused = counter("faults_refused");
	int lease = lease_of_ones(vfio.device, BAR2, 0, PAGE);
	mapping_t at = map(lease, 0, PAGE, RW);

	is_ok(lease_pause(vfio.device, lease), "a lease is paused");
	is_ok(lease_resume(vfio.device, lease), "and resumed");
	counts("pauses", pauses, 1);
	lease_revoke(vfio.device, lease);
	reads(at, ~0u, "revoked, it reads ones");
	counts("faults_scratch", scratch, 1);
	counts("faults_refused", refused, 0);
	unmap(at, PAGE);
	close(lease);
}

static void of_importers(void)
{
	long maps = counter("importer_maps"), refused = counter("attaches_refused");
	int lease = lease_of(vfio.device, BAR2, 0, PAGE);
	int importer;

	if (importers_possible()) {
		importer = importer_mapped(lease, dev_big(),
					   BARLEASE_IMPORTER_AT_ONCE);
		counts("importer_maps", maps, 1);
		close(importer);
		counts("attaches_refused", refused, 0);
		lease_revoke(vfio.device, lease);
	}
	importer = importer_try(lease, dev_big(), BARLEASE_IMPORTER_AT_ONCE);
	ok(importer < 0, "a device is not let attach");
	counts("attaches_refused", refused, 1);
	close(lease);
}

static void of_a_close(void)
{
	long revokes;
	int lease;

	vfio_close(&vfio);
	vfio = vfio_open(dev_small());
	revokes = counter("revokes");
	lease = lease_of(vfio.device, BAR2, 0, PAGE);
	vfio_close(&vfio);
	counts("revokes", revokes, 1);
	close(lease);
	is_ok(pci_bind(vfio.bdf, OUR_DRIVER), "the device is bound anew");
	is_int(counter("exports"), 0, "and counts from 0");
}

int main(void)
{
	vfio = vfio_open(dev_small());
	of_leases();
	of_mappings();
	of_faults();
	of_pauses_and_ones();
	of_importers();
	of_a_close();
	return tap_done();
}
