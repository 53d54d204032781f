// SPDX-License-Identifier: MIT
/*
 * Tracepoints say what happens to which lease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "huge.h"
#include "importer.h"
#include "lease.h"
#include "map.h"
#include "tap.h"
#include "vfio.h"

/* A buffer of this test's own, so nobody else's tracing is in the way */
#define INSTANCE	"/sys/kernel/tracing/instances/barlease"

static struct vfio vfio;
static const char *vfio_name;

static void events(const char *on)
{
	if (file_write(INSTANCE "/events/barlease/enable", on))
		bail("no tracepoints of the driver");
}

/* Is there a line with this in it? */
__attribute__((format(printf, 2, 3)))
static void says(const char *name, const char *text, ...)
{
	static char trace[1 << 18];
	char words[256];
	va_list args;

	va_start(args, text);
	vsnprintf(words, sizeof(words), text, args);
	va_end(args);
	if (file_read_all(INSTANCE "/trace", trace, sizeof(trace)))
		bail("the trace cannot be read");
	if (!ok(strstr(trace, words), "%s", name))
		diag("  no line has: %s", words);
}

/* Where a huge page is not possible */
static void of_a_lease(void)
{
	const struct vfio_region_dma_range ranges[] = {
		{ 0, PAGE }, { 2 * PAGE, PAGE },
	};
	int lease = lease_export(vfio.device, BAR2, O_RDWR, ranges, 2);
	unsigned long ino = lease_inode(lease), start;
	mapping_t at;

	says("export", "export: %s %s ino=%lu bar=2 size=0x%lx ranges=2 rw",
	     vfio_name, vfio.bdf.name, ino, (unsigned long)(2 * PAGE));
	at = map(lease, PAGE, PAGE, PROT_READ);
	start = (unsigned long)at;
	says("mmap of a part, for reading",
	     "mmap: %s ino=%lu address=0x%lx offset=0x%lx size=0x%lx nc ro",
	     vfio_name, ino, start, (unsigned long)PAGE, (unsigned long)PAGE);
	read32(at, &(uint32_t){ 0 });
	says("a fault that fills in pages",
	     "fault: ino=%lu address=0x%lx size=0x%lx nc read\n", ino, start,
	     (unsigned long)PAGE);
	is_ok(lease_revoke(vfio.device, lease), "it is revoked");
	says("revoke, and how long it took",
	     "revoke: %s ino=%lu size=0x%lx took=", vfio_name, ino,
	     (unsigned long)(2 * PAGE));
	sigbus(at, "it cannot be read any more");
	says("a fault that is refused",
	     "fault: ino=%lu address=0x%lx size=0x%lx nc read refused\n", ino,
	     start, (unsigned long)PAGE);
	unmap(at, PAGE);
	close(lease);
	says("release", "release: %s ino=%lu size=0x%lx revoked\n", vfio_name,
	     ino, (unsigned long)(2 * PAGE));
}

static void of_a_pause(void)
{
	int lease = lease_of(vfio.device, BAR2, 0, PAGE);
	unsigned long ino = lease_inode(lease);

	lease_pause(vfio.device, lease);
	says("a pause, and how long it took", "pause: %s ino=%lu size=0x%lx took=",
	     vfio_name, ino, (unsigned long)PAGE);
	lease_resume(vfio.device, lease);
	says("and its end", "resume: %s ino=%lu\n", vfio_name, ino);
	close(lease);
}

static void of_huge_pages(void)
{
	int lease = lease_of(vfio.device, BAR2, 0, HUGE);
	unsigned long ino = lease_inode(lease);
	mapping_t at;

	lease_set_memattr(vfio.device, lease, WC);
	at = map_aligned(lease, 0, HUGE, RW, HUGE, 0);
	write32(at, 1);
	says("a write-combining huge page",
	     "fault: ino=%lu address=0x%lx size=0x%lx wc write\n", ino,
	     (unsigned long)at, (unsigned long)(huge_pages() ? HUGE : PAGE));
	unmap(at, HUGE);
	close(lease);
	says("a lease that ends by itself", "release: %s ino=%lu size=0x%lx\n",
	     vfio_name, ino, (unsigned long)HUGE);
}

static void of_a_bar_map(void)
{
	mapping_t at = map_bar(&vfio, BAR2, PAGE, PAGE);

	says("mmap of a BAR", "address=0x%lx offset=0x0 size=0x%lx nc rw",
	     (unsigned long)at, (unsigned long)PAGE);
	unmap(at, PAGE);
}

static void of_importers(void)
{
	int lease = lease_of(vfio.device, BAR2, 0, PAGE);
	unsigned long ino = lease_inode(lease);
	int importer;

	if (importers_possible()) {
		importer = importer_mapped(lease, dev_big(),
					   BARLEASE_IMPORTER_AT_ONCE);
		says("a device maps it",
		     "importer_map: ino=%lu importer=%s error=0", ino,
		     dev_big().name);
		close(importer);
		says("and gives it back",
		     "importer_unmap: ino=%lu importer=%s", ino,
		     dev_big().name);
	} else {
		skip("this kernel lets no device attach", "a device maps it");
	}
	vfio_close(&vfio);
	says("the last close", "revoke_all: %s leases=1 took=", vfio_name);
	close(lease);
}

int main(void)
{
	vfio = vfio_open(dev_small());
	vfio_name = pci_class_device(vfio.bdf, "vfio-dev", "vfio");
	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0700)) {
		if (errno == ENOENT)
			skip_all("this kernel has no tracing", "tracepoints");
		bail("%s: %s", INSTANCE, strerror(errno));
	}
	events("1");
	of_a_lease();
	of_a_pause();
	of_huge_pages();
	of_a_bar_map();
	of_importers();
	events("0");
	is_ok(rmdir(INSTANCE), "nobody is traced any more");
	return tap_done();
}
