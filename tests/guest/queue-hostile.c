// SPDX-License-Identifier: MIT
/*
 * Ordinary users who have leases with interrupts and memory, and an administrator, do
 * at random whatever they can: a device reaches the memory that its leases have mapped,
 * and no other; nobody is told of an interrupt after the lease; what is pinned is what
 * is mapped; and the broker goes on
 *
 * Copyright (C) 2026 The barlease authors
 *
 * BARLEASE_SEED begins with the round of that seed; BARLEASE_MINUTES says for how
 * long. Without it the test ends when everything has been done often enough. What is
 * done, and how it is judged, is in queue-hostile/.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "broker-lib.h"
#include "clock.h"
#include "kernel.h"
#include "prng.h"
#include "queue-hostile/broker.h"
#include "queue-hostile/shadow.h"
#include "queue-hostile/steps.h"
#include "queue-lib.h"
#include "tap.h"

#define MINUTE_US	60000000ll
#define STEPS		100	/* of a round */
#define REMEMBERED	12

const struct slice slices[SLICES] = {
	[ONE] = { "one", 0, "0+4K" },
	[BESIDE] = { "beside", 0, "4K+4K" },
	[TWO] = { "two", 1, "0+4K" },
};

struct world world;

void wrong(const char *what, ...)
{
	va_list args;

	if (is_wrong())
		return;
	va_start(args, what);
	vsnprintf(world.wrong, sizeof(world.wrong), what, args);
	va_end(args);
}

/* ---- What is done, and what comes of it --------------------------------- */

/* One of @make and @run. @later: it returns before all that it ends has ended */
static const struct kind {
	const char *name;
	make_fn make;
	step_fn run;
	uint32_t weight;
	bool later;
} kinds[] = {
	{ "acquire", make_acquire, NULL, 4, false },
	{ "release", make_release, NULL, 3, false },
	{ "map", make_map, NULL, 18, false },
	{ "unmap", make_unmap, NULL, 6, false },
	{ "unmap what is not its own", make_unmap_bad, NULL, 4, false },
	{ "set an eventfd", make_arm, NULL, 8, false },
	{ "interrupt", NULL, step_raise, 10, false },
	{ "DMA to memory", NULL, step_write, 14, false },
	{ "DMA from memory", NULL, step_read, 8, false },
	{ "leave", NULL, step_leave, 3, true },
	{ "revoke", NULL, step_revoke, 2, false },
	{ "reload", NULL, step_reload, 2, false },
	{ "reset", NULL, step_reset, 2, false },
	{ "end the broker", NULL, step_broker, 1, false },
	{ "in the middle", NULL, step_middle, 8, true },
};

static const char *const outcomes[OUTCOMES] = {
	[MAPPED] = "maps",
	[REFUSED] = "refusals",
	[ARRIVED] = "DMAs arrived",
	[NOWHERE] = "nowhere",
	[READ] = "have read",
	[NOT_READ] = "have not",
	[TOLD] = "interrupts",
	[UNTOLD] = "untold",
	[ENDED] = "leases ended",
	[MIDDLES] = "in the middle",
};

/* Of each, and for each way to open a device */
#define ENOUGH		5

static const char *const backends[] = { "group", "iommufd" };
static unsigned long counts[ARRAY_SIZE(backends)][OUTCOMES];

static bool is_enough(void)
{
	for (int i = 0; i < OUTCOMES; i++)
		if (counts[0][i] < ENOUGH ||
		    (kernel_has_iommufd() && counts[1][i] < ENOUGH))
			return false;
	return true;
}

static void say_counts(int backend)
{
	char line[512];
	int n = 0;

	for (int i = 0; i < OUTCOMES; i++)
		n += snprintf(line + n, sizeof(line) - n, "%s %lu %s",
			      i ? "," : ":", counts[backend][i], outcomes[i]);
	diag("backend = %s%s", backends[backend], line);
}

/* ---- A round ------------------------------------------------------------ */

static struct {
	const struct kind *kind;
	struct step step;
} done[REMEMBERED];

static const struct kind *choose(struct prng *prng)
{
	const struct kind *kind = kinds;
	uint32_t all = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		all += kinds[i].weight;
	for (at = prng_below(prng, all); at >= kind->weight; kind++)
		at -= kind->weight;
	return kind;
}

