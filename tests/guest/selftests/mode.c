// SPDX-License-Identifier: MIT
/*
 * Linked to the kernel's selftests of VFIO: the way to the IOMMU of those tests
 * that do not try every one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <stdlib.h>

extern const char *default_iommu_mode;

static __attribute__((constructor)) void choose_mode(void)
{
	const char *mode = getenv("SELFTEST_MODE");

	if (mode)
		default_iommu_mode = mode;
}
