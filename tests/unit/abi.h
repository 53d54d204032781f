/* SPDX-License-Identifier: MIT */
/*
 * One function of each file that includes <linux/barlease.h> in its own way
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef ABI_H
#define ABI_H

#ifdef __cplusplus
extern "C" {
#endif

int abi_alone(void);
int abi_newer_host_feature(void);
int abi_newer_host_ours(void);
int abi_cxx(void);

#ifdef __cplusplus
}
#endif

#endif
