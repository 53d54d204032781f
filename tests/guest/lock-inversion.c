// SPDX-License-Identifier: MIT
/*
 * While a device cannot be accessed, however long that takes, faults on it
 * wait: and nobody else of their process does, whatever he maps or unmaps, nor
 * does who revokes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "hold.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "peer.h"
#include "stack.h"
#include "tap.h"

#define SEED	23
#define SIZE	MIB(4)

#define WAITS	"barlease_access_wait"

/* A thread that does one thing, which takes as long as it takes */
struct thread {
	pthread_t thread;
	atomic_int tid;
	atomic_bool done;
	long (*run)(void *arg);
	void *arg;
	long result;
};

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	atomic_store(&thread->tid, gettid());
	thread->result = thread->run(thread->arg);
	atomic_store(&thread->done, true);
	return NULL;
}

static void start(struct thread *thread, long (*run)(void *arg), void *arg)
{
	*thread = (struct thread){ .run = run, .arg = arg };
	if (pthread_create(&thread->thread, NULL, thread_main, thread))
		bail("no thread");
	while (!atomic_load(&thread->tid))
		sleep_ms(1);
}

static long finish(struct thread *thread)
{
	pthread_join(thread->thread, NULL);
	return thread->result;
}

/* Mappings without a page, each with a thread that wants one */
enum {
	SMALL_PAGES, HUGE_PAGES, WC_PAGES, WRITTEN, BAR_MAP, REPLACED, VIEWS
};

static struct vfio small, big;
static int lease, wc, other;
static mapping_t views[VIEWS];
static struct thread touchers[VIEWS];
static struct peer victim;

static long read_it(void *arg)
{
	uint32_t value;

	return read32(*(mapping_t *)arg, &value) ? (long)value : -1;
}

static long write_it(void *arg)
{
	return write32(*(mapping_t *)arg, pattern(0, SEED)) ?
		       (long)pattern(0, SEED) : -1;
}

static long read_in_peer(int fd, const long *args)
{
	mapping_t at = (mapping_t)args[0];

	(void)fd;
	return read_it(&at);
}

static void set_up(void)
{
	lease = lease_of(small.device, BAR2, 0, SIZE);
	wc = lease_of(small.device, BAR2, 0, SIZE);
	other = lease_of(big.device, BAR2, 0, SIZE);
	if (lease_set_memattr(small.device, wc, WC))
		bail("this machine cannot have write-combining leases");
	views[SMALL_PAGES] = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	views[HUGE_PAGES] = map_aligned(lease, 0, SIZE, RW, MIB(2), 0);
	views[WC_PAGES] = map(wc, 0, SIZE, RW);
	views[WRITTEN] = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	views[BAR_MAP] = map_bar(&small, BAR2, 0, SIZE);
	views[REPLACED] = map_aligned(lease, 0, SIZE, RW, MIB(2), PAGE);
	victim = peer_start();
}

static void start_touchers(void)
{
	long waiting = 0;

	for (int i = 0; i < VIEWS; i++)
		start(&touchers[i], i == WRITTEN ? write_it : read_it,
		      &views[i]);
	for (int i = 0; i < VIEWS; i++)
		waiting += sleeps_in(touchers[i].tid, WAITS);
	is_int(waiting, VIEWS, "%d threads fault on the device, and wait",
	       VIEWS);
	peer_begin(&victim, read_in_peer, -1,
		   ARGS((long)views[SMALL_PAGES]));
	ok(sleeps_in(victim.pid, WAITS), "so does another process");
}

