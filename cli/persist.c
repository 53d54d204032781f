// SPDX-License-Identifier: MIT
/*
 * A udev rule that binds a device whenever the machine starts
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "own-file.h"
#include "persist.h"

/*
 * It comes before 80-drivers.rules, which loads the driver that the device has
 * by itself. Addresses change when somebody moves cards: another device that has
 * this one then is left alone.
 */
static int print_rule(char *text, size_t size, const struct pci_device *dev,
		      const char *driver)
{
	static const char rule[] =
		"# Made by 'barlease bind --persist', removed by 'barlease unbind'\n"
		"ACTION!=\"add\", GOTO=\"end\"\n"
		"SUBSYSTEM!=\"pci\", GOTO=\"end\"\n"
		"KERNEL!=\"%s\", GOTO=\"end\"\n"
		"ATTR{vendor}!=\"0x%04x\", GOTO=\"end\"\n"
		"ATTR{device}!=\"0x%04x\", GOTO=\"end\"\n"
		"ATTR{driver_override}=\"%s\"\n"
		"RUN{builtin}+=\"kmod load " OUR_DRIVER "\"\n"
		"LABEL=\"end\"\n";
	int n;

	n = snprintf(text, size, rule, dev->bdf, dev->vendor, dev->device,
		     driver);
	return n < (int)size ? 0 : -ENAMETOOLONG;
}

struct names {
	char rule[64];
	char new[64];		/* udev reads what ends in ".rules" */
};

static struct names names_of(const char *bdf)
{
	struct names names;

	snprintf(names.rule, sizeof(names.rule), "70-barlease-bind-%s.rules",
		 bdf);
	snprintf(names.new, sizeof(names.new), "70-barlease-bind-%s.new", bdf);
	return names;
}

bool persist_is(const char *root, const char *bdf)
{
	struct stat stat;
	int dir, ret;

	dir = own_directory(root, PERSIST_PARENT, PERSIST_NAME, false);
	if (dir < 0)
		return false;
	ret = fstatat(dir, names_of(bdf).rule, &stat, AT_SYMLINK_NOFOLLOW);
	close(dir);
	return !ret;
}

int persist_save(const char *root, const struct pci_device *dev,
		 const char *driver)
{
	struct names names = names_of(dev->bdf);
	char text[512], now[512];
	int dir, ret;

	if (file_exists("%s/etc/driverctl.d/%s", root, dev->bdf))
		return -EEXIST;
	ret = print_rule(text, sizeof(text), dev, driver);
	if (ret)
		return ret;
	dir = own_directory(root, PERSIST_PARENT, PERSIST_NAME, true);
	if (dir < 0)
		return dir;
	if (own_file_read(dir, names.rule, now, sizeof(now)) ||
	    strcmp(now, text))
		ret = own_file_replace(dir, names.rule, names.new, text) ?: 1;
	close(dir);
	return ret;
}

int persist_forget(const char *root, const char *bdf)
{
	int dir, ret;

	dir = own_directory(root, PERSIST_PARENT, PERSIST_NAME, false);
	if (dir < 0)
		return dir;
	ret = unlinkat(dir, names_of(bdf).rule, 0) ? -errno : 0;
	close(dir);
	return ret;
}

const char *persist_error(int error)
{
	switch (error) {
	case -EPERM:
	case -ELOOP:
	case -ENOTDIR:
		return "is no directory that belongs to root alone";
	case -EEXIST:
		return "driverctl has an override for the device (/etc/driverctl.d)";
	case -ENOENT:
		return "there is no udev here";
	default:
		return strerror(-error);
	}
}
