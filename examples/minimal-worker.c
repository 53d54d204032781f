// SPDX-License-Identifier: MIT
/* Gets the lease "page", and reads its first word until it is taken back */
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include <barlease.h>

int main(int argc, char **argv)
{
	struct barlease_client *client;
	struct barlease_lease lease;
	uint32_t word;
	void *page;

	if (barlease_client_connect(argc > 1 ? argv[1] : NULL, &client))
		errx(1, "there is no server");
	if (barlease_client_acquire(client, "page", 0, &lease))
		errx(1, "%s", barlease_client_error(client));
	if (barlease_map(lease.fd, 0, lease.size, 0, &lease.alignment, &page))
		errx(1, "the lease cannot be mapped");
	for (; !barlease_read32(page, &word); sleep(1))
		dprintf(STDOUT_FILENO, "%#x\n", word);
	errx(1, "the lease is revoked");
}
