// SPDX-License-Identifier: MIT
/*
 * However a lease ends, nothing is left of its registers, its interrupt and its memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "lease.h"
#include "plug.h"
#include "queue-holder.h"
#include "queue-lib.h"
#include "tap.h"

#define OLD	0x11
#define NEW	0x22

static struct plugged edu;
static struct peer holder, root;
static pid_t broker;
static const char *backend;

/* Who may have it, and what else there is to say of the slice */
static void configure(uid_t uid, const char *more)
{
	broker_configure("[device %s]\nbackend=%s\n"
			 "[slice edu]\nbar=0\nranges=0+4K\nusers=%u, 0\n"
			 "interrupts=0\ndma=1M\n%s",
			 edu.dev.name, backend, uid, more);
}

/* ---- Ends --------------------------------------------------------------- */

static void is_released(void)
{
	is_ok(client_call(&holder, holder_release, 0), "release");
}

static void is_revoked(void)
{
	int admin = admin_connect();
	char answer[256];

	ok(admin_ask(admin, "revoke slice=edu", answer, sizeof(answer)),
	   "revoke");
	close(admin);
}

/* That is known to the broker soon, and to nobody before. */
static void is_disconnected(void)
{
	int admin = admin_connect();

	client_call(&holder, holder_disconnect, 0);
	admin_leases(admin, 0, "disconnect");
	close(admin);
}

static void is_killed(void)
{
	int admin = admin_connect();

	peer_kill(&holder);
	admin_leases(admin, 0, "kill");
	close(admin);
}

static void is_forbidden(void)
{
	int admin = admin_connect();

	configure(1002, "");
	broker_reload(broker);
	admin_leases(admin, 0, "a reload takes it from its user");
	close(admin);
}

static long unbind(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return pci_unbind(edu.dev);
}

static void is_unbound(void)
{
	is_ok(client_call(&root, unbind, 0), "unbind");
	queue_has_pinned(broker, 0, "nothing is pinned then");
	is_ok(pci_bind(edu.dev, OUR_DRIVER), "it is bound again");
}

static void is_unplugged(void)
{
	plug_pull(&edu);
	ok(plug_gone(&edu), "hot-unplug");
	queue_has_pinned(broker, 0, "nothing is pinned then");
	edu = plug_two("hp0");
}

static void has_no_broker(void)
{
	kill(broker, SIGKILL);
	is_int(broker_end(broker), -SIGKILL, "the broker is killed");
	broker = broker_start();
}

/* @gone: the holder, too */
static const struct end {
	const char *name;
	void (*run)(void);
	bool gone;
} ends[] = {
	{ "release", is_released, false },
	{ "revoke", is_revoked, false },
	{ "disconnect", is_disconnected, false },
	{ "kill", is_killed, true },
	{ "reload", is_forbidden, false },
	{ "unbind", is_unbound, false },
	{ "hot-unplug", is_unplugged, false },
	{ "broker killed", has_no_broker, false },
};

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* ---- Before and after --------------------------------------------------- */

static struct peer new_holder(uid_t uid, int pieces)
{
	struct peer peer = holder_of(uid, "edu");

	is_ok(client_call(&peer, holder_add_memory, pieces),
	      "uid %u has a lease, and memory for it", uid);
	return peer;
}

static void has_all_of_it(void)
{
	holder = new_holder(1001, HOLDER_PIECES);
	is_ok(client_call(&holder, holder_add_interrupt, 0),
	      "and its interrupt");
	client_call(&holder, holder_fill, OLD);
	client_call(&holder, holder_raise, 0);
	ok(comes_true(client_call(&holder, holder_interrupts, 0) == 1),
	   "the device interrupts it");
	is_int(queue_pinned(broker), HOLDER_PIECES * PAGE / 1024,
	       "its memory is pinned");
}

/* What its registers do by another's hands does not get to it. */
static void nothing_gets_there(long old)
{
	struct peer next = new_holder(0, 1);

	is_int(queue_pinned(broker), PAGE / 1024,
	       "the next holder's memory is pinned, and no more");
	client_call(&next, holder_fill, NEW);
	is_ok(client_call(&next, holder_raise, 0), "it has the device interrupt");
	is_ok(client_call(&next, holder_dma, old),
	      "and write where the old one's memory was");
	is_ok(client_call(&next, holder_dma,
			  client_call(&next, holder_address, 0)),
	      "and to its own");
	is_int(client_call(&next, holder_is_filled, NEW), 0, "which works");
	peer_stop(&next);
}

