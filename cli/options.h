/* SPDX-License-Identifier: MIT */
/*
 * The options of all verbs: each is described once, and a verb names those
 * that it takes
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

enum {
	OPT_ADMIN	= 1u << 0,
	OPT_ALL		= 1u << 1,
	OPT_ALL_LEASES	= 1u << 2,
	OPT_ALL_SLICES	= 1u << 3,
	OPT_ANY		= 1u << 4,
	OPT_ASCII	= 1u << 5,
	OPT_CONFIG	= 1u << 6,
	OPT_DEVICE	= 1u << 7,
	OPT_FORCE	= 1u << 8,
	OPT_IRQ		= 1u << 9,
	OPT_JSON	= 1u << 10,
	OPT_LISTEN_FDS	= 1u << 11,
	OPT_NO_IOMMU	= 1u << 12,
	OPT_OFF		= 1u << 13,
	OPT_OF_SLICE	= 1u << 14,
	OPT_ON_REVOKE	= 1u << 15,
	OPT_PERSIST	= 1u << 16,
	OPT_PROVE	= 1u << 17,
	OPT_SLICE	= 1u << 18,
	OPT_SOCKET	= 1u << 19,
	OPT_UID		= 1u << 20,
	OPT_WIDTH	= 1u << 21,
	OPT_HTTP	= 1u << 22,
	OPT_SVG		= 1u << 23,
	OPT_FOR		= 1u << 24,
	OPT_WAIT	= 1u << 25,
	OPT_GRACE	= 1u << 26,
	OPT_INTERVAL	= 1u << 27,
	OPT_ONCE	= 1u << 28,
	OPT_AFTER	= 1u << 29,
};

struct options {
	unsigned int given;	/* OPT_... */
	const char *admin;	/* never NULL */
	const char *after;
	const char *config;	/* never NULL */
	const char *device;
	const char *grace;
	const char *interval;
	const char *on_revoke;
	const char *slice;
	const char *socket;	/* NULL: as the library has it */
	const char *term;
	const char *uid;
	const char *wait;
	const char *width;
};

struct verb;

/**
 * options_parse() - take the options out of a command line
 * @verb: whose they are
 * @argc: of the verb's name and what follows it
 * @argv: is put in order: operands last
 * @options: receives them
 *
 * Return: index of the first operand; 0 the help was asked for; -1 something
 * was wrong and has been said.
 */
int options_parse(const struct verb *verb, int argc, char **argv,
		  struct options *options);

/* The part of a verb's help that is about its options */
void options_describe(const struct verb *verb, FILE *to);

#endif
