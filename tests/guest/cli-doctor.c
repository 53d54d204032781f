// SPDX-License-Identifier: MIT
/*
 * barlease doctor finds what is usually wrong, each for real: it says that and
 * nothing else, the command that it names mends it, and then it is content
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli-run.h"
#include "clock.h"
#include "kernel.h"
#include "lease.h"
#include "peer.h"
#include "sysfs.h"
#include "tap.h"
#include "vfio.h"

/* Where broker_start() has it, too */
#define CONFIG		"/tmp/barleased.conf"
#define MODE		"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
#define WORKER		1001

#define DOCTOR		CLI_AS(who, "doctor", "--config", CONFIG)

static struct bdf dev;
static uid_t who;
/* What it says while all is as it should be */
static char before[sizeof(((struct run *)0)->out)];

/* ---- What it finds ----------------------------------------------------- */

static bool is_finding(const char *line)
{
	return !strncmp(line, "bad ", 4) || !strncmp(line, "note ", 5);
}

/* The first one that was not there before; and how many there are */
static int findings(const struct run *run, const char **first)
{
	const char *line, *end;
	char text[512];
	int n = 0;

	*first = "";
	for (line = run->out; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		snprintf(text, sizeof(text), "%.*s\n", (int)(end - line), line);
		if (!is_finding(line) || strstr(before, text))
			continue;
		if (!n++)
			*first = line;
	}
	return n;
}

static void is_content(const char *when)
{
	const struct run *run = DOCTOR;
	const char *first;

	if (!is_int(findings(run, &first), 0, "%s: it finds nothing", when))
		cli_show(run);
	is_int(run->status, 0, "and ends with 0");
}

static void start_over(void)
{
	const struct run *run = DOCTOR;

	cli_is(run, 0, "doctor, when nothing is wrong");
	snprintf(before, sizeof(before), "%s", run->out);
	ok(!strstr(before, "bad "), "nothing is bad");
}

/* The line behind the finding's that begins with "#", without that; or "" */
static void command_of(const char *finding, char *command, size_t size)
{
	const char *line = strchr(finding, '\n');

	command[0] = '\0';
	while (line && line[1] == ' ') {
		line += 1 + strspn(line + 1, " ");
		if (!strncmp(line, "# ", 2))
			snprintf(command, size, "%.*s",
				 (int)strcspn(line + 2, "\n"), line + 2);
		line = strchr(line, '\n');
	}
}

/* It finds this and nothing else; @command receives what mends it */
static void finds(const struct run *run, int status, const char *what,
		  char *command, size_t size)
{
	const char *first;
	char line[384];

	if (!is_int(findings(run, &first), 1, "it finds one thing"))
		cli_show(run);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(first, "\n"), first);
	if (!ok(strstr(line, what), "and that is: %s", what))
		diag("  %s", line);
	is_int(run->status, status, "it ends with %d", status);
	command_of(first, command, size);
}

/* The command is this, and mends it */
static void mends(const char *command, const char *want)
{
	if (!ok(strstr(command, want), "what mends it: %s", want))
		diag("  \"%s\"", command);
	is_int(system(command), 0, "that works");	/* NOLINT(cert-env33-c) */
	is_content("after that");
}

static void found_and_mended(const char *what, const char *command)
{
	char said[256];

	finds(DOCTOR, 1, what, said, sizeof(said));
	mends(said, command);
}

static void configure(const char *config)
{
	FILE *file = fopen(CONFIG, "we");

	if (!file || fputs(config, file) == EOF || fclose(file))
		bail(CONFIG ": %s", strerror(errno));
}

static const char *section(struct bdf which, const char *rest)
{
	static char text[512];

	snprintf(text, sizeof(text), "[device %s]\n%s", which.name, rest);
	return text;
}

#define SLICE "[slice a]\nbar = 2\nranges = 0+4K\nusers = *\n"

/* ---- The kernel and its modules ----------------------------------------- */

static void no_iommu_mode(void)
{
	if (access(MODE, F_OK)) {
		skip("this kernel has no CONFIG_VFIO_NOIOMMU", "its mode");
		return;
	}
	is_ok(file_write(MODE, "Y"), "somebody has turned no-IOMMU mode on");
	found_and_mended("VFIO also gives out devices that have none",
			 "echo N >" MODE);
}