/* All numbers come in each step, whatever has become of those before */
static void one_step(struct prng *prng, int number)
{
	const struct kind *kind = choose(prng);
	const struct step step = {
		.client = prng_below(prng, CLIENTS),
		.slice = prng_below(prng, SLICES),
		.a = prng_next(prng),
		.b = prng_next(prng),
	};

	done[number % REMEMBERED].kind = kind;
	done[number % REMEMBERED].step = step;
	if (kind->make)
		ask_for(kind->make, &step);
	else
		kind->run(&step);
	if (!is_wrong())
		shadow_judge(!kind->later);
}

static void say_what_was_wrong(uint64_t seed, int number)
{
	diag("%s", world.wrong);
	diag("in step %d of the round that BARLEASE_SEED=%llu begins with:",
	     number, (unsigned long long)seed);
	for (int i = number < REMEMBERED ? 0 : number - REMEMBERED + 1;
	     i <= number; i++) {
		const struct step *step = &done[i % REMEMBERED].step;

		diag("  step %d: %s; client %d, slice %s, %u, %u", i,
		     done[i % REMEMBERED].kind->name, step->client,
		     slices[step->slice].name, step->a, step->b);
	}
}

static bool round_run(uint64_t seed)
{
	int backend = kernel_has_iommufd() && seed % 2;
	struct prng prng = prng_seeded(seed);
	int number = 0;

	diag("BARLEASE_SEED=%llu, backend = %s", (unsigned long long)seed,
	     backends[backend]);
	world.counts = counts[backend];
	world.backend = backends[backend];
	world.variant = 0;
	broker_begin();
	while (number < STEPS && !is_wrong())
		one_step(&prng, number++);
	if (!is_wrong())
		all_leave();
	if (!is_wrong())
		broker_finish(SIGTERM);
	if (is_wrong()) {
		say_what_was_wrong(seed, number - 1);
		kill(world.broker, SIGKILL);
	}
	return !is_wrong();
}

/* ---- All of it ---------------------------------------------------------- */

static void make_client(int number)
{
	static const uid_t uids[CLIENTS] = { 1001, 1002, 1003, 1001 };
	struct client *client = &world.clients[number];

	if (barlease_memory_new(CELLS * CELL, 0, &client->memory))
		bail("no memory");
	for (int i = 0; i < DEVICES * EVENTFDS; i++) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

		if (fd < 0)
			bail("no eventfd: %s", strerror(errno));
		client->eventfds[i / EVENTFDS][i % EVENTFDS].fd = fd;
	}
	client->uid = uids[number];
	client->peer = client_process(client->uid);
}

static void set_up(void)
{
	broker_set_up();
	world.devices[0].edu = plug_registers("hp0");
	world.devices[1].edu = plug_registers("hp1");
	for (int i = 0; i < CLIENTS; i++)
		make_client(i);
	shadow_begin();
	world.dmabufs = queue_dmabufs();
}

static void tear_down(void)
{
	for (int i = 0; i < CLIENTS; i++)
		peer_stop(&world.clients[i].peer);
	for (int i = 0; i < DEVICES; i++) {
		plug_pull(&world.devices[i].edu);
		ok(plug_gone(&world.devices[i].edu), "a device is pulled out");
	}
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *given = getenv(name);

	return given && *given ? strtoull(given, NULL, 0) : otherwise;
}

int main(void)
{
	uint64_t seed = number("BARLEASE_SEED", now_us());
	int64_t until = now_us() +
			(int64_t)number("BARLEASE_MINUTES", 0) * MINUTE_US;
	uint64_t rounds = 0;
	bool good = true;

	set_up();
	while (good && (now_us() < until || !is_enough()))
		good = round_run(seed + rounds++);
	for (int i = 0; i <= kernel_has_iommufd(); i++)
		say_counts(i);
	ok(good, "nothing is wrong in %llu rounds of %d steps",
	   (unsigned long long)rounds, STEPS);
	if (!kernel_has_iommufd())
		skip("this kernel has no iommufd", "the same with iommufd");
	tear_down();
	return tap_done();
}
