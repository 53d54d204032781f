// SPDX-License-Identifier: MIT
/*
 * How many connections and leases there may be
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "quota.h"

/* Ten thousand clients with ten leases each, and as many again */
#define FDS_WANTED	524288u
#define CONNECTIONS	32768u
#define LEASES		262144u

/* For administrators, the log, the configuration, what is opened to be closed */
#define RESERVED	128u
/* A device, its container or iommufd, its lock, and what tells of its end */
#define PER_DEVICE	9u

/* As many as the hard limit has, and more for those who may raise that */
void quota_raise(void)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (limit.rlim_max < FDS_WANTED) {
		more = (struct rlimit){ FDS_WANTED, FDS_WANTED };
		if (!setrlimit(RLIMIT_NOFILE, &more))
			return;
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_line(LOG_WARNING, "cannot raise the limit of open files: %s",
			 strerror(errno));
}

static unsigned int at_most(unsigned int wanted, unsigned int room)
{
	return wanted < room ? wanted : room;
}

/* A lease costs one, and so does a connection, which is nothing without. */
void quota_choose(struct barlease_limits *limits,
		  const struct config_broker *wanted, size_t nr_devices,
		  size_t nr_listeners, unsigned int kept)
{
	struct rlimit files = { 0 };
	unsigned int room, reserved = RESERVED + PER_DEVICE * nr_devices +
				      nr_listeners;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur > INT32_MAX)
		files.rlim_cur = INT32_MAX;
	/* What is kept has to have room there, too */
	if (kept && kept < files.rlim_cur)
		files.rlim_cur = kept;
	room = files.rlim_cur > 2 * reserved ? files.rlim_cur - reserved :
					       files.rlim_cur / 2;
	*limits = (struct barlease_limits){
		.user_connections = wanted->user_connections,
		.user_leases = wanted->user_leases,
		.dma = wanted->dma,
		.user_dma = wanted->user_dma,
	};
	limits->connections = wanted->connections ?: CONNECTIONS;
	limits->leases = wanted->leases ?: LEASES;
	if (limits->connections <= room &&
	    limits->leases <= room - limits->connections)
		return;
	limits->connections = at_most(limits->connections, room / 4 ?: 1);
	limits->leases = at_most(limits->leases,
				 room - limits->connections ?: 1);
}
