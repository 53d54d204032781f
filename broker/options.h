/* SPDX-License-Identifier: MIT */
/*
 * The command line
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_OPTIONS_H
#define BROKER_OPTIONS_H

#include <stdbool.h>

/* @socket, @admin: NULL where the configuration has the say */
struct options {
	const char *config;
	const char *socket;
	const char *admin;
	bool check;
};

/* Ends the program where the command line says so, or is wrong. */
struct options options_parse(int argc, char **argv);

#endif
