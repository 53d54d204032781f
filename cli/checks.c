// SPDX-License-Identifier: MIT
/*
 * Is this machine ready for leases? One look at each thing that it takes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checks.h"
#include "driver.h"
#include "file.h"
#include "sysfs.h"
#include "verdict.h"

#define OLDEST_MAJOR	6
#define OLDEST_MINOR	12

int checks_add(struct checks *checks, const char *name, enum health health,
	       const char *advice, const char *found, ...)
{
	struct check *check;
	va_list args;

	check = realloc(checks->check, (checks->nr + 1) * sizeof(*check));
	if (!check)
		return -ENOMEM;
	checks->check = check;
	check += checks->nr++;
	*check = (struct check){ .name = name, .health = health };
	snprintf(check->advice, sizeof(check->advice), "%s", advice);
	va_start(args, found);
	vsnprintf(check->found, sizeof(check->found), found, args);
	va_end(args);
	return 0;
}

int checks_command(struct checks *checks, const char *command, ...)
{
	struct check *check = &checks->check[checks->nr - 1];
	va_list args;

	va_start(args, command);
	vsnprintf(check->command, sizeof(check->command), command, args);
	va_end(args);
	return 0;
}

bool checks_bad(const struct checks *checks, const char *name,
		const char *what)
{
	const struct check *check;
	size_t i;

	for (i = 0; i < checks->nr; i++) {
		check = &checks->check[i];
		if (check->health == HEALTH_BAD && !strcmp(check->name, name) &&
		    strstr(check->found, what))
			return true;
	}
	return false;
}

static void kernel_release(const char *root, char *release, size_t size)
{
	if (file_read(release, size, "%s/proc/sys/kernel/osrelease", root))
		snprintf(release, size, "unknown");
}

int check_kernel(const char *root, struct checks *checks)
{
	unsigned int major = 0, minor = 0;
	char release[96];

	kernel_release(root, release, sizeof(release));
	if (sscanf(release, "%u.%u", &major, &minor) == 2 &&
	    (major > OLDEST_MAJOR ||
	     (major == OLDEST_MAJOR && minor >= OLDEST_MINOR)))
		return checks_add(checks, "kernel", HEALTH_GOOD, "",
				  "Linux %s", release);
	return checks_add(checks, "kernel", HEALTH_BAD,
			  "boot Linux 6.12 or newer; Debian 12 has one in backports",
			  "Linux %s is too old", release);
}

static int count_entries(const char *path)
{
	const struct dirent *entry;
	int n = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* Whoever says so in words may do without; what is lost is said all the same. */
int check_no_iommu(const char *root, struct checks *checks)
{
	if (!sysfs_noiommu_mode(root))
		return checks_add(checks, "IOMMU", HEALTH_BAD,
				  "load vfio with enable_unsafe_noiommu_mode=1, if that is what you want; it takes CONFIG_VFIO_NOIOMMU",
				  "no-IOMMU mode is off");
	return checks_add(checks, "IOMMU", HEALTH_NOTE,
			  "with an IOMMU, load vfio without enable_unsafe_noiommu_mode",
			  "no-IOMMU mode is on: the DMA of such devices reaches all of this machine's memory");
}

static int is_unsafe(struct checks *checks)
{
	int ret;

	ret = checks_add(checks, "IOMMU", HEALTH_BAD,
			 "load vfio without enable_unsafe_noiommu_mode, unless this is what you want: --no-iommu",
			 "VFIO also gives out devices that have none, whose DMA reaches all memory");
	return ret ?: checks_command(checks, "echo N >" SYSFS_NOIOMMU_MODE);
}

static bool says_yes(const char *root, const char *module)
{
	char text[8];

	return !file_read(text, sizeof(text),
			  "%s/sys/module/%s/parameters/allow_unsafe_interrupts",
			  root, module) && text[0] == 'Y';
}

/*
 * Only machines with an I/O APIC have this done by the IOMMU, and there the name of
 * what each interrupt comes by says so. Others keep devices apart by themselves.
 */
static int check_interrupts(const char *root, struct checks *checks)
{
	bool allowed = says_yes(root, "vfio_iommu_type1") ||
		       says_yes(root, "iommufd");
	bool directly;
	char *text;

	if (file_read_all(&text, "%s/proc/interrupts", root))
		return 0;
	directly = strstr(text, " IO-APIC");
	free(text);
	if (!directly)
		return 0;
	if (allowed)
		return checks_add(checks, "IOMMU", HEALTH_NOTE,
				  "turn that on in the firmware, leave intremap=off out, and allow_unsafe_interrupts, too",
				  "interrupts are not remapped: a device can write any of this machine's, and VFIO allows that");
	return checks_add(checks, "IOMMU", HEALTH_BAD,
			  "turn that on in the firmware and leave intremap=off out of the kernel's command line; or load vfio_iommu_type1 and iommufd with allow_unsafe_interrupts=1 if whoever has a device may have the machine",
			  "interrupts are not remapped: a device can write any of this machine's, and VFIO opens none");
}

