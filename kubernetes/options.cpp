// SPDX-License-Identifier: MIT
/*
 * The command line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <cstdio>
#include <cstdlib>
#include <getopt.h>
#include <set>

#include "log.hpp"
#include "names.hpp"
#include "options.hpp"

namespace {

constexpr char help[] =
	"usage: barlease-device-plugin [OPTION]...\n"
	"\n"
	"Offers slices of barleased to Kubernetes, as a device plugin of the kubelet.\n"
	"\n"
	"  --socket-dir=DIR         where kubelet.sock is\n"
	"                           (/var/lib/kubelet/device-plugins)\n"
	"  --domain=DOMAIN          of the resources, DOMAIN/NAME (barlease.local)\n"
	"  --admin=PATH             barleased's administrator's socket\n"
	"                           (/run/barlease/admin)\n"
	"  --group=NAME[=RESOURCE]  offer these slices, a template's or a single one,\n"
	"                           under this name; can be given more than once;\n"
	"                           by itself, all that barleased has\n"
	"  --sysfs=DIR              where sysfs is (/sys)\n"
	"  -h, --help\n"
	"  -V, --version\n";

[[noreturn]] void wrong(const char *what, const std::string &value)
{
	say("\"%s\" is no %s; try --help", value.c_str(), what);
	exit(2);
}

void add_group(options &options, const std::string &text)
{
	const std::size_t equals = text.find('=');
	const std::string group = text.substr(0, equals);
	const std::string name = equals == std::string::npos ? group : text.substr(equals + 1);

	if (!is_barlease_name(group))
		wrong("name of slices", group);
	if (!is_resource_name(name))
		wrong("name of a resource", name);
	options.groups[group] = name;
}

/* Two resources in one place would be in each other's way, in files or variables. */
void check(const options &options)
{
	std::set<std::string> variables;

	if (!is_domain(options.domain))
		wrong("domain", options.domain);
	for (const auto &group : options.groups)
		if (!variables.insert(as_variable(group.second)).second)
			wrong("name of its own", group.second);
}

enum { SOCKET_DIR = 256, DOMAIN, ADMIN, GROUP, SYSFS };

constexpr struct option known[] = {
	{ "socket-dir", required_argument, nullptr, SOCKET_DIR },
	{ "domain", required_argument, nullptr, DOMAIN },
	{ "admin", required_argument, nullptr, ADMIN },
	{ "group", required_argument, nullptr, GROUP },
	{ "sysfs", required_argument, nullptr, SYSFS },
	{ "help", no_argument, nullptr, 'h' },
	{ "version", no_argument, nullptr, 'V' },
	{},
};

void take(options &options, int which)
{
	switch (which) {
	case SOCKET_DIR:
		options.socket_dir = optarg;
		break;
	case DOMAIN:
		options.domain = optarg;
		break;
	case ADMIN:
		options.admin = optarg;
		break;
	case GROUP:
		add_group(options, optarg);
		break;
	case SYSFS:
		options.sysfs = optarg;
		break;
	case 'h':
		fputs(help, stdout);
		exit(0);
	case 'V':
		puts("barlease-device-plugin " BARLEASE_VERSION);
		exit(0);
	default:
		exit(2);
	}
}

} // namespace

options read_options(int argc, char **argv)
{
	options options;
	int which;

	for (;;) {
		which = getopt_long(argc, argv, "hV", known, nullptr);
		if (which < 0)
			break;
		take(options, which);
	}
	if (optind < argc)
		wrong("option", argv[optind]);
	check(options);
	return options;
}
