// SPDX-License-Identifier: MIT
/*
 * barleased with as many slices as there may be: it starts, reads them again,
 * lists them, and leases the first and the last
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "lease.h"
#include "tap.h"

#define SLICES	65536

static char answer[1024];

static void took(const char *what, int64_t start)
{
	diag("%s: %.2f s", what, (now_us() - start) / 1e6);
}

static int count_slices(int admin)
{
	int64_t start = now_us();
	FILE *in = fdopen(dup(admin), "re");
	char line[512];
	int n = 0;

	dprintf(admin, "slices\n");
	while (in && fgets(line, sizeof(line), in) && strncmp(line, "ok", 2))
		n += !strncmp(line, "slice name=", 11);
	if (in)
		fclose(in);
	took("slices", start);
	return n;
}

/* As a template, or as a section for each */
static void configure(bool template)
{
	FILE *file;

	if (template) {
		broker_configure("[device %s]\n"
				 "[slice s]\nbar=2\nranges=0+4K\nusers=*\n"
				 "count=%d\nstride=4K\nexclusive=yes\n",
				 dev_big().name, SLICES);
		return;
	}
	broker_configure("[device %s]\n", dev_big().name);
	file = fopen(BROKER_CONFIG, "ae");
	for (int i = 0; file && i < SLICES; i++)
		fprintf(file,
			"[slice s-%d]\nbar=2\nranges=%#llx+%#llx\n"
			"users=worker1,worker2\nexclusive=yes\n",
			i, i * (unsigned long long)PAGE,
			(unsigned long long)PAGE);
	if (!file || fclose(file))
		bail(BROKER_CONFIG " cannot be written");
}

static void has_all(int admin, const struct peer *peer)
{
	is_int(count_slices(admin), SLICES, "%d slices are listed", SLICES);
	is_ok(client_call(peer, client_acquire, (long)"s-0", 0),
	      "there is a lease of the first one");
	is_ok(client_call(peer, client_acquire, (long)"s-65535", 0),
	      "and of the last one");
}

int main(void)
{
	struct peer peer = client_process(1001);
	int64_t start;
	pid_t broker;
	int admin;

	broker_set_up();
	configure(true);
	start = now_us();
	broker = broker_start();
	took("start", start);
	admin = admin_connect();
	is_ok(client_call(&peer, client_connect, 0), "a client connects");
	has_all(admin, &peer);

	start = now_us();
	ok(admin_ask(admin, "reload", answer, sizeof(answer)),
	   "they are read again");
	took("reload", start);
	admin_leases(admin, 2, "and both leases go on");

	configure(false);
	start = now_us();
	ok(admin_ask(admin, "reload", answer, sizeof(answer)),
	   "they are read again, each with a section of its own");
	took("reload", start);
	admin_leases(admin, 0, "without a group they are others");
	has_all(admin, &peer);
	close(admin);
	peer_stop(&peer);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	return tap_done();
}
