/* SPDX-License-Identifier: MIT */
/*
 * All resources, and what has them change
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_PLUGIN_HPP
#define KUBERNETES_PLUGIN_HPP

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "directory.hpp"
#include "grants.hpp"
#include "inventory.hpp"
#include "options.hpp"
#include "resource.hpp"
#include "watcher.hpp"

class plugin {
public:
	explicit plugin(const options &options);
	~plugin();
	plugin(const plugin &) = delete;
	plugin &operator=(const plugin &) = delete;

	/* Until @signals, a signalfd, has one. Throws runtime_error. */
	void run(int signals);

private:
	using clock = inventory::clock;

	void wake();
	void hear(const line *event);
	void look_at_broker();
	void add(const std::string &group, const std::string &name);
	void add_all();
	bool settle_resources();
	bool wait(int signals, clock::time_point until);

	const options options_;
	const int wake_;
	std::atomic<bool> stale_{ true };
	clock::time_point refresh_;
	inventory stock_;
	grants vendor_;
	directory directory_;
	std::map<std::string, std::unique_ptr<resource>> resources_;
	/* Groups of which no resource can be made, and names of variables that are taken */
	std::set<std::string> refused_;
	std::set<std::string> variables_;
	std::unique_ptr<watcher> watcher_;
};

#endif
