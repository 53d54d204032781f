// SPDX-License-Identifier: MIT
/*
 * Names, of the broker's and of Kubernetes'
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "names.hpp"

namespace {

/* Longest names: of barlease BARLEASE_NAME_MAX - 1, of Kubernetes its own */
constexpr std::size_t longest_name = 63;
constexpr std::size_t longest_domain = 253;

constexpr char lower[] = "abcdefghijklmnopqrstuvwxyz";
constexpr char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr char digits[] = "0123456789";

std::string alphanumeric()
{
	return std::string(lower) + upper + digits;
}

bool consists_of(const std::string &text, const std::string &fine)
{
	return !text.empty() && text.find_first_not_of(fine) == std::string::npos;
}

bool is_one_of(char c, const std::string &fine)
{
	return fine.find(c) != std::string::npos;
}

/* Both ends are letters or digits. */
bool is_label(const std::string &text, const std::string &ends, const std::string &inside)
{
	return text.size() <= longest_name && consists_of(text, ends + inside) &&
	       is_one_of(text.front(), ends) && is_one_of(text.back(), ends);
}

std::string hash_of(const std::string &text)
{
	uint64_t hash = 0xcbf29ce484222325;
	char result[17];

	for (unsigned char c : text)
		hash = (hash ^ c) * 0x100000001b3;
	snprintf(result, sizeof(result), "%016" PRIx64, hash);
	return result;
}

} // namespace

bool is_barlease_name(const std::string &name)
{
	return name.size() <= longest_name && consists_of(name, alphanumeric() + "._-");
}

bool is_resource_name(const std::string &name)
{
	return is_label(name, alphanumeric(), "._-");
}

bool is_domain(const std::string &name)
{
	const std::string ends = std::string(lower) + digits;
	std::size_t start = 0, dot;

	if (name.size() > longest_domain)
		return false;
	do {
		dot = name.find('.', start);
		if (!is_label(name.substr(start, dot - start), ends, "-"))
			return false;
		start = dot + 1;
	} while (dot != std::string::npos);
	return true;
}

bool is_pci_address(const std::string &name)
{
	/* Some domains have more digits than four. */
	static const char form[] = "xxxxxxxx:xx:xx.x";
	const std::string hex = std::string(digits) + "abcdef";
	const std::size_t length = strlen(form), skip = length - name.size();
	std::size_t i;

	if (name.size() > length || skip > 4)
		return false;
	for (i = skip; i < length; i++)
		if (form[i] == 'x' ? !is_one_of(name[i - skip], hex) : name[i - skip] != form[i])
			return false;
	return true;
}

std::string as_variable(const std::string &name)
{
	std::string result;
	const char *small;

	for (char c : name) {
		small = strchr(lower, c);
		if (small && *small)
			result += upper[small - lower];
		else
			result += is_one_of(c, alphanumeric()) ? c : '_';
	}
	return result;
}

std::string shortened(const std::string &name, std::size_t longest)
{
	const std::string end = "-" + hash_of(name);

	if (name.size() <= longest || longest <= end.size())
		return name;
	return name.substr(0, longest - end.size()) + end;
}

std::string with_commas(const std::vector<std::string> &names)
{
	std::string result;

	for (const auto &name : names)
		result += (result.empty() ? "" : ",") + name;
	return result;
}

bool name_before(const std::string &a, const std::string &b)
{
	int order = strverscmp(a.c_str(), b.c_str());

	return order ? order < 0 : a < b;
}
