// SPDX-License-Identifier: MIT
/*
 * What is wrong in a configuration, line by line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "errors.h"

/* A file with more of them is hardly worth reading to its end. */
#define MOST_ERRORS	100

/* Something wrong must never look like nothing wrong. */
static struct config_error no_memory = {
	.text = "there is no memory to say what is wrong",
};

/* To be filled with CONFIG_ERROR_MAX bytes; NULL: of no interest */
static char *new_complaint(struct config_errors *errors, unsigned int line)
{
	struct config_error *error;

	if (errors->nr == MOST_ERRORS || errors->list == &no_memory)
		return NULL;
	error = array_add(&errors->list, &errors->nr, sizeof(*error));
	if (!error) {
		if (!errors->nr)
			*errors = (struct config_errors){ &no_memory, 1 };
		return NULL;
	}
	error->line = line;
	return error->text;
}

void config_vcomplain(struct config_errors *errors, unsigned int line,
		      const char *text, va_list args)
{
	char *complaint = new_complaint(errors, line);

	if (complaint)
		vsnprintf(complaint, CONFIG_ERROR_MAX, text, args);
}

void config_complain(struct config_errors *errors, unsigned int line,
		     const char *text, ...)
{
	char *complaint = new_complaint(errors, line);
	va_list args;

	if (!complaint)
		return;
	va_start(args, text);
	vsnprintf(complaint, CONFIG_ERROR_MAX, text, args);
	va_end(args);
}

static int by_line(const void *a, const void *b)
{
	const struct config_error *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

void config_sort_errors(struct config_errors *errors)
{
	if (errors->nr)
		qsort(errors->list, errors->nr, sizeof(*errors->list), by_line);
}

void config_free_errors(struct config_errors *errors)
{
	if (errors->list != &no_memory)
		free(errors->list);
	*errors = (struct config_errors){ 0 };
}
