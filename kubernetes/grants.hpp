/* SPDX-License-Identifier: MIT */
/*
 * Grants of the broker: a socket for each container, at which it has its slices
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_GRANTS_HPP
#define KUBERNETES_GRANTS_HPP

#include <mutex>
#include <string>
#include <vector>

#include "broker.hpp"

/* Of one container, by name, all different */
using slice_names = std::vector<std::string>;

class grants {
public:
	explicit grants(const std::string &path);

	/*
	 * Makes one for each container, all of them or none. A grant that was there for
	 * one of these slices is ended: the kubelet gives a slice away only when whoever
	 * had it is gone, and says nothing when that happens. Return: the directories of
	 * their sockets, in the same order. Throws broker_error.
	 */
	std::vector<std::string> make(const std::vector<slice_names> &containers);

private:
	const std::string path_;
	/* What makes room for one container must not do so for another. */
	std::mutex mutex_;
};

#endif
