// SPDX-License-Identifier: MIT
/*
 * libbarlease maps where huge pages are possible, and never over anything
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "access.h"
#include "both-ways.h"
#include "faults.h"
#include "huge.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"

#define SEED	22
#define ROUNDS	200
#define THREADS	4

static struct barlease_device *big, *small;

static struct barlease_device *must_open(struct bdf bdf,
					 enum barlease_backend way)
{
	struct barlease_device *device;
	int ret = barlease_device_open(bdf.name, way, &device);

	if (ret)
		bail("cannot open %s: %s", bdf.name, strerror(-ret));
	return device;
}

static int export(struct barlease_device *device, uint64_t offset,
		  uint64_t length)
{
	const struct barlease_range range = { offset, length };
	int lease = barlease_export(device, 2, &range, 1, 0);

	if (lease < 0)
		bail("cannot export: %s", strerror(-lease));
	return lease;
}

static struct barlease_alignment alignment_of(struct barlease_device *device,
					      uint64_t offset)
{
	struct barlease_alignment alignment;

	if (barlease_alignment(device, 2, offset, &alignment))
		bail("no alignment");
	return alignment;
}

static mapping_t must_map(int lease, uint64_t offset, size_t size,
			  const struct barlease_alignment *alignment)
{
	void *at;
	int ret = barlease_map(lease, offset, size, 0, alignment, &at);

	if (ret)
		bail("cannot map: %s", strerror(-ret));
	return at;
}

static void alignments(void)
{
	struct barlease_alignment a = alignment_of(big, MIB(3) + PAGE);

	is_hex(a.align, GIB(1), "a BAR of 1 GiB is aligned to 1 GiB");
	is_hex(a.phase, MIB(3) + PAGE, "the phase is the offset");
	a = alignment_of(small, MIB(3) + PAGE);
	is_hex(a.align, MIB(2), "a BAR of 64 MiB is aligned to 2 MiB");
	is_hex(a.phase, MIB(1) + PAGE, "the phase is the rest of the offset");
	is_error(barlease_alignment(small, 2, MIB(64), &a), EINVAL,
		 "an offset past the BAR is EINVAL");
	is_error(barlease_alignment(small, 5, 0, &a), EINVAL,
		 "a BAR that is not there is EINVAL");
	is_error(barlease_alignment(small, 6, 0, &a), EINVAL,
		 "so is one that cannot be");
}

/*
 * Pages of 2 MiB at both ends, and a fault for each PMD table, which maps 1 GiB.
 * Where less is mapped, it may lie across two of them, or not.
 */
static void is_mapped_huge(mapping_t at, uint64_t size, const char *what)
{
	uintptr_t first = (uintptr_t)at / GIB(1);
	uintptr_t last = ((uintptr_t)at + size - 1) / GIB(1);

	is_faults(faults_of_touching(at, size, PAGE), last - first + 1, at,
		  size, "%s takes a fault for each PMD table", what);
	is_huge(at, "its first page is as large as can be");
	is_huge(at + size - 4, "so is its last");
}

static void large_pages(void)
{
	int lease = export(big, 0, GIB(1));
	struct barlease_alignment a = alignment_of(big, 0);
	mapping_t at;

	at = must_map(lease, 0, GIB(1), &a);
	is_int((uintptr_t)at % GIB(1), 0, "1 GiB is mapped where it is aligned");
	is_mapped_huge(at, GIB(1), "all of it");
	barlease_unmap((void *)at, GIB(1));
	at = must_map(lease, MIB(6), MIB(500), &a);
	is_mapped_huge(at, MIB(500), "500 MiB from 6 MiB on");
	is_hex(entry_at(at).physical, pci_bar_start(dev_big(), 2) + MIB(6),
	       "it is where it should be");
	barlease_unmap((void *)at, MIB(500));
	close(lease);

	/* The lease begins in the middle of 2 MiB, and so must the mapping. */
	lease = export(small, MIB(1), MIB(9));
	a = alignment_of(small, MIB(1));
	at = must_map(lease, 0, MIB(9), &a);
	reads(at, pattern(MIB(1), SEED), "a lease from 1 MiB on can be read");
	reads(at + MIB(1), pattern(MIB(2), SEED), "and 1 MiB further on");
	is_int(entry_at(at).size, PAGE, "first there are small pages");
	is_huge(at + MIB(1), "then large ones");
	barlease_unmap((void *)at, MIB(9));
	at = must_map(lease, MIB(1), MIB(8), &a);
	is_mapped_huge(at, MIB(8), "8 MiB from its own second MiB on");
	barlease_unmap((void *)at, MIB(8));
	close(lease);
}

