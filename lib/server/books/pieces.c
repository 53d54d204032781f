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

#include "books.h"
#include "page.h"

/* Each is memory of the kernel's, and one of the mappings that there can be */
#define PIECES_MAX	1024

/* As wide as an IOMMU's entries get: so that memory can be mapped by those */
static const uint64_t entry_sizes[] = { 1ull << 30, 1ull << 21 };

static bool has_hole(int memory, uint64_t offset, uint64_t length)
{
	struct statfs statfs;
	off_t hole;

	/* Huge pages say of no hole where it is */
	if (fstatfs(memory, &statfs) || bl_is_hugetlbfs(&statfs))
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
	int seals = fcntl(memory, F_GET_SEALS);
	struct stat stat;
	uint64_t in_page;

	if (seals < 0)
		return -EBADF;
	if (!(seals & F_SEAL_SHRINK))
		return -EPERM;
	if (check_access(memory, seals, wanted->flags))
		return -EACCES;
	if (fstat(memory, &stat))
		return -errno;
	in_page = bl_file_page(memory) - 1;
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

/* Well aligned, if there is room for that */
static int find_room(const struct bl_lease *lease, uint64_t length,
		     struct bl_room *room)
{
	const struct bl_window *window = lease->slice->window;
	const struct barlease_range range = {
		window->taken.start, window->taken.size,
	};

	if (length % window->granule)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(entry_sizes) / sizeof(*entry_sizes); i++)
		if (length >= entry_sizes[i] &&
		    bl_room_find(&lease->pieces, &range, entry_sizes[i], length,
				 room))
			return 0;
	return bl_room_find(&lease->pieces, &range, window->granule, length,
			    room) ? 0 : -ENOSPC;
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
	struct bl_taken *piece;
	struct bl_room room;
	int ret = check_memory(memory, wanted);

	if (!ret)
		ret = check_limits(books, lease, wanted->length, limit, most);
	if (!ret)
		ret = find_room(lease, wanted->length, &room);
	if (ret)
		return ret;
	piece = calloc(1, sizeof(*piece));
	if (!piece)
		return -ENOMEM;
	/* Before it is, for whoever goes on has to take it back */
	bl_record_piece(books, lease, room.start, wanted->length);
	ret = map(lease, wanted, memory, room.start);
	if (ret) {
		bl_record_piece(books, lease, room.start, 0);
		free(piece);
		return ret;
	}
	piece->size = wanted->length;
	bl_room_take(&lease->pieces, &room, piece);
	lease->nr_pieces++;
	account(books, lease, piece->size, 0);
	*address = room.start;
	return 0;
}

static void forget(struct bl_books *books, struct bl_lease *lease,
		   struct bl_taken *piece)
{
	bl_record_piece(books, lease, piece->start, 0);
	LIST_REMOVE(piece, of_list);
	lease->nr_pieces--;
	account(books, lease, 0, piece->size);
	free(piece);
}

static int unmap(struct bl_books *books, struct bl_lease *lease,
		 struct bl_taken *piece)
{
	int ret = barlease_device_unmap(lease->device, piece->start,
					piece->size);

	if (!ret)
		forget(books, lease, piece);
	return ret;
}

int bl_lease_unmap(struct bl_books *books, struct bl_lease *lease,
		   uint64_t address)
{
	struct bl_taken *piece;

	LIST_FOREACH(piece, &lease->pieces, of_list)
		if (piece->start == address)
			return unmap(books, lease, piece);
	return -ENOENT;
}

int bl_lease_unmap_all(struct bl_books *books, struct bl_lease *lease)
{
	struct bl_taken *piece = LIST_FIRST(&lease->pieces), *next;
	int ret, error = 0;

	for (; piece; piece = next) {
		next = LIST_NEXT(piece, of_list);
		ret = unmap(books, lease, piece);
		error = error ?: ret;
	}
	return error;
}

void bl_lease_forget_pieces(struct bl_books *books, struct bl_lease *lease)
{
	struct bl_taken *piece = LIST_FIRST(&lease->pieces), *next;

	for (; piece; piece = next) {
		next = LIST_NEXT(piece, of_list);
		forget(books, lease, piece);
	}
}