static void type1_is_missing(void)
{
	if (kernel_has_iommufd() || module_unload("vfio_iommu_type1")) {
		skip("this kernel does not do without", "vfio_iommu_type1");
		return;
	}
	found_and_mended("vfio_iommu_type1 is there, but not loaded",
			 "modprobe vfio_iommu_type1");
}

static void driver_is_missing(void)
{
	is_ok(module_unload(OUR_MODULE), "the driver is unloaded");
	found_and_mended(OUR_DRIVER " is there, but not loaded",
			 "modprobe " OUR_DRIVER);
}

/* ---- Devices ------------------------------------------------------------ */

/* Nothing remembers another driver, which may be gone by the time of an unbind. */
static void as_it_was(struct bdf which)
{
	cli_is(CLI("unbind", which.name), 0, "it is given back");
	is_ok(pci_bind(which, OUR_DRIVER), "and bound as init bound it");
}

static void unbound(void)
{
	cli_is(CLI("unbind", dev.name), 0, "the device is unbound");
	found_and_mended("is barleased's, and without a driver", "barlease bind");
	is_ok(pci_unbind(dev), "it loses its driver");
	is_ok(pci_write(dev, "driver_override", "nobody"),
	      "and somebody has written a driver that there is not");
	found_and_mended("its driver_override is nobody", "barlease bind");
}

static void bound_to_stock(void)
{
	if (module_load("vfio-pci", NULL)) {
		skip("there is no vfio-pci", "a device that it has");
		return;
	}
	is_ok(pci_bind(dev, STOCK_DRIVER), "vfio-pci has the device");
	found_and_mended("is barleased's, and bound to vfio-pci",
			 "barlease bind");
	as_it_was(dev);
	stock_is_unloaded();
}

static bool has_link(void)
{
	return !access("/sys/class/net/eth0", F_OK);
}

static void at_work(void)
{
	struct bdf card = dev_card();

	if (module_load("igb", NULL) || pci_bind(card, "igb")) {
		skip("this guest has no igb", "a network card at work");
		pci_bind(card, OUR_DRIVER);
		return;
	}
	configure(section(card, ""));
	if (!comes_true(has_link()))
		bail("there is no eth0");
	/* NOLINTNEXTLINE(cert-env33-c) */
	is_int(system("ip link set eth0 up"), 0, "a network card is at work");
	found_and_mended("in use by igb: the network link eth0 is up",
			 "ip link set eth0 down && barlease bind");
	as_it_was(card);
	configure(section(dev, SLICE));
}

static void in_one_group(void)
{
	struct bdf edu = dev_edu();

	if (module_load("uio_pci_generic", NULL)) {
		skip("this guest has no uio_pci_generic", "a shared group");
		return;
	}
	is_ok(pci_bind(edu, "uio_pci_generic"),
	      "one of two in an IOMMU group gets another driver");
	found_and_mended("is in the same IOMMU group", "barlease bind");
	as_it_was(edu);
}

static void open_to_all(void)
{
	char path[256], target[256] = "", node[300];

	pci_path(dev, "iommu_group", path, sizeof(path));
	if (readlink(path, target, sizeof(target) - 1) < 0)
		bail("%s has no IOMMU group", dev.name);
	snprintf(node, sizeof(node), "/dev/vfio%s", strrchr(target, '/'));
	is_ok(chmod(node, 0666), "everybody may open the device");
	found_and_mended("everybody can open /dev/vfio/", "chmod o= /dev/vfio/");
}

static long opens(int fd, const long *args)
{
	(void)fd;
	(void)args;
	vfio_open(dev);
	return 0;
}

static void held_by_others(void)
{
	struct peer holder = peer_start();

	is_int(peer_call(&holder, opens, -1, ARGS(0)), 0,
	       "another process opens the device");
	found_and_mended("(cli-doctor) has /dev/vfio/", "kill ");
	peer_kill(&holder);
}

/* ---- The configuration -------------------------------------------------- */

/* Its line mends it, which @good has */
static void line_is_wrong(const char *config, const char *what,
			  const char *advice)
{
	const struct run *run;
	char command[256];

	configure(config);
	run = DOCTOR;
	finds(run, 1, what, command, sizeof(command));
	cli_says(run, advice);
	configure(section(dev, SLICE));
	is_content("with that line mended");
}

