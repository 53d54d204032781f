// SPDX-License-Identifier: MIT
/*
 * What the broker serves, and whether it does now
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <algorithm>
#include <fstream>

#include "inventory.hpp"
#include "log.hpp"
#include "names.hpp"

namespace {

/*
 * A reset takes less than that, and comes between two holders, too. Accesses wait
 * meanwhile, and a pod that comes then would be refused for good.
 */
constexpr std::chrono::seconds longest_reset(2);

} // namespace

bool device::operator==(const device &other) const
{
	return id == other.id && bdf == other.bdf && node == other.node &&
	       healthy == other.healthy;
}

inventory::inventory(const std::string &path, const std::string &sysfs)
	: path_(path), sysfs_(sysfs)
{
}

/* What has no good name is nothing that could be named to anybody. */
void inventory::ask(std::vector<slice> &slices, std::set<std::string> &open) const
{
	broker connection(path_);
	slice slice;

	for (const auto &line : connection.ask("devices"))
		if (line.word == "device" && line.get("state") == "open")
			open.insert(line.get("name"));
	for (const auto &line : connection.ask("slices")) {
		slice = { line.get("name"), line.get("group"), line.get("device") };
		if (slice.group == "-")
			slice.group = slice.name;
		if (line.word == "slice" && is_barlease_name(slice.name) &&
		    is_barlease_name(slice.group) && is_pci_address(slice.bdf))
			slices.push_back(slice);
	}
}

void inventory::be_reachable(bool reachable, const std::string &why)
{
	if (told_ && reachable_ == reachable)
		return;
	told_ = true;
	reachable_ = reachable;
	if (reachable)
		say("the broker is there");
	else
		say("there is no broker: %s", why.c_str());
}

void inventory::refresh()
{
	std::vector<slice> slices;
	std::set<std::string> open;
	std::string why;

	try {
		ask(slices, open);
	} catch (const broker_error &error) {
		why = error.what();
	}

	std::lock_guard<std::mutex> lock(mutex_);

	be_reachable(why.empty(), why);
	if (reachable_) {
		slices_.swap(slices);
		open_.swap(open);
	}
	publish(clock::now());
}

bool inventory::hear(const line *event)
{
	std::lock_guard<std::mutex> lock(mutex_);

	if (!event) {
		suspended_.clear();
		return true;
	}
	if (event->word == "suspended")
		suspended_.emplace(event->get("device"), clock::now());
	else if (event->word == "resumed" || event->word == "gone" || event->word == "back")
		suspended_.erase(event->get("device"));
	else
		return event->word == "reloaded";
	return true;
}

inventory::clock::time_point inventory::settle(clock::time_point now)
{
	auto next = clock::time_point::max();
	std::lock_guard<std::mutex> lock(mutex_);

	publish(now);
	for (const auto &entry : suspended_)
		if (entry.second + longest_reset > now)
			next = std::min(next, entry.second + longest_reset);
	return next;
}

bool inventory::is_healthy(const std::string &bdf, clock::time_point now) const
{
	auto suspended = suspended_.find(bdf);

	return reachable_ && open_.count(bdf) &&
	       (suspended == suspended_.end() || suspended->second + longest_reset > now);
}

int inventory::node_of(const std::string &bdf) const
{
	std::ifstream file(sysfs_ + "/bus/pci/devices/" + bdf + "/numa_node");
	int node;

	return file >> node ? node : -1;
}

void inventory::publish(clock::time_point now)
{
	std::map<std::string, devices> groups;
	std::map<std::string, int> nodes;

	for (const auto &slice : slices_) {
		if (!nodes.count(slice.bdf))
			nodes[slice.bdf] = node_of(slice.bdf);
		groups[slice.group].push_back({ slice.name, slice.bdf, nodes[slice.bdf],
						is_healthy(slice.bdf, now) });
	}
	for (auto &group : groups)
		std::sort(group.second.begin(), group.second.end(),
			  [](const device &a, const device &b) { return name_before(a.id, b.id); });
	if (groups == groups_)
		return;
	groups_.swap(groups);
	generation_++;
	changed_.notify_all();
}

std::vector<std::string> inventory::groups() const
{
	std::lock_guard<std::mutex> lock(mutex_);
	std::vector<std::string> names;

	for (const auto &group : groups_)
		names.push_back(group.first);
	return names;
}

inventory::devices inventory::of(const std::string &group) const
{
	std::lock_guard<std::mutex> lock(mutex_);
	auto found = groups_.find(group);

	return found == groups_.end() ? devices() : found->second;
}

uint64_t inventory::wait(uint64_t seen) const
{
	std::unique_lock<std::mutex> lock(mutex_);

	changed_.wait_for(lock, std::chrono::seconds(1),
			  [this, seen] { return generation_ != seen; });
	return generation_;
}

void inventory::nudge()
{
	std::lock_guard<std::mutex> lock(mutex_);

	generation_++;
	changed_.notify_all();
}
