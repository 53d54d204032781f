/* SPDX-License-Identifier: MIT */
/*
 * A thread that hears what happens in the broker
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_WATCHER_HPP
#define KUBERNETES_WATCHER_HPP

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "broker.hpp"

class watcher {
public:
	/* @event: NULL when the connection has come or gone. Called by the thread */
	using heard = std::function<void(const line *event)>;

	watcher(const std::string &path, heard hear);
	~watcher();
	watcher(const watcher &) = delete;
	watcher &operator=(const watcher &) = delete;

private:
	void run();
	void listen();
	bool keep(std::unique_ptr<broker> connection);
	void drop();
	bool pause();

	const std::string path_;
	const heard hear_;
	std::mutex mutex_;
	std::condition_variable stopped_;
	bool stop_ = false;
	std::unique_ptr<broker> connection_;
	/* The last: it begins to run when all else is there. */
	std::thread thread_;
};

#endif
