// SPDX-License-Identifier: MIT
/*
 * barleased as a service of systemd, installed as its manual page says: started
 * by its socket, with devices that come later, reloaded, killed, in the sandbox
 * of its unit
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../broker-lib.h"
#include "clock.h"
#include "kernel.h"
#include "lease.h"
#include "machine.h"
#include "plug.h"
#include "tap.h"

#define SERVICE	"barleased.service"
#define CONFIG	"/etc/barlease/barleased.conf"
#define CGROUP	"/sys/fs/cgroup/system.slice/" SERVICE "/cgroup.procs"
#define USER	4001
#define WORKER	"u worker 4001"
#define KILLS	10

#define RUN(...) \
	machine_run(text, sizeof(text), \
		    (const char *const []){ __VA_ARGS__, NULL })

static char text[1 << 15];
static struct bdf dev;
/* Leases outlive the process */
static bool kept;

static void copy(const char *from, const char *dir)
{
	char to[128];

	snprintf(to, sizeof(to), MACHINE_ROOT "%s", dir);
	if (RUN("mkdir", "-p", to) || RUN("cp", "-r", from, to))
		bail("%s does not get to %s", from, to);
}

/* What "meson install" does, and what barleased(8) asks for besides */
static void install(void)
{
	copy("/units/lib/.", "/usr/lib");
	copy("/units/share/doc/barlease/70-barlease.rules",
	     "/etc/udev/rules.d");
	copy("/sbin/barleased", "/usr/sbin");
	copy("/bin/barlease", "/usr/bin");
	if (mkdir(MACHINE_ROOT "/etc/barlease", 0755))
		bail(MACHINE_ROOT "/etc/barlease: %s", strerror(errno));
}

static void configure(const char *slices)
{
	FILE *file = fopen(CONFIG, "we");

	if (!file)
		bail(CONFIG ": %s", strerror(errno));
	fprintf(file,
		"%s\nmonitor = /run/barlease/monitor\n"
		"[device %s]\nbackend = %s\n%s", kept ? "[broker]\nkeep = yes" :
		"[broker]", dev.name,
		kernel_has_iommufd() ? "iommufd" : "group", slices);
	fclose(file);
}

static uid_t user_of_service(void)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *user;

	if (!file)
		bail("/etc/passwd: %s", strerror(errno));
	while ((user = fgetpwent(file)) && strcmp(user->pw_name, "barlease"))
		;
	ok(user, "systemd-sysusers has made the user barlease");
	if (!user)
		bail("nobody to own the devices");
	fclose(file);
	return user->pw_uid;
}

/* What a directory or a link of the device's in sysfs leads to */
static void name_in(char *name, size_t size, struct bdf which,
		    const char *pattern)
{
	char path[128];
	glob_t found;

	pci_path(which, pattern, path, sizeof(path));
	if (glob(path, 0, NULL, &found))
		bail("there is no %s", path);
	if (!realpath(found.gl_pathv[0], text))
		bail("%s: %s", found.gl_pathv[0], strerror(errno));
	snprintf(name, size, "%s", basename(text));
	globfree(&found);
}

static bool is_owned_by(const char *path, uid_t uid, mode_t mode)
{
	struct stat stat;

	return !lstat(path, &stat) && stat.st_uid == uid &&
	       (stat.st_mode & 07777) == mode;
}

static void is_given(uid_t uid, struct bdf which, const char *dir,
		     const char *pattern)
{
	char name[32], path[64];

	name_in(name, sizeof(name), which, pattern);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ok(comes_true(is_owned_by(path, uid, 0600)),
	   "udev's rule gives that user %s, and nobody else", path);
}

static void is_left(struct bdf which, const char *dir, const char *pattern)
{
	char name[32], path[64];

	name_in(name, sizeof(name), which, pattern);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	RUN("udevadm", "settle");
	ok(is_owned_by(path, 0, 0600), "udev's rule leaves %s to root", path);
}