static void one_end(const struct end *end)
{
	long old;

	diag("%s", end->name);
	configure(1001, "");
	broker = broker_start();
	has_all_of_it();
	old = client_call(&holder, holder_address, HOLDER_PIECES - 1);
	end->run();
	if (!end->gone)
		is_error(client_call(&holder, holder_reads, 0), EFAULT,
			 "%s: its registers are gone", end->name);
	nothing_gets_there(old);
	if (!end->gone) {
		is_int(client_call(&holder, holder_interrupts, 0), 0,
		       "%s: the old one has had no interrupt", end->name);
		is_int(client_call(&holder, holder_is_filled, OLD), 1,
		       "%s: and its memory is as it was", end->name);
		peer_stop(&holder);
	}
	queue_has_pinned(broker, 0, "nothing is pinned in the end");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

/* On an administrator's order */
static bool is_reset(void)
{
	char words[64], answer[256];
	int admin = admin_connect();
	bool works;

	snprintf(words, sizeof(words), "reset device=%s", edu.dev.name);
	works = admin_ask(admin, words, answer, sizeof(answer));
	diag("%s: %s", words, answer);
	close(admin);
	return works;
}

/* The device's own registers are as after power-up: its holder sets them anew. */
static void a_reset_is_none(const char *how)
{
	diag("a reset, backend = %s", how);
	backend = how;
	broker_set_up();
	configure(1001, "");
	broker = broker_start();
	has_all_of_it();
	ok(is_reset(), "an administrator resets the device");
	is_ok(client_call(&holder, holder_raise, 0),
	      "after it, the device is told to interrupt");
	ok(comes_true(client_call(&holder, holder_interrupts, 0) == 1),
	   "and its holder is told of that");
	is_int(queue_pinned(broker), HOLDER_PIECES * PAGE / 1024,
	       "its memory is pinned");
	is_ok(client_call(&holder, holder_dma,
			  client_call(&holder, holder_address, 0)),
	      "the device is to write to it");
	is_int(client_call(&holder, holder_is_filled, OLD), 0, "which it does");
	peer_stop(&holder);
	queue_has_pinned(broker, 0, "nothing is pinned in the end");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

/* "": none any more */
static void have_reset_method(const char *method)
{
	if (pci_write(edu.dev, "reset_method", method))
		bail("%s: the way to reset it cannot be chosen", edu.dev.name);
}

/* Whoever wants the reset that does not work, the device is nobody's before one does */
static void a_reset_fails(const char *how)
{
	struct peer next;

	diag("resets that fail, backend = %s", how);
	backend = how;
	broker_set_up();
	configure(1001, "reset=between-holders\n");
	broker = broker_start();
	holder = holder_of(1001, "edu");
	have_reset_method("\n");
	is_ok(client_call(&holder, holder_release, 0), "its holder has enough");
	ok(broker_will_say("cannot be reset, so nobody has it"),
	   "the device cannot be reset");
	next = client_connected(1001);
	peer_begin(&next, client_acquire, -1, ARGS((long)"edu", 0));
	ok(!is_reset(), "nor on an administrator's order");
	ok(!peer_is_done(&next, 500), "who wants it next waits");
	have_reset_method("default");
	ok(peer_result(&next) > 0, "and gets it when it can be");
	peer_stop(&next);
	peer_stop(&holder);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

static void each_end(const char *how)
{
	diag("backend = %s", how);
	backend = how;
	broker_set_up();
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		one_end(&ends[i]);
}

static void pull_out(void)
{
	plug_pull(&edu);
	ok(plug_gone(&edu), "nothing is left behind");
}

int main(void)
{
	edu = plug_two("hp0");
	root = peer_start();
	queue_both_ways(each_end);
	peer_stop(&root);
	pull_out();
	/* The two of a slot are reset together only, by who has both */
	edu = plug_registers("hp0");
	queue_both_ways(a_reset_is_none);
	queue_both_ways(a_reset_fails);
	pull_out();
	return tap_done();
}
