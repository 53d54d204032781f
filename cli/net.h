/* SPDX-License-Identifier: MIT */
/*
 * Network links of a PCI device
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_NET_H
#define CLI_NET_H

#include "use.h"

/*
 * One that is up, or that another network namespace has: what that does with it
 * cannot be seen from here. @device is the real path of the device's directory.
 */
struct use use_by_link(char *device);

#endif