/* Also good for what no lease is needed for */
static void bar_itself(void)
{
	struct barlease_alignment a = alignment_of(small, 0);
	struct barlease_bar bar;
	void *at;
	int ret;

	is_ok(barlease_device_bar(small, 2, &bar), "there is a BAR");
	ret = barlease_map(barlease_device_fd(small), bar.offset + MIB(4),
			   MIB(4), 0, &a, &at);
	if (map_is_too_far(-ret)) {
		skip(NO_OTHER_BAR, "it is mapped itself");
		return;
	}
	is_ok(ret, "it is mapped itself");
	reads(at, pattern(MIB(4), SEED), "it can be read");
	is_ok(barlease_unmap(at, MIB(4)), "and is unmapped");
}

static void small_things(void)
{
	struct barlease_alignment a = alignment_of(big, PAGE);
	int lease = export(big, PAGE, MIB(2));
	mapping_t at = must_map(lease, 0, PAGE, &a);

	ok(write32(at, 7), "one page with an alignment of 1 GiB is mapped");
	barlease_unmap((void *)at, PAGE);
	at = must_map(lease, PAGE, PAGE, NULL);
	ok(write32(at, 7), "it can be without an alignment, too");
	is_ok(barlease_unmap((void *)at, PAGE), "it is unmapped");
	is_error(try_protect(at, PAGE, PROT_READ), ENOMEM, "nothing is left");
	close(lease);
}

static void refuses(void)
{
	static const struct barlease_alignment bad[] = {
		{ 0, 0 }, { 1, 0 }, { MIB(3), 0 }, { MIB(2), MIB(2) },
		{ MIB(2), 100 }, { GIB(3), 0 }, { GIB(1), GIB(3) },
	};
	struct barlease_range range = { 0, MIB(4) };
	struct barlease_alignment a = alignment_of(small, 0);
	int lease = export(small, 0, MIB(4)), read_only;
	void *at = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_error(barlease_map(lease, 0, MIB(4), 0, &bad[i], &at),
			 EINVAL, "alignment %#llx, phase %#llx is EINVAL",
			 (unsigned long long)bad[i].align,
			 (unsigned long long)bad[i].phase);
	is_error(barlease_map(lease, 0, MIB(4), 1u << 5, &a, &at), EINVAL,
		 "an unknown flag is EINVAL");
	is_error(barlease_map(lease, 0, 0, 0, &a, &at), EINVAL,
		 "no bytes at all is EINVAL");
	is_error(barlease_map(lease, 100, PAGE, 0, &a, &at), EINVAL,
		 "an odd offset is EINVAL");
	is_error(barlease_map(lease, MIB(2), MIB(4), 0, &a, &at), EINVAL,
		 "past the end is EINVAL");
	is_error(barlease_map(lease, 0, SIZE_MAX - PAGE, 0, &a, &at), ENOMEM,
		 "more than there are addresses is ENOMEM");
	is_error(barlease_map(-1, 0, MIB(4), 0, &a, &at), EBADF,
		 "-1 is EBADF");
	read_only = barlease_export(small, 2, &range, 1, BARLEASE_READ_ONLY);
	is_error(barlease_map(read_only, 0, MIB(4), 0, &a, &at), EACCES,
		 "a read-only lease is EACCES");
	is_ok(barlease_map(read_only, 0, MIB(4), BARLEASE_READ_ONLY, &a, &at),
	      "but not for reading");
	is_error(try_protect(at, PAGE, RW), EACCES, "which stays so");
	barlease_unmap(at, MIB(4));
	is_int(barlease_revoke(small, lease), 0, "a lease is revoked");
	is_error(barlease_map(lease, 0, MIB(4), 0, &a, &at), ENODEV,
		 "then it is ENODEV");
	close(lease);
	close(read_only);
}

