// SPDX-License-Identifier: MIT
/*
 * A service manager with a store of descriptors
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/kcmp.h>

#include "clock.h"
#include "manager.h"
#include "tap.h"

#define FDS_MAX		4096
/* Where a service finds the first of them */
#define FIRST		3

struct kept {
	char name[64];
	int fd;
};

static struct kept list[FDS_MAX];
static int nr;
static int sock = -1;
static int ready, ready_seen;
static bool over;
static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t heard = PTHREAD_COND_INITIALIZER;

static bool is_same(int a, int b)
{
	return !syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
}

/* One file is kept once, by the name that it had first */
static void keep(const char *name, int fd)
{
	for (int i = 0; i < nr; i++)
		if (is_same(list[i].fd, fd)) {
			close(fd);
			return;
		}
	if (nr == FDS_MAX) {
		close(fd);
		return;
	}
	snprintf(list[nr].name, sizeof(list[nr].name), "%s", name);
	list[nr++].fd = fd;
}

static int forget(const char *name, bool prefix)
{
	const size_t length = strlen(name);
	int left = 0, gone;

	for (int i = 0; i < nr; i++) {
		if (strncmp(list[i].name, name, length) ||
		    (!prefix && list[i].name[length]))
			list[left++] = list[i];
		else
			close(list[i].fd);
	}
	gone = nr - left;
	nr = left;
	return gone;
}

/* The value of a line "KEY=value"; NULL where there is none */
static const char *value_of(char *text, const char *key, char *value,
			    size_t size)
{
	const size_t length = strlen(key);

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) || line[length] != '=')
			continue;
		snprintf(value, size, "%.*s",
			 (int)strcspn(line + length + 1, "\n"),
			 line + length + 1);
		return value;
	}
	return NULL;
}

static void hear(char *text, int fd)
{
	char name[64] = "stored", word[8];

	value_of(text, "FDNAME", name, sizeof(name));
	if (value_of(text, "READY", word, sizeof(word)))
		ready++;
	if (value_of(text, "FDSTOREREMOVE", word, sizeof(word)))
		forget(name, false);
	if (value_of(text, "FDSTORE", word, sizeof(word)) && fd >= 0) {
		keep(name, fd);
		fd = -1;
	}
	/* Or of BARRIER=1, whose end is what it waits for */
	if (fd >= 0)
		close(fd);
}

static void receive(void)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char text[1024];
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fd = -1;

	if (n < 0)
		return;
	text[n] = '\0';
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	pthread_mutex_lock(&lock);
	hear(text, fd);
	pthread_cond_broadcast(&heard);
	pthread_mutex_unlock(&lock);
}

static void *run(void *arg)
{
	struct pollfd poll_fd = { .fd = sock, .events = POLLIN };

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
		if (poll(&poll_fd, 1, 20) == 1)
			receive();
	return arg;
}

void manager_begin(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || bind(sock, (void *)&at, sizeof(at)) ||
	    chmod(path, 0666))
		bail("%s: %s", path, strerror(errno));
	setenv("NOTIFY_SOCKET", path, 1);
	over = false;
	if (pthread_create(&thread, NULL, run, NULL))
		bail("no thread");
}

void manager_end(void)
{
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	manager_forget("");
	close(sock);
}

/* As sd_listen_fds(3) has it. What is in the way is out of it by then. */
static void hand_over(void)
{
	char names[FDS_MAX * 24] = "", text[16];
	size_t n = 0;

	for (int i = 0; i < nr; i++) {
		list[i].fd = fcntl(list[i].fd, F_DUPFD_CLOEXEC, FIRST + nr);
		n += snprintf(names + n, sizeof(names) - n, "%s%s",
			      i ? ":" : "", list[i].name);
	}
	for (int i = 0; i < nr; i++)
		dup2(list[i].fd, FIRST + i);
	snprintf(text, sizeof(text), "%d", nr);
	setenv("LISTEN_FDS", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	snprintf(text, sizeof(text), "%d", getpid());
	setenv("LISTEN_PID", text, 1);
}

pid_t manager_start(const char *const *argv, const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	pid_t pid;

	pthread_mutex_lock(&lock);
	ready_seen = ready;
	pid = fork();
	if (pid < 0)
		bail("fork(): %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd, STDERR_FILENO);
		dup2(fd, STDOUT_FILENO);
		hand_over();
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	pthread_mutex_unlock(&lock);
	close(fd);
	return pid;
}

bool manager_is_ready(void)
{
	struct timespec until;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&lock);
	while (!ret && ready == ready_seen)
		ret = pthread_cond_timedwait(&heard, &lock, &until);
	ready_seen = ready;
	pthread_mutex_unlock(&lock);
	return !ret;
}

int manager_kept(void)
{
	int kept;

	pthread_mutex_lock(&lock);
	kept = nr;
	pthread_mutex_unlock(&lock);
	return kept;
}

int manager_fd(const char *name)
{
	int fd = -1;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < nr; i++)
		if (!strcmp(list[i].name, name))
			fd = list[i].fd;
	pthread_mutex_unlock(&lock);
	return fd;
}

int manager_forget(const char *prefix)
{
	int gone;

	pthread_mutex_lock(&lock);
	gone = forget(prefix, true);
	pthread_mutex_unlock(&lock);
	return gone;
}

void manager_keep(const char *name, int fd)
{
	pthread_mutex_lock(&lock);
	keep(name, fd);
	pthread_mutex_unlock(&lock);
}
