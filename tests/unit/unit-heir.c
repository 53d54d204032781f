// SPDX-License-Identifier: MIT
/*
 * A server that goes on where another one has left off, with a device that is not there;
 * and what it makes of lines that are not as they were written
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vendor.h"

#define LINES_MAX	65536
#define FDS_MAX		64
#define ROUNDS		3000

/* What a keeper has, and what was lost */
struct kept {
	char text[LINES_MAX];
	size_t size;
	struct {
		char name[32];
		int fd;
	} fds[FDS_MAX];
	int nr;
	uint32_t served;
	unsigned int lost;
	unsigned int unsafe;
};

static struct kept kept;
static struct barlease_server *heir;
static int listener;

static void write_line(void *data, const char *line)
{
	struct kept *to = data;

	assert_non_null(line);
	to->size += snprintf(to->text + to->size, LINES_MAX - to->size, "%s\n",
			     line);
	assert_true(to->size < LINES_MAX);
}

static void store(void *data, const char *name, int fd)
{
	struct kept *to = data;

	assert_true(to->nr < FDS_MAX);
	snprintf(to->fds[to->nr].name, sizeof(to->fds[0].name), "%s", name);
	to->fds[to->nr++].fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void drop(void *data, const char *name)
{
	struct kept *to = data;

	for (int i = 0; i < to->nr; i++)
		if (!strcmp(to->fds[i].name, name)) {
			close(to->fds[i].fd);
			to->fds[i] = to->fds[--to->nr];
			return;
		}
}

static void serves(void *data, uint32_t connection)
{
	struct kept *to = data;

	to->served = connection;
}

static const char *device_name(void *data, const struct barlease_device *which)
{
	(void)data;
	return which == &device ? "fake" : "other";
}

static const struct barlease_keeper keeper = {
	.size = sizeof(keeper),
	.write = write_line,
	.store = store,
	.drop = drop,
	.serves = serves,
	.device_name = device_name,
};

/* Copies: the same is taken over many times */
static int take_fd(void *data, const char *name)
{
	const struct kept *from = data;

	for (int i = 0; i < from->nr; i++)
		if (!strcmp(from->fds[i].name, name))
			return fcntl(from->fds[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

static const struct barlease_device *find_device(void *data, const char *name)
{
	(void)data;
	return strcmp(name, "fake") ? NULL : &device;
}

static void on_lost(void *data, const char *what)
{
	struct kept *from = data;

	assert_true(strlen(what) > 0);
	from->lost++;
}

static void on_unsafe(void *data, const struct barlease_device *which)
{
	struct kept *from = data;

	assert_ptr_equal(which, &device);
	from->unsafe++;
}

static int take_over(const char *text)
{
	const struct barlease_estate estate = {
		.size = sizeof(estate),
		.text = text,
		.served = kept.served,
		.reconnect = 60000,
		.fd = take_fd,
		.device = find_device,
		.lost = on_lost,
		.unsafe = on_unsafe,
	};

	assert_int_equal(barlease_server_new(listener, NULL, NULL, &heir), 0);
	return barlease_server_take_over(heir, &estate, &kept);
}

static int count(void *data, const struct barlease_holding *lease)
{
	unsigned int *nr = data;

	*nr += lease->state == BARLEASE_HELD;
	return 0;
}

static unsigned int held(void)
{
	unsigned int nr = 0;

	barlease_server_each_lease(heir, count, &nr);
	return nr;
}

static int start(void **state)
{
	char path[160];
	int ret = vendor_start(state);

	memset(&kept, 0, sizeof(kept));
	snprintf(path, sizeof(path), "%s.heir", vendor_path);
	listener = barlease_listen(path, 0600);
	unlink(path);
	return ret ?: listener < 0;
}

static int stop(void **state)
{
	while (kept.nr)
		drop(&kept, kept.fds[0].name);
	close(listener);
	return vendor_stop(state);
}

/* Two holders, one of whom waits for what the other one has */
static void make_an_estate(int peers[2])
{
	struct bl_wire_message token;
	int fd;

	assert_int_equal(barlease_server_keep(server, &keeper, &kept), 0);
	offer("first", NULL, 0, 1, 0, 0);
	offer_for("second", NULL, 4, 1000, 600000);
	for (int i = 0; i < 2; i++) {
		peers[i] = peer_new_with(BL_WIRE_FEATURES);
		peer_hears(peers[i], BL_WIRE_TOKEN, &token, NULL);
		peer_gets(peers[i], "first", 0, &fd);
		close(fd);
	}
	peer_gets(peers[0], "second", 0, &fd);
	close(fd);
}

static void leave(const int peers[2])
{
	close(peers[0]);
	close(peers[1]);
	settle();
}

static void goes_on(void **state)
{
	int peers[2];

	(void)state;
	make_an_estate(peers);
	assert_int_equal(take_over(kept.text), 3);
	assert_int_equal(held(), 3);
	assert_int_equal(kept.lost, 0);
	assert_int_equal(barlease_server_holders(heir, "first"), 2);
	assert_int_equal(barlease_server_holders(heir, "second"), 1);
	assert_int_equal(barlease_server_unsettled(heir), 0);
	barlease_server_free(heir);
	leave(peers);
	/* Of who goes, nothing is kept */
	assert_int_equal(kept.nr, 0);
}

static void a_connection_is_lost(void **state)
{
	int peers[2];

	(void)state;
	make_an_estate(peers);
	kept.served = 1;
	assert_int_equal(take_over(kept.text), 3);
	assert_int_equal(kept.lost, 1);
	/* It waits for who comes back; nobody does before the end */
	assert_int_equal(held(), 3);
	barlease_server_free(heir);
	leave(peers);
}

static void what_is_missing(void **state)
{
	int peers[2];

	(void)state;
	make_an_estate(peers);
	drop(&kept, "lease-1");
	assert_int_equal(take_over(kept.text), 2);
	assert_int_equal(kept.unsafe, 1);
	assert_int_equal(kept.lost, 1);
	barlease_server_free(heir);
	leave(peers);
}

static void is_refused(void **state)
{
	const struct barlease_keeper none = { .size = sizeof(none) };
	const struct barlease_keeper small = { .size = 1 };
	int peers[2];

	(void)state;
	assert_int_equal(barlease_server_keep(server, &none, NULL), -EINVAL);
	assert_int_equal(barlease_server_keep(server, &small, NULL), -EINVAL);
	assert_int_equal(take_over(""), -EPROTO);
	barlease_server_free(heir);
	assert_int_equal(take_over("barlease-server version=2\n"), -EPROTO);
	barlease_server_free(heir);
	/* Without an end, it is no line */
	assert_int_equal(take_over("barlease-server version=1"), -EPROTO);
	barlease_server_free(heir);
	assert_int_equal(take_over("barlease-server version=1\n"), 0);
	barlease_server_free(heir);
	make_an_estate(peers);
	assert_int_equal(take_over(kept.text), 3);
	/* Once is enough */
	{
		const struct barlease_estate again = {
			.size = sizeof(again),
			.text = kept.text,
			.fd = take_fd,
			.device = find_device,
		};

		assert_int_equal(barlease_server_take_over(heir, &again, &kept),
				 -EINVAL);
	}
	barlease_server_free(heir);
	leave(peers);
}

/* A number, a letter or a word is another one, or a line comes twice, or not at all */
static void spoil(char *text, size_t size, unsigned int *seed)
{
	static const char letters[] = "0123456789abcdef =,+-\n%";
	int times = 1 + rand_r(seed) % 4;
	char *line, *end;

	while (times--) {
		size_t at = rand_r(seed) % size;

		switch (rand_r(seed) % 3) {
		case 0:
			text[at] = letters[rand_r(seed) % (sizeof(letters) - 1)];
			break;
		case 1:
			line = memchr(text + at, '\n', size - at);
			end = line ? memchr(line + 1, '\n',
					    size - (line + 1 - text)) : NULL;
			if (end)
				memset(line + 1, 'x', end - line - 1);
			break;
		default:
			text[at] = text[rand_r(seed) % size];
			break;
		}
	}
}

/* Whatever is made of it, nothing is left over */
static void spoiled(void **state)
{
	static char text[LINES_MAX];
	unsigned int seed = 1;
	int peers[2], ret, open;

	(void)state;
	make_an_estate(peers);
	open = fds_open();
	for (int i = 0; i < ROUNDS; i++) {
		memcpy(text, kept.text, kept.size + 1);
		spoil(text, kept.size, &seed);
		kept.served = i % 8 ? 0 : 1;
		ret = take_over(text);
		assert_true(ret <= 3 && (ret >= 0 || ret == -EPROTO));
		assert_true((int)held() <= 3);
		barlease_server_free(heir);
		fake_give_back();
	}
	assert_int_equal(fds_open(), open);
	/* Those of the first server are still to come */
	device.revokes = 0;
	leave(peers);
}

#define TEST(name, function) \
	{ name, function, start, stop, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("what was written down is taken over", goes_on),
		TEST("a connection that was served is lost", a_connection_is_lost),
		TEST("a lease whose descriptor is missing", what_is_missing),
		TEST("what is no estate", is_refused),
		TEST("lines that are not as they were", spoiled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
