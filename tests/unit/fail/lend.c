// SPDX-License-Identifier: MIT
/*
 * Both sides of the library, one after the other, in one process: slices of devices
 * that are not there are offered, listed, acquired, used with their interrupts and
 * memory, revoked, acquired again, released
 *
 * Copyright (C) 2026 The barlease authors
 *
 *	lend PATH		socket to lend at
 *	lend PATH serve		no client but those who come; until SIGTERM
 *
 * Says what has failed, and ends with 1 then. All is done three times, and what may
 * fail does so in the second one (preload.h): it leaves as much memory and as many
 * descriptors as there were before.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../fake-device.h"
#include "preload.h"

#define NR_SLICES	40
#define NR_QUEUES	2
#define PAGE		4096ull
#define DMA		(64 * PAGE)

/* What a cycle may have of each, and more */
#define NR_FDS		64
#define NR_THREADS	4

/* The first one has MSI-X and memory, the second one an INTx */
static struct barlease_device devices[2];
static struct barlease_server *server;
static atomic_bool over;

static int failed(const char *what, int ret)
{
	fprintf(stderr, "lend: %s: %s\n", what, strerror(-ret));
	return ret;
}

static void init_devices(void)
{
	for (int i = 0; i < 2; i++)
		fake_device_init(&devices[i]);
	devices[0].interrupts.kind = BARLEASE_MSIX_VECTORS;
	devices[0].interrupts.nr = FAKE_VECTORS;
	devices[0].space = (struct barlease_address_space){
		.id = 1, .granule = PAGE, .nr_ranges = 1,
	};
	devices[0].ranges[0] = (struct barlease_range){ 0, 1ull << 32 };
	devices[1].interrupts.kind = BARLEASE_INTX;
	devices[1].interrupts.nr = 1;
}

/* ---- Who lends ---------------------------------------------------------- */

static void *serve(void *arg)
{
	struct pollfd fd = { .fd = barlease_server_fd(server), .events = POLLIN };

	while (!atomic_load(&over)) {
		poll(&fd, 1, 10);
		barlease_server_dispatch(server);
	}
	return arg;
}

static int offer_pages(void)
{
	char name[BARLEASE_NAME_MAX];
	int ret = 0;

	for (unsigned int i = 0; !ret && i < NR_SLICES; i++) {
		const struct barlease_range range = { PAGE * i, PAGE };
		const struct barlease_slice slice = {
			.name = name,
			.group = "group",
			.bar = FAKE_BAR,
			.ranges = &range,
			.nr_ranges = 1,
			.flags = BARLEASE_EXCLUSIVE,
		};

		snprintf(name, sizeof(name), "slice-%u", i);
		ret = barlease_server_add_slice(server, &devices[0], &slice);
	}
	return ret;
}

static int offer_queues(void)
{
	const struct barlease_range range = { PAGE * NR_SLICES, PAGE };
	struct barlease_slice slice = {
		.name = "queue",
		.bar = FAKE_BAR,
		.ranges = &range,
		.nr_ranges = 1,
		.flags = BARLEASE_EXCLUSIVE,
		.nr_vectors = 2,
		.dma = DMA,
	};
	int ret = barlease_server_add_slice(server, &devices[0], &slice);

	slice.name = "line";
	slice.flags |= BARLEASE_RESET;
	slice.nr_vectors = 1;
	slice.dma = 0;
	return ret ?: barlease_server_add_slice(server, &devices[1], &slice);
}

static int open_server(const char *path, int *listener)
{
	int ret;

	*listener = barlease_listen(path, 0600);
	if (*listener < 0)
		return failed("listen", *listener);
	ret = barlease_server_new(*listener, NULL, NULL, &server);
	if (ret) {
		close(*listener);
		return failed("server", ret);
	}
	ret = offer_pages();
	ret = ret ?: offer_queues();
	return ret ? failed("offer", ret) : 0;
}

/* Whatever has failed, nothing of it is left */
static void look_at(const struct barlease_device *device)
{
	if (device->revokes != device->exports || device->nr_maps)
		abort();
	for (int i = 0; i < FAKE_VECTORS; i++)
		if (device->eventfds[i])
			abort();
}

