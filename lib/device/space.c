// SPDX-License-Identifier: MIT
/*
 * An address space that DMA goes to: a container's, or one of an iommufd
 *
 * Copyright (C) 2026 The barlease authors
 *
 * A container, and an older iommufd, take memory by its address in this process:
 * it is mapped for that call only. The pages are pinned then, and nobody looks
 * there again. They are in the page table before: as the call would fault them in, for
 * writing, each has a fault of its own; to read, sixteen share one, and all of a huge
 * page.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/vfio.h>

#include "compat.h"
#include "page.h"
#include "space.h"

/* More than any IOMMU has, and so that sums of addresses are no overflow */
#define HIGHEST		INT64_MAX

/* Ranges of an iommufd that are asked for first; most have one or two */
#define USUAL_RANGES	8

/* @last is the last byte */
static void add_range(struct barlease_address_space *told, uint64_t start,
		      uint64_t last)
{
	if (last > HIGHEST)
		last = HIGHEST;
	if (start > last)
		return;
	told->ranges[told->nr_ranges++] =
		(struct barlease_range){ start, last - start + 1 };
}

static int make_ranges(struct barlease_address_space *told, size_t nr)
{
	told->ranges = calloc(nr ?: 1, sizeof(*told->ranges));
	return told->ranges ? 0 : -ENOMEM;
}

/* ---- A container -------------------------------------------------------- */

/* For free(), with all that the kernel says of it */
static struct vfio_iommu_type1_info *container_info(int container, int *error)
{
	struct vfio_iommu_type1_info *info = NULL, *more;
	uint32_t size = sizeof(*info), room = 0;

	while (room < size) {
		room = size;
		more = realloc(info, room);
		if (!more) {
			*error = -ENOMEM;
			break;
		}
		info = more;
		*info = (struct vfio_iommu_type1_info){ .argsz = room };
		if (ioctl(container, VFIO_IOMMU_GET_INFO, info)) {
			*error = -errno;
			break;
		}
		size = info->argsz;
		*error = 0;
	}
	if (!*error)
		return info;
	free(info);
	return NULL;
}

static const struct vfio_info_cap_header *
find_cap(const struct vfio_iommu_type1_info *info, uint16_t id)
{
	const struct vfio_info_cap_header *cap;
	uint32_t at = info->cap_offset;

	if (!(info->flags & VFIO_IOMMU_INFO_CAPS))
		return NULL;
	for (; at; at = cap->next) {
		cap = (const void *)((const char *)info + at);
		if (cap->id == id)
			return cap;
	}
	return NULL;
}

static int describe_container(int container,
			      struct barlease_address_space *told)
{
	const struct vfio_iommu_type1_info_cap_iova_range *cap;
	struct vfio_iommu_type1_info *info;
	int ret = 0;

	info = container_info(container, &ret);
	if (!info)
		return ret;
	told->granule = info->iova_pgsizes & -info->iova_pgsizes;
	cap = (const void *)find_cap(info,
				     VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
	ret = make_ranges(told, cap ? cap->nr_iovas : 0);
	for (uint32_t i = 0; !ret && cap && i < cap->nr_iovas; i++)
		add_range(told, cap->iova_ranges[i].start,
			  cap->iova_ranges[i].end);
	free(info);
	return ret;
}

static int map_in_container(int container, const struct barlease_dma *dma,
			    const void *memory)
{
	struct vfio_iommu_type1_dma_map request = {
		.argsz = sizeof(request),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)memory,
		.iova = dma->address,
		.size = dma->length,
	};

	if (!(dma->flags & BARLEASE_READ_ONLY))
		request.flags |= VFIO_DMA_MAP_FLAG_WRITE;
	return ioctl(container, VFIO_IOMMU_MAP_DMA, &request) ? -errno : 0;
}

static int unmap_in_container(int container, uint64_t address, uint64_t length)
{
	struct vfio_iommu_type1_dma_unmap request = {
		.argsz = sizeof(request),
		.iova = address,
		.size = length,
	};

	if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &request))
		return -errno;
	return request.size ? 0 : -ENOENT;
}

/* ---- An iommufd --------------------------------------------------------- */

