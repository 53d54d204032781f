// SPDX-License-Identifier: MIT
/*
 * A process that cannot make up its mind about huge pages, in one thread, while
 * others fault them in: page tables and huge pages meet in one place, and
 * nobody minds
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "access.h"
#include "attempt.h"
#include "lease.h"
#include "pattern.h"
#include "tap.h"

#define SEED	54
#define SIZE	MIB(4)
#define FAULTERS	3
#define ROUNDS	400

static struct vfio small;

/* The client's */
static mapping_t at;
static atomic_bool stop;
static atomic_int round_no, done;
static atomic_long wrong;

static void *wavers(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		madvise((void *)at, SIZE, MADV_NOHUGEPAGE);
		prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
		madvise((void *)at, SIZE, MADV_HUGEPAGE);
	}
	return NULL;
}

/* Each begins somewhere else in the same 2 MiB, by reading or by writing */
static void fault_all(int number)
{
	for (uint64_t i = 0; i < SIZE; i += MIB(2)) {
		uint64_t offset = i + number * 100 * PAGE;
		uint32_t want = pattern(offset, SEED), value = want;
		bool well = number % 2 ? read32(at + offset, &value) :
					 write32(at + offset, want);

		atomic_fetch_add(&wrong, !well || value != want);
	}
}

static void *faulter(void *arg)
{
	int number = (int)(long)arg, before = 0, now;

	while (!atomic_load(&stop)) {
		now = atomic_load(&round_no);
		if (now != before) {
			fault_all(number);
			atomic_fetch_add(&done, 1);
		}
		before = now;
		sched_yield();
	}
	return NULL;
}

static void one_round(int fd, int number)
{
	if (mmap((void *)at, SIZE, RW, MAP_SHARED | MAP_FIXED, fd, 0) != at)
		atomic_fetch_add(&wrong, 1);
	atomic_store(&done, 0);
	atomic_store(&round_no, number);
	while (atomic_load(&done) < FAULTERS)
		sched_yield();
}

static long race(int fd, const long *args)
{
	pthread_t threads[FAULTERS + 1];

	(void)args;
	at = map_aligned(fd, 0, SIZE, RW, MIB(2), 0);
	atomic_store(&stop, false);
	pthread_create(&threads[FAULTERS], NULL, wavers, NULL);
	for (long i = 0; i < FAULTERS; i++)
		pthread_create(&threads[i], NULL, faulter, (void *)i);
	for (int i = 1; i <= ROUNDS; i++)
		one_round(fd, i);
	atomic_store(&stop, true);
	for (int i = 0; i <= FAULTERS; i++)
		pthread_join(threads[i], NULL);
	unmap(at, SIZE);
	return wrong;
}

int main(void)
{
	struct peer client;
	int nc, wc;

	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	nc = lease_of(small.device, BAR2, 0, SIZE);
	wc = lease_of(small.device, BAR2, 0, SIZE);
	if (lease_set_memattr(small.device, wc, WC))
		bail("this machine cannot have write-combining leases");
	client = peer_start_as(CLIENT_UID);
	is_int(peer_call(&client, race, nc, NULL), 0,
	       "%d times, huge pages are forbidden while %d threads use them",
	       ROUNDS, FAULTERS);
	is_int(peer_call(&client, race, wc, NULL), 0,
	       "the same with write-combining pages");
	peer_stop(&client);
	close(wc);
	close(nc);
	vfio_close(&small);
	return tap_done();
}
