// SPDX-License-Identifier: MIT
/*
 * barleased reads its configuration again, and does what the administrator
 * says: who keeps a lease, and who loses it
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker-lib.h"
#include "lease.h"
#include "pattern.h"
#include "tap.h"

#define NO_DEVICE "there_is_no_PCI_device_0000:ff:1f.7\n"

#define SEED	21

static char answer[1 << 14];
static struct peer first, second, third;
static pid_t broker;

static void fill(void)
{
	struct vfio vfio = vfio_open(dev_small());

	pattern_fill(&vfio, BAR2, 0, MIB(1), 4, SEED);
	vfio_close(&vfio);
}

static const char base[] =
	"[device %s]\n"
	"[slice both]\nbar=2\nranges=0+4K\nusers=1001,1002\n"
	"[slice moves]\nbar=2\nranges=64K+4K\nusers=1001,1002\n"
	"[slice stays]\nbar=2\nranges=128K+8K\nusers=1001\n"
	"[slice goes]\nbar=2\nranges=256K+4K\nusers=1003\n";

static long acquire(const struct peer *peer, const char *name)
{
	return client_call(peer, client_acquire, (long)name, 0);
}

static void right_bytes(const struct peer *peer, uint64_t offset,
			const char *what)
{
	is_int(client_call(peer, client_pattern_errors, offset, SEED), 0, "%s",
	       what);
}

static void lost(const struct peer *peer, enum barlease_reason reason,
		 const char *who)
{
	is_int(client_call(peer, client_read, 0), -EFAULT, "%s has SIGBUS",
	       who);
	is_error(client_call(peer, client_try_map, 0), ENODEV,
		 "and cannot map it again: ENODEV");
	is_int(client_call(peer, client_event, 0), CLIENT_REVOKED(reason),
	       "and is told why");
}

static void no_event(const struct peer *peer, const char *who)
{
	is_error(client_call(peer, client_event_now, 0), EAGAIN,
		 "%s is told of nothing", who);
}

/* Processes keep their last lease; so one each */
static void hand_out(void)
{
	is_ok(acquire(&first, "both"), "one user gets a slice");
	is_ok(acquire(&second, "both"), "another user gets the same one");
	is_ok(acquire(&third, "goes"), "a third one gets one for it alone");
}

static void next_is(int watch, const char *begin, const char *part,
		    const char *name)
{
	char line[512] = "";

	admin_line(watch, line, sizeof(line));
	if (!ok(!strncmp(line, begin, strlen(begin)) && strstr(line, part),
		"%s", name))
		diag("  got \"%s\"", line);
}

static void no_longer_allowed(void)
{
	int watch = admin_connect();

	admin_ask(watch, "watch", answer, sizeof(answer));
	broker_configure("[device %s]\n"
			 "[slice both]\nbar=2\nranges=0+4K\nusers=1002\n"
			 "[slice moves]\nbar=2\nranges=96K+4K\nusers=1001,1002\n"
			 "[slice stays]\nbar=2\nranges=128K+8K\nusers=1001\n",
			 dev_small().name);
	broker_reload(broker);
	lost(&first, BARLEASE_FORBIDDEN,
	     "after a reload, a user that is no longer allowed");
	lost(&third, BARLEASE_FORBIDDEN, "the holder of a slice that is gone");
	next_is(watch, "ended id=", "slice=goes device=",
		"who watches is told what that slice was");
	close(watch);
	right_bytes(&second, 0, "the other user's lease works");
	no_event(&second, "its holder");
	is_error(acquire(&first, "both"), EACCES,
		 "the first user cannot have it again: EACCES");
	is_error(acquire(&third, "goes"), ENOENT,
		 "the slice that is gone is ENOENT");
	is_ok(acquire(&first, "moves"), "a slice that was moved can be had");
	right_bytes(&first, 24 * PAGE, "at its new place");
}

static void changed(void)
{
	struct peer holder = client_connected(1001);

	acquire(&holder, "stays");
	broker_configure("[device %s]\n"
			 "[slice both]\nbar=2\nranges=0+4K\nusers=1002,1001\n"
			 "[slice moves]\nbar=2\nranges=96K+8K\nusers=1001,1002\n"
			 "[slice stays]\nbar=2\nranges=128K+8K\nusers=worker1,7\n",
			 dev_small().name);
	broker_reload(broker);
	lost(&first, BARLEASE_FORBIDDEN, "the holder of a slice that has grown");
	right_bytes(&holder, 32 * PAGE,
		    "a lease works whose slice has other users, this one among them");
	right_bytes(&second, 0, "so does another");
	is_ok(acquire(&first, "both"), "what is allowed again can be had again");
	peer_stop(&holder);
}

