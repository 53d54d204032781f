// SPDX-License-Identifier: MIT
/*
 * Processes that map, touch, fork, protect, unmap, lease, revoke and reset the
 * same device, all at once and at random: everybody sees right words, or
 * SIGBUS where a lease was revoked, and nothing is left over
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "clock.h"
#include "fds.h"
#include "lease.h"
#include "map.h"
#include "pattern.h"
#include "prng.h"
#include "tap.h"

#define SEED		14
#define AREA		MIB(32)
#define SECONDS		20

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define WORKERS		4
#define LEASES		96	/* that all workers have */
#define MAPS		12	/* that one worker has at a time */
#define LEASE_PAGES	600

/* How far a lease is on its way out; in memory that all share */
enum phase {
	ALIVE,
	GOING,		/* somebody is about to revoke it */
	GONE,		/* a revoke has returned */
};

struct shared {
	atomic_int phase[LEASES];
	atomic_long reads, sigbus, maps, forks, revokes, exports, protects;
	/* All of these must stay 0 */
	atomic_long wrong, late, early, refused;
};

struct lease {
	uint64_t start;		/* on the BAR */
	uint64_t size;
	atomic_int *phase;	/* NULL for a BAR map */
	atomic_int own_phase;
	int fd;
};

struct mapped {
	mapping_t at;
	uint64_t bar_offset;
	uint64_t size;
	struct lease *lease;
	bool writable;
};

/* What one worker has */
struct worker {
	struct prng prng;
	struct mapped maps[MAPS];
	struct lease own;
	struct lease bar;
};

static struct shared *shared;
static struct vfio small;
static struct lease leases[LEASES];

static void note(atomic_long *counter)
{
	atomic_fetch_add(counter, 1);
}

static void make_lease(struct prng *prng, struct lease *lease,
		       atomic_int *phase)
{
	uint64_t pages = 1 + prng_below(prng, LEASE_PAGES);

	lease->start = prng_below(prng, AREA / PAGE - pages) * PAGE;
	/* Half of them are such that huge pages fit in */
	if (prng_below(prng, 2)) {
		lease->start &= ~(MIB(4) - 1);
		pages = HUGE / PAGE * (1 + prng_below(prng, 2));
	}
	lease->size = pages * PAGE;
	lease->phase = phase;
	lease->fd = lease_of(small.device, BAR2, lease->start, lease->size);
	if (prng_below(prng, 4) == 0)
		lease_set_memattr(small.device, lease->fd, WC);
	atomic_store(phase, ALIVE);
	note(&shared->exports);
}

/*
 * What may come of an access depends on the phases before and after it: no
 * value when a revoke had returned before, no SIGBUS when none had begun.
 */
static void touch(const struct mapped *map, uint64_t offset, bool write)
{
	atomic_int *phase = map->lease->phase;
	uint32_t want = pattern(map->bar_offset + offset, SEED), value = want;
	int before = phase ? atomic_load(phase) : ALIVE, after;
	bool done = write ? write32(map->at + offset, want) :
			    read32(map->at + offset, &value);

	after = phase ? atomic_load(phase) : ALIVE;
	if (done) {
		note(&shared->reads);
		if (before == GONE)
			note(&shared->late);
		if (value != want)
			note(&shared->wrong);
	} else {
		note(&shared->sigbus);
		if (after == ALIVE)
			note(&shared->early);
	}
}

static void touch_some(struct prng *prng, const struct mapped *map)
{
	uint64_t pages = map->size / PAGE;

	for (int i = 0; i < 8; i++)
		touch(map, prng_below(prng, pages) * PAGE,
		      map->writable && prng_below(prng, 2));
}

static struct lease *any_lease(struct worker *worker)
{
	switch (prng_below(&worker->prng, 4)) {
	case 0:
		return &worker->own;
	case 1:
		return &worker->bar;
	default:
		return &leases[prng_below(&worker->prng, LEASES)];
	}
}

