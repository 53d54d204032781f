// SPDX-License-Identifier: MIT
/*
 * Leases outlive their broker where it is to be so: it is killed, or stopped, and another
 * one goes on; and what does not fit together is revoked
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "fds.h"
#include "manager.h"
#include "queue-lib.h"
#include "stack.h"
#include "tap.h"

/* Of the ledger's files: the header's last word, and where lines begin */
#define SERVED_AT	24
#define TEXT_AT		65536

/* That its lease is about to be revoked */
#define ORDERED		CLIENT_REVOKING(BARLEASE_ORDERED)

static char answer[1 << 14];

static const char slices[] =
	"[broker]\nkeep=%s\nreconnect=3s\n"
	"[device %s]\n"
	"[slice page]\nbar=2\nranges=0+4K\nusers=*\n"
	"[slice parts]\nbar=2\nranges=64K+4K,16K+8K\nusers=*\nmemattr=wc\n"
	"[slice one]\nbar=2\nranges=1M+4K\nusers=*\nexclusive=yes\n"
	"[slice brief]\nbar=2\nranges=2M+4K\nusers=*\nmax-time=4s\n";

static long acquire(const struct peer *peer, const char *name)
{
	return client_call(peer, client_acquire, (long)name, 0);
}

static bool asked(int admin, const char *request)
{
	return admin_ask(admin, request, answer, sizeof(answer));
}

/* It has done all that was asked of it before, and so does not leave half of it */
static void kill_idle(pid_t broker)
{
	int admin = admin_connect();

	asked(admin, "counters");
	close(admin);
	kill(broker, SIGKILL);
	broker_end(broker);
}

static pid_t after_kill(pid_t broker)
{
	kill_idle(broker);
	return broker_start_managed();
}

static void ends(pid_t broker)
{
	kill(broker, SIGINT);
	is_int(broker_end(broker), 0, "the broker ends with 0");
	manager_forget("");
}

static void killed_and_stopped(void)
{
	struct peer first, second;
	long one, times;
	pid_t broker;
	int admin, watch;

	broker_configure(slices, "yes", dev_small().name);
	broker = broker_start_managed();
	first = client_connected(1001);
	second = client_connected(1002);
	one = acquire(&first, "page");
	acquire(&second, "parts");
	peer_begin(&first, client_work, -1, ARGS(0, ORDERED));
	for (int i = 0; i < 5; i++) {
		broker = after_kill(broker);
		kill(broker, SIGTERM);
		is_int(broker_end(broker), 0, "it is killed, and stopped");
		broker = broker_start_managed();
	}
	admin = admin_connect();
	is_int(admin_count(admin, "leases", "lease"), 2, "there are two leases");
	ok(client_works(&second), "one works");
	watch = admin_connect();
	dprintf(watch, "revoke id=%ld grace=10s\n", one);
	times = peer_result(&first);
	ok(times > 0, "the other one does: %ld accesses, and none failed", times);
	is_ok(client_call(&first, client_release, one), "it is given back");
	ok(asked(admin, "revoke uid=1002"), "the first one is revoked");
	is_error(client_call(&second, client_read, 0), EFAULT, "and is gone");
	client_hears(&second, CLIENT_REVOKED(BARLEASE_ORDERED),
		     "its holder is told");
	peer_stop(&first);
	peer_stop(&second);
	admin_leases(admin, 0, "no lease is left");
	close(watch);
	close(admin);
	ends(broker);
}

