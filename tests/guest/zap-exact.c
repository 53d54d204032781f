// SPDX-License-Identifier: MIT
/*
 * A revoke takes away the pages of its lease, all of them and no others
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Every mapping of the device lives in one space of offsets. A zap of wrong
 * extent there would either leave a way to the device, or make others fault.
 */
#include <fcntl.h>
#include <unistd.h>

#include "access.h"
#include "faults.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

#define SIZE	(64 * PAGE)
#define SEED	4

/* Everything is mapped so that it has pages of 4 KiB, to be counted */
struct view {
	const char *name;
	mapping_t at;
	size_t size;
	uint64_t bar_offset;	/* what its first byte is on the BAR */
	int lease;		/* -1 for a BAR map */
	bool plain;		/* of a BAR without a pattern in it */
};

static struct vfio small, testdev;

static mapping_t odd(int fd, uint64_t offset, size_t size)
{
	return map_aligned(fd, offset, size, RW, MIB(2), 7 * PAGE);
}

static void touch(struct view *view)
{
	faults_of_touching(view->at, view->size, PAGE);
	is_int(pages_present(view->at, view->size), view->size / PAGE,
	       "all pages of %s are mapped", view->name);
}

/* Check first without a touch, which would bring back what had gone */
static void untouched(const struct view *view)
{
	is_int(pages_present(view->at, view->size), view->size / PAGE,
	       "%s has every page", view->name);
	is_int(faults_of_touching(view->at, view->size, PAGE), 0,
	       "%s is used again without a page fault", view->name);
	if (!view->plain)
		is_int(pattern_errors(view->at, view->bar_offset, view->size,
				      PAGE, SEED), 0,
		       "%s shows what it should", view->name);
}

static void gone(const struct view *view)
{
	size_t alive = 0;
	uint32_t value;

	is_int(pages_present(view->at, view->size), 0, "%s has no page left",
	       view->name);
	for (size_t i = 0; i < view->size; i += PAGE)
		alive += read32(view->at + i, &value);
	is_int(alive, 0, "%s: an access to any page is SIGBUS", view->name);
}

static struct view lease_view(const char *name, uint64_t offset)
{
	int lease = lease_of(small.device, BAR2, offset, SIZE);

	return (struct view){ name, odd(lease, 0, SIZE), SIZE, offset, lease,
			      false };
}

static struct view part_view(const char *name, int lease, uint64_t start,
			     uint64_t offset, size_t size)
{
	return (struct view){ name, odd(lease, offset, size), size,
			      start + offset, lease, false };
}

static struct view bar_view(const char *name, const struct vfio *vfio,
			    unsigned int bar, uint64_t offset, size_t size)
{
	struct region region = vfio_region(vfio, bar);

	return (struct view){ name,
			      odd(vfio->device, region.offset + offset, size),
			      size, offset, -1,
			      vfio != &small || bar != BAR2 };
}

enum {
	BEFORE,
	VICTIM,
	AFTER,
	PART,
	TAIL,
	SAME,
	WHOLE_BAR,
	BAR_PIECE,
	BAR_0,
	VIEWS,
};

static struct view views[VIEWS];

static void make_views(void)
{
	views[BEFORE] = lease_view("the lease made before", SIZE);
	views[VICTIM] = lease_view("the lease revoked", 0);
	views[AFTER] = lease_view("the lease made after", 2 * SIZE);
	views[PART] = part_view("the middle of it, mapped on its own",
				views[VICTIM].lease, 0, 5 * PAGE, 9 * PAGE);
	views[TAIL] = part_view("the last page of it, mapped on its own",
				views[VICTIM].lease, 0, SIZE - PAGE, PAGE);
	views[SAME] = lease_view("a lease of the same bytes", 0);
	views[WHOLE_BAR] = bar_view("a BAR map of the same bytes", &small,
				    BAR2, 0, SIZE);
	views[BAR_PIECE] = bar_view("a BAR map of other bytes", &small, BAR2,
				    MIB(32), SIZE);
	views[BAR_0] = bar_view("a map of another BAR", &small, BAR0, 0, PAGE);
}

static bool of_victim(int i)
{
	return i == VICTIM || i == PART || i == TAIL;
}

static void revoke_one(void)
{
	make_views();
	for (int i = 0; i < VIEWS; i++)
		touch(&views[i]);

	is_int(lease_revoke(small.device, views[VICTIM].lease), 0,
	       "one lease is revoked");
	for (int i = 0; i < VIEWS; i++) {
		if (of_victim(i))
			gone(&views[i]);
		else
			untouched(&views[i]);
	}
}

