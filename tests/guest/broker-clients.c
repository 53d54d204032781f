// SPDX-License-Identifier: MIT
/*
 * barleased and many clients: each gets what it may have, and nobody else's
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "fds.h"
#include "lease.h"
#include "pattern.h"
#include "tap.h"

#define CLIENTS		64
#define CONNECTIONS	1000
#define FIRST_UID	3000
#define SEED		9
#define FRAMES		MIB(1)	/* where they begin in the BAR */

static char answer[1 << 17];

static void configure(void)
{
	broker_configure("[device %s]\n"
			 "[slice frame]\n"
			 "bar = 2\n"
			 "ranges = 1M+4K\n"
			 "count = %d\n"
			 "stride = 4K\n"
			 "exclusive = yes\n"
			 "groups = *\n"
			 "[slice one]\n"
			 "bar = 2\n"
			 "ranges = 2M+4K, 3M+8K\n"
			 "users = %d\n"
			 "[slice workers]\n"
			 "bar = 2\n"
			 "ranges = 8M+2M\n"
			 "access = ro\n"
			 "groups = worker1\n"
			 "[slice few]\n"
			 "bar = 2\n"
			 "ranges = 12M+4K\n"
			 "users = *\n"
			 "max-holders = 3\n",
			 dev_small().name, CLIENTS, FIRST_UID + 1);
}

static void fill(void)
{
	struct vfio vfio = vfio_open(dev_small());

	pattern_fill(&vfio, BAR2, 0, MIB(16), 4, SEED);
	vfio_close(&vfio);
}

static void connect_all(struct peer *clients)
{
	long bad = 0;

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_process(FIRST_UID + i);
		bad += client_call(&clients[i], client_connect, 0) != 0;
	}
	is_int(bad, 0, "%d processes, each of a user of its own, connect",
	       CLIENTS);
}

/* Which frame each of them has, in @frames */
static void one_frame_each(struct peer *clients, long *frames)
{
	long refused = 0, wrong = 0, twice = 0, taken[CLIENTS] = { 0 };

	for (int i = 0; i < CLIENTS; i++) {
		refused += client_call(&clients[i], client_acquire,
				       (long)"frame", BARLEASE_ANY) <= 0;
		frames[i] = client_call(&clients[i], client_slice_number, 0);
		if (frames[i] < 0 || frames[i] >= CLIENTS)
			bail("frame %ld", frames[i]);
		twice += taken[frames[i]]++;
		wrong += client_call(&clients[i], client_pattern_errors,
				     FRAMES + frames[i] * PAGE, SEED);
	}
	is_int(refused, 0, "each gets a lease of any of the %d frames",
	       CLIENTS);
	is_int(twice, 0, "no two have the same one");
	is_int(wrong, 0, "every word of each is the right one");
}

static void no_bytes_of_others(struct peer *clients)
{
	long bad = 0;

	for (int i = 0; i < CLIENTS; i++)
		bad += client_call(&clients[i], client_write, 8, 7000 + i) != 0;
	for (int i = 0; i < CLIENTS; i++)
		bad += client_call(&clients[i], client_read, 8) != 7000 + i;
	is_int(bad, 0, "what each writes, it reads, after all have written");
}

static void the_rest_is_refused(struct peer *clients)
{
	long shown = client_call(&clients[0], client_list, 0);
	struct peer late = client_process(FIRST_UID + CLIENTS);

	is_int(shown, CLIENTS + 1,
	       "one of them is shown the frames, and what everybody may have");
	is_int(client_call(&clients[1], client_list, 0), CLIENTS + 2,
	       "another is shown one more, which is for it alone");
	is_error(client_call(&clients[0], client_acquire, (long)"one", 0),
		 EACCES, "who may not have it is refused: EACCES");
	is_error(client_call(&clients[0], client_acquire, (long)"workers", 0),
		 EACCES, "so is who is not in the group");
	is_error(client_call(&clients[0], client_acquire, (long)"none", 0),
		 ENOENT, "what does not exist is ENOENT");
	is_error(client_call(&clients[0], client_acquire, (long)"one",
			     BARLEASE_ANY), ENOENT, "so is a group of no name");
	is_int(client_call(&late, client_connect, 0), 0,
	       "one more client comes");
	is_error(client_call(&late, client_acquire, (long)"frame",
			     BARLEASE_ANY), EBUSY,
		 "there is no frame left for it: EBUSY");
	is_error(client_call(&late, client_acquire, (long)"frame-5", 0), EBUSY,
		 "nor can it have another's");

	peer_kill(&clients[5]);
	comes_true(client_call(&late, client_acquire, (long)"frame",
			       BARLEASE_ANY) > 0);
	is_int(client_call(&late, client_read, 8), 7005,
	       "when another one is killed, it gets that one's frame");
	peer_stop(&late);
}

static void by_group(void)
{
	struct peer worker = client_process(1001);

	client_call(&worker, client_connect, 0);
	is_ok(client_call(&worker, client_acquire, (long)"workers", 0),
	      "a member of the group gets the slice for it");
	is_int(client_call(&worker, client_pattern_errors, MIB(8), SEED), 0,
	       "every word of it is the right one");
	is_error(client_call(&worker, client_try_map, 0), 0,
		 "it can be mapped to be read");
	peer_stop(&worker);
}

