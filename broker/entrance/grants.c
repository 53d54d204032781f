// SPDX-License-Identifier: MIT
/*
 * Grants: sockets that an administrator makes, and takes away
 *
 * Copyright (C) 2026 The barlease authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/log.h"
#include "broker.h"
#include "config/value.h"
#include "entrance.h"
#include "grants.h"

#define MOST_GRANTS	4096
/* That a timer can be set to, in one go */
#define LONGEST_MS	86400000

static int64_t boot_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* ---- What a grant says ----------------------------------------------------- */

static void free_grant(struct grant *grant)
{
	config_free_words(&grant->slices);
	free(grant->users);
	free(grant);
}

static int add_slice(struct grant *grant, const char *name)
{
	return value_name(name) ? config_add_word(&grant->slices, name) :
				  -EINVAL;
}

static bool is_user(const char *text, char **end, uint32_t *id)
{
	unsigned long number;

	errno = 0;
	number = strtoul(text, end, 10);
	*id = number;
	/* The last one is the system's way to say "none" */
	return *text >= '0' && *text <= '9' && !errno && number < UINT32_MAX;
}

/* "1000" or "100000-165535" */
static int add_users(struct grant *grant, const char *text)
{
	struct grant_users *slot, users;
	char *end;

	if (!is_user(text, &end, &users.first))
		return -EINVAL;
	users.last = users.first;
	if (*end == '-' && !is_user(end + 1, &end, &users.last))
		return -EINVAL;
	if (*end || users.last < users.first)
		return -EINVAL;
	slot = array_add(&grant->users, &grant->nr_users, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	*slot = users;
	return 0;
}

/* "A,B,C" */
static int each_part(struct grant *grant, const char *text,
		     int (*add)(struct grant *grant, const char *part))
{
	char *copy = strdup(text), *rest = copy;
	int ret = copy ? 0 : -ENOMEM;

	while (!ret && rest)
		ret = add(grant, strsep(&rest, ","));
	free(copy);
	return ret;
}

static int add_slices(struct grant *grant, const char *text)
{
	return each_part(grant, text, add_slice);
}

static int add_all_users(struct grant *grant, const char *text)
{
	return each_part(grant, text, add_users);
}

static int set_until(struct grant *grant, const char *text)
{
	char *end;

	errno = 0;
	grant->until = strtoll(text, &end, 10);
	return errno || *end || end == text || grant->until <= 0 ? -EINVAL : 0;
}

static int set_time(struct grant *grant, const char *text)
{
	uint64_t time;

	if (duration_parse(text, &time) || !time)
		return -EINVAL;
	grant->until = boot_milliseconds() + time;
	return 0;
}

static bool is_grant_name(const char *name)
{
	return value_name(name) && strlen(name) <= CONFIG_GRANT_MAX &&
	       name[0] != '.';
}

static int set_name(struct grant *grant, const char *text)
{
	if (!is_grant_name(text) || *grant->name)
		return -EINVAL;
	snprintf(grant->name, sizeof(grant->name), "%s", text);
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct grant *grant, const char *text);
} keys[] = {
	{ "name=", set_name },
	{ "slices=", add_slices },
	{ "users=", add_all_users },
	{ "for=", set_time },
	{ "until=", set_until },
};

/* One word. -ENOENT: there is no such key */
static int understand_word(struct grant *grant, const char *word)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t length = strlen(keys[i].key);

		if (!strncmp(word, keys[i].key, length))
			return keys[i].set(grant, word + length);
	}
	return -ENOENT;
}

/* Takes them apart. *@bad: the word that is wrong, or NULL */
static int understand(struct grant *grant, char *words, const char **bad)
{
	int ret = 0;

	*bad = NULL;
	while (!ret && words) {
		*bad = strsep(&words, "\n ");
		if (**bad)
			ret = understand_word(grant, *bad);
	}
	if (!ret && (!*grant->name || !grant->slices.nr)) {
		*bad = NULL;
		ret = -EINVAL;
	}
	return ret == -ENOENT ? -EINVAL : ret;
}

