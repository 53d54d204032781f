// SPDX-License-Identifier: MIT
/*
 * A container of podman has the slice that it is given as a device, and nothing else:
 * root's, and an ordinary user's
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker-lib.h"
#include "clock.h"
#include "debian.h"
#include "kernel.h"
#include "output.h"
#include "tap.h"

#define ROOT	"/podman"
#define SPEC	ROOT "/etc/cdi/barlease.json"
#define BOX	"/srv/box"
#define ALICE	1001

static const char admin_path[] = BROKER_ADMIN, spec_path[] = SPEC;

static char text[1 << 14];

/* ---- The Debian in there --------------------------------------------------- */

static void put(const char *path, const char *words)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(words, file) < 0 || fclose(file))
		bail("%s cannot be written", path);
}

/* What a container's root is: this guest's shell and barlease */
static void make_box(void)
{
	static const char *const dirs[] = {
		"", "/bin", "/proc", "/sys", "/dev", "/run", "/etc", "/tmp",
	};
	char path[100];

	mkdir(ROOT "/srv", 0755);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		snprintf(path, sizeof(path), ROOT BOX "%s", dirs[i]);
		if (mkdir(path, 0755) || chown(path, ALICE, ALICE))
			bail("%s: %s", path, strerror(errno));
	}
	if (link("/bin/barlease", ROOT BOX "/bin/barlease") ||
	    link("/bin/busybox", ROOT BOX "/bin/sh"))
		bail("no programs for a container: %s", strerror(errno));
}

static void make_users(void)
{
	static const char *const names[] = { "/etc/subuid", "/etc/subgid" };
	char path[100];

	put(ROOT "/etc/passwd", "root:x:0:0::/root:/bin/sh\n"
	    "alice:x:1001:1001::/home/alice:/bin/sh\n");
	put(ROOT "/etc/group", "root:x:0:\nalice:x:1001:\n");
	for (size_t i = 0; i < 2; i++) {
		put(names[i], "1001:100000:65536\n");
		snprintf(path, sizeof(path), ROOT "%s", names[i]);
		put(path, "alice:100000:65536\n");
	}
	mkdir(ROOT "/home", 0755);
	mkdir(ROOT "/root", 0700);
	if (mkdir(ROOT "/home/alice", 0700) ||
	    chown(ROOT "/home/alice", ALICE, ALICE))
		bail("no home for alice: %s", strerror(errno));
}

static __attribute__((noreturn)) void give_up(const char *what)
{
	perror(what);
	_exit(125);
}

static void mount_in(const char *from, const char *dir, const char *type,
		     unsigned long flags)
{
	char path[200];

	snprintf(path, sizeof(path), ROOT "%s", dir);
	mkdir(path, 0755);
	if (mount(from, path, type, flags, NULL))
		give_up(path);
}

/* The root of an initramfs cannot be pivoted: another one is moved over it */
static void enter(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		give_up("/");
	mount_in(ROOT, "", NULL, MS_BIND);
	mount_in("proc", "/proc", "proc", 0);
	mount_in("sysfs", "/sys", "sysfs", 0);
	mount_in("cgroup2", "/sys/fs/cgroup", "cgroup2", 0);
	mount_in("/dev", "/dev", NULL, MS_BIND | MS_REC);
	mount_in(BROKER_DIR, BROKER_DIR, NULL, MS_BIND);
	if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		give_up(ROOT);
}

static void become(uid_t uid)
{
	char run[40];

	if (!uid)
		return;
	snprintf(run, sizeof(run), "/run/user/%u", uid);
	mkdir("/run/user", 0755);
	mkdir(run, 0700);
	if ((chown(run, uid, uid) && errno != EPERM) || setgroups(0, NULL) ||
	    setgid(uid) || setuid(uid))
		give_up("setuid()");
}

/* A container of this user that runs a line of shell. @option: of podman's, or NULL */
static pid_t start(uid_t uid, const char *option, const char *line, int *output)
{
	/* Without an option, what is said already once more */
	const char *const argv[] = {
		"/usr/bin/podman", "run", "--rm", "--quiet",
		option ?: "--quiet", "--rootfs", BOX, "/bin/sh", "-c", line,
		NULL,
	};
	const char *const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		uid ? "HOME=/home/alice" : "HOME=/root",
		uid ? "XDG_RUNTIME_DIR=/run/user/1001" : "TERM=dumb", NULL,
	};
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		bail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail("fork: %s", strerror(errno));
	if (!pid) {
		enter();
		become(uid);
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execve(argv[0], (char *const *)argv, (char *const *)env);
		give_up(argv[0]);
	}
	close(fds[1]);
	*output = fds[0];
	return pid;
}

