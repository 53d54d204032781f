/* SPDX-License-Identifier: MIT */
/*
 * Whether a socket in the file system is still the same one
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_IDENTITY_HPP
#define KUBERNETES_IDENTITY_HPP

#include <ctime>
#include <string>
#include <sys/types.h>

/* Numbers of inodes come again, hence the time. All 0: there is none. */
struct identity {
	dev_t device = 0;
	ino_t inode = 0;
	timespec made = {};

	explicit operator bool() const;
	bool operator==(const identity &other) const;
	bool operator!=(const identity &other) const;
};

/* Of what is there now, if it is a socket */
identity identity_of(const std::string &path);
/* Does anybody listen there? */
bool is_served(const std::string &path);

#endif
