/* SPDX-License-Identifier: MIT */
/*
 * What of a machine may be shown to others
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Nothing is kept but what is known to be harmless: whoever reads a report does
 * not know what the words of others mean, and what they may give away.
 */
#ifndef CLI_REDACT_H
#define CLI_REDACT_H

/* Both return text for free(); NULL without memory */

/* Of the kernel's command line: what has to do with devices */
char *redact_cmdline(const char *text);

/* Of barleased's configuration: without comments, and users by their numbers */
char *redact_config(const char *text);

/* The addresses of network cards, in place: each says whose machine this is */
void redact_addresses(char *text);

#endif
