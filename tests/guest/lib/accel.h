/* SPDX-License-Identifier: MIT */
/*
 * edu-accel: jobs of the edu device
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef TEST_ACCEL_H
#define TEST_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <drm/edu_accel.h>

#include "map.h"
#include "sysfs.h"

#define ACCEL		"edu-accel"
#define ACCEL_MODULE	"edu_accel"

/*
 * Give up where that fails; ends the test as skipped where the kernel has no
 * accelerators. @parameter may be NULL
 */
void accel_bind(const char *driver, const char *parameter);
/* The device is the tests' again */
void accel_unbind(void);

/* The path of its device node; gives up without it */
const char *accel_node(void);
/* A new context; gives up without it */
int accel_open(void);

/* Handles, or a negative errno */
int accel_create(int accel, size_t size);
int accel_import(int accel, int dmabuf);
int accel_close_handle(int accel, uint32_t handle);
/* With its mapping; gives up where that fails */
int accel_buffer(int accel, size_t size, mapping_t *at);

/* 0 or a negative errno */
int accel_submit(int accel, const struct drm_edu_accel_submit *submit);
/* Of these copies, without anything to wait for; @out may be 0 */
int accel_copy(int accel, const struct drm_edu_accel_copy *copies, unsigned int n,
	       uint32_t out);
/* From one buffer through the device's memory into another */
int accel_move(int accel, uint32_t from, uint64_t from_offset, uint32_t to,
	       uint64_t to_offset, uint32_t size, uint32_t out);

/* Syncobjs; all but sync_status() give up where they fail */
uint32_t sync_create(int accel);
void sync_destroy(int accel, uint32_t sync);
/* A sync_file of its fence */
int sync_file(int accel, uint32_t sync);
/* What became of a sync_file's fence: 1 for success, or a negative errno */
int sync_file_status(int file);
/* The same for the fence that a syncobj has now */
int sync_status(int accel, uint32_t sync);

/* What the driver's debugfs files say, and take */
long accel_stat(const char *name);
void accel_order(const char *what, unsigned int times);
/* Of power/ in the device's sysfs directory */
int accel_usage(void);
bool accel_is_suspended(void);

#endif