/* Two that are in one group: who has the first one makes the group's file. */
static void leave_others(uid_t uid)
{
	struct bdf other = dev_edu(), ours = dev_testdev();

	is_int(module_load(STOCK_DRIVER, NULL), 0,
	       "the kernel's vfio-pci is loaded");
	is_ok(pci_bind(other, STOCK_DRIVER), "a device is bound to that");
	is_left(other, "/dev/vfio", "iommu_group");
	if (kernel_has_iommufd())
		is_left(other, "/dev/vfio/devices", "vfio-dev/*");
	is_ok(pci_bind(ours, OUR_DRIVER), "another one of its group to ours");
	is_left(ours, "/dev/vfio", "iommu_group");
	is_int(RUN("udevadm", "trigger", "--subsystem-match=vfio"), 0,
	       "udevadm trigger");
	is_given(uid, ours, "/dev/vfio", "iommu_group");
	if (kernel_has_iommufd())
		is_left(other, "/dev/vfio/devices", "vfio-dev/*");
	is_ok(pci_unbind(ours), "ours is unbound");
	is_ok(pci_unbind(other), "so is the other one");
	if (stock_is_module())
		is_ok(module_unload("vfio_pci"), "and vfio-pci unloaded");
}

static void own_devices(uid_t uid)
{
	is_int(module_load(OUR_DRIVER, NULL), 0, "the driver is loaded");
	leave_others(uid);
	is_ok(pci_bind(dev, OUR_DRIVER), "a device is bound to it");
	is_given(uid, dev, "/dev/vfio", "iommu_group");
	if (!kernel_has_iommufd())
		return;
	is_given(uid, dev, "/dev/vfio/devices", "vfio-dev/*");
	ok(comes_true(is_owned_by("/dev/iommu", 0, 0660)),
	   "and /dev/iommu to its group");
}

static bool is_state(const char *unit, const char *state)
{
	RUN("systemctl", "show", "-P", "ActiveState", unit);
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, state);
}

static pid_t main_pid(void)
{
	RUN("systemctl", "show", "-P", "MainPID", SERVICE);
	return strtol(text, NULL, 10);
}

/* A client of an ordinary user. The socket is where it is by default. */
static struct peer client(void)
{
	struct peer peer = client_process(USER);

	if (!is_ok(client_call(&peer, client_connect_to, (long)NULL),
		   "an ordinary user connects")) {
		RUN("journalctl", "-u", SERVICE, "-o", "cat", "--no-pager");
		bail("no client without that");
	}
	return peer;
}

static void acquires(struct peer *peer, const char *slice, long value)
{
	/* Which is away for as long as the kernel closes it for the one before */
	ok(comes_true(client_call(peer, client_acquire, (long)slice, 0) > 0),
	   "gets a lease of \"%s\"", slice);
	client_call(peer, client_write, 8, value);
	is_int(client_call(peer, client_read, 8), value,
	       "and reaches the device");
}

static void units_are_good(void)
{
	is_int(RUN("systemd-analyze", "verify", "--man=no", SERVICE,
		   "barleased.socket", "barleased-admin.socket"), 0,
	       "systemd-analyze verifies the units");
	is_int(strlen(text), 0, "and has nothing to remark");
	is_int(RUN("systemctl", "enable", SERVICE), 0,
	       "systemctl enable, for the next boot");
	is_int(RUN("systemctl", "is-enabled", "barleased.socket",
		   "barleased-admin.socket"), 0,
	       "enables its two sockets, too");
}

static bool is_active(const char *name)
{
	return ok(comes_true(is_state(SERVICE, "active")), "%s", name);
}

/* Nobody has bound anything since the machine is up, nor loaded the driver. */
static struct peer started_by_socket(uid_t uid)
{
	struct peer first, second;

	is_int(RUN("systemctl", "start", "barleased.socket",
		   "barleased-admin.socket"), 0,
	       "systemctl start barleased.socket barleased-admin.socket");
	ok(is_state(SERVICE, "inactive"), "the service is not started by that");
	first = client();
	is_int(client_call(&first, client_list, 0), 0,
	       "there are no slices, for there is no device");
	is_active("the service is active, and waits for the device");
	is_int(RUN("barlease", "slices"), 0, "barlease slices says so, too");
	own_devices(uid);
	second = client();
	ok(comes_true(client_call(&second, client_list, 0) == 1),
	   "a second client is shown one slice");
	acquires(&second, "one", 4711);
	is_ok(client_call(&first, client_acquire, (long)"one", 0),
	      "the first one gets a lease now");
	peer_stop(&first);
	is_int(RUN("systemctl", "is-active", SERVICE), 0,
	       "systemctl is-active says that it runs");
	is_int(RUN("systemctl", "status", "--no-pager", SERVICE), 0,
	       "systemctl status shows it");
	return second;
}

