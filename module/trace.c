// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints: where they are defined
 *
 * Copyright (C) 2026 The barlease authors
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
