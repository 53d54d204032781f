// SPDX-License-Identifier: MIT
/*
 * What a client without privileges tries with the fd of its lease: every call
 * that takes one, and every way from it to the device or its owner
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/dma-buf.h>
#include <linux/fs.h>

#if __has_include("sys/io.h")
#include <sys/io.h>
#define HAVE_IOPERM
#endif

#include "access.h"
#include "attempt.h"
#include "lease.h"
#include "pattern.h"
#include "tap.h"

#define SEED	51
#define SIZE	(4 * PAGE)
#define START	(8 * PAGE)	/* on the BAR; what is around it is watched */

/* Of the owner, as the client has it from before the fork */
static struct vfio small;
static char group_path[64], bar_path[128], memattr_path[128];
static pid_t owner;
static int owners_lease;	/* the number of a fd there */

static const char *link_to(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static const char *owners(const char *what)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", owner, what);
	return path;
}

#define ATTEMPT(name, call)						\
static long name(int fd, const long *args)				\
{									\
	(void)fd;							\
	(void)args;							\
	return result_of(call);						\
}

static uint8_t bytes[64];

/* --- as a file --- */
ATTEMPT(try_read, read(fd, bytes, 4))
ATTEMPT(try_write, write(fd, bytes, 4))
ATTEMPT(try_pread, pread(fd, bytes, 4, 0))
ATTEMPT(try_pwrite, pwrite(fd, bytes, 4, 0))
ATTEMPT(try_truncate, ftruncate(fd, 64 * PAGE))
ATTEMPT(try_allocate, fallocate(fd, 0, 0, 64 * PAGE))
ATTEMPT(try_punch, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			     PAGE))
ATTEMPT(try_seal, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
ATTEMPT(try_get_seals, fcntl(fd, F_GET_SEALS))
ATTEMPT(try_chown, fchown(fd, 1001, 1001))
ATTEMPT(try_xattr, fsetxattr(fd, "user.x", "y", 1, 0))
ATTEMPT(try_lease, fcntl(fd, F_SETLEASE, F_RDLCK))
ATTEMPT(try_flock, flock(fd, LOCK_EX))
ATTEMPT(try_sync, fsync(fd))
ATTEMPT(try_direct, fcntl(fd, F_SETFL, O_DIRECT))
ATTEMPT(try_sendfile, sendfile(STDOUT_FILENO, fd, NULL, 4))
ATTEMPT(try_copy_range, copy_file_range(fd, NULL, fd, &(off_t){ PAGE }, 4, 0))
ATTEMPT(try_freeze, ioctl(fd, FIFREEZE, 0))
ATTEMPT(try_clone, ioctl(fd, FICLONE, fd))
ATTEMPT(try_seek_far, lseek(fd, SIZE + PAGE, SEEK_SET))
ATTEMPT(try_seek_data, lseek(fd, 0, SEEK_DATA))

/* The inode is root's; and even root finds no open() there, see errors-mmap */
static long try_chmod(int fd, const long *args)
{
	(void)args;
	fchmod(fd, 0777);
	return result_of(open(link_to(fd), O_RDWR | O_CLOEXEC));
}

static long try_seek_end(int fd, const long *args)
{
	(void)args;
	return lseek(fd, 0, SEEK_END) == SIZE ? 0 : -EPROTO;
}

static long try_splice(int fd, const long *args)
{
	int pipes[2];
	long ret;

	(void)args;
	if (pipe(pipes))
		return -EPROTO;
	ret = result_of(splice(fd, NULL, pipes[1], NULL, 4, 0));
	close(pipes[0]);
	close(pipes[1]);
	return ret;
}

static long try_splice_into(int fd, const long *args)
{
	int pipes[2];
	long ret;

	(void)args;
	if (pipe(pipes) || write(pipes[1], bytes, 4) != 4)
		return -EPROTO;
	ret = result_of(splice(pipes[0], NULL, fd, NULL, 4, 0));
	close(pipes[0]);
	close(pipes[1]);
	return ret;
}

/* --- more of it than was given --- */
ATTEMPT(try_reopen, open(link_to(fd), O_RDWR | O_CLOEXEC))
ATTEMPT(try_linkat, linkat(fd, "", AT_FDCWD, "/tmp/lease", AT_EMPTY_PATH))
ATTEMPT(try_link, linkat(AT_FDCWD, link_to(fd), AT_FDCWD, "/tmp/lease",
			 AT_SYMLINK_FOLLOW))
ATTEMPT(try_bind_mount, mount(link_to(fd), "/tmp", NULL, MS_BIND, NULL))
ATTEMPT(try_exec, execveat(fd, "", (char *const []){ NULL },
			   (char *const []){ NULL }, AT_EMPTY_PATH))
ATTEMPT(try_map_all, (long)mmap(NULL, SIZE + PAGE, RW, MAP_SHARED, fd, 0))
ATTEMPT(try_map_private, (long)mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0))
ATTEMPT(try_map_negative, (long)mmap(NULL, PAGE, RW, MAP_SHARED, fd,
				     -(off_t)PAGE))
