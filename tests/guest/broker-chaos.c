// SPDX-License-Identifier: MIT
/*
 * For a minute, clients and now and then the broker are killed: who lives is
 * not disturbed, nothing outlives a broker, and nothing is left over
 *
 * Copyright (C) 2026 The barlease authors
 *
 * With BARLEASE_MINUTES, for so long and with 64 clients; and meanwhile the device is
 * reset, leases are paused, the configuration is read again, a second device is unbound
 * and bound, and a third one pulled out and plugged in. Of those two some clients have
 * leases that may end at any time.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "access.h"
#include "broker-lib.h"
#include "clock.h"
#include "lease.h"
#include "plug.h"
#include "prng.h"
#include "tap.h"

#define CLIENTS		12
#define MOST_CLIENTS	64
#define STEADY		2	/* the first ones are never killed */
#define ROUNDS		20	/* of the broker, at least so long apart */

/* In memory that all processes share. A broker's number begins at 1 */
struct shared {
	atomic_int broker;	/* that is ready */
	atomic_int doomed;	/* the last one that was about to be killed */
	atomic_int dead;	/* the last one that is gone for sure */
	atomic_bool stop;
	atomic_long reads;
	atomic_long leases;
	atomic_long wrong;	/* values of others */
	atomic_long early;	/* SIGBUS while its broker lived */
	atomic_long late;	/* values, or maps, when its broker was dead */
	atomic_long unreleased;	/* values after a release */
	atomic_long odd;	/* errors that nobody expects */
	atomic_int rounds[MOST_CLIENTS];
	atomic_int holds_of[MOST_CLIENTS];	/* the broker of the last lease */
};

static struct shared *shared;
static int nr_clients = CLIENTS;
static long minutes;		/* 0: not asked for */

/* @restless: its leases are of a device that comes and goes */
struct client {
	int number;
	bool restless;
	const char *slices;
	struct prng prng;
	struct barlease_client *server;
	struct barlease_lease lease;
	void *at;
	int broker;
};

static bool connect_one(struct client *client)
{
	client->broker = atomic_load(&shared->broker);
	return !barlease_client_connect(BROKER_SOCKET, &client->server);
}

/* Errors are to be expected from the moment on when the broker is doomed. */
static void odd(const struct client *client, const char *what, int error)
{
	if (client->restless || atomic_load(&shared->doomed) >= client->broker)
		return;
	atomic_fetch_add(&shared->odd, 1);
	diag("client %d: %s: %s", client->number, what, strerror(-error));
}

static bool acquire(struct client *client)
{
	int ret = barlease_client_acquire(client->server, client->slices,
					  BARLEASE_ANY, &client->lease);

	if (ret) {
		odd(client, "acquire", ret);
		return false;
	}
	atomic_fetch_add(&shared->leases, 1);
	atomic_store(&shared->holds_of[client->number], client->broker);
	ret = barlease_map(client->lease.fd, 0, client->lease.size, 0,
			   &client->lease.alignment, &client->at);
	if (ret) {
		odd(client, "map", ret);
		close(client->lease.fd);
		return false;
	}
	return true;
}

/* One access. false: the lease is over */
static bool look(struct client *client, uint32_t mine)
{
	bool over = atomic_load(&shared->dead) >= client->broker;
	uint32_t value;

	if (!read32(client->at, &value)) {
		if (!client->restless &&
		    atomic_load(&shared->doomed) < client->broker)
			atomic_fetch_add(&shared->early, 1);
		return false;
	}
	atomic_fetch_add(&shared->reads, 1);
	if (over)
		atomic_fetch_add(&shared->late, 1);
	if (value != mine)
		atomic_fetch_add(&shared->wrong, 1);
	return true;
}

/* Work on the lease, as long as the broker lives or as one likes */
static void work(struct client *client)
{
	uint32_t mine = getpid() * 1000 + client->number;
	bool alive = write32(client->at, mine);
	long looks = client->number < STEADY ? -1 :
		     (long)prng_below(&client->prng, 200);

	while (alive && looks-- && !atomic_load(&shared->stop)) {
		alive = look(client, mine);
		if (!(looks % 16))
			sleep_ms(1);
	}
}

static void give_back(struct client *client)
{
	uint32_t value;
	int ret = barlease_client_release(client->server, client->lease.id);

	if (ret)
		odd(client, "release", ret);
	else if (read32(client->at, &value))
		atomic_fetch_add(&shared->unreleased, 1);
}

