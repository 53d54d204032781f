// SPDX-License-Identifier: MIT
/*
 * The demo's primary: owns the device, leases slices of it, takes them back
 *
 * Copyright (C) 2026 The barlease authors
 *
 * This is what a userspace driver would do. It is the only process of the demo
 * that opens a VFIO file.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lease.h"
#include "map.h"
#include "message.h"
#include "slices.h"
#include "vfio.h"

static struct vfio vfio;
static int leases[NR_SLICES];

static void fill_bar(void)
{
	uint64_t size = pci_bar_size(vfio.bdf, 2);
	mapping_t bar = map_bar(&vfio, BAR2, 0, size);
	uint64_t at;
	int i;

	/* What nobody is to see: the rest of the BAR */
	for (at = 0; at < MIB(16); at += 4)
		*(volatile uint32_t *)(bar + at) = 0x5ec4e700;

	for (i = 0; i < NR_SLICES; i++)
		for (at = 0; at < slices[i].size; at += 4)
			*(volatile uint32_t *)(bar + slices[i].offset + at) =
				slice_word(&slices[i], at);

	unmap(bar, size);
}

static int lease(const struct slice *slice)
{
	struct vfio_region_dma_range range = { slice->offset, slice->size };
	int fd, ret;

	fd = lease_export(vfio.device, BAR2, slice->open_flags | O_CLOEXEC,
			  &range, 1);
	if (fd < 0)
		errx(1, "export of %s: %s", slice->name, strerror(-fd));

	ret = lease_set_memattr(vfio.device, fd, slice->memattr);
	if (ret)
		errx(1, "memattr of %s: %s", slice->name, strerror(-ret));

	ret = lease_set_name(fd, slice->name);
	if (ret)
		errx(1, "name of %s: %s", slice->name, strerror(-ret));
	return fd;
}

/* An emulator is slow at whatever it does for the first time. */
static void warm_up(void)
{
	int spare, i;

	for (i = 0; i < 8; i++) {
		spare = lease_of(vfio.device, BAR2, MIB(32), MIB(4));
		unmap(map(spare, 0, MIB(4), RW), MIB(4));
		lease_revoke(vfio.device, spare);
		close(spare);
	}
}

static int listen_for_workers(void)
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX,
		.sun_path = DEMO_SOCKET,
	};
	int sock;

	unlink(DEMO_SOCKET);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0 ||
	    bind(sock, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(DEMO_SOCKET, 0666) || listen(sock, NR_SLICES))
		err(1, "%s", DEMO_SOCKET);
	return sock;
}

/* The kernel says who is there, not the worker itself. */
static int slice_of_peer(int sock)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int i;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		err(1, "SO_PEERCRED");

	for (i = 0; i < NR_SLICES; i++)
		if (slices[i].worker == peer.uid)
			return i;
	errx(1, "uid %u is to have nothing", peer.uid);
}

static void vend(int listener)
{
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct grant grant;

	if (sock < 0)
		err(1, "accept");

	grant.slice = slice_of_peer(sock);
	if (!message_send(sock, &grant, sizeof(grant), leases[grant.slice]))
		errx(1, "a worker hung up");
	close(sock);
}

static void revoke_slice(int slice)
{
	uint64_t start = now_ns();
	int ret = lease_revoke(vfio.device, leases[slice]);
	uint64_t end = now_ns();

	if (ret)
		errx(1, "revoke of %s: %s", slices[slice].name, strerror(-ret));
	printf("%" PRIu64 " %" PRIu64 "\n", start, end);
}

static void reset_device(void)
{
	uint64_t start = now_ns();
	int ret = vfio_reset(&vfio);
	uint64_t end = now_ns();

	if (ret)
		errx(1, "reset: %s", strerror(-ret));
	printf("%" PRIu64 " %" PRIu64 "\n", start, end);
}

static void obey(const char *command, int listener)
{
	int slice;

	if (!strcmp(command, "vend\n"))
		vend(listener);
	else if (sscanf(command, "revoke %d\n", &slice) == 1)
		revoke_slice(slice);
	else if (!strcmp(command, "reset\n"))
		reset_device();
	else
		errx(1, "what is \"%s\"?", command);
	answer_done();
}

int main(void)
{
	char command[64];
	int listener, i;

	vfio = vfio_open(dev_small());
	fill_bar();
	for (i = 0; i < NR_SLICES; i++)
		leases[i] = lease(&slices[i]);
	listener = listen_for_workers();
	warm_up();
	answer_done();

	while (fgets(command, sizeof(command), stdin))
		obey(command, listener);
	return 0;
}