int check_iommu(const char *root, struct checks *checks)
{
	char path[PATH_MAX];
	int n;

	if (sysfs_noiommu_mode(root))
		return is_unsafe(checks);
	snprintf(path, sizeof(path), "%s/sys/kernel/iommu_groups", root);
	n = count_entries(path);
	if (!n)
		return checks_add(checks, "IOMMU", HEALTH_BAD,
				  "turn VT-d or AMD-Vi on in the firmware, and boot an Intel machine with intel_iommu=on on the kernel's command line; or do without (see --no-iommu)",
				  "off: there are no IOMMU groups");
	return checks_add(checks, "IOMMU", HEALTH_GOOD, "",
			  "on, with %d groups", n) ?:
	       check_interrupts(root, checks);
}

/* The kernel has a file to map each prefetchable BAR so, if it can do that at all. */
static bool can_combine(const char *root, const struct pci_device *dev,
			bool *asked)
{
	for (int i = 0; i < PCI_BARS; i++) {
		if (!dev->bar[i].prefetchable)
			continue;
		*asked = true;
		if (file_exists("%s/sys/bus/pci/devices/%s/resource%d_wc",
				root, dev->bdf, i))
			return true;
	}
	return false;
}

int check_combining(const char *root, struct checks *checks)
{
	bool asked = false, can = false;
	struct pci_device *devs;
	size_t i, nr;
	int ret;

	ret = sysfs_devices(root, &devs, &nr);
	if (ret)
		return ret;
	for (i = 0; i < nr && !can; i++)
		can = can_combine(root, &devs[i], &asked);
	free(devs);
	if (can || !asked)
		return 0;
	return checks_add(checks, "kernel", HEALTH_NOTE,
			  "leave nopat out of the kernel's command line; slices with memattr = wc are refused before that",
			  "it maps nothing write-combining: PAT is off");
}

/* Names of a module: in /sys/module, and of its file */
struct module {
	const char *name;
	const char *file;
};

static bool is_loaded(const char *root, const struct module *module)
{
	return file_exists("%s/sys/module/%s", root, module->name);
}

/* Is there such a line in one of the lists below /lib/modules? */
static bool is_listed(const char *root, const char *list,
		      const struct module *module)
{
	char release[96], file[64];
	bool found;
	char *text;

	kernel_release(root, release, sizeof(release));
	if (file_read_all(&text, "%s/lib/modules/%s/%s", root, release, list))
		return false;
	snprintf(file, sizeof(file), "/%s.ko", module->file);
	found = strstr(text, file);
	free(text);
	return found;
}

static int check_module(const char *root, struct checks *checks,
			const struct module *module, const char *missing)
{
	if (is_loaded(root, module))
		return checks_add(checks, "module", HEALTH_GOOD, "",
				  "%s is loaded", module->file);
	if (is_listed(root, "modules.builtin", module))
		return checks_add(checks, "module", HEALTH_GOOD, "",
				  "%s is built into the kernel", module->file);
	if (!is_listed(root, "modules.dep", module))
		return checks_add(checks, "module", HEALTH_BAD, missing,
				  "%s is not there", module->file);
	return checks_add(checks, "module", HEALTH_BAD, "load it",
			  "%s is there, but not loaded", module->file) ?:
	       checks_command(checks, "modprobe %s", module->file);
}

/* Secure Boot has the kernel locked down. */
static bool takes_signed_only(const char *root)
{
	char text[64];

	if (!file_read(text, sizeof(text),
		       "%s/sys/module/module/parameters/sig_enforce", root) &&
	    text[0] == 'Y')
		return true;
	return !file_read(text, sizeof(text), "%s/sys/kernel/security/lockdown",
			  root) && !strstr(text, "[none]");
}

/* Where its file is, below /lib/modules: the line of modules.dep begins with that */
static bool find_file(const char *root, const struct module *module,
		      char *path, size_t size)
{
	char release[96], file[64];
	const char *at, *start;
	char *text;

	kernel_release(root, release, sizeof(release));
	if (file_read_all(&text, "%s/lib/modules/%s/modules.dep", root, release))
		return false;
	snprintf(file, sizeof(file), "/%s.ko:", module->file);
	at = strstr(text, file);
	for (start = at; at && start > text && start[-1] != '\n';)
		start--;
	if (at)
		snprintf(path, size, "%s/lib/modules/%s/%.*s", root, release,
			 (int)(strchr(at, ':') - start), start);
	free(text);
	return at;
}

/* One that is compressed is not looked into. */
static bool is_unsigned(const char *root, const struct module *module)
{
	static const char mark[] = "~Module signature appended~\n";
	char path[PATH_MAX], end[sizeof(mark)] = "";
	bool known;
	FILE *file;

	if (!find_file(root, module, path, sizeof(path)))
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	known = !fseek(file, 1 - (long)sizeof(mark), SEEK_END) &&
		fread(end, 1, sizeof(mark) - 1, file) == sizeof(mark) - 1;
	fclose(file);
	return known && strcmp(end, mark) != 0;
}

