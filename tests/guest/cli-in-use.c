// SPDX-License-Identifier: MIT
/*
 * barlease bind takes nothing that is in use, by whomever and however: disks
 * that are mounted where it cannot see, swapped to, below a loop device or open
 * by another name; links in other namespaces; a PF of VFs that work. And it takes
 * all the devices that it is given, or none.
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/blkpg.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli-run.h"
#include "clock.h"
#include "kernel.h"
#include "monitor.h"
#include "sysfs.h"
#include "tap.h"

#define PORT		"hp0"
#define DISK		"/dev/nvme0n1"
#define PARTITION	DISK "p1"
#define MIB		(1ull << 20)

#define NVME_CLASS	"0x010802"

static struct bdf disk, card;

static bool find_disk(void)
{
	struct bdf devs[64];
	size_t i, n = pci_all(devs, 64);
	char class[16];

	for (i = 0; i < n; i++) {
		if (pci_read(devs[i], "class", class, sizeof(class)) ||
		    strcmp(class, NVME_CLASS))
			continue;
		disk = devs[i];
		return true;
	}
	return false;
}

static void run(const char *command)
{
	if (system(command))	/* NOLINT(cert-env33-c) */
		bail("%s: fails", command);
}

/* The file is there before the disk behind it: ENXIO */
static bool opens(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void wait_for_disk(void)
{
	if (!comes_true(opens(DISK)))
		bail("there is no " DISK);
}

static void add_partition(void)
{
	struct blkpg_partition part = {
		.start = MIB, .length = 32 * MIB, .pno = 1,
	};
	struct blkpg_ioctl_arg arg = {
		.op = BLKPG_ADD_PARTITION, .datalen = sizeof(part),
		.data = &part,
	};
	int fd = open(DISK, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, BLKPG, &arg))
		bail(DISK ": %s", strerror(errno));
	close(fd);
	if (!comes_true(opens(PARTITION)))
		bail("there is no " PARTITION);
}

static void plug_disk(void)
{
	static const char drive[] =
		"if=none,id=disk,driver=null-co,size=64M,read-zeroes=on,snapshot=on";

	if (!strstr(monitor("drive_add 0 %s", drive), "OK"))
		bail("QEMU has no drive for us");
	monitor_do("device_add nvme,serial=barlease,drive=disk,id=disk-0,bus="
		   PORT);
	if (!comes_true(find_disk()))
		bail("the disk was plugged in, and nobody notices");
	wait_for_disk();
	add_partition();
}

static void has_driver(struct bdf dev, const char *want)
{
	char driver[64];

	pci_driver(dev, driver, sizeof(driver));
	ok(!strcmp(driver, want), "%s has the driver \"%s\"", dev.name, want);
	if (strcmp(driver, want))
		diag("  it is \"%s\"", driver);
}

static void is_refused(struct bdf dev, const char *driver, const char *what)
{
	const struct run *result = CLI("bind", dev.name);

	cli_is(result, 1, "bind of a device that is in use");
	cli_complains(result, what);
	has_driver(dev, driver);
	/* For what comes next to have it, too */
	if (!result->status)
		CLI("unbind", dev.name);
}

/* A process that has done something, and goes on having done it */
struct keeper {
	pid_t pid;
	int done;
};

static struct keeper keep(void (*what)(void))
{
	struct keeper keeper;
	int fds[2];
	char c;

