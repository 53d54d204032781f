/* SPDX-License-Identifier: MIT */
/*
 * barleased as a child of the test, its administrator's socket, and clients
 *
 * Copyright (C) 2026 The barlease authors
 *
 * One broker at a time, unless a test takes care of more. What it cannot do
 * here, it gives up on.
 */
#ifndef BROKER_LIB_H
#define BROKER_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <barlease.h>

#include "peer.h"
#include "sysfs.h"

#define BROKER_DIR	"/tmp/broker"
#define BROKER_SOCKET	BROKER_DIR "/socket"
#define BROKER_ADMIN	BROKER_DIR "/admin"
#define BROKER_CONFIG	BROKER_DIR "/conf"
#define BROKER_LOG	BROKER_DIR "/log"

/* An empty directory, and a socket for what brokers notify */
void broker_set_up(void);

/* The configuration from the next start or reload on. Line 1 is @text's. */
void broker_configure(const char *text, ...)
	__attribute__((format(printf, 1, 2)));

/* Start it with these arguments after its name, which end with NULL */
pid_t broker_spawn(const char *const *arguments);
/* As broker_try_start(), with a log elsewhere; @log stays open */
pid_t broker_spawn_with_log(int log);
/* Start it with the configuration and all its files in BROKER_DIR */
pid_t broker_try_start(void);
/* The same, until it is ready */
pid_t broker_start(void);
/* Wait until one says that it is ready */
bool broker_is_ready(void);

/* The same by manager.h's manager, with all that it has kept */
pid_t broker_start_managed(void);

/* SIGHUP, until it is ready again */
void broker_reload(pid_t broker);

/* Wait for its end: the exit status, or minus the signal */
int broker_end(pid_t broker);
/* SIGTERM, and wait */
int broker_stop(pid_t broker);

/* Is this in the log? It is the log of all since broker_set_up() */
bool broker_said(const char *words);
/* The same, sooner or later */
bool broker_will_say(const char *words);
/* How many lines it has */
int broker_log_lines(void);
/* Shows the log's end, for a check that has failed */
void broker_show_log(void);
/* Open files of a broker that nobody is connected to, and nobody has been */
int broker_fds(pid_t broker);
/* Check that it has so many, sooner or later */
bool broker_has_fds(pid_t broker, int want, const char *name);

/* A connection to the administrator's socket */
int admin_connect(void);
/* The whole answer; true where it ends with "ok" */
bool admin_ask(int admin, const char *request, char *answer, size_t size);
/* The next line, of those who watch; false when none comes */
bool admin_line(int admin, char *line, size_t size);
/* How many lines of the answer begin with this word */
int admin_count(int admin, const char *request, const char *word);
/* Check that so many leases are held, sooner or later */
bool admin_leases(int admin, int want, const char *name);
/* The number after "key=" in a line, or -1 */
long admin_number(const char *line, const char *key);

/* A process of this user, without supplementary groups, connected or not */
struct peer client_process(uid_t uid);
/* The same, connected; gives up where it is not let in */
struct peer client_connected(uid_t uid);

/*
 * Functions for peer_call(), of processes that are clients. A process has one
 * connection, and keeps the fd and a mapping of its last lease.
 */
long client_connect(int fd, const long *args);
/* args: pointer to the path of another one's socket */
long client_connect_to(int fd, const long *args);
long client_disconnect(int fd, const long *args);
/* Once its connection is lost, as barlease_client_rejoin() */
long client_rejoin(int fd, const long *args);
/* The same, as soon as there is somebody to connect to */
long client_come_back(int fd, const long *args);
/*
 * Write, read and ask for things, until there is an event; it comes back where its
 * connection is lost. args: offset, event. Returns how often, if it is that event; or
 * another one, or what went wrong
 */
long client_work(int fd, const long *args);
/* args: pointer to a name, flags. Returns the id, or a negative errno */
long client_acquire(int fd, const long *args);
/* args: pointer to a name, how long to wait, in milliseconds. The same */
long client_acquire_wait(int fd, const long *args);
/* The same. Returns the number of the request, or a negative errno */
long client_start_wait(int fd, const long *args);
/* args: that number. Returns the id, or a negative errno */
long client_finish(int fd, const long *args);
long client_cancel(int fd, const long *args);
/* args: id, milliseconds. Returns how many are left, or a negative errno */
long client_renew(int fd, const long *args);
long client_watch(int fd, const long *args);
/* args: id */
long client_release(int fd, const long *args);
/* How many slices it is shown */
long client_list(int fd, const long *args);
/* args: offset, value. They return 0; -EFAULT for SIGBUS; the value's */
long client_write(int fd, const long *args);
long client_read(int fd, const long *args);
/* args: at which word of the BAR the lease begins, seed: number of errors */
long client_pattern_errors(int fd, const long *args);
/* The number at the end of the slice's name */
long client_slice_number(int fd, const long *args);
/* mmap() once more. 0, or a negative errno */
long client_try_map(int fd, const long *args);
/*
 * The next event, sooner or later: its type, and the reason in the bits from
 * the 8th on; or a negative errno
 */
long client_event(int fd, const long *args);
/*
 * The same of what the broker has sent up to now, if it is still there: -EAGAIN
 * where there is none
 */
long client_event_now(int fd, const long *args);

#define CLIENT_REVOKED(reason)	(BARLEASE_EVENT_REVOKED | (long)(reason) << 8)
#define CLIENT_REVOKING(reason)	(BARLEASE_EVENT_REVOKING | (long)(reason) << 8)

#define client_call(peer, function, ...) \
	peer_call(peer, function, -1, ARGS(__VA_ARGS__))

/* Can it write through its last lease, and read that back? */
bool client_works(const struct peer *peer);
/* Check that this is its next event */
void client_hears(const struct peer *peer, long event, const char *name);

#endif
