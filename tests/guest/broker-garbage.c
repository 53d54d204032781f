// SPDX-License-Identifier: MIT
/*
 * Clients of barleased that do not keep to the protocol: they are hung up on,
 * what they had is revoked, and nobody else notices
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "fds.h"
#include "lease.h"
#include "message.h"
#include "prng.h"
#include "tap.h"

#define LEASES	700	/* more than a socket and the broker's queue hold */
#define BURST	3000

/* See docs/protocol.md */
struct header {
	uint32_t length;
	uint16_t type;
	uint16_t flags;
	uint32_t serial;
	uint32_t reserved;
};

struct hello {
	struct header header;
	uint32_t magic;
	uint16_t lowest;
	uint16_t highest;
	uint32_t reserved;
};

struct list {
	struct header header;
	uint32_t first;
	uint32_t reserved;
};

struct acquire {
	struct header header;
	char name[64];
	uint32_t flags;
	uint32_t reserved;
};

struct error {
	struct header header;
	uint32_t error;
	uint32_t reserved;
	char text[128];
};

#define HELLO	1
#define LIST	2
#define ACQUIRE	3
#define WELCOME	0x8001
#define LEASE	0x8003
#define ERROR	0x8fff
#define MAGIC	0x4c524142

static const struct hello good_hello = {
	{ sizeof(struct hello), HELLO, 0, 1, 0 }, MAGIC, 1, 1, 0,
};

static struct peer bystander;
static pid_t broker;
/* It has them open when the bystander is its only client. */
static int fds;

static int raw_connect(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", BROKER_SOCKET);
	if (fd < 0 || connect(fd, (void *)&at, sizeof(at)))
		bail(BROKER_SOCKET ": %s", strerror(errno));
	return fd;
}

static bool raw_receive(int fd, void *data, size_t size)
{
	struct pollfd poll_in = { .fd = fd, .events = POLLIN };

	memset(data, 0, size);
	return poll(&poll_in, 1, PATIENCE_MS) == 1 && recv(fd, data, size, 0) > 0;
}

static int welcomed(void)
{
	struct error answer;
	int fd = raw_connect();

	message_send(fd, &good_hello, sizeof(good_hello), -1);
	if (!raw_receive(fd, &answer, sizeof(answer)) ||
	    answer.header.type != WELCOME)
		bail("no welcome");
	return fd;
}

/* Nothing more comes, after at most one error. Closes @fd */
static bool is_hung_up(int fd)
{
	struct pollfd poll_in = { .fd = fd, .events = POLLIN };
	char rest[4096];
	ssize_t n = -1;
	int packets = 0;

	while (poll(&poll_in, 1, PATIENCE_MS) == 1 && packets++ < 2000) {
		n = recv(fd, rest, sizeof(rest), 0);
		if (n <= 0)
			break;
	}
	close(fd);
	return n <= 0 && packets;
}

static void bystander_works(void)
{
	is_int(client_call(&bystander, client_read, 0), 77,
	       "meanwhile, another client's lease works");
}

/* What is answered to the first thing that is said */
static void first_words(const void *data, size_t size, int error,
			const char *name)
{
	struct error answer;
	int fd = raw_connect();

	message_send(fd, data, size, -1);
	raw_receive(fd, &answer, sizeof(answer));
	ok(answer.header.type == ERROR && answer.error == (uint32_t)error &&
	   is_hung_up(fd), "%s: %s, and the end", name,
	   strerrorname_np(error));
}

static void greetings(void)
{
	struct hello hello = good_hello;
	struct list early = { { sizeof(early), LIST, 0, 1, 0 }, 0, 0 };

	hello.magic = 7;
	first_words(&hello, sizeof(hello), EPROTO, "another magic");
	hello = good_hello;
	hello.lowest = 2;
	hello.highest = 9;
	first_words(&hello, sizeof(hello), EPROTONOSUPPORT,
		    "only versions to come");
	hello = good_hello;
	hello.header.length++;
	first_words(&hello, sizeof(hello), EPROTO, "a length that is not right");
	hello = good_hello;
	hello.header.reserved = 1;
	first_words(&hello, sizeof(hello), EPROTO, "a reserved field in use");
	hello = good_hello;
	hello.header.serial = 0;
	first_words(&hello, sizeof(hello), EPROTO, "serial 0");
	first_words(&good_hello, sizeof(good_hello) / 2, EPROTO,
		    "half of a message");
	first_words("", 1, EPROTO, "one byte");
	first_words(&early, sizeof(early), EPROTO, "no greeting at all");
	bystander_works();
}

static void noise(void)
{
	struct prng prng = prng_seeded(1);
	static uint8_t bytes[5000];
	int hung_up = 0;

	for (int i = 0; i < 300; i++) {
		size_t size = 1 + prng_below(&prng, sizeof(bytes));
		int fd = i % 2 ? raw_connect() : welcomed();

		for (size_t j = 0; j < size; j++)
			bytes[j] = prng_below(&prng, 256);
		/* Half of them begin well. */
		if (i % 4 > 1 && size >= sizeof(struct header))
			memcpy(bytes, &(struct header){ size, i % 5, 0, 9, 0 },
			       sizeof(struct header));
		message_send(fd, bytes, size, -1);
		shutdown(fd, SHUT_WR);
		hung_up += is_hung_up(fd);
	}
	is_int(hung_up, 300, "300 clients make noise, and are hung up on");
	bystander_works();
}

