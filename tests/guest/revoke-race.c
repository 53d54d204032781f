// SPDX-License-Identifier: MIT
/*
 * Once a revoke has returned, no thread of any process gets another word,
 * however many of them were faulting at that moment
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "peer.h"
#include "prng.h"
#include "tap.h"
#include "toucher.h"

#define SEED	5
#define SIZE	MIB(4)
#define ROUNDS	60
#define FORKS	12
#define THREADS	3
#define CLOSE_CALLS	10000

/* In memory that forks share */
struct shared {
	atomic_int round;	/* what the readers read now; -1 ends it */
	atomic_int revoked;	/* the last round whose revoke has returned */
	atomic_int started;	/* readers that have read in this round */
	atomic_int finished;	/* readers that will not read in it any more */
	atomic_long reads;
	atomic_long late;	/* reads after the revoke: must stay 0 */
	atomic_long wrong;
	mapping_t at;
};

static struct shared *shared;
static struct vfio small;

/*
 * @revoked is read before the access: when it says that the revoke is over,
 * a value that comes after is one too many.
 */
static void read_once(struct prng *prng, bool over)
{
	uint64_t offset = prng_below(prng, SIZE / PAGE) * PAGE;
	uint32_t value;

	if (!read32(shared->at + offset, &value))
		return;
	atomic_fetch_add(&shared->reads, 1);
	if (over)
		atomic_fetch_add(&shared->late, 1);
	if (value != pattern(offset, SEED))
		atomic_fetch_add(&shared->wrong, 1);
}

static void read_round(struct prng *prng, int round)
{
	bool over;

	read_once(prng, false);
	atomic_fetch_add(&shared->started, 1);
	do {
		over = atomic_load(&shared->revoked) >= round;
		read_once(prng, over);
	} while (!over);
	for (int i = 0; i < 20; i++)
		read_once(prng, true);
	atomic_fetch_add(&shared->finished, 1);
}

static void *reader(void *arg)
{
	struct prng prng = prng_seeded((uintptr_t)arg);
	int done = 0, round;

	while ((round = atomic_load(&shared->round)) >= 0) {
		if (round > done)
			read_round(&prng, round);
		done = round;
		sched_yield();
	}
	return NULL;
}

static void start_readers(pthread_t *threads, uintptr_t seed)
{
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, reader, (void *)(seed + i));
}

static void join_readers(pthread_t *threads)
{
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* By turns: huge pages, small pages, and WC */
static int begin_round(int round)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);

	if (round % 3 == 2 && lease_set_memattr(small.device, lease, WC))
		bail("this machine cannot have write-combining leases");
	shared->at = map_aligned(lease, 0, SIZE, RW, MIB(2),
				 round % 3 ? PAGE : 0);
	atomic_store(&shared->started, 0);
	atomic_store(&shared->finished, 0);
	return lease;
}

/* Revoke in the midst of it, a little earlier or later each time */
static int revoke_under_readers(int round, int lease)
{
	int ret;

	while (atomic_load(&shared->started) < THREADS)
		sched_yield();
	for (int i = 0; i < round % 7; i++)
		sched_yield();
	ret = lease_revoke(small.device, lease);
	atomic_store(&shared->revoked, round);
	return ret;
}

static void wait_for_readers(void)
{
	while (atomic_load(&shared->finished) < THREADS)
		sched_yield();
}

static void check_readers(long rounds, long refused, const char *whose)
{
	is_int(refused, 0, "each of %ld revokes under %d threads of %s succeeds",
	       rounds, THREADS, whose);
	ok(shared->reads >= rounds * THREADS, "the threads read: %ld words",
	   (long)shared->reads);
	is_int(shared->wrong, 0, "every word was right");
	is_int(shared->late, 0, "no word came after a revoke had returned");
}