static int run(uid_t uid, const char *option, const char *line)
{
	int output;
	pid_t pid = start(uid, option, line, &output);

	return output_of(pid, output, text, sizeof(text));
}

static int barlease(const char *const argv[])
{
	int output;
	pid_t pid = debian_pipe("/", argv, &output);

	return output_of(pid, output, text, sizeof(text));
}

static int cdi(uid_t uid)
{
	return barlease((const char *const []){
		"/bin/barlease", "cdi", "--admin", admin_path, "--output",
		spec_path, "own", uid ? "--user" : NULL, "1001", NULL });
}

static int ungrant(void)
{
	return barlease((const char *const []){
		"/bin/barlease", "ungrant", "--admin", admin_path, "cdi-own",
		NULL });
}

/* ---- What a container has -------------------------------------------------- */

#define OWN	"--device=barlease/slice=own"

/* Writes through its lease; @outside sees the same bytes by another slice */
static void writes(uid_t uid, const char *who, const struct peer *outside)
{
	char line[200];
	long value = 0x1000 + uid;

	client_call(outside, client_write, 0, 0);
	snprintf(line, sizeof(line),
		 "/bin/barlease acquire own -- /bin/barlease poke 0 %#lx", value);
	is_int(run(uid, OWN, line), 0, "%s: it writes through its lease", who);
	is_hex(client_call(outside, client_read, 0), value,
	       "%s: which is the device", who);
}

static void has_nothing_else(uid_t uid, const char *who)
{
	is_int(run(uid, NULL, "test ! -e /run/barlease/own/socket && test -z \"$BARLEASE_SOCKET\""),
	       0, "%s: without the device there is no socket", who);
	is_int(run(uid, OWN, "/bin/barlease acquire other -- true"), 4,
	       "%s: a slice that it was not given is denied", who);
	is_int(run(uid, OWN, "/bin/barlease acquire window -- true"), 4,
	       "%s: so is one that all users may have", who);
	run(uid, OWN, "/bin/barlease slices");
	ok(strstr(text, "own") && !strstr(text, "other") && !strstr(text, "window"),
	   "%s: and none of those is seen", who);
	ok(run(uid, OWN, "touch /run/barlease/own/x") != 0,
	   "%s: nothing can be written where the socket is", who);
	is_int(run(uid, OWN, "test ! -e /dev/vfio && test ! -e /run/barlease/other"),
	       0, "%s: nor are there VFIO's files, or others' sockets", who);
}

/* An administrator takes it away from one that is running */
static void taken_away(uid_t uid)
{
	int output;
	pid_t pid = start(uid, OWN,
			  "/bin/barlease acquire own --on-revoke TERM -- /bin/sh -c 'sleep 600'",
			  &output);
	int admin = admin_connect();

	/* The other one is outside */
	admin_leases(admin, 2, "a container that stays has a lease");
	is_int(ungrant(), 0, "it is taken away");
	admin_leases(admin, 1, "there is no such lease then");
	ok(output_of(pid, output, text, sizeof(text)) != 0 &&
	   strstr(text, "was revoked"), "and the container's program is told");
	is_int(run(uid, OWN, "/bin/barlease acquire own -- true") != 0, 1,
	       "a new container has nothing");
	close(admin);
}

static void containers_of(uid_t uid, const char *who, const struct peer *outside)
{
	is_int(cdi(uid), 0, "%s: barlease cdi", who);
	writes(uid, who, outside);
	has_nothing_else(uid, who);
	taken_away(uid);
}

int main(void)
{
	struct peer outside;
	struct bdf dev;
	pid_t broker;

	dev = dev_small();
	is_int(module_load("vfio_iommu_type1", NULL) ?:
	       module_load(OUR_DRIVER, NULL), 0, "the driver is loaded");
	is_ok(pci_bind(dev, OUR_DRIVER), "a device is bound to it");
	make_box();
	make_users();
	broker_set_up();
	broker_configure("[device %s]\n"
			 "[slice own]\nbar=2\nranges=0+64K\nusers=-\n"
			 "[slice other]\nbar=2\nranges=64K+64K\nusers=-\n"
			 "[slice window]\nbar=2\nranges=0+64K\nusers=*\n",
			 dev.name);
	broker = broker_start();
	outside = client_connected(1002);
	ok(client_call(&outside, client_acquire, (long)"window", 0) > 0,
	   "somebody outside sees the device") || (broker_show_log(), false);
	containers_of(0, "root's container", &outside);
	containers_of(ALICE, "an ordinary user's", &outside);
	peer_stop(&outside);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	is_ok(pci_unbind(dev), "the device is free again");
	is_ok(module_unload(OUR_MODULE), "and the driver can go");
	return tap_done();
}