/* One of each state that a lease can be in */
static void all_states(void)
{
	struct peer paused, brief, gone, waits, holds;
	long request, id;
	pid_t broker = broker_start_managed();
	int admin = admin_connect();

	paused = client_connected(1001);
	brief = client_connected(1002);
	gone = client_connected(1003);
	waits = client_connected(1001);
	holds = client_connected(1002);
	acquire(&paused, "page");
	acquire(&brief, "brief");
	acquire(&gone, "page");
	id = acquire(&holds, "one");
	request = client_call(&waits, client_start_wait, (long)"one", 60000);
	client_call(&paused, client_write, 0, 99);
	asked(admin, "pause uid=1001");
	client_hears(&paused, BARLEASE_EVENT_PAUSED, "a lease is paused");
	peer_begin(&paused, client_read, -1, ARGS(0));
	ok(sleeps_in(paused.pid, "wait_at_gate"), "its holder waits");
	close(admin);

	kill_idle(broker);
	/* While nobody is there */
	peer_kill(&gone);
	sleep_ms(500);
	broker = broker_start_managed();
	admin = admin_connect();
	admin_leases(admin, 2, "who went meanwhile has no lease any more");
	ok(sleeps_in(paused.pid, "wait_at_gate"), "who waited still does");
	ok(asked(admin, "resume uid=1001"), "it is resumed");
	is_int(peer_result(&paused), 99, "and goes on");
	is_ok(client_call(&holds, client_release, id), "a slice becomes free");
	client_hears(&waits, BARLEASE_EVENT_ANSWERED, "who has waited is told");
	ok(client_call(&waits, client_finish, request) > 0,
	   "and gets it");
	client_hears(&brief, CLIENT_REVOKED(BARLEASE_EXPIRED),
		     "a term is over in time");
	peer_stop(&paused);
	peer_stop(&brief);
	peer_stop(&waits);
	peer_stop(&holds);
	admin_leases(admin, 0, "in the end, there are none");
	close(admin);
	ends(broker);
}

/* What the service manager does at the end of a service */
static void the_service_ends(void)
{
	struct peer peer;
	pid_t broker = broker_start_managed();

	peer = client_connected(1001);
	acquire(&peer, "page");
	kill(broker, SIGTERM);
	is_int(broker_end(broker), 0, "the broker is stopped");
	ok(client_works(&peer), "its leases go on");
	ok(manager_kept() > 4, "for somebody has its descriptors");
	manager_forget("");
	is_error(client_call(&peer, client_read, 0), EFAULT,
		 "when nobody has, they are revoked");
	is_error(client_call(&peer, client_event, 0), ECONNRESET,
		 "and the connection ends");
	peer_stop(&peer);
}

static void without(void)
{
	struct peer peer;
	pid_t broker;

	broker_configure(slices, "no", dev_small().name);
	broker = broker_start_managed();
	peer = client_connected(1001);
	acquire(&peer, "page");
	ok(client_works(&peer), "without \"keep\", a lease works");
	is_int(manager_kept(), 0, "nothing is kept");
	kill_idle(broker);
	is_error(client_call(&peer, client_read, 0), EFAULT,
		 "and is gone with its broker");
	peer_stop(&peer);
	broker_configure(slices, "yes", dev_small().name);
}

/* It is the same after it as before: nothing is left over, here or there */
static void nothing_is_left(void)
{
	pid_t broker = broker_start_managed();
	int fds = broker_fds(broker), kept = manager_kept();
	struct peer peer;
	int admin;

	for (int i = 0; i < 20; i++) {
		peer = client_connected(1001);
		acquire(&peer, "page");
		acquire(&peer, "parts");
		broker = after_kill(broker);
		ok(client_works(&peer), "another lease goes on");
		peer_stop(&peer);
	}
	admin = admin_connect();
	admin_leases(admin, 0, "in the end, there are no leases");
	close(admin);
	broker_has_fds(broker, fds, "and as many files are open as at first");
	ok(comes_true(manager_kept() == kept), "and as many kept: %d, %d",
	   manager_kept(), kept);
	ends(broker);
}

/* ---- Those who come back --------------------------------------------------- */

/* Of the last line in the ledger that begins with these words, what comes behind them */
static bool find_in_ledger(const char *words, char *rest, size_t size)
{
	static const char *const names[] = { "ledger-a", "ledger-b" };
	bool found = false;

	for (int i = 0; i < 2; i++) {
		FILE *file = fdopen(dup(manager_fd(names[i])), "r");
		char line[1024], *at;

		fseek(file, TEXT_AT, SEEK_SET);
		while (fgets(line, sizeof(line), file)) {
			at = strstr(line, words);
			if (!at)
				continue;
			snprintf(rest, size, "%s", at + strlen(words));
			found = true;
		}
		fclose(file);
	}
	return found;
}

/* As if the broker had ended while it was serving this connection */
static void say_served(uint32_t connection)
{
	pwrite(manager_fd("ledger-a"), &connection, sizeof(connection),
	       SERVED_AT);
	pwrite(manager_fd("ledger-b"), &connection, sizeof(connection),
	       SERVED_AT);
}

