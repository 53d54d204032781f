// SPDX-License-Identifier: MIT
/*
 * The interrupt of a device that has a line alone: it masks itself, its holder
 * unmasks it, and a holder of before does not
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "access.h"
#include "broker-lib.h"
#include "clock.h"
#include "lease.h"
#include "plug.h"
#include "queue-holder.h"
#include "queue-lib.h"
#include "tap.h"

/*
 * Of an e1000's registers: what it interrupts for, which a read takes back; the same
 * set by hand; and which of it gets to its line, set and cleared
 */
#define ICR	0xc0
#define ICS	0xc8
#define IMS	0xd0
#define IMC	0xd8
#define LINK	0x4

/* How long nothing must come, where nothing may */
#define SILENCE_MS	200

static struct plugged card;
static int eventfds[2] = { -1, -1 };
static int unmasks[2] = { -1, -1 };

/* The BAR's bytes as such: no larger where the lab's own are (scale.h) */
static void configure(const char *backend)
{
	broker_configure("[device %s]\nbackend=%s\n"
			 "[slice card]\nbar=0\nranges=0+131072\nusers=1001, 1002\n"
			 "interrupts=0\n",
			 card.dev.name, backend);
}

/* ---- In a holder -------------------------------------------------------- */

static long kind(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return holder_lease.interrupt_kind == BARLEASE_INTX ?
	       (long)holder_lease.interrupts : -EINVAL;
}

/* args: which eventfd is told of it, or -1, which takes it away */
static long arm(int fd, const long *args)
{
	(void)fd;
	if (args[0] >= 0 && eventfds[args[0]] < 0)
		eventfds[args[0]] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return barlease_client_set_interrupt(holder_client, holder_lease.id, 0,
					     args[0] < 0 ? -1 :
							   eventfds[args[0]]);
}

static long arm_second(int fd, const long *args)
{
	(void)args;
	fd = eventfd(0, EFD_CLOEXEC);
	return barlease_client_set_interrupt(holder_client, holder_lease.id, 1,
					     fd) ?: close(fd);
}

/* args: which eventfd */
static long let_unmask(int fd, const long *args)
{
	(void)fd;
	if (unmasks[args[0]] < 0)
		unmasks[args[0]] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return barlease_client_set_unmask(holder_client, holder_lease.id,
					  unmasks[args[0]]);
}

/* args: by which eventfd */
static long unmask(int fd, const long *args)
{
	(void)fd;
	return eventfd_write(unmasks[args[0]], 1) ? -errno : 0;
}

static long raise_line(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return holder_put(IMS, LINK) && holder_put(ICS, LINK) ? 0 : -EFAULT;
}

/* The line goes low, whatever the kernel has masked */
static long acknowledge(int fd, const long *args)
{
	uint32_t causes;

	(void)fd;
	(void)args;
	return read32((char *)holder_registers + ICR, &causes) ?
	       !!(causes & LINK) : -EFAULT;
}

static long forget(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return holder_put(IMC, ~0u) ? 0 : -EFAULT;
}

/* args: which eventfd. How often it was told since it was asked last */
static long told(int fd, const long *args)
{
	eventfd_t times = 0;

	(void)fd;
	eventfd_read(eventfds[args[0]], &times);
	return times;
}

/* ---- What it has to be -------------------------------------------------- */

static void comes(struct peer *holder, long which, const char *name)
{
	long times = 0;

	comes_true((times += client_call(holder, told, which)) > 0);
	is_int(times, 1, "%s", name);
}

static void stays_out(struct peer *holder, long which, const char *name)
{
	usleep(SILENCE_MS * 1000);
	is_int(client_call(holder, told, which), 0, "%s", name);
}

static struct peer new_holder(uid_t uid)
{
	struct peer peer = holder_of(uid, "card");

	is_int(client_call(&peer, kind, 0), 1,
	       "uid %u has a lease with an INTx", uid);
	return peer;
}

static void is_refused(struct peer *holder)
{
	is_error(client_call(holder, arm_second, 0), EINVAL,
		 "a second vector: there is one");
	is_error(client_call(holder, let_unmask, 0), EINVAL,
		 "nothing to unmask before it has an eventfd");
}

