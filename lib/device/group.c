// SPDX-License-Identifier: MIT
/*
 * VFIO groups and their containers
 *
 * Copyright (C) 2026 The barlease authors
 *
 * The kernel lets a group be opened once. Devices of one group are opened one
 * by one all the same, so they have to find what another has opened: hence the
 * list.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/vfio.h>

#include "group.h"

struct bl_group {
	struct bl_group *next;
	int number;
	bool iommu;
	unsigned int users;
	int group;
	int container;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bl_group *open_groups;

static int open_group(const struct bl_group *group)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%s%d",
		 group->iommu ? "" : "noiommu-", group->number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int check_viable(int group)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (ioctl(group, VFIO_GROUP_GET_STATUS, &status))
		return -errno;
	return status.flags & VFIO_GROUP_FLAGS_VIABLE ? 0 : -EPERM;
}

/* A container of its own for the group; returns its fd */
static int open_container(int group, bool iommu)
{
	int type = iommu ? VFIO_TYPE1v2_IOMMU : VFIO_NOIOMMU_IOMMU;
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	int ret;

	if (container < 0)
		return -errno;
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, type)) {
		ret = -errno;
		close(container);
		return ret;
	}
	return container;
}

static int open_both(struct bl_group *group)
{
	int ret;

	group->group = open_group(group);
	if (group->group < 0)
		return group->group;

	ret = check_viable(group->group);
	if (!ret) {
		group->container = open_container(group->group,
						  group->iommu);
		ret = group->container < 0 ? group->container : 0;
	}
	if (ret)
		close(group->group);
	return ret;
}

/* Its two fds are those of another process, copied, or opened */
struct source {
	bool is_there;
	int group;
	int container;
};

static int copy_both(struct bl_group *group, const struct source *source)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	if (ioctl(source->group, VFIO_GROUP_GET_STATUS, &status) ||
	    !(status.flags & VFIO_GROUP_FLAGS_CONTAINER_SET) ||
	    ioctl(source->container, VFIO_GET_API_VERSION) != VFIO_API_VERSION)
		return -EINVAL;
	group->group = fcntl(source->group, F_DUPFD_CLOEXEC, 0);
	if (group->group < 0)
		return -errno;
	group->container = fcntl(source->container, F_DUPFD_CLOEXEC, 0);
	if (group->container >= 0)
		return 0;
	close(group->group);
	return -EMFILE;
}

static int get_new(int number, bool iommu, const struct source *source,
		   struct bl_group **out)
{
	struct bl_group *group = calloc(1, sizeof(*group));
	int ret;

	if (!group)
		return -ENOMEM;
	group->number = number;
	group->iommu = iommu;
	group->users = 1;
	ret = source->is_there ? copy_both(group, source) : open_both(group);
	if (ret) {
		free(group);
		return ret;
	}

	group->next = open_groups;
	open_groups = group;
	*out = group;
	return 0;
}

static struct bl_group *find(int number)
{
	struct bl_group *group;

	for (group = open_groups; group; group = group->next)
		if (group->number == number)
			return group;
	return NULL;
}

static int get(int number, bool iommu, const struct source *source,
	       struct bl_group **group)
{
	int ret = 0;

	pthread_mutex_lock(&lock);
	*group = find(number);
	if (*group)
		(*group)->users++;
	else
		ret = get_new(number, iommu, source, group);
	pthread_mutex_unlock(&lock);
	return ret;
}

int bl_group_get(int number, bool iommu, struct bl_group **group)
{
	const struct source none = { .is_there = false };

	return get(number, iommu, &none, group);
}

int bl_group_restore(int number, bool iommu, int group_fd, int container_fd,
		     struct bl_group **group)
{
	const struct source source = { true, group_fd, container_fd };

	return get(number, iommu, &source, group);
}

bool bl_group_has_iommu(const struct bl_group *group)
{
	return group->iommu;
}

void bl_group_fds(const struct bl_group *group, int *group_fd,
		  int *container_fd)
{
	*group_fd = group->group;
	*container_fd = group->container;
}

static void forget(const struct bl_group *group)
{
	struct bl_group **at = &open_groups;

	while (*at != group)
		at = &(*at)->next;
	*at = group->next;
}

void bl_group_put(struct bl_group *group)
{
	pthread_mutex_lock(&lock);
	/* Closed under the lock: who opens it next must not find it busy. */
	if (!--group->users) {
		forget(group);
		close(group->group);
		close(group->container);
		free(group);
	}
	pthread_mutex_unlock(&lock);
}

static int device_fd(const struct bl_group *group, const char *name)
{
	int fd = ioctl(group->group, VFIO_GROUP_GET_DEVICE_FD, name);

	return fd < 0 ? -errno : fd;
}

/* EINVAL is the kernel's word for a token that the device does not need. */
int bl_group_device_fd(const struct bl_group *group, const struct bl_pci *pci,
		       const struct bl_token *token)
{
	char name[128];
	int fd = -EINVAL;

	if (token) {
		snprintf(name, sizeof(name), "%s vf_token=%s", pci->name,
			 token->text);
		fd = device_fd(group, name);
	}
	if (fd == -EINVAL)
		fd = device_fd(group, pci->name);
	return bl_token_error(fd, token);
}

int bl_group_space(const struct bl_group *group, struct bl_space *space)
{
	if (!group->iommu)
		return -EOPNOTSUPP;
	*space = (struct bl_space){ .fd = group->container };
	return 0;
}
