// SPDX-License-Identifier: MIT
/*
 * barlease reload: have barleased read its configuration again
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "broker.h"

static int reload(const struct verb *verb, const struct options *options,
		  int argc, char **argv)
{
	struct admin *admin;
	int ret;

	(void)argc;
	(void)argv;
	ret = broker_connect(verb, options, &admin);
	if (ret)
		return ret;
	ret = broker_order(verb, admin, "reload");
	admin_close(admin);
	return ret;
}

const struct verb reload_verb = {
	.name = "reload",
	.operands = "",
	.summary = "have barleased read its configuration again",
	.details =
"Ends when it is in effect; or with 1, and says what is wrong with it. Asks\n"
"barleased, for root only.\n",
	.examples =
"  barlease reload\n",
	.takes = OPT_ADMIN,
	.run = reload,
};
