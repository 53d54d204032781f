/* SPDX-License-Identifier: MIT */
/*
 * What an administrator orders, and what takes its time
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef BROKER_ORDERS_H
#define BROKER_ORDERS_H

#include "broker.h"

/**
 * struct order - which leases are meant
 * @slice, @device: or NULL. A slice may be that of a template
 * @uid, @id: where @by_uid, @by_id. All leases, where it is none of them
 * @grace: milliseconds that holders have before; where @has_grace, else each has its
 *   slice's
 * @time: of a pause, in milliseconds, or BARLEASE_FOREVER
 */
struct order {
	const char *slice;
	const char *device;
	bool by_uid;
	bool by_id;
	bool has_grace;
	uid_t uid;
	uint32_t id;
	uint64_t grace;
	uint64_t time;
};

/*
 * Take those back. @done is called when they are over, at once or later: @nr is
 * how many it were, @error that of one that the kernel would not revoke, or 0.
 * Return: 0; -ENOMEM, and it is not called.
 */
int order_revoke(struct broker *broker, const struct order *order,
		 void (*done)(void *data, size_t nr, int error), void *data);

/*
 * Have accesses to those wait, and have them go on. *@nr: how many it are. Return: 0;
 * -ENOMEM; that of one which could not be
 */
int order_pause(struct broker *broker, const struct order *order, size_t *nr);
int order_resume(struct broker *broker, const struct order *order, size_t *nr);

/*
 * Reset a device. @done is called later. Return: 0; -ENOENT it is none of this
 * broker's, or away; -EBUSY it is being reset; -ENOMEM
 */
int order_reset(struct broker *broker, const char *bdf,
		void (*done)(void *data, int error), void *data);

/*
 * Reset a device that the server has suspended, for a lease of it is over. Where that
 * fails, it is tried again, and nobody has it meanwhile.
 */
void order_reset_between(struct broker *broker,
			 const struct barlease_device *device);
/* Those that are due; to be called in the loop */
void orders_catch_up(struct broker *broker);

#endif
