// SPDX-License-Identifier: MIT
/*
 * The descriptors that a command gets: of a lease, and of its interrupts
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "handover.h"
#include "queue.h"
#include "text.h"

static int add_eventfd(struct handover *handover)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	handover->fd[handover->nr++] = fd;
	return fd;
}

static int add_interrupts(struct barlease_client *client,
			  const struct barlease_lease *lease,
			  struct handover *handover)
{
	int ret = 0;

	while (ret >= 0 && handover->vectors < lease->interrupts) {
		ret = add_eventfd(handover);
		if (ret >= 0)
			ret = barlease_client_set_interrupt(client, lease->id,
							    handover->vectors++,
							    ret);
	}
	if (ret >= 0 && lease->interrupt_kind == BARLEASE_INTX) {
		ret = add_eventfd(handover);
		if (ret >= 0)
			ret = barlease_client_set_unmask(client, lease->id, ret);
	}
	return ret < 0 ? ret : 0;
}

int handover_new(const struct verb *verb, struct barlease_client *client,
		 const struct barlease_lease *lease, bool irqs,
		 struct handover *handover)
{
	const char *why;
	int ret;

	*handover = (struct handover){
		/* With room for what unmasks */
		.fd = calloc(lease->interrupts + 2, sizeof(int)),
	};
	if (!handover->fd)
		err(EXIT_FAILURE, "descriptors");
	handover->fd[handover->nr++] = lease->fd;
	if (!irqs)
		return EXIT_SUCCESS;
	if (!lease->interrupts)
		return failed(verb, "%s has no interrupts", lease->name);
	ret = add_interrupts(client, lease, handover);
	if (!ret)
		return EXIT_SUCCESS;
	why = barlease_client_error(client);
	return failed_by(verb, ret, "interrupts of %s: %s", lease->name,
			 *why ? why : strerror(-ret));
}

void handover_free(struct handover *handover)
{
	unsigned int i;

	for (i = 0; i < handover->nr; i++)
		close(handover->fd[i]);
	free(handover->fd);
}

/* Out of the way first: any of them may be where another one goes. */
int handover_renumber(struct handover *handover, int first)
{
	int nr = (int)handover->nr, i;

	for (i = 0; i < nr; i++) {
		handover->fd[i] = fcntl(handover->fd[i], F_DUPFD_CLOEXEC,
					first + nr);
		if (handover->fd[i] < 0)
			return -errno;
	}
	for (i = 0; i < nr; i++) {
		if (dup2(handover->fd[i], first + i) < 0)
			return -errno;
		handover->fd[i] = first + i;
	}
	return 0;
}

void export_text(const char *name, const char *value)
{
	if (setenv(name, value, 1))
		err(EXIT_FAILURE, "%s", name);
}

void export_number(const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	export_text(name, text);
}

/* "5,6,7"; there may be thousands */
static void export_vectors(const struct handover *handover)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	unsigned int i;

	if (!to)
		err(EXIT_FAILURE, "descriptors");
	for (i = 1; i <= handover->vectors; i++)
		fprintf(to, "%s%d", i > 1 ? "," : "", handover->fd[i]);
	if (!text_close(to, &text))
		err(EXIT_FAILURE, "descriptors");
	export_text("BARLEASE_IRQ_FDS", text);
	free(text);
}

void handover_export(const struct handover *handover,
		     const struct barlease_lease *lease)
{
	static const char *const names[] = {
		"BARLEASE_DMA", "BARLEASE_INTERRUPTS", "BARLEASE_INTERRUPT_KIND",
		"BARLEASE_IRQ_FDS", "BARLEASE_UNMASK_FD",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		unsetenv(names[i]);
	export_number("BARLEASE_FD", handover->fd[0]);
	if (lease->dma)
		export_number("BARLEASE_DMA", lease->dma);
	if (lease->interrupts) {
		export_number("BARLEASE_INTERRUPTS", lease->interrupts);
		export_text("BARLEASE_INTERRUPT_KIND",
			    interrupt_kind_name(lease->interrupt_kind));
	}
	if (handover->vectors)
		export_vectors(handover);
	if (handover->nr > 1 + handover->vectors)
		export_number("BARLEASE_UNMASK_FD",
			      handover->fd[handover->nr - 1]);
}

int handover_keep(const struct handover *handover)
{
	unsigned int i;

	for (i = 0; i < handover->nr; i++)
		if (fcntl(handover->fd[i], F_SETFD, 0))
			return -errno;
	return 0;
}
