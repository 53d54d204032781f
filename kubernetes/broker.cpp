// SPDX-License-Identifier: MIT
/*
 * The broker's administrator's socket, for C++
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <cerrno>
#include <cstring>

#include "broker.hpp"

extern "C" {
#include "../cli/admin.h"
}

namespace {

line take(const struct record &record)
{
	line result = { record.word, {} };
	std::size_t i;

	for (i = 0; i < record.nr; i++)
		result.values.emplace_back(record.values[i].key, record.values[i].value);
	return result;
}

std::string words_for(int error)
{
	/* SO_SNDTIMEO of a connect() */
	if (error == -ETIMEDOUT || error == -EAGAIN)
		return "it does not answer";
	if (error == -ECONNRESET)
		return "it is gone";
	if (error == -EPROTO)
		return "its answer makes no sense; is it of another version?";
	return strerror(-error);
}

} // namespace

std::string line::get(const std::string &key) const
{
	for (const auto &value : values)
		if (value.first == key)
			return value.second;
	return "";
}

std::vector<std::string> line::all(const std::string &key) const
{
	std::vector<std::string> result;

	for (const auto &value : values)
		if (value.first == key)
			result.push_back(value.second);
	return result;
}

broker::broker(const std::string &path, unsigned int milliseconds) : path_(path)
{
	int ret = admin_connect_within(path.c_str(), milliseconds, &admin_);

	if (ret)
		fail(ret);
}

broker::~broker()
{
	admin_close(admin_);
}

void broker::fail(int error) const
{
	const char *said = admin_ ? admin_error(admin_) : "";

	if (*said)
		throw broker_error(error, said);
	throw broker_error(error, path_ + ": " + words_for(error));
}

std::vector<line> broker::ask(const std::string &request)
{
	std::vector<line> lines;
	struct records records;
	std::size_t i;
	int ret;

	ret = admin_ask(admin_, request.c_str(), &records);
	if (ret)
		fail(ret);
	for (i = 0; i < records.nr; i++)
		lines.push_back(take(records.record[i]));
	records_free(&records);
	return lines;
}

std::string broker::told(const std::string &key) const
{
	return admin_told_text(admin_, key.c_str());
}

void broker::watch()
{
	int ret;

	ask("watch");
	ret = admin_set_timeout(admin_, 0);
	if (ret)
		fail(ret);
}

line broker::next()
{
	struct record record;
	line result;
	int ret;

	ret = admin_next(admin_, &record);
	if (ret)
		fail(ret);
	result = take(record);
	record_free(&record);
	return result;
}

void broker::hang_up()
{
	admin_hang_up(admin_);
}
