// SPDX-License-Identifier: MIT
/*
 * What keeps barleased from working is said by name; and what it takes from a
 * service manager, and from a user who is not root
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker-lib.h"
#include "kernel.h"
#include "lease.h"
#include "tap.h"

#define SLICE	"[slice a]\nbar=2\nranges=0+4K\nusers=*\n"

/* It does not start; the log has one line, and that says this */
static void fails(const char *words, const char *name)
{
	int status, lines;

	unlink(BROKER_LOG);
	status = broker_end(broker_try_start());
	lines = broker_log_lines();
	if (!ok(status == 1 && lines == 1 && broker_said(words), "%s", name)) {
		diag("  status %d; %d lines; want \"%s\"", status, lines,
		     words);
		broker_show_log();
	}
}

/* It starts all the same, says this, and waits for the device */
static pid_t waits(const char *words, const char *name)
{
	static char answer[1024];
	pid_t broker;
	int admin;

	unlink(BROKER_LOG);
	broker = broker_start();
	admin = admin_connect();
	admin_ask(admin, "devices", answer, sizeof(answer));
	close(admin);
	if (!ok(broker_said(words) && strstr(answer, " state=away why="),
		"%s: said, and waited for", name)) {
		diag("  want \"%s\"", words);
		broker_show_log();
	}
	return broker;
}

static void comes(pid_t broker, const char *name)
{
	if (!ok(broker_will_say(" is there"), "%s is taken", name))
		broker_show_log();
	is_int(broker_stop(broker), 0, "the broker ends with 0");
}

static void bad_files(void)
{
	static const char *const check[] = {
		"--check", "-c", BROKER_CONFIG, NULL,
	};
	static const char *const missing[] = { "-c", "/nowhere", NULL };

	broker_configure("[device %s]\nbar=2\n", dev_small().name);
	fails(BROKER_CONFIG ":2: unknown key \"bar\"; [device BDF] has backend",
	      "an unknown key is shown with its line");
	is_int(broker_end(broker_spawn(check)), 1, "--check finds it, too");
	broker_configure("[device %s]\n" SLICE, dev_small().name);
	unlink(BROKER_LOG);
	is_int(broker_end(broker_spawn(check)), 0, "--check likes a good file");
	ok(broker_said(BROKER_CONFIG " is good: 1 slices of 1 devices"),
	   "and says what is in it");
	is_int(broker_end(broker_spawn(missing)), 1, "a missing file: status 1");
	ok(broker_said("/nowhere: cannot be read: No such file or directory"),
	   "and the reason");
}

static void bad_slices(void)
{
	char words[128];

	broker_configure("[device %s]\n" SLICE
			 "[slice b]\nbar=2\nranges=63M+4K,63M+2M\nusers=*\n",
			 dev_small().name);
	fails(BROKER_CONFIG ":6: [slice b] ends at 0x4100000, and BAR2 of ",
	      "a slice past the BAR's end");
	broker_configure("[device %s]\n"
			 "[slice c]\nbar=2\nranges=1M+1M\nusers=*\ncount=64\n"
			 "stride=1M\n", dev_small().name);
	fails(BROKER_CONFIG ":2: [slice c]: c-63 ends at 0x4100000, and BAR2 of ",
	      "a template past the BAR's end");
	ok(broker_said("; count=63 is the most"), "with the most that fit");
	broker_configure("[device %s]\n"
			 "[slice d]\nbar=4\nranges=0+4K\nusers=*\n",
			 dev_small().name);
	snprintf(words, sizeof(words),
		 ":2: [slice d]: there can be no leases of BAR4 of %s; there can be of BAR",
		 dev_small().name);
	fails(words, "a BAR that is not there, with those that are");
	broker_configure("[device %s]\n"
			 "[slice d]\nbar=0\nranges=0+8K\nusers=*\n",
			 dev_small().name);
	snprintf(words, sizeof(words),
		 ":2: [slice d] ends at 0x2000, and BAR0 of %s at 0x1000",
		 dev_small().name);
	fails(words, "a BAR of less than a page is a page");
	broker_configure("[device %s]\n"
			 "[slice d]\nbar=0\nranges=0+4K\nusers=*\n",
			 dev_small().name);
	is_int(broker_stop(broker_start()), 0, "which can be a slice");
}