static int check_our_module(const char *root, struct checks *checks)
{
	static const struct module ours = { OUR_MODULE, OUR_DRIVER };
	char name[64];

	if (!driver_ours(root, name, sizeof(name)) && strcmp(name, OUR_DRIVER))
		return checks_add(checks, "module", HEALTH_GOOD, "",
				  OUR_DRIVER " is loaded, and stands in for %s",
				  name);
	if (!is_loaded(root, &ours) && takes_signed_only(root) &&
	    is_unsigned(root, &ours))
		return checks_add(checks, "module", HEALTH_BAD,
				  "sign it with a key that the machine knows (sign-file of the kernel's headers; 'mokutil --import' enrols one), and modprobe it",
				  "%s has no signature, and this kernel loads signed modules only",
				  ours.file);
	return check_module(root, checks, &ours,
			    "install barlease-dkms and the headers of this kernel, or run 'make install-module'; with Secure Boot on, sign it first");
}

int check_modules(const char *root, struct checks *checks)
{
	static const struct module core = { "vfio_pci_core", "vfio-pci-core" };
	static const struct module type1 = {
		"vfio_iommu_type1", "vfio_iommu_type1",
	};
	static const struct module iommufd = { "iommufd", "iommufd" };
	bool new_way = is_loaded(root, &iommufd) &&
		       file_exists("%s/dev/iommu", root);
	int ret;

	ret = check_module(root, checks, &core,
			   "boot a kernel with CONFIG_VFIO_PCI, as Debian's is one");
	/* Either will do. */
	if (!ret)
		ret = check_module(root, checks, new_way &&
				   !is_loaded(root, &type1) ? &iommufd : &type1,
				   "boot a kernel with CONFIG_VFIO, as Debian's is one");
	if (!ret)
		ret = check_our_module(root, checks);
	return ret;
}

/* Who can open the group has the device, all of it */
static int check_node(const char *root, struct checks *checks,
		      const struct pci_device *dev)
{
	char path[PATH_MAX], node[48];
	struct stat status;

	snprintf(node, sizeof(node), "/dev/vfio/%s", pci_group_text(dev).text);
	snprintf(path, sizeof(path), "%s%s", root, node);
	if (stat(path, &status))
		return checks_add(checks, "node", HEALTH_BAD,
				  "is /dev a devtmpfs, and does udev run?",
				  "%s: %s of %s is not there", dev->bdf, node,
				  OUR_DRIVER);
	if (status.st_mode & 0007)
		return checks_add(checks, "node", HEALTH_BAD,
				  "take the right from others, for it is a right to all of the device",
				  "%s: everybody can open %s (mode %03o)",
				  dev->bdf, node, status.st_mode & 0777) ?:
		       checks_command(checks, "chmod o= %s", node);
	return checks_add(checks, "node", HEALTH_GOOD, "",
			  "%s: %s, mode %03o", dev->bdf, node,
			  status.st_mode & 0777);
}

/* A VF that VFIO gives to nobody who does not know what its PF was told */
static int check_token(const char *root, struct checks *checks,
		       const struct pci_device *dev)
{
	struct pci_device pf;
	char bdf[BDF_SIZE];

	file_link_name(bdf, sizeof(bdf), "%s/sys/bus/pci/devices/%s/physfn",
		       root, dev->bdf);
	if (!bdf[0] || sysfs_device(root, bdf, &pf) || !pf.vfio[0])
		return 0;
	return checks_add(checks, "token", HEALTH_NOTE,
			  "whoever has the PF gives it one; name a file with the same one by vf-token-file in barleased.conf",
			  "%s: this VF needs a token, for its PF %s is bound to %s",
			  dev->bdf, pf.bdf, pci_driver_text(&pf).text);
}

static int check_device(const char *root, struct checks *checks,
			const struct pci_device *dev)
{
	struct verdict verdict = verdict_leases(root, dev);
	int ret;

	if (verdict.good)
		ret = checks_add(checks, "device", HEALTH_GOOD, "",
				 "%s (%s) can be leased from", dev->bdf,
				 pci_kind(dev));
	else
		ret = checks_add(checks, "device", HEALTH_BAD,
				 "bind what is in the way with 'barlease bind', too, or take its driver away",
				 "%s cannot be leased from: %s", dev->bdf,
				 verdict.why);
	if (!ret && verdict.other[0])
		ret = checks_command(checks, "barlease bind %s", verdict.other);
	if (!ret && dev->group >= 0)
		ret = check_node(root, checks, dev);
	return ret ?: check_token(root, checks, dev);
}

int check_devices(const char *root, struct checks *checks)
{
	struct pci_device *devs;
	size_t i, nr, bound = 0;
	int ret;

	ret = sysfs_devices(root, &devs, &nr);
	for (i = 0; i < nr && !ret; i++) {
		if (!pci_is_ours(&devs[i]))
			continue;
		bound++;
		ret = check_device(root, checks, &devs[i]);
	}
	free(devs);
	/* Not where that goes without saying */
	if (!ret && !bound && !checks_bad(checks, "device", "") &&
	    !checks_bad(checks, "module", OUR_DRIVER))
		ret = checks_add(checks, "device", HEALTH_BAD,
				 "'barlease list' shows the devices, 'barlease bind' gives one to it",
				 "no device is bound to " OUR_DRIVER);
	return ret;
}