static void threads_of_this_process(void)
{
	pthread_t threads[THREADS];
	long refused = 0, left = 0;

	memset(shared, 0, sizeof(*shared));
	start_readers(threads, 100);
	for (int round = 1; round <= ROUNDS; round++) {
		int lease = begin_round(round);

		atomic_store(&shared->round, round);
		refused += revoke_under_readers(round, lease) != 0;
		wait_for_readers();
		left += pages_present(shared->at, SIZE);
		unmap(shared->at, SIZE);
		close(lease);
	}
	atomic_store(&shared->round, -1);
	join_readers(threads);
	check_readers(ROUNDS, refused, "this process");
	is_int(left, 0, "no page was ever left");
}

static long run_readers(int fd, const long *args)
{
	pthread_t threads[THREADS];

	(void)fd;
	start_readers(threads, args[0]);
	join_readers(threads);
	return 0;
}

static void threads_of_a_fork(void)
{
	long refused = 0, bad = 0;

	memset(shared, 0, sizeof(*shared));
	for (int round = 1; round <= FORKS; round++) {
		int lease = begin_round(round);
		struct peer child;

		bad += pattern_errors(shared->at, 0, SIZE / 2, PAGE, SEED);
		child = peer_start();
		atomic_store(&shared->round, round);
		peer_begin(&child, run_readers, -1, ARGS(1000 * round));
		refused += revoke_under_readers(round, lease) != 0;
		wait_for_readers();
		atomic_store(&shared->round, -1);
		peer_result(&child);
		peer_stop(&child);
		unmap(shared->at, SIZE);
		close(lease);
	}
	check_readers(FORKS, refused, "a fork");
	is_int(bad, 0, "before each fork, this process read half of it right");
}

/* Two that revoke: whoever is refused may rely on it just the same */
static long revoke_it(int fd, const long *args)
{
	return lease_revoke_by(args[1], fd, args[0]);
}

static void *revoker(void *arg)
{
	const long *args = arg;

	return (void *)revoke_it(small.device, args);
}

static void two_revokers(void)
{
	long both = 0, none = 0, alive = 0, other = 0;

	for (int round = 0; round < 200; round++) {
		int lease = lease_of(small.device, BAR2, 0, SIZE);
		mapping_t at = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
		long args[2] = { lease, BY_IOCTL };
		pthread_t thread;
		uint32_t value;
		void *theirs;
		long ours;

		pattern_errors(at, 0, SIZE, PAGE, SEED);
		pthread_create(&thread, NULL, revoker, args);
		ours = revoke_it(small.device, ((long[]){ lease, BY_FEATURE }));
		alive += read32(at, &value) || read32(at + SIZE - 4, &value);
		pthread_join(thread, &theirs);
		both += !ours && !theirs;
		none += ours && theirs;
		other += (ours && ours != -EBADFD) ||
			 ((long)theirs && (long)theirs != -EBADFD);
		unmap(at, SIZE);
		close(lease);
	}
	is_int(both, 0, "of two revokes at once, never both succeed");
	is_int(none, 0, "never both are refused");
	is_int(other, 0, "the refused one always gets EBADFD");
	is_int(alive, 0,
	       "after either has returned, the lease is dead, refused or not");
}

/* One page, one fault and one revoke, as nearly at the same time as can be */
static void close_calls(void)
{
	long refused = 0, alive = 0, left = 0;
	struct toucher toucher;
	uint32_t value;

	toucher_begin(&toucher, CLOSE_CALLS);
	for (int i = 0; i < CLOSE_CALLS; i++) {
		int lease = lease_of(small.device, BAR2, 0, PAGE);
		mapping_t at = map(lease, 0, PAGE, RW);

		toucher_touch(&toucher, at);
		refused += lease_revoke(small.device, lease) != 0;
		toucher_wait(&toucher);
		left += entry_at(at).present;
		alive += read32(at, &value);
		unmap(at, PAGE);
		close(lease);
	}
	toucher_end(&toucher);
	is_int(refused, 0, "%d leases of a page are revoked while a first fault is under way",
	       CLOSE_CALLS);
	is_int(left, 0, "no fault left a page behind");
	is_int(alive, 0, "none of them can be read");
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		bail("no memory");
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);

	threads_of_this_process();
	threads_of_a_fork();
	two_revokers();
	close_calls();

	vfio_close(&small);
	return tap_done();
}