	if (pipe2(fds, O_CLOEXEC))
		bail("pipe: %s", strerror(errno));
	keeper.pid = fork();
	if (!keeper.pid) {
		what();
		if (write(fds[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	if (keeper.pid < 0 || read(fds[0], &c, 1) != 1)
		bail("what was to be kept cannot be had");
	keeper.done = fds[0];
	return keeper;
}

static void let_go(struct keeper *keeper)
{
	kill(keeper->pid, SIGKILL);
	waitpid(keeper->pid, NULL, 0);
	close(keeper->done);
}

static void mount_elsewhere(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    (mkdir("/tmp/elsewhere", 0755) && errno != EEXIST) ||
	    mount(PARTITION, "/tmp/elsewhere", "ext4", 0, NULL))
		_exit(1);
}

static void mounted_elsewhere(void)
{
	struct keeper keeper;

	run("mke2fs " PARTITION " >/dev/null");
	keeper = keep(mount_elsewhere);
	is_refused(disk, "nvme", "/dev/nvme0n1");
	let_go(&keeper);
}

static void swapped_to(void)
{
	run("mkswap " PARTITION " >/dev/null");
	run("swapon " PARTITION);
	is_refused(disk, "nvme", PARTITION " is swapped to");
	run("swapoff " PARTITION);
}

static void below_a_loop(void)
{
	run("losetup /dev/loop0 " PARTITION);
	is_refused(disk, "nvme", "loop0 is on it");
	run("losetup -d /dev/loop0");
}

static void open_by_another_name(void)
{
	struct stat stat;

	unlink("/tmp/another");
	if (lstat(PARTITION, &stat) ||
	    mknod("/tmp/another", S_IFBLK | 0600, stat.st_rdev) ||
	    open("/tmp/another", O_RDONLY) < 0 || unlink("/tmp/another"))
		_exit(1);
}

static void opened_raw(void)
{
	struct keeper keeper = keep(open_by_another_name);
	char part[64];

	snprintf(part, sizeof(part), "process %d (cli-in-use) has " PARTITION " open",
		 keeper.pid);
	is_refused(disk, "nvme", part);
	let_go(&keeper);
}

/* Others may have looked at it, udev for one: it is free when it is. */
static bool is_bound(struct bdf dev)
{
	return !CLI("bind", dev.name)->status;
}

static void free_at_last(void)
{
	ok(comes_true(is_bound(disk)), "a disk that nobody uses is bound");
	has_driver(disk, OUR_DRIVER);
	cli_is(CLI("unbind", disk.name), 0, "and given back");
	has_driver(disk, "nvme");
}

static void disks(void)
{
	if (module_load("nvme", NULL) || module_load("ext4", NULL) ||
	    module_load("loop", NULL)) {
		skip("this guest has no nvme, ext4 or loop", "disks");
		return;
	}
	plug_disk();
	mounted_elsewhere();
	swapped_to();
	below_a_loop();
	opened_raw();
	free_at_last();
	monitor_do("device_del disk-0");
	ok(comes_true(access(DISK, F_OK)), "the disk is gone");
}

static void new_net_namespace(void)
{
	if (unshare(CLONE_NEWNET))
		_exit(1);
}

static bool has_link(void)
{
	return !access("/sys/class/net/eth0", F_OK);
}

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

static void links(void)
{
	struct keeper keeper;
	char command[64];

	is_ok(pci_bind(card, "igb"), "the network card is bound to igb");
	if (!comes_true(has_link()))
		bail("there is no eth0");
	run("ip link set eth0 up");
	is_refused(card, "igb", "the network link eth0 is up");
	run("ip link set eth0 down");
	keeper = keep(new_net_namespace);
	snprintf(command, sizeof(command), "ip link set eth0 netns %d",
		 keeper.pid);
	run(command);
	is_refused(card, "igb", "another network namespace has a link of it");
	let_go(&keeper);
	ok(comes_true(has_link()), "it comes back");
	is_ok(pci_write(card, "sriov_numvfs", "1"), "it has a VF");
	is_ok(pci_bind(vf_of(card), OUR_DRIVER), "which has a driver");
	is_refused(card, "igb", "its virtual function ");
	is_ok(pci_write(card, "sriov_numvfs", "0"), "it has none");
	ok(comes_true(is_bound(card)), "then it is bound");
}

static void forget_display(struct bdf display)
{
	cli_is(CLI("unbind", display.name), 0, "what init bound is unbound");
}

/*
 * pci-pf-stub leaves VFs where they are, and then vfio-pci-core does not take
 * the PF.
 */
static void all_or_none(void)
{
	struct bdf display = dev_display();
	const struct run *result;
	char path[64];

	forget_display(display);
	is_ok(pci_bind(card, "pci-pf-stub"), "the card is bound to pci-pf-stub");
	is_ok(pci_write(card, "sriov_drivers_autoprobe", "0"),
	      "its VFs get no driver");
	is_ok(pci_write(card, "sriov_numvfs", "1"), "it has one");
	result = CLI("bind", "--persist", display.name, card.name);
	cli_is(result, 1, "bind of two, of which one cannot be");
	cli_complains(result, "did not take it");
	has_driver(display, "");
	has_driver(card, "pci-pf-stub");
	snprintf(path, sizeof(path), "/run/barlease-bind/%s", display.name);
	ok(access(path, F_OK), "nothing is remembered");
	is_ok(pci_write(card, "sriov_numvfs", "0"), "the VF goes");
	is_ok(pci_write(card, "sriov_drivers_autoprobe", "1"),
	      "and the next one is as it was");
	is_ok(pci_bind(card, OUR_DRIVER), "it is bound as init bound it");
	is_ok(pci_bind(display, OUR_DRIVER), "so is the other one");
}

static ino_t inode_of(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) ? 0 : stat.st_ino;
}

/* It has what the machine's next start needs, and nothing else changes. */
static void persistent(void)
{
	struct bdf display = dev_display();
	char rule[96], text[512] = "";
	const struct run *result;
	ino_t inode;

	snprintf(rule, sizeof(rule),
		 "/etc/udev/rules.d/70-barlease-bind-%s.rules", display.name);
	forget_display(display);
	result = CLI("bind", "--persist", display.name);
	cli_is(result, 1, "bind --persist, where there is no udev");
	has_driver(display, "");
	run("mkdir -p /etc/udev");
	cli_is(CLI("bind", "--persist", display.name), 0, "bind --persist");
	file_read(rule, text, sizeof(text));
	ok(strstr(text, "#") && inode_of(rule), "there is a rule for udev");
	inode = inode_of(rule);
	result = CLI("bind", "--persist", display.name);
	cli_is(result, 0, "once more");
	cli_says(result, "unchanged");
	ok(inode_of(rule) == inode, "and the rule was not touched");
	cli_is(CLI("unbind", display.name), 0, "unbind");
	ok(!inode_of(rule), "there is no rule any more");
	run("rm -r /etc/udev");
	is_ok(pci_bind(display, OUR_DRIVER), "it is bound as init bound it");
}

int main(void)
{
	card = dev_card();
	disks();
	if (module_load("igb", NULL) || module_load("pci-pf-stub", NULL) ||
	    pci_bind(card, "igb")) {
		skip("this guest has no igb or pci-pf-stub", "links and VFs");
	} else {
		links();
		all_or_none();
	}
	persistent();
	return tap_done();
}
