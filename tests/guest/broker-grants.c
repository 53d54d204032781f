// SPDX-License-Identifier: MIT
/*
 * Sockets of their own: those of the configuration, and those that an administrator
 * grants. Who comes by one has what is to be had there, and nothing else
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker-lib.h"
#include "cgroup.h"
#include "clock.h"
#include "manager.h"
#include "stack.h"
#include "tap.h"

#define WEB	BROKER_DIR "/web"
#define GRANTS	BROKER_DIR "/grants"
/* Where a container would have the directory of a grant's socket */
#define VIEW	"/tmp/view"

/* That its lease is about to be revoked */
#define ORDERED	CLIENT_REVOKING(BARLEASE_ORDERED)

static char answer[1 << 14];

#define SLICES \
	"[broker]\nkeep=yes\n" \
	"[device %s]\n" \
	"[slice page]\nbar=2\nranges=0+4K\nusers=*\n" \
	"[slice own]\nbar=2\nranges=64K+4K\nusers=-\nper-user=1\n" \
	"[slice many]\nbar=2\nranges=1M+4K\ncount=4\nstride=64K\nusers=-\n" \
	"exclusive=yes\n"
#define LISTENER(slices, who) \
	"[listener web]\nsocket=" WEB "\nslices=" slices "\n" who

static long acquire(const struct peer *peer, const char *name)
{
	return client_call(peer, client_acquire, (long)name, 0);
}

static bool asked(int admin, const char *request)
{
	return admin_ask(admin, request, answer, sizeof(answer));
}

static bool refused(int admin, const char *request, const char *words)
{
	return ok(!asked(admin, request) && strstr(answer, words),
		  "%.60s: %s", request, words) ||
	       (diag("%s", answer), false);
}

static long connect_by(const struct peer *peer, const char *path)
{
	return client_call(peer, client_connect_to, (long)path);
}

/* Of this user, connected by this socket */
static struct peer came_by(uid_t uid, const char *path)
{
	struct peer peer = client_process(uid);
	long ret = connect_by(&peer, path);

