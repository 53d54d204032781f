/* SPDX-License-Identifier: MIT */
/*
 * What driver a device had before it was bound, so that it can go back
 *
 * Copyright (C) 2026 The barlease authors
 *
 * In /run, for neither outlives the machine's next start.
 */
#ifndef CLI_PREVIOUS_H
#define CLI_PREVIOUS_H

struct previous {
	char driver[64];	/* or "" */
	char override[64];	/* driver_override, or "" */
	char bound[64];		/* name of ours, which it was bound to */
};

/* Return 0 or a negative errno; -ENOENT where nothing is known */
int previous_save(const char *root, const char *bdf,
		  const struct previous *previous);
int previous_load(const char *root, const char *bdf, struct previous *previous);
int previous_forget(const char *root, const char *bdf);

#endif