static void masks_itself(struct peer *holder)
{
	is_ok(client_call(holder, arm, 0), "it has an eventfd");
	is_ok(client_call(holder, let_unmask, 0), "and one that unmasks");
	client_call(holder, raise_line, 0);
	comes(holder, 0, "the device interrupts it");
	client_call(holder, acknowledge, 0);
	client_call(holder, raise_line, 0);
	stays_out(holder, 0, "and no more, for that has masked it");
	is_ok(client_call(holder, unmask, 0), "it is unmasked");
	comes(holder, 0, "and comes, for the line is still high");
	is_int(client_call(holder, acknowledge, 0), 1, "which is acknowledged");
	is_ok(client_call(holder, unmask, 0), "it is unmasked again");
	stays_out(holder, 0, "with the line low nothing comes");
	client_call(holder, raise_line, 0);
	comes(holder, 0, "until the device has something to say");
	client_call(holder, acknowledge, 0);
	client_call(holder, unmask, 0);
}

static void is_replaced(struct peer *holder)
{
	is_ok(client_call(holder, arm, 1), "another eventfd takes its place");
	client_call(holder, raise_line, 0);
	comes(holder, 1, "which is told");
	is_int(client_call(holder, told, 0), 0, "and the first one is not");
	is_ok(client_call(holder, let_unmask, 1), "another one unmasks");
	client_call(holder, unmask, 0);
	stays_out(holder, 1, "not by the first one");
	client_call(holder, unmask, 1);
	comes(holder, 1, "but by the second");
	client_call(holder, acknowledge, 0);
	client_call(holder, unmask, 1);
}

static void is_taken_away(struct peer *holder)
{
	is_ok(client_call(holder, arm, -1), "it is taken away");
	client_call(holder, raise_line, 0);
	stays_out(holder, 1, "nobody is told");
	is_error(client_call(holder, let_unmask, 0), EINVAL,
		 "and there is nothing to unmask");
	is_ok(client_call(holder, arm, 0), "an eventfd again");
	comes(holder, 0, "it is told, for the line is high");
	client_call(holder, unmask, 1);
	stays_out(holder, 0, "what unmasked before has gone");
	client_call(holder, acknowledge, 0);
	is_ok(client_call(holder, let_unmask, 0), "one that unmasks, again");
	client_call(holder, unmask, 0);
}

static void take_back(void)
{
	int admin = admin_connect();
	char answer[256];

	ok(admin_ask(admin, "revoke slice=card", answer, sizeof(answer)),
	   "it is revoked");
	close(admin);
}

/* With the line high, and both of its eventfds in its hands */
static void ends(struct peer *old)
{
	struct peer next;

	client_call(old, raise_line, 0);
	comes(old, 0, "the device interrupts it once more");
	take_back();
	is_error(client_call(old, acknowledge, 0), EFAULT,
		 "its registers are gone");
	client_call(old, unmask, 0);
	stays_out(old, 0, "it unmasks, and nothing comes");

	next = new_holder(1002);
	is_ok(client_call(&next, arm, 0), "the next one has an eventfd");
	is_ok(client_call(&next, let_unmask, 0), "and one that unmasks");
	comes(&next, 0, "the line is still high: it is told");
	is_ok(client_call(old, unmask, 0), "the old holder unmasks");
	stays_out(&next, 0, "which is none of the next one's");
	client_call(&next, unmask, 0);
	comes(&next, 0, "who does so itself");
	is_ok(client_call(&next, forget, 0), "and is told of nothing more");
	is_int(client_call(old, told, 0), 0, "the old one has heard nothing");
	peer_stop(&next);
}

static void this_way(const char *backend)
{
	struct peer holder;
	pid_t broker;
	int fds;

	diag("backend = %s", backend);
	broker_set_up();
	configure(backend);
	broker = broker_start();
	fds = broker_fds(broker);
	holder = new_holder(1001);
	is_refused(&holder);
	masks_itself(&holder);
	is_replaced(&holder);
	is_taken_away(&holder);
	ends(&holder);
	peer_stop(&holder);
	broker_has_fds(broker, fds, "no file is left open");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

int main(void)
{
	card = plug_line("hp0");
	queue_both_ways(this_way);
	plug_pull(&card);
	ok(plug_gone(&card), "nothing is left behind");
	return tap_done();
}
