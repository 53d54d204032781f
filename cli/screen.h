/* SPDX-License-Identifier: MIT */
/*
 * What the terminal can show
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>

/* Of the terminal on stdout, or as $COLUMNS says, or 80 */
unsigned int screen_width(void);
/* Whether the locale's characters are UTF-8 */
bool screen_is_unicode(void);

#endif
