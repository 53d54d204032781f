/* SPDX-License-Identifier: MIT */
/*
 * The broker's administrator's socket, for C++
 *
 * Copyright (C) 2026 The barlease authors
 */
#ifndef KUBERNETES_BROKER_HPP
#define KUBERNETES_BROKER_HPP

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

struct admin;

/* The broker says no, is gone, or takes too long. @error: as of admin_ask() */
struct broker_error : std::runtime_error {
	broker_error(int number, const std::string &words)
		: std::runtime_error(words), error(number)
	{
	}

	int error;
};

/* A line of an answer */
struct line {
	std::string word;
	std::vector<std::pair<std::string, std::string>> values;

	/* The first of this key, or "" */
	std::string get(const std::string &key) const;
	std::vector<std::string> all(const std::string &key) const;
};

/* A connection. All of it throws broker_error. */
class broker {
public:
	/* Nobody waits longer than that for one line, or for the connection. */
	static constexpr unsigned int patience = 5000;

	explicit broker(const std::string &path, unsigned int milliseconds = patience);
	~broker();
	broker(const broker &) = delete;
	broker &operator=(const broker &) = delete;

	std::vector<line> ask(const std::string &request);
	/* Of the line that the last answer ended with */
	std::string told(const std::string &key) const;

	/* From now on next() waits for events, for as long as it takes. */
	void watch();
	line next();
	/* Ends a next() of another thread */
	void hang_up();

private:
	[[noreturn]] void fail(int error) const;

	std::string path_;
	struct admin *admin_ = nullptr;
};

#endif
