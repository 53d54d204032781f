/* SPDX-License-Identifier: MIT */
/*
 * The command line
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_OPTIONS_HPP
#define KUBERNETES_OPTIONS_HPP

#include <map>
#include <string>

struct options {
	std::string socket_dir = "/var/lib/kubelet/device-plugins";
	std::string domain = "barlease.local";
	std::string admin = "/run/barlease/admin";
	std::string sysfs = "/sys";
	/* By group, the name of its resource; none: all that the broker has */
	std::map<std::string, std::string> groups;
};

/* Ends the program where the command line says so, or is wrong. */
options read_options(int argc, char **argv);

#endif
