// SPDX-License-Identifier: MIT
/*
 * The device plugin for Kubernetes, in a container of its own image, with a device: a
 * container that is started with what it answers has its slice, and nothing else
 *
 * Copyright (C) 2026 The barlease authors
 *
 * Of "make check-kubernetes", which puts the image and a stand-in for the kubelet into the
 * guest.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker-lib.h"
#include "container.h"
#include "debian.h"
#include "kernel.h"
#include "output.h"
#include "tap.h"

#define KUBELET_ROOT	"/kubelet"
#define BELL		"barlease.local/bell"
#define BELLS		"bell-0 bell-1 bell-2 bell-3"
#define STRIDE		0x10000
/* Of no configuration */
#define POD_USER	"--user=54321:54321"

/* The kubelet's stand-in, kubernetes/tests/console.py */
static FILE *to_kubelet, *from_kubelet;
static pid_t kubelet;

/* What a pod is started with */
struct pod {
	char *options[16];
	size_t nr;
};

static const char sockets[] = BROKER_DIR "/kubelet";

static char text[1 << 14];

/* ---- The kubelet ----------------------------------------------------------- */

/* Options that are in the answer go to @pod, if there is one. */
static bool answers(struct pod *pod)
{
	char line[512];

	while (fgets(line, sizeof(line), from_kubelet)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "ok"))
			return true;
		if (pod && !strncmp(line, "--", 2) && pod->nr < 14)
			pod->options[pod->nr++] = strdup(line);
		else
			diag("kubelet: %s", line);
		if (!strncmp(line, "no,", 3))
			return false;
	}
	bail("the kubelet's stand-in has ended");
}

static __attribute__((format(printf, 1, 2))) bool asked(const char *words, ...)
{
	va_list args;

	va_start(args, words);
	vfprintf(to_kubelet, words, args);
	va_end(args);
	fputc('\n', to_kubelet);
	fflush(to_kubelet);
	return answers(NULL);
}