ATTEMPT(try_map_sync, (long)mmap(NULL, PAGE, RW,
				 MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0))
ATTEMPT(try_map_hugetlb, (long)mmap(NULL, MIB(2), RW, MAP_SHARED | MAP_HUGETLB,
				    fd, 0))

static long try_path(int fd, const long *args)
{
	int path = open(link_to(fd), O_PATH | O_CLOEXEC), again;
	long ret;

	(void)args;
	if (path < 0)
		return -EPROTO;
	again = open(link_to(path), O_RDWR | O_CLOEXEC);
	ret = result_of(again);
	close(path);
	return ret;
}

/* --- the device's calls, on a lease --- */
ATTEMPT(try_reset, ioctl(fd, VFIO_DEVICE_RESET))
ATTEMPT(try_region, ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, bytes))
ATTEMPT(try_revoke, lease_revoke_by(BY_IOCTL, fd, fd))
ATTEMPT(try_revoke_feature, lease_revoke(fd, fd))
ATTEMPT(try_memattr, lease_set_memattr(fd, fd, WC))
ATTEMPT(try_export, lease_export(fd, BAR2, O_RDWR,
				 &(struct vfio_region_dma_range){ 0, PAGE }, 1))

/* --- the calls of a DMABUF --- */
ATTEMPT(try_name, lease_set_name(fd, "not yours"))
ATTEMPT(try_long_name, lease_set_name(fd, "a name that is much longer than any"))

static long try_sync_ioctl(int fd, const long *args)
{
	struct dma_buf_sync start = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct dma_buf_sync end = { DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW };

	(void)args;
	/* One end too many */
	if (ioctl(fd, DMA_BUF_IOCTL_SYNC, &start) ||
	    ioctl(fd, DMA_BUF_IOCTL_SYNC, &end) ||
	    ioctl(fd, DMA_BUF_IOCTL_SYNC, &end))
		return -errno;
	return 0;
}

/* A fence of it, put back into it */
static long try_sync_file(int fd, const long *args)
{
	struct dma_buf_export_sync_file out = { .flags = DMA_BUF_SYNC_RW };
	struct dma_buf_import_sync_file in = { .flags = DMA_BUF_SYNC_RW };
	long ret = 0;

	(void)args;
	if (ioctl(fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out))
		return -errno;
	in.fd = out.fd;
	if (ioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in))
		ret = -errno;
	close(out.fd);
	return ret;
}

ATTEMPT(try_poll, poll(&(struct pollfd){ fd, POLLIN | POLLOUT, 0 }, 1, 0))

static long try_epoll(int fd, const long *args)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	long ret;

	(void)args;
	ret = result_of(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	close(epoll);
	return ret;
}

static long try_inotify(int fd, const long *args)
{
	int inotify = inotify_init1(IN_CLOEXEC);
	long ret = result_of(inotify_add_watch(inotify, link_to(fd),
					       IN_ALL_EVENTS));

	(void)args;
	close(inotify);
	return ret;
}

