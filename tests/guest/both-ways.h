/* SPDX-License-Identifier: MIT */
/*
 * Once by group and container, and once by iommufd
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BOTH_WAYS_H
#define BOTH_WAYS_H

#include <barlease.h>

#include "kernel.h"
#include "tap.h"

static inline void both_ways(void (*checks)(enum barlease_backend way))
{
	checks(BARLEASE_BACKEND_GROUP);
	if (kernel_has_iommufd())
		checks(BARLEASE_BACKEND_IOMMUFD);
	else
		skip("this kernel has no iommufd", "the same with iommufd");
}

#endif