	if (ret)
		bail("user %u cannot connect to %s: %s", uid, path,
		     strerror(-ret));
	return peer;
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

/* ---- Those of the configuration ------------------------------------------ */

static void what_is_to_be_had(void)
{
	struct peer web = came_by(1001, WEB), usual = client_connected(1001);

	is_int(client_call(&web, client_list), 5, "who comes by it sees its slices");
	ok(acquire(&web, "own") > 0, "and has one");
	ok(client_works(&web), "which works");
	is_error(acquire(&web, "page"), EACCES, "one that everybody may have, but not there");
	is_int(client_call(&usual, client_list), 1,
	       "the same user sees others by the usual socket");
	is_error(acquire(&usual, "own"), EACCES, "and has none of its slices");
	peer_stop(&web);
	peer_stop(&usual);
}

/* Each of the two has room of its own */
static void counted_apart(int admin)
{
	struct peer first = came_by(1001, WEB), second = came_by(1001, WEB);
	struct peer other;

	asked(admin, "grant name=apart slices=own,many users=1001");
	other = came_by(1001, GRANTS "/apart/run/socket");
	ok(acquire(&first, "own") > 0, "one of per-user=1");
	is_error(acquire(&second, "own"), EDQUOT, "another one by the same socket");
	ok(acquire(&other, "own") > 0, "and one of the same user by another");
	ok(asked(admin, "leases") && strstr(answer, "listener=web") &&
	   strstr(answer, "listener=grant-apart"),
	   "the administrator sees who has come by which");
	asked(admin, "ungrant name=apart");
	ok(client_works(&first), "the end of one is none of the other's");
	peer_stop(&first);
	peer_stop(&second);
	peer_stop(&other);
}

static void reload(pid_t broker)
{
	kill(broker, SIGHUP);
	if (!manager_is_ready())
		bail("barleased does not reload");
}

static void configure(pid_t broker, const char *more)
{
	broker_configure(SLICES "%s", dev_small().name, more);
	reload(broker);
}

static void reconfigured(pid_t broker)
{
	struct peer web = came_by(1001, WEB), other = client_process(1002);
	struct stat stat;

	acquire(&web, "own");
	configure(broker, LISTENER("many", ""));
	is_error(client_call(&web, client_read, 0), EFAULT,
		 "a slice that is to be had there no longer is revoked");
	client_hears(&web, CLIENT_REVOKED(BARLEASE_FORBIDDEN), "its holder is told");
	ok(acquire(&web, "many-2") > 0, "others are to be had still");
	is_int(client_call(&web, client_list), 4, "and seen");

	configure(broker, LISTENER("many", "users=1002\n"
					  "socket-mode=0622\n"));
	is_error(client_call(&web, client_read, 0), EFAULT,
		 "so is that of a user who is none of those who may come");
	client_hears(&web, CLIENT_REVOKED(BARLEASE_FORBIDDEN), "who is told");
	ok(!lstat(WEB, &stat) && (stat.st_mode & 0777) == 0622,
	   "the socket has its new mode");
	is_ok(connect_by(&other, WEB), "another one may come");
	ok(acquire(&other, "many-2") > 0, "and has the slice");

	configure(broker, "");
	is_error(client_call(&other, client_read, 0), EFAULT,
		 "without the listener, all are revoked");
	client_hears(&other, CLIENT_REVOKED(BARLEASE_FORBIDDEN), "holders are told");
	client_hears(&other, -ECONNRESET, "and hung up on");
	ok(!is_there(WEB), "and the socket is gone");
	peer_stop(&web);
	peer_stop(&other);
}

/* Who says "-", or has only users that are not there, means nobody */
static void for_nobody(pid_t broker)
{
	static const char *const who[] = {
		"users=-\n", "groups=-\n", "users=nosuchuser\n",
		"groups=nosuchgroup\n", "users=-\ngroups=nosuchgroup\n",
	};
	struct peer web, peer = client_process(1001);

	configure(broker, LISTENER("many", ""));
	web = came_by(1001, WEB);
	acquire(&web, "many-2");
	for (size_t i = 0; i < sizeof(who) / sizeof(*who); i++) {
		broker_configure(SLICES LISTENER("many", "%s"),
				 dev_small().name, who[i]);
		reload(broker);
		is_error(connect_by(&peer, WEB), EACCES,
			 "a listener with %.*s is for nobody",
			 (int)strcspn(who[i], "\n"), who[i]);
	}
	is_error(client_call(&web, client_read, 0), EFAULT,
		 "nor for who has come when it was for everybody");
	peer_stop(&web);
	peer_stop(&peer);
}

/* Of a listener for anybody, all are one user; of one that says for whom, none is */
static void counted_anew(pid_t broker)
{
	struct peer first, second;

	configure(broker, LISTENER("own", ""));
	first = came_by(1001, WEB);
	second = came_by(1002, WEB);
	ok(acquire(&first, "own") > 0, "anybody has the listener's per-user=1");
	is_error(acquire(&second, "own"), EDQUOT, "all are the same to it");

	configure(broker, LISTENER("own", "users=*\n"));
	client_hears(&first, CLIENT_REVOKED(BARLEASE_FORBIDDEN),
		     "now it says for whom, and its clients come anew");
	client_hears(&first, -ECONNRESET, "are hung up on");
	connect_by(&first, WEB);
	connect_by(&second, WEB);
	ok(acquire(&first, "own") > 0 && acquire(&second, "own") > 0,
	   "and each has its own");
	peer_stop(&first);
	peer_stop(&second);
}

/* One that cannot be is no configuration */
static void bad_listener(pid_t broker)
{
	struct peer usual = client_connected(1001);
	int admin = admin_connect();

	acquire(&usual, "page");
	broker_configure(SLICES "[listener web]\nsocket=/nowhere/at/all\nslices=own\n",
			 dev_small().name);
	refused(admin, "reload", "[listener web] cannot listen at /nowhere/at/all");
	broker_configure(SLICES LISTENER("nothing", ""), dev_small().name);
	refused(admin, "reload", "[listener web] has a slice \"nothing\"");
	broker_configure(SLICES "[listener a]\nsocket=" BROKER_SOCKET "\nslices=own\n",
			 dev_small().name);
	refused(admin, "reload", "[listener a] cannot listen at");
	ok(client_works(&usual), "and nothing has changed");
	configure(broker, LISTENER("own, many", ""));
	ok(is_there(WEB), "a good one is there at once");
	close(admin);
	peer_stop(&usual);
}

static void listeners(pid_t broker)
{
	int admin = admin_connect();

	what_is_to_be_had();
	counted_apart(admin);
	reconfigured(broker);
	for_nobody(broker);
	counted_anew(broker);
	bad_listener(broker);
	close(admin);
}

/* ---- Grants ----------------------------------------------------------------- */

/* As a container has it: it can be seen, and nothing can be written there */
static void show(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), GRANTS "/%s/run", name);
	mkdir(VIEW, 0755);
	if (mount(path, VIEW, NULL, MS_BIND, NULL) ||
	    mount(NULL, VIEW, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		bail("%s cannot be mounted: %s", path, strerror(errno));
}

static void hide(void)
{
	umount2(VIEW, MNT_DETACH);
}

static void for_a_container(int admin)
{
	struct peer inside, outside = client_process(1001);
	int watch = admin_connect();

	asked(watch, "watch");
	ok(asked(admin, "grant name=box slices=many-1") &&
	   strstr(answer, "ok path=" GRANTS "/box/run/socket\n"),
	   "a grant, and its path");
	ok(admin_line(watch, answer, sizeof(answer)) &&
	   strstr(answer, "granted name=box"), "who watches is told");
	is_error(connect_by(&outside, GRANTS "/box/run/socket"), EACCES,
		 "no ordinary user gets there");
	show("box");
	inside = came_by(1001, VIEW "/socket");
	is_int(client_call(&inside, client_list), 1, "who sees its directory, and no more, does");
	ok(acquire(&inside, "many-1") > 0, "and has what it is for");
	ok(client_works(&inside), "which works");
	is_error(acquire(&inside, "many-2"), EACCES, "but not its neighbour");
	is_error(acquire(&inside, "page"), EACCES, "nor what everybody may have elsewhere");
	ok(asked(admin, "ungrant name=box") && strstr(answer, "ok leases=1"),
	   "it is taken away, and a lease with it");
	is_error(client_call(&inside, client_read, 0), EFAULT,
		 "which is over when that is answered");
	client_hears(&inside, CLIENT_REVOKED(BARLEASE_FORBIDDEN), "its holder is told");
	client_hears(&inside, -ECONNRESET, "and hung up on");
	is_error(connect_by(&inside, VIEW "/socket"), ENOENT, "nobody listens there");
	ok(!is_there(GRANTS "/box"), "and nothing is left");
	hide();
	peer_stop(&inside);
	peer_stop(&outside);
	close(watch);
}

static void for_users(int admin)
{
	const char *path = GRANTS "/alice/run/socket";
	struct peer alice = client_process(1001), hers = client_process(100007);
	struct peer other = client_process(1002);

	ok(asked(admin, "grant name=alice slices=many users=1001,100000-100009"),
	   "a grant for one user, and those of its namespaces");
	is_ok(connect_by(&alice, path), "who gets there");
	ok(acquire(&alice, "many-0") > 0, "and has a lease");
	is_ok(connect_by(&hers, path), "as do the users of its namespaces");
	is_error(connect_by(&other, path), EACCES, "another user is not let in");
	ok(asked(admin, "grants") &&
	   strstr(answer, "grant name=alice path=" GRANTS "/alice/run/socket ") &&
	   strstr(answer, " slices=many users=1001,100000-100009\n"),
	   "all that is told");
	ok(asked(admin, "ungrant name=alice"), "taken away");
	peer_stop(&alice);
	peer_stop(&hers);
	peer_stop(&other);
}

static void for_a_while(int admin)
{
	struct peer peer;

	ok(asked(admin, "grant name=brief slices=own users=1001 for=1500ms"),
	   "a grant for a while");
	ok(asked(admin, "grants") && strstr(answer, " ends="), "which is told");
	peer = came_by(1001, GRANTS "/brief/run/socket");
	ok(acquire(&peer, "own") > 0, "and has a lease");
	client_hears(&peer, CLIENT_REVOKED(BARLEASE_FORBIDDEN),
		     "the lease ends with the grant");
	is_error(client_call(&peer, client_read, 0), EFAULT, "by itself");
	ok(!is_there(GRANTS "/brief"), "and nothing is left of it");
	peer_stop(&peer);
}

static void bad_grants(int admin)
{
	static const struct {
		const char *request;
		const char *words;
	} bad[] = {
		{ "grant", "comes name= and slices=" },
		{ "grant name=a", "comes name= and slices=" },
		{ "grant slices=own", "comes name= and slices=" },
		{ "grant name=a slices=", "\"slices=\" is none of" },
		{ "grant name=../../etc slices=own", "\"name=../../etc\" is none of" },
		{ "grant name=.. slices=own", "\"name=..\" is none of" },
		{ "grant name=a name=b slices=own", "\"name=b\" is none of" },
		{ "grant name=a slices=own,nothing", "no slice nothing" },
		{ "grant name=a slices=own users=root", "\"users=root\" is none of" },
		{ "grant name=a slices=own users=5-4", "\"users=5-4\" is none of" },
		{ "grant name=a slices=own users=4294967295", "is none of" },
		{ "grant name=a slices=own for=0s", "\"for=0s\" is none of" },
		{ "grant name=a slices=own color=red", "\"color=red\" is none of" },
		{ "ungrant name=a", "no grant a" },
		{ "ungrant a", "has a grant after it" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(admin, bad[i].request, bad[i].words);
	ok(asked(admin, "grant name=a slices=own"), "a good one");
	refused(admin, "grant name=a slices=many", "there is a grant a already");
	ok(asked(admin, "ungrant name=a"), "and away");
	is_int(admin_count(admin, "grants", "grant"), 0, "no grant is left");
}

/* Who can write where the socket is, harms nobody else by it */
static void a_client_that_writes_there(pid_t *broker, int *admin)
{
	struct peer peer;

	asked(*admin, "grant name=mean slices=own users=1001");
	asked(*admin, "grant name=kind slices=own users=1002");
	unlink(GRANTS "/mean/run/socket");
	if (symlink(BROKER_CONFIG, GRANTS "/mean/run/socket"))
		bail("symlink(): %s", strerror(errno));
	close(*admin);
	broker_stop(*broker);
	manager_forget("");
	*broker = broker_start_managed();
	*admin = admin_connect();
	ok(broker_said("is there, and is no socket"), "what is in the way is told");
	ok(is_there(BROKER_CONFIG), "and left alone");
	ok(asked(*admin, "grants") && strstr(answer, "name=mean path=-"),
	   "such a grant has no path");
	peer = came_by(1002, GRANTS "/kind/run/socket");
	ok(acquire(&peer, "own") > 0, "another one works");
	ok(asked(*admin, "ungrant name=mean"), "it can be taken away");
	ok(is_there(GRANTS "/mean/run/socket") || !is_there(GRANTS "/mean"),
	   "what somebody has put there stays");
	unlink(GRANTS "/mean/run/socket");
	rmdir(GRANTS "/mean/run");
	rmdir(GRANTS "/mean");
	asked(*admin, "ungrant name=kind");
	peer_stop(&peer);
}

static void grants(pid_t *broker)
{
	int admin = admin_connect();

	for_a_container(admin);
	for_users(admin);
	for_a_while(admin);
	bad_grants(admin);
	a_client_that_writes_there(broker, &admin);
	close(admin);
}

/* ---- What outlives the broker ---------------------------------------------- */

static void still_there(struct peer *granted, struct peer *web, const char *after)
{
	struct peer again = came_by(1002, GRANTS "/long/run/socket");
	int admin = admin_connect();

	ok(client_works(granted), "%s: the lease by a grant works", after);
	ok(client_works(web), "%s: that by a listener does", after);
	ok(acquire(&again, "many-2") > 0, "%s: another one may come", after);
	admin_leases(admin, 3, "all are known");
	ok(asked(admin, "leases") && strstr(answer, "listener=grant-long") &&
	   strstr(answer, "listener=web"), "%s: and by which they came", after);
	peer_stop(&again);
	admin_leases(admin, 2, "and goes");
	close(admin);
}

static void restarts(pid_t *broker)
{
	struct peer granted, web;
	int admin = admin_connect();

	asked(admin, "grant name=long slices=own,many users=1001-1002");
	close(admin);
	granted = came_by(1001, GRANTS "/long/run/socket");
	web = came_by(1001, WEB);
	acquire(&granted, "many-1");
	acquire(&web, "own");

	kill(*broker, SIGUSR2);
	ok(manager_is_ready(), "the broker becomes itself anew");
	still_there(&granted, &web, "restarted");
	kill(*broker, SIGKILL);
	broker_end(*broker);
	*broker = broker_start_managed();
	still_there(&granted, &web, "killed");

	admin = admin_connect();
	ok(asked(admin, "ungrant name=long") && strstr(answer, "leases=1"),
	   "the grant is taken away");
	is_error(client_call(&granted, client_read, 0), EFAULT, "with its lease");
	ok(client_works(&web), "and no other");
	close(admin);
	peer_stop(&granted);
	peer_stop(&web);
}

/* Who can be any number of users is one */
static void many_users(pid_t broker)
{
	const char *path = GRANTS "/crowd/run/socket";
	struct peer first, second, usual = client_connected(1002);
	int admin = admin_connect();

	asked(admin, "grant name=crowd slices=own users=1001-1002");
	first = came_by(1001, path);
	second = came_by(1002, path);
	ok(acquire(&first, "own") > 0, "one of a grant's users has its per-user=1");
	is_error(acquire(&second, "own"), EDQUOT, "another one is the same to it");
	ok(acquire(&usual, "page") > 0, "and itself elsewhere");
	close(admin);
	kill(broker, SIGUSR2);
	ok(manager_is_ready(), "the broker becomes itself anew");
	is_error(acquire(&second, "own"), EDQUOT, "which knows that still");
	admin = admin_connect();
	asked(admin, "ungrant name=crowd");
	close(admin);
	peer_stop(&first);
	peer_stop(&second);
	peer_stop(&usual);
}

/* Without what the service manager keeps, the sockets are there all the same */
static void all_is_lost(pid_t *broker)
{
	struct peer peer;
	int admin = admin_connect();

	asked(admin, "grant name=long slices=own users=1001");
	asked(admin, "grant name=bad slices=own");
	close(admin);
	if (truncate(GRANTS "/bad/grant", 3))
		bail("truncate(): %s", strerror(errno));
	kill(*broker, SIGKILL);
	broker_end(*broker);
	manager_forget("");
	*broker = broker_start_managed();
	ok(broker_said("cannot go on with the grant bad: Invalid argument"),
	   "a grant that was spoiled is told, and not gone on with");
	peer = came_by(1001, GRANTS "/long/run/socket");
	ok(acquire(&peer, "own") > 0, "another one is there again");
	admin = admin_connect();
	is_int(admin_count(admin, "grants", "grant"), 1, "there is one");
	asked(admin, "ungrant name=long");
	close(admin);
	peer_stop(&peer);
}

/* ---- Units ------------------------------------------------------------------ */

#define UNITS \
	"[broker]\nkeep=yes\n" \
	"[device %s]\n" \
	"[slice page]\nbar=2\nranges=0+4K\nunits=worker@*.service\n" \
	"[slice own]\nbar=2\nranges=64K+4K\ncgroups=/pods\n"

static struct peer in_group(const char *group)
{
	struct peer peer = client_process(1001);

	cgroup_put(group, peer.pid);
	return peer;
}

static void may(const char *group, const char *slice, long error)
{
	struct peer peer = in_group(group);
	long ret = client_call(&peer, client_connect);

	if (!ret)
		ret = acquire(&peer, slice);
	ok(error ? ret == -error : ret > 0, "in %s: %s is %s", group, slice,
	   error ? "refused" : "to be had") || (diag("%ld", ret), false);
	peer_stop(&peer);
	cgroup_drop(group);
}

static void units(pid_t broker)
{
	struct peer peer;

	if (!cgroup_make("+memory")) {
		skip("this kernel has no cgroup2", "clients are known by where they are");
		return;
	}
	broker_configure(UNITS, dev_small().name);
	reload(broker);
	may("system.slice/worker@3.service", "page", 0);
	may("system.slice/worker@3.service/inner", "page", 0);
	may("system.slice/other.service", "page", EACCES);
	may("system.slice/worker.service", "page", EACCES);
	may("user.slice/user-1001.slice/user@1001.service/app.slice/worker@1.service",
	    "page", EACCES);
	may("worker@1.service.slice", "page", EACCES);
	may("pods/one", "own", 0);
	may("pods", "own", 0);
	may("podsother", "own", EACCES);
	may("system.slice/pods", "own", EACCES);

	peer = in_group("system.slice/worker@1.service");
	is_ok(client_call(&peer, client_connect), "one connects");
	cgroup_put("pods/one", peer.pid);
	ok(acquire(&peer, "page") > 0, "where it was when it connected counts");
	kill(broker, SIGUSR2);
	ok(manager_is_ready(), "the broker becomes itself anew");
	ok(client_works(&peer), "which knows that still");
	peer_stop(&peer);
	cgroup_drop("pods/one");
	cgroup_drop("system.slice/worker@1.service");
	cgroup_remove();
}

int main(void)
{
	pid_t broker;

	broker_set_up();
	manager_begin(BROKER_DIR "/manager");
	broker_configure(SLICES LISTENER("own, many", ""), dev_small().name);
	broker = broker_start_managed();
	listeners(broker);
	grants(&broker);
	restarts(&broker);
	many_users(broker);
	all_is_lost(&broker);
	units(broker);
	kill(broker, SIGINT);
	is_int(broker_end(broker), 0, "the broker ends with 0");
	ok(!is_there(WEB), "its listener's socket is gone");
	manager_end();
	return tap_done();
}
