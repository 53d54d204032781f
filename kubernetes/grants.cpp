// SPDX-License-Identifier: MIT
/*
 * Grants of the broker: a socket for each container, at which it has its slices
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>

#include "grants.hpp"
#include "log.hpp"
#include "names.hpp"

namespace {

/* Whose grants begin with this. What else is granted is an administrator's. */
const std::string ours("k8s-");

/* To end leases takes as long as a reset of the device, which is between holders. */
constexpr unsigned int patience = 20000;

std::string hash_of(const std::string &text)
{
	uint64_t hash = 0xcbf29ce484222325;
	char digits[17];

	for (unsigned char c : text)
		hash = (hash ^ c) * 0x100000001b3;
	snprintf(digits, sizeof(digits), "%016" PRIx64, hash);
	return digits;
}

/*
 * By the first slice, which is in no other grant: who has the same slices again finds
 * them in the same place, as the containers of a pod do that has them in turns.
 */
std::string name_for(const slice_names &slices)
{
	std::string name = ours + *std::min_element(slices.begin(), slices.end(), name_before);

	if (is_barlease_name(name))
		return name;
	return name.substr(0, 46) + "-" + hash_of(name);
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
		    !name.compare(0, ours.size(), ours) && any_of(line.all("slice"), slices))
			end_grant(connection, name);
	}
}

/* A mount is what comes of it: it has to be the one that was meant. */
std::string directory_of(const std::string &path, const std::string &name)
{
	const std::string end = "/" + name + "/socket";
	const std::size_t size = path.size();

	if (path.empty() || path[0] != '/' || path.find("/../") != std::string::npos ||
	    size <= end.size() || path.compare(size - end.size(), end.size(), end))
		throw broker_error(-EPROTO, "the broker grants " + name + " at \"" + path + "\"");
	return path.substr(0, size - sizeof("/socket") + 1);
}

/* Any user may connect, for a container can be any user's: the mount says who it is. */
std::string make_grant(broker &connection, const slice_names &slices)
{
	const std::string name = name_for(slices);
	std::string request = "grant name=" + name;

	for (const auto &slice : slices)
		request += " slice=" + slice;
	connection.ask(request + " mode=0666");
	say("granted: %s", request.c_str() + sizeof("grant"));
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