static void bad_file(void)
{
	int admin = admin_connect();

	broker_configure("[device %s]\n"
			 "[slice both]\nbar=2\nranges=0+4K\nusers=,\n"
			 "axess=ro\n", dev_small().name);
	broker_reload(broker);
	ok(broker_said(BROKER_CONFIG ":5: nothing before, after or between commas") &&
	   broker_said(BROKER_CONFIG ":6: unknown key \"axess\""),
	   "a bad file: the log has each line of it that is wrong, and why");
	ok(broker_said("the configuration stays as it was"),
	   "and that all stays as it was");
	ok(!admin_ask(admin, "reload", answer, sizeof(answer)) &&
	   strstr(answer, BROKER_CONFIG ":5: nothing before") &&
	   strstr(answer, "; " BROKER_CONFIG ":6: unknown key"),
	   "an administrator who reloads is told the same");
	right_bytes(&second, 0, "leases work");
	no_event(&second, "a holder");
	is_ok(acquire(&third, "nothing") == -ENOENT, "the broker serves");
	close(admin);
}

static void does_not_fit(void)
{
	int admin = admin_connect();
	char past[64], at[32];

	snprintf(past, sizeof(past),
		 ":2: [slice big] ends at %#llx, and BAR2 of ",
		 (unsigned long long)(MIB(64) + PAGE));
	snprintf(at, sizeof(at), " at %#llx", (unsigned long long)MIB(64));
	broker_configure("[device %s]\n"
			 "[slice big]\nbar=2\nranges=64M+4K\nusers=*\n",
			 dev_small().name);
	ok(!admin_ask(admin, "reload", answer, sizeof(answer)) &&
	   strstr(answer, past) && strstr(answer, at),
	   "a slice past the BAR's end is refused by name");
	right_bytes(&second, 0, "leases work after that");
	close(admin);
}

/* Neither is an outage: the rest is in force. */
static void not_there(void)
{
	int admin = admin_connect();

	broker_configure("[device %s]\n[device 0000:ff:1f.7]\n"
			 "[slice both]\nbar=2\nranges=0+4K\nusers=1001,1002,nosuchuser\n"
			 "device=%s\n"
			 "[slice far]\nbar=2\nranges=0+4K\nusers=*\n"
			 "device=0000:ff:1f.7\n",
			 dev_small().name, dev_small().name);
	ok(admin_ask(admin, "reload", answer, sizeof(answer)),
	   "a device that is not there, and a user: a reload is good");
	ok(broker_said(BROKER_CONFIG ":6: unknown user \"nosuchuser\""),
	   "the log says that there is no such user");
	ok(broker_said("there is no PCI device 0000:ff:1f.7"),
	   "and no such device");
	ok(admin_ask(admin, "devices", answer, sizeof(answer)) &&
	   strstr(answer, " state=open\n") &&
	   strstr(answer, "device name=0000:ff:1f.7 state=away why=" NO_DEVICE),
	   "an administrator is shown that it is away, and why");
	is_ok(acquire(&third, "far") == -ENOENT, "it has no slices");
	right_bytes(&second, 0, "a lease of the other device works");
	close(admin);
}

static void other_device(void)
{
	struct vfio vfio;

	broker_configure("[device %s]\n"
			 "[slice both]\nbar=2\nranges=0+4K\nusers=1002,1001\n"
			 "device=%s\n"
			 "[device %s]\n"
			 "[slice big]\nbar=2\nranges=0+2M\nusers=*\ndevice=%s\n",
			 dev_small().name, dev_small().name, dev_big().name,
			 dev_big().name);
	broker_reload(broker);
	is_ok(acquire(&third, "big"), "a reload can bring in another device");
	is_error(vfio_try_open(&vfio, dev_big()), EBUSY,
		 "which is the broker's then: EBUSY");
	right_bytes(&second, 0, "a lease of the first device works");

	broker_configure(base, dev_small().name);
	broker_reload(broker);
	lost(&third, BARLEASE_FORBIDDEN, "when it is gone again, its holder");
	is_ok(vfio_try_open(&vfio, dev_big()), "the device is free");
	vfio_close(&vfio);
	right_bytes(&second, 0, "a lease of the first device works");
}

