/* SPDX-License-Identifier: MIT */
/*
 * What the plugin says, for the log of its container
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_LOG_HPP
#define KUBERNETES_LOG_HPP

/* A line to standard error, from any thread */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
