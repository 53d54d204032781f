// SPDX-License-Identifier: MIT
/*
 * barlease-device-plugin: slices of barleased as devices of Kubernetes
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <csignal>
#include <exception>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.hpp"
#include "plugin.hpp"

namespace {

/* Before there is any thread, for threads have the mask of whoever makes them. */
int take_signals()
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, nullptr);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

} // namespace

int main(int argc, char **argv)
{
	int signals;

	try {
		const options options = read_options(argc, argv);

		/* Sockets are for root alone. */
		umask(077);
		signals = take_signals();
		plugin(options).run(signals);
	} catch (const std::exception &error) {
		say("%s", error.what());
		return 1;
	}
	close(signals);
	return 0;
}