static void at_most_three(struct peer *clients)
{
	long granted = 0;

	for (int i = 10; i < 14; i++)
		granted += client_call(&clients[i], client_acquire,
				       (long)"few", 0) > 0;
	is_int(granted, 3, "a slice of at most three holders has three");
}

static void administrator_sees(const struct peer *clients, const long *frames)
{
	int admin = admin_connect();
	char line[256];
	long found = 0;

	admin_ask(admin, "leases", answer, sizeof(answer));
	for (int i = 14; i < CLIENTS; i++) {
		const char *at;

		snprintf(line, sizeof(line),
			 "slice=frame-%ld device=%s bar=2 ranges=%#lx+0x1000 size=4096 access=rw memattr=nc uid=%d gid=%d pid=%d inode=",
			 frames[i], dev_small().name,
			 (long)FRAMES + frames[i] * 0x1000, FIRST_UID + i,
			 FIRST_UID + i, clients[i].pid);
		at = strstr(answer, line);
		found += at && admin_number(at, "inode") > 0 &&
			 admin_number(at, "since") > 0;
	}
	is_int(found, CLIENTS - 14, "the administrator is shown who has what");
	admin_ask(admin, "slices", answer, sizeof(answer));
	snprintf(line, sizeof(line),
		 "slice name=one group=- device=%s bar=2 ranges=0x200000+0x1000,0x300000+0x2000 size=12288 access=rw memattr=nc exclusive=0 max=0 per-user=0 holders=0\n",
		 dev_small().name);
	ok(strstr(answer, line), "and what there is");
	ok(strstr(answer, "exclusive=1 max=0 per-user=0 holders=1\n"),
	   "and how many hold it");
	snprintf(line, sizeof(line), "device name=%s state=open\nok\n", dev_small().name);
	admin_ask(admin, "devices", answer, sizeof(answer));
	ok(!strcmp(answer, line), "and of which device");
	ok(!admin_ask(admin, "sing", answer, sizeof(answer)),
	   "another request is an error");
	close(admin);
}

static long connect_as_user(int fd, const long *args)
{
	struct barlease_client *client;
	int ret;

	(void)fd;
	(void)args;
	ret = barlease_client_connect(BROKER_ADMIN, &client);
	if (!ret)
		barlease_client_close(client);
	return ret;
}

static void administrator_is_root(void)
{
	struct peer worker = client_process(1001);

	is_error(client_call(&worker, connect_as_user, 0), EACCES,
		 "nobody else gets at the administrator's socket: EACCES");
	peer_stop(&worker);
}

static void a_thousand(void)
{
	static struct barlease_client *clients[CONNECTIONS];
	int connected = 0, granted = 0, admin = admin_connect();

	fds_allow(4 * CONNECTIONS);
	for (int i = 0; i < CONNECTIONS; i++) {
		struct barlease_lease lease;

		if (barlease_client_connect(BROKER_SOCKET, &clients[i]))
			break;
		connected++;
		if (barlease_client_acquire(clients[i], "many", 0, &lease))
			continue;
		granted++;
		close(lease.fd);
	}
	is_int(connected, CONNECTIONS, "%d connections at a time", CONNECTIONS);
	is_int(granted, CONNECTIONS, "and a lease for each");
	is_int(admin_count(admin, "leases", "lease "), CONNECTIONS,
	       "the administrator is shown all");
	for (int i = 0; i < connected; i++)
		barlease_client_close(clients[i]);
	admin_leases(admin, 0, "when they are gone, no lease is left");
	close(admin);
}

static void all_end_with_the_broker(struct peer *clients, pid_t broker)
{
	long told = 0, sigbus = 0, enodev = 0;

	is_int(broker_stop(broker), 0, "on SIGTERM, the broker ends with 0");
	for (int i = 20; i < CLIENTS; i++) {
		told += client_call(&clients[i], client_event, 0) ==
			CLIENT_REVOKED(BARLEASE_SHUTDOWN);
		sigbus += client_call(&clients[i], client_read, 8) == -EFAULT;
		enodev += client_call(&clients[i], client_try_map, 0) ==
			  -ENODEV;
	}
	is_int(told, CLIENTS - 20, "each client was told that it ends");
	is_int(sigbus, CLIENTS - 20, "each lease is SIGBUS");
	is_int(enodev, CLIENTS - 20, "and cannot be mapped: ENODEV");
	ok(access(BROKER_SOCKET, F_OK) && access(BROKER_ADMIN, F_OK),
	   "its sockets are gone");
}

int main(void)
{
	static struct peer clients[CLIENTS];
	long frames[CLIENTS];
	pid_t broker;
	int before;

	NEEDS_SMALL_PAGES;
	broker_set_up();
	fill();
	configure();
	broker = broker_start();
	before = broker_fds(broker);

	connect_all(clients);
	one_frame_each(clients, frames);
	no_bytes_of_others(clients);
	the_rest_is_refused(clients);
	by_group();
	administrator_sees(clients, frames);
	administrator_is_root();
	at_most_three(clients);
	all_end_with_the_broker(clients, broker);
	for (int i = 0; i < CLIENTS; i++)
		if (i != 5)
			peer_stop(&clients[i]);

	broker_configure("[device %s]\n"
			 "[slice many]\nbar=2\nranges=0+4K\nusers=root\n"
			 "[broker]\nuser-connections = %d\n",
			 dev_small().name, CONNECTIONS);
	broker = broker_start();
	a_thousand();
	broker_has_fds(broker, before,
		       "the broker has no more files open than at first");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	return tap_done();
}