/* --- past the lease, to its owner and the device --- */
ATTEMPT(try_owners_memory, open(owners("mem"), O_RDWR))
ATTEMPT(try_owners_fds, open(owners("fd"), O_RDONLY | O_DIRECTORY))
ATTEMPT(try_owners_maps, open(owners("map_files"), O_RDONLY | O_DIRECTORY))
ATTEMPT(try_group, open(group_path, O_RDWR))
ATTEMPT(try_bar_in_sysfs, open(bar_path, O_RDWR))
ATTEMPT(try_memattr_in_sysfs, open(memattr_path, O_RDWR))
ATTEMPT(try_ptwalk, open("/dev/barlease-ptwalk", O_RDWR))

/* A kernel without it is as good */
static long try_dev_mem(int fd, const long *args)
{
	long ret = result_of(open("/dev/mem", O_RDWR));

	(void)fd;
	(void)args;
	return ret == -ENOENT ? -EACCES : ret;
}

#ifdef HAVE_IOPERM
ATTEMPT(try_ioperm, ioperm(0xcf8, 8, 1))
#endif

static long try_owners_fd(int fd, const long *args)
{
	int pidfd = syscall(SYS_pidfd_open, owner, 0);
	long ret = result_of(syscall(SYS_pidfd_getfd, pidfd, owners_lease, 0));

	(void)fd;
	(void)args;
	close(pidfd);
	return ret;
}

static const struct attempt on_any[] = {
	{ "read() of a lease is EINVAL", try_read, EINVAL },
	{ "write() is refused", try_write, REFUSED },
	{ "pread() is ESPIPE", try_pread, ESPIPE },
	{ "and pwrite()", try_pwrite, ESPIPE },
	{ "ftruncate() is EINVAL", try_truncate, EINVAL },
	{ "fallocate() is refused", try_allocate, REFUSED },
	{ "so is to punch a hole", try_punch, REFUSED },
	{ "F_ADD_SEALS is refused", try_seal, REFUSED },
	{ "F_GET_SEALS is EINVAL", try_get_seals, EINVAL },
	{ "fchmod() opens nothing", try_chmod, EACCES },
	{ "fchown() is EPERM", try_chown, EPERM },
	{ "extended attributes are refused", try_xattr, REFUSED },
	{ "F_SETLEASE is refused", try_lease, REFUSED },
	{ "flock()", try_flock, ANY_RESULT },
	{ "fsync() is EINVAL", try_sync, EINVAL },
	{ "O_DIRECT is EINVAL", try_direct, EINVAL },
	{ "sendfile() is EINVAL", try_sendfile, EINVAL },
	{ "copy_file_range() is EINVAL", try_copy_range, EINVAL },
	{ "splice() from it is EINVAL", try_splice, EINVAL },
	{ "splice() into it is refused", try_splice_into, REFUSED },
	{ "FIFREEZE is EPERM", try_freeze, EPERM },
	{ "FICLONE is EINVAL", try_clone, EINVAL },
	{ "lseek() tells its size", try_seek_end, 0 },
	{ "lseek() past it is EINVAL", try_seek_far, EINVAL },
	{ "SEEK_DATA is EINVAL", try_seek_data, EINVAL },

	{ "it cannot be opened again", try_reopen, EACCES },
	{ "nor by an O_PATH fd", try_path, EACCES },
	{ "nor get a name in a directory", try_linkat, ENOENT },
	{ "nor by /proc", try_link, EXDEV },
	{ "nor be mounted", try_bind_mount, EPERM },
	{ "nor be executed", try_exec, EACCES },
	{ "a page more than all cannot be mapped", try_map_all, REFUSED },
	{ "nor can it be mapped privately", try_map_private, EINVAL },
	/* With 32 bits, the library knows that the kernel has no such number. */
	{ "nor from a negative offset", try_map_negative,
	  sizeof(long) == 8 ? EOVERFLOW : EINVAL },
	{ "nor as MAP_SYNC", try_map_sync, EOPNOTSUPP },
	{ "nor as MAP_HUGETLB", try_map_hugetlb, EINVAL },

	{ "VFIO_DEVICE_RESET of a lease is ENOTTY", try_reset, ENOTTY },
	{ "so is VFIO_DEVICE_GET_REGION_INFO", try_region, ENOTTY },
	{ "so is a revoke", try_revoke, ENOTTY },
	{ "in either form", try_revoke_feature, ENOTTY },
	{ "so is an attribute", try_memattr, ENOTTY },
	{ "so is an export", try_export, ENOTTY },

	{ "DMA_BUF_SET_NAME is anybody's", try_name, 0 },
	{ "if it is not too long", try_long_name, EINVAL },
	{ "DMA_BUF_IOCTL_SYNC does nothing", try_sync_ioctl, 0 },
	{ "a fence goes out and in again", try_sync_file, 0 },
	{ "poll() does not wait", try_poll, 0 },
	{ "nor does epoll", try_epoll, 0 },
	{ "inotify", try_inotify, ANY_RESULT },

	{ "the owner's memory is EACCES", try_owners_memory, EACCES },
	{ "so are its fds", try_owners_fds, EACCES },
	{ "so are its mappings", try_owners_maps, EACCES },
	{ "pidfd_getfd() of its lease is EPERM", try_owners_fd, EPERM },
	{ "the VFIO group is EACCES", try_group, EACCES },
	{ "the BAR in sysfs is EACCES", try_bar_in_sysfs, EACCES },
	{ "so is its attribute", try_memattr_in_sysfs, EACCES },
	{ "/dev/mem is EACCES", try_dev_mem, EACCES },
#ifdef HAVE_IOPERM
	{ "ioperm() is EPERM", try_ioperm, EPERM },
#endif
	{ "the tests' own device is EACCES", try_ptwalk, EACCES },
};

