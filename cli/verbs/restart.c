// SPDX-License-Identifier: MIT
/*
 * barlease restart: have barleased become the program that is installed by now
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "broker.h"

/* The next one reads its configuration first, and opens devices that are new */
#define PATIENCE_S	30

static void wait_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 50000000 };

	nanosleep(&moment, NULL);
}

/* Until the next one answers; or why it does not */
static int wait_for_next(const struct options *options)
{
	const time_t until = time(NULL) + PATIENCE_S;
	struct records none;
	struct admin *admin;
	int ret;

	do {
		ret = admin_connect(options->admin, &admin);
		if (!ret) {
			ret = admin_ask(admin, "counters", &none);
			if (!ret)
				records_free(&none);
			admin_close(admin);
		}
		if (ret)
			wait_a_moment();
	} while (ret && time(NULL) < until);
	return ret;
}

/* That the connection ends is the answer. */
static int restart(const struct verb *verb, const struct options *options,
		   int argc, char **argv)
{
	struct records none;
	struct admin *admin;
	int ret;

	(void)argc;
	(void)argv;
	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = admin_ask(admin, "restart", &none);
	if (!ret)
		records_free(&none);
	if (ret != -ECONNRESET) {
		ret = broker_complain(verb, admin, ret ?: -EPROTO);
		admin_close(admin);
		return ret;
	}
	admin_close(admin);
	ret = wait_for_next(options);
	return ret ? broker_connect_failed(verb, options, ret) : EXIT_SUCCESS;
}

const struct verb restart_verb = {
	.name = "restart",
	.operands = "",
	.summary = "have barleased become the one that is installed by now",
	.details =
"All leases, and those who wait for one, stay as they are, and notice nothing: for an\n"
"upgrade. Ends when the new one answers; or with 1 where there is none, for it does not\n"
"like the configuration, say, and nothing has changed then. Asks barleased, for root\n"
"only.\n",
	.examples =
"  barlease restart\n",
	.takes = OPT_ADMIN,
	.run = restart,
};
