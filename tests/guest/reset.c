// SPDX-License-Identifier: MIT
/*
 * Threads that use a device while it is reset, a thousand times where that is
 * quick, see the right bytes, or wait: never a SIGBUS, never a wrong byte, and no
 * lock of the process is held meanwhile
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/futex.h>

#include "access.h"
#include "clock.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "pattern.h"
#include "tap.h"
#include "watchers.h"

#define SEED	9
#define SIZE	MIB(4)
#define RESETS	RESETS_OF(1000)
#define VIEWS	4

static struct vfio small;
static int lease, wc;
static struct watched watched[VIEWS];
static struct watchers watchers;

static void set_up(void)
{
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	lease = lease_of(small.device, BAR2, 0, SIZE);
	wc = lease_of(small.device, BAR2, 0, SIZE);
	if (lease_set_memattr(small.device, wc, WC))
		bail("this machine cannot have write-combining leases");

	watched[0].at = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	watched[1].at = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	watched[2].at = map(wc, 0, SIZE, RW);
	watched[3].at = map_bar(&small, BAR2, 0, SIZE);
	for (int i = 0; i < VIEWS; i++) {
		watched[i].size = SIZE;
		watched[i].seed = SEED;
	}
}

static void tear_down(void)
{
	for (int i = 0; i < VIEWS; i++)
		unmap(watched[i].at, SIZE);
	close(lease);
	close(wc);
	vfio_close(&small);
}

static void all_work(const char *when)
{
	for (int i = 0; i < VIEWS; i++)
		is_int(pattern_errors(watched[i].at, 0, SIZE, PAGE, SEED), 0,
		       "%s, mapping %d works", when, i + 1);
}

static void once(void)
{
	int64_t start;

	all_work("at first");
	start = now_us();
	is_ok(vfio_reset(&small), "the device is reset");
	diag("that took %lld us", (long long)(now_us() - start));
	for (int i = 0; i < VIEWS; i++)
		is_int(pages_present(watched[i].at, SIZE), 0,
		       "the reset took every page of mapping %d away", i + 1);
	all_work("after a reset");
}

static int failed;
static atomic_bool resetting;

static void *reset_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < RESETS; i++)
		failed += vfio_reset(&small) != 0;
	atomic_store(&resetting, false);
	return NULL;
}

/* What was done while one and the same access has waited for a while */
static long waits, maps_meanwhile, protects_meanwhile;

static void try_meanwhile(void)
{
	const int64_t a_while = 8000;
	int64_t since = atomic_load(&watchers.waiting_since);
	size_t at = atomic_load(&watchers.waiting_at);
	mapping_t page = watched[at].at;
	void *memory;

	if (!since || now_us() - since < a_while)
		return;
	waits++;
	memory = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory != MAP_FAILED && atomic_load(&watchers.waiting_since) == since)
		maps_meanwhile++;
	munmap(memory, PAGE);

	if (try_protect(page, SIZE, PROT_READ) || try_protect(page, SIZE, RW))
		bail("mprotect(): %s", strerror(errno));
	if (atomic_load(&watchers.waiting_since) == since)
		protects_meanwhile++;

	/* One try for each wait */
	while (atomic_load(&watchers.waiting_since) == since)
		sleep_ms(1);
}

static void often(void)
{
	int64_t start = now_us(), took, long_us;
	pthread_t thread;

	watchers_start(&watchers, watched, VIEWS, 2);
	atomic_store(&resetting, true);
	if (pthread_create(&thread, NULL, reset_often, NULL))
		bail("no thread");
	while (atomic_load(&resetting)) {
		try_meanwhile();
		sleep_ms(1);
	}
	pthread_join(thread, NULL);
	watchers_stop(&watchers);

	took = now_us() - start;
	diag("%d resets took %lld ms", RESETS, (long long)took / 1000);
	is_int(failed, 0, "each of %d resets succeeds", RESETS);
	ok(watchers.reads >= RESETS, "two threads read meanwhile: %ld words",
	   (long)watchers.reads);
	is_int(watchers.sigbus, 0, "no access was SIGBUS");
	is_int(watchers.wrong, 0, "no word was wrong");
	/* More where all of it is slower than usual */
	long_us = took / 10 > 10000000 ? took / 10 : 10000000;
	ok(watchers.longest_us < long_us, "no access took %lld s: %lld us",
	   (long long)long_us / 1000000, (long long)watchers.longest_us);
}

static void locks(void)
{
	ok(waits >= RESETS / 10, "many accesses waited for a reset for 8 ms: %ld",
	   waits);
	ok(maps_meanwhile >= waits / 2,
	   "an mmap() of the process went through meanwhile: %ld times",
	   maps_meanwhile);
	ok(protects_meanwhile >= waits / 2,
	   "so did an mprotect() of the very mapping: %ld times",
	   protects_meanwhile);
}

/*
 * The kernel itself works on a word of a lease. It brings the page in by a fault
 * that cannot be retried, which therefore has to wait with a lock held
 */
static long futex_calls, futex_errors;

static void *futex_often(void *arg)
{
	static int nobody_waits;
	const long or_nothing = FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_EQ, 0);

	(void)arg;
	while (atomic_load(&resetting)) {
		for (int i = 0; i < VIEWS; i++) {
			futex_calls++;
			if (syscall(SYS_futex, &nobody_waits,
				    FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0,
				    watched[i].at + MIB(1), or_nothing) < 0)
				futex_errors++;
		}
	}
	return NULL;
}

static void without_retry(void)
{
	pthread_t thread;
	int refused = 0;

	watchers_start(&watchers, watched, VIEWS, 1);
	atomic_store(&resetting, true);
	if (pthread_create(&thread, NULL, futex_often, NULL))
		bail("no thread");
	for (int i = 0; i < 50; i++)
		refused += vfio_reset(&small) != 0;
	atomic_store(&resetting, false);
	pthread_join(thread, NULL);
	watchers_stop(&watchers);

	is_int(refused, 0, "50 resets while futexes in leases are worked on");
	ok(futex_calls > 50, "that was done %ld times", futex_calls);
	is_int(futex_errors, 0, "and never failed");
	is_int(watchers.sigbus + watchers.wrong, 0,
	       "nor did another thread see anything wrong");
}

int main(void)
{
	set_up();
	once();
	often();
	locks();
	without_retry();
	all_work("after all");
	is_ok(lease_revoke(small.device, lease), "the lease can be revoked");
	sigbus(watched[0].at, "it is SIGBUS then");
	is_ok(vfio_reset(&small), "the device is reset");
	sigbus(watched[1].at, "which does not bring the lease back");
	reads(watched[3].at, pattern(0, SEED), "the BAR map works");
	tear_down();
	return tap_done();
}