static void unexpected_fds(void)
{
	int gone = 0;
	struct list list = { { sizeof(list), LIST, 0, 5, 0 }, 0, 0 };

	for (int i = 0; i < 50; i++) {
		int fd = welcomed();

		message_send(fd, &list, sizeof(list), STDIN_FILENO);
		gone += is_hung_up(fd);
	}
	is_int(gone, 50, "whoever sends a file descriptor is hung up on");
	broker_has_fds(broker, fds, "the broker has kept none of them");
}

static struct acquire acquire_request(const char *name, uint32_t serial)
{
	struct acquire acquire = { { sizeof(acquire), ACQUIRE, 0, serial, 0 },
				   "", 0, 0 };

	snprintf(acquire.name, sizeof(acquire.name), "%s", name);
	return acquire;
}

/* A lease by hand; its DMABUF, or -1 */
static int raw_acquire(int fd, const char *name)
{
	struct acquire request = acquire_request(name, 3);
	uint8_t answer[128];
	struct header header;
	int dmabuf;

	message_send(fd, &request, sizeof(request), -1);
	message_receive(fd, answer, sizeof(answer), &dmabuf);
	memcpy(&header, answer, sizeof(header));
	return header.type == LEASE ? dmabuf : -1;
}

static void lease_of_a_sinner(void)
{
	int fd = welcomed(), lease = raw_acquire(fd, "page");
	struct list list = { { sizeof(list), LIST, 1, 5, 0 }, 0, 0 };

	is_ok(try_map(lease, 0, PAGE, RW, MAP_SHARED),
	      "a client has a lease, which can be mapped");
	message_send(fd, &list, sizeof(list), -1);
	ok(is_hung_up(fd), "it sends flags that there are none of, and is hung up on");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "its lease is revoked: ENODEV");
	close(lease);
	bystander_works();
}

static void flood(void)
{
	struct list list = { { sizeof(list), LIST, 0, 5, 0 }, 0, 0 };
	int fd = welcomed(), sent = 0, read = 0;
	char answer[4096];

	/* Until there is no room in the socket any more */
	while (sent < BURST &&
	       send(fd, &list, sizeof(list), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		sent++;
	diag("%d requests without a look at the replies", sent);
	bystander_works();
	while (read < sent && raw_receive(fd, answer, sizeof(answer)))
		read++;
	is_int(read, sent, "each of them is answered, once they are read");
	close(fd);
}

static int read_events(int fd)
{
	char event[4096];
	int events = 0;

	while (recv(fd, event, sizeof(event), MSG_DONTWAIT) > 0)
		events++;
	return events;
}

/* One lease for good, and many of another slice, which end all at once */
static void deaf(void)
{
	int fd = welcomed(), kept, leases[LEASES], granted = 0, admin, events = 0;

	kept = raw_acquire(fd, "page");
	for (int i = 0; i < LEASES; i++) {
		leases[i] = raw_acquire(fd, "many");
		granted += leases[i] >= 0;
	}
	is_int(granted, LEASES, "a client gets %d leases of one slice", LEASES);
	broker_configure("[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nusers=*\n",
			 dev_small().name);
	broker_reload(broker);
	admin = admin_connect();
	admin_leases(admin, 2,
		     "it loses them all at once, and keeps its other lease");
	close(admin);
	is_ok(try_map(kept, 0, PAGE, RW, MAP_SHARED),
	      "which works, though it reads nothing");
	bystander_works();
	/* What does not fit into its socket waits in the broker */
	for (int i = 0; i < LEASES && events < LEASES; i++) {
		events += read_events(fd);
		sleep_ms(10);
	}
	is_int(events, LEASES, "later on it reads of each that it is gone");
	for (int i = 0; i < LEASES; i++)
		close(leases[i]);
	close(kept);
	close(fd);
}

int main(void)
{
	fds_allow(4096);
	broker_set_up();
	broker_configure("[device %s]\n"
			 "[slice page]\nbar=2\nranges=0+4K\nusers=*\n"
			 "[slice many]\nbar=2\nranges=1M+4K\nusers=*\n",
			 dev_small().name);
	broker = broker_start();
	/* Its connection, and its lease */
	fds = broker_fds(broker) + 2;
	bystander = client_process(1001);
	if (client_call(&bystander, client_connect, 0) ||
	    client_call(&bystander, client_acquire, (long)"page", 0) < 0 ||
	    client_call(&bystander, client_write, 0, 77))
		bail("the other client gets no lease");

	greetings();
	noise();
	unexpected_fds();
	lease_of_a_sinner();
	flood();
	deaf();

	is_error(client_call(&bystander, client_event_now, 0), EAGAIN,
		 "the other client was told of nothing");
	broker_has_fds(broker, fds,
		       "the broker has no more files open than for that client");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	peer_stop(&bystander);
	return tap_done();
}
