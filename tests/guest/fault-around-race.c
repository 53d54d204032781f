// SPDX-License-Identifier: MIT
/*
 * Threads that map, touch, revoke and unmap side by side in one page table,
 * while it is filled, zapped and forked: nobody sees anything of another
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "prng.h"
#include "tap.h"
#include "watchers.h"

#define SEED	22
#define SLICES	4		/* of the page table */
#define SLICE	(128 * PAGE)
#define ROUNDS	200
#define FORKS	25
#define RESETS	40

/* One thread's part of the page table, and what it found */
struct slice {
	mapping_t at;
	uint64_t start;		/* on the BAR */
	struct prng prng;
	long rounds, wrong, alive, left, refused;
};

static struct vfio small;
static struct slice slices[SLICES];

static void map_over(mapping_t at, size_t size, int prot, int flags, int fd,
		     uint64_t offset)
{
	if (mmap((void *)at, size, prot, flags | MAP_FIXED, fd, offset) !=
	    (void *)at)
		bail("mmap(): %s", strerror(errno));
}

/* The address space stays reserved */
static void unmap_slice(mapping_t at, size_t size)
{
	map_over(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Some pages, and their neighbours by fault-around, then all of them */
static void look(struct slice *slice, uint64_t pages)
{
	uint32_t value;

	for (int i = 0; i < 4; i++) {
		uint64_t offset = prng_below(&slice->prng, pages) * PAGE;

		slice->wrong += !read32(slice->at + offset, &value) ||
				value != pattern(slice->start + offset, SEED);
	}
	slice->wrong += pattern_errors(slice->at, slice->start, pages * PAGE,
				       PAGE, SEED);
}

static void one_round(struct slice *slice, int round)
{
	uint64_t pages = 1 + prng_below(&slice->prng, SLICE / PAGE);
	int lease = lease_of(small.device, BAR2, slice->start, SLICE);
	uint32_t value;

	if (round % 4 == 1)
		slice->refused += lease_set_memattr(small.device, lease, WC) != 0;
	map_over(slice->at, pages * PAGE, RW, MAP_SHARED, lease, 0);
	look(slice, pages);
	if (round % 2) {
		slice->refused += lease_revoke(small.device, lease) != 0;
		slice->alive += read32(slice->at, &value);
		slice->left += pages_present(slice->at, pages * PAGE);
	} else if (pages > 2) {
		unmap_slice(slice->at + pages / 2 * PAGE,
			    (pages - pages / 2) * PAGE);
		look(slice, pages / 2);
	}
	unmap_slice(slice->at, SLICE);
	close(lease);
	slice->rounds++;
}

static void *work(void *arg)
{
	struct slice *slice = arg;

	for (int round = 0; round < ROUNDS; round++)
		one_round(slice, round);
	return NULL;
}

/* A fork that reads the slice that stays mapped */
static long fork_one(const struct slice *slice)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return 1;
	if (!pid)
		_exit(!!pattern_errors(slice->at, slice->start, SLICE, PAGE,
				       SEED));
	return waitpid(pid, &status, 0) != pid || status;
}

static void set_up(void)
{
	mapping_t area = map_aligned(small.device,
				     vfio_region(&small, BAR2).offset, MIB(2),
				     RW, MIB(2), 0);

	unmap_slice(area, MIB(2));
	for (int i = 0; i < SLICES; i++)
		slices[i] = (struct slice){
			.at = area + i * SLICE,
			/* Congruent to nothing, and no two alike */
			.start = MIB(8) * i + (i + 1) * PAGE,
			.prng = prng_seeded(i + 1),
		};
}

static void check(const struct watchers *watchers, long forks, long resets)
{
	for (int i = 1; i < SLICES; i++) {
		const struct slice *slice = &slices[i];

		is_int(slice->rounds, ROUNDS, "thread %d had its rounds", i);
		is_int(slice->wrong, 0, "every word that it saw was its own");
		is_int(slice->refused, 0, "no call failed");
		is_int(slice->alive, 0, "a revoked lease was dead");
		is_int(slice->left, 0, "no page was left of one");
	}
	is_int(forks, 0, "%d forks read the slice that stays", FORKS);
	is_int(resets, 0, "%d resets took its pages away", RESETS);
	ok(watchers->reads > 1000, "two threads read it: %ld words",
	   (long)watchers->reads);
	is_int(watchers->sigbus + watchers->wrong, 0, "all of them were right");
}

int main(void)
{
	pthread_t threads[SLICES];
	long forks = 0, resets = 0;
	struct watchers watchers;
	struct watched watched;
	int lease;

	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, MIB(32), PAGE, SEED);
	set_up();
	lease = lease_of(small.device, BAR2, slices[0].start, SLICE);
	map_over(slices[0].at, SLICE, RW, MAP_SHARED, lease, 0);
	watched = (struct watched){ .at = slices[0].at, .size = SLICE,
				    .bar_offset = slices[0].start,
				    .seed = SEED };
	watchers_start(&watchers, &watched, 1, 2);

	for (int i = 1; i < SLICES; i++)
		if (pthread_create(&threads[i], NULL, work, &slices[i]))
			bail("no thread");
	for (int i = 0; i < RESETS; i++) {
		resets += vfio_reset(&small) != 0;
		if (i < FORKS)
			forks += fork_one(&slices[0]);
	}
	for (int i = 1; i < SLICES; i++)
		pthread_join(threads[i], NULL);
	watchers_stop(&watchers);
	check(&watchers, forks, resets);

	is_int(pattern_errors(slices[0].at, slices[0].start, SLICE, PAGE, SEED),
	       0, "at the end, all of the slice is right");
	is_int(pages_astray(slices[0].at, SLICE,
			    pci_bar_start(small.bdf, BAR2) + slices[0].start),
	       0, "and mapped to where it should be");
	unmap(slices[0].at, MIB(2));
	close(lease);
	vfio_close(&small);
	return tap_done();
}
