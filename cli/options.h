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
#include <stdint.h>
#include <stdio.h>

#define OPT_BIT(n)		(UINT64_C(1) << (n))

#define OPT_ADMIN		OPT_BIT(0)
#define OPT_ALL			OPT_BIT(1)
#define OPT_ALL_LEASES		OPT_BIT(2)
#define OPT_ALL_SLICES		OPT_BIT(3)
#define OPT_ANY			OPT_BIT(4)
#define OPT_ASCII		OPT_BIT(5)
#define OPT_CONFIG		OPT_BIT(6)
#define OPT_DEVICE		OPT_BIT(7)
#define OPT_FORCE		OPT_BIT(8)
#define OPT_IRQ			OPT_BIT(9)
#define OPT_JSON		OPT_BIT(10)
#define OPT_LISTEN_FDS		OPT_BIT(11)
#define OPT_NO_IOMMU		OPT_BIT(12)
#define OPT_OFF			OPT_BIT(13)
#define OPT_OF_SLICE		OPT_BIT(14)
#define OPT_ON_REVOKE		OPT_BIT(15)
#define OPT_PERSIST		OPT_BIT(16)
#define OPT_PROVE		OPT_BIT(17)
#define OPT_SLICE		OPT_BIT(18)
#define OPT_SOCKET		OPT_BIT(19)
#define OPT_UID			OPT_BIT(20)
#define OPT_WIDTH		OPT_BIT(21)
#define OPT_HTTP		OPT_BIT(22)
#define OPT_SVG			OPT_BIT(23)
#define OPT_FOR			OPT_BIT(24)
#define OPT_WAIT		OPT_BIT(25)
#define OPT_GRACE		OPT_BIT(26)
#define OPT_INTERVAL		OPT_BIT(27)
#define OPT_ONCE		OPT_BIT(28)
#define OPT_AFTER		OPT_BIT(29)
#define OPT_USER		OPT_BIT(30)
#define OPT_OUTPUT		OPT_BIT(31)
#define OPT_UNTIL_END		OPT_BIT(32)

struct options {
	uint64_t given;		/* OPT_... */
	const char *admin;	/* never NULL */
	const char *after;
	const char *config;	/* never NULL */
	const char *device;
	const char *grace;
	const char *interval;
	const char *on_revoke;
	const char *output;
	const char *slice;
	const char *socket;	/* NULL: as the library has it */
	const char *term;
	const char *uid;
	const char *user;
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
