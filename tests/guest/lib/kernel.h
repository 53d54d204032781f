/* SPDX-License-Identifier: MIT */
/*
 * The running kernel
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>

bool kernel_at_least(unsigned int major, unsigned int minor);
/* The kernel, whatever this program is */
bool kernel_is_32bit(void);
/* It is one of PREEMPT_RT */
bool kernel_is_rt(void);
/* Or else mbind() and its like are not there */
bool kernel_has_numa(void);
/* And nodes of VFIO devices, which go with it */
bool kernel_has_iommufd(void);

/* modprobe; @parameter may be NULL. Returns its exit status */
int module_load(const char *module, const char *parameter);
/* delete_module(); 0 or a negative errno */
int module_unload(const char *module);
bool module_loaded(const char *module);

/* The stock vfio-pci may be built into a kernel, and is always there then. */
bool stock_is_module(void);
/* A check: it goes, if it can */
void stock_is_unloaded(void);

#endif