/* Says which slice of a template, and what to do; and that can be done */
static void msix_slices(void)
{
	struct bdf card = dev_card();
	char words[160];

	snprintf(words, sizeof(words),
		 ":2: [slice e]: e has bytes of 0+0x1000 in BAR3 of %s, where its MSI-X table",
		 card.name);
	broker_configure("[device %s]\n"
			 "[slice e]\nbar=3\nranges=4K+4K,0+4K\nusers=*\n",
			 card.name);
	fails(words, "a slice with the MSI-X table");
	ok(broker_said("leave those out, or give its interrupts away with msix = yes"),
	   "with what to do");
	broker_configure("[device %s]\n"
			 "[slice f]\nbar=3\nranges=4K+4K\nusers=*\ncount=3\n"
			 "stride=4K\n", card.name);
	fails(":2: [slice f]: f-1 has bytes of 0x2000+0x1000 in BAR3 of ",
	      "a template whose second slice has the pending bits");
	broker_configure("[device %s]\n"
			 "[slice g]\nbar=3\nranges=4K+4K\nusers=*\ncount=2\n"
			 "stride=8K\n"
			 "[slice h]\nbar=3\nranges=0+16K\nmsix=yes\nusers=*\n",
			 card.name);
	is_int(broker_stop(broker_start()), 0,
	       "slices between them, and one that says so, are good");
}

/* Asked for by name, no other way is taken instead */
static void bad_backend(void)
{
	if (kernel_has_iommufd()) {
		skip("this kernel has iommufd", "a backend that is not there");
		return;
	}
	broker_configure("[device %s]\nbackend=iommufd\n" SLICE,
			 dev_small().name);
	broker_stop(waits("this kernel has no /dev/iommu",
			  "a backend that is not there"));
}

static void two_brokers(void)
{
	static const char *const other_files[] = {
		"-c", BROKER_CONFIG, "--socket", BROKER_DIR "/socket2",
		"--admin", BROKER_DIR "/admin2", NULL,
	};
	char words[128];
	pid_t broker, other;

	broker_configure("[device %s]\n" SLICE, dev_small().name);
	broker = broker_start();
	other = broker_spawn(other_files);
	snprintf(words, sizeof(words),
		 "%s is another broker's: pid %d (barleased) has the lock",
		 dev_small().name, broker);
	if (!ok(broker_is_ready() && broker_said(words),
		"a second broker of the device says who has it"))
		broker_show_log();
	is_int(broker_stop(broker), 0, "the first one ends");
	comes(other, "which the second one has waited for: the device");

	broker = broker_start();
	broker_configure("[device %s]\n" SLICE, dev_big().name);
	snprintf(words, sizeof(words),
		 BROKER_SOCKET " is in use: pid %d (barleased) listens there",
		 broker);
	fails(words, "one with the same socket says who listens");
	ok(!access(BROKER_SOCKET, F_OK), "and leaves the socket alone");

	kill(broker, SIGKILL);
	broker_end(broker);
	ok(!access(BROKER_SOCKET, F_OK), "a broker that was killed leaves a socket");
	broker = broker_start();
	is_int(broker_stop(broker), 0, "which is no trouble to the next one");
}

static void device_in_use(void)
{
	struct vfio vfio = vfio_open(dev_small());
	char words[128];
	pid_t broker;

	broker_configure("[device %s]\n" SLICE, dev_small().name);
	snprintf(words, sizeof(words),
		 "%s is in use: pid %d (broker-errors) has its VFIO file open",
		 dev_small().name, getpid());
	broker = waits(words, "a device in use, by whom");
	vfio_close(&vfio);
	comes(broker, "one that is not in use any more");
}

/* Whatever it is called, it is not told to be replaced by itself. */
static void nothing_to_lease(const char *driver)
{
	char words[128];
	struct bdf smbus;

	if (!pci_find(&smbus, 0x8086, 0x2930, 4, 64)) {
		skip("this machine has no SMBus controller",
		     "a device with I/O ports only");
		return;
	}
	is_ok(pci_bind(smbus, driver), "a device with I/O ports only is bound");
	broker_configure("[device %s]\n", smbus.name);
	snprintf(words, sizeof(words),
		 "%s: barlease-vfio-pci cannot map leases of it; has it a memory BAR",
		 smbus.name);
	broker_stop(waits(words, "it has nothing to lease"));
	is_ok(pci_unbind(smbus), "it is unbound");
	is_ok(pci_write(smbus, "driver_override", "\n"), "and left alone");
}

