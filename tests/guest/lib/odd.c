// SPDX-License-Identifier: MIT
/*
 * Odd things done at odd places to mappings of every kind, each touched before:
 * what is left is right, and can be taken away to the last page
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "faults.h"
#include "lease.h"
#include "odd.h"
#include "tap.h"

#define SEED	41
#define SMALL	MIB(8)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct odd_kind kinds[] = {
	{ "1 GiB of a lease", GIB(1), 0, NC, false, false },
	{ "1 GiB of a WC lease", GIB(1), 0, WC, false, false },
	{ "1 GiB of a BAR", GIB(1), 0, NC, true, true },
	{ "1 GiB of a WC BAR", GIB(1), 0, WC, true, true },
	{ "1 GiB of a lease at 2 MiB", GIB(1), MIB(2), NC, false, true },
	{ "2 MiB pages of a lease", SMALL, 0, NC, false, false },
	{ "2 MiB pages of a WC lease", SMALL, 0, WC, false, true },
	{ "2 MiB pages of a BAR", SMALL, 0, NC, true, true },
	{ "2 MiB pages of a WC BAR", SMALL, 0, WC, true, true },
	{ "4 KiB pages of a lease", SMALL, PAGE, NC, false, false },
	{ "4 KiB pages of a WC lease", SMALL, PAGE, WC, false, true },
	{ "4 KiB pages of a BAR", SMALL, PAGE, NC, true, true },
	{ "4 KiB pages of a WC BAR", SMALL, PAGE, WC, true, true },
};

/* Negative, and an end of 0: from the end of the mapping */
static const struct place {
	int64_t start, end;
} places[] = {
	/* The first are somewhere, and the very first for kinds at fewer */
	{ PAGE, 2 * PAGE },
	{ MIB(2) - PAGE, MIB(4) + PAGE },
	{ PAGE, -(int64_t)PAGE },
	{ MIB(2), MIB(4) },
	/* And the rest */
	{ 0, PAGE },
	{ MIB(2) - PAGE, MIB(2) },
	{ MIB(2) - PAGE, MIB(2) + PAGE },
	{ MIB(2), MIB(2) + PAGE },
	{ MIB(2) + PAGE, MIB(2) + 2 * PAGE },
	{ 0, MIB(2) },
	{ 0, -(int64_t)PAGE },
	{ PAGE, 0 },
	{ 0, -(int64_t)MIB(2) },
	{ -(int64_t)PAGE, 0 },
	{ -(int64_t)MIB(2), 0 },
	{ -(int64_t)(MIB(2) + PAGE), 0 },
};

#define SOME_PLACES	4
#define FEWER_PLACES	2

static struct vfio big, small;

/* What came of all places together */
struct tally {
	long refused, misread, astray, alive, left, lost, peer_bad;
};

void odd_begin(void)
{
	big = vfio_open(dev_big_mapped());
	small = vfio_open(dev_small());
	pieces_fill(&big, BAR2, GIB(1), SEED);
	pieces_fill(&small, BAR2, SMALL, SEED);
}

void odd_end(void)
{
	vfio_close(&small);
	vfio_close(&big);
}

void odd_succeeds(struct odd *odd, long ret)
{
	if (ret < 0) {
		diag("  %s", strerror(errno));
		odd->refused++;
	}
}

void odd_fails(struct odd *odd, long ret, int error)
{
	if (ret >= 0 || errno != error) {
		diag("  %s, not %s", ret < 0 ? strerror(errno) : "success",
		     strerror(error));
		odd->refused++;
	}
}

static uint64_t alignment(const struct odd_kind *kind)
{
	return kind->size == GIB(1) ? GIB(1) : MIB(2);
}

mapping_t odd_target(const struct odd *odd, uint64_t start, uint64_t size,
		     uint64_t shift)
{
	uint64_t align = alignment(odd->kind);

	return map_aligned(-1, 0, size, PROT_NONE, align,
			   (odd->kind->remainder + start + shift) % align);
}

mapping_t odd_map(struct odd *odd, uint64_t start, uint64_t size, int prot)
{
	uint64_t align = alignment(odd->kind);
	mapping_t at = map_aligned(odd->fd, odd->file_offset + start, size,
				   prot, align,
				   (odd->kind->remainder + start) % align);

	pieces_add(&odd->pieces, at, size, start, prot);
	return at;
}

static void open_lease(struct odd *odd)
{
	int device = odd->vfio->device;

	odd->fd = lease_of(device, BAR2, 0, odd->size);
	if (odd->kind->memattr &&
	    lease_set_memattr(device, odd->fd, odd->kind->memattr))
		bail("this machine cannot have write-combining leases");
}

