// SPDX-License-Identifier: MIT
/*
 * VFIO devices by their own nodes, with iommufd
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Devices of one IOMMU group have to be bound to one and the same iommufd; so
 * this process has one for all that it opens. A device is attached to nothing
 * there, and cannot do DMA, just as with an empty container, until somebody asks
 * for its address space. That goes before the iommufd's last reference to the
 * group: what is mapped in it is never looked up again by its address in this
 * process, where something else may be by then.
 *
 * The kernel lets a node be bound once. A device is opened several times all the
 * same, so those who come later get a copy of the fd.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "compat.h"
#include "iommufd.h"

struct bl_node {
	struct bl_node *next;
	struct bl_pci pci;
	unsigned int users;
	int fd;
	int group;
	uint32_t ioas;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bl_node *open_nodes;
/* Open while a node is */
static int iommufd = -1;

static int get_iommufd(void)
{
	if (open_nodes)
		return 0;
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	return iommufd < 0 ? -errno : 0;
}

static void put_iommufd(void)
{
	if (!open_nodes)
		close(iommufd);
}

static int open_path(const struct bl_pci *pci)
{
	char name[32], path[64];
	int ret, fd;

	ret = bl_pci_vfio_name(pci, name, sizeof(name));
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int try_bind(int device, const struct bl_token *token)
{
	struct bl_bind_request request = {
		.argsz = sizeof(request),
		.iommufd = iommufd,
	};

	if (token) {
		request.flags = BL_BIND_FLAG_TOKEN;
		request.token = (uintptr_t)token->bytes;
	}
	return ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &request) ? -errno : 0;
}

/*
 * EINVAL is the kernel's word for a node that somebody else has bound, for a
 * token that the device does not need, and for the flag where the kernel does
 * not know tokens, and asks for none.
 */
static int bind_device(int device, const struct bl_token *token)
{
	int ret = -EINVAL;

	if (token)
		ret = try_bind(device, token);
	if (ret == -EINVAL)
		ret = try_bind(device, NULL);
	return ret == -EINVAL ? -EBUSY : bl_token_error(ret, token);
}

/* Opened and bound; the fd */
static int open_bound(const struct bl_pci *pci, const struct bl_token *token)
{
	int fd = open_path(pci), ret;

	if (fd < 0)
		return fd;
	ret = get_iommufd();
	if (ret)
		goto close_node;
	ret = bind_device(fd, token);
	if (ret)
		goto put;
	return fd;

put:
	put_iommufd();
close_node:
	close(fd);
	return ret;
}

/* @fd: that it has from now on, if it is one */
static int new_node(const struct bl_pci *pci, int fd, struct bl_node **out)
{
	struct bl_node *node;

	if (fd < 0)
		return fd;
	node = calloc(1, sizeof(*node));
	if (!node) {
		close(fd);
		put_iommufd();
		return -ENOMEM;
	}
	node->pci = *pci;
	node->group = bl_pci_group(pci);
	node->fd = fd;
	node->next = open_nodes;
	open_nodes = node;
	*out = node;
	return 0;
}

static struct bl_node *find(const struct bl_pci *pci)
{
	struct bl_node *node;

	for (node = open_nodes; node; node = node->next)
		if (!strcmp(node->pci.name, pci->name))
			return node;
	return NULL;
}

int bl_iommufd_get(const struct bl_pci *pci, const struct bl_token *token,
		   struct bl_node **node)
{
	int ret = 0;

	pthread_mutex_lock(&lock);
	*node = find(pci);
	if (!*node)
		ret = new_node(pci, open_bound(pci, token), node);
	if (!ret)
		(*node)->users++;
	pthread_mutex_unlock(&lock);
	return ret;
}

/* Under the lock. All devices of one process are bound to the same. */
static int restore_iommufd(int from)
{
	if (open_nodes)
		return 0;
	iommufd = fcntl(from, F_DUPFD_CLOEXEC, 0);
	return iommufd < 0 ? -errno : 0;
}

