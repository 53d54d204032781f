// SPDX-License-Identifier: MIT
/*
 * What the plugin says, for the log of its container
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <cstdarg>
#include <cstdio>

#include "log.hpp"

void say(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "barlease-device-plugin: %s\n", line);
}