static void set_bar(const struct odd *odd, uint32_t memattr)
{
	if (bar_set_memattr(odd->vfio->device, BAR2, 0, 0, memattr))
		bail("this machine cannot have write-combining BAR maps");
}

static void start(struct odd *odd, const struct odd_kind *kind)
{
	*odd = (struct odd){ .kind = kind, .size = kind->size };
	odd->vfio = kind->size == GIB(1) ? &big : &small;
	odd->pieces.physical = pci_bar_start(odd->vfio->bdf, BAR2);
	odd->pieces.seed = SEED;
	if (kind->is_bar) {
		odd->fd = odd->vfio->device;
		odd->file_offset = vfio_region(odd->vfio, BAR2).offset;
		set_bar(odd, kind->memattr);
	} else {
		open_lease(odd);
	}
	odd->at = odd_map(odd, 0, odd->size, RW);
	faults_of_touching(odd->at, odd->size, MIB(2));
	faults_of_touching(odd->at + odd->size - PAGE, PAGE, PAGE);
}

static long look_in_peer(int fd, const long *args)
{
	const struct odd *odd = (const struct odd *)args[0];

	(void)fd;
	return pieces_misread(&odd->pieces) + pieces_astray(&odd->pieces);
}

static long look_for_life_in_peer(int fd, const long *args)
{
	const struct odd *odd = (const struct odd *)args[0];

	(void)fd;
	return pieces_alive(&odd->pieces) + pieces_present(&odd->pieces);
}

static long in_peer(const struct odd *odd, peer_fn fn)
{
	return odd->peer ? peer_call(odd->peer, fn, -1, ARGS((long)odd)) : 0;
}

static void look(struct odd *odd, struct tally *tally)
{
	tally->misread += pieces_misread(&odd->pieces);
	tally->astray += pieces_astray(&odd->pieces);
	tally->peer_bad += in_peer(odd, look_in_peer);
}

static void look_for_life(struct odd *odd, struct tally *tally)
{
	tally->alive += pieces_alive(&odd->pieces);
	tally->left += pieces_present(&odd->pieces);
	tally->peer_bad += in_peer(odd, look_for_life_in_peer);
}

/* For a while, and a lease for good after that */
static void take_away(struct odd *odd, struct tally *tally)
{
	if (odd->kind->is_bar) {
		memory_decode(odd->vfio, false);
		look_for_life(odd, tally);
		memory_decode(odd->vfio, true);
		tally->lost += pieces_misread(&odd->pieces);
	} else {
		tally->refused += lease_revoke(odd->vfio->device, odd->fd) != 0;
		look_for_life(odd, tally);
	}
}

static void finish(struct odd *odd, struct tally *tally)
{
	tally->refused += odd->refused;
	tally->peer_bad += odd->peer_bad;
	if (odd->peer)
		peer_stop(odd->peer);
	pieces_unmap_all(&odd->pieces);
	if (odd->kind->is_bar)
		set_bar(odd, NC);
	else
		close(odd->fd);
}

static uint64_t from_end(int64_t place, uint64_t size, bool is_end)
{
	return place < 0 || (is_end && !place) ? size + place : (uint64_t)place;
}

static void one(const struct odd_kind *kind, const struct place *place,
		odd_fn fn, struct tally *tally)
{
	static struct odd odd;

	start(&odd, kind);
	fn(&odd, from_end(place->start, odd.size, false),
	   from_end(place->end, odd.size, true));
	look(&odd, tally);
	take_away(&odd, tally);
	finish(&odd, tally);
}

static void report(const struct odd_kind *kind, const char *what,
		   const struct tally *tally)
{
	is_int(tally->refused, 0, "%s, %s: every call does as it should",
	       kind->name, what);
	is_int(tally->misread, 0, "every word is right, or has no permission");
	is_int(tally->astray, 0, "every page is mapped to where it should be");
	is_int(tally->alive, 0, "%s, no word is left",
	       kind->is_bar ? "with memory decode off" : "revoked");
	is_int(tally->left, 0, "and no page");
	if (kind->is_bar)
		is_int(tally->lost, 0, "with memory decode on, all is back");
	is_int(tally->peer_bad, 0, "in forks, it is the same");
}

static void at_places(const struct odd_kind *kind, const char *what, odd_fn fn,
		      size_t n)
{
	struct tally tally = { 0 };

	for (size_t i = 0; i < n; i++)
		one(kind, &places[i], fn, &tally);
	report(kind, what, &tally);
}

void odd_everywhere(const char *what, odd_fn fn)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		at_places(&kinds[i], what, fn,
			  kinds[i].at_fewer ? SOME_PLACES : ARRAY_SIZE(places));
}

void odd_somewhere(const char *what, odd_fn fn)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		at_places(&kinds[i], what, fn,
			  kinds[i].at_fewer ? FEWER_PLACES : SOME_PLACES);
}
