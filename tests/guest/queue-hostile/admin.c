// SPDX-License-Identifier: MIT
/*
 * What an administrator does, alone and while a client waits for an answer; and who
 * leaves
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "broker-lib.h"
#include "broker.h"
#include "clock.h"
#include "hand.h"
#include "shadow.h"
#include "steps.h"

/* ---- Alone -------------------------------------------------------------- */

/* False where that is to be asked again: a reset between holders is over soon */
static bool try_order(const char *words)
{
	char answer[256];

	if (admin_ask(world.admin, words, answer, sizeof(answer)))
		return true;
	if (!strncmp(answer, "error busy ", 11))
		return false;
	wrong("%s: %s", words, answer);
	return true;
}

static void order(const char *words)
{
	if (!comes_true(try_order(words)))
		wrong("%s: busy", words);
}

/* All of a user's, or of a slice */
void step_revoke(const struct step *step)
{
	uid_t uid = step->a % 3 ? 0 : world.clients[step->client].uid;
	char words[64];

	if (uid)
		snprintf(words, sizeof(words), "revoke uid=%u", uid);
	else
		snprintf(words, sizeof(words), "revoke slice=%s",
			 slices[step->slice].name);
	order(words);
	for (int i = 0; i < SLICES; i++) {
		int who = world.leases[i].holder;

		if (who != NOBODY && (uid ? world.clients[who].uid == uid :
					    i == step->slice))
			lease_ends(i);
	}
}

void step_reload(const struct step *step)
{
	broker_choose(step->a % VARIANTS);
}

void step_reset(const struct step *step)
{
	int device = slices[step->slice].device;
	char words[64];

	snprintf(words, sizeof(words), "reset device=%s",
		 world.devices[device].edu.dev.name);
	order(words);
	flight_is_shaken(device);
}

void step_broker(const struct step *step)
{
	if (broker_finish(step->a % 4 ? SIGKILL : SIGTERM))
		broker_begin();
}

/* ---- Who leaves --------------------------------------------------------- */

static void hang_up(int client, bool forget)
{
	peer_call(&world.clients[client].peer, hand_hang_up, -1, ARGS(forget));
	client_leaves(client);
}

static void replace(int client)
{
	struct client *who = &world.clients[client];

	peer_kill(&who->peer);
	who->peer = client_process(who->uid);
	client_leaves(client);
}

void step_leave(const struct step *step)
{
	if (step->a % 3)
		hang_up(step->client, step->a % 3 == 1);
	else
		replace(step->client);
}

void all_leave(void)
{
	for (int i = 0; i < CLIENTS; i++)
		hang_up(i, true);
	shadow_judge(false);
	if (!is_wrong() && !comes_true(broker_is_clean()))
		wrong("whoever has left has left a file or a DMABUF");
}

/* ---- In the middle of what a client asks for ---------------------------- */

/*
 * An address that nobody is told of must not be one that DMA is on its way to; limits
 * change with what others have; and what the dead have asked for to get may come when
 * all seems to be over.
 */
static bool can_be(const struct request *request, bool dies)
{
	if (request->fn == hand_acquire)
		return !dies;
	return request->fn != hand_map ||
	       (!request->error && end_dma(slices[request->slice].device));
}

/* Was what it asks for about a lease that is still there? Or has it got one since? */
static bool stays(const struct request *request, uint32_t id, long ret)
{
	if (request->fn == hand_acquire)
		return ret > 0 && broker_holds(request->slice) == ret;
	return world.leases[request->slice].holder == request->client &&
	       world.leases[request->slice].id == id;
}

void step_middle(const struct step *step)
{
	static const make_fn makes[] = {
		make_acquire, make_release, make_map, make_unmap, make_arm,
	};
	static const step_fn others[] = {
		step_reset, step_reset, step_revoke, step_revoke, step_reload,
		step_broker, NULL, NULL,
	};
	step_fn other = others[step->b / 8 % ARRAY_SIZE(others)];
	struct request request;
	uint32_t id;
	long ret;

	if (!makes[step->b / 64 % ARRAY_SIZE(makes)](step, &request) ||
	    !can_be(&request, !other))
		return;
	count(MIDDLES);
	id = world.leases[request.slice].id;
	request_begin(&request);
	if (!other) {
		replace(request.client);
		return;
	}
	other(step);
	ret = peer_result(&world.clients[request.client].peer);
	if (ret == -ETIMEDOUT)
		wrong("the broker has not answered");
	/* Others may have let go of what was busy */
	if (request.fn == hand_acquire)
		request.error = 0;
	if (!is_wrong() && stays(&request, id, ret))
		request_end(&request, ret);
}
