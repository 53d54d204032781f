// SPDX-License-Identifier: MIT
/*
 * The sockets that the broker listens to
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <barlease.h>

#include "base/file.h"
#include "base/log.h"
#include "device/diagnose.h"
#include "listen.h"

static bool is_listening(int fd, int type)
{
	int value;
	socklen_t size = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size) || value != type)
		return false;
	size = sizeof(value);
	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) &&
	       value;
}

static int inherit(int *slot, int fd, int type, const char *name)
{
	if (*slot >= 0 || !is_listening(fd, type)) {
		log_line(LOG_ERR,
			 "the service manager's socket \"%s\" is not one listening %s socket",
			 name,
			 type == SOCK_STREAM ? "stream" : "sequential-packet");
		return -EINVAL;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) ||
	    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK)) {
		int ret = -errno;

		log_line(LOG_ERR,
			 "cannot take over the service manager's socket \"%s\": %s",
			 name, strerror(-ret));
		return ret;
	}
	*slot = fd;
	return 0;
}

/* @listener: its path is that of an earlier process, if it was that one's */
static int inherit_one(struct listener *listener, struct inheritance *all,
		       int type, const char *name)
{
	int fd = inherit_take(all, name);

	listener->fd = -1;
	return fd < 0 ? 0 : inherit(&listener->fd, fd, type, name);
}

int listeners_inherit(struct listeners *listeners, struct inheritance *all)
{
	int ret;

	*listeners = (struct listeners){
		.client.fd = -1, .admin.fd = -1, .monitor.fd = -1,
	};
	ret = inherit_one(&listeners->admin, all, SOCK_STREAM, "admin");
	if (!ret)
		ret = inherit_one(&listeners->client, all, SOCK_SEQPACKET,
				  "client");
	if (!ret)
		ret = inherit_one(&listeners->monitor, all, SOCK_STREAM,
				  "monitor");
	return ret;
}

/* Does anybody listen there? Says who, where the kernel does. */
static bool is_alive(const struct sockaddr_un *address, int type, pid_t *pid)
{
	struct ucred cred = { 0 };
	socklen_t size = sizeof(cred);
	bool alive;
	int fd;

	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	alive = !connect(fd, (const void *)address, sizeof(*address)) ||
		errno == EAGAIN;
	if (alive && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		cred.pid = 0;
	close(fd);
	*pid = cred.pid;
	return alive;
}

static int cannot_listen(const char *path, int error)
{
	log_line(LOG_ERR, "cannot listen at %s: %s", path, strerror(-error));
	return error;
}

/* What a broker that was killed has left */
static int remove_stale(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char who[100] = "somebody";
	struct stat stat;
	pid_t pid = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (lstat(path, &stat))
		return errno == ENOENT ? 0 : cannot_listen(path, -errno);
	if (!S_ISSOCK(stat.st_mode)) {
		log_line(LOG_ERR, "%s is there, and is no socket", path);
		return -EEXIST;
	}
	if (is_alive(&address, type, &pid)) {
		if (pid)
			diagnose_process(pid, who, sizeof(who));
		log_line(LOG_ERR, "%s is in use: %s listens there", path, who);
		return -EADDRINUSE;
	}
	if (unlink(path) && errno != ENOENT)
		return cannot_listen(path, -errno);
	return 0;
}

static int bind_stream(const char *path, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, ret;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0777 & ~mode);
	ret = bind(fd, (const void *)&address, sizeof(address)) ? -errno : 0;
	umask(mask);
	if (!ret && listen(fd, 16))
		ret = -errno;
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

static int make(struct listener *listener, const char *path, int type,
		mode_t mode)
{
	int ret = strlen(path) < SOCKET_PATH_MAX ? 0 : -ENAMETOOLONG;

	if (listener->fd >= 0)
		return 0;
	if (!ret)
		ret = file_make_parent(path);
	if (ret)
		return cannot_listen(path, ret);
	ret = remove_stale(path, type);
	if (ret)
		return ret;
	ret = type == SOCK_STREAM ? bind_stream(path, mode) :
				    barlease_listen(path, mode);
	if (ret < 0)
		return cannot_listen(path, ret);
	listener->fd = ret;
	snprintf(listener->path, sizeof(listener->path), "%s", path);
	return 0;
}

static bool is_at(int fd, const char *path)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address);

	return !getsockname(fd, (void *)&address, &size) &&
	       size < sizeof(address) && !strcmp(address.sun_path, path) &&
	       !access(path, F_OK);
}

int listener_open(struct listener *listener, struct inheritance *all,
		  const char *name, const char *path, mode_t mode)
{
	int fd = all ? inherit_take(all, name) : -1;

	*listener = (struct listener){ .fd = -1 };
	if (fd >= 0 && is_listening(fd, SOCK_SEQPACKET) && is_at(fd, path)) {
		listener->fd = fd;
		snprintf(listener->path, sizeof(listener->path), "%s", path);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return make(listener, path, SOCK_SEQPACKET, mode);
}

int listeners_make(struct listeners *listeners,
		   const struct listener_paths *paths)
{
	int ret;

	ret = make(&listeners->client, paths->client, SOCK_SEQPACKET,
		   paths->client_mode);
	if (!ret)
		ret = make(&listeners->admin, paths->admin, SOCK_STREAM, 0600);
	if (!ret && paths->monitor)
		ret = make(&listeners->monitor, paths->monitor, SOCK_STREAM,
			   paths->monitor_mode);
	return ret;
}

void listener_close(const struct listener *listener)
{
	if (*listener->path && unlink(listener->path))
		log_line(LOG_WARNING, "cannot remove %s: %s", listener->path,
			 strerror(errno));
	if (listener->fd >= 0)
		close(listener->fd);
}

void listeners_close(struct listeners *listeners)
{
	listener_close(&listeners->client);
	listener_close(&listeners->admin);
	listener_close(&listeners->monitor);
}
