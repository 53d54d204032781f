/* SPDX-License-Identifier: MIT */
/*
 * Slices and leases in the words of the administrator's socket
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_DESCRIBE_H
#define BROKER_DESCRIBE_H

#include "base/text.h"
#include "config/config.h"

/* "device=... bar=... ranges=... size=... access=... memattr=..." */
void describe_place(struct text *out, const struct config *config,
		    const struct config_slice *slice);

/* A line that begins with "slice", without its end */
void describe_slice(struct text *out, const struct config *config,
		    const struct config_slice *slice, unsigned int holders);

/* @slice: which it is of, where it is known */
void describe_lease(struct text *out, const struct config *config,
		    const struct config_slice *slice,
		    const struct barlease_holding *lease);

/* With "_" for spaces, for a value */
void describe_as_word(const char *text, char *word, size_t size);

/* "released" and so on */
const char *describe_reason(enum barlease_reason reason);

#endif