static void close_server(const char *path, int listener)
{
	barlease_server_free(server);
	for (int i = 0; i < 2; i++)
		look_at(&devices[i]);
	close(listener);
	unlink(path);
}

/* ---- Who borrows -------------------------------------------------------- */

static int acquire_and_release(struct barlease_client *client)
{
	struct barlease_lease lease;
	int ret;

	ret = barlease_client_acquire(client, "group", BARLEASE_ANY, &lease);
	if (ret)
		return failed("acquire", ret);
	close(lease.fd);
	ret = barlease_client_release(client, lease.id);
	return ret ? failed("release", ret) : 0;
}

static int set_interrupts(struct barlease_client *client, uint32_t lease, int fd)
{
	int ret = barlease_client_set_interrupt(client, lease, 0, fd);

	ret = ret ?: barlease_client_set_interrupt(client, lease, 1, fd);
	/* Another one in its place, and none */
	ret = ret ?: barlease_client_set_interrupt(client, lease, 1, fd);
	ret = ret ?: barlease_client_set_interrupt(client, lease, 0, -1);
	return ret ? failed("interrupt", ret) : 0;
}

static int with_eventfd(struct barlease_client *client, uint32_t lease,
			int (*run)(struct barlease_client *client,
				   uint32_t lease, int fd))
{
	int fd = eventfd(0, EFD_CLOEXEC), ret;

	if (fd < 0)
		return failed("eventfd", -errno);
	ret = run(client, lease, fd);
	close(fd);
	return ret;
}

/* The first piece is unmapped by its holder, the others by the end */
static int map(struct barlease_client *client, uint32_t lease, int fd)
{
	uint64_t address, other;
	int ret = barlease_client_map(client, lease, fd, 0, PAGE, 0, &address);

	ret = ret ?: barlease_client_map(client, lease, fd, PAGE, 2 * PAGE,
					 BARLEASE_READ_ONLY, &other);
	ret = ret ?: barlease_client_unmap(client, lease, address);
	ret = ret ?: barlease_client_map(client, lease, fd, 0, 2 * PAGE, 0,
					 &other);
	return ret ? failed("map", ret) : 0;
}

static int with_memory(struct barlease_client *client, uint32_t lease)
{
	struct barlease_memory memory;
	int ret = barlease_memory_new(4 * PAGE, 0, &memory);

	if (ret)
		return failed("memory", ret);
	ret = map(client, lease, memory.fd);
	barlease_memory_free(&memory);
	return ret;
}

/* What takes a thread to be closed: the server wants an eventfd */
static int with_wrong_fd(struct barlease_client *client, uint32_t lease)
{
	int ends[2], ret;

	if (pipe2(ends, O_CLOEXEC))
		return failed("pipe", -errno);
	ret = barlease_client_set_interrupt(client, lease, 0, ends[0]);
	close(ends[0]);
	close(ends[1]);
	if (ret != -EINVAL)
		return failed("wrong fd", ret ?: -ENODATA);
	return 0;
}

static int use_queue(struct barlease_client *client, uint32_t lease)
{
	int ret = with_eventfd(client, lease, set_interrupts);

	ret = ret ?: with_memory(client, lease);
	return ret ?: with_wrong_fd(client, lease);
}

static int set_line(struct barlease_client *client, uint32_t lease, int fd)
{
	int ret = barlease_client_set_interrupt(client, lease, 0, fd);

	ret = ret ?: barlease_client_set_unmask(client, lease, fd);
	return ret ? failed("line", ret) : 0;
}

static int use_line(struct barlease_client *client, uint32_t lease)
{
	return with_eventfd(client, lease, set_line);
}

static int use_one(struct barlease_client *client, const char *name,
		   int (*run)(struct barlease_client *client, uint32_t lease))
{
	struct barlease_lease lease;
	int ret, released;

	ret = barlease_client_acquire(client, name, 0, &lease);
	if (ret)
		return failed(name, ret);
	close(lease.fd);
	ret = run(client, lease.id);
	released = barlease_client_release(client, lease.id);
	if (!ret && released)
		ret = failed("release", released);
	return ret;
}

