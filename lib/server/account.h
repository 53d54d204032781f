/* SPDX-License-Identifier: MIT */
/*
 * As whose a connection, and what it has, counts
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_ACCOUNT_H
#define LIB_ACCOUNT_H

#include <sys/types.h>

/* In place of a uid, which none is: as its listener's, whatever uid it has */
#define BL_ONE_USER	((uid_t)-1)

#endif
