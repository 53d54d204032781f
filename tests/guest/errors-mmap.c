// SPDX-License-Identifier: MIT
/*
 * Every way in which mapping a lease or a BAR is refused
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "access.h"
#include "fds.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "tap.h"

#define SIZE	(16 * PAGE)

static struct vfio small;

static int export_with(uint32_t open_flags)
{
	struct vfio_region_dma_range range = { 0, SIZE };

	return lease_export(small.device, BAR2, open_flags | O_CLOEXEC, &range,
			    1);
}

static void private_maps(int writable, int readonly)
{
	is_error(try_map(writable, 0, PAGE, RW, MAP_PRIVATE), EINVAL,
		 "MAP_PRIVATE of a lease is EINVAL");
	is_error(try_map(writable, 0, PAGE, PROT_READ, MAP_PRIVATE), EINVAL,
		 "so it is for reading only");
	is_error(try_map(writable, 0, PAGE, PROT_NONE, MAP_PRIVATE), EINVAL,
		 "so it is for no access");
	is_error(try_map(readonly, 0, PAGE, PROT_READ, MAP_PRIVATE), EINVAL,
		 "MAP_PRIVATE of a read-only lease is EINVAL");
	is_error(try_map(readonly, 0, PAGE, RW, MAP_PRIVATE), EINVAL,
		 "so it is for writing");
	is_ok(try_map(writable, 0, PAGE, RW, MAP_SHARED_VALIDATE),
	      "MAP_SHARED_VALIDATE is MAP_SHARED");
}

static void past_the_end(int fd, const char *what)
{
	int ret;

	is_ok(try_map(fd, 0, SIZE, PROT_READ, MAP_SHARED),
	      "all of a %s lease can be mapped", what);
	is_ok(try_map(fd, SIZE - PAGE, PAGE, PROT_READ, MAP_SHARED),
	      "so can its last page");
	is_error(try_map(fd, SIZE, PAGE, PROT_READ, MAP_SHARED), EINVAL,
		 "a page past the end of a %s lease is EINVAL", what);
	is_error(try_map(fd, 0, SIZE + PAGE, PROT_READ, MAP_SHARED), EINVAL,
		 "a page more than all is EINVAL");
	is_error(try_map(fd, SIZE - PAGE, 2 * PAGE, PROT_READ, MAP_SHARED),
		 EINVAL, "the last page and one more are EINVAL");
	is_error(try_map(fd, GIB(1), PAGE, PROT_READ, MAP_SHARED), EINVAL,
		 "an offset of 1 GiB is EINVAL");
	ret = try_map(fd, 1ull << 62, PAGE, PROT_READ, MAP_SHARED);
	ok(ret == -EINVAL || ret == -EOVERFLOW,
	   "an offset of 4 EiB is EINVAL or EOVERFLOW");
	ret = try_map(fd, -(uint64_t)PAGE, 2 * PAGE, PROT_READ, MAP_SHARED);
	ok(ret == -EINVAL || ret == -EOVERFLOW,
	   "an offset that overflows is EINVAL or EOVERFLOW");
}

static void readonly_lease(int fd)
{
	mapping_t at;

	is_error(try_map(fd, 0, PAGE, RW, MAP_SHARED), EACCES,
		 "mapping a read-only lease for writing is EACCES");
	is_error(try_map(fd, 0, PAGE, PROT_WRITE, MAP_SHARED), EACCES,
		 "so it is for writing only");
	is_error(try_map(fd, 0, PAGE, RW, MAP_SHARED_VALIDATE), EACCES,
		 "so it is with MAP_SHARED_VALIDATE");

	at = map(fd, 0, PAGE, PROT_READ);
	reads(at, 0x1ea5e, "a read-only lease can be read");
	is_error(try_protect(at, PAGE, RW), EACCES,
		 "mprotect() to make it writable is EACCES");
	is_error(try_protect(at, PAGE, PROT_WRITE), EACCES,
		 "so it is to write only");
	is_ok(try_protect(at, PAGE, PROT_NONE),
	      "mprotect() to take all access away succeeds");
	is_ok(try_protect(at, PAGE, PROT_READ),
	      "so does giving back what it had");
	reads(at, 0x1ea5e, "and it can be read again");
	is_error(try_protect(at, PAGE, RW), EACCES,
		 "but not be made writable");
	unmap(at, PAGE);

	at = map(fd, 0, PAGE, PROT_NONE);
	is_error(try_protect(at, PAGE, RW), EACCES,
		 "nor can one that was mapped for no access");
	is_ok(try_protect(at, PAGE, PROT_READ), "it can be made readable");
	reads(at, 0x1ea5e, "and then be read");
	unmap(at, PAGE);
}

/* What works with an ordinary file: a second, better descriptor of it */
static void readonly_reopened(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	is_error(open(path, O_RDWR | O_CLOEXEC) < 0 ? -errno : 0, ENXIO,
		 "a read-only lease cannot be opened again for writing");
	fcntl(fd, F_SETFL, O_RDWR);
	is_error(try_map(fd, 0, PAGE, RW, MAP_SHARED), EACCES,
		 "fcntl() does not make it writable either");
}