/* A client with a lease whose broker goes so; then the next one is there */
static pid_t loses_connection(struct peer *peer)
{
	char number[32];
	pid_t broker = broker_start_managed();

	*peer = client_connected(1001);
	ok(acquire(peer, "page") > 0, "a client has a lease");
	kill_idle(broker);
	if (!find_in_ledger("session n=", number, sizeof(number)))
		bail("no connection is written down");
	say_served(strtoul(number, NULL, 10));
	return broker_start_managed();
}

static void comes_back(void)
{
	struct peer peer, next;
	pid_t broker = loses_connection(&peer);
	int admin = admin_connect();

	ok(client_works(&peer), "its connection is lost, its lease works");
	is_error(client_call(&peer, client_event, 0), ECONNRESET,
		 "which it sees");
	admin_leases(admin, 1, "the lease waits for it");
	is_ok(client_call(&peer, client_rejoin, 0), "it comes back");
	is_error(client_call(&peer, client_rejoin, 0), EISCONN,
		 "once is enough: EISCONN");
	ok(client_works(&peer), "its lease works");
	close(admin);
	broker = after_kill(broker);
	ok(client_works(&peer), "also with the next broker");
	admin = admin_connect();
	ok(asked(admin, "revoke uid=1001"), "it is revoked");
	is_error(client_call(&peer, client_read, 0), EFAULT, "it is SIGBUS");
	client_hears(&peer, CLIENT_REVOKED(BARLEASE_ORDERED),
		     "of which its holder hears");
	next = client_connected(1002);
	ok(acquire(&next, "page") > 0, "somebody else gets one");
	peer_stop(&next);
	peer_stop(&peer);
	admin_leases(admin, 0, "and in the end there are none");
	close(admin);
	ends(broker);
}

/* What ends meanwhile it hears of afterwards */
static void misses_the_end(void)
{
	struct peer peer;
	pid_t broker = loses_connection(&peer);
	int admin = admin_connect();

	ok(asked(admin, "revoke all=yes"), "while it is away, its lease is revoked");
	is_error(client_call(&peer, client_read, 0), EFAULT, "it is SIGBUS");
	is_error(client_call(&peer, client_event, 0), ECONNRESET,
		 "it sees that its connection is lost");
	is_ok(client_call(&peer, client_rejoin, 0), "it comes back");
	client_hears(&peer, CLIENT_REVOKED(BARLEASE_ORDERED),
		     "and hears of the end");
	peer_stop(&peer);
	close(admin);
	ends(broker);
}

static void is_too_late(void)
{
	struct peer peer;
	pid_t broker = loses_connection(&peer);
	int admin = admin_connect();

	admin_leases(admin, 0, "who does not come back has no lease in the end");
	is_error(client_call(&peer, client_read, 0), EFAULT, "it is SIGBUS");
	is_error(client_call(&peer, client_event, 0), ECONNRESET,
		 "it sees that its connection is lost");
	is_error(client_call(&peer, client_rejoin, 0), ESTALE,
		 "and is told that it is too late: ESTALE");
	ok(broker_will_say("a token that is old, was used, or never was one"),
	   "which is in the log");
	peer_stop(&peer);
	close(admin);
	ends(broker);
}

static int connect_raw(void)
{
	const struct sockaddr_un at = {
		.sun_family = AF_UNIX, .sun_path = BROKER_SOCKET,
	};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return connect(fd, (const void *)&at, sizeof(at)) ? -1 : fd;
}

struct raw {
	uint32_t size;
	uint16_t type;
	uint16_t reserved;
	uint32_t serial;
	uint32_t zero;
	uint8_t body[144];
};

/* A connection of its own that shows this token; the error that it gets */
static long show_token(int fd, const long *args)
{
	struct raw hello = { .size = 28, .type = 1, .serial = 1 };
	struct raw rejoin = { .size = 40, .type = 11, .serial = 2 };
	struct raw reply = { .type = 0 };
	const uint32_t magic[] = { 0x4c524142, 1 << 16 | 1, 0x1f };
	uint32_t error;

	(void)fd;
	memcpy(hello.body, magic, sizeof(magic));
	memcpy(rejoin.body, (const void *)args[0], 16);
	fd = connect_raw();
	if (fd < 0 || send(fd, &hello, hello.size, 0) < 0 ||
	    send(fd, &rejoin, rejoin.size, 0) < 0)
		return -errno;
	while (recv(fd, &reply, sizeof(reply), 0) > 0 && reply.serial != 2)
		;
	close(fd);
	memcpy(&error, reply.body, sizeof(error));
	return reply.type == 0x8fff ? -(long)error : 0;
}

