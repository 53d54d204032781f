/* SPDX-License-Identifier: MIT */
/*
 * The log: standard error, a line each; the journal, where that is what it is
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Where it is neither that nor a terminal, a line begins with the journal's level,
 * "<6>".
 */
#ifndef BROKER_LOG_H
#define BROKER_LOG_H

#include <stdbool.h>
#include <sys/types.h>
#include <syslog.h>

/* @level: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO. Never waits */
void log_line(int level, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The same for what this user brings about, as often as it likes: a hundred
 * lines, then one a second, and now and then how many there would have been
 */
void log_user(int level, uid_t uid, const char *text, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same with fields for the journal, see journal.h: for whoever asks it for the
 * lines of one lease, say
 */
void log_event(int level, uid_t uid, const char *fields, const char *text, ...)
	__attribute__((format(printf, 4, 5)));

/* Does anybody take them? To put them together is for nothing else */
bool log_takes_fields(void);

/* Are there lines that nobody has been told of? */
bool log_is_behind(void);
void log_catch_up(void);

#endif
