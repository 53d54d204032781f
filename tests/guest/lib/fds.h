/* SPDX-License-Identifier: MIT */
/*
 * File descriptors of this process, and use of the module
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef FDS_H
#define FDS_H

/* How many are open */
int fds_open(void);
/* How many may be open; raised to this */
void fds_allow(unsigned int count);
/* A number that is no open fd */
int fd_closed(void);

/* /sys/module/.../refcnt, or a negative errno */
int module_users(const char *module);

/* A DMABUF that some other driver exported: udmabuf; gives up without it */
int foreign_dmabuf(void);

#endif
