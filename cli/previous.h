/* SPDX-License-Identifier: MIT */
/*
 * What driver a device had before it was bound, so that it can go back
 *
 * Copyright (C) 2026 The barlease authors
 *
 * In /run, for neither outlives the machine's next start; and not in
 * /run/barlease, which is the broker's user's.
 */
#ifndef CLI_PREVIOUS_H
#define CLI_PREVIOUS_H

#define PREVIOUS_PARENT	"/run"
#define PREVIOUS_NAME	"barlease-bind"
#define PREVIOUS_PATH	PREVIOUS_PARENT "/" PREVIOUS_NAME

struct previous {
	char driver[64];	/* or "" */
	char override[64];	/* driver_override, or "" */
	char bound[64];		/* name of ours, which it was bound to */
};

/*
 * Return 0 or a negative errno; -ENOENT where nothing is known, -EPERM where the
 * directory is not root's alone, -EBADMSG where names are no names
 */
int previous_save(const char *root, const char *bdf,
		  const struct previous *previous);
int previous_load(const char *root, const char *bdf, struct previous *previous);
int previous_forget(const char *root, const char *bdf);

/* In words, after PREVIOUS_PATH and a colon */
const char *previous_error(int error);

#endif