static void writable_lease(int fd)
{
	mapping_t at = map(fd, 0, PAGE, PROT_READ);

	reads(at, 0x1ea5e, "a lease mapped for reading can be read");
	is_ok(try_protect(at, PAGE, RW),
	      "a writable lease that was mapped for reading becomes writable");
	ok(write32(at + 4, 0x57), "and is written");
	is_int(vfio_get32(&small, BAR2, 4), 0x57, "the device has the value");
	unmap(at, PAGE);
}

static void growing(int fd)
{
	mapping_t at = map(fd, 0, PAGE, RW);
	void *moved;

	moved = mremap((void *)at, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	is_error(moved == MAP_FAILED ? -errno : 0, EFAULT,
		 "a mapping cannot grow: EFAULT");
	moved = mremap((void *)at, 0, PAGE, MREMAP_MAYMOVE);
	ok(moved == MAP_FAILED, "nor be duplicated by mremap()");
	moved = mremap((void *)at, PAGE, PAGE,
		       MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
	is_error(moved == MAP_FAILED ? -errno : 0, EINVAL,
		 "nor be moved and left behind: EINVAL");
	reads(at, 0x1ea5e, "after all that it is what it was");
	unmap(at, PAGE);
}

static void large_bar_maps(int fd)
{
	struct region bar = vfio_region(&small, BAR2);
	struct region config =
		vfio_region(&small, VFIO_PCI_CONFIG_REGION_INDEX);
	uint64_t missing = 1ull << 40;

	is_ok(try_map(fd, bar.offset, bar.size, RW, MAP_SHARED),
	      "all of a BAR can be mapped");
	is_error(try_map(fd, bar.offset, PAGE, RW, MAP_PRIVATE), EINVAL,
		 "MAP_PRIVATE of a BAR is EINVAL");
	is_error(try_map(fd, bar.offset + bar.size, PAGE, RW, MAP_SHARED),
		 EINVAL, "a page past its end is EINVAL");
	is_error(try_map(fd, bar.offset, bar.size + PAGE, RW, MAP_SHARED),
		 EINVAL, "a page more than all of it is EINVAL");
	is_error(try_map(fd, bar.offset + bar.size - PAGE, 2 * PAGE, RW,
			 MAP_SHARED), EINVAL,
		 "its last page and one more are EINVAL");
	is_error(try_map(fd, config.offset, PAGE, RW, MAP_SHARED), EINVAL,
		 "config space cannot be mapped: EINVAL");
	is_error(try_map(fd, missing, PAGE, RW, MAP_SHARED), EINVAL,
		 "nor a BAR that the device has not: EINVAL");
}

static void bar_maps(void)
{
	int fd = small.device;

	if (kernel_is_32bit())
		skip("a kernel of 32 bits maps no BAR but the first",
		     "maps of a BAR");
	else
		large_bar_maps(fd);
	is_ok(try_map(fd, 0, PAGE, RW, MAP_SHARED),
	      "the page of a BAR of 256 bytes can be mapped");
	is_error(try_map(fd, 0, 2 * PAGE, RW, MAP_SHARED), EINVAL,
		 "two pages of it are EINVAL");
}

static void revoked(int fd, const char *what)
{
	is_ok(lease_revoke(small.device, fd), "a %s lease is revoked", what);
	is_error(try_map(fd, 0, PAGE, PROT_READ, MAP_SHARED), ENODEV,
		 "mapping it is ENODEV");
	is_error(try_map(fd, PAGE, PAGE, PROT_READ, MAP_SHARED), ENODEV,
		 "so it is at an offset");
	is_error(try_map(fd, 0, PAGE, PROT_NONE, MAP_SHARED), ENODEV,
		 "so it is for no access");
}

int main(void)
{
	int writable, readonly, fds, users;

	small = vfio_open(dev_small());
	vfio_put32(&small, BAR2, 0, 0x1ea5e);
	fds = fds_open();
	users = module_users(OUR_MODULE);
	writable = export_with(O_RDWR);
	readonly = export_with(O_RDONLY);
	if (writable < 0 || readonly < 0)
		bail("cannot export");

	private_maps(writable, readonly);
	past_the_end(writable, "writable");
	past_the_end(readonly, "read-only");
	readonly_lease(readonly);
	readonly_reopened(readonly);
	writable_lease(writable);
	growing(writable);
	bar_maps();
	revoked(writable, "writable");
	revoked(readonly, "read-only");
	is_error(try_map(readonly, 0, PAGE, RW, MAP_SHARED), EACCES,
		 "a revoked read-only lease still cannot be mapped for writing");

	close(writable);
	close(readonly);
	is_int(fds_open(), fds, "no refusal left an fd behind");
	is_int(module_users(OUR_MODULE), users,
	       "no refusal left a reference to the driver behind");
	vfio_close(&small);
	return tap_done();
}
