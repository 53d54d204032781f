// SPDX-License-Identifier: MIT
/*
 * barlease bind and unbind, as root, against whoever has the broker's user:
 * what lies in that one's directory leads root nowhere, and what root reads
 * back is no path
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli-run.h"
#include "sysfs.h"
#include "tap.h"

#define PLANTER		1001

#define BROKERS		"/run/barlease"
#define OURS		"/run/barlease-bind"
#define VICTIM		"/root/victim"
#define TRAP		"/tmp/trap"
/* From /sys/bus/pci/drivers */
#define WAY_OUT		"../../../../.." TRAP

#define UNTOUCHED	"untouched"

static struct bdf dev;

static const char *in(const char *directory, const char *suffix)
{
	static char path[2][96];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(*path), "%s/%s%s", directory, dev.name,
		 suffix);
	return path[which];
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail("%s: %s", path, strerror(errno));
	close(fd);
}

static void link_to(const char *target, const char *path)
{
	unlink(path);
	if (symlink(target, path))
		bail("%s: %s", path, strerror(errno));
}

static void is_untouched(const char *path)
{
	char text[64] = "";

	file_read(path, text, sizeof(text));
	ok(!strcmp(text, UNTOUCHED), "%s is as it was", path);
	if (strcmp(text, UNTOUCHED))
		diag("  it is \"%s\"", text);
}

static void has_driver(const char *want)
{
	char driver[64];

	pci_driver(dev, driver, sizeof(driver));
	ok(!strcmp(driver, want), "the device's driver is \"%s\"", want);
}

/* What the driver's directory in /sys has, but for the one device's sake */
static void set_trap(void)
{
	if (mkdir(TRAP, 0755) && errno != EEXIST)
		bail(TRAP ": %s", strerror(errno));
	put(TRAP "/bind", UNTOUCHED);
	put(TRAP "/unbind", UNTOUCHED);
	if (mkdir("/root", 0700) && errno != EEXIST)
		bail("/root: %s", strerror(errno));
	put(VICTIM, UNTOUCHED);
}

static void as_planter(void (*plant)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (setgid(PLANTER) || setuid(PLANTER))
			_exit(1);
		plant();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		bail("uid %d cannot plant anything", PLANTER);
}

static void plant_links(void)
{
	if (mkdir(BROKERS "/bind", 0755) && errno != EEXIST)
		_exit(1);
	link_to(VICTIM, in(BROKERS "/bind", ".new"));
	link_to(VICTIM, in(BROKERS "/bind", ""));
}

static void plant_driver(void)
{
	unlink(in(BROKERS "/bind", ""));
	put(in(BROKERS "/bind", ""),
	    "driver=" WAY_OUT "\noverride=\nbound=x\n");
}

static void in_the_brokers_directory(void)
{
	mkdir(BROKERS, 0755);
	if (chown(BROKERS, PLANTER, PLANTER))
		bail(BROKERS ": %s", strerror(errno));
	as_planter(plant_links);
	cli_is(CLI("bind", dev.name), 0, "bind, past links that another user has planted");
	is_untouched(VICTIM);
	as_planter(plant_driver);
	cli_is(CLI("unbind", dev.name), 0, "unbind, past a driver's name that leads out of /sys");
	is_untouched(TRAP "/bind");
	has_driver("");
}

/* No directory of root's alone: nothing is done, and nothing is believed. */
static void another_directory(void)
{
	const struct run *run;

	unlink(in(OURS, ""));
	rmdir(OURS);
	mkdir(OURS, 0755);
	if (chown(OURS, PLANTER, PLANTER))
		bail(OURS ": %s", strerror(errno));
	run = CLI("bind", dev.name);
	cli_is(run, 1, "bind, where the directory is another user's");
	cli_complains(run, "is no directory that belongs to root alone");
	has_driver("");
	if (chown(OURS, 0, 0) || chmod(OURS, 0777))
		bail(OURS ": %s", strerror(errno));
	cli_is(CLI("bind", dev.name), 1, "bind, where all can write to it");
	rmdir(OURS);
	link_to("/tmp", OURS);
	cli_is(CLI("bind", dev.name), 1, "bind, where it is a link");
	has_driver("");
	unlink(OURS);
}

static void in_our_directory(void)
{
	const struct run *run;

	mkdir(OURS, 0755);
	link_to(VICTIM, in(OURS, ".new"));
	link_to(VICTIM, in(OURS, ""));
	cli_is(CLI("bind", dev.name), 0, "bind, past links in root's directory");
	is_untouched(VICTIM);

	put(in(OURS, ""), "driver=" WAY_OUT "\noverride=\nbound=x\n");
	run = CLI("unbind", dev.name);
	cli_is(run, 1, "unbind does not take a path for a driver's name");
	cli_complains(run, "makes no sense");
	is_untouched(TRAP "/bind");
	has_driver(OUR_DRIVER);

	link_to(WAY_OUT "/said", in(OURS, ""));
	cli_is(CLI("unbind", dev.name), 1, "unbind follows no link to what is remembered");
	has_driver(OUR_DRIVER);

	unlink(in(OURS, ""));
	cli_is(CLI("unbind", dev.name), 0, "unbind of one that is not remembered");
	has_driver("");
}

int main(void)
{
	dev = dev_display();
	set_trap();
	is_ok(pci_unbind(dev), "the device has no driver");
	in_the_brokers_directory();
	another_directory();
	in_our_directory();
	is_ok(pci_bind(dev, OUR_DRIVER), "it is bound as init bound it");
	return tap_done();
}
