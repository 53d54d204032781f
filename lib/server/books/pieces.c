// SPDX-License-Identifier: MIT
/*
 * Memory of holders that devices reach
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "books.h"

/* Each is memory of the kernel's, and one of the mappings that there can be */
#define PIECES_MAX	1024

/* As wide as an IOMMU's entries get: so that memory can be mapped by those */
static const uint64_t entry_sizes[] = { 1ull << 30, 1ull << 21 };

static bool has_hole(int memory, uint64_t offset, uint64_t length)
{
	struct statfs statfs;
	off_t hole;

	/* Huge pages say of no hole where it is */
	if (fstatfs(memory, &statfs) || statfs.f_type == HUGETLBFS_MAGIC)
		return true;
	hole = lseek(memory, offset, SEEK_HOLE);
	return hole < 0 || (uint64_t)hole < offset + length;
}

/*
 * What the device does not find there the kernel would bring in, on this process'
 * account. What was allocated and never written to is a hole as well, as the kernel
 * has it, but not where all of the file is there.
 */
static int check_there(int memory, const struct stat *stat,
		       const struct bl_wire_map *wanted)
{
	if ((uint64_t)stat->st_blocks * 512 < (uint64_t)stat->st_size &&
	    has_hole(memory, wanted->offset, wanted->length))
		return -ENXIO;
	return 0;
}

/*
 * Who sends it may be able to read it only, for it is somebody else's. An iommufd that
 * takes a file does not look at that.
 */
static int check_access(int memory, int seals, uint32_t flags)
{
	int mode = fcntl(memory, F_GETFL) & O_ACCMODE;

	if (flags & BARLEASE_READ_ONLY)
		return mode == O_WRONLY ? -EACCES : 0;
	if (mode != O_RDWR || seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EACCES;
	return 0;
}

static int check_memory(int memory, const struct bl_wire_map *wanted)
{
	const uint64_t in_page = sysconf(_SC_PAGESIZE) - 1;
	int seals = fcntl(memory, F_GET_SEALS);
	struct stat stat;

	if (seals < 0)
		return -EBADF;
	if (!(seals & F_SEAL_SHRINK))
		return -EPERM;
	if (check_access(memory, seals, wanted->flags))
		return -EACCES;
	if (fstat(memory, &stat))
		return -errno;
	if ((wanted->offset | wanted->length) & in_page ||
	    wanted->offset + wanted->length > (uint64_t)stat.st_size)
		return -EINVAL;
	return check_there(memory, &stat, wanted);
}

/* @has: of @most, where there is a limit */
static bool is_over(uint64_t has, uint64_t more, uint64_t most)
{
	return most && (has > most || more > most - has);
}

static int check_limits(const struct bl_books *books,
			const struct bl_lease *lease, uint64_t length,
			const char **limit, uint64_t *most)
{
	const struct barlease_limits *limits = &books->limits;
	const struct bl_user *user = lease->holder->user;

	*limit = NULL;
	if (lease->nr_pieces == PIECES_MAX)
		return -ENOSPC;
	if (length > lease->slice->dma - lease->dma) {
		*limit = "this slice has";
		*most = lease->slice->dma;
	} else if (is_over(user->dma, length, limits->user_dma)) {
		*limit = "this user may have";
		*most = limits->user_dma;
	} else if (is_over(books->dma, length, limits->dma)) {
		*limit = "all together may have";
		*most = limits->dma;
	}
	return *limit ? -EDQUOT : 0;
}

static uint64_t align_up(uint64_t address, uint64_t align)
{
	return (address + align - 1) & ~(align - 1);
}

/* The first room of @length; @before receives the piece that comes before it */
static bool find_gap(const struct bl_lease *lease, uint64_t length,
		     uint64_t align, uint64_t *address, struct bl_piece **before)
{
	const struct bl_window *window = lease->slice->window;
	uint64_t at = align_up(window->start, align);
	struct bl_piece *piece;

	*before = NULL;
	LIST_FOREACH(piece, &lease->pieces, of_lease) {
		if (piece->address >= at + length)
			break;
		at = align_up(piece->address + piece->length, align);
		*before = piece;
	}
	*address = at;
	return at + length <= window->start + window->size;
}

/* Well aligned, if there is room for that */
static int find_room(const struct bl_lease *lease, uint64_t length,
		     uint64_t *address, struct bl_piece **before)
{
	const struct bl_window *window = lease->slice->window;

	if (length % window->granule)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(entry_sizes) / sizeof(*entry_sizes); i++)
		if (length >= entry_sizes[i] &&
		    find_gap(lease, length, entry_sizes[i], address, before))
			return 0;
	return find_gap(lease, length, window->granule, address, before) ?
		       0 : -ENOSPC;
}

