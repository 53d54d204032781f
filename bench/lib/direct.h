/* SPDX-License-Identifier: MIT */
/*
 * Random reads of a disk by the kernel's driver, past its cache
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef DIRECT_H
#define DIRECT_H

/*
 * Reads of 4 KiB a second, so many at a time, for so many seconds. By io_uring, or
 * one after the other by pread(), which is quicker where it is one. Gives up where
 * it cannot.
 */
double direct_reads(const char *disk, unsigned int depth, double seconds);

#endif
