// SPDX-License-Identifier: MIT
/*
 * Whether a socket in the file system is still the same one
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "identity.hpp"

identity::operator bool() const
{
	return inode;
}

bool identity::operator==(const identity &other) const
{
	return device == other.device && inode == other.inode &&
	       made.tv_sec == other.made.tv_sec && made.tv_nsec == other.made.tv_nsec;
}

bool identity::operator!=(const identity &other) const
{
	return !(*this == other);
}

identity identity_of(const std::string &path)
{
	struct stat stat;
	identity result;

	if (lstat(path.c_str(), &stat) || !S_ISSOCK(stat.st_mode))
		return result;
	result.device = stat.st_dev;
	result.inode = stat.st_ino;
	result.made = stat.st_mtim;
	return result;
}

bool is_served(const std::string &path)
{
	sockaddr_un address = {};
	bool served;
	int fd;

	address.sun_family = AF_UNIX;
	if (path.size() >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path.c_str(), path.size());
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	served = !connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address));
	close(fd);
	return served;
}
