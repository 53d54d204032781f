// SPDX-License-Identifier: MIT
/*
 * All resources, and what has them change
 *
 * Copyright (C) 2026 The barlease authors
 *
 * One thread does all of it but what the kubelet asks for: it lives from one event to the
 * next, and brings everything into the state that it is to be in.
 */
#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include "log.hpp"
#include "names.hpp"
#include "plugin.hpp"

namespace {

/* What has failed is tried again. */
constexpr std::chrono::seconds retry(1);
/* A broker that hangs sends no event: it is asked from time to time. */
constexpr std::chrono::seconds refresh_period(10);

int new_eventfd()
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		throw std::system_error(errno, std::generic_category(), "eventfd");
	return fd;
}

int milliseconds_until(inventory::clock::time_point time)
{
	auto left = std::chrono::ceil<std::chrono::milliseconds>(time - inventory::clock::now());

	return std::max(0, static_cast<int>(left.count()));
}

} // namespace

plugin::plugin(const options &options)
	: options_(options), wake_(new_eventfd()), stock_(options.admin, options.sysfs),
	  vendor_(options.admin), directory_(options.socket_dir)
{
	watcher_ = std::make_unique<watcher>(options.admin,
					     [this](const line *event) { hear(event); });
}

plugin::~plugin()
{
	watcher_.reset();
	resources_.clear();
	close(wake_);
}

void plugin::wake()
{
	eventfd_write(wake_, 1);
}

/* In the watcher's thread */
void plugin::hear(const line *event)
{
	if (!stock_.hear(event))
		return;
	stale_ = true;
	wake();
}

void plugin::look_at_broker()
{
	const auto now = clock::now();

	if (!stale_.exchange(false) && now < refresh_)
		return;
	stock_.refresh();
	refresh_ = clock::now() + refresh_period;
}

void plugin::add(const std::string &group, const std::string &name)
{
	if (resources_.count(group) || refused_.count(group))
		return;
	if (!is_resource_name(name) || !variables_.insert(as_variable(name)).second) {
		say("\"%s\" is not offered: --group gives it a name of its own", name.c_str());
		refused_.insert(group);
		return;
	}
	resources_[group] = std::make_unique<resource>(options_, group, name, stock_, vendor_);
}

void plugin::add_all()
{
	for (const auto &group : options_.groups)
		add(group.first, group.second);
	if (!options_.groups.empty())
		return;
	for (const auto &group : stock_.groups())
		add(group, group);
}

bool plugin::settle_resources()
{
	bool settled = true;

	for (auto &entry : resources_)
		settled &= entry.second->settle();
	return settled;
}

/* Return: false when there is a signal */
bool plugin::wait(int signals, clock::time_point until)
{
	pollfd fds[] = {
		{ signals, POLLIN, 0 },
		{ directory_.fd(), POLLIN, 0 },
		{ wake_, POLLIN, 0 },
	};
	eventfd_t ignored;

	if (poll(fds, sizeof(fds) / sizeof(*fds), milliseconds_until(until)) < 0 && errno != EINTR)
		throw std::system_error(errno, std::generic_category(), "poll");
	if (fds[2].revents)
		eventfd_read(wake_, &ignored);
	return !fds[0].revents;
}

void plugin::run(int signals)
{
	clock::time_point until;

	do {
		look_at_broker();
		until = std::min(refresh_, stock_.settle(clock::now()));
		add_all();
		if (!directory_.settle() || !settle_resources())
			until = std::min(until, clock::now() + retry);
	} while (wait(signals, until));
}
