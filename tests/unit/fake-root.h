/* SPDX-License-Identifier: MIT */
/*
 * A file system of one's own, for what looks into /sys and /proc
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef FAKE_ROOT_H
#define FAKE_ROOT_H

/* Its path, in a new directory; for cmocka's setup and teardown of a test */
extern char fake_root[64];

int fake_root_set_up(void **state);
int fake_root_tear_down(void **state);

/* Directories are made as needed; give up where that fails */
void fake_file(const char *text, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
void fake_link(const char *target, const char *path, ...)
	__attribute__((format(printf, 2, 3)));
void fake_directory(const char *path, ...)
	__attribute__((format(printf, 1, 2)));

/* A PCI driver, and the module that it is in */
void fake_driver(const char *driver, const char *module);
/*
 * A PCI device with one BAR 2; the module of @driver, if that is not there yet,
 * has its name with "_" for "-"; @driver may be NULL; @group -1: none
 */
void fake_device(const char *bdf, const char *class, const char *driver,
		 int group, unsigned long long bar_size);

#endif