static void drop(struct mapped *map)
{
	if (map->at)
		unmap(map->at, map->size);
	map->at = NULL;
}

static void map_one(struct worker *worker, struct mapped *map)
{
	struct lease *lease = any_lease(worker);
	int before = lease->phase ? atomic_load(lease->phase) : ALIVE;
	uint64_t pages = lease->size / PAGE;
	uint64_t first = prng_below(&worker->prng, pages);
	uint64_t n = 1 + prng_below(&worker->prng, pages - first);
	uint64_t file_offset = first * PAGE;
	void *at;

	drop(map);
	if (!lease->phase)
		file_offset += vfio_region(&small, BAR2).offset + lease->start;
	at = mmap(NULL, n * PAGE, RW, MAP_SHARED, lease->fd, file_offset);
	if (at == MAP_FAILED) {
		if (errno != ENODEV || !lease->phase ||
		    atomic_load(lease->phase) == ALIVE)
			note(&shared->refused);
		return;
	}
	if (before == GONE)
		note(&shared->late);
	*map = (struct mapped){ at, lease->start + first * PAGE, n * PAGE,
				lease, true };
	note(&shared->maps);
}

static void cut(struct prng *prng, struct mapped *map)
{
	uint64_t pages = map->size / PAGE, gone;

	if (pages < 2)
		return;
	gone = 1 + prng_below(prng, pages - 1);
	if (prng_below(prng, 2)) {
		unmap(map->at + map->size - gone * PAGE, gone * PAGE);
	} else {
		unmap(map->at, gone * PAGE);
		map->at += gone * PAGE;
		map->bar_offset += gone * PAGE;
	}
	map->size -= gone * PAGE;
}

static void protect(struct prng *prng, struct mapped *map)
{
	map->writable = prng_below(prng, 2);
	if (try_protect(map->at, map->size, map->writable ? RW : PROT_READ))
		note(&shared->refused);
	note(&shared->protects);
}

static void take_back(struct lease *lease)
{
	int ret;

	if (!lease->phase)
		return;
	/* Whoever is second gets EBADFD, and may rely on it as well */
	if (atomic_load(lease->phase) == ALIVE)
		atomic_store(lease->phase, GOING);
	ret = lease_revoke_by(lease->start & PAGE ? BY_IOCTL : BY_FEATURE,
			      small.device, lease->fd);
	atomic_store(lease->phase, GONE);
	if (ret && ret != -EBADFD)
		note(&shared->refused);
	note(&shared->revokes);
}

/* Its maps must go first: they point to it */
static void renew_own(struct worker *worker)
{
	for (int i = 0; i < MAPS; i++)
		if (worker->maps[i].at && worker->maps[i].lease == &worker->own)
			drop(&worker->maps[i]);
	close(worker->own.fd);
	make_lease(&worker->prng, &worker->own, &worker->own.own_phase);
}

/* The fork's mappings are those of this moment; it touches them, and ends */
static void fork_one(struct worker *worker)
{
	pid_t pid = fork();

	if (pid < 0) {
		note(&shared->refused);
		return;
	}
	if (!pid) {
		worker->prng = prng_seeded(getpid());
		/* The parent's own lease has its phase in the parent's memory */
		for (int i = 0; i < MAPS; i++)
			if (worker->maps[i].at &&
			    worker->maps[i].lease != &worker->own)
				touch_some(&worker->prng, &worker->maps[i]);
		_exit(0);
	}
	if (prng_below(&worker->prng, 2))
		kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		note(&shared->refused);
	note(&shared->forks);
}

