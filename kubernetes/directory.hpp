/* SPDX-License-Identifier: MIT */
/*
 * Whether files come and go in a directory
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_DIRECTORY_HPP
#define KUBERNETES_DIRECTORY_HPP

#include <string>

class directory {
public:
	/* It need not be there yet. Throws system_error. */
	explicit directory(const std::string &path);
	~directory();
	directory(const directory &) = delete;
	directory &operator=(const directory &) = delete;

	/* To poll: readable when something has come or gone */
	int fd() const;
	/* Takes that note, and looks for the directory. Return: whether it is there */
	bool settle();

private:
	const std::string path_;
	int fd_;
	int watch_ = -1;
};

#endif
