// SPDX-License-Identifier: MIT
/*
 * What clients ask for: interrupts and memory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "server.h"

/* What an error is in words for the client */
struct words {
	int error;
	const char *text;
};

static const char *in_words(const struct words *words, int error)
{
	for (; words->error; words++)
		if (words->error == error)
			return words->text;
	return strerror(error);
}

static int check_interrupt(const struct bl_slice *slice,
			   const struct bl_wire_interrupt *wanted, int fd,
			   const char **why)
{
	*why = "no such interrupt";
	if (wanted->vector >= slice->nr_vectors)
		return -EINVAL;
	*why = "only an INTx is unmasked";
	if (wanted->flags & BL_WIRE_UNMASK &&
	    slice->interrupt_kind != BARLEASE_INTX)
		return -EINVAL;
	*why = "no eventfd";
	return fd < 0 || bl_is_eventfd(fd) ? 0 : -EINVAL;
}

static void interrupt(struct bl_session *session,
		      const struct bl_wire_message *request, int fd)
{
	const struct bl_wire_interrupt *wanted = &request->interrupt;
	struct bl_wire_message reply;
	struct bl_lease *lease;
	const char *why;
	int ret;

	lease = bl_session_lease(session, request->serial, wanted->id);
	if (!lease)
		return;
	ret = check_interrupt(lease->slice, wanted, fd, &why);
	if (!ret && bl_is_suspended(session->server, lease->device)) {
		bl_session_park(session, request, fd);
		return;
	}
	if (!ret) {
		/* Before it is, for whoever goes on has to take it away */
		bl_record_armed(&session->server->books, lease, wanted->vector);
		ret = bl_lease_arm(lease, wanted->vector, wanted->flags, fd);
		why = strerror(-ret);
	}
	if (ret) {
		bl_session_error(session, request->serial, -ret,
				 "interrupt %u of lease %u, which has %u: %s",
				 wanted->vector, wanted->id,
				 lease->slice->nr_vectors, why);
		return;
	}
	reply.type = BL_WIRE_INTERRUPT_SET;
	reply.serial = request->serial;
	reply.interrupt = *wanted;
	reply.interrupt.flags = 0;
	bl_session_reply(session, &reply);
}

static const struct words map_words[] = {
	{ EBADF, "no memfd" },
	{ EPERM, "not sealed against shrinking (F_SEAL_SHRINK)" },
	{ EINVAL, "not whole pages, or past the end" },
	{ ENXIO, "a hole is in it: fill it first (MAP_POPULATE)" },
	{ EACCES, "it cannot be written to, and the device is to write to it" },
	{ ENOSPC, "no addresses or no mappings are left" },
	{ ENOMEM, "the server may lock no more memory (LimitMEMLOCK=)" },
	{ EFAULT, "there is no such memory" },
	{ 0, NULL },
};

static void refuse_map(struct bl_session *session,
		       const struct bl_wire_message *request, int error,
		       const char *limit, uint64_t most)
{
	const struct bl_wire_map *wanted = &request->map;

	if (error == EDQUOT)
		bl_session_error(session, request->serial, error,
				 "%" PRIu64 " bytes for lease %u: %s %" PRIu64,
				 wanted->length, wanted->id, limit, most);
	else
		bl_session_error(session, request->serial, error,
				 "%" PRIu64 " bytes for lease %u: %s",
				 wanted->length, wanted->id,
				 in_words(map_words, error));
}

static void map(struct bl_session *session,
		const struct bl_wire_message *request, int fd)
{
	const struct bl_wire_map *wanted = &request->map;
	struct barlease_server *server = session->server;
	struct bl_wire_message reply;
	const char *limit = NULL;
	struct bl_lease *lease;
	uint64_t most = 0;
	int ret;

	lease = bl_session_lease(session, request->serial, wanted->id);
	if (!lease)
		return;
	/* The first makes the device bus master, which waits for a reset */
	if (!lease->nr_pieces && bl_is_suspended(server, lease->device)) {
		bl_session_park(session, request, fd);
		return;
	}
	ret = bl_lease_map(&server->books, lease, wanted, fd,
			   &reply.piece.address, &limit, &most);
	if (ret) {
		refuse_map(session, request, -ret, limit, most);
		return;
	}
	reply.type = BL_WIRE_MAPPED;
	reply.serial = request->serial;
	reply.piece.id = wanted->id;
	bl_session_reply(session, &reply);
}

static void unmap(struct bl_session *session,
		  const struct bl_wire_message *request)
{
	const struct bl_wire_piece *wanted = &request->piece;
	struct bl_wire_message reply;
	struct bl_lease *lease;
	int ret;

	lease = bl_session_lease(session, request->serial, wanted->id);
	if (!lease)
		return;
	ret = bl_lease_unmap(&session->server->books, lease, wanted->address);
	if (ret) {
		bl_session_error(session, request->serial, -ret,
				 "memory of lease %u at %#" PRIx64 ": %s",
				 wanted->id, wanted->address,
				 ret == -ENOENT ? "there is none" :
						  strerror(-ret));
		return;
	}
	reply.type = BL_WIRE_UNMAPPED;
	reply.serial = request->serial;
	reply.piece = *wanted;
	bl_session_reply(session, &reply);
}

void bl_queue_request(struct bl_session *session,
		      const struct bl_wire_message *request, int fd)
{
	if (request->type == BL_WIRE_INTERRUPT)
		interrupt(session, request, fd);
	else if (request->type == BL_WIRE_MAP)
		map(session, request, fd);
	else
		unmap(session, request);
}
