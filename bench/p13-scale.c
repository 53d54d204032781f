// SPDX-License-Identifier: MIT
/*
 * P13: a lease of a broker that has as many slices as there can be, and thousands
 * of clients with leases; against one of a broker that has next to nothing
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

#include "broker-lib.h"
#include "fds.h"
#include "lease.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

#define SLICES		65000
#define FEW		10
/* Those that the crowd has, each of them many times */
#define SHARED		1000
#define CROWD		10000
#define LEASES_EACH	10

#define SMALL_CONFIG	BROKER_DIR "/small"
#define SMALL_SOCKET	BROKER_DIR "/small-socket"
#define SMALL_ADMIN	BROKER_DIR "/small-admin"

static const struct figure by_name = {
	.id = "P13",
	.what = "acquire and release one of 65,000 slices; 10,000 clients, 100,000 leases",
	.unit = "us", .lease = "broker", .against = "10 slices, 1 client",
	.least = NO_LIMIT, .most = 2,
};

static const struct figure any = {
	.id = "P13", .what = "the same, any that is free",
	.unit = "us", .lease = "broker", .against = "10 slices, 1 client",
	.least = NO_LIMIT, .most = 2,
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		bail("%s: %s", what, strerror(-ret));
}

static void configure(const char *device, int slices, int behind_mib,
		      int shared)
{
	broker_configure("[device %s]\n"
			 "[slice doorbell]\nbar=2\nranges=0+4K\ncount=%d\n"
			 "stride=4K\nexclusive=yes\nusers=root\n"
			 "[slice shared]\nbar=2\nranges=%dM+4K\ncount=%d\n"
			 "stride=4K\nusers=root\n"
			 "[broker]\nconnections=20000\nleases=200000\n"
			 "user-connections=20000\nuser-leases=200000\n",
			 device, slices, behind_mib, shared);
}

static pid_t start_small(void)
{
	static const char *const arguments[] = {
		"-c", SMALL_CONFIG, "--socket", SMALL_SOCKET,
		"--admin", SMALL_ADMIN, NULL,
	};
	pid_t broker;

	configure(dev_small().name, FEW, 1, 1);
	if (rename(BROKER_CONFIG, SMALL_CONFIG))
		bail("rename() fails");
	broker = broker_spawn(arguments);
	if (!broker_is_ready())
		bail("the small broker does not get ready");
	return broker;
}

static pid_t start_large(void)
{
	double began;
	pid_t broker;

	configure(dev_big().name, SLICES - SHARED, 300, SHARED);
	began = now_ns();
	broker = broker_start();
	report_fact("P13", "start with 65,000 slices", (now_ns() - began) / 1e9,
		    "s");
	return broker;
}

static void join(struct barlease_client **client, int number)
{
	struct barlease_lease lease;
	char name[32];

	check(barlease_client_connect(BROKER_SOCKET, client), "connect");
	for (int i = 0; i < LEASES_EACH; i++) {
		snprintf(name, sizeof(name), "shared-%d",
			 (number * LEASES_EACH + i) % SHARED);
		check(barlease_client_acquire(*client, name, 0, &lease),
		      "acquire");
		close(lease.fd);
	}
}

static void list(struct barlease_client *client)
{
	struct barlease_slice_info *slices;
	double began = now_ns();
	size_t nr;

	check(barlease_client_list(client, &slices, &nr), "list");
	report_fact("P13", "list 65,000 slices", (now_ns() - began) / 1e9, "s");
	if (nr != SLICES)
		bail("%zu slices are listed", nr);
	free(slices);
}

static double cycle_us(struct barlease_client *client, const char *name,
		       unsigned int flags)
{
	double began = now_ns();
	struct barlease_lease lease;

	check(barlease_client_acquire(client, name, flags, &lease), "acquire");
	close(lease.fd);
	check(barlease_client_release(client, lease.id), "release");
	return (now_ns() - began) / 1e3;
}

/* In turn; the quickest of each counts, as in P9 */
static void compare(const struct figure *figure, struct barlease_client *large,
		    struct barlease_client *small, const char *name,
		    unsigned int flags)
{
	struct pair pair = { 0 };

	for (int i = 0; i < bench_rounds(); i++) {
		double large_us = INFINITY, small_us = INFINITY;

		for (int j = 0; j < 200; j++) {
			large_us = fmin(large_us, cycle_us(large, name, flags));
			small_us = fmin(small_us, cycle_us(small, name, flags));
		}
		pair_add(&pair, large_us, small_us);
	}
	report_figure(figure, &pair);
	pair_free(&pair);
}

int main(void)
{
	static struct barlease_client *crowd[CROWD];
	struct barlease_client *large, *small;
	pid_t small_broker, large_broker;

	bench_begin("P13", "a broker with many slices and clients");
	fds_allow(2 * CROWD);
	broker_set_up();
	small_broker = start_small();
	large_broker = start_large();
	check(barlease_client_connect(BROKER_SOCKET, &large), "connect");
	check(barlease_client_connect(SMALL_SOCKET, &small), "connect");
	list(large);
	for (int i = 0; i < CROWD; i++)
		join(&crowd[i], i);
	compare(&by_name, large, small, "doorbell-7", 0);
	compare(&any, large, small, "doorbell", BARLEASE_ANY);
	for (int i = 0; i < CROWD; i++)
		barlease_client_close(crowd[i]);
	barlease_client_close(large);
	barlease_client_close(small);
	if (broker_stop(large_broker) || broker_stop(small_broker))
		bail("a broker fails");
	return 0;
}