static void is_stolen(void)
{
	struct peer peer, thief, again;
	pid_t broker = loses_connection(&peer);
	char text[64];
	static uint8_t token[16];
	int admin;

	if (!find_in_ledger(" token=", text, sizeof(text)))
		bail("no token is written down");
	for (int i = 0; i < 16; i++)
		if (sscanf(text + 2 * i, "%2hhx", &token[i]) != 1)
			bail("a token of other letters");
	thief = client_process(1002);
	is_error(client_call(&thief, show_token, (long)token), ENOENT,
		 "another user shows its token: ENOENT");
	ok(broker_will_say("a token of another user"), "which is in the log");
	ok(client_works(&peer), "the lease is whose it was");
	client_call(&peer, client_event, 0);
	is_ok(client_call(&peer, client_rejoin, 0), "who comes back");
	again = client_process(1001);
	is_error(client_call(&again, show_token, (long)token), ENOENT,
		 "its own user shows it once more: ENOENT");
	ok(client_works(&peer), "the lease works");
	admin = admin_connect();
	admin_leases(admin, 1, "and is the only one");
	close(admin);
	peer_stop(&thief);
	peer_stop(&again);
	peer_stop(&peer);
	ends(broker);
}

/* ---- What does not fit ----------------------------------------------------- */

/* Over what is there, without an end */
static void put(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
}

/* In both files of the ledger, which there is once */
static void change_ledger(const char *from, const char *to)
{
	static const char *const names[] = { "ledger-a", "ledger-b" };

	for (int i = 0; i < 2; i++) {
		int fd = manager_fd(names[i]);
		struct stat stat;
		char *text, *at;

		fstat(fd, &stat);
		text = mmap(NULL, stat.st_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
		if (text == MAP_FAILED)
			bail("no ledger: %s", strerror(errno));
		for (at = text + TEXT_AT; at < text + stat.st_size; at++)
			if (!strncmp(at, from, strlen(from)))
				put(at, to);
		munmap(text, stat.st_size);
	}
}

static pid_t begin_one(struct peer *peer)
{
	pid_t broker = broker_start_managed();

	*peer = client_connected(1001);
	acquire(peer, "page");
	ok(client_works(peer), "a client has a lease");
	kill_idle(broker);
	return 0;
}

static void end_one(struct peer *peer, const char *words)
{
	pid_t broker = broker_start_managed();
	struct peer next;
	int admin = admin_connect();

	is_error(client_call(peer, client_read, 0), EFAULT,
		 "its lease is revoked");
	ok(broker_will_say(words), "and it is said why: %s", words);
	admin_leases(admin, 0, "nobody has a lease");
	next = client_connected(1002);
	ok(comes_true(acquire(&next, "page") > 0), "somebody else gets one");
	ok(client_works(&next), "which works");
	peer_stop(&next);
	peer_stop(peer);
	close(admin);
	ends(broker);
}

static void does_not_fit(void)
{
	struct peer peer;

	begin_one(&peer);
	is_int(manager_forget("lease-"), 1, "the lease's descriptor is lost");
	end_one(&peer, "its descriptor is missing");

	begin_one(&peer);
	is_int(manager_forget("ledger-"), 2, "what says what they are is lost");
	end_one(&peer, "nothing that says what they are");

	begin_one(&peer);
	is_int(manager_forget("device-"), 1, "the device is lost");
	end_one(&peer, "is not gone on with");

	begin_one(&peer);
	change_ledger("barlease-server version=1", "barlease-server version=9");
	end_one(&peer, "another version");

	begin_one(&peer);
	change_ledger("uid=1001", "uid=1002");
	end_one(&peer, "it is another user's");

	begin_one(&peer);
	change_ledger("ranges=0+1000", "ranges=1+1000");
	end_one(&peer, "cannot be as it was");

	begin_one(&peer);
	change_ledger("lease id=", "leave id=");
	end_one(&peer, "goes on with 0 leases");
}

int main(void)
{
	fds_allow(1024);
	broker_set_up();
	manager_begin(BROKER_DIR "/manager");
	killed_and_stopped();
	all_states();
	the_service_ends();
	without();
	nothing_is_left();
	comes_back();
	misses_the_end();
	is_too_late();
	is_stolen();
	does_not_fit();
	manager_end();
	return tap_done();
}
