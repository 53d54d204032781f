// SPDX-License-Identifier: MIT
/*
 * Whether files come and go in a directory
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>
#include <system_error>
#include <unistd.h>

#include "directory.hpp"

namespace {

constexpr uint32_t wanted = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR |
			    IN_DELETE_SELF | IN_MOVE_SELF;

/* Is one of these the end of the watch? */
bool is_over(const char *events, ssize_t size)
{
	inotify_event event;
	ssize_t at;

	for (at = 0; at < size; at += sizeof(event) + event.len) {
		memcpy(&event, events + at, sizeof(event));
		if (event.mask & (IN_IGNORED | IN_MOVE_SELF))
			return true;
	}
	return false;
}

} // namespace

directory::directory(const std::string &path)
	: path_(path), fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK))
{
	if (fd_ < 0)
		throw std::system_error(errno, std::generic_category(), "inotify_init1");
}

directory::~directory()
{
	close(fd_);
}

int directory::fd() const
{
	return fd_;
}

bool directory::settle()
{
	char events[4096];
	ssize_t size;

	for (;;) {
		size = read(fd_, events, sizeof(events));
		if (size <= 0)
			break;
		if (!is_over(events, size) || watch_ < 0)
			continue;
		inotify_rm_watch(fd_, watch_);
		watch_ = -1;
	}
	if (watch_ < 0)
		watch_ = inotify_add_watch(fd_, path_.c_str(), wanted);
	return watch_ >= 0;
}
