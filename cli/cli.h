/* SPDX-License-Identifier: MIT */
/*
 * What main() and the verbs have in common
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_H
#define CLI_H

#include "options.h"

/* Besides EXIT_SUCCESS and EXIT_FAILURE */
#define EXIT_USAGE	2
#define EXIT_ABSENT	3	/* what is asked for is not there */
#define EXIT_DENIED	4
#define EXIT_BUSY	5
#define EXIT_REVOKED	6

/* A verb sees only the operands: options were taken out before. */
struct verb {
	const char *name;
	const char *operands;	/* for the usage line; "" for none */
	const char *summary;
	const char *details;	/* what --help says below that */
	const char *examples;
	uint64_t takes;		/* options: OPT_... */
	int min, max;		/* operands; max -1: any number */
	int (*run)(const struct verb *verb, const struct options *options,
		   int argc, char **argv);
};

extern const struct verb acquire_verb, bind_verb, cdi_verb, devices_verb, dmabuf_verb,
	doctor_verb, grant_verb, grants_verb, list_verb, metrics_verb,
	pause_verb, peek_verb, poke_verb, ps_verb, reload_verb,
	report_verb, reset_verb, restart_verb, resume_verb, revoke_verb,
	show_verb, slices_verb, top_verb, unbind_verb, ungrant_verb,
	watch_verb, wc_verb;

/* "barlease: VERB: ..." on stderr; return what the process is to end with */
int failed(const struct verb *verb, const char *text, ...)
	__attribute__((format(printf, 2, 3)));
/* The same with the status for an error, a negative errno */
int failed_by(const struct verb *verb, int error, const char *text, ...)
	__attribute__((format(printf, 3, 4)));
int misused(const struct verb *verb, const char *text, ...)
	__attribute__((format(printf, 2, 3)));
/* The same without an end: what is worth knowing meanwhile */
void note(const struct verb *verb, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

#endif
