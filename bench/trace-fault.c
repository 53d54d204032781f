// SPDX-License-Identifier: MIT
/*
 * What one fault does, as the kernel's function tracer shows it, and how many
 * there are: with the stock vfio-pci, which brings in a page at a time, and with
 * this driver
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "faults.h"
#include "kernel.h"
#include "lease.h"
#include "map.h"
#include "pagetable.h"
#include "sysfs.h"
#include "tap.h"

#define TRACING	"/sys/kernel/tracing/"
#define SIZE	MIB(64)

static void put(const char *file, const char *text)
{
	char path[256];
	int ret;

	snprintf(path, sizeof(path), TRACING "%s", file);
	ret = file_write(path, text);
	if (ret)
		bail("%s: cannot write \"%s\": %s", path, text, strerror(-ret));
}

/* Away with what the file had before */
static void clear(const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		bail("%s: %s", path, strerror(errno));
	close(fd);
}

/*
 * What is worth a line; no kernel has them all. Not each of hundreds of PTEs,
 * nor the interrupts in between.
 */
static const char *const functions[] = {
	"lock_vma_under_rcu", "lock_mm_and_find_vma", "handle_mm_fault",
	"do_fault", "__do_fault", "pte_alloc_one", "__pte_alloc",
	"vfio_pci_mmap*", "vmf_insert_pfn*", "lookup_memtype",
	"pfnmap_setup_cachemode*", "pat_pfn_immune_to_uc_mtrr",
	"__get_locked_pte", "down_read", "down_read_trylock", "up_read",
	"apply_to_page_range", ":mod:barlease_vfio_pci",
};

static bool have_tracer(void)
{
	char tracers[256] = "";

	file_read(TRACING "available_tracers", tracers, sizeof(tracers));
	return strstr(tracers, "function_graph");
}

static void tracer_on(void)
{
	char pid[16], text[64];

	snprintf(pid, sizeof(pid), "%d", gettid());
	put("tracing_on", "0");
	put("set_ftrace_pid", pid);
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		snprintf(text, sizeof(text), TRACING "set_ftrace_filter");
		file_write(text, functions[i]);
	}
	put("set_ftrace_notrace", "fill_pte");
	put("options/funcgraph-irqs", "0");
	put("options/funcgraph-cpu", "0");
	put("current_tracer", "function_graph");
	put("trace", "\n");
}

static void tracer_off(void)
{
	put("current_tracer", "nop");
	clear("set_ftrace_filter");
	clear("set_ftrace_notrace");
	clear("set_ftrace_pid");
}

/* The calls that switch the tracer off have these, under nothing else */
static const char *const outside[] = { "|  down_read()", "|  up_read()" };

static int show(void)
{
	char line[256];
	int lines = 0;
	FILE *file = fopen(TRACING "trace", "re");

	if (!file)
		bail("no trace: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0] || strstr(line, outside[0]) ||
		    strstr(line, outside[1]))
			continue;
		diag("%s", line);
		lines++;
	}
	fclose(file);
	return lines;
}

static void one_fault(int device, uint64_t offset)
{
	mapping_t at;

	if (!have_tracer()) {
		skip("this kernel has no function_graph",
		     "the tracer saw the fault");
		return;
	}
	at = map_aligned(device, offset, SIZE, RW, MIB(2), PAGE);
	tracer_on();
	put("tracing_on", "1");
	(void)*(const volatile uint32_t *)(at + MIB(1));
	put("tracing_on", "0");
	ok(show() > 5, "the tracer saw the fault");
	tracer_off();
	put("tracing_on", "1");
	diag("pages that it brought in: %zu",
	     pages_present(at, MIB(8)));
	unmap(at, SIZE);
}

static void all_faults(int device, uint64_t offset, long want)
{
	mapping_t at = map_aligned(device, offset, SIZE, RW, MIB(2), PAGE);
	int64_t start = now_us();
	long count = faults_of_touching(at, SIZE, PAGE);
	int64_t took = now_us() - start;

	is_int(count, want, "first touch of 64 MiB, a page off: %ld faults",
	       count);
	diag("that took %lld us", (long long)took);
	unmap(at, SIZE);
}

static void driver(const char *name, long faults_wanted)
{
	struct vfio small = vfio_open(dev_small());
	uint64_t offset = vfio_region(&small, BAR2).offset;

	diag("%s", name);
	/* The host's pages come first */
	all_faults(small.device, offset, faults_wanted);
	all_faults(small.device, offset, faults_wanted);
	one_fault(small.device, offset);
	vfio_close(&small);
}

int main(void)
{
	if (!module_load("vfio-pci", NULL) &&
	    !pci_bind(dev_small(), STOCK_DRIVER)) {
		driver(STOCK_DRIVER, SIZE / PAGE);
		is_ok(pci_bind(dev_small(), OUR_DRIVER),
		      "the device is ours again");
		module_unload("vfio_pci");
	} else {
		skip("there is none", "stock vfio-pci, to compare with");
	}
	driver(OUR_DRIVER, 33);
	return tap_done();
}