static void step(struct worker *worker)
{
	struct mapped *map = &worker->maps[prng_below(&worker->prng, MAPS)];
	uint32_t dice = prng_below(&worker->prng, 1000);

	if (dice < 1 && prng_below(&worker->prng, 4) == 0)
		take_back(any_lease(worker));
	else if (dice < 12)
		take_back(&worker->own);
	else if (dice < 30)
		renew_own(worker);
	else if (dice < 40)
		fork_one(worker);
	else if (dice < 250 || !map->at)
		map_one(worker, map);
	else if (dice < 300)
		drop(map);
	else if (dice < 350)
		cut(&worker->prng, map);
	else if (dice < 420)
		protect(&worker->prng, map);
	else
		touch_some(&worker->prng, map);
}

/* What there has to be more of than that */
static const struct {
	size_t counter;		/* of struct shared */
	long least;
	const char *text;
} wanted[] = {
	{ offsetof(struct shared, reads), 10000, "they read and wrote a lot" },
	{ offsetof(struct shared, sigbus), 100, "they met revoked leases" },
	{ offsetof(struct shared, maps), 1000, "they mapped a lot" },
	{ offsetof(struct shared, forks), 20, "they forked" },
	{ offsetof(struct shared, revokes), 20, "they revoked" },
};

static bool is_enough(size_t i)
{
	const char *counters = (const char *)shared;

	return *(const atomic_long *)(counters + wanted[i].counter) >
	       wanted[i].least;
}

/* On a slow machine all of that takes longer than it is to last. */
static bool goes_on(int64_t end)
{
	bool enough = true;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		enough &= is_enough(i);
	return now_us() < end || !enough;
}

static __attribute__((noreturn)) void work(uint64_t seed, int64_t end)
{
	static struct worker worker;

	worker.prng = prng_seeded(seed);
	worker.bar = (struct lease){ .fd = small.device, .size = AREA };
	make_lease(&worker.prng, &worker.own, &worker.own.own_phase);
	while (goes_on(end))
		step(&worker);
	_exit(0);
}

static int run(void)
{
	int64_t end = now_us() + SECONDS * 1000000ll;
	pid_t pids[WORKERS];
	int bad = 0, status, resets = 0;

	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			work(i + 1, end);
	}
	while (goes_on(end)) {
		sleep_ms(300);
		resets++;
		if (vfio_reset(&small))
			note(&shared->refused);
	}
	for (int i = 0; i < WORKERS; i++) {
		waitpid(pids[i], &status, 0);
		bad += status != 0;
	}
	diag("%ld words, %ld SIGBUS, %ld maps, %ld forks, %ld exports",
	     (long)shared->reads, (long)shared->sigbus, (long)shared->maps,
	     (long)shared->forks, (long)shared->exports);
	diag("%ld revokes, %ld mprotect(), %d resets", (long)shared->revokes,
	     (long)shared->protects, resets);
	return bad;
}

static void check(int bad)
{
	is_int(bad, 0, "%d processes worked for %d seconds or more and ended well",
	       WORKERS, SECONDS);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		ok(is_enough(i), "%s", wanted[i].text);
	is_int(shared->wrong, 0, "every word was right");
	is_int(shared->late, 0,
	       "no word and no mapping came after a revoke had returned");
	is_int(shared->early, 0, "no SIGBUS came before a revoke had begun");
	is_int(shared->refused, 0,
	       "no call failed, but mmap() of what was revoked");
}

int main(void)
{
	int fds = fds_open(), users = module_users(OUR_MODULE), bad;
	struct prng prng = prng_seeded(SEED);
	struct vfio again;

	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		bail("no memory");
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, AREA, PAGE, SEED);
	for (int i = 0; i < LEASES; i++)
		make_lease(&prng, &leases[i], &shared->phase[i]);

	bad = run();
	check(bad);

	for (int i = 0; i < LEASES; i++)
		close(leases[i].fd);
	vfio_close(&small);
	is_int(fds_open(), fds, "no fd is left over");
	is_int(module_users(OUR_MODULE), users,
	       "no reference to the driver is left over");
	is_ok(vfio_try_open(&again, dev_small()),
	      "the device can be opened again");
	vfio_close(&again);
	return tap_done();
}
