// SPDX-License-Identifier: MIT
/*
 * The Debian in /systemd, started as a container manager starts one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "machine.h"
#include "output.h"
#include "tap.h"

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS)
#define CGROUPS		MACHINE_ROOT "/sys/fs/cgroup"
#define CGROUP		CGROUPS "/machine"
#define BOOT_MS		120000

/* In there, what it prints is on the console */
static __attribute__((noreturn)) void give_up(const char *what)
{
	perror(what);
	_exit(1);
}

static void mount_in(const char *from, const char *dir, const char *type,
		     unsigned long flags, const char *data)
{
	char path[256];

	snprintf(path, sizeof(path), MACHINE_ROOT "%s", dir);
	if (mount(from, path, type, flags, data))
		give_up(path);
}

/* A cgroup namespace's root is what its first process was in */
static void take_cgroup(void)
{
	int fd;

	mount_in("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		give_up(CGROUP);
	fd = open(CGROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		give_up(CGROUP "/cgroup.procs");
	close(fd);
	if (unshare(CLONE_NEWCGROUP) || umount(CGROUPS))
		give_up(CGROUPS);
	mount_in("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
}

/* The root of an initramfs cannot be pivoted: another one is moved over it */
static void take_root(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		give_up("/");
	mount_in(MACHINE_ROOT, "", NULL, MS_BIND, NULL);
	mount_in("proc", "/proc", "proc", 0, NULL);
	mount_in("sysfs", "/sys", "sysfs", 0, NULL);
	mount_in("/dev", "/dev", NULL, MS_BIND | MS_REC, NULL);
	mount_in("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mount_in("/lib/modules", "/usr/lib/modules", NULL, MS_BIND, NULL);
	take_cgroup();
	if (chdir(MACHINE_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		give_up(MACHINE_ROOT);
}

static __attribute__((noreturn)) void be_init(void)
{
	const char *const argv[] = {
		"/usr/lib/systemd/systemd", "--unit=basic.target",
		"--log-target=console", "--log-level=notice",
		"--show-status=no", NULL
	};
	const char *const env[] = {
		"container=barlease", "PATH=/usr/sbin:/usr/bin", NULL
	};
	int console = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(console, fd);
	setsid();
	take_root();
	execve(argv[0], (char *const *)argv, (char *const *)env);
	give_up(argv[0]);
}

static void enter(pid_t init)
{
	int fd = syscall(SYS_pidfd_open, init, 0);

	if (fd < 0 || setns(fd, NAMESPACES | CLONE_NEWCGROUP) || chdir("/"))
		bail("the namespaces of systemd: %s", strerror(errno));
	close(fd);
}

static bool is_up(pid_t init)
{
	const char *const argv[] = {
		"systemctl", "is-active", "--quiet", "basic.target", NULL
	};
	char text[4096];

	if (waitpid(init, NULL, WNOHANG))
		bail("systemd has ended: the console says why");
	return !access("/run/systemd/private", F_OK) &&
	       !machine_run(text, sizeof(text), argv);
}

pid_t machine_boot(void)
{
	int64_t start = now_us();
	int gone[2];
	pid_t init;
	char c;

	if (pipe2(gone, O_CLOEXEC))
		bail("pipe: %s", strerror(errno));
	/* fork(), with flags */
	init = syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (init < 0)
		bail("clone: %s", strerror(errno));
	if (!init)
		be_init();

	/* It ends as the new program begins */
	close(gone[1]);
	if (read(gone[0], &c, 1))
		bail("read: %s", strerror(errno));
	close(gone[0]);
	enter(init);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	while (!is_up(init)) {
		if (now_us() - start > BOOT_MS * 1000ll)
			bail("systemd does not come up: see the console");
		sleep_ms(200);
	}
	diag("systemd is up after %.1f s", (now_us() - start) / 1e6);
	return init;
}

int machine_run(char *text, size_t size, const char *const argv[])
{
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		bail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		bail("fork: %s", strerror(errno));
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execvp(argv[0], (char *const *)argv);
		perror(argv[0]);
		_exit(127);
	}
	close(out[1]);
	return output_of(pid, out[0], text, size);
}
