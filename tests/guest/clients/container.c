// SPDX-License-Identifier: MIT
/*
 * Containers of the podman in /podman, whose root is a directory with a shell and barlease
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker-lib.h"
#include "container.h"
#include "output.h"
#include "tap.h"

#define ROOT	CONTAINER_ROOT
#define BOX	"/srv/box"
#define ALICE	CONTAINER_UID
/* podman's arguments, and the NULL behind them */
#define WORDS	32

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

void container_set_up(void)
{
	make_box();
	make_users();
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

/* After @nr words of @all, up to a NULL. Returns how many there are then */
static size_t add_words(const char **all, size_t nr, const char *const *words)
{
	for (; *words; words++) {
		if (nr == WORDS - 1)
			bail("more than %d words for podman", WORDS - 1);
		all[nr++] = *words;
	}
	all[nr] = NULL;
	return nr;
}

pid_t container_podman(uid_t uid, const char *const *arguments, int *output)
{
	const char *argv[WORDS] = { "/usr/bin/podman" };
	const char *const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		uid ? "HOME=/home/alice" : "HOME=/root",
		uid ? "XDG_RUNTIME_DIR=/run/user/1001" : "TERM=dumb",
		NULL,
	};
	int fds[2];
	pid_t pid;

	add_words(argv, 1, arguments);
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

pid_t container_start(uid_t uid, const char *const *options, const char *line,
		      int *output)
{
	static const char *const run[] = { "run", "--rm", "--quiet", NULL };
	const char *const box[] = {
		"--rootfs", BOX, "/bin/sh", "-c", line, NULL,
	};
	const char *words[WORDS];
	size_t nr;

	nr = add_words(words, 0, run);
	nr = add_words(words, nr, options);
	add_words(words, nr, box);
	return container_podman(uid, words, output);
}

int container_run(uid_t uid, const char *const *options, const char *line,
		  char *text, size_t size)
{
	int output;
	pid_t pid = container_start(uid, options, line, &output);

	return output_of(pid, output, text, size);
}
