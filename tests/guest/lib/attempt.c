// SPDX-License-Identifier: MIT
/*
 * What a client tries with its lease, as another user and without a capability
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "clock.h"
#include "tap.h"

long result_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long close_after(int fd, const long *args)
{
	peer_fn fn = (peer_fn)args[0];
	long ret = fn(fd, args);

	close(fd);
	return ret;
}

static void judge(const struct attempt *attempt, long ret)
{
	if (attempt->error == ANY_RESULT)
		ok(true, "%s: %ld", attempt->what, ret);
	else if (attempt->error == REFUSED)
		ok(ret < 0, "%s: %ld", attempt->what, ret);
	else if (ret == -ENOSYS)
		skip("this kernel has no such call", "%s", attempt->what);
	else if (attempt->error)
		is_error(ret, attempt->error, "%s", attempt->what);
	else
		is_ok(ret, "%s", attempt->what);
}

void attempt_all(const struct peer *client, int fd,
		 const struct attempt *attempts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		judge(&attempts[i], peer_call(client, close_after, fd,
					      ARGS((long)attempts[i].fn)));
}

long attempt_in_fork(peer_fn fn, int fd, const long *args)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		long ret = fn(fd, args);

		_exit(ret < 0 ? -ret : 0);
	}
	if (!comes_true(waitpid(pid, &status, WNOHANG) == pid)) {
		/* It may be past dying, in a kernel that has taken harm */
		kill(pid, SIGKILL);
		return -ETIMEDOUT;
	}
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	return -WEXITSTATUS(status);
}
