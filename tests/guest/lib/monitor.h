/* SPDX-License-Identifier: MIT */
/*
 * QEMU's monitor, for what happens to a machine from outside
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef MONITOR_H
#define MONITOR_H

#include "tap.h"

/*
 * Have a command done, and return what the monitor answers, which is valid
 * until the next one. Most commands that succeed have nothing to say. Gives up
 * where there is no monitor.
 */
const char *monitor(const char *command, ...) TAP_PRINTF(1, 2);

/* The same, for a command that must succeed; gives up otherwise */
void monitor_do(const char *command, ...) TAP_PRINTF(1, 2);

#endif
