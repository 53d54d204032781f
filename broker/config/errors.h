/* SPDX-License-Identifier: MIT */
/*
 * What is wrong in a configuration, line by line
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_CONFIG_ERRORS_H
#define BROKER_CONFIG_ERRORS_H

#include <stdarg.h>
#include <stddef.h>

#define CONFIG_ERROR_MAX	240

/* Something wrong in a line; line 0 is the file as such */
struct config_error {
	unsigned int line;
	char text[CONFIG_ERROR_MAX];
};

struct config_errors {
	struct config_error *list;
	size_t nr;
};

/* Adds an error. After a hundred of them, no more are kept. */
void config_complain(struct config_errors *errors, unsigned int line,
		     const char *text, ...)
	__attribute__((format(printf, 3, 4)));
void config_vcomplain(struct config_errors *errors, unsigned int line,
		      const char *text, va_list args)
	__attribute__((format(printf, 3, 0)));
void config_sort_errors(struct config_errors *errors);
void config_free_errors(struct config_errors *errors);

#endif
