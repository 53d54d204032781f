// SPDX-License-Identifier: MIT
/*
 * A client in Rust (tests/rust), an ordinary user, has a lease of barleased
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Of "make check-rust", which puts the client into the guest.
 */
#include <string.h>

#include "broker-lib.h"
#include "lease.h"
#include "program.h"
#include "tap.h"

#define CLIENT	"/rust/client"

static void configure(void)
{
	broker_configure("[device %s]\n"
			 "[slice page]\n"
			 "bar = 2\n"
			 "ranges = 1M+4K, 3M+4K\n"
			 "exclusive = yes\n"
			 "users = 1001\n", dev_small().name);
}

/* Its results are ours, without their numbers; its plan is not. */
static void pass_on(char *line)
{
	const char *name = strstr(line, " - ");

	line[strcspn(line, "\n")] = '\0';
	if (name && !strncmp(line, "ok ", 3))
		ok(true, "%s", name + 3);
	else if (name && !strncmp(line, "not ok ", 7))
		ok(false, "%s", name + 3);
	else
		diag("  %s", line);
}

int main(void)
{
	struct program client;
	char line[256];
	pid_t broker;

	broker_set_up();
	configure();
	broker = broker_start();
	client = PROGRAM_AS(1001, CLIENT, BROKER_SOCKET, "page");
	while (fgets(line, sizeof(line), client.says))
		pass_on(line);
	is_int(program_end(&client, 0), 0, "the client is content");
	is_int(broker_stop(broker), 0, "and the broker ends as it should");
	return tap_done();
}
