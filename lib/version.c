// SPDX-License-Identifier: MIT
/*
 * Which version of the library this is
 *
 * Copyright (C) 2026 The barlease authors
 */
#include "public.h"

int barlease_version_major(void)
{
	return BARLEASE_VERSION_MAJOR;
}

int barlease_version_minor(void)
{
	return BARLEASE_VERSION_MINOR;
}

bool barlease_check_version(int major, int minor)
{
	return BARLEASE_VERSION_OF(major, minor) <= BARLEASE_HEADER_VERSION;
}
