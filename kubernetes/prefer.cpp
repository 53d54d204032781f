// SPDX-License-Identifier: MIT
/*
 * Which devices go together
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "prefer.hpp"

namespace {

using by_bdf = std::map<std::string, inventory::devices>;

bool has(const inventory::devices &devices, const device &device)
{
	return std::find(devices.begin(), devices.end(), device) != devices.end();
}

/* Less is better: one that is used already, the least that suffices, the most */
std::tuple<bool, bool, long> rank(const by_bdf::value_type &free, const std::set<std::string> &used,
				  std::size_t needed)
{
	const long count = free.second.size();
	const bool suffices = free.second.size() >= needed;

	return { !used.count(free.first), !suffices, suffices ? count : -count };
}

by_bdf::const_iterator best(const by_bdf &free, const std::set<std::string> &used,
			    std::size_t needed)
{
	return std::min_element(free.begin(), free.end(),
				[&](const auto &a, const auto &b) {
					return rank(a, used, needed) < rank(b, used, needed);
				});
}

} // namespace

inventory::devices prefer(const inventory::devices &available,
			  const inventory::devices &included, std::size_t size)
{
	inventory::devices result = included;
	std::set<std::string> used;
	by_bdf free;

	for (const auto &device : included)
		used.insert(device.bdf);
	for (const auto &device : available)
		if (!has(included, device))
			free[device.bdf].push_back(device);
	while (result.size() < size && !free.empty()) {
		auto from = best(free, used, size - result.size());
		auto count = std::min(from->second.size(), size - result.size());

		result.insert(result.end(), from->second.begin(), from->second.begin() + count);
		free.erase(from);
	}
	return result;
}