/* A copy of the fd, which is bound */
static int copy_bound(int fd, int from)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), ret;

	if (copy < 0)
		return -errno;
	ret = restore_iommufd(from);
	if (!ret)
		return copy;
	close(copy);
	return ret;
}

int bl_iommufd_restore(const struct bl_pci *pci, int fd, int from, uint32_t ioas,
		       struct bl_node **node)
{
	int ret = -EBUSY;

	pthread_mutex_lock(&lock);
	if (!find(pci))
		ret = new_node(pci, copy_bound(fd, from), node);
	if (!ret) {
		(*node)->ioas = ioas;
		(*node)->users++;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

void bl_iommufd_save(const struct bl_node *node, int *fd, int *from,
		     uint32_t *ioas)
{
	pthread_mutex_lock(&lock);
	*fd = node->fd;
	*from = iommufd;
	*ioas = node->ioas;
	pthread_mutex_unlock(&lock);
}

static void forget(const struct bl_node *node)
{
	struct bl_node **at = &open_nodes;

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
}

/* Another one that has the same */
static const struct bl_node *find_sharer(const struct bl_node *node)
{
	const struct bl_node *other;

	for (other = open_nodes; other; other = other->next)
		if (other != node && other->group == node->group && other->ioas)
			return other;
	return NULL;
}

static void destroy_ioas(uint32_t ioas)
{
	struct bl_iommu_destroy request = { sizeof(request), ioas };

	ioctl(iommufd, BL_IOMMU_DESTROY, &request);
}

static int get_ioas(const struct bl_node *node, uint32_t *ioas)
{
	struct bl_ioas_alloc request = { .size = sizeof(request) };
	const struct bl_node *sharer = find_sharer(node);

	if (!sharer && ioctl(iommufd, BL_IOMMU_IOAS_ALLOC, &request))
		return -errno;
	*ioas = sharer ? sharer->ioas : request.out_ioas_id;
	return 0;
}

static void put_ioas(const struct bl_node *node, uint32_t ioas)
{
	if (ioas && !find_sharer(node))
		destroy_ioas(ioas);
}

/* Under the lock */
static int attach(struct bl_node *node)
{
	struct bl_attach_request request = { .argsz = sizeof(request) };
	uint32_t ioas = 0;
	int ret;

	if (node->ioas)
		return 0;
	ret = get_ioas(node, &ioas);
	if (ret)
		return ret;
	request.pt_id = ioas;
	if (ioctl(node->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &request)) {
		ret = -errno;
		put_ioas(node, ioas);
		return ret;
	}
	node->ioas = ioas;
	return 0;
}

int bl_iommufd_attach(struct bl_node *node)
{
	int ret;

	pthread_mutex_lock(&lock);
	ret = attach(node);
	pthread_mutex_unlock(&lock);
	return ret;
}

int bl_iommufd_space(const struct bl_node *node, struct bl_space *space)
{
	int ret = 0;

	pthread_mutex_lock(&lock);
	if (node->ioas)
		*space = (struct bl_space){ iommufd, node->ioas };
	else
		ret = -EOPNOTSUPP;
	pthread_mutex_unlock(&lock);
	return ret;
}

void bl_iommufd_put(struct bl_node *node)
{
	pthread_mutex_lock(&lock);
	/* Closed under the lock: who opens it next must not find it bound. */
	if (!--node->users) {
		forget(node);
		close(node->fd);
		put_ioas(node, node->ioas);
		put_iommufd();
		free(node);
	}
	pthread_mutex_unlock(&lock);
}

int bl_iommufd_device_fd(const struct bl_node *node)
{
	int fd = fcntl(node->fd, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* A node without its module is ENODEV or ENXIO. */
bool bl_iommufd_absent(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -ENXIO ||
	       error == -EACCES;
}