/* What is left of a lease whose broker is gone */
static void check_dead(struct client *client)
{
	uint32_t value;

	while (atomic_load(&shared->dead) < client->broker)
		sleep_ms(1);
	if (read32(client->at, &value) ||
	    try_map(client->lease.fd, 0, client->lease.size, PROT_READ,
		    MAP_SHARED) != -ENODEV)
		atomic_fetch_add(&shared->late, 1);
}

static void one_lease(struct client *client)
{
	if (!acquire(client))
		return;
	work(client);
	if (atomic_load(&shared->doomed) >= client->broker)
		check_dead(client);
	else
		give_back(client);
	barlease_unmap(client->at, client->lease.size);
	close(client->lease.fd);
	atomic_fetch_add(&shared->rounds[client->number], 1);
}

static __attribute__((noreturn)) void be_client(int number, int seed)
{
	struct client client = {
		.number = number,
		.slices = "frame",
		.prng = prng_seeded(seed),
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (minutes && number % 8 == 7) {
		client.restless = true;
		client.slices = number % 16 == 7 ? "big" : "plugged";
	}
	while (!atomic_load(&shared->stop)) {
		if (!connect_one(&client)) {
			sleep_ms(5);
			continue;
		}
		while (!atomic_load(&shared->stop) &&
		       atomic_load(&shared->doomed) < client.broker)
			one_lease(&client);
		barlease_client_close(client.server);
		sleep_ms(1);
	}
	_exit(0);
}

static pid_t start_client(int number, int seed)
{
	pid_t pid = fork();

	if (pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!pid)
		be_client(number, seed);
	return pid;
}

static void kill_and_wait(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static pid_t replace_broker(pid_t broker)
{
	int number = atomic_load(&shared->broker);

	atomic_store(&shared->doomed, number);
	kill_and_wait(broker);
	atomic_store(&shared->dead, number);
	broker = broker_start();
	atomic_store(&shared->broker, number + 1);
	return broker;
}

/* A broker lives until the steady clients have had something of it. */
static bool has_served(void)
{
	int number = atomic_load(&shared->broker);

	for (int i = 0; i < STEADY; i++)
		if (atomic_load(&shared->holds_of[i]) != number)
			return false;
	return true;
}

static int dmabufs(void)
{
	char path[] = "/sys/kernel/debug/dma_buf/bufinfo", line[512];
	FILE *file = fopen(path, "re");
	int n = -1;

	if (!file)
		bail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Total %d objects", &n) == 1)
			break;
	fclose(file);
	return n;
}

struct deaths {
	int clients;
	int brokers;
};

/* What happens to devices in the course of months */
static struct plugged plugged;
static long resets, reloads, unbinds, plugs, pauses;

static void order(const char *words)
{
	int admin = admin_connect();
	char answer[512];

	if (!admin_ask(admin, words, answer, sizeof(answer)))
		bail("%s: %s", words, answer);
	close(admin);
}

static void reset_it(void)
{
	char words[64];

	snprintf(words, sizeof(words), "reset device=%s", dev_small().name);
	order(words);
	resets++;
}

/* Some of them end before that is over, and brokers do. */
static void pause_them(void)
{
	order("pause all=yes for=20ms");
	pauses++;
}

static void unbind_other(void)
{
	if (pci_unbind(dev_big()) || pci_bind(dev_big(), OUR_DRIVER))
		bail("%s cannot be unbound and bound", dev_big().name);
	unbinds++;
}

static void pull_third(void)
{
	plug_pull(&plugged);
	if (!plug_gone(&plugged))
		bail("%s is pulled out, and does not go", plugged.dev.name);
	plugged = plug_memory(plugged.port);
	plugs++;
}

static void something_else(pid_t broker, struct prng *prng)
{
	switch (prng_below(prng, 200)) {
	case 0 ... 9:
		reset_it();
		break;
	case 10 ... 19:
		broker_reload(broker);
		reloads++;
		break;
	case 20 ... 24:
		unbind_other();
		break;
	case 25:
		pull_third();
		break;
	case 26 ... 45:
		pause_them();
		break;
	}
}

/* However slow the machine is */
static bool is_enough(const struct deaths *deaths)
{
	return deaths->clients > 50 && deaths->brokers > 3;
}

static pid_t rage(pid_t broker, pid_t *clients, struct deaths *deaths)
{
	int64_t until = now_us() + (minutes ?: 1) * 60 * 1000000ll;
	struct prng prng = prng_seeded(60);
	int calm = ROUNDS;

	while (now_us() < until || !is_enough(deaths)) {
		int i = STEADY + prng_below(&prng, nr_clients - STEADY);

		sleep_ms(20 + prng_below(&prng, 80));
		if (minutes)
			something_else(broker, &prng);
		if (--calm < 0 && !prng_below(&prng, 10) && has_served()) {
			broker = replace_broker(broker);
			deaths->brokers++;
			calm = ROUNDS;
			continue;
		}
		kill_and_wait(clients[i]);
		deaths->clients++;
		clients[i] = start_client(i, deaths->clients + 1000);
	}
	return broker;
}

static void calm_down(pid_t *clients)
{
	atomic_store(&shared->stop, true);
	for (int i = 0; i < nr_clients; i++)
		waitpid(clients[i], NULL, 0);
}

static void verdict(const struct deaths *deaths)
{
	ok(is_enough(deaths),
	   "%d clients and %d brokers were killed", deaths->clients,
	   deaths->brokers);
	ok(shared->leases > deaths->clients, "%ld leases were handed out",
	   (long)shared->leases);
	ok(shared->rounds[0] >= deaths->brokers &&
	   shared->rounds[1] >= deaths->brokers,
	   "two that lived all the time had one of each broker");
	is_int(shared->wrong, 0, "none of %ld words was another's",
	       (long)shared->reads);
	is_int(shared->early, 0, "no lease ended while its broker lived");
	is_int(shared->late, 0, "no lease outlived its broker");
	is_int(shared->unreleased, 0, "nor its release");
	is_int(shared->odd, 0, "no living broker refused anything");
	if (minutes)
		ok(resets && reloads && unbinds && pauses,
		   "%ld resets, %ld reloads, %ld unbinds, %ld plugs, %ld pauses meanwhile",
		   resets, reloads, unbinds, plugs, pauses);
}

static void configure(void)
{
	if (!minutes) {
		broker_configure("[device %s]\n"
				 "[slice frame]\nbar=2\nranges=0+4K\ncount=64\n"
				 "stride=4K\nexclusive=yes\nusers=*\n",
				 dev_small().name);
		return;
	}
	plugged = plug_memory("hp0");
	broker_configure("[device %s]\n[device %s]\n[device %s]\n"
			 "[slice frame]\ndevice=%s\nbar=2\nranges=0+4K\n"
			 "count=256\nstride=4K\nexclusive=yes\nusers=*\n"
			 "[slice big]\ndevice=%s\nbar=2\nranges=0+4K\n"
			 "count=16\nstride=4K\nexclusive=yes\nusers=*\n"
			 "[slice plugged]\ndevice=%s\nbar=2\nranges=0+4K\n"
			 "count=16\nstride=4K\nexclusive=yes\nusers=*\n",
			 dev_small().name, dev_big().name, plugged.dev.name,
			 dev_small().name, dev_big().name, plugged.dev.name);
}

static void read_environment(void)
{
	const char *given = getenv("BARLEASE_MINUTES");

	minutes = given ? strtol(given, NULL, 10) : 0;
	if (minutes)
		nr_clients = MOST_CLIENTS;
}

int main(void)
{
	struct deaths deaths = { 0 };
	pid_t clients[MOST_CLIENTS], broker;
	int fds, buffers = dmabufs(), admin;

	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		bail("no memory");
	broker_set_up();
	read_environment();
	configure();
	broker = broker_start();
	fds = broker_fds(broker);
	atomic_store(&shared->broker, 1);
	for (int i = 0; i < nr_clients; i++)
		clients[i] = start_client(i, i + 1);

	broker = rage(broker, clients, &deaths);
	calm_down(clients);
	verdict(&deaths);

	admin = admin_connect();
	admin_leases(admin, 0, "with all clients gone, there are no leases");
	close(admin);
	broker_has_fds(broker, fds,
		       "and the broker has as many files open as at first");
	comes_true(dmabufs() == buffers);
	is_int(dmabufs(), buffers, "no DMABUF is left over");
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	if (minutes) {
		plug_pull(&plugged);
		ok(plug_gone(&plugged), "the third device goes");
	}
	return tap_done();
}