/* The lease is revoked by now */
static void join_touchers(void)
{
	long word = pattern(0, SEED);

	for (int i = 0; i < VIEWS; i++) {
		long got = finish(&touchers[i]);

		if (i == REPLACED)
			is_int(got, 0, "a thread whose mapping was replaced reads memory");
		else if (i == WC_PAGES || i == BAR_MAP)
			is_int(got, word, "thread %d gets its word", i + 1);
		else
			ok(got == word || got == -1,
			   "thread %d gets its word, or SIGBUS", i + 1);
	}
	for (int i = 0; i < REPLACED; i++) {
		if (i == WC_PAGES || i == BAR_MAP)
			reads(views[i], word, "mapping %d works", i + 1);
		else
			sigbus(views[i], "mapping %d is SIGBUS", i + 1);
	}
}

static void tear_down(void)
{
	for (int i = 0; i < VIEWS; i++)
		unmap(views[i], SIZE);
	close(lease);
	close(wc);
	close(other);
}

/* What another thread of the process does meanwhile: 0 when it went well */
static long anonymous(void)
{
	mapping_t at = mmap(NULL, SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return -errno;
	for (uint64_t i = 0; i < SIZE; i += PAGE)
		at[i] = 1;
	return munmap((void *)at, SIZE);
}

static long map_of_lease(void)
{
	return try_map(lease, 0, SIZE, RW, MAP_SHARED);
}

static long map_of_bar(void)
{
	return try_map(small.device, vfio_region(&small, BAR2).offset, SIZE, RW,
		       MAP_SHARED);
}

static long protect(void)
{
	return try_protect(views[SMALL_PAGES], SIZE, PROT_READ) ?:
	       try_protect(views[SMALL_PAGES], SIZE, RW) ?:
	       try_protect(views[HUGE_PAGES], SIZE, PROT_READ) ?:
	       try_protect(views[HUGE_PAGES], SIZE, RW);
}

static long cut(void)
{
	return munmap((void *)(views[SMALL_PAGES] + MIB(3)), PAGE) ?:
	       munmap((void *)(views[BAR_MAP] + MIB(2)), PAGE);
}

static long replace(void)
{
	void *at = mmap((void *)views[REPLACED], SIZE, RW,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return at == MAP_FAILED ? -errno : 0;
}

static long other_device(void)
{
	mapping_t at = map_aligned(other, 0, SIZE, RW, MIB(2), PAGE);
	uint64_t bad = pattern_errors(at, 0, SIZE, PAGE, SEED);

	unmap(at, SIZE);
	return bad;
}

static long fork_one(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, &status, 0) != pid || status;
}

static long new_lease(void)
{
	int fd = lease_of(small.device, BAR2, 0, SIZE);
	long ret = lease_set_memattr(small.device, fd, WC);

	close(fd);
	return ret;
}

static long kill_victim(void)
{
	peer_kill(&victim);
	return 0;
}

static const struct {
	long (*run)(void);
	const char *name;
} steps[] = {
	{ anonymous, "memory is mapped, used and unmapped" },
	{ map_of_lease, "the lease is mapped and unmapped" },
	{ map_of_bar, "the BAR is mapped and unmapped" },
	{ protect, "mappings that threads wait for are mprotect()ed" },
	{ cut, "pieces of them are unmapped" },
	{ replace, "one is replaced by memory" },
	{ other_device, "another device's lease is mapped and read" },
	{ fork_one, "the process forks" },
	{ new_lease, "a lease is made, and made write-combining" },
	{ kill_victim, "the other process is killed, and dies" },
};

#define STEPS	(sizeof(steps) / sizeof(*steps))

static atomic_size_t steps_done;

static long run_steps(void *arg)
{
	long *results = arg;

	for (size_t i = 0; i < STEPS; i++) {
		results[i] = steps[i].run();
		atomic_store(&steps_done, i + 1);
	}
	return 0;
}

/* A step that does not come back within half a minute never will */
static void meanwhile(void)
{
	static long results[STEPS];
	static struct thread thread;
	long still = 0;

	atomic_store(&steps_done, 0);
	start(&thread, run_steps, results);
	for (int i = 0; i < 3000 && !atomic_load(&thread.done); i++)
		sleep_ms(10);
	for (size_t i = 0; i < STEPS; i++)
		ok(i < atomic_load(&steps_done) && !results[i], "%s",
		   steps[i].name);
	for (int i = 0; i < VIEWS; i++)
		still += !atomic_load(&touchers[i].done);
	is_int(still, VIEWS, "all that time, the threads have waited");
	if (!atomic_load(&thread.done))
		bail("a step is stuck");
	finish(&thread);
}

/* However long the reset takes */
static void revoke_goes_through(void)
{
	is_ok(lease_revoke(small.device, lease), "a revoke does not wait");
	is_error(try_map(lease, 0, SIZE, RW, MAP_SHARED), ENODEV,
		 "and takes effect");
}

static void while_written(void)
{
	struct peer holder;

	diag("memory_lock is held for writing");
	set_up();
	holder = hold_begin(small.bdf, BARLEASE_HOLD_FOR_WRITING);
	start_touchers();
	meanwhile();
	revoke_goes_through();
	hold_end(&holder);
	join_touchers();
	tear_down();
}

static long reset_it(int fd, const long *args)
{
	(void)args;
	return ioctl(fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

static void while_wanted(void)
{
	struct peer holder, resetter = peer_start();

	diag("memory_lock is held for reading, and a reset waits for it");
	set_up();
	holder = hold_begin(small.bdf, BARLEASE_HOLD_FOR_READING);
	peer_begin(&resetter, reset_it, small.device, NULL);
	ok(sleeps_in(resetter.pid, "vfio_pci_core_ioctl"), "a reset waits for a reader");
	start_touchers();
	meanwhile();
	revoke_goes_through();
	ok(!peer_is_done(&resetter, 0), "the reset has not returned");
	hold_end(&holder);
	is_ok(peer_result(&resetter), "without the reader, it succeeds");
	join_touchers();
	tear_down();
	peer_stop(&resetter);
}

/* The lock is free in that one */
static void while_reset(void)
{
	struct peer holder;

	diag("somebody else resets the device");
	set_up();
	holder = hold_begin(small.bdf, BARLEASE_HOLD_RESET);
	start_touchers();
	meanwhile();
	revoke_goes_through();
	hold_end(&holder);
	join_touchers();
	tear_down();
}

static long protect_one(void *arg)
{
	return try_protect(*(mapping_t *)arg, SIZE, PROT_READ);
}

/* No check: only to show what the difference is */
static void with_stock(void)
{
	struct thread toucher, protector;
	struct peer holder;
	mapping_t at;

	if (module_load("vfio-pci", NULL) ||
	    pci_bind(dev_small(), STOCK_DRIVER)) {
		diag("no stock vfio-pci to compare with");
		return;
	}
	small = vfio_open(dev_small());
	at = map_bar(&small, BAR2, 0, SIZE);
	holder = hold_begin(small.bdf, BARLEASE_HOLD_FOR_WRITING);
	start(&toucher, read_it, &at);
	sleeps_in(toucher.tid, "vfio_pci_mmap");
	start(&protector, protect_one, &at);
	sleep_ms(500);
	diag("stock vfio-pci: mprotect() of a mapping that a thread waits for %s",
	     atomic_load(&protector.done) ? "went through" :
					    "waits for the reset, too");
	hold_end(&holder);
	finish(&toucher);
	finish(&protector);
	unmap(at, SIZE);
	vfio_close(&small);
	is_ok(pci_bind(dev_small(), OUR_DRIVER),
	      "after a look at the stock vfio-pci, the device is ours again");
	module_unload("vfio_pci");
}

int main(void)
{
	small = vfio_open(dev_small());
	big = vfio_open(dev_big());
	pattern_fill(&small, BAR2, 0, SIZE, PAGE, SEED);
	pattern_fill(&big, BAR2, 0, SIZE, PAGE, SEED);

	while_written();
	while_wanted();
	while_reset();

	vfio_close(&big);
	vfio_close(&small);
	with_stock();
	return tap_done();
}