static int map(const struct bl_lease *lease, const struct bl_wire_map *wanted,
	       int memory, uint64_t address)
{
	const struct barlease_dma dma = {
		.memory = memory,
		.offset = wanted->offset,
		.length = wanted->length,
		.address = address,
		.flags = wanted->flags,
	};
	int ret = barlease_device_map(lease->device, &dma);

	if (ret || lease->nr_pieces)
		return ret;
	ret = barlease_device_set_master(lease->device, true);
	if (ret)
		barlease_device_unmap(lease->device, address, dma.length);
	return ret;
}

static void account(struct bl_books *books, struct bl_lease *lease,
		    uint64_t more, uint64_t less)
{
	lease->dma += more - less;
	lease->holder->user->dma += more - less;
	books->dma += more - less;
}

int bl_lease_map(struct bl_books *books, struct bl_lease *lease,
		 const struct bl_wire_map *wanted, int memory,
		 uint64_t *address, const char **limit, uint64_t *most)
{
	struct bl_piece *piece, *before;
	int ret = check_memory(memory, wanted);

	if (!ret)
		ret = check_limits(books, lease, wanted->length, limit, most);
	if (!ret)
		ret = find_room(lease, wanted->length, address, &before);
	if (ret)
		return ret;
	piece = calloc(1, sizeof(*piece));
	if (!piece)
		return -ENOMEM;
	ret = map(lease, wanted, memory, *address);
	if (ret) {
		free(piece);
		return ret;
	}
	piece->address = *address;
	piece->length = wanted->length;
	if (before)
		LIST_INSERT_AFTER(before, piece, of_lease);
	else
		LIST_INSERT_HEAD(&lease->pieces, piece, of_lease);
	lease->nr_pieces++;
	account(books, lease, piece->length, 0);
	return 0;
}

static void forget(struct bl_books *books, struct bl_lease *lease,
		   struct bl_piece *piece)
{
	LIST_REMOVE(piece, of_lease);
	lease->nr_pieces--;
	account(books, lease, 0, piece->length);
	free(piece);
}

static int unmap(struct bl_books *books, struct bl_lease *lease,
		 struct bl_piece *piece)
{
	int ret = barlease_device_unmap(lease->device, piece->address,
					piece->length);

	if (!ret)
		forget(books, lease, piece);
	return ret;
}

int bl_lease_unmap(struct bl_books *books, struct bl_lease *lease,
		   uint64_t address)
{
	struct bl_piece *piece;

	LIST_FOREACH(piece, &lease->pieces, of_lease)
		if (piece->address == address)
			return unmap(books, lease, piece);
	return -ENOENT;
}

int bl_lease_unmap_all(struct bl_books *books, struct bl_lease *lease)
{
	struct bl_piece *piece = LIST_FIRST(&lease->pieces), *next;
	int ret, error = 0;

	for (; piece; piece = next) {
		next = LIST_NEXT(piece, of_lease);
		ret = unmap(books, lease, piece);
		error = error ?: ret;
	}
	return error;
}

void bl_lease_forget_pieces(struct bl_books *books, struct bl_lease *lease)
{
	struct bl_piece *piece = LIST_FIRST(&lease->pieces), *next;

	for (; piece; piece = next) {
		next = LIST_NEXT(piece, of_lease);
		forget(books, lease, piece);
	}
}
