// SPDX-License-Identifier: MIT
/*
 * P17: how long accesses of a client stand still while the broker restarts with its
 * lease; against another program that starts meanwhile
 *
 * Copyright (C) 2026 The barlease authors
 *
 * It is to be not at all: what is left are the scheduler's and, where there is one, the
 * emulator's, which a program that starts anywhere brings about as well. That no access
 * faults says the same without a clock.
 */
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barlease.h>

#include "access.h"
#include "broker-lib.h"
#include "clock.h"
#include "lease.h"
#include "map.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

#define TURNS	8	/* of which the shortest standstill counts */
#define VALUES	3	/* a round */

static const struct figure figure = {
	.id = "P17", .what = "longest standstill of a client in a restart of the broker",
	.unit = "us", .lease = "restart", .against = "another program",
	.least = NO_LIMIT, .most = 2,
};

/* @window: another one begins when it changes; @longest: in this one */
struct shared {
	atomic_bool ready;
	atomic_bool stop;
	atomic_int window;
	atomic_long longest_ns;
	atomic_long faults;
	atomic_long failed;
	atomic_long accesses;
};

static struct shared *shared;
static pid_t broker;

static long faults_so_far(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

static mapping_t lease_page(void)
{
	struct barlease_client *client;
	struct barlease_lease lease;

	if (barlease_client_connect(BROKER_SOCKET, &client) ||
	    barlease_client_acquire(client, "page", 0, &lease))
		bail("no lease");
	return map(lease.fd, 0, lease.size, RW);
}

static void read_on(mapping_t at)
{
	int window = shared->window;
	double last = now_ns(), now;
	long longest = 0, before = 0;
	uint32_t value;

	while (!shared->stop) {
		shared->failed += !read32(at, &value);
		shared->accesses++;
		now = now_ns();
		longest = fmax(longest, now - last);
		last = now;
		/* Its own pages are there, too, when the first one begins */
		if (window != shared->window) {
			before = window ? before : faults_so_far();
			window = shared->window;
			longest = 0;
		}
		shared->longest_ns = longest;
	}
	shared->faults = faults_so_far() - before;
}

static pid_t start_client(void)
{
	pid_t pid = fork();
	mapping_t at;

	if (pid)
		return pid;
	bench_use_cpu(1);
	at = lease_page();
	shared->ready = true;
	read_on(at);
	_exit(0);
}

/* The same program, which does nothing to this client */
static void run_another(void)
{
	static const char *const words[] = {
		"--check", "-c", BROKER_CONFIG, NULL,
	};

	if (broker_end(broker_spawn(words)))
		bail("the other program fails");
}

/* Of a restart, or while another program runs; in microseconds */
static double standstill(bool restarts)
{
	shared->window++;
	if (!restarts)
		run_another();
	else if (kill(broker, SIGUSR2) || !broker_is_ready())
		bail("the broker does not restart");
	return shared->longest_ns / 1e3;
}

static void one_value(struct pair *pair)
{
	double with = INFINITY, without = INFINITY;

	for (int i = 0; i < TURNS; i++) {
		with = fmin(with, standstill(true));
		without = fmin(without, standstill(false));
	}
	pair_add(pair, with, without);
}

int main(void)
{
	struct pair pair = { 0 };
	char found[96];
	pid_t client;

	bench_begin("P17", "a restart of the broker");
	shared = mmap(NULL, sizeof(*shared), RW, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		bail("no memory");
	broker_set_up();
	broker_configure("[device %s]\n[slice page]\nbar=2\nranges=0+4K\nusers=*\n",
			 dev_small().name);
	broker = broker_start();
	client = start_client();
	if (!comes_true(shared->ready))
		bail("no client");
	for (int i = 0; i < VALUES * bench_rounds(); i++)
		one_value(&pair);
	shared->stop = true;
	waitpid(client, NULL, 0);
	report_figure(&figure, &pair);
	snprintf(found, sizeof(found), "%ld failed, %ld faulted, of %ld in %d restarts",
		 shared->failed, shared->faults, shared->accesses,
		 VALUES * bench_rounds() * TURNS);
	report_truth("P17", "no access fails or faults in a restart",
		     !shared->failed && !shared->faults, found);
	pair_free(&pair);
	return broker_stop(broker);
}