static void describe_rest(struct text *out, const struct grant *grant)
{
	for (size_t i = 0; i < grant->slices.nr; i++)
		text_add(out, "%s%s", i ? "," : " slices=",
			 grant->slices.list[i]);
	for (size_t i = 0; i < grant->nr_users; i++) {
		const struct grant_users *users = &grant->users[i];

		text_add(out, "%s%u", i ? "," : " users=", users->first);
		if (users->last != users->first)
			text_add(out, "-%u", users->last);
	}
}

void grant_describe(struct text *out, const struct grant *grant)
{
	int64_t left = grant->until - boot_milliseconds();

	text_add(out, "name=%s path=%s", grant->name,
		 grant->entrance ? grant->entrance->listener.path : "-");
	describe_rest(out, grant);
	if (grant->until)
		text_add(out, " ends=%lld",
			 (long long)time(NULL) + (left > 0 ? left / 1000 : 0));
}

/* ---- Where it is ----------------------------------------------------------- */

static void path_of(char path[PATH_MAX], const struct grants *grants,
		    const struct grant *grant, const char *what)
{
	snprintf(path, PATH_MAX, "%s/%s%s", grants->directory, grant->name,
		 what);
}

/* Whatever the umask is, and whatever it was before; no link to another one */
static int make_at(const char *path, mode_t mode)
{
	int fd, ret;

	if (mkdir(path, mode) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fchmod(fd, mode) ? -errno : 0;
	close(fd);
	return ret;
}

static int make_directory(const struct grants *grants, const struct grant *grant,
			  const char *what, mode_t mode)
{
	char path[PATH_MAX];

	path_of(path, grants, grant, what);
	return make_at(path, mode);
}

/* All of it or nothing of it is there after a crash */
static int write_file(const struct grants *grants, const struct grant *grant)
{
	char path[PATH_MAX], new[PATH_MAX];
	struct text line = { 0 };
	FILE *file;
	int ret = 0;

	text_add(&line, "name=%s", grant->name);
	describe_rest(&line, grant);
	if (grant->until)
		text_add(&line, " until=%lld", (long long)grant->until);
	path_of(path, grants, grant, "/grant");
	path_of(new, grants, grant, "/new");
	file = line.incomplete ? NULL : fopen(new, "we");
	if (!file)
		ret = line.incomplete ? -ENOMEM : -errno;
	if (file && fprintf(file, "%s\n", line.start) < 0)
		ret = -EIO;
	if (file && fclose(file) && !ret)
		ret = -errno;
	if (!ret && rename(new, path))
		ret = -errno;
	text_free(&line);
	return ret;
}

static void remove_files(const struct grants *grants, const struct grant *grant)
{
	static const char *const files[] = { "/grant", "/new" };
	static const char *const directories[] = { "/run", "" };
	char path[PATH_MAX];

	for (size_t i = 0; i < 2; i++) {
		path_of(path, grants, grant, files[i]);
		if (unlink(path) && errno != ENOENT)
			log_line(LOG_WARNING, "cannot remove %s: %s", path,
				 strerror(errno));
	}
	/* Somebody who was given a view of it may have put something there */
	for (size_t i = 0; i < 2; i++) {
		path_of(path, grants, grant, directories[i]);
		if (rmdir(path) && errno != ENOENT && errno != ENOTEMPTY)
			log_line(LOG_WARNING, "cannot remove %s: %s", path,
				 strerror(errno));
	}
}

/* ---- All of them ----------------------------------------------------------- */

/* Where a grant of this name is, or would be */
static size_t place_of(const struct grants *grants, const char *name, bool *there)
{
	size_t low = 0, high = grants->nr;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(grants->list[middle]->name, name);

		if (!order) {
			*there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*there = false;
	return low;
}

const struct grant *grants_find(const struct grants *grants,
				const char *listener)
{
	size_t length = strlen(CONFIG_GRANT), place;
	bool there;

	if (strncmp(listener, CONFIG_GRANT, length))
		return NULL;
	place = place_of(grants, listener + length, &there);
	return there ? grants->list[place] : NULL;
}

bool grant_means(const struct grant *grant, const struct barlease_peer *peer)
{
	if (peer->uid == CONFIG_UNMAPPED)
		return false;
	if (!grant->nr_users)
		return true;
	for (size_t i = 0; i < grant->nr_users; i++)
		if (peer->uid >= grant->users[i].first &&
		    peer->uid <= grant->users[i].last)
			return true;
	return false;
}

static int insert(struct grants *grants, struct grant *grant)
{
	bool there;
	size_t place = place_of(grants, grant->name, &there);
	struct grant **slot = array_add(&grants->list, &grants->nr,
					sizeof(struct grant *));

	if (!slot)
		return -ENOMEM;
	memmove(&grants->list[place + 1], &grants->list[place],
		(grants->nr - 1 - place) * sizeof(struct grant *));
	grants->list[place] = grant;
	return 0;
}

static void take_out(struct grants *grants, size_t place)
{
	grants->nr--;
	memmove(&grants->list[place], &grants->list[place + 1],
		(grants->nr - place) * sizeof(struct grant *));
}

/* When the first of them is over */
static void set_timer(struct grants *grants)
{
	int64_t first = INT64_MAX, left;

	for (size_t i = 0; i < grants->nr; i++)
		if (grants->list[i]->until && grants->list[i]->until < first)
			first = grants->list[i]->until;
	if (first == INT64_MAX)
		return;
	left = first - boot_milliseconds();
	if (left < 1)
		left = 1;
	loop_set_timer(&grants->timer, left < LONGEST_MS ? left : LONGEST_MS);
}

/* ---- Making and ending one ------------------------------------------------- */

static int open_it(struct broker *broker, struct grant *grant)
{
	struct grants *grants = &broker->grants;
	char path[PATH_MAX], name[BARLEASE_NAME_MAX];
	int ret;

	ret = make_directory(grants, grant, "", grant->nr_users ? 0711 : 0700);
	if (!ret)
		ret = make_directory(grants, grant, "/run", 0755);
	if (!ret)
		ret = write_file(grants, grant);
	path_of(path, grants, grant, "/run/socket");
	snprintf(name, sizeof(name), CONFIG_GRANT "%s", grant->name);
	if (!ret)
		ret = entrance_open(broker, name, path, 0666, &grant->entrance);
	if (!ret)
		ret = entrance_admit(broker, grant->entrance);
	return ret;
}

static void close_it(struct broker *broker, struct grant *grant,
		     unsigned int *leases)
{
	*leases = 0;
	if (grant->entrance)
		*leases = entrance_close(broker, grant->entrance);
	remove_files(&broker->grants, grant);
	free_grant(grant);
}

static int check(const struct broker *broker, const struct grant *grant,
		 char *why, size_t size)
{
	const struct grants *grants = &broker->grants;
	bool there;

	place_of(grants, grant->name, &there);
	if (there) {
		snprintf(why, size, "there is a grant %s already", grant->name);
		return -EBUSY;
	}
	if (grants->nr == MOST_GRANTS) {
		snprintf(why, size, "there are %d grants, as many as there may be",
			 MOST_GRANTS);
		return -EBUSY;
	}
	for (size_t i = 0; i < grant->slices.nr; i++) {
		if (config_has(broker->config, grant->slices.list[i]))
			continue;
		snprintf(why, size, "no slice %s", grant->slices.list[i]);
		return -ENOENT;
	}
	return 0;
}

static int understand_request(struct grant *grant, char *words, char *why,
			      size_t size)
{
	const char *bad;
	int ret = understand(grant, words, &bad);

	if (ret == -EINVAL && bad)
		snprintf(why, size,
			 "\"%.60s\" is none of the words after \"grant\": name=, slices=, users=, for=",
			 bad);
	else if (ret == -EINVAL)
		snprintf(why, size,
			 "after \"grant\" comes name= and slices=, and perhaps users= and for=");
	return ret;
}

int grants_add(struct broker *broker, char *words, struct grant **result,
	       char *why, size_t size)
{
	struct grants *grants = &broker->grants;
	struct grant *grant = calloc(1, sizeof(*grant));
	unsigned int leases;
	int ret;

	snprintf(why, size, "%s", strerror(ENOMEM));
	if (!grant)
		return -ENOMEM;
	ret = understand_request(grant, words, why, size);
	if (!ret)
		ret = check(broker, grant, why, size);
	/* Before anybody can connect */
	if (!ret)
		ret = insert(grants, grant);
	if (ret) {
		free_grant(grant);
		return ret;
	}
	ret = open_it(broker, grant);
	if (ret) {
		snprintf(why, size, "cannot make %s/%s: %s", grants->directory,
			 grant->name, strerror(-ret));
		grants_end(broker, grant->name, &leases);
		return ret;
	}
	set_timer(grants);
	broker_set_limits(broker);
	*result = grant;
	return 0;
}

int grants_end(struct broker *broker, const char *name, unsigned int *leases)
{
	struct grants *grants = &broker->grants;
	struct grant *grant;
	bool there;
	size_t place = place_of(grants, name, &there);

	if (!there)
		return -ENOENT;
	grant = grants->list[place];
	close_it(broker, grant, leases);
	take_out(grants, place);
	broker_set_limits(broker);
	return 0;
}

static void on_timer(struct loop_timer *timer)
{
	struct grants *grants = container_of(timer, struct grants, timer);
	struct broker *broker = container_of(grants, struct broker, grants);
	const int64_t now = boot_milliseconds();
	unsigned int leases;
	size_t i = 0;

	while (i < grants->nr) {
		const struct grant *grant = grants->list[i];

		if (!grant->until || grant->until > now) {
			i++;
			continue;
		}
		log_line(LOG_NOTICE, "the grant %s is over", grant->name);
		admin_tell(broker->admin, "ungranted name=%s", grant->name);
		grants_end(broker, grant->name, &leases);
	}
	set_timer(grants);
}

/* ---- Those that there were ------------------------------------------------- */

static int read_grant(const struct grants *grants, const char *name,
		      struct grant *grant)
{
	char path[PATH_MAX], *text;
	const char *bad;
	size_t size;
	int ret;

	snprintf(path, sizeof(path), "%s/%s/grant", grants->directory, name);
	ret = file_read_all(path, &text, &size);
	if (ret)
		return ret;
	if (memchr(text, '\0', size))
		size = 0;
	text[size] = '\0';
	ret = understand(grant, text, &bad);
	if (!ret && strcmp(grant->name, name))
		ret = -EINVAL;
	free(text);
	return ret;
}

static int load_one(struct broker *broker, const char *name)
{
	struct grants *grants = &broker->grants;
	struct grant *grant = calloc(1, sizeof(*grant));
	int ret = grant ? read_grant(grants, name, grant) : -ENOMEM;

	if (!ret)
		ret = insert(grants, grant);
	if (ret) {
		if (grant)
			free_grant(grant);
		return ret;
	}
	ret = open_it(broker, grant);
	if (ret && grant->entrance) {
		entrance_close(broker, grant->entrance);
		grant->entrance = NULL;
	}
	return ret;
}

static void load_all(struct broker *broker, DIR *directory)
{
	struct dirent *entry;
	int ret;

	while ((entry = readdir(directory))) {
		if (!is_grant_name(entry->d_name))
			continue;
		ret = load_one(broker, entry->d_name);
		/* Half of one is what a crash has left, or who had a view of it */
		if (ret && ret != -ENOENT)
			log_line(LOG_WARNING,
				 "cannot go on with the grant %s: %s",
				 entry->d_name, strerror(-ret));
	}
}

int grants_load(struct broker *broker, const struct config *config)
{
	struct grants *grants = &broker->grants;
	DIR *directory;
	int ret;

	grants->timer.fire = on_timer;
	ret = loop_add_timer(broker->loop, &grants->timer);
	if (ret)
		return ret;
	if (asprintf(&grants->directory, "%s/grants", config_locks(config)) < 0) {
		grants->directory = NULL;
		return -ENOMEM;
	}
	ret = make_at(grants->directory, 0711);
	if (ret) {
		log_line(LOG_WARNING, "there can be no grants: %s: %s",
			 grants->directory, strerror(-ret));
		return 0;
	}
	directory = opendir(grants->directory);
	if (!directory)
		return -errno;
	load_all(broker, directory);
	closedir(directory);
	set_timer(grants);
	return 0;
}

void grants_free(struct broker *broker)
{
	struct grants *grants = &broker->grants;

	for (size_t i = 0; i < grants->nr; i++)
		free_grant(grants->list[i]);
	free(grants->list);
	free(grants->directory);
	*grants = (struct grants){ 0 };
}