static void other_drivers(void)
{
	char words[128];
	pid_t broker;

	broker_configure("[device 0000:ff:1f.7]\n");
	broker_stop(waits("there is no PCI device 0000:ff:1f.7",
			  "no such device"));

	pci_unbind(dev_edu());
	broker_configure("[device %s]\n", dev_edu().name);
	snprintf(words, sizeof(words),
		 "%s has no driver; it needs barlease-vfio-pci",
		 dev_edu().name);
	broker = waits(words, "a device without a driver");
	pci_bind(dev_edu(), OUR_DRIVER);
	comes(broker, "one that is bound to it");

	module_load("vfio-pci", NULL);
	pci_bind(dev_small(), STOCK_DRIVER);
	broker_configure("[device %s]\n" SLICE, dev_small().name);
	snprintf(words, sizeof(words), "%s: vfio-pci cannot make leases; barlease-vfio-pci can",
		 dev_small().name);
	if (kernel_at_least(6, 19))
		snprintf(words, sizeof(words), "%s: vfio-pci cannot",
			 dev_small().name);
	broker = waits(words, "a device of the stock driver's");
	pci_bind(dev_small(), OUR_DRIVER);
	comes(broker, "one that has changed its driver");
	module_unload("vfio_pci");
}

/* Our driver goes by the name of the stock one, and is not taken for it. */
static void stand_in(void)
{
	char words[128];
	pid_t broker;

	if (!stock_is_module()) {
		skip("vfio-pci is built into this kernel", "the stand-in");
		return;
	}
	is_ok(module_unload(OUR_MODULE), "the driver is unloaded");
	is_int(module_load(OUR_DRIVER, "stand_in=1"), 0,
	       "and loaded to stand in for vfio-pci");
	broker_configure("[device %s]\n" SLICE, dev_small().name);
	snprintf(words, sizeof(words),
		 "%s has no driver; it needs barlease-vfio-pci, which stands in for vfio-pci",
		 dev_small().name);
	broker = waits(words, "a device without the stand-in");
	is_ok(pci_bind(dev_small(), STOCK_DRIVER), "it gets the stand-in");
	comes(broker, "one that has it");
	nothing_to_lease(STOCK_DRIVER);
	is_ok(module_unload(OUR_MODULE), "the stand-in is unloaded");
	is_int(module_load(OUR_DRIVER, NULL), 0, "the driver is itself again");
	is_ok(pci_bind(dev_small(), OUR_DRIVER), "the device is bound to it");
}

static void bad_command_lines(void)
{
	static const char *const unknown[] = { "--frobnicate", NULL };
	static const char *const word[] = { "start", NULL };
	static const char *const version[] = { "--version", NULL };
	static const char *const help[] = { "--help", NULL };

	is_int(broker_end(broker_spawn(unknown)), 2, "an unknown option: status 2");
	is_int(broker_end(broker_spawn(word)), 2, "a stray word: status 2");
	is_int(broker_end(broker_spawn(version)), 0, "--version: status 0");
	unlink(BROKER_LOG);
	is_int(broker_end(broker_spawn(help)), 0, "--help: status 0");
	ok(broker_said("Usage: barleased"), "and some help");
}

static int listen_at(const char *path, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (void *)&at, sizeof(at)) || listen(fd, 16))
		bail("%s: %s", path, strerror(errno));
	return fd;
}

static void to_first_fds(int client, int admin)
{
	/* Out of the way of 3 and 4 first */
	int c = fcntl(client, F_DUPFD, 10), a = fcntl(admin, F_DUPFD, 10);

	dup2(c, 3);
	dup2(a, 4);
	close_range(5, ~0u, 0);
}

