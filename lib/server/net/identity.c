// SPDX-License-Identifier: MIT
/*
 * Who is at the other end of a connection: the kernel's word, from when it was
 * made
 *
 * Copyright (C) 2026 The barlease authors
 *
 * In a user namespace there is one number for all users that the namespace does
 * not have. They cannot be told apart, from each other or from the one who really
 * has that number; so nobody who has it is let in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net.h"

#define EVERYBODY	UINT32_MAX

/* The last number of the file's first line; @otherwise where there is none */
static uint32_t last_number(const char *path, uint32_t otherwise)
{
	FILE *file = fopen(path, "re");
	uint32_t number = otherwise;
	static const char blanks[] = {' ', '\n', '\0'};
	char line[80], *rest;

	if (!file)
		return otherwise;
	if (fgets(line, sizeof(line), file))
		for (char *word = strtok_r(line, blanks, &rest); word;
		     word = strtok_r(NULL, blanks, &rest))
			number = strtoul(word, NULL, 10);
	fclose(file);
	return number;
}

/* The only namespace that has all is the first one, or as good as that. */
static bool has_all(const char *map)
{
	return last_number(map, EVERYBODY) == EVERYBODY;
}

void bl_identity_init(struct bl_net *net)
{
	net->nobody = -1;
	net->no_group = -1;
	if (!has_all("/proc/self/uid_map"))
		net->nobody = last_number("/proc/sys/kernel/overflowuid",
					  65534);
	if (!has_all("/proc/self/gid_map"))
		net->no_group = last_number("/proc/sys/kernel/overflowgid",
					    65534);
}

static int identify_user(struct bl_peer *peer)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		return -errno;
	peer->who.pid = cred.pid;
	peer->who.uid = cred.uid;
	peer->who.gid = cred.gid;
	return 0;
}

static int identify_groups(struct bl_peer *peer)
{
	socklen_t size = 0;

	/* Says with ERANGE how much room they need */
	if (!getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size))
		return 0;
	if (errno != ERANGE)
		return -errno;
	peer->groups = malloc(size);
	if (!peer->groups)
		return -ENOMEM;
	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups,
		       &size))
		return -errno;
	peer->who.groups = peer->groups;
	peer->who.nr_groups = size / sizeof(gid_t);
	return 0;
}

/* Groups that are no groups are left out; none is (gid_t)-1 */
static void drop_no_group(struct bl_peer *peer)
{
	size_t nr = 0;

	for (size_t i = 0; i < peer->who.nr_groups; i++)
		if (peer->groups[i] != peer->net->no_group)
			peer->groups[nr++] = peer->groups[i];
	peer->who.nr_groups = nr;
	if (peer->who.gid == peer->net->no_group)
		peer->who.gid = -1;
}

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD	77
#endif

/* The line of the one hierarchy that has no number, from its path on; NULL: none */
static char *read_cgroup(pid_t pid)
{
	char path[32], *line = NULL, *cgroup = NULL;
	size_t room = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	while (!cgroup && getline(&line, &room, file) > 0)
		if (!strncmp(line, "0::/", 4))
			cgroup = strdup(line + 3);
	free(line);
	fclose(file);
	if (cgroup)
		cgroup[strcspn(cgroup, "\n")] = '\0';
	return cgroup;
}

/*
 * Where it is, if it is still there when that has been read: else the number may have
 * been another process' by then.
 */
static void identify_cgroup(struct bl_peer *peer)
{
	socklen_t size = sizeof(int);
	int pidfd;

	if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size))
		return;
	peer->cgroup = read_cgroup(peer->who.pid);
	if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) &&
	    errno != EPERM) {
		free(peer->cgroup);
		peer->cgroup = NULL;
	}
	close(pidfd);
	peer->who.cgroup = peer->cgroup;
}

int bl_identify(struct bl_peer *peer)
{
	int ret = identify_user(peer);

	if (!ret)
		ret = identify_groups(peer);
	if (ret)
		return ret;
	drop_no_group(peer);
	if (peer->net->see_cgroups)
		identify_cgroup(peer);
	return peer->who.uid == peer->net->nobody ? -ENOENT : 0;
}
