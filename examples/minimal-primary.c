// SPDX-License-Identifier: MIT
/* Owns a PCI device, and leases the first page of its BAR 2 as "page" */
#include <err.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <barlease.h>

static void check(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

int main(int argc, char **argv)
{
	const struct barlease_range range = { .length = sysconf(_SC_PAGESIZE) };
	const struct barlease_slice page = {
		.name = "page", .bar = 2, .ranges = &range, .nr_ranges = 1,
	};
	struct barlease_device *device;
	struct barlease_server *server;
	int listener;

	if (argc != 3)
		errx(2, "usage: %s BDF SOCKET", argv[0]);
	check(barlease_device_open(argv[1], BARLEASE_BACKEND_ANY, &device), argv[1]);
	check(listener = barlease_listen(argv[2], 0666), argv[2]);
	check(barlease_server_new(listener, NULL, NULL, &server), "server");
	check(barlease_server_add_slice(server, device, &page), "page");
	while (poll(&(struct pollfd){ barlease_server_fd(server), POLLIN, 0 }, 1, -1) >= 0)
		check(barlease_server_dispatch(server), "dispatch");
	err(1, "poll");
}
