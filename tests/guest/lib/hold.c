// SPDX-License-Identifier: MIT
/*
 * A reset, or its lock, that is held for as long as a test likes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hold.h"
#include "tap.h"

static int call(unsigned long request, const void *arg)
{
	int fd = open("/dev/barlease-ptwalk", O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, request, arg) ? -errno : 0;
	close(fd);
	return ret;
}

static long do_hold(int fd, const long *args)
{
	struct barlease_hold hold = {
		.domain = args[0],
		.bus = args[1],
		.devfn = args[2],
		.what = args[3],
	};

	(void)fd;
	return call(BARLEASE_HOLD, &hold);
}

struct peer hold_begin(struct bdf dev, unsigned int what)
{
	unsigned int domain, bus, slot, function;
	struct peer holder = peer_start();

	if (sscanf(dev.name, "%x:%x:%x.%x", &domain, &bus, &slot,
		   &function) != 4)
		bail("\"%s\" is no PCI address", dev.name);
	peer_begin(&holder, do_hold, -1,
		   ARGS(domain, bus, slot << 3 | function, what));
	if (call(BARLEASE_HELD, NULL))
		bail("BARLEASE_HELD: %s", strerror(errno));
	return holder;
}

void hold_end(struct peer *holder)
{
	long ret = call(BARLEASE_RELEASE, NULL);

	if (ret)
		bail("BARLEASE_RELEASE: %s", strerror(-ret));
	ret = peer_result(holder);
	if (ret)
		bail("BARLEASE_HOLD: %s", strerror(-ret));
	peer_stop(holder);
}
