// SPDX-License-Identifier: MIT
/*
 * A primary that has an event loop of its own, and the server as one part of
 * it: says who gets what, resets the device on SIGHUP, and ends on SIGTERM
 *
 * Usage: epoll-primary BDF SOCKET
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <barlease.h>

#define NR_QUEUES	4

static struct barlease_device *device;
static struct barlease_server *server;

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(EXIT_FAILURE, "%s: %s", what, strerror(-ret));
}

/* Root may have everything, and everybody else the queues */
static bool allowed(void *data, const struct barlease_peer *peer,
		    const char *slice, void *context)
{
	(void)data;
	(void)context;
	return !peer->uid || !strncmp(slice, "queue-", strlen("queue-"));
}

static void acquired(void *data, const struct barlease_holding *lease)
{
	(void)data;
	printf("lease %" PRIu32 ": uid %u has %s\n", lease->id,
	       lease->peer->uid, lease->slice);
}

static void ended(void *data, const struct barlease_holding *lease)
{
	static const char *const why[] = {
		[BARLEASE_RELEASED] = "released",
		[BARLEASE_DISCONNECTED] = "disconnected",
		[BARLEASE_ORDERED] = "ordered",
		[BARLEASE_FORBIDDEN] = "forbidden",
		[BARLEASE_SHUTDOWN] = "shutdown",
		[BARLEASE_GONE] = "gone",
	};

	(void)data;
	printf("lease %" PRIu32 ": uid %u had %s, %s\n", lease->id,
	       lease->peer->uid, lease->slice, why[lease->reason]);
}

static void refused(void *data, const struct barlease_peer *peer,
		    const char *why)
{
	(void)data;
	printf("uid %u, pid %d: %s\n", peer->uid, peer->pid, why);
}

static const struct barlease_server_ops ops = {
	.size = sizeof(ops),
	.allowed = allowed,
	.acquired = acquired,
	.ended = ended,
	.refused = refused,
};

/* One page each for one holder each; and all of them together, to look at */
static void offer_slices(void)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	struct barlease_range range = { .length = page };
	struct barlease_slice slice = {
		.group = "queues",
		.bar = 2,
		.ranges = &range,
		.nr_ranges = 1,
		.max_holders = 1,
	};
	char name[32];

	slice.name = name;
	for (int i = 0; i < NR_QUEUES; i++) {
		snprintf(name, sizeof(name), "queue-%d", i);
		range.offset = i * page;
		check(barlease_server_add_slice(server, device, &slice), name);
	}

	slice.name = "overview";
	slice.group = NULL;
	slice.flags = BARLEASE_READ_ONLY;
	slice.max_holders = 0;
	range.offset = 0;
	range.length = NR_QUEUES * page;
	check(barlease_server_add_slice(server, device, &slice), slice.name);
}

static int catch_signals(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &signals, NULL))
		err(EXIT_FAILURE, "signalfd");
	return fd;
}

/* Whether to go on */
static bool handle_signal(int fd)
{
	struct signalfd_siginfo info;
	int ret;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		err(EXIT_FAILURE, "signalfd");
	if (info.ssi_signo != SIGHUP)
		return false;
	ret = barlease_server_reset(server, device);
	printf("reset: %s\n", ret ? strerror(-ret) : "done");
	return true;
}

static void watch(int loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event))
		err(EXIT_FAILURE, "epoll_ctl");
}

static void run(int signals)
{
	int loop = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	if (loop < 0)
		err(EXIT_FAILURE, "epoll_create1");
	watch(loop, signals);
	watch(loop, barlease_server_fd(server));
	for (;;) {
		if (epoll_wait(loop, &event, 1, -1) < 0) {
			if (errno != EINTR)
				err(EXIT_FAILURE, "epoll_wait");
		} else if (event.data.fd != signals) {
			check(barlease_server_dispatch(server), "server");
		} else if (!handle_signal(signals)) {
			break;
		}
	}
	close(loop);
}

int main(int argc, char **argv)
{
	int signals, listener;

	if (argc != 3)
		errx(EXIT_FAILURE, "usage: %s BDF SOCKET", argv[0]);
	setlinebuf(stdout);
	signals = catch_signals();
	check(barlease_device_open(argv[1], BARLEASE_BACKEND_ANY, &device),
	      argv[1]);
	listener = barlease_listen(argv[2], 0666);
	check(listener, argv[2]);
	check(barlease_server_new(listener, &ops, NULL, &server), "server");
	offer_slices();
	printf("ready\n");
	run(signals);
	barlease_server_free(server);
	barlease_device_close(device);
	unlink(argv[2]);
	return EXIT_SUCCESS;
}
