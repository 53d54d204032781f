// SPDX-License-Identifier: MIT
/*
 * SR-IOV as with vfio-pci: VFs come to the PF's driver, need its token, and can
 * be leased from
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "access.h"
#include "lease.h"
#include "map.h"
#include "tap.h"

#define ENABLE_SRIOV	"/sys/module/" OUR_MODULE "/parameters/enable_sriov"
#define TOKEN		"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define OTHER_TOKEN	"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f0"

static struct bdf vf_of(struct bdf pf, int index)
{
	char attr[32], path[256], target[256] = "";
	struct bdf vf;

	snprintf(attr, sizeof(attr), "virtfn%d", index);
	pci_path(pf, attr, path, sizeof(path));
	if (readlink(path, target, sizeof(target) - 1) < 0)
		bail("%s: %s", path, strerror(errno));
	snprintf(vf.name, sizeof(vf.name), "%s", basename(target));
	return vf;
}

static void is_ours(struct bdf vf)
{
	char driver[64];

	pci_driver(vf, driver, sizeof(driver));
	ok(!strcmp(driver, OUR_DRIVER), "VF %s is bound to this driver, too",
	   vf.name);
}

static void set_token(const struct vfio *pf)
{
	/* TOKEN, as bytes */
	uint8_t uuid[16] = {
		0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60, 0x71,
		0x82, 0x93, 0xa4, 0xb5, 0xc6, 0xd7, 0xe8, 0xf9,
	};

	is_ok(vfio_feature(pf->device, VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,
			   VFIO_DEVICE_FEATURE_SET, uuid, sizeof(uuid)),
	      "the PF is given a token");
}

/* Returns a lease of the VF, whose device is closed by then */
static int lease_from(struct bdf vf)
{
	struct vfio vfio;
	mapping_t at;
	int lease;

	is_error(vfio_try_open(&vfio, vf), EACCES,
		 "the VF is not opened without the token");
	is_error(vfio_try_open_vf(&vfio, vf, OTHER_TOKEN), EACCES,
		 "nor with another one");
	if (!is_ok(vfio_try_open_vf(&vfio, vf, TOKEN), "but with it"))
		bail("cannot open the VF");

	lease = lease_of(vfio.device, BAR0, 0, PAGE);
	at = map(lease, 0, PAGE, RW);
	reads(at + 8, vfio_get32(&vfio, BAR0, 8),
	      "a lease of a page of the VF reads what the VF has there");
	is_ok(lease_revoke(vfio.device, lease), "it is revoked");
	sigbus(at + 8, "and SIGBUS");
	unmap(at, PAGE);
	close(lease);

	lease = lease_of(vfio.device, BAR0, 0, PAGE);
	vfio_close(&vfio);
	return lease;
}

static void with_vfs(struct bdf pf)
{
	struct vfio vfio = vfio_open(pf);
	mapping_t at;
	int lease;

	is_ours(vf_of(pf, 0));
	is_ours(vf_of(pf, 1));
	set_token(&vfio);
	lease = lease_of(vfio.device, BAR0, 0, PAGE);
	at = map(lease, 0, PAGE, RW);
	reads(at + 8, vfio_get32(&vfio, BAR0, 8), "a lease of the PF works");
	unmap(at, PAGE);
	close(lease);

	lease = lease_from(vf_of(pf, 0));
	is_ok(pci_write(pf, "sriov_numvfs", "0"),
	      "VFs can be taken away while somebody has a lease of one");
	is_error(try_map(lease, 0, PAGE, RW, MAP_SHARED), ENODEV,
		 "which cannot be mapped any more");
	close(lease);
	vfio_close(&vfio);
}

int main(void)
{
	struct bdf pf;

	if (!pci_find(&pf, 0x8086, 0x10c9, 0, KIB(128))) {
		skip("this emulator has no igb", "VFs");
		return tap_done();
	}

	is_error(pci_write(pf, "sriov_numvfs", "2"), ENOENT,
		 "VFs are refused until enable_sriov says otherwise");
	is_ok(file_write(ENABLE_SRIOV, "Y"), "enable_sriov is set");
	if (!is_ok(pci_write(pf, "sriov_numvfs", "2"), "now there are two VFs"))
		bail("no VFs");

	with_vfs(pf);

	is_ok(file_write(ENABLE_SRIOV, "N"), "enable_sriov is unset");
	return tap_done();
}
