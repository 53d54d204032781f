// SPDX-License-Identifier: MIT
/*
 * The options of all verbs
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define ADMIN_SOCKET	"/run/barlease/admin"
#define CONFIG		"/etc/barlease/barleased.conf"

/* What getopt_long() has for --help, and for the first of the descriptions */
#define HELP		'h'
#define FIRST		256

static const struct description {
	uint64_t bit;
	const char *name;
	const char *argument;
	const char *text;
} descriptions[] = {
	{ OPT_ADMIN, "admin", "PATH",
	  "barleased's administrator's socket;\n"
	  "else $BARLEASE_ADMIN, or " ADMIN_SOCKET },
	{ OPT_AFTER, "after", "END",
	  "what accesses get when the lease is over: sigbus,\n"
	  "or ones: reads all ones, writes go nowhere" },
	{ OPT_ALL, "all", NULL, "bridges, too" },
	{ OPT_ALL_LEASES, "all", NULL, "every lease" },
	{ OPT_ALL_SLICES, "all", NULL, "everybody's, as the administrator" },
	{ OPT_ANY, "any", NULL, "NAME is a group's: any free slice of it" },
	{ OPT_ASCII, "ascii", NULL, "draw with ASCII characters" },
	{ OPT_CONFIG, "config", "PATH",
	  "barleased's configuration; else " CONFIG },
	{ OPT_DEVICE, "device", "DEVICE", "all leases of this device" },
	{ OPT_FORCE, "force", NULL, "even if the driver that it has is at work" },
	{ OPT_FOR, "for", "TIME",
	  "no longer than that, such as 10m" },
	{ OPT_GRACE, "grace", "TIME",
	  "so much time for the holder to finish; 0 for\nnone. Else the slice's grace=" },
	{ OPT_HTTP, "http", NULL,
	  "answer one request of HTTP on standard input" },
	{ OPT_INTERVAL, "interval", "SECONDS", "from one look to the next; else 1" },
	{ OPT_IRQ, "irq", NULL,
	  "with an eventfd for each of its interrupts, in\n$BARLEASE_IRQ_FDS" },
	{ OPT_JSON, "json", NULL, "for programs" },
	{ OPT_LISTEN_FDS, "listen-fds", NULL,
	  "as descriptor 3, with $LISTEN_FDS and the like" },
	{ OPT_NO_IOMMU, "no-iommu", NULL,
	  "devices without an IOMMU, whose DMA reaches\nall of the machine's memory" },
	{ OPT_OFF, "off", NULL, "uncached instead" },
	{ OPT_ONCE, "once", NULL, "print one look as text, and end" },
	{ OPT_ON_REVOKE, "on-revoke", "SIGNAL",
	  "send the command this if the lease ends before\n"
	  "it, or is about to" },
	{ OPT_OUTPUT, "output", "FILE",
	  "else /etc/cdi/barlease.json; - is standard output" },
	{ OPT_PERSIST, "persist", NULL, "and whenever the machine starts" },
	{ OPT_PROVE, "prove", NULL,
	  "open the device and map it, and show what its\n"
	  "page table says" },
	{ OPT_SLICE, "slice", "NAME",
	  "lease this slice for the moment; else the\n"
	  "lease that $BARLEASE_FD is" },
	{ OPT_OF_SLICE, "slice", "NAME", "all leases of this slice" },
	{ OPT_SOCKET, "socket", "PATH",
	  "of whoever vends slices; else $BARLEASE_SOCKET,\n"
	  "or /run/barlease/socket" },
	{ OPT_SVG, "svg", NULL, "a picture, in SVG" },
	{ OPT_UID, "uid", "UID", "all leases of this user" },
	{ OPT_UNTIL_END, "until-end", NULL, "end when barleased does" },
	{ OPT_USER, "user", "USER",
	  "for this user, and those of its user namespaces" },
	{ OPT_WAIT, "wait", "TIME",
	  "where others have it, wait so long for it, such\n"
	  "as 30s, or forever" },
	{ OPT_WIDTH, "width", "BITS", "of a word: 8, 16, 32 (else), 64" },
};