static void administrator(void)
{
	int admin = admin_connect(), watch = admin_connect();
	char request[64];
	long id;

	admin_ask(watch, "watch", answer, sizeof(answer));
	id = acquire(&first, "moves");
	next_is(watch, "acquired id=", "slice=moves device=",
		"who watches sees a lease handed out");
	snprintf(request, sizeof(request), "revoke id=%ld", id);
	ok(admin_ask(admin, request, answer, sizeof(answer)),
	   "an administrator revokes it");
	lost(&first, BARLEASE_ORDERED, "its holder");
	next_is(watch, "ended id=", " reason=ordered", "who watches sees that");
	ok(!admin_ask(admin, request, answer, sizeof(answer)) &&
	   strstr(answer, "error absent no lease "),
	   "to revoke it again is an error");
	right_bytes(&second, 0, "another holder's lease works");

	acquire(&third, "stays");
	next_is(watch, "refused uid=1003 pid=", "why=",
		"who watches sees a refusal");
	id = acquire(&first, "both");
	next_is(watch, "acquired id=", "uid=1001", "and a lease");
	client_call(&first, client_release, id);
	next_is(watch, "ended id=", " reason=released", "and one given back");
	acquire(&third, "goes");
	next_is(watch, "acquired id=", "uid=1003", "and a lease again");
	peer_kill(&third);
	next_is(watch, "ended id=", " reason=disconnected",
		"and that a holder is gone");

	snprintf(request, sizeof(request), "reset device=%s",
		 dev_small().name);
	ok(admin_ask(admin, request, answer, sizeof(answer)),
	   "an administrator resets the device");
	next_is(watch, "suspended device=", dev_small().name,
		"who watches sees it begin");
	next_is(watch, "resumed device=", dev_small().name, "and end");
	is_int(client_call(&second, client_event, 0), BARLEASE_EVENT_SUSPENDED,
	       "a holder is told that it begins");
	is_int(client_call(&second, client_event, 0), BARLEASE_EVENT_RESUMED,
	       "and that it is over");
	right_bytes(&second, 0, "the lease works");
	ok(!admin_ask(admin, "reset device=0000:ff:1f.7", answer,
		      sizeof(answer)) &&
	   !strcmp(answer, "error absent no device 0000:ff:1f.7\n"),
	   "another device is an error");
	ok(admin_ask(admin, "reload", answer, sizeof(answer)),
	   "an administrator reloads");
	next_is(watch, "reloaded", "", "who watches sees that");
	close(admin);
	close(watch);
}

/* A request in parts, two in one, one that is too long */
static void administrators_lines(void)
{
	static char line[5000];
	int admin = admin_connect(), rest;

	dprintf(admin, "dev");
	ok(admin_ask(admin, "ices\ndevices", answer, sizeof(answer)) &&
	   admin_line(admin, line, sizeof(line)) &&
	   admin_line(admin, line, sizeof(line)) && !strcmp(line, "ok"),
	   "requests may come in parts, and more than one at a time");
	ok(!admin_ask(admin, "devices please", answer, sizeof(answer)),
	   "one word too many is an error");
	ok(!admin_ask(admin, "revoke id=x", answer, sizeof(answer)) &&
	   !admin_ask(admin, "revoke id=-1", answer, sizeof(answer)) &&
	   !admin_ask(admin, "revoke", answer, sizeof(answer)),
	   "so is no number");
	dprintf(admin, "GET / HTTP/1.1\nreload\nreload\n");
	ok(admin_line(admin, answer, sizeof(answer)) &&
	   !strncmp(answer, "error invalid unknown request \"GET\"", 35),
	   "what is no request is said to be none");
	is_int(admin_line(admin, answer, sizeof(answer)), 0,
	       "and nothing behind it is one");
	close(admin);
	admin = admin_connect();
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	send(admin, line, strlen(line), MSG_NOSIGNAL);
	ok(admin_line(admin, answer, sizeof(answer)) &&
	   !strncmp(answer, "error", 5), "so is a line that does not end");
	rest = admin_line(admin, answer, sizeof(answer));
	is_int(rest, 0, "and the connection's end");
	close(admin);
}

int main(void)
{
	broker_set_up();
	fill();
	broker_configure(base, dev_small().name);
	broker = broker_start();
	first = client_connected(1001);
	second = client_connected(1002);
	third = client_connected(1003);

	hand_out();
	no_longer_allowed();
	changed();
	bad_file();
	does_not_fit();
	not_there();
	other_device();
	administrator();
	administrators_lines();

	is_int(broker_stop(broker), 0, "the broker ends with 0");
	lost(&second, BARLEASE_SHUTDOWN, "whoever has held all the time");
	peer_stop(&first);
	peer_stop(&second);
	return tap_done();
}