static void lines_are_wrong(void)
{
	struct bdf nowhere = { "0000:fe:00.0" };

	line_is_wrong(section(dev, "[slice a]\nbra = 2\n"
			      "bar = 2\nranges = 0+4K\nusers = *\n"),
		      CONFIG ":3: unknown key \"bra\"", "mend that line");
	line_is_wrong(section(nowhere, SLICE),
		      "0000:fe:00.0 is not there, and " CONFIG " wants it (line 1)",
		      "name it as 'barlease list' does");
	if (kernel_has_iommufd())
		skip("this kernel has iommufd", "backend = iommufd without it");
	else
		line_is_wrong(section(dev, "backend = iommufd\n" SLICE),
			      "is to be opened by iommufd (line 1)",
			      "'backend = group'");
}

/* ---- The broker --------------------------------------------------------- */

/* There is no systemctl in the guest, and the test starts it. */
static void not_running(void)
{
	char command[256];

	broker_stop();
	finds(DOCTOR, 0, "nobody is at /run/barlease/socket", command,
	      sizeof(command));
	ok(!strcmp(command, "systemctl start barleased"),
	   "what mends it: systemctl start barleased");
	broker_start(section(dev, SLICE));
	is_content("when it runs");
}

static bool is_said(const char *what)
{
	return strstr(DOCTOR->out, what);
}

/* A broker that starts refuses it; one that meets the device later leaves it. */
static void does_not_fit(void)
{
	char command[256];

	broker_stop();
	cli_is(CLI("unbind", dev.name), 0, "the device is unbound");
	broker_start(section(dev, "[slice a]\nbar = 2\nranges = 1024G+4K\nusers = *\n"));
	cli_is(CLI("bind", dev.name), 0, "and bound again");
	ok(comes_true(is_said("does not take")), "the broker looks at it");
	finds(DOCTOR, 1, "[slice a] ends at", command, sizeof(command));
	configure(section(dev, SLICE));
	ok(!strcmp(command, "barlease reload"), "what mends it: barlease reload");
	is_int(system(command), 0, "that works");	/* NOLINT(cert-env33-c) */
	ok(comes_true(!is_said("bad ")), "and the broker takes it");
	is_content("after that");
}

static void socket_is_closed(void)
{
	char command[256];

	who = WORKER;
	start_over();
	broker_stop();
	broker_start(section(dev, SLICE "[broker]\nsocket-mode = 0600\n"));
	finds(DOCTOR, 1, "whose mode 600 keeps this user out", command,
	      sizeof(command));
	broker_stop();
	broker_start(section(dev, SLICE "[broker]\nsocket-mode = 0666\n"));
	is_content("with socket-mode = 0666");
	who = 0;
	start_over();
}

/* There is no prlimit in the guest; the test does what that would. */
static void little_memory(void)
{
	const struct rlimit little = { MIB(1), MIB(1) };
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	char command[256] = "";
	int pid = 0;

	broker_stop();
	if (prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) ||
	    setrlimit(RLIMIT_MEMLOCK, &little))
		bail("no limit: %s", strerror(errno));
	broker_start(section(dev, SLICE "exclusive = yes\ndma = 16M\n"));
	finds(DOCTOR, 1, "(barleased) may lock 1 MiB of memory", command,
	      sizeof(command));
	ok(sscanf(command, "prlimit --pid %d --memlock=unlimited", &pid) == 1,
	   "what mends it: prlimit");
	is_ok(prlimit(pid, RLIMIT_MEMLOCK, &all, NULL), "that works");
	is_content("after that");
	broker_stop();
}

int main(void)
{
	NEEDS_SMALL_PAGES;
	unlink("/run/barlease/socket");
	dev = dev_small();
	configure(section(dev, SLICE));
	start_over();
	no_iommu_mode();
	type1_is_missing();
	driver_is_missing();
	unbound();
	bound_to_stock();
	at_work();
	in_one_group();
	open_to_all();
	held_by_others();
	lines_are_wrong();

	broker_start(section(dev, SLICE));
	start_over();
	not_running();
	does_not_fit();
	socket_is_closed();
	little_memory();
	as_it_was(dev);
	return tap_done();
}
