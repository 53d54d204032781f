/* SPDX-License-Identifier: MIT */
/*
 * How long something takes, as people write it
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_DURATION_H
#define BROKER_DURATION_H

#include <stdint.h>

/* What right ones look like, for whoever says that one is none */
#define DURATION_EXAMPLES	"500ms, 30s, 10m, 2h and 1d"

/*
 * "500ms", "30s" or "30", "10m", "2h", "1d", in milliseconds. Return: 0; -EINVAL it is
 * none; -ERANGE more than a hundred years
 */
int duration_parse(const char *text, uint64_t *milliseconds);

#endif
