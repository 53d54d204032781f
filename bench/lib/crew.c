// SPDX-License-Identifier: MIT
/*
 * Processes that all do the same, at the same time
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crew.h"
#include "tap.h"
#include "timer.h"

/* Functions have the same address in all processes. */
struct order {
	crew_cycle cycle;
	int times;
};

static __attribute__((noreturn)) void member(int sock, int number,
					     void *(*prepare)(int number))
{
	struct order order;
	void *data;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	data = prepare(number);
	while (recv(sock, &order, sizeof(order), 0) == sizeof(order)) {
		for (int i = 0; i < order.times; i++)
			order.cycle(data);
		if (send(sock, "", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	_exit(0);
}

void crew_start(struct crew *crew, int processes, void *(*prepare)(int number))
{
	int socks[2];

	crew->nr = 0;
	while (crew->nr < processes) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			       socks))
			bail("socketpair() fails");
		crew->pids[crew->nr] = fork();
		if (crew->pids[crew->nr] < 0)
			bail("fork() fails");
		if (!crew->pids[crew->nr])
			member(socks[1], crew->nr, prepare);
		close(socks[1]);
		crew->socks[crew->nr++] = socks[0];
	}
}

void crew_stop(struct crew *crew)
{
	for (int i = 0; i < crew->nr; i++) {
		kill(crew->pids[i], SIGKILL);
		waitpid(crew->pids[i], NULL, 0);
		close(crew->socks[i]);
	}
}

double crew_run(const struct crew *crew, crew_cycle cycle, int times)
{
	struct order order = { cycle, times };
	double began = now_ns();
	char byte;

	for (int i = 0; i < crew->nr; i++)
		if (send(crew->socks[i], &order, sizeof(order), MSG_NOSIGNAL) !=
		    sizeof(order))
			bail("a process of the crew is gone");
	for (int i = 0; i < crew->nr; i++)
		if (recv(crew->socks[i], &byte, 1, 0) != 1)
			bail("a process of the crew is gone");
	return (now_ns() - began) / 1e3 / crew->nr / times;
}
