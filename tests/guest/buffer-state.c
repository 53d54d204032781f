// SPDX-License-Identifier: MIT
/*
 * What is left of a buffer is told, and it can be ended by who waits for nobody:
 * for processes at once, for devices when they let go
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "access.h"
#include "edge.h"
#include "fds.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "message.h"
#include "tap.h"
#include "vfio.h"

#define SIZE	(4 * PAGE)
#define VALUE	0x1357
#define GET	VFIO_DEVICE_FEATURE_GET
#define SET	VFIO_DEVICE_FEATURE_SET
#define REVOKED	BARLEASE_DMA_BUF_REVOKED

static struct vfio small;

static int ask(uint32_t how, int dmabuf, uint32_t flags,
	       struct barlease_dma_buf_state *state)
{
	struct {
		struct vfio_device_feature header;
		struct barlease_dma_buf_state state;
	} arg = {
		{ sizeof(arg), BARLEASE_FEATURE_DMA_BUF_STATE | how },
		{ .dmabuf_fd = dmabuf, .flags = flags, .reserved = 7 },
	};

	if (ioctl(small.device, VFIO_DEVICE_FEATURE, &arg))
		return -errno;
	*state = arg.state;
	return 0;
}

static void is_state(int dmabuf, uint32_t flags, uint32_t references,
		     const char *when)
{
	struct barlease_dma_buf_state state = { 0 };

	is_ok(ask(GET, dmabuf, 0, &state), "%s, it tells how it is", when);
	is_int(state.flags, flags, "%srevoked", flags ? "" : "not ");
	is_int(state.references, references, "with %u references", references);
	is_int(state.reserved, 0, "and nothing else");
}

/* What a client keeps of it, in whichever way */
static void references(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE), copy, socks[2];
	mapping_t at;
	char byte = 0;

	is_state(lease, 0, 1, "alone");
	copy = dup(lease);
	is_state(lease, 0, 2, "open twice");
	at = map(copy, 0, SIZE, RW);
	close(copy);
	is_state(lease, 0, 2, "mapped");
	unmap(at, SIZE);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks))
		bail("cannot make sockets");
	message_send(socks[0], &byte, 1, lease);
	is_state(lease, 0, 2, "in a message that nobody has read");
	close(socks[0]);
	close(socks[1]);
	is_state(lease, 0, 1, "with that gone");
	close(lease);
}

static void ends(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	mapping_t at = map(lease, 0, SIZE, RW);
	struct barlease_dma_buf_state state = { 0 };

	ok(write32(at, VALUE), "a lease is in use");
	is_ok(ask(SET, lease, REVOKED, &state), "it is ended");
	is_int(state.flags, REVOKED, "which is what it tells");
	is_int(state.references, 2, "its mapping is still there");
	sigbus(at, "and reaches nothing");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "there is no new one: ENODEV");
	is_ok(ask(SET, lease, REVOKED, &state), "to end it again is no error");
	is_error(lease_revoke(small.device, lease), EBADFD,
		 "to revoke it is: EBADFD");
	unmap(at, SIZE);
	is_state(lease, REVOKED, 1, "after all that");
	close(lease);

	lease = lease_of(small.device, BAR2, 0, SIZE);
	is_ok(lease_revoke(small.device, lease), "another is revoked");
	is_state(lease, REVOKED, 1, "then");
	close(lease);
}

static void with_a_device(void)
{
	int lease = lease_of(small.device, BAR2, 0, SIZE), importer;
	mapping_t at = map(lease, 0, SIZE, RW);
	struct barlease_dma_buf_state state = { 0 };

	ok(write32(at, VALUE), "a process has a lease");
	importer = importer_mapped(lease, dev_big(),
				   BARLEASE_IMPORTER_WHEN_ASKED);
	is_ok(ask(GET, lease, 0, &state), "a device has it, too");
	ok(state.attached == 1 && state.mapped == 1, "which is told");
	is_ok(ask(SET, lease, REVOKED, &state), "ending it waits for nobody");
	sigbus(at, "the process does not have it any more");
	is_int(state.mapped, 1, "the device does");
	ok(importer_has(importer), "as it says itself");
	importer_unmap(importer);
	is_ok(ask(GET, lease, 0, &state), "it gives it back");
	is_int(state.mapped, 0, "which is told, too");
	is_error(importer_map(importer, BOTH_WAYS, NULL), ENODEV,
		 "it cannot have it again: ENODEV");
	close(importer);
	unmap(at, SIZE);
	close(lease);
}

static int sized(size_t argsz, uint32_t flags)
{
	struct {
		struct vfio_device_feature header;
		struct barlease_dma_buf_state state;
	} arg = {
		{ argsz, BARLEASE_FEATURE_DMA_BUF_STATE | flags },
		{ .dmabuf_fd = -1, .flags = REVOKED },
	};

	return ioctl(small.device, VFIO_DEVICE_FEATURE, &arg) ? -errno : 0;
}

static void refuses(void)
{
	const size_t size = sizeof(struct vfio_device_feature) +
			    sizeof(struct barlease_dma_buf_state);
	int lease = lease_of(small.device, BAR2, 0, SIZE);
	int foreign = foreign_dmabuf();
	struct barlease_dma_buf_state state = { 0 };

	is_error(ask(GET, fd_closed(), 0, &state), EBADF, "no fd: EBADF");
	is_error(ask(GET, small.device, 0, &state), EINVAL,
		 "no DMABUF: EINVAL");
	is_error(ask(SET, foreign, REVOKED, &state), ENODEV,
		 "another driver's: ENODEV");
	is_error(ask(SET, lease, REVOKED | BARLEASE_DMA_BUF_PAUSED, &state),
		 EINVAL, "revoked and paused at once: EINVAL");
	is_error(ask(SET, lease, REVOKED | 4, &state), EINVAL,
		 "an unknown flag: EINVAL");
	is_error(ask(SET | GET, lease, REVOKED, &state), EINVAL,
		 "both ways at once: EINVAL");
	is_error(sized(size - 1, GET), EINVAL, "an argsz too small: EINVAL");
	is_error(sized(size, 0), EINVAL, "neither way: EINVAL");
	is_ok(sized(sizeof(struct vfio_device_feature),
		    VFIO_DEVICE_FEATURE_PROBE | GET | SET),
	      "both ways are there");
	is_state(lease, 0, 1, "none of that has changed it");
	close(foreign);
	close(lease);
}

int main(void)
{
	small = vfio_open(dev_small());
	references();
	ends();
	if (importers_possible())
		with_a_device();
	else
		skip("this kernel lets no device import",
		     "a lease that a device has");
	refuses();
	vfio_close(&small);
	return tap_done();
}
