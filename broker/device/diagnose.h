/* SPDX-License-Identifier: MIT */
/*
 * Why a device cannot be opened, and what would help
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_DIAGNOSE_H
#define BROKER_DIAGNOSE_H

#include <stddef.h>
#include <sys/types.h>

/* "pid 12 (name)" */
void diagnose_process(pid_t pid, char *text, size_t size);

/* @error: what barlease_device_open() returned */
void diagnose_open(const char *bdf, int error, char *text, size_t size);

/* @caps: what the device can, of BARLEASE_CAN_..., which is too little */
void diagnose_caps(const char *bdf, unsigned int caps, char *text,
		   size_t size);

#endif
