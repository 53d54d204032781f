/* SPDX-License-Identifier: MIT */
/*
 * A reset, or its lock, that is held for as long as a test likes
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef HOLD_H
#define HOLD_H

#include "../../module/ptwalk.h"
#include "peer.h"
#include "sysfs.h"

/* Another process has it when this returns; @what is BARLEASE_HOLD_* */
struct peer hold_begin(struct bdf dev, unsigned int what);
/* Nobody has it any more when this returns */
void hold_end(struct peer *holder);

#endif