/* Lines of /proc/self/maps: one for each mapping */
static int mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	int n = 0, c;

	if (!file)
		bail("/proc/self/maps: %s", strerror(errno));
	while ((c = fgetc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

static void leaves_nothing(void)
{
	struct barlease_alignment a = alignment_of(small, 0);
	int lease = export(small, 0, MIB(4)), before = mappings();
	void *at[8];

	for (int i = 0; i < 8; i++)
		at[i] = (void *)must_map(lease, 0, MIB(4), &a);
	for (int i = 0; i < 8; i++)
		barlease_unmap(at[i], MIB(4));
	for (int i = 0; i < 8; i++)
		barlease_map(lease, MIB(2), MIB(4), 0, &a, &at[i]);
	is_int(mappings(), before,
	       "mappings come and go, or fail, and leave no address space");
	close(lease);
}

/* A page of this thread's own, which nobody else must touch */
struct page {
	uint32_t *at;
	uint32_t value;
};

static void take_page(struct page *page, uint32_t value)
{
	page->at = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page->at == MAP_FAILED)
		bail("mmap(): %s", strerror(errno));
	page->value = value;
	*page->at = value;
}

struct crowd {
	int lease;
	struct barlease_alignment alignment;
	atomic_int wrong;
	atomic_int aligned;
};

/* Leases and pages in turn, as dense as the kernel likes to put them */
static void *map_in_a_crowd(void *arg)
{
	struct crowd *crowd = arg;
	struct page pages[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		void *at;

		take_page(&pages[i], i + 1);
		if (barlease_map(crowd->lease, 0, MIB(4), 0, &crowd->alignment,
				 &at)) {
			atomic_fetch_add(&crowd->wrong, 1);
			continue;
		}
		if (!((uintptr_t)at % MIB(2)))
			atomic_fetch_add(&crowd->aligned, 1);
		if (*(volatile uint32_t *)at != pattern(0, SEED))
			atomic_fetch_add(&crowd->wrong, 1);
		barlease_unmap(at, MIB(4));
	}
	for (int i = 0; i < ROUNDS; i++) {
		if (*pages[i].at != pages[i].value)
			atomic_fetch_add(&crowd->wrong, 1);
		munmap(pages[i].at, PAGE);
	}
	return NULL;
}

static void never_over_anything(void)
{
	struct crowd crowd = { .lease = export(small, 0, MIB(4)) };
	pthread_t threads[THREADS];

	crowd.alignment = alignment_of(small, 0);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, map_in_a_crowd, &crowd))
			bail("no thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	is_int(crowd.wrong, 0,
	       "threads map leases and pages all over; no page is harmed");
	is_int(crowd.aligned, THREADS * ROUNDS, "each mapping is aligned");
	close(crowd.lease);
}

/* Leases between leases: each shows its own slice, none another's */
static void side_by_side(void)
{
	struct barlease_alignment a[16];
	int lease[16], wrong = 0;
	mapping_t at[16];

	for (uint64_t i = 0; i < 16; i++) {
		lease[i] = export(small, i * MIB(4), MIB(4));
		a[i] = alignment_of(small, i * MIB(4));
		at[i] = must_map(lease[i], 0, MIB(4), &a[i]);
	}
	for (uint64_t i = 0; i < 16; i++)
		wrong += pattern_errors(at[i], i * MIB(4), MIB(4), PAGE, SEED);
	is_int(wrong, 0, "16 leases side by side are 64 MiB, every page right");
	for (int i = 0; i < 16; i++) {
		barlease_unmap((void *)at[i], MIB(4));
		close(lease[i]);
	}
}

static void fill(void)
{
	struct vfio raw = vfio_open(dev_small());

	pattern_fill(&raw, BAR2, 0, MIB(64), PAGE, SEED);
	vfio_close(&raw);
}

static void this_way(enum barlease_backend way)
{
	big = must_open(dev_big(), way);
	small = must_open(dev_small(), way);
	alignments();
	large_pages();
	bar_itself();
	small_things();
	refuses();
	side_by_side();
	/* What only asks for addresses has no need of both ways. */
	if (way == BARLEASE_BACKEND_GROUP) {
		leaves_nothing();
		never_over_anything();
	}
	barlease_device_close(small);
	barlease_device_close(big);
}

int main(void)
{
	int before = fds_open();

	fill();
	both_ways(this_way);
	is_int(fds_open(), before, "no file descriptor is left");
	return tap_done();
}
