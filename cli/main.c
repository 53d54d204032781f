// SPDX-License-Identifier: MIT
/*
 * barlease: leases of PCI BAR slices, from the command line
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* In the order of --help: from a device without a driver to its leases' end */
static const struct verb *const verbs[] = {
	&list_verb, &bind_verb, &unbind_verb, &wc_verb, &dmabuf_verb,
	&doctor_verb, &report_verb, &slices_verb, &acquire_verb, &peek_verb,
	&poke_verb, &devices_verb, &show_verb, &ps_verb, &top_verb,
	&revoke_verb, &pause_verb, &resume_verb, &reset_verb, &reload_verb,
	&restart_verb, &watch_verb, &metrics_verb, &grant_verb, &grants_verb,
	&ungrant_verb, &cdi_verb,
	NULL,
};

static void help(FILE *to)
{
	size_t i;

	fputs("usage: barlease VERB [OPTION...] [OPERAND...]\n"
	      "Leases of slices of PCI BARs.\n\n", to);
	for (i = 0; verbs[i]; i++)
		fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	fputs("\n  -h, --help     this; with VERB before it, more of a verb\n"
	      "  -V, --version\n\n"
	      "Ends with 0 when all went well, 2 when it was called wrongly, 3 when what it\n"
	      "is about is not there, 4 when that is denied, 5 when it is in use, 6 when the\n"
	      "lease was revoked, 1 when something else failed; 'acquire' with what the\n"
	      "command ends with.\n", to);
}

static void help_verb(const struct verb *verb)
{
	printf("usage: barlease %s [OPTION...]%s%s\n%c%s.\n", verb->name,
	       *verb->operands ? " " : "", verb->operands,
	       verb->summary[0] - 'a' + 'A', verb->summary + 1);
	if (verb->details)
		printf("\n%s", verb->details);
	fputs("\nOptions:\n", stdout);
	options_describe(verb, stdout);
	printf("\nExamples:\n%s", verb->examples);
}

static const struct verb *find(const char *name)
{
	size_t i;

	for (i = 0; verbs[i]; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

/* What was not written has failed, even if the kernel tells only now. */
static int finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "barlease: standard output: %m\n");
	return EXIT_FAILURE;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct options options;
	int first;

	first = options_parse(verb, argc, argv, &options);
	if (first < 0)
		return EXIT_USAGE;
	if (!first) {
		help_verb(verb);
		return EXIT_SUCCESS;
	}
	argc -= first;
	argv += first;
	if (argc < verb->min)
		return misused(verb, "%s", argc ? "too few operands" :
						  "an operand is missing");
	if (verb->max >= 0 && argc > verb->max)
		return misused(verb, "\"%s\" is one operand too many",
			       argv[verb->max]);
	return verb->run(verb, &options, argc, argv);
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	/* A reader that has had enough is told by finish(), not by a signal. */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		help(stdout);
		return finish(EXIT_SUCCESS);
	}
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		puts("barlease " BARLEASE_VERSION);
		return finish(EXIT_SUCCESS);
	}
	verb = find(argv[1]);
	if (!verb) {
		fprintf(stderr, "barlease: no verb \"%s\"; 'barlease --help' shows them\n",
			argv[1]);
		return EXIT_USAGE;
	}
	return finish(run(verb, argc - 1, argv + 1));
}