static void revoke_the_rest(void)
{
	is_int(lease_revoke(small.device, views[SAME].lease), 0,
	       "the lease of the same bytes is revoked");
	gone(&views[SAME]);
	untouched(&views[WHOLE_BAR]);
	untouched(&views[BEFORE]);
	untouched(&views[AFTER]);
	is_int(lease_revoke(small.device, views[BEFORE].lease), 0,
	       "the lease made before is revoked");
	gone(&views[BEFORE]);
	untouched(&views[AFTER]);
	is_int(lease_revoke(small.device, views[AFTER].lease), 0,
	       "the lease made after is revoked");
	gone(&views[AFTER]);
	untouched(&views[WHOLE_BAR]);
	untouched(&views[BAR_PIECE]);
	untouched(&views[BAR_0]);

	for (int i = 0; i < VIEWS; i++)
		unmap(views[i].at, views[i].size);
	close(views[BEFORE].lease);
	close(views[VICTIM].lease);
	close(views[AFTER].lease);
	close(views[SAME].lease);
}

/* A VMA that has lost its ends, and begins in the midst of the lease */
static void pieces(void)
{
	struct view left = lease_view("the left piece", 0), right;
	struct view other = lease_view("another lease", SIZE);

	touch(&left);
	touch(&other);
	right = left;
	right.name = "the right piece";
	unmap(left.at, PAGE);
	unmap(left.at + 20 * PAGE, 10 * PAGE);
	left.at += PAGE;
	left.size = 19 * PAGE;
	right.at += 30 * PAGE;
	right.size = SIZE - 30 * PAGE;
	left.bar_offset = PAGE;
	right.bar_offset = 30 * PAGE;
	untouched(&left);
	untouched(&right);

	is_int(lease_revoke(small.device, left.lease), 0,
	       "a lease is revoked whose mapping is in two pieces");
	gone(&left);
	gone(&right);
	untouched(&other);
	unmap(left.at, left.size);
	unmap(right.at, right.size);
	unmap(other.at, other.size);
	close(left.lease);
	close(other.lease);
}

/* Offsets in a device that bear the index of a BAR, and a lease of another */
static void two_bars(void)
{
	struct region mem = vfio_region(&testdev, BAR2);
	int lease = lease_of(testdev.device, BAR0, 0, PAGE);
	struct view in_bar0 = { "a lease of BAR 0", odd(lease, 0, PAGE), PAGE,
				0, lease, true };
	struct view bar2 = bar_view("a map of BAR 2", &testdev, BAR2, 0, SIZE);
	struct view bar0 = bar_view("a map of BAR 0", &testdev, BAR0, 0, PAGE);

	ok(mem.size >= SIZE, "pci-testdev has memory in BAR 2");
	touch(&in_bar0);
	touch(&bar2);
	touch(&bar0);
	is_int(lease_revoke(testdev.device, lease), 0,
	       "a lease of BAR 0 is revoked");
	gone(&in_bar0);
	untouched(&bar2);
	untouched(&bar0);
	unmap(in_bar0.at, PAGE);
	close(lease);

	lease = lease_of(testdev.device, BAR2, 0, SIZE);
	in_bar0 = (struct view){ "a lease of BAR 2", odd(lease, 0, SIZE), SIZE,
				 0, lease, true };
	touch(&in_bar0);
	is_int(lease_revoke(testdev.device, lease), 0,
	       "a lease of BAR 2 is revoked");
	gone(&in_bar0);
	untouched(&bar2);
	untouched(&bar0);
	unmap(in_bar0.at, SIZE);
	unmap(bar2.at, SIZE);
	unmap(bar0.at, PAGE);
	close(lease);
}

/* The same numbers in the space of another device */
static void two_devices(void)
{
	struct view here = lease_view("a lease of this device", 0);
	int other = lease_of(testdev.device, BAR2, 0, SIZE);
	struct view there = { "a lease of another device", odd(other, 0, SIZE),
			      SIZE, 0, other, true };

	touch(&here);
	touch(&there);
	is_int(lease_revoke(small.device, here.lease), 0,
	       "a lease of this device is revoked");
	gone(&here);
	untouched(&there);
	unmap(here.at, SIZE);
	unmap(there.at, SIZE);
	close(here.lease);
	close(other);
}

int main(void)
{
	small = vfio_open(dev_small());
	testdev = vfio_open(dev_testdev());
	pattern_fill(&small, BAR2, 0, 4 * SIZE, PAGE, SEED);
	pattern_fill(&small, BAR2, MIB(32), SIZE, PAGE, SEED);

	revoke_one();
	revoke_the_rest();
	pieces();
	two_bars();
	two_devices();

	vfio_close(&testdev);
	vfio_close(&small);
	return tap_done();
}
