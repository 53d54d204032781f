/* SPDX-License-Identifier: MIT */
/*
 * A valid message of each type of the lease protocol
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include "wire/wire.h"

#define NR_SAMPLES	36

/* The same number is the same message every time */
struct bl_wire_message sample(unsigned int number);

#endif