static void find_paths(void)
{
	char link[256], target[256];
	ssize_t n;

	pci_path(small.bdf, "iommu_group", link, sizeof(link));
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		bail("%s: %s", link, strerror(errno));
	target[n] = '\0';
	snprintf(group_path, sizeof(group_path), "/dev/vfio/%s",
		 strrchr(target, '/') + 1);
	pci_path(small.bdf, "resource2", bar_path, sizeof(bar_path));
	pci_path(small.bdf, "barlease/bar2_memattr", memattr_path,
		 sizeof(memattr_path));
	owner = getpid();
}

int main(void)
{
	const size_t n = sizeof(on_any) / sizeof(*on_any);
	struct vfio_region_dma_range range = { START, SIZE };
	struct peer client;
	int readonly;
	mapping_t at;

#ifndef HAVE_IOPERM
	skip("this architecture has no I/O ports", "ioperm() is EPERM");
#endif
	small = vfio_open(dev_small());
	pattern_fill(&small, BAR2, 0, 32 * PAGE, 4, SEED);
	find_paths();
	owners_lease = lease_of(small.device, BAR2, START, SIZE);
	readonly = lease_export(small.device, BAR2, O_RDONLY | O_CLOEXEC,
				&range, 1);
	if (readonly < 0)
		bail("cannot export");
	client = peer_start_as(CLIENT_UID);

	diag("with a lease for reading and writing");
	attempt_all(&client, owners_lease, on_any, n);
	diag("with one for reading only");
	attempt_all(&client, readonly, on_any, n);

	is_ok(vfio_reset(&small), "after all of that, the device is reset");
	at = peer_map(&client, owners_lease, 0, SIZE, RW);
	peer_reads(&client, at, pattern(START, SEED),
		   "the client has its lease");
	is_ok(lease_revoke(small.device, owners_lease), "it is revoked");
	peer_sigbus(&client, at, "the client has it no more");
	diag("with a revoked one");
	attempt_all(&client, owners_lease, on_any,
		    n);
	at = map_bar(&small, BAR2, 0, 32 * PAGE);
	is_int(pattern_errors(at, 0, 32 * PAGE, 4, SEED), 0,
	       "the device has what it had, to the last word");
	unmap(at, 32 * PAGE);

	peer_stop(&client);
	close(readonly);
	close(owners_lease);
	vfio_close(&small);
	return tap_done();
}
