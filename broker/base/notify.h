/* SPDX-License-Identifier: MIT */
/*
 * Telling the service manager how it goes, see sd_notify(3)
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_NOTIFY_H
#define BROKER_NOTIFY_H

/* Nothing where nobody asked for it ($NOTIFY_SOCKET) */
void notify(const char *state);
/* A datagram socket for it, the caller's; -EDESTADDRREQ: nobody asked; -errno */
int notify_connect(void);
/* "RELOADING=1", with the time that the manager wants to go with it */
void notify_reloading(void);

#endif
