/* SPDX-License-Identifier: MIT */
/*
 * VFIO groups and their containers
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_GROUP_H
#define LIB_GROUP_H

#include <stdbool.h>

#include "pci.h"
#include "space.h"
#include "token.h"

struct bl_group;

/*
 * The group of this number in a container, for bl_group_put(). @iommu: whether
 * its devices have one
 */
int bl_group_get(int number, bool iommu, struct bl_group **group);
void bl_group_put(struct bl_group *group);

/*
 * One that another process had: the fds of that, which stay the caller's. Found, if
 * it is open here by now. Return: 0; -EINVAL they are no group with a container;
 * -EMFILE; -ENOMEM
 */
int bl_group_restore(int number, bool iommu, int group_fd, int container_fd,
		     struct bl_group **group);
bool bl_group_has_iommu(const struct bl_group *group);
void bl_group_fds(const struct bl_group *group, int *group_fd,
		  int *container_fd);

/* A device's fd, the caller's; or a negative errno. @token: NULL for none */
int bl_group_device_fd(const struct bl_group *group, const struct bl_pci *pci,
		       const struct bl_token *token);

/* Where its devices' DMA goes. Return: 0; -EOPNOTSUPP they have no IOMMU */
int bl_group_space(const struct bl_group *group, struct bl_space *space);

#endif
