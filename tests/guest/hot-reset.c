// SPDX-License-Identifier: MIT
/*
 * Clients that map, touch and unmap all the time keep no hot reset off, on
 * whichever device of the set
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "peer.h"
#include "tap.h"

#define EDU_ID	0x010000edu
#define SIZE	KIB(1024)	/* edu has no more */
#define RESETS	RESETS_OF(300)
#define THREADS	4

/* Of both clients together */
struct score {
	atomic_bool stop;
	atomic_long rounds;
	atomic_long wrong;
	atomic_long sigbus;
};

static struct score *score;

/* What a thread of a client does, and what it should read */
struct job {
	int lease;
	size_t size;
	uint32_t value;
};

static void *map_touch_unmap(void *arg)
{
	const struct job *job = arg;
	uint32_t value;
	mapping_t at;

	while (!atomic_load(&score->stop)) {
		/* No huge page fits there. */
		at = map_aligned(job->lease, 0, job->size, RW, MIB(2), PAGE);
		if (!read32(at, &value))
			atomic_fetch_add(&score->sigbus, 1);
		else if (value != job->value)
			atomic_fetch_add(&score->wrong, 1);
		unmap(at, job->size);
		atomic_fetch_add(&score->rounds, 1);
	}
	return NULL;
}

/* An ordinary user, with the lease and nothing else */
static long client(int fd, const long *args)
{
	struct job job = { .lease = fd, .size = args[0], .value = args[1] };
	pthread_t threads[THREADS];

	if (setgroups(0, NULL) || setgid(args[2]) || setuid(args[2]))
		return -errno;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, map_touch_unmap, &job))
			return -EAGAIN;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

struct tally {
	int busy;
	int failed;
};

static struct tally reset_often(const struct vfio *one, const struct vfio *two)
{
	struct tally tally = { 0 };
	int ret;

	for (int i = 0; i < RESETS; i++) {
		ret = vfio_hot_reset(i % 2 ? one : two);
		tally.busy += ret == -EBUSY;
		tally.failed += ret && ret != -EBUSY;
	}
	return tally;
}

static void under_faults(const struct vfio *edu, const struct vfio *testdev)
{
	int leases[] = { lease_of(edu->device, BAR0, 0, SIZE),
			 lease_of(testdev->device, BAR2, 0, SIZE) };
	struct peer clients[] = { peer_start(), peer_start() };
	/* There is no memory behind pci-testdev's BAR: 0 is what it answers. */
	const uint32_t words[] = { EDU_ID, vfio_get32(testdev, BAR2, 0) };
	struct tally tally;
	long before;

	for (int i = 0; i < 2; i++)
		peer_begin(&clients[i], client, leases[i],
			   ARGS(SIZE, words[i], 1001 + i));
	while (atomic_load(&score->rounds) < 100)
		usleep(1000);
	before = atomic_load(&score->rounds);
	tally = reset_often(edu, testdev);
	ok(atomic_load(&score->rounds) - before > RESETS,
	   "two clients map, touch and unmap meanwhile: %ld times",
	   atomic_load(&score->rounds) - before);
	is_int(tally.busy, 0, "of %d hot resets none is EBUSY", RESETS);
	is_int(tally.failed, 0, "nor fails otherwise");
	atomic_store(&score->stop, true);
	for (int i = 0; i < 2; i++)
		is_ok(peer_result(&clients[i]), "client %d ends well", i + 1);
	is_int(score->sigbus, 0, "no access was SIGBUS");
	is_int(score->wrong, 0, "no word was wrong");

	for (int i = 0; i < 2; i++) {
		peer_stop(&clients[i]);
		is_ok(lease_revoke(i ? testdev->device : edu->device, leases[i]),
		      "lease %d can be revoked", i + 1);
		close(leases[i]);
	}
}

/* Who does not own all of the set resets nothing, however busy it is */
static void without_the_group(const struct vfio *edu)
{
	struct vfio none = *edu;

	none.group = none.container;
	is_error(vfio_hot_reset(&none), EINVAL,
		 "with no group to show, a hot reset is EINVAL");
}

int main(void)
{
	struct vfio edu = vfio_open(dev_edu());
	struct vfio testdev = vfio_open_sibling(&edu, dev_testdev());

	score = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (score == MAP_FAILED)
		bail("mmap(): %s", strerror(errno));
	under_faults(&edu, &testdev);
	without_the_group(&edu);
	vfio_close(&testdev);
	vfio_close(&edu);
	return tap_done();
}