/* A line of /proc/PID/status */
static void status_is(pid_t pid, const char *key, const char *want)
{
	char path[64], line[256], *value = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		bail("%s: %s", path, strerror(errno));
	while (!value && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = line + strlen(key);
	fclose(file);
	if (!value)
		bail("%s has no %s", path, key);
	value += strspn(value, "\t");
	value[strcspn(value, "\n")] = '\0';
	if (!ok(!strcmp(value, want), "%s %s", key, want))
		diag("it is %s", value);
}

static void is_in_sandbox(uid_t uid)
{
	pid_t pid = main_pid();
	char ids[64];

	snprintf(ids, sizeof(ids), "%u\t%u\t%u\t%u", uid, uid, uid, uid);
	status_is(pid, "Uid:", ids);
	status_is(pid, "NoNewPrivs:", "1");
	status_is(pid, "Seccomp:", "2");
	status_is(pid, "CapBnd:", "0000000000000000");
	status_is(pid, "CapEff:", "0000000000000000");
	status_is(pid, "CapAmb:", "0000000000000000");
}

/* What the service may do with devices, all that are in its cgroup may */
static long join(int fd, const long *args)
{
	(void)fd;
	(void)args;
	return file_write(CGROUP, "0");
}

static long try_open(int fd, const long *args)
{
	(void)fd;
	fd = open((const char *)args[0], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void has_no_other_devices(void)
{
	struct peer peer = peer_start();

	is_ok(client_call(&peer, try_open, (long)"/dev/kmsg"),
	      "root can open /dev/kmsg");
	is_ok(client_call(&peer, join, 0), "but in the service's cgroup");
	is_error(client_call(&peer, try_open, (long)"/dev/kmsg"), EPERM,
		 "it may not: DeviceAllow= does not have it");
	is_ok(client_call(&peer, try_open, (long)"/dev/vfio/vfio"),
	      "/dev/vfio/vfio may be opened");
	if (kernel_has_iommufd())
		is_ok(client_call(&peer, try_open, (long)"/dev/iommu"),
		      "so may /dev/iommu");
	peer_stop(&peer);
}

static void has_an_administrator(void)
{
	struct stat stat;

	is_int(RUN("barlease", "ps"), 0, "root speaks to its admin socket");
	ok(strstr(text, "one"), "and is told of the lease");
	ok(!lstat("/run/barlease/admin", &stat) &&
	   (stat.st_mode & 07777) == 0600, "which nobody else can open");
}

/* All that has been sent to it, when it has closed the connection */
static bool scrape(void)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n";
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(9813),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t size = 0;
	ssize_t n = 1;

	if (connect(fd, (void *)&at, sizeof(at)) ||
	    write(fd, request, strlen(request)) < 0)
		n = 0;
	while (n > 0 && size < sizeof(text) - 1) {
		n = read(fd, text + size, sizeof(text) - 1 - size);
		size += n > 0 ? n : 0;
	}
	text[size] = '\0';
	close(fd);
	return size;
}

static void has_metrics(void)
{
	is_int(RUN("systemd-analyze", "verify", "--man=no",
		   "barlease-metrics.socket"), 0,
	       "systemd-analyze verifies the units for metrics");
	is_int(strlen(text), 0, "and has nothing to remark");
	is_int(RUN("systemctl", "start", "barlease-metrics.socket"), 0,
	       "systemctl start barlease-metrics.socket");
	ok(scrape(), "somebody answers there");
	ok(!strncmp(text, "HTTP/1.1 200 OK\r\n", 17), "as HTTP has it");
	ok(strstr(text, "\nbarlease_up 1\n"), "with the broker's metrics");
	ok(strstr(text, "\nbarlease_leases{slice=\"one\",state=\"held\"} 1\n"),
	   "the lease among them");
	ok(strstr(text, "barlease_driver_exports_total{"),
	   "and with the driver's");
	is_int(RUN("systemctl", "stop", "barlease-metrics.socket"), 0,
	       "systemctl stop");
}

static void reloads(struct peer *peer)
{
	pid_t pid = main_pid();

	is_int(client_call(peer, client_list, 0), 1, "there is one slice");
	configure("[slice one]\nbar = 2\nranges = 0+64K\nusers = *\n"
		  "[slice two]\nbar = 2\nranges = 1M+64K\nusers = *\n");
	is_int(RUN("systemctl", "reload", SERVICE), 0, "systemctl reload");
	ok(comes_true(client_call(peer, client_list, 0) == 2),
	   "there are two now");
	is_int(client_call(peer, client_read, 8), 4711,
	       "the lease of the first one stays");
	ok(comes_true(is_state(SERVICE, "active")), "it is active again");
	is_int(main_pid(), pid, "and the same process");
}

static bool journal_has(const char *words)
{
	RUN("journalctl", "-u", SERVICE, "-p", "err", "-o", "cat",
	    "--no-pager");
	return strstr(text, words);
}

/* By what the broker tells the journal beside the line */
static bool journal_finds(const char *event, const char *more)
{
	RUN("journalctl", "-u", SERVICE, event, more, "-o", "cat",
	    "--no-pager");
	return strstr(text, "lease ");
}

static void tells_the_journal(void)
{
	ok(comes_true(journal_finds("BARLEASE_EVENT=acquired",
				    "BARLEASE_SLICE=one")),
	   "the journal finds who has acquired a lease of a slice");
	ok(!strstr(text, "ended"), "and nothing else");
	ok(!journal_finds("BARLEASE_EVENT=acquired", "BARLEASE_SLICE=two"),
	   "nor what nobody has");
}

static void keeps_what_it_has(struct peer *peer)
{
	pid_t pid = main_pid();

	configure("[slice one]\nbar = 9\nranges = 0+64K\nusers = *\n");
	ok(RUN("systemctl", "reload", SERVICE) != 0,
	   "systemctl reload fails with a bad configuration");
	ok(comes_true(is_state(SERVICE, "active")), "the service is active");
	is_int(RUN("systemctl", "kill", "-s", "HUP", "--kill-whom=main",
		   SERVICE), 0, "who sends SIGHUP nevertheless");
	ok(comes_true(journal_has("stays as it was")),
	   "finds in the journal that it was refused");
	is_int(main_pid(), pid, "the process is the same");
	is_int(client_call(peer, client_list, 0), 2, "and has its two slices");
	is_int(client_call(peer, client_read, 8), 4711, "and the lease");
	configure("[slice one]\nbar = 2\nranges = 0+64K\nusers = *\n");
}

static void is_restarted(struct peer *old)
{
	pid_t pid = main_pid();
	struct peer new;

	is_int(RUN("systemctl", "kill", "-s", "KILL", "--kill-whom=main",
		   SERVICE), 0, "the broker is killed");
	is_int(client_call(old, client_event, 0), -ECONNRESET,
	       "its client is disconnected");
	/* A process that dies closes its socket, and only then the device. */
	ok(comes_true(client_call(old, client_read, 8) == -EFAULT),
	   "and does not reach the device any more");
	ok(comes_true(main_pid() != pid && is_state(SERVICE, "active")),
	   "systemd starts another one");
	new = client();
	acquires(&new, "one", 4712);
	peer_stop(&new);
}

static bool is_another(pid_t pid)
{
	return comes_true(main_pid() != pid && is_state(SERVICE, "active"));
}

/* Who has a lease notices nothing of any of these */
static void outlives_its_process(void)
{
	struct peer peer;
	pid_t pid;

	kept = true;
	configure("[slice one]\nbar = 2\nranges = 0+64K\nusers = *\n");
	is_int(RUN("systemctl", "restart", SERVICE), 0,
	       "the service is restarted, with keep = yes");
	peer = client();
	acquires(&peer, "one", 4720);
	is_int(RUN("barlease", "grant", "box", "one"), 0,
	       "its sandbox lets it make a grant");
	for (int i = 0; i < 3; i++) {
		pid = main_pid();
		is_int(RUN("systemctl", "restart", SERVICE), 0,
		       "the service is restarted");
		ok(main_pid() != pid, "it has another process");
		is_int(client_call(&peer, client_read, 8), 4720,
		       "the lease works");
		pid = main_pid();
		RUN("systemctl", "kill", "-s", "KILL", "--kill-whom=main",
		    SERVICE);
		ok(is_another(pid), "killed, it comes again");
		is_int(client_call(&peer, client_read, 8), 4720,
		       "the lease works");
	}
	pid = main_pid();
	is_int(RUN("barlease", "restart"), 0, "barlease restart");
	is_int(main_pid(), pid, "the process is the same");
	is_int(client_call(&peer, client_list, 0), 1, "its client is connected");
	is_int(client_call(&peer, client_read, 8), 4720, "the lease works");
	is_int(RUN("barlease", "ps", "--json"), 0, "it is shown");
	ok(strstr(text, "\"one\""), "as one of the slice");
	is_int(RUN("barlease", "acquire", "one", "--socket",
		   "/run/barlease/grants/box/run/socket", "--",
		   "barlease", "--version"), 0,
	       "the grant is there after all that");
	is_int(RUN("barlease", "ungrant", "box"), 0, "it is taken away");
	ok(access("/run/barlease/grants/box", F_OK), "and nothing is left of it");
	is_int(RUN("systemctl", "stop", SERVICE), 0, "the service is stopped");
	ok(comes_true(client_call(&peer, client_read, 8) == -EFAULT),
	   "that is the end of the lease");
	is_error(client_call(&peer, client_event, 0), ECONNRESET,
		 "and of the connection");
	peer_stop(&peer);
	kept = false;
	configure("[slice one]\nbar = 2\nranges = 0+64K\nusers = *\n");
	is_int(RUN("systemctl", "start", SERVICE), 0,
	       "it is started, without keep");
	peer = client();
	acquires(&peer, "one", 4721);
	peer_stop(&peer);
}

/* A template, whose instance's name is the slice that it asks for, as that user */
static void write_unit(const char *name)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/run/systemd/system/%s@.service", name);
	file = fopen(path, "we");
	if (!file)
		bail("%s: %s", path, strerror(errno));
	fputs("[Service]\nType=oneshot\nUser=worker\n", file);
	fputs("ExecStart=/usr/bin/barlease acquire %i -- /usr/bin/barlease poke 8 0x4730\n",
	      file);
	fclose(file);
}

static void unit_ends(const char *unit, const char *status, const char *name)
{
	RUN("systemctl", "start", unit);
	RUN("systemctl", "show", "-P", "ExecMainStatus", unit);
	text[strcspn(text, "\n")] = '\0';
	if (!ok(!strcmp(text, status), "%s", name))
		RUN("journalctl", "-u", unit, "-o", "cat", "--no-pager");
}

/* By what the broker reads of other users' processes in its sandbox */
static void knows_units(void)
{
	struct peer peer;

	is_int(RUN("systemd-sysusers", "--inline", WORKER), 0,
	       "the user gets a name, as units want it");
	write_unit("worker");
	write_unit("other");
	configure("[slice ours]\nbar = 2\nranges = 0+64K\nusers = -\n"
		  "units = worker@*.service\n"
		  "[slice theirs]\nbar = 2\nranges = 0+64K\nusers = -\n"
		  "cgroups = /system.slice/system-other.slice\n");
	is_int(RUN("systemctl", "daemon-reload"), 0,
	       "there are two units more");
	is_int(RUN("systemctl", "reload", SERVICE), 0,
	       "and slices for one each, by unit and by control group");
	unit_ends("worker@ours.service", "0",
		  "a process of the unit has its slice");
	unit_ends("other@ours.service", "4",
		  "one of the other unit is denied it");
	unit_ends("other@theirs.service", "0",
		  "one in the control group has that one's slice");
	unit_ends("worker@theirs.service", "4",
		  "one in another is denied that");
	peer = client_process(USER);
	is_error(client_call(&peer, client_connect_to, (long)NULL), EACCES,
		 "the same user in no unit has nothing to come for");
	peer_stop(&peer);
	configure("[slice one]\nbar = 2\nranges = 0+64K\nusers = *\n");
	is_int(RUN("systemctl", "reload", SERVICE), 0,
	       "systemctl reload, without");
}

/* No limit that anybody could bring it to */
static void is_killed_again_and_again(void)
{
	struct peer peer;
	long id, last = 0;
	int served = 0;
	pid_t pid;

	for (int i = 0; i < KILLS; i++) {
		pid = main_pid();
		RUN("systemctl", "kill", "-s", "KILL", "--kill-whom=main",
		    SERVICE);
		if (!comes_true(main_pid() != pid &&
				is_state(SERVICE, "active")))
			break;
		peer = client();
		id = client_call(&peer, client_acquire, (long)"one", 0);
		served += id > last;
		last = id;
		peer_stop(&peer);
	}
	is_int(served, KILLS,
	       "killed %d times in a row, it serves each time; no number of a lease comes twice",
	       KILLS);
}

/* With udev, which has its say before the broker may open the device */
static void is_pulled_and_plugged(void)
{
	struct plugged plugged = plug_memory("hp0");
	struct peer stays, goes;
	char slices[256];

	snprintf(slices, sizeof(slices),
		 "[slice one]\nbar = 2\nranges = 0+64K\nusers = *\ndevice = %s\n"
		 "[device %s]\n"
		 "[slice two]\nbar = 2\nranges = 0+64K\nusers = *\ndevice = %s\n",
		 dev.name, plugged.dev.name, plugged.dev.name);
	configure(slices);
	is_int(RUN("systemctl", "reload", SERVICE), 0,
	       "systemctl reload, with a second device");
	stays = client();
	goes = client();
	acquires(&stays, "one", 4714);
	ok(comes_true(client_call(&goes, client_list, 0) == 2),
	   "which has a slice");
	acquires(&goes, "two", 4715);
	plug_pull(&plugged);
	is_int(client_call(&goes, client_event, 0),
	       CLIENT_REVOKED(BARLEASE_GONE), "it is pulled out: gone");
	ok(plug_gone(&plugged), "the kernel has let go of it");
	is_int(client_call(&stays, client_read, 8), 4714,
	       "the other device's lease works");
	plugged = plug_memory("hp0");
	ok(comes_true(client_call(&goes, client_acquire, (long)"two", 0) > 0),
	   "it is plugged in again: there are leases of it");
	is_int(client_call(&stays, client_read, 8), 4714,
	       "the other device's lease has not noticed");
	peer_stop(&goes);
	peer_stop(&stays);
	configure("[slice one]\nbar = 2\nranges = 0+64K\nusers = *\n");
	is_int(RUN("systemctl", "reload", SERVICE), 0,
	       "systemctl reload, without it");
	plug_pull(&plugged);
	ok(plug_gone(&plugged), "it is gone for good");
}

static void stops(void)
{
	struct peer peer = client();

	acquires(&peer, "one", 4713);
	is_int(RUN("systemctl", "stop", SERVICE, "barleased.socket",
		   "barleased-admin.socket"), 0, "systemctl stop");
	ok(is_state(SERVICE, "inactive"), "it has ended well");
	is_int(client_call(&peer, client_read, 8), -EFAULT,
	       "its leases are gone");
	peer_stop(&peer);
}

/* It drives by the name of another one, and takes what waits for it. */
static void stands_in(uid_t uid)
{
	if (!stock_is_module()) {
		skip("vfio-pci is built into this kernel",
		     "udev's rule, standing in");
		return;
	}
	is_ok(pci_write(dev, "driver_override", STOCK_DRIVER),
	      "a device waits for vfio-pci");
	is_int(module_load(OUR_DRIVER, "stand_in=1"), 0,
	       "the driver stands in for that");
	is_given(uid, dev, "/dev/vfio", "iommu_group");
	is_ok(pci_unbind(dev), "the device is free again");
	is_ok(module_unload(OUR_MODULE), "and the driver can go");
}

int main(void)
{
	struct peer peer;
	pid_t init;
	uid_t uid;

	dev = dev_small();
	install();
	if (module_loaded(OUR_MODULE))
		module_unload(OUR_MODULE);
	init = machine_boot();
	uid = user_of_service();
	configure("[slice one]\nbar = 2\nranges = 0+64K\nusers = *\n");
	units_are_good();
	peer = started_by_socket(uid);
	is_in_sandbox(uid);
	has_no_other_devices();
	has_an_administrator();
	has_metrics();
	reloads(&peer);
	tells_the_journal();
	keeps_what_it_has(&peer);
	is_restarted(&peer);
	peer_stop(&peer);
	knows_units();
	outlives_its_process();
	is_killed_again_and_again();
	is_pulled_and_plugged();
	stops();
	is_ok(pci_unbind(dev), "the device is free again");
	is_ok(module_unload(OUR_MODULE), "and the driver can go");
	stands_in(uid);
	kill(init, SIGKILL);
	waitpid(init, NULL, 0);
	return tap_done();
}
