// SPDX-License-Identifier: MIT
/*
 * Both sides of the library, one after the other, in one process: a slice of a device
 * that is not there is offered, listed, acquired, revoked, acquired again, released
 *
 * Copyright (C) 2026 The barlease authors
 *
 *	lend PATH	socket to lend at
 *
 * Says what has failed, and ends with 1 then.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fake-device.h"

#define NR_SLICES	40

static struct barlease_device device;
static struct barlease_server *server;
static atomic_bool over;

static int failed(const char *what, int ret)
{
	fprintf(stderr, "lend: %s: %s\n", what, strerror(-ret));
	return ret;
}

static void *serve(void *arg)
{
	struct pollfd fd = { .fd = barlease_server_fd(server), .events = POLLIN };

	while (!atomic_load(&over)) {
		poll(&fd, 1, 10);
		barlease_server_dispatch(server);
	}
	return arg;
}

static int offer(void)
{
	char name[BARLEASE_NAME_MAX];
	int ret = 0;

	for (unsigned int i = 0; !ret && i < NR_SLICES; i++) {
		const struct barlease_range range = { 4096ull * i, 4096 };
		const struct barlease_slice slice = {
			.name = name,
			.group = "group",
			.bar = FAKE_BAR,
			.ranges = &range,
			.nr_ranges = 1,
			.flags = BARLEASE_EXCLUSIVE,
		};

		snprintf(name, sizeof(name), "slice-%u", i);
		ret = barlease_server_add_slice(server, &device, &slice);
	}
	return ret;
}

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

static int use(struct barlease_client *client)
{
	struct barlease_slice_info *slices;
	size_t nr;
	int ret;

	ret = barlease_client_list(client, &slices, &nr);
	if (ret)
		return failed("list", ret);
	free(slices);
	if (nr != NR_SLICES)
		return failed("list", -ENODATA);
	ret = acquire_and_release(client);
	return ret ? ret : acquire_and_release(client);
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

static int lend(const char *path, int listener)
{
	int ret;

	ret = barlease_server_new(listener, NULL, NULL, &server);
	if (ret)
		return failed("server", ret);
	ret = offer();
	ret = ret ? failed("offer", ret) : use_twice(path);
	barlease_server_free(server);
	if (device.revokes != device.exports)
		abort();
	return ret;
}

int main(int argc, char **argv)
{
	int listener, ret;

	if (argc != 2)
		return 2;
	fake_device_init(&device);
	listener = barlease_listen(argv[1], 0600);
	if (listener < 0)
		return failed("listen", listener) != 0;
	ret = lend(argv[1], listener);
	close(listener);
	unlink(argv[1]);
	return ret != 0;
}
