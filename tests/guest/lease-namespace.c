// SPDX-License-Identifier: MIT
/*
 * A server in a user namespace, which sees one uid for all users that are not in
 * it: none of them is taken for another
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <barlease.h>

#include "lease.h"
#include "sysfs.h"
#include "tap.h"

#define SOCKET	"/tmp/lease-namespace"
#define NOBODY	65534

static struct barlease_device *device;

static void must(int ret, const char *what)
{
	if (ret < 0)
		bail("%s: %s", what, strerror(-ret));
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		bail("cannot write %s: %m", path);
	close(fd);
}

/* Only root is in there */
static void enter_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		bail("no user namespace: %m");
	write_file("/proc/self/uid_map", "0 0 1\n");
	write_file("/proc/self/setgroups", "deny\n");
	write_file("/proc/self/gid_map", "0 0 1\n");
}

static __attribute__((noreturn)) void serve(int listener)
{
	static const struct barlease_range page = { 0, PAGE };
	static const struct barlease_slice slice = {
		.name = "page",
		.bar = BAR2,
		.ranges = &page,
		.nr_ranges = 1,
	};
	struct barlease_server *server;
	struct pollfd ready = { .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter_namespace();
	must(barlease_server_new(listener, NULL, NULL, &server), "server");
	must(barlease_server_add_slice(server, device, &slice), "slice");
	ready.fd = barlease_server_fd(server);
	while (poll(&ready, 1, -1) >= 0)
		must(barlease_server_dispatch(server), "dispatch");
	_exit(1);
}

/* As this user: whether it gets a lease. A negative errno */
static int try_as(uid_t uid)
{
	struct barlease_client *client;
	struct barlease_lease lease;
	int ret, status;
	pid_t child = fork();

	if (child) {
		waitpid(child, &status, 0);
		return -WEXITSTATUS(status);
	}
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
		_exit(EPERM);
	ret = barlease_client_connect(SOCKET, &client);
	if (!ret)
		ret = barlease_client_acquire(client, "page", 0, &lease);
	_exit(-ret);
}

int main(void)
{
	int listener;
	pid_t server;

	must(barlease_device_open(dev_small().name, BARLEASE_BACKEND_ANY,
				  &device), "device");
	unlink(SOCKET);
	listener = barlease_listen(SOCKET, 0666);
	must(listener, "listen");
	server = fork();
	if (!server)
		serve(listener);
	is_ok(try_as(0), "a user of the namespace gets a lease");
	is_error(try_as(1001), EACCES, "one that is not in there does not: EACCES");
	is_error(try_as(1002), EACCES, "nor does another: EACCES");
	is_error(try_as(NOBODY), EACCES,
		 "nor the one who really has that number: EACCES");
	is_ok(try_as(0), "the first one still does");
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(listener);
	unlink(SOCKET);
	barlease_device_close(device);
	return tap_done();
}
