// SPDX-License-Identifier: MIT
/*
 * A thread that hears what happens in the broker
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <chrono>

#include "watcher.hpp"

namespace {

/* Between two tries to connect: a socket that is not there costs little to look for. */
constexpr std::chrono::milliseconds retry(200);

} // namespace

watcher::watcher(const std::string &path, heard hear)
	: path_(path), hear_(std::move(hear)), thread_(&watcher::run, this)
{
}

watcher::~watcher()
{
	{
		std::lock_guard<std::mutex> lock(mutex_);

		stop_ = true;
		if (connection_)
			connection_->hang_up();
	}
	stopped_.notify_all();
	thread_.join();
}

/* The connection is seen by the destructor from here on. */
bool watcher::keep(std::unique_ptr<broker> connection)
{
	std::lock_guard<std::mutex> lock(mutex_);

	connection_ = std::move(connection);
	return !stop_;
}

void watcher::drop()
{
	std::lock_guard<std::mutex> lock(mutex_);

	connection_.reset();
}

bool watcher::pause()
{
	std::unique_lock<std::mutex> lock(mutex_);

	stopped_.wait_for(lock, retry, [this] { return stop_; });
	return !stop_;
}

/* Until the connection ends, which is thrown */
void watcher::listen()
{
	auto connection = std::make_unique<broker>(path_);
	broker *const ears = connection.get();
	line event;

	ears->watch();
	if (!keep(std::move(connection)))
		return;
	hear_(nullptr);
	for (;;) {
		event = ears->next();
		hear_(&event);
	}
}

void watcher::run()
{
	bool connected;

	do {
		try {
			listen();
		} catch (const broker_error &) {
			/* Whoever asks for the lists says what is the matter. */
		}
		connected = connection_ != nullptr;
		drop();
		if (connected)
			hear_(nullptr);
	} while (pause());
}