static int use(struct barlease_client *client)
{
	struct barlease_slice_info *slices;
	size_t nr;
	int ret;

	ret = barlease_client_list(client, &slices, &nr);
	if (ret)
		return failed("list", ret);
	free(slices);
	if (nr != NR_SLICES + NR_QUEUES)
		return failed("list", -ENODATA);
	ret = acquire_and_release(client);
	ret = ret ?: acquire_and_release(client);
	ret = ret ?: use_one(client, "queue", use_queue);
	return ret ?: use_one(client, "line", use_line);
}

static int use_once(const char *path)
{
	struct barlease_client *client;
	int ret;

	ret = barlease_client_connect(path, &client);
	if (ret)
		return failed("connect", ret);
	ret = use(client);
	barlease_client_close(client);
	return ret;
}

/* Whatever has failed the first time, the second one finds nothing of it. */
static int use_twice(const char *path)
{
	pthread_t thread;
	int first, second;

	atomic_store(&over, false);
	if (pthread_create(&thread, NULL, serve, NULL))
		return failed("thread", -EAGAIN);
	first = use_once(path);
	second = use_once(path);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	if (first && second)
		abort();
	return first ? first : second;
}

static int cycle(const char *path)
{
	int listener, ret;

	init_devices();
	server = NULL;
	ret = open_server(path, &listener);
	if (!ret)
		ret = use_twice(path);
	if (server)
		close_server(path, listener);
	return ret;
}

/* ---- Three times -------------------------------------------------------- */

static int (*after)(int calls);
static long (*blocks)(void);

/* What there is before, and has to be afterwards */
struct kept {
	long blocks;
	int fds;
};

static struct kept now(void)
{
	struct kept kept = { .blocks = blocks ? blocks() : 0 };

	for (int fd = 0; fd < NR_FDS; fd++)
		kept.fds += fcntl(fd, F_GETFD) >= 0;
	return kept;
}

/* A file that a peer has sent is closed by a thread that nobody waits for */
static bool is_kept(const struct kept *before)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct kept kept = now();

	for (int i = 0; i < 5000; i++) {
		if (kept.fds == before->fds && kept.blocks == before->blocks)
			return true;
		nanosleep(&pause, NULL);
		kept = now();
	}
	fprintf(stderr, "lend: %ld blocks and %d descriptors, and before that %ld and %d\n",
		kept.blocks, kept.fds, before->blocks, before->fds);
	return false;
}

static void *wait_for_others(void *arg)
{
	pthread_barrier_wait(arg);
	return NULL;
}

/* The C library keeps what it has once had for a thread */
static void have_threads(void)
{
	pthread_t threads[NR_THREADS];
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, NR_THREADS);
	for (int i = 0; i < NR_THREADS; i++)
		if (pthread_create(&threads[i], NULL, wait_for_others, &barrier))
			abort();
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
}

static int lend(const char *path)
{
	struct kept before;
	int calls, ret;

	*(void **)&after = dlsym(RTLD_DEFAULT, "fail_after");
	*(void **)&blocks = dlsym(RTLD_DEFAULT, "fail_blocks");
	calls = after ? after(0) : 0;
	have_threads();
	if (cycle(path))
		abort();
	before = now();
	if (after)
		after(calls);
	ret = cycle(path);
	if (after)
		after(0);
	if (!is_kept(&before) || cycle(path))
		abort();
	return ret;
}

/* ---- For others --------------------------------------------------------- */

static int serve_others(const char *path)
{
	pthread_t thread;
	sigset_t term;
	int listener, signal, ret;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	init_devices();
	ret = open_server(path, &listener);
	if (ret)
		return ret;
	if (pthread_create(&thread, NULL, serve, NULL))
		abort();
	sigwait(&term, &signal);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	close_server(path, listener);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return lend(argv[1]) != 0;
	if (argc == 3 && !strcmp(argv[2], "serve"))
		return serve_others(argv[1]) != 0;
	return 2;
}
