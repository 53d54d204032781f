/* SPDX-License-Identifier: MIT */
/*
 * What a program that knows of preload.c asks of it
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef FAIL_PRELOAD_H
#define FAIL_PRELOAD_H

#include <stddef.h>

/* glibc's own, which dlsym() itself needs */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nr, size_t size);
void *__libc_realloc(void *at, size_t size);
void __libc_free(void *at);

/* So many calls from now on one fails; 0: none. Returns how many it had been */
int fail_after(int calls);

/* Memory that was allocated and not freed: in how many pieces */
long fail_blocks(void);

#endif
