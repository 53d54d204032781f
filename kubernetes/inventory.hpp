/* SPDX-License-Identifier: MIT */
/*
 * What the broker serves, and whether it does now
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_INVENTORY_HPP
#define KUBERNETES_INVENTORY_HPP

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "broker.hpp"

/**
 * struct device - a slice, as a device of Kubernetes
 * @id: the slice's name
 * @bdf: of the PCI device that it is of
 * @node: of the NUMA nodes, or -1
 */
struct device {
	std::string id;
	std::string bdf;
	int node;
	bool healthy;

	bool operator==(const device &other) const;
};

class inventory {
public:
	using clock = std::chrono::steady_clock;
	using devices = std::vector<device>;

	/* @sysfs: where that is */
	inventory(const std::string &path, const std::string &sysfs);

	/* Asks the broker. Without one, all stays as it was, and is not healthy. */
	void refresh();
	/* What a watcher has heard. Return: whether to ask again */
	bool hear(const line *event);
	/* What time alone changes. Return: when to come again */
	clock::time_point settle(clock::time_point now);

	/* Names of templates, and of slices without one */
	std::vector<std::string> groups() const;
	/* Of a group, by name. None, where there is no such group */
	devices of(const std::string &group) const;

	/* Waits until something has changed since @seen, a second at most. */
	uint64_t wait(uint64_t seen) const;
	/* Ends waits */
	void nudge();

private:
	struct slice {
		std::string name;
		std::string group;
		std::string bdf;
	};

	void ask(std::vector<slice> &slices, std::set<std::string> &open) const;
	void be_reachable(bool reachable, const std::string &why);
	bool is_healthy(const std::string &bdf, clock::time_point now) const;
	int node_of(const std::string &bdf) const;
	void publish(clock::time_point now);

	const std::string path_;
	const std::string sysfs_;

	mutable std::mutex mutex_;
	mutable std::condition_variable changed_;
	bool reachable_ = false;
	bool told_ = false;
	std::vector<slice> slices_;
	std::set<std::string> open_;
	std::map<std::string, clock::time_point> suspended_;
	std::map<std::string, devices> groups_;
	uint64_t generation_ = 1;
};

#endif
