// SPDX-License-Identifier: MIT
/*
 * An NVMe driver that owns nothing: reads and writes a disk by a lease of the
 * controller's registers, with interrupts and memory. It needs no privilege and no
 * file of VFIO, and the disk can be taken from it at any moment
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nvme.h"

static const char usage[] =
	"usage: nvme-worker [--poll] [--depth N] [--socket PATH] SLICE COMMAND\n"
	"  identify          say what disk it is\n"
	"  read LBA COUNT    blocks to stdout\n"
	"  write LBA COUNT   blocks from stdin\n"
	"  bench SECONDS     random reads of 4 KiB, N at a time\n"
	"Ends with 1 for an error, 2 for a wrong command line, 3 where the lease was\n"
	"taken back.\n";

#define EXIT_USAGE	2
#define EXIT_REVOKED	3

#define BENCH_BYTES	4096
/* Between two looks at the clock, which may be a device itself */
#define BENCH_READS	64

struct job {
	struct nvme nvme;
	const char *command;
	uint64_t numbers[2];
};

static int identify(struct job *job)
{
	const struct nvme *nvme = &job->nvme;

	printf("model %s\nserial %s\nfirmware %s\nblocks %" PRIu64 " of %u bytes\n",
	       nvme->model, nvme->serial, nvme->firmware, nvme->blocks,
	       nvme->block);
	return 0;
}

static int fail(struct job *job, int error, const char *why)
{
	snprintf(job->nvme.why, sizeof(job->nvme.why), "%s", why);
	return error;
}

/* A slot's worth of it, and what is left at the end */
static int transfer(struct job *job, bool write)
{
	uint64_t block = job->numbers[0], left = job->numbers[1];
	struct nvme *nvme = &job->nvme;
	const unsigned int most = NVME_SLOT_SIZE / nvme->block;
	unsigned char *data = nvme_slot(nvme, 0);
	int ret = 0;

	if (block > nvme->blocks || left > nvme->blocks - block)
		return fail(job, -EINVAL, "the disk has fewer blocks");
	while (left && ret >= 0) {
		unsigned int count = left < most ? left : most;
		size_t size = (size_t)count * nvme->block;

		if (write && fread(data, 1, size, stdin) != size)
			return fail(job, -EINVAL, "stdin has fewer bytes");
		nvme_submit(nvme, 0, write, block, count);
		ret = nvme_wait(nvme);
		if (!write && ret >= 0 && fwrite(data, 1, size, stdout) != size)
			return fail(job, -EIO, "stdout takes no more");
		block += count;
		left -= count;
	}
	return ret < 0 ? ret : 0;
}

static int do_read(struct job *job)
{
	return transfer(job, false);
}

static int do_write(struct job *job)
{
	return transfer(job, true);
}

static double now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void submit_random(struct nvme *nvme, unsigned int slot)
{
	const unsigned int count = BENCH_BYTES / nvme->block;
	uint64_t places = nvme->blocks / count;

	nvme_submit(nvme, slot, false,
		    ((uint64_t)random() << 31 ^ random()) % places * count,
		    count);
}

static int bench(struct job *job)
{
	struct nvme *nvme = &job->nvme;
	unsigned int pending = nvme->depth;
	double start = now(), took = 0;
	uint64_t reads = 0;
	int slot;

	printf("%s, %u at a time, by %s\n", nvme->model, pending,
	       nvme->io.interrupt < 0 ? "polling" : "interrupt");
	fflush(stdout);
	for (unsigned int i = 0; i < pending; i++)
		submit_random(nvme, i);
	while (pending) {
		slot = nvme_wait(nvme);
		if (slot < 0)
			return slot;
		if (!(++reads % BENCH_READS))
			took = now() - start;
		if (took < job->numbers[0])
			submit_random(nvme, slot);
		else
			pending--;
	}
	printf("%.0f reads of %d bytes a second\n", reads / (now() - start),
	       BENCH_BYTES);
	return 0;
}

static const struct {
	const char *name;
	int nr_numbers;
	int (*run)(struct job *job);
} commands[] = {
	{ "identify", 0, identify },
	{ "read", 2, do_read },
	{ "write", 2, do_write },
	{ "bench", 1, bench },
};

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static int work(void *arg)
{
	struct job *job = arg;
	int ret = nvme_start(&job->nvme), error;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, job->command))
			ret = commands[i].run(job);
	if (ret == -ESTALE)
		return ret;
	/* What is wrong is what was wrong first */
	error = ret ? 0 : nvme_stop(&job->nvme);
	return ret ?: error;
}

static void wrong(void)
{
	fputs(usage, stderr);
	exit(EXIT_USAGE);
}

static uint64_t number(const char *text, uint64_t most)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || value > most)
		wrong();
	return value;
}

static void understand(struct job *job, int nr, char **words)
{
	size_t i = 0;

	if (!nr)
		wrong();
	job->command = words[0];
	while (i < ARRAY_SIZE(commands) && strcmp(commands[i].name, words[0]))
		i++;
	if (i == ARRAY_SIZE(commands) || nr - 1 != commands[i].nr_numbers)
		wrong();
	for (int n = 1; n < nr; n++)
		job->numbers[n - 1] = number(words[n], UINT64_MAX);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "poll", no_argument, NULL, 'p' },
		{ "depth", required_argument, NULL, 'd' },
		{ "socket", required_argument, NULL, 's' },
		{ 0 },
	};
	const char *socket = NULL;
	unsigned int depth = 1;
	struct job job = { 0 };
	bool poll = false;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'p')
			poll = true;
		else if (option == 'd')
			depth = number(optarg, NVME_DEPTH_MAX);
		else if (option == 's')
			socket = optarg;
		else
			wrong();
	}
	if (!depth || argc - optind < 2)
		wrong();
	understand(&job, argc - optind - 1, argv + optind + 1);
	ret = nvme_open(&job.nvme, socket, argv[optind], depth, poll);
	if (!ret)
		ret = barlease_guard(job.nvme.registers, job.nvme.lease.size,
				     work, &job);
	if (ret == -ESTALE)
		errx(EXIT_REVOKED, "%s", *job.nvme.why ? job.nvme.why :
							 "the lease was taken back");
	if (ret)
		errx(EXIT_FAILURE, "%s",
		     *job.nvme.why ? job.nvme.why : strerror(-ret));
	nvme_close(&job.nvme);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
