/* SPDX-License-Identifier: MIT */
/*
 * What unit-guard has done in C++
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef GUARD_CXX_H
#define GUARD_CXX_H

#ifdef __cplusplus
extern "C" {
#endif

/* A guard of a function that throws; true if the exception comes through */
bool cxx_throws_through_guard(const volatile void *address, size_t size);

#ifdef __cplusplus
}
#endif

#endif
