/* SPDX-License-Identifier: MIT */
/*
 * The log: standard error, a line each
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Where it is no terminal, a line begins with the journal's level, "<6>".
 */
#ifndef BROKER_LOG_H
#define BROKER_LOG_H

#include <syslog.h>

/* @level: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO */
void log_line(int level, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The same for what anybody may bring about as often as they like: a few lines
 * a second, and then how many there would have been.
 */
void log_limited(int level, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

#endif