#define NR_DESCRIPTIONS	(sizeof(descriptions) / sizeof(*descriptions))

/* As getopt_long() wants it; the last two are --help and the end */
static void long_options(const struct verb *verb,
			 struct option longopts[NR_DESCRIPTIONS + 2])
{
	const struct description *d;
	size_t i, n = 0;

	for (i = 0; i < NR_DESCRIPTIONS; i++) {
		d = &descriptions[i];
		if (verb->takes & d->bit)
			longopts[n++] = (struct option){
				.name = d->name,
				.has_arg = d->argument ? required_argument :
							 no_argument,
				.val = FIRST + (int)i,
			};
	}
	longopts[n++] = (struct option){ .name = "help", .val = HELP };
	longopts[n] = (struct option){ 0 };
}

static void take(struct options *options, uint64_t option)
{
	options->given |= option;
	switch (option) {
	case OPT_ADMIN:
		options->admin = optarg;
		break;
	case OPT_AFTER:
		options->after = optarg;
		break;
	case OPT_CONFIG:
		options->config = optarg;
		break;
	case OPT_DEVICE:
		options->device = optarg;
		break;
	case OPT_FOR:
		options->term = optarg;
		break;
	case OPT_GRACE:
		options->grace = optarg;
		break;
	case OPT_INTERVAL:
		options->interval = optarg;
		break;
	case OPT_ON_REVOKE:
		options->on_revoke = optarg;
		break;
	case OPT_OF_SLICE:
	case OPT_SLICE:
		options->slice = optarg;
		break;
	case OPT_OUTPUT:
		options->output = optarg;
		break;
	case OPT_SOCKET:
		options->socket = optarg;
		break;
	case OPT_UID:
		options->uid = optarg;
		break;
	case OPT_USER:
		options->user = optarg;
		break;
	case OPT_WAIT:
		options->wait = optarg;
		break;
	case OPT_WIDTH:
		options->width = optarg;
		break;
	}
}

/* getopt_long() may have been in the middle of "-abc", or at the next one. */
static void complain(const struct verb *verb, char **argv, int option)
{
	if (option == ':')
		misused(verb, "%s needs a value", argv[optind - 1]);
	else if (optopt && optopt < FIRST && optopt != HELP)
		misused(verb, "no option -%c", optopt);
	else
		misused(verb, "no option %s", argv[optind - 1]);
}

int options_parse(const struct verb *verb, int argc, char **argv,
		  struct options *options)
{
	struct option longopts[NR_DESCRIPTIONS + 2];
	int option;

	*options = (struct options){
		.admin = getenv("BARLEASE_ADMIN") ?: ADMIN_SOCKET,
		.config = CONFIG,
	};
	long_options(verb, longopts);
	/* 0, not 1: forget what main() has parsed. */
	optind = 0;
	while ((option = getopt_long(argc, argv, ":h", longopts, NULL)) != -1) {
		if (option == HELP)
			return 0;
		if (option == '?' || option == ':') {
			complain(verb, argv, option);
			return -1;
		}
		take(options, descriptions[option - FIRST].bit);
	}
	return optind;
}

/* The text's further lines begin below its first one. */
static void describe(const struct description *d, FILE *to)
{
	char left[32];
	const char *line = d->text, *end;
	bool first = true;

	snprintf(left, sizeof(left), "--%s%s%s", d->name,
		 d->argument ? " " : "", d->argument ?: "");
	do {
		end = strchrnul(line, '\n');
		fprintf(to, "  %-18s %.*s\n", first ? left : "",
			(int)(end - line), line);
		line = end + 1;
		first = false;
	} while (*end);
}

void options_describe(const struct verb *verb, FILE *to)
{
	size_t i;

	for (i = 0; i < NR_DESCRIPTIONS; i++)
		if (verb->takes & descriptions[i].bit)
			describe(&descriptions[i], to);
	fprintf(to, "  %-18s %s\n", "-h, --help", "this");
}
