// SPDX-License-Identifier: MIT
/*
 * VFs that need a token: libbarlease says so, and opens them with it; so does the
 * broker, which has it from a file
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barlease.h>

#include "broker-lib.h"
#include "clock.h"
#include "kernel.h"
#include "lease.h"
#include "tap.h"
#include "vfio.h"

#define ENABLE_SRIOV	"/sys/module/" OUR_MODULE "/parameters/enable_sriov"
#define TOKEN		"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define OTHER_TOKEN	"0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F0"

#define TOKEN_FILE	"/tmp/token"

static struct bdf vf_of(struct bdf pf)
{
	char path[256], target[256] = "";
	struct bdf vf;

	pci_path(pf, "virtfn0", path, sizeof(path));
	if (readlink(path, target, sizeof(target) - 1) < 0)
		bail("%s: %s", path, strerror(errno));
	snprintf(vf.name, sizeof(vf.name), "%.15s", basename(target));
	return vf;
}

static int open_with(struct bdf dev, enum barlease_backend way,
		     const char *token)
{
	const struct barlease_device_options options = {
		.backend = way,
		.vf_token = token,
	};
	struct barlease_device *device;
	int ret = barlease_device_open_with(dev.name, &options, &device);

	if (!ret)
		barlease_device_close(device);
	return ret;
}

/* Through its own node a VF could be had without one until 6.17. */
static bool is_asked_for(enum barlease_backend way)
{
	return way == BARLEASE_BACKEND_GROUP || !kernel_has_iommufd() ||
	       kernel_at_least(6, 17);
}

static void by(enum barlease_backend way, struct bdf vf)
{
	if (!is_asked_for(way)) {
		skip("this kernel's iommufd asks for no token", "a VF");
		return;
	}
	is_error(open_with(vf, way, NULL), ENOKEY,
		 "without a token there is ENOKEY, and not EACCES");
	is_error(open_with(vf, way, OTHER_TOKEN), EKEYREJECTED,
		 "with another one, EKEYREJECTED");
	is_ok(open_with(vf, way, TOKEN), "with the PF's it is opened");
	is_ok(open_with(dev_small(), way, TOKEN),
	      "a device that needs none is opened all the same");
}

static void misused(struct bdf vf)
{
	static const char *const bad[] = {
		"", "x", "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
		TOKEN "0", TOKEN " ", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8fg",
		"0a1b2c3d04e5f-6071-8293-a4b5c6d7e8f9",
		"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8-9",
	};
	struct barlease_device_options options = { .flags = 1 };
	struct barlease_device *device;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_error(open_with(vf, BARLEASE_BACKEND_ANY, bad[i]), EINVAL,
			 "\"%s\" is no token", bad[i]);
	is_error(barlease_device_open_with(vf.name, &options, &device), EINVAL,
		 "no flag is known");
	options = (struct barlease_device_options){ .reserved = { [7] = 1 } };
	is_error(barlease_device_open_with(vf.name, &options, &device), EINVAL,
		 "what is reserved is zeros");
}

static void token_file(const char *text, mode_t mode)
{
	int fd;

	unlink(TOKEN_FILE);
	fd = open(TOKEN_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode))
		bail(TOKEN_FILE ": %s", strerror(errno));
	close(fd);
}

static bool is_open(int admin)
{
	char answer[512];

	return admin_ask(admin, "devices", answer, sizeof(answer)) &&
	       strstr(answer, " state=open");
}

static void broker(struct bdf vf)
{
	static const char config[] =
		"[device %s]\n%s[slice a]\nbar=0\nranges=0+4K\nusers=*\n";
	static const char file[] = "vf-token-file = " TOKEN_FILE "\n";
	pid_t pid;
	int admin;

	broker_set_up();
	broker_configure(config, vf.name, "");
	pid = broker_start();
	ok(broker_will_say("this VF needs a token"),
	   "without a token, the broker says that it is needed");
	broker_configure(config, vf.name, file);
	broker_reload(pid);
	ok(broker_will_say(TOKEN_FILE ": cannot be read: No such file"),
	   "without its file, that there is none");
	token_file(TOKEN "\n", 0644);
	ok(broker_will_say(TOKEN_FILE
			   ": a token is in a file that root or this user owns"),
	   "of a file that others can read, that this is no secret");
	token_file(OTHER_TOKEN "\n", 0600);
	ok(broker_will_say("is not the one that its PF was given"),
	   "of another token, that it is another");
	token_file("password\n", 0600);
	ok(broker_will_say("Invalid argument"), "of no token, that it is none");
	admin = admin_connect();
	ok(!is_open(admin), "so far the VF is away");
	token_file(TOKEN "\n", 0600);
	ok(comes_true(is_open(admin)), "with the right one it is taken");
	close(admin);
	is_int(broker_stop(pid), 0, "the broker ends");
	unlink(TOKEN_FILE);
}

static void with_vf(struct bdf pf)
{
	/* TOKEN, as bytes */
	uint8_t uuid[16] = {
		0x0a, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60, 0x71,
		0x82, 0x93, 0xa4, 0xb5, 0xc6, 0xd7, 0xe8, 0xf9,
	};
	struct vfio vfio = vfio_open(pf);
	struct bdf vf = vf_of(pf);

	is_ok(vfio_feature(vfio.device, VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,
			   VFIO_DEVICE_FEATURE_SET, uuid, sizeof(uuid)),
	      "the PF is given a token");
	by(BARLEASE_BACKEND_GROUP, vf);
	by(BARLEASE_BACKEND_ANY, vf);
	if (kernel_has_iommufd())
		by(BARLEASE_BACKEND_IOMMUFD, vf);
	misused(vf);
	if (is_asked_for(BARLEASE_BACKEND_ANY))
		broker(vf);
	else
		skip("this kernel's iommufd asks for no token", "the broker");
	is_ok(pci_write(pf, "sriov_numvfs", "0"), "the VF goes");
	vfio_close(&vfio);
}

int main(void)
{
	struct bdf pf;

	if (!pci_find(&pf, 0x8086, 0x10c9, 0, 128 << 10)) {
		skip("this emulator has no igb", "VFs");
		return tap_done();
	}
	is_ok(file_write(ENABLE_SRIOV, "Y"), "enable_sriov is set");
	if (!is_ok(pci_write(pf, "sriov_numvfs", "1"), "there is a VF"))
		bail("no VF");
	with_vf(pf);
	is_ok(file_write(ENABLE_SRIOV, "N"), "enable_sriov is unset");
	return tap_done();
}