static int ask_ranges(const struct bl_space *space,
		      struct bl_ioas_iova_ranges *request,
		      struct bl_iova_range *ranges, uint32_t room)
{
	*request = (struct bl_ioas_iova_ranges){
		.size = sizeof(*request),
		.ioas_id = space->ioas,
		.num_iovas = room,
		.allowed_iovas = (uintptr_t)ranges,
	};
	return ioctl(space->fd, BL_IOMMU_IOAS_IOVA_RANGES, request) ? -errno : 0;
}

static int describe_ioas(const struct bl_space *space,
			 struct barlease_address_space *told)
{
	struct bl_iova_range *ranges = NULL, *more;
	struct bl_ioas_iova_ranges request;
	uint32_t room = USUAL_RANGES;
	int ret;

	do {
		more = reallocarray(ranges, room, sizeof(*ranges));
		if (!more) {
			free(ranges);
			return -ENOMEM;
		}
		ranges = more;
		ret = ask_ranges(space, &request, ranges, room);
		room = request.num_iovas;
	} while (ret == -EMSGSIZE);
	if (!ret)
		ret = make_ranges(told, request.num_iovas);
	told->granule = request.out_iova_alignment;
	for (uint32_t i = 0; !ret && i < request.num_iovas; i++)
		add_range(told, ranges[i].start, ranges[i].last);
	free(ranges);
	return ret;
}

static uint32_t ioas_flags(const struct barlease_dma *dma)
{
	uint32_t flags = BL_IOAS_MAP_FIXED_IOVA | BL_IOAS_MAP_READABLE;

	return dma->flags & BARLEASE_READ_ONLY ? flags :
						 flags | BL_IOAS_MAP_WRITEABLE;
}

static int map_file_in_ioas(const struct bl_space *space,
			    const struct barlease_dma *dma)
{
	struct bl_ioas_map_file request = {
		.size = sizeof(request),
		.flags = ioas_flags(dma),
		.ioas_id = space->ioas,
		.fd = dma->memory,
		.start = dma->offset,
		.length = dma->length,
		.iova = dma->address,
	};

	return ioctl(space->fd, BL_IOMMU_IOAS_MAP_FILE, &request) ? -errno : 0;
}

static int map_in_ioas(const struct bl_space *space,
		       const struct barlease_dma *dma, const void *memory)
{
	struct bl_ioas_map request = {
		.size = sizeof(request),
		.flags = ioas_flags(dma),
		.ioas_id = space->ioas,
		.user_va = (uintptr_t)memory,
		.length = dma->length,
		.iova = dma->address,
	};

	return ioctl(space->fd, BL_IOMMU_IOAS_MAP, &request) ? -errno : 0;
}

static int unmap_in_ioas(const struct bl_space *space, uint64_t address,
			 uint64_t length)
{
	struct bl_ioas_unmap request = {
		.size = sizeof(request),
		.ioas_id = space->ioas,
		.iova = address,
		.length = length,
	};

	return ioctl(space->fd, BL_IOMMU_IOAS_UNMAP, &request) ? -errno : 0;
}

/* ---- Either ------------------------------------------------------------- */

int bl_space_describe(const struct bl_space *space,
		      struct barlease_address_space *told)
{
	*told = (struct barlease_address_space){
		.id = (uint64_t)space->fd << 32 | space->ioas,
	};
	return space->ioas ? describe_ioas(space, told) :
			     describe_container(space->fd, told);
}

static int map_by_address(const struct bl_space *space,
			  const struct barlease_dma *dma)
{
	const struct barlease_alignment huge = {
		.align = bl_huge_page(dma->length),
	};
	void *memory;
	int ret;

	ret = barlease_map(dma->memory, dma->offset, dma->length, dma->flags,
			   &huge, &memory);
	if (ret)
		return ret;
	madvise(memory, dma->length, MADV_POPULATE_READ);
	ret = space->ioas ? map_in_ioas(space, dma, memory) :
			    map_in_container(space->fd, dma, memory);
	munmap(memory, dma->length);
	return ret;
}

int bl_space_map(const struct bl_space *space, const struct barlease_dma *dma)
{
	int ret = -ENOTTY;

	if (space->ioas)
		ret = map_file_in_ioas(space, dma);
	return ret == -ENOTTY ? map_by_address(space, dma) : ret;
}

int bl_space_unmap(const struct bl_space *space, uint64_t address,
		   uint64_t length)
{
	return space->ioas ? unmap_in_ioas(space, address, length) :
			     unmap_in_container(space->fd, address, length);
}
