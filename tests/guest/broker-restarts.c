// SPDX-License-Identifier: MIT
/*
 * barleased restarts again and again, is killed, and stopped, with many clients at work,
 * and with a disk's driver: not one access fails
 *
 * Copyright (C) 2026 The barlease authors
 *
 * With BARLEASE_MINUTES a thousand times, and with 64 clients.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "fds.h"
#include "manager.h"
#include "plug.h"
#include "program.h"
#include "queue-lib.h"
#include "tap.h"

#define CLIENTS		8
#define MOST_CLIENTS	64
#define ROUNDS		30
#define MOST_ROUNDS	1000
/* Accesses between two requests */
#define ACCESSES	16

/* In memory that all processes share */
struct shared {
	atomic_bool stop;
	atomic_long accesses;
	atomic_long failed;
	atomic_long wrong;
	atomic_long rejoined;
	atomic_long odd;
};

static struct shared *shared;
static struct peer peers[MOST_CLIENTS];
static int nr_clients = CLIENTS, nr_rounds = ROUNDS;

static void come_back(void)
{
	if (client_come_back(-1, NULL))
		shared->odd++;
	else
		shared->rejoined++;
}

static void access_all(long value)
{
	const long what[] = { 0, value };
	long ret;

	if (client_write(-1, what))
		shared->failed++;
	ret = client_read(-1, what);
	if (ret == -EFAULT)
		shared->failed++;
	else if (ret != value)
		shared->wrong++;
	shared->accesses += 2;
}

/* Its lease is its own: what it wrote it reads */
static long work(int fd, const long *args)
{
	long value = args[0] << 20, ret;

	(void)fd;
	while (!shared->stop) {
		for (int i = 0; i < ACCESSES; i++)
			access_all(value++ & INT32_MAX);
		ret = client_list(-1, NULL);
		if (ret == -ECONNRESET)
			come_back();
		else if (ret < 0)
			shared->odd++;
		sleep_ms(5);
	}
	return 0;
}

static void begin_clients(void)
{
	for (int i = 0; i < nr_clients; i++) {
		peers[i] = client_connected(1001 + i % 8);
		if (client_call(&peers[i], client_acquire, (long)"frame",
				BARLEASE_ANY) < 0)
			bail("client %d gets no lease", i);
		peer_begin(&peers[i], work, -1, ARGS(i));
	}
}

static void end_clients(int admin)
{
	shared->stop = true;
	for (int i = 0; i < nr_clients; i++) {
		peer_result(&peers[i]);
		peer_stop(&peers[i]);
	}
	admin_leases(admin, 0, "when they have gone, there are no leases");
}

/* In one of three ways */
static pid_t restart(pid_t broker, int round)
{
	if (round % 3 == 0) {
		kill(broker, SIGUSR2);
		if (!manager_is_ready())
			bail("it does not restart");
		return broker;
	}
	kill(broker, round % 3 == 1 ? SIGTERM : SIGKILL);
	broker_end(broker);
	return broker_start_managed();
}

static void many_times(void)
{
	int fds, kept, admin;
	pid_t broker;

	broker_configure("[broker]\nkeep=yes\n[device %s]\n"
			 "[slice frame]\nbar=2\nranges=0+4K\nstride=4K\n"
			 "count=64\nusers=*\nexclusive=yes\n",
			 dev_small().name);
	broker = broker_start_managed();
	fds = broker_fds(broker);
	kept = manager_kept();
	begin_clients();
	for (int i = 0; i < nr_rounds; i++)
		broker = restart(broker, i);
	admin = admin_connect();
	admin_leases(admin, nr_clients, "all have their leases");
	end_clients(admin);
	close(admin);
	diag("%ld accesses; %ld times a client came back",
	     shared->accesses, shared->rejoined);
	is_int(shared->failed, 0, "of %d restarts, no access fails",
	       nr_rounds);
	is_int(shared->wrong, 0, "and none reads another one's value");
	is_int(shared->odd, 0, "nor is a client refused anything");
	broker_has_fds(broker, fds, "the broker has as many files as at first");
	ok(comes_true(manager_kept() == kept), "and the manager, too");
	kill(broker, SIGINT);
	is_int(broker_end(broker), 0, "the broker ends with 0");
	manager_forget("");
}

/* Its interrupts and its memory are in the kernel's hands, whatever the broker does */
static pid_t with_driver(pid_t broker)
{
	static const char at[] = BROKER_SOCKET;
	struct program worker =
		PROGRAM_AS(1001, "/examples/nvme-worker", "--socket", at,
			   "--depth", "8", "disk", "bench", "12");

	ok(program_says(&worker, "8 at a time"), "a disk's driver is at work");
	/* Killed at first: nobody writes down anew then what should be there by now */
	for (int i = 2; i < 14; i++) {
		sleep_ms(200);
		broker = restart(broker, i);
	}
	is_int(program_end(&worker, 0), 0, "after 12 restarts it ends with 0");
	return broker;
}

/* By the next one, with memory at the addresses of the last one's, which are free then */
static void with_another_driver(void)
{
	static const char at[] = BROKER_SOCKET;
	struct program worker =
		PROGRAM_AS(1001, "/examples/nvme-worker", "--socket", at,
			   "--depth", "8", "disk", "bench", "1");

	is_int(program_end(&worker, 0), 0, "another driver has the disk");
}

static void disk_driver(const char *backend)
{
	struct plugged disk = plug_disk("hp0", 64);
	pid_t broker;
	int admin;

	diag("a disk, backend = %s", backend);
	broker_configure("[broker]\nkeep=yes\n[device %s]\nbackend=%s\n"
			 "[slice disk]\nbar=0\nranges=0+8K\nusers=*\n"
			 "interrupts=0-1\ndma=16M\n",
			 disk.dev.name, backend);
	broker = with_driver(broker_start_managed());
	admin = admin_connect();
	admin_leases(admin, 0, "its lease is over");
	close(admin);
	with_another_driver();
	kill(broker, SIGINT);
	is_int(broker_end(broker), 0, "the broker ends with 0");
	manager_forget("");
	plug_pull(&disk);
	plug_gone(&disk);
}

int main(void)
{
	const char *minutes = getenv("BARLEASE_MINUTES");

	if (minutes && strtol(minutes, NULL, 10)) {
		nr_clients = MOST_CLIENTS;
		nr_rounds = MOST_ROUNDS;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		bail("no memory");
	fds_allow(4096);
	broker_set_up();
	manager_begin(BROKER_DIR "/manager");
	many_times();
	queue_both_ways(disk_driver);
	manager_end();
	return tap_done();
}
