// SPDX-License-Identifier: MIT
/*
 * Grants of the broker: a socket for each container, at which it has its slices
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <algorithm>
#include <cerrno>
#include <sstream>

#include "grants.hpp"
#include "log.hpp"
#include "names.hpp"

namespace {

/* Whose grants begin with this. What else is granted is an administrator's. */
const std::string ours("k8s-");

/* Longest name of a grant, CONFIG_GRANT_MAX of the broker */
constexpr std::size_t longest_grant = 57;

/* To end leases takes as long as a reset of the device, which is between holders. */
constexpr unsigned int patience = 20000;

/*
 * By the first slice, which is in no other grant: who has the same slices again finds
 * them in the same place, as the containers of a pod do that has them in turns.
 */
std::string name_for(const slice_names &slices)
{
	return shortened(ours + *std::min_element(slices.begin(), slices.end(), name_before),
			 longest_grant);
}

/* Of "A,B,C" */
slice_names parts_of(const std::string &text)
{
	std::istringstream stream(text);
	slice_names result;
	std::string part;

	while (std::getline(stream, part, ','))
		result.push_back(part);
	return result;
}

bool any_of(const slice_names &some, const slice_names &others)
{
	return std::find_first_of(some.begin(), some.end(), others.begin(), others.end()) !=
	       some.end();
}

void end_grant(broker &connection, const std::string &name)
{
	try {
		connection.ask("ungrant name=" + name);
		say("%s is over", name.c_str());
	} catch (const broker_error &error) {
		if (error.error != -ENOENT)
			throw;
	}
}

void end_grants_of(broker &connection, const slice_names &slices)
{
	std::string name;

	for (const auto &line : connection.ask("grants")) {
		name = line.get("name");
		if (line.word == "grant" && is_barlease_name(name) &&
		    !name.compare(0, ours.size(), ours) && any_of(parts_of(line.get("slices")), slices))
			end_grant(connection, name);
	}
}

/* A mount is what comes of it: it has to be the one that was meant. */
std::string directory_of(const std::string &path, const std::string &name)
{
	const std::string end = "/" + name + "/run/socket";
	const std::size_t size = path.size();

	if (path.empty() || path[0] != '/' || path.find("/../") != std::string::npos ||
	    size <= end.size() || path.compare(size - end.size(), end.size(), end))
		throw broker_error(-EPROTO, "the broker grants " + name + " at \"" + path + "\"");
	return path.substr(0, size - sizeof("/socket") + 1);
}

/*
 * Without users, for a container can be any user's: who gets there may connect, and that is
 * root, and who has it mounted.
 */
std::string make_grant(broker &connection, const slice_names &slices)
{
	const std::string name = name_for(slices);

	connection.ask("grant name=" + name + " slices=" + with_commas(slices));
	say("%s is granted: %s", name.c_str(), with_commas(slices).c_str());
	return directory_of(connection.told("path"), name);
}

} // namespace

grants::grants(const std::string &path) : path_(path)
{
}

std::vector<std::string> grants::make(const std::vector<slice_names> &containers)
{
	std::lock_guard<std::mutex> lock(mutex_);
	broker connection(path_, patience);
	std::vector<std::string> directories;
	std::size_t i;

	try {
		for (const auto &slices : containers) {
			end_grants_of(connection, slices);
			directories.push_back(make_grant(connection, slices));
		}
	} catch (const broker_error &) {
		/* The last one, too: it may be there, and not be as it should. */
		for (i = 0; i <= directories.size(); i++)
			end_grant(connection, name_for(containers[i]));
		throw;
	}
	return directories;
}