static void kubelet_start(void)
{
	const char *const argv[] = {
		"/usr/bin/python3", "-B", "/tests/console.py", sockets, NULL,
	};
	int in[2], out[2];

	if (mkdir(sockets, 0755) || mkdir(KUBELET_ROOT BROKER_DIR, 0755) ||
	    mount(BROKER_DIR, KUBELET_ROOT BROKER_DIR, NULL, MS_BIND, NULL))
		bail(KUBELET_ROOT BROKER_DIR ": %s", strerror(errno));
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		bail("pipe: %s", strerror(errno));
	kubelet = debian_start(KUBELET_ROOT, argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	to_kubelet = fdopen(in[1], "w");
	from_kubelet = fdopen(out[0], "r");
	ok(answers(NULL), "a kubelet's stand-in is there");
}

static void kubelet_stop(void)
{
	kill(kubelet, SIGKILL);
	output_exit_status(kubelet);
	umount(KUBELET_ROOT BROKER_DIR);
}

/* ---- The plugin ------------------------------------------------------------ */

/* Its image, as podman calls it */
static const char *load(void)
{
	const char *const argv[] = {
		"load", "--quiet", "--input", "/srv/plugin.oci.tar", NULL,
	};
	static char image[100];
	const char *name;
	int output;
	pid_t pid = container_podman(0, argv, &output);

	is_int(output_of(pid, output, text, sizeof(text)), 0,
	       "podman loads the plugin's image");
	name = strstr(text, "localhost/");
	snprintf(image, sizeof(image), "%s", name ?: "");
	image[strcspn(image, "\n")] = '\0';
	ok(!strncmp(image, "localhost/barlease-device-plugin:", 33),
	   "it has the name that the DaemonSet names");
	return image;
}

/* With the rights and the mounts of the DaemonSet, and its arguments */
static pid_t plugin_start(const char *image, int *output)
{
	const char *const argv[] = {
		"run", "--rm", "--quiet", "--read-only", "--cap-drop=all",
		"--security-opt=no-new-privileges",
		"--volume=" BROKER_DIR ":" BROKER_DIR ":ro",
		"--volume=" BROKER_DIR "/kubelet:/var/lib/kubelet/device-plugins", image,
		"--socket-dir=/var/lib/kubelet/device-plugins",
		"--admin=" BROKER_ADMIN, "--domain=barlease.local", NULL,
	};

	return container_podman(0, argv, output);
}

static void plugin_registers(void)
{
	ok(asked("devices " BELL " " BELLS),
	   "the plugin registers the template, with its slices");
	ok(asked("devices barlease.local/outside outside"), "and the other one");
	ok(asked("health " BELL " Healthy"), "which are healthy");
}

static void plugin_ends(pid_t plugin, int output, const struct pod *pod)
{
	kill(plugin, SIGTERM);
	is_int(output_of(plugin, output, text, sizeof(text)), 0,
	       "SIGTERM ends the plugin");
	ok(asked("gone " BELL), "the kubelet sees that");
	is_int(container_run(0, (const char *const *)pod->options,
			     "/bin/barlease acquire bell-1 -- /bin/barlease peek 0", text,
			     sizeof(text)),
	       0, "what it has granted is there");
}

/* ---- Pods ------------------------------------------------------------------ */

/* Return: what a container with this slice is to be started with, by an ordinary user */
static struct pod allocated(const char *slice)
{
	struct pod pod = { .options = { strdup(POD_USER) }, .nr = 1 };

	fprintf(to_kubelet, "allocate " BELL " %s\n", slice);
	fflush(to_kubelet);
	ok(answers(&pod) && pod.nr > 1, "%s is allocated", slice);
	return pod;
}

static void pod_free(struct pod *pod)
{
	while (pod->nr)
		free(pod->options[--pod->nr]);
}

static int run(const struct pod *pod, const char *line)
{
	return container_run(0, (const char *const *)pod->options, line, text,
			     sizeof(text));
}

/* Which stays, with a lease */
static pid_t stays(const struct pod *pod, int *output)
{
	static const char line[] =
		"exec /bin/barlease acquire bell-1 --on-revoke TERM -- /bin/sh -c 'sleep 600'";

	return container_start(0, (const char *const *)pod->options, line,
			       output);
}

static void is_told(pid_t pid, int output)
{
	ok(output_of(pid, output, text, sizeof(text)) != 0 &&
	   strstr(text, "was revoked"), "its program is told, and ends");
}

/* @outside sees the same bytes by another slice */
static void writes(const struct pod *pod, int number, long value,
		   const struct peer *outside)
{
	char line[200];

	client_call(outside, client_write, 0, 0);
	client_call(outside, client_write, number * STRIDE, 0);
	snprintf(line, sizeof(line),
		 "/bin/barlease acquire \"$BARLEASE_SLICES\" -- /bin/barlease poke 0 %#lx",
		 value);
	is_int(run(pod, line), 0, "a pod writes through its lease of bell-%d",
	       number);
	is_hex(client_call(outside, client_read, number * STRIDE), value,
	       "which is that part of the device");
	is_hex(client_call(outside, client_read, 0), 0, "and no other");
}

static void has_nothing_else(const struct pod *pod)
{
	is_int(run(pod, "/bin/barlease acquire bell-0 -- true"), 4,
	       "another slice is denied");
	is_int(run(pod, "/bin/barlease acquire outside -- true"), 4,
	       "so is one that all users may have");
	run(pod, "/bin/barlease slices");
	ok(strstr(text, "bell-1") && !strstr(text, "bell-0") &&
	   !strstr(text, "outside"), "none of those is seen");
	ok(run(pod, "touch /run/barlease/bell/x") != 0 &&
	   strstr(text, "Read-only"), "nothing can be written where the socket is");
	is_int(run(pod, "test \"$(echo /run/barlease/*/*)\" = /run/barlease/bell/socket"),
	       0, "it is the only one");
	is_int(run(pod, "test ! -e /dev/vfio && test ! -e " BROKER_ADMIN), 0,
	       "there are no files of VFIO, nor the administrator's socket");
}

static void ends_with_its_container(const struct pod *pod, int admin)
{
	const char *const argv[] = { "kill", "--latest", NULL };
	int output, killer;
	pid_t pid = stays(pod, &output);

	admin_leases(admin, 2, "a pod that stays has a lease");
	is_int(output_of(container_podman(0, argv, &killer), killer, text,
			 sizeof(text)),
	       0, "it is killed");
	admin_leases(admin, 1, "and so its lease is over");
	is_int(output_of(pid, output, text, sizeof(text)), 137,
	       "as is its container");
}

/* What the kubelet does when it takes a pod to be over, whatever is left of it */
static struct pod loses_to_the_next(struct pod *pod, const struct peer *outside)
{
	int output, admin = admin_connect();
	pid_t pid = stays(pod, &output);
	struct pod next;

	admin_leases(admin, 2, "a pod has a lease");
	next = allocated("bell-1");
	admin_leases(admin, 1, "and has none when its slice is given to the next one");
	is_told(pid, output);
	writes(&next, 1, 0x4713, outside);
	ends_with_its_container(&next, admin);
	close(admin);
	return next;
}

static void loses_its_device(const struct pod *pod, struct bdf dev,
			     struct peer *outside)
{
	int output, admin = admin_connect();
	pid_t pid = stays(pod, &output);

	admin_leases(admin, 2, "a pod has a lease");
	is_ok(pci_unbind(dev), "the device is unbound");
	ok(asked("health " BELL " Unhealthy"),
	   "the kubelet is told that its slices are unhealthy");
	admin_leases(admin, 0, "there are no leases");
	ok(output_of(pid, output, text, sizeof(text)) != 0,
	   "the pod's program has ended");
	ok(run(pod, "/bin/barlease acquire bell-1 -- /bin/barlease peek 0") != 0,
	   "and has nothing if it is started again");
	is_ok(pci_bind(dev, OUR_DRIVER), "the device is bound again");
	ok(asked("health " BELL " Healthy"), "the kubelet is told that, too");
	peer_stop(outside);
	*outside = client_connected(1002);
	ok(client_call(outside, client_acquire, (long)"outside", 0) > 0,
	   "there are leases again");
	writes(pod, 1, 0x4714, outside);
	close(admin);
}

static void pods(struct bdf dev, struct peer *outside, struct pod *last)
{
	struct pod first = allocated("bell-1"), second = allocated("bell-2");
	const struct pod none = { .options = { first.options[0] } };

	is_int(run(&none, "test ! -e /run/barlease && test -z \"$BARLEASE_SOCKET\""),
	       0, "a pod that has asked for nothing has no socket");
	writes(&first, 1, 0x4711, outside);
	has_nothing_else(&first);
	writes(&second, 2, 0x4712, outside);
	*last = loses_to_the_next(&first, outside);
	loses_its_device(last, dev, outside);
	pod_free(&first);
	pod_free(&second);
}

int main(void)
{
	struct peer outside;
	struct pod last;
	struct bdf dev;
	pid_t broker, plugin;
	int output;

	dev = dev_small();
	is_int(module_load("vfio_iommu_type1", NULL) ?:
		       module_load(OUR_DRIVER, NULL),
	       0, "the driver is loaded");
	is_ok(pci_bind(dev, OUR_DRIVER), "a device is bound to it");
	container_set_up();
	broker_set_up();
	broker_configure("[device %s]\n"
			 "[slice bell]\nbar=2\nranges=0+64K\n"
			 "count=4\nstride=64K\nusers=-\n"
			 "[slice outside]\nbar=2\nranges=0+256K\nusers=*\n",
			 dev.name);
	broker = broker_start();
	outside = client_connected(1002);
	ok(client_call(&outside, client_acquire, (long)"outside", 0) > 0,
	   "somebody outside sees the device");
	kubelet_start();
	plugin = plugin_start(load(), &output);
	plugin_registers();
	pods(dev, &outside, &last);
	plugin_ends(plugin, output, &last);
	pod_free(&last);
	kubelet_stop();
	peer_stop(&outside);
	is_int(broker_stop(broker), 0, "the broker ends with 0");
	is_ok(pci_unbind(dev), "the device is free again");
	is_ok(module_unload(OUR_MODULE), "and the driver can go");
	return tap_done();
}
