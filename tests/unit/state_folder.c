#include "state_folder.h"

#include "hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_LEN = 128, LINES_MAX = 65536 };

const char *state_folder_new(void)
{
	static char folder[PATH_LEN];
	const char *parent = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%.64s/ddnsgate-state.XXXXXX", parent && *parent ? parent : "/tmp");
	assert_non_null(mkdtemp(folder));
	return folder;
}

void state_folder_remove(const char *folder)
{
	static const char *const names[] = {"ddnsgate.db", "ddnsgate.db-wal", "ddnsgate.db-shm"};
	char path[PATH_LEN + 32];

	for (size_t i = 0; i < LENGTH(names); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

struct database *state_folder_open(const char *folder)
{
	struct database *database = NULL;
	char error[DATABASE_ERROR_MAX];

	if (database_open(folder, 1000, &database, error) != STATUS_OK)
		fail_msg("%s", error);
	return database;
}

static struct text pattern_lines(const struct account_hosts *hosts, char *lines)
{
	char text[HOST_PATTERN_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < host_list_count(hosts->list); i++) {
		struct host_pattern pattern = host_of(hosts->list, i);

		assert_true(len + HOST_PATTERN_TEXT_MAX < LINES_MAX);
		len += (size_t)snprintf(lines + len, LINES_MAX - len, "%s\n", host_pattern_format(&pattern, text));
	}
	return (struct text){lines, len};
}

static struct text source_lines(const struct network *sources, size_t count, char *lines)
{
	char text[ADDR_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(lines + len, LINES_MAX - len, "%s/%u\n", addr_format(&sources[i].addr, text),
					sources[i].bits);
	return (struct text){lines, len};
}

static void add_key(struct database *database, const char *login, const struct account_key *key, size_t n)
{
	static char hosts[LINES_MAX], sources[LINES_MAX];
	char name[32];
	struct database_key row = {
		.name = text_of(key->name),
		.digest = key->key.crypt ? NULL : key->key.digest,
		.crypt = text_of(key->key.crypt),
		.hosts = pattern_lines(&key->hosts, hosts),
		.sources = source_lines(key->sources, key->source_count, sources),
		.expires_s = key->expires_s,
	};

	snprintf(name, sizeof name, "key %zu", n);
	if (!key->name)
		row.name = text_of(name);
	assert_int_equal(database_key_add(database, text_of(login), &row), STATUS_OK);
}

void state_folder_add(struct database *database, const struct account *accounts, size_t count)
{
	static char hosts[LINES_MAX];

	assert_int_equal(database_begin(database), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		struct database_user user = {
			.login = text_of(accounts[i].login),
			.hosts = pattern_lines(&accounts[i].hosts, hosts),
			.active = accounts[i].active,
			.may_update = accounts[i].may_update,
		};

		assert_int_equal(database_user_add(database, &user), STATUS_OK);
		for (size_t n = 0; n < accounts[i].key_count; n++)
			add_key(database, accounts[i].login, &accounts[i].keys[n], n);
	}
	assert_int_equal(database_commit(database), STATUS_OK);
}