/* What a service manager does */
static pid_t activate(const char *names)
{
	int client = listen_at(BROKER_SOCKET, SOCK_SEQPACKET);
	int admin = listen_at(BROKER_ADMIN, SOCK_STREAM);
	char number[16];
	pid_t pid = fork();
	int log;

	if (pid) {
		close(client);
		close(admin);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	log = open(BROKER_LOG, O_WRONLY | O_CREAT | O_APPEND, 0666);
	dup2(log, STDERR_FILENO);
	to_first_fds(client, admin);
	snprintf(number, sizeof(number), "%d", getpid());
	setenv("LISTEN_PID", number, 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", names, 1);
	execl("/sbin/barleased", "barleased", "-c", BROKER_CONFIG, NULL);
	_exit(127);
}

static void activation(void)
{
	struct peer client = client_process(1001);
	int admin;
	pid_t pid;

	broker_configure("[device %s]\n" SLICE, dev_small().name);
	pid = activate("client:admin");
	ok(broker_is_ready(), "a broker takes over sockets that it is given");
	is_int(client_call(&client, client_connect, 0), -EACCES,
	       "the client socket has the mode that it was given");
	chmod(BROKER_SOCKET, 0666);
	is_ok(client_call(&client, client_connect, 0), "a client connects");
	is_ok(client_call(&client, client_acquire, (long)"a", 0),
	      "and gets a lease");
	admin = admin_connect();
	is_int(admin_count(admin, "leases", "lease "), 1,
	       "the administrator's socket works");
	close(admin);
	is_int(broker_stop(pid), 0, "it ends with 0");
	ok(!access(BROKER_SOCKET, F_OK) && !access(BROKER_ADMIN, F_OK),
	   "and leaves the sockets, which are not its own");
	peer_stop(&client);

	is_int(broker_end(activate("admin:client")), 1,
	       "sockets with each other's names: status 1");
	ok(broker_said("\"admin\" is not one listening stream socket"),
	   "and which of them is wrong");
	is_int(broker_end(activate("client:other")), 1,
	       "a socket of an unknown name: status 1");
	ok(broker_said("\"other\" is none of \"client\", \"admin\" and \"monitor\""),
	   "and its name");
	unlink(BROKER_SOCKET);
	unlink(BROKER_ADMIN);
}

static void group_file(struct bdf bdf, char *path, size_t size)
{
	char link[256], target[256] = "";

	pci_path(bdf, "iommu_group", link, sizeof(link));
	if (readlink(link, target, sizeof(target) - 1) < 0)
		bail("%s: %s", link, strerror(errno));
	snprintf(path, size, "/dev/vfio/%s", basename(target));
}

static pid_t start_as(uid_t uid)
{
	pid_t pid = fork();
	int log;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
		_exit(126);
	log = open(BROKER_LOG, O_WRONLY | O_CREAT | O_APPEND, 0666);
	dup2(log, STDERR_FILENO);
	execl("/sbin/barleased", "barleased", "-c", BROKER_CONFIG, "--socket",
	      BROKER_SOCKET, "--admin", BROKER_ADMIN, NULL);
	_exit(127);
}

static void without_root(void)
{
	struct peer client = client_process(1002);
	char group[64];
	pid_t pid;

	/* Locks that root has left would be in the way. */
	broker_set_up();
	broker_configure("[device %s]\nbackend=group\n" SLICE,
			 dev_small().name);
	group_file(dev_small(), group, sizeof(group));
	if (chown(BROKER_DIR, 1001, 1001))
		bail(BROKER_DIR ": %s", strerror(errno));
	pid = start_as(1001);
	ok(broker_is_ready() &&
	   broker_said("this user may not open its VFIO file"),
	   "another user than root says that it may not open the device");
	if (chmod("/dev/vfio/vfio", 0666) || chown(group, 1001, 1001))
		bail("%s: %s", group, strerror(errno));
	/* What udev does, and may be late with */
	if (!ok(broker_will_say(" is there"),
		"when it owns the group's file, it does"))
		broker_show_log();
	is_ok(client_call(&client, client_connect, 0), "a client connects");
	is_ok(client_call(&client, client_acquire, (long)"a", 0),
	      "and gets a lease");
	is_int(client_call(&client, client_write, 0, 5), 0, "which works");
	is_int(broker_stop(pid), 0, "it ends with 0");
	is_int(client_call(&client, client_write, 0, 5), -EFAULT,
	       "and the lease with it");
	peer_stop(&client);
	if (chown(group, 0, 0) || chown(BROKER_DIR, 0, 0))
		bail("%s: %s", group, strerror(errno));
}

int main(void)
{
	NEEDS_SMALL_PAGES;
	broker_set_up();
	bad_command_lines();
	bad_files();
	bad_slices();
	msix_slices();
	bad_backend();
	two_brokers();
	device_in_use();
	other_drivers();
	nothing_to_lease(OUR_DRIVER);
	stand_in();
	activation();
	without_root();
	return tap_done();
}
