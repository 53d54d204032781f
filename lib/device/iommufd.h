/* SPDX-License-Identifier: MIT */
/*
 * VFIO devices by their own nodes, with iommufd
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef LIB_IOMMUFD_H
#define LIB_IOMMUFD_H

#include <stdbool.h>

#include "pci.h"
#include "space.h"
#include "token.h"

struct bl_node;

/*
 * The device's node, bound to this process's iommufd, for bl_iommufd_put().
 * @token: NULL for none
 */
int bl_iommufd_get(const struct bl_pci *pci, const struct bl_token *token,
		   struct bl_node **node);
void bl_iommufd_put(struct bl_node *node);

/*
 * One that another process had bound: @fd and @from, its iommufd, stay the caller's.
 * bl_iommufd_save(): @ioas: 0 where it has none. Return: 0; -EBUSY it is open here by
 * now; -EMFILE; -ENOMEM
 */
int bl_iommufd_restore(const struct bl_pci *pci, int fd, int from, uint32_t ioas,
		       struct bl_node **node);
void bl_iommufd_save(const struct bl_node *node, int *fd, int *from,
		     uint32_t *ioas);

/* The device's fd, the caller's; or a negative errno */
int bl_iommufd_device_fd(const struct bl_node *node);

/*
 * Where its DMA goes: devices of one IOMMU group share that, and it goes with the
 * last of them. bl_iommufd_attach() gives it one. Return: 0; -EOPNOTSUPP it has
 * none; errors of ioctl()
 */
int bl_iommufd_attach(struct bl_node *node);
int bl_iommufd_space(const struct bl_node *node, struct bl_space *space);

/* Whether the error says that this way is not open, and another may be */
bool bl_iommufd_absent(int error);

#endif
