// SPDX-License-Identifier: MIT
/*
 * The command line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"

#define DEFAULT_CONFIG	"/etc/barlease/barleased.conf"

static const char usage[] =
	"Usage: barleased [OPTION]...\n"
	"Lease slices of PCI BARs to other processes.\n"
	"\n"
	"  -c, --config FILE   configuration; " DEFAULT_CONFIG " if not given\n"
	"      --check         only say whether the configuration is good\n"
	"      --socket PATH   where clients connect\n"
	"      --admin PATH    where the administrator connects\n"
	"  -h, --help          this\n"
	"  -V, --version       which version this is\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'k' },
	{ "socket", required_argument, NULL, 's' },
	{ "admin", required_argument, NULL, 'a' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

struct options options_parse(int argc, char **argv)
{
	struct options options = { .config = DEFAULT_CONFIG };
	int c;

	while ((c = getopt_long(argc, argv, "c:hV", long_options, NULL)) >= 0) {
		switch (c) {
		case 'c':
			options.config = optarg;
			break;
		case 'k':
			options.check = true;
			break;
		case 's':
			options.socket = optarg;
			break;
		case 'a':
			options.admin = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			puts("barleased " BARLEASE_VERSION);
			exit(EXIT_SUCCESS);
		default:
			fputs("Try \"barleased --help\".\n", stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "barleased: \"%s\" is one word too many\n",
			argv[optind]);
		exit(2);
	}
	return options;
}
