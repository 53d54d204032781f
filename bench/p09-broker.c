// SPDX-License-Identifier: MIT
/*
 * P9: acquire, map, touch and release, by way of the broker; against a server
 * that sends the fd of a lease that it has, and does nothing else
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <barlease.h>

#include "bare-server.h"
#include "broker-lib.h"
#include "crew.h"
#include "lease.h"
#include "report.h"
#include "tap.h"
#include "timer.h"

#define CLIENTS	64

static const struct figure figures[] = {
	{
		.id = "P9", .what = "acquire, map, touch, release; 1 client",
		.unit = "us", .lease = "broker", .against = "bare SCM_RIGHTS",
		.least = NO_LIMIT, .most = 2,
	},
	{
		.id = "P9", .what = "acquire, map, touch, release; 64 clients",
		.unit = "us", .lease = "broker", .against = "bare SCM_RIGHTS",
		.least = NO_LIMIT, .most = 2,
	},
};

static void check(int ret, const char *what)
{
	if (ret < 0)
		bail("%s: %s", what, strerror(-ret));
}

static struct bare_server bare;

/* What a client has: a connection to either */
struct client {
	struct barlease_client *broker;
	int bare;
};

static void connect_to_both(struct client *client, int number)
{
	check(barlease_client_connect(BROKER_SOCKET, &client->broker),
	      "connect");
	client->bare = bare.sockets[number];
}

static void *prepare(int number)
{
	static struct client client;

	connect_to_both(&client, number);
	return &client;
}

static void broker_cycle(void *data)
{
	const struct client *client = data;
	struct barlease_lease lease;
	void *at;

	check(barlease_client_acquire(client->broker, "page", 0, &lease),
	      "acquire");
	check(barlease_map(lease.fd, 0, lease.size, 0, &lease.alignment, &at),
	      "map");
	*(volatile uint32_t *)at;
	check(barlease_unmap(at, lease.size), "unmap");
	close(lease.fd);
	check(barlease_client_release(client->broker, lease.id), "release");
}

static void bare_cycle(void *data)
{
	const struct client *client = data;
	int lease = bare_request(client->bare);
	void *at = mmap(NULL, PAGE, RW, MAP_SHARED, lease, 0);

	if (at == MAP_FAILED)
		bail("mmap() fails");
	*(volatile uint32_t *)at;
	munmap(at, PAGE);
	close(lease);
}

/* In this very process: nobody is to be waited for but the server */
static double alone(struct client *client, crew_cycle cycle)
{
	double began = now_ns();

	cycle(client);
	return (now_ns() - began) / 1e3;
}

/*
 * In a round the two take turns, and the quickest of each counts: the others
 * were slower for what else the machine did.
 */
static void one_client(struct pair *pair)
{
	struct client client;

	connect_to_both(&client, 0);
	for (int i = 0; i < bench_rounds(); i++) {
		double broker_us = INFINITY, bare_us = INFINITY;

		for (int j = 0; j < 200; j++) {
			broker_us = fmin(broker_us, alone(&client, broker_cycle));
			bare_us = fmin(bare_us, alone(&client, bare_cycle));
		}
		pair_add(pair, broker_us, bare_us);
	}
	barlease_client_close(client.broker);
}

static void many_clients(struct pair *pair)
{
	struct crew crew;

	crew_start(&crew, CLIENTS, prepare);
	for (int i = 0; i < bench_rounds(); i++) {
		double broker_us = INFINITY, bare_us = INFINITY;

		for (int j = 0; j < 12; j++) {
			broker_us = fmin(broker_us,
					 crew_run(&crew, broker_cycle, 1));
			bare_us = fmin(bare_us,
				       crew_run(&crew, bare_cycle, 1));
		}
		pair_add(pair, broker_us, bare_us);
	}
	crew_stop(&crew);
}

static void compare(int clients, const struct figure *figure,
		    void (*measure)(struct pair *pair))
{
	struct vfio vfio = vfio_open(dev_big());
	int lease = lease_of(vfio.device, BAR2, 0, PAGE);
	pid_t broker = broker_start();
	struct pair pair = { 0 };

	bare_server_start(&bare, lease, clients);
	measure(&pair);
	report_figure(figure, &pair);
	report_point("P9", "broker", clients, &pair.lease);
	report_point("P9", "bare SCM_RIGHTS", clients, &pair.against);
	series_free(&pair.ratio);
	bare_server_stop(&bare);
	if (broker_stop(broker))
		bail("the broker fails");
	close(lease);
	vfio_close(&vfio);
}

int main(void)
{
	bench_begin("P9", "a lease from the broker");
	broker_set_up();
	broker_configure("[device %s]\n[slice page]\nbar=2\nranges=0+4K\nusers=root\n",
			 dev_small().name);
	compare(1, &figures[0], one_client);
	compare(CLIENTS, &figures[1], many_clients);
	return 0;
}
