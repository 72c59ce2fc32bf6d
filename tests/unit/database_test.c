/*
 * The state file: users, keys, login passwords and history, and what becomes of it when the disk or another program
 * spoils it. A program of its own process, so that it may bound the size of files.
 */
#include "hosts.h"
#include "state_folder.h"
#include "support.h"

#include "account/password.h"
#include "store/database_sql.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HASH "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"

enum { NOW_S = 1800000000, SEEN_MAX = 2000 };

struct world {
	char folder[128];
	struct database *database;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof *world);

	assert_non_null(world);
	snprintf(world->folder, sizeof world->folder, "%s", state_folder_new());
	world->database = state_folder_open(world->folder);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	database_free(&world->database);
	assert_null(world->database);
	state_folder_remove(world->folder);
	free(world);
	return 0;
}

static struct database *database_of(void **state)
{
	return ((struct world *)*state)->database;
}

/* ---- Users ---- */

static enum status add_user(struct database *database, const char *login, const char *hosts)
{
	struct database_user user = {
		.login = text_of(login), .hosts = text_of(hosts), .active = true, .may_update = true};

	return database_user_add(database, &user);
}

static void a_user_is_kept_with_all_that_it_has(void **state)
{
	struct database_user user = {.login = text_of("alice"),
				     .hosts = text_of("a.example.com\n*.b.example.com\n"),
				     .password_hash = text_of(HASH),
				     .active = true,
				     .may_update = true,
				     .may_create = true,
				     .may_set_txt = true};
	struct database *database = database_of(state);
	struct host_list *hosts = NULL;
	struct account account;

	assert_int_equal(database_user_add(database, &user), STATUS_OK);
	assert_int_equal(database_account(database, text_of("alice"), &account), STATUS_OK);
	assert_true(account.active && account.may_update && account.may_create && account.may_set_txt);
	assert_string_equal(account.hosts.lines, "a.example.com\n*.b.example.com\n");
	assert_int_equal(database_user_hosts(database, text_of("alice"), &hosts), STATUS_OK);
	assert_int_equal(host_list_count(hosts), 2);
	host_list_free(&hosts);
	assert_int_equal(account.key_count, 0);
	account_fini(&account);

	assert_int_equal(database_user_set_active(database, text_of("alice"), false), STATUS_OK);
	assert_int_equal(database_user_set_hosts(database, text_of("alice"), text_of("c.example.com\n")), STATUS_OK);
	assert_int_equal(database_account(database, text_of("alice"), &account), STATUS_OK);
	assert_false(account.active);
	assert_string_equal(account.hosts.lines, "c.example.com\n");
	account_fini(&account);
}

static void a_login_is_there_once_and_has_its_bounds(void **state)
{
	struct database *database = database_of(state);
	char longest[ACCOUNT_LOGIN_MAX + 2];
	struct database_user user = {.active = true};

	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	assert_int_equal(add_user(database, "alice", ""), STATUS_DUPLICATE);
	assert_int_equal(add_user(database, "Alice", ""), STATUS_OK);
	assert_int_equal(add_user(database, "", ""), STATUS_INVALID);
	memset(longest, 'x', sizeof longest);
	user.login = (struct text){longest, ACCOUNT_LOGIN_MAX};
	assert_int_equal(database_user_add(database, &user), STATUS_OK);
	user.login.len++;
	assert_int_equal(database_user_add(database, &user), STATUS_INVALID);
	user.login = (struct text){"a\0b", 3};
	assert_int_equal(database_user_add(database, &user), STATUS_INVALID);
	assert_int_equal(database_user_set_active(database, text_of("bob"), true), STATUS_NOT_FOUND);
	assert_int_equal(database_user_set_hosts(database, text_of("bob"), text_of("")), STATUS_NOT_FOUND);
	assert_int_equal(database_user_set_password(database, text_of("bob"), text_of(HASH)), STATUS_NOT_FOUND);
}

static void a_password_is_for_active_users_that_have_one(void **state)
{
	struct database *database = database_of(state);
	char hash[PASSWORD_HASH_MAX];

	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	assert_int_equal(database_password(database, text_of("alice"), hash), STATUS_NOT_FOUND);
	assert_int_equal(database_user_set_password(database, text_of("alice"), text_of(HASH)), STATUS_OK);
	assert_int_equal(database_password(database, text_of("alice"), hash), STATUS_OK);
	assert_string_equal(hash, HASH);
	assert_int_equal(database_user_set_active(database, text_of("alice"), false), STATUS_OK);
	assert_int_equal(database_password(database, text_of("alice"), hash), STATUS_NOT_FOUND);
	assert_int_equal(database_password(database, text_of("bob"), hash), STATUS_NOT_FOUND);
}

static void a_password_is_changed_only_while_it_is_the_one_that_was_seen(void **state)
{
	struct database *database = database_of(state);
	struct text alice = text_of("alice"), seen = text_of(HASH), fresh = text_of("$y$another");
	char hash[PASSWORD_HASH_MAX];

	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	assert_int_equal(database_user_change_password(database, alice, seen, fresh), STATUS_NOT_FOUND);
	assert_int_equal(database_user_set_password(database, alice, seen), STATUS_OK);
	assert_int_equal(database_user_change_password(database, alice, seen, fresh), STATUS_OK);
	assert_int_equal(database_user_change_password(database, alice, seen, text_of("$y$late")), STATUS_NOT_FOUND);
	assert_int_equal(database_password(database, alice, hash), STATUS_OK);
	assert_string_equal(hash, "$y$another");
	assert_int_equal(database_user_set_active(database, alice, false), STATUS_OK);
	assert_int_equal(database_user_change_password(database, alice, fresh, seen), STATUS_NOT_FOUND);
	assert_int_equal(database_user_change_password(database, text_of("bob"), seen, fresh), STATUS_NOT_FOUND);
}

/* ---- Keys ---- */

static enum status add_key(struct database *database, const char *login, const char *name, uint8_t first)
{
	uint8_t digest[KEY_DIGEST_LEN] = {first};
	struct database_key key = {.name = text_of(name), .digest = digest};

	return database_key_add(database, text_of(login), &key);
}

static void keys_have_names_limits_and_numbers(void **state)
{
	struct database *database = database_of(state);
	struct database_key limited = {.name = text_of("limited"),
				       .crypt = text_of(HASH),
				       .hosts = text_of("a.example.com\n"),
				       .sources = text_of("192.0.2.0/24\n::1/128\n"),
				       .expires_s = NOW_S};
	struct account account;

	assert_int_equal(add_user(database, "alice", "*.example.com\n"), STATUS_OK);
	assert_int_equal(add_key(database, "alice", "first", 1), STATUS_OK);
	assert_int_equal(database_key_add(database, text_of("alice"), &limited), STATUS_OK);
	assert_int_equal(database_account(database, text_of("alice"), &account), STATUS_OK);
	assert_int_equal(account.key_count, 2);
	assert_string_equal(account.keys[0].name, "first");
	assert_int_equal(account.keys[0].key.digest[0], 1);
	assert_int_equal(account.keys[0].expires_s, 0);
	assert_null(account.keys[0].hosts.lines);
	assert_int_equal(account.keys[0].source_count, 0);
	assert_string_equal(account.keys[1].key.crypt, HASH);
	assert_string_equal(account.keys[1].hosts.lines, "a.example.com\n");
	assert_int_equal(account.keys[1].source_count, 2);
	assert_int_equal(account.keys[1].expires_s, NOW_S);
	assert_int_not_equal(account.keys[0].id, account.keys[1].id);
	account_fini(&account);
}

static void a_key_is_refused_if_its_name_is_there(void **state)
{
	struct database *database = database_of(state);
	char name[DATABASE_KEY_NAME_MAX + 2] = "";

	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	assert_int_equal(add_user(database, "bob", ""), STATUS_OK);
	assert_int_equal(add_key(database, "alice", "one", 1), STATUS_OK);
	assert_int_equal(add_key(database, "alice", "one", 2), STATUS_DUPLICATE);
	assert_int_equal(add_key(database, "bob", "one", 1), STATUS_OK); /* nobody learns that it is another one's */
	assert_int_equal(add_key(database, "carol", "one", 3), STATUS_NOT_FOUND);
	assert_int_equal(add_key(database, "alice", "", 3), STATUS_INVALID);
	assert_int_equal(add_key(database, "alice", "a\nb", 3), STATUS_INVALID);
	memset(name, 'x', sizeof name - 1);
	assert_int_equal(add_key(database, "alice", name, 3), STATUS_INVALID);
	for (uint8_t i = 1; i < DATABASE_KEYS_MAX; i++) {
		snprintf(name, sizeof name, "key %u", i);
		assert_int_equal(add_key(database, "alice", name, (uint8_t)(100 + i)), STATUS_OK);
	}
	assert_int_equal(add_key(database, "alice", "one more", 99), STATUS_FULL);
}

static void a_revoked_key_is_gone(void **state)
{
	struct database *database = database_of(state);
	uint8_t digest[KEY_DIGEST_LEN] = {1};
	struct account account;

	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	assert_int_equal(add_key(database, "alice", "one", 1), STATUS_OK);
	assert_int_equal(database_account_by_key(database, digest, &account), STATUS_OK);
	assert_string_equal(account.login, "alice");
	account_fini(&account);
	assert_int_equal(database_key_revoke(database, text_of("alice"), text_of("two")), STATUS_NOT_FOUND);
	assert_int_equal(database_key_revoke(database, text_of("bob"), text_of("one")), STATUS_NOT_FOUND);
	assert_int_equal(database_key_revoke(database, text_of("alice"), text_of("one")), STATUS_OK);
	assert_int_equal(database_account_by_key(database, digest, &account), STATUS_NOT_FOUND);
	assert_int_equal(database_account(database, text_of("alice"), &account), STATUS_OK);
	assert_int_equal(account.key_count, 0);
	account_fini(&account);
}

static int64_t number_of(struct database *database, const char *login, const char *name)
{
	struct account account;
	int64_t number = 0;

	assert_int_equal(database_account(database, text_of(login), &account), STATUS_OK);
	for (size_t i = 0; i < account.key_count; i++) {
		if (strcmp(account.keys[i].name, name) == 0)
			number = account.keys[i].id;
	}
	account_fini(&account);
	assert_true(number > 0);
	return number;
}

static int64_t number_of_new(struct database *database, const char *login, const char *name)
{
	assert_int_equal(add_key(database, login, name, 1), STATUS_OK);
	return number_of(database, login, name);
}

static void execute(struct database *database, const char *sql)
{
	assert_int_equal(sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Whatever was done with a key may be noted later than it was revoked, or than its user went. */
static void the_number_of_a_key_is_never_used_again(void **state)
{
	struct world *world = *state;
	struct text alice = text_of("alice"), one = text_of("one");
	int64_t last, number;

	assert_int_equal(add_user(world->database, "alice", ""), STATUS_OK);
	assert_int_equal(add_user(world->database, "bob", ""), STATUS_OK);
	last = number_of_new(world->database, "alice", "one");
	assert_int_equal(database_key_revoke(world->database, alice, one), STATUS_OK);
	assert_true((number = number_of_new(world->database, "alice", "one")) > last);
	last = number;
	assert_true((number = number_of_new(world->database, "bob", "one")) > last);
	last = number;

	assert_int_equal(database_key_revoke(world->database, text_of("bob"), one), STATUS_OK);
	database_free(&world->database);
	world->database = state_folder_open(world->folder);
	assert_true((number = number_of_new(world->database, "bob", "one")) > last);
	last = number;

	execute(world->database, "DELETE FROM users");
	assert_int_equal(add_user(world->database, "bob", ""), STATUS_OK);
	assert_true(number_of_new(world->database, "bob", "one") > last);
}

/* ---- Many hosts ---- */

/* `count` hosts, one a line; the text is kept until the next call. */
static const char *many_hosts(size_t count, char letter)
{
	static char lines[(DATABASE_PATTERNS_MAX + 2) * 24];
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(lines + len, sizeof lines - len, "%c%zu.example.com\n", letter, i);
	lines[len] = '\0';
	return lines;
}

static size_t count_rows(struct database *database, const char *table)
{
	sqlite3_stmt *statement = NULL;
	char sql[64];
	size_t count;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	assert_int_equal(sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	count = (size_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return count;
}

static int64_t list_of(struct database *database, const char *login)
{
	struct account account;
	int64_t number;

	assert_int_equal(database_account(database, text_of(login), &account), STATUS_OK);
	assert_int_equal(account.hosts.lines == NULL, account.hosts.number != 0);
	number = account.hosts.number;
	account_fini(&account);
	return number;
}

static void assert_list(struct database *database, int64_t number, size_t count, const char *first)
{
	struct host_list *list = NULL;

	assert_int_equal(database_list(database, number, &list), STATUS_OK);
	assert_int_equal(host_list_count(list), count);
	assert_string_equal(host_of(list, 0).name.text, first);
	host_list_free(&list);
}

/* Other hosts are another list, so that what was read of one may be kept. */
static void many_hosts_are_a_list_that_never_changes(void **state)
{
	struct database *database = database_of(state);
	struct text alice = text_of("alice");
	struct host_list *list = NULL;
	int64_t first, second;

	assert_int_equal(add_user(database, "alice", many_hosts(10000, 'a')), STATUS_OK);
	first = list_of(database, "alice");
	assert_list(database, first, 10000, "a0.example.com");
	assert_int_equal(database_user_set_hosts(database, alice, text_of(many_hosts(9000, 'b'))), STATUS_OK);
	second = list_of(database, "alice");
	assert_true(second > first);
	assert_list(database, second, 9000, "b0.example.com");
	assert_int_equal(database_list(database, first, &list), STATUS_NOT_FOUND);
	assert_null(list);
	assert_int_equal(database_user_hosts(database, alice, &list), STATUS_OK);
	assert_int_equal(host_list_count(list), 9000);
	host_list_free(&list);
	assert_int_equal(count_rows(database, "lists"), 1);
	assert_int_equal(database_user_set_hosts(database, alice, text_of("a.example.com\n")), STATUS_OK);
	assert_int_equal(list_of(database, "alice"), 0);
	assert_int_equal(count_rows(database, "lists"), 0);
	assert_int_equal(database_user_set_hosts(database, text_of("bob"), text_of(many_hosts(9000, 'b'))),
			 STATUS_NOT_FOUND);
	assert_int_equal(count_rows(database, "lists"), 0);
	assert_int_equal(add_user(database, "alice", many_hosts(9000, 'b')), STATUS_DUPLICATE);
	assert_int_equal(count_rows(database, "lists"), 0);
}

static void a_list_goes_with_the_key_that_is_limited_to_it(void **state)
{
	struct database *database = database_of(state);
	uint8_t digest[KEY_DIGEST_LEN] = {1};
	struct database_key key = {
		.name = text_of("limited"), .digest = digest, .hosts = text_of(many_hosts(1000, 'k'))};
	struct account account;

	assert_int_equal(add_user(database, "alice", "*.example.com\n"), STATUS_OK);
	assert_int_equal(database_key_add(database, text_of("alice"), &key), STATUS_OK);
	assert_int_equal(database_account(database, text_of("alice"), &account), STATUS_OK);
	assert_list(database, account.keys[0].hosts.number, 1000, "k0.example.com");
	account_fini(&account);
	assert_int_equal(database_key_revoke(database, text_of("alice"), text_of("limited")), STATUS_OK);
	assert_int_equal(count_rows(database, "lists"), 0);
	assert_int_equal(database_key_add(database, text_of("alice"), &key), STATUS_OK);
	execute(database, "DELETE FROM users");
	assert_int_equal(count_rows(database, "lists"), 0);
}

static void hosts_have_a_bound(void **state)
{
	struct database *database = database_of(state);
	uint8_t digest[KEY_DIGEST_LEN] = {1};
	struct database_key key = {.name = text_of("limited"), .digest = digest};

	assert_int_equal(add_user(database, "alice", many_hosts(DATABASE_PATTERNS_MAX, 'a')), STATUS_OK);
	assert_int_equal(add_user(database, "bob", many_hosts(DATABASE_PATTERNS_MAX + 1, 'a')), STATUS_TOO_LONG);
	key.hosts = text_of(many_hosts(DATABASE_PATTERNS_MAX + 1, 'a'));
	assert_int_equal(database_user_set_hosts(database, text_of("alice"), key.hosts), STATUS_TOO_LONG);
	assert_int_equal(database_key_add(database, text_of("alice"), &key), STATUS_TOO_LONG);
	assert_int_equal(count_rows(database, "users"), 1);
	assert_int_equal(count_rows(database, "keys"), 0);
	assert_int_equal(count_rows(database, "lists"), 1);
}

/* What version 2 was: all hosts stand with their user, or key. */
static void to_version_2(struct database *database)
{
	execute(database, "DROP TRIGGER user_changes_hosts; DROP TRIGGER user_goes; DROP TRIGGER key_goes;"
			  "UPDATE users SET hosts = (SELECT patterns FROM lists l WHERE l.id = list) WHERE list;"
			  "UPDATE keys SET hosts = (SELECT patterns FROM lists l WHERE l.id = list) WHERE list;"
			  "ALTER TABLE users DROP COLUMN list; ALTER TABLE keys DROP COLUMN list; DROP TABLE lists;"
			  "DELETE FROM counters WHERE name = 'list';"
			  "PRAGMA user_version = 2");
}

static void hosts_of_a_file_of_version_2_are_taken_over(void **state)
{
	struct world *world = *state;
	uint8_t digest[KEY_DIGEST_LEN] = {1};
	struct database_key key = {
		.name = text_of("limited"), .digest = digest, .hosts = text_of(many_hosts(500, 'k'))};
	struct account account;

	assert_int_equal(add_user(world->database, "few", "f.example.com\n"), STATUS_OK);
	assert_int_equal(database_key_add(world->database, text_of("few"), &key), STATUS_OK);
	assert_int_equal(add_user(world->database, "many", many_hosts(400, 'm')), STATUS_OK);
	assert_int_equal(add_user(world->database, "more", many_hosts(300, 'n')), STATUS_OK);
	assert_int_equal(add_key(world->database, "more", "free", 2), STATUS_OK);
	to_version_2(world->database);
	database_free(&world->database);
	world->database = state_folder_open(world->folder);
	assert_list(world->database, list_of(world->database, "many"), 400, "m0.example.com");
	assert_list(world->database, list_of(world->database, "more"), 300, "n0.example.com");
	assert_int_equal(database_account(world->database, text_of("few"), &account), STATUS_OK);
	assert_string_equal(account.hosts.lines, "f.example.com\n");
	assert_list(world->database, account.keys[0].hosts.number, 500, "k0.example.com");
	account_fini(&account);
	assert_int_equal(add_user(world->database, "new", many_hosts(200, 'o')), STATUS_OK);
	assert_int_equal(list_of(world->database, "new"), 4);
	assert_int_equal(count_rows(world->database, "lists"), 4);
	assert_int_equal(count_rows(world->database, "sqlite_temp_schema"), 0);
}

/* What version 1 was: no counters, and numbers of each user's own. */
static void to_version_1(struct database *database)
{
	to_version_2(database);
	execute(database, "DROP TABLE counters; DROP INDEX keys_by_crypt; DROP INDEX users_by_password;"
			  "UPDATE keys SET number = 7 WHERE number = 3;"
			  "PRAGMA user_version = 1");
}

static void keys_of_a_file_of_version_1_keep_their_numbers(void **state)
{
	struct world *world = *state;

	assert_int_equal(add_user(world->database, "alice", ""), STATUS_OK);
	assert_int_equal(add_user(world->database, "bob", ""), STATUS_OK);
	assert_int_equal(add_key(world->database, "alice", "one", 1), STATUS_OK);
	assert_int_equal(add_key(world->database, "alice", "two", 2), STATUS_OK);
	assert_int_equal(add_key(world->database, "bob", "one", 3), STATUS_OK);
	to_version_1(world->database);
	database_free(&world->database);
	world->database = state_folder_open(world->folder);
	assert_int_equal(number_of(world->database, "alice", "two"), 2);
	assert_int_equal(number_of(world->database, "bob", "one"), 7);
	assert_int_equal(number_of_new(world->database, "alice", "three"), 8);
}

/* ---- History ---- */

static struct record record_of(const char *host, uint64_t at_s, enum outcome_code code)
{
	return (struct record){
		.login = text_of("alice"),
		.host = text_of(host),
		.at_s = at_s,
		.source = addr_of("198.51.100.7"),
		.addrs = {addr_of("192.0.2.1"), addr_of("2001:db8::1")},
		.addr_count = 2,
		.code = code,
	};
}

static void record(struct database *database, const struct record *one)
{
	assert_int_equal(database_record(database, &one, 1), STATUS_OK);
}

/* What a visit has seen; texts are copied. */
struct seen {
	size_t count;
	struct {
		char host[64], source[64], addresses[128], outcome[32];
		uint64_t first_s, last_s, times, changed_s;
	} rows[SEEN_MAX];
};

static void copy(char *to, size_t size, struct text text)
{
	snprintf(to, size, "%.*s", (int)text.len, text.octets ? text.octets : "");
}

static void on_event(void *ctx, const struct database_event *event)
{
	struct seen *seen = ctx;
	size_t n = seen->count++;

	assert_true(n < SEEN_MAX);
	copy(seen->rows[n].source, sizeof seen->rows[n].source, event->source);
	copy(seen->rows[n].addresses, sizeof seen->rows[n].addresses, event->addresses);
	copy(seen->rows[n].outcome, sizeof seen->rows[n].outcome, event->outcome);
	seen->rows[n].first_s = event->first_s;
	seen->rows[n].last_s = event->last_s;
	seen->rows[n].times = event->times;
}

static void on_host(void *ctx, const struct database_host *host)
{
	struct seen *seen = ctx;
	size_t n = seen->count;

	on_event(ctx, &host->last);
	copy(seen->rows[n].host, sizeof seen->rows[n].host, host->host);
	seen->rows[n].changed_s = host->changed_s;
}

static struct seen *history(struct database *database, const char *host)
{
	static struct seen seen;

	seen.count = 0;
	assert_int_equal(database_history(database, text_of("alice"), text_of(host), on_event, &seen), STATUS_OK);
	return &seen;
}

static struct seen *hosts(struct database *database)
{
	static struct seen seen;

	seen.count = 0;
	assert_int_equal(database_hosts(database, text_of("alice"), on_host, &seen), STATUS_OK);
	return &seen;
}

static void what_is_so_again_is_counted(void **state)
{
	struct database *database = database_of(state);
	const struct record rows[] = {
		record_of("a.example.com", NOW_S, OUTCOME_CHANGED),
		record_of("a.example.com", NOW_S + 300, OUTCOME_UNCHANGED),
		record_of("a.example.com", NOW_S + 600, OUTCOME_UNCHANGED),
		record_of("a.example.com", NOW_S + 900, OUTCOME_UNREACHABLE),
	};
	const struct record *pointers[LENGTH(rows)];
	const struct seen *seen;

	for (size_t i = 0; i < LENGTH(rows); i++)
		pointers[i] = &rows[i];
	assert_int_equal(database_record(database, pointers, LENGTH(rows)), STATUS_OK);
	seen = history(database, "a.example.com");
	assert_int_equal(seen->count, 3);
	assert_string_equal(seen->rows[0].outcome, "unreachable");
	assert_string_equal(seen->rows[1].outcome, "unchanged");
	assert_int_equal(seen->rows[1].times, 2);
	assert_int_equal(seen->rows[1].first_s, NOW_S + 300);
	assert_int_equal(seen->rows[1].last_s, NOW_S + 600);
	assert_string_equal(seen->rows[2].outcome, "changed");
	assert_string_equal(seen->rows[2].source, "198.51.100.7");
	assert_string_equal(seen->rows[2].addresses, "192.0.2.1,2001:db8::1");

	seen = hosts(database);
	assert_int_equal(seen->count, 1);
	assert_string_equal(seen->rows[0].host, "a.example.com");
	assert_string_equal(seen->rows[0].outcome, "unreachable");
	assert_int_equal(seen->rows[0].changed_s, NOW_S);
}

static void the_oldest_entries_give_way(void **state)
{
	struct database *database = database_of(state);
	const struct seen *seen;

	for (unsigned i = 0; i < 2 * DATABASE_HISTORY_MAX + 7; i++) {
		struct record one = record_of("a.example.com", NOW_S + i, OUTCOME_CHANGED);

		one.addrs[0].octets[3] = (uint8_t)i;
		record(database, &one);
	}
	seen = history(database, "a.example.com");
	assert_int_equal(seen->count, DATABASE_HISTORY_MAX);
	for (size_t i = 0; i < seen->count; i++)
		assert_int_equal(seen->rows[i].first_s, NOW_S + 2 * DATABASE_HISTORY_MAX + 6 - i);
}

/* So nobody can fill the disk with names that are not there, nor with those that are. */
static void hosts_are_bounded_and_begin_with_a_success(void **state)
{
	struct database *database = database_of(state);
	struct record failure = record_of("never.example.com", NOW_S, OUTCOME_NO_RECORD);
	const struct seen *seen;
	char host[64];

	record(database, &failure);
	assert_int_equal(hosts(database)->count, 0);
	assert_int_equal(database_begin(database), STATUS_OK);
	assert_int_equal(database_commit(database), STATUS_OK);
	for (unsigned i = 0; i < DATABASE_HOSTS_MAX + 5; i++) {
		snprintf(host, sizeof host, "h%04u.example.com", i);
		failure = record_of(host, NOW_S + i, OUTCOME_UNCHANGED);
		record(database, &failure);
	}
	seen = hosts(database);
	assert_int_equal(seen->count, DATABASE_HOSTS_MAX);
	assert_string_equal(seen->rows[0].host, "h0005.example.com");
	assert_int_equal(seen->rows[0].changed_s, 0);
	assert_int_equal(history(database, "h0000.example.com")->count, 0);
}

static void on_key(void *ctx, const struct database_key *key)
{
	*(uint64_t *)ctx = key->used_s;
}

static void notes_when_a_key_was_used(void **state)
{
	struct database *database = database_of(state);
	struct record one = record_of("a.example.com", NOW_S, OUTCOME_NO_RECORD);
	struct account account;
	uint64_t used_s = 1;

	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	assert_int_equal(add_key(database, "alice", "one", 1), STATUS_OK);
	assert_int_equal(database_keys(database, text_of("alice"), on_key, &used_s), STATUS_OK);
	assert_int_equal(used_s, 0);
	assert_int_equal(database_account(database, text_of("alice"), &account), STATUS_OK);
	one.key_id = account.keys[0].id;
	account_fini(&account);
	record(database, &one);
	assert_int_equal(database_keys(database, text_of("alice"), on_key, &used_s), STATUS_OK);
	assert_int_equal(used_s, NOW_S);
	one.at_s += 30; /* not worth writing */
	record(database, &one);
	assert_int_equal(database_keys(database, text_of("alice"), on_key, &used_s), STATUS_OK);
	assert_int_equal(used_s, NOW_S);
	assert_int_equal(database_keys(database, text_of("bob"), on_key, &used_s), STATUS_NOT_FOUND);
}

static void a_use_of_a_revoked_key_is_none_of_the_one_made_after_it(void **state)
{
	struct database *database = database_of(state);
	struct record late = record_of("a.example.com", NOW_S, OUTCOME_NO_RECORD);
	uint64_t used_s = 1;

	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	late.key_id = number_of_new(database, "alice", "one");
	assert_int_equal(database_key_revoke(database, text_of("alice"), text_of("one")), STATUS_OK);
	assert_int_equal(add_key(database, "alice", "two", 2), STATUS_OK);
	record(database, &late);
	assert_int_equal(database_keys(database, text_of("alice"), on_key, &used_s), STATUS_OK);
	assert_int_equal(used_s, 0);
}

/* ---- The file ---- */

static void path_of(const struct world *world, const char *name, char path[static 160])
{
	snprintf(path, 160, "%s/%s", world->folder, name);
}

static void others_cannot_read_it(void **state)
{
	static const char *const names[] = {"ddnsgate.db", "ddnsgate.db-wal", "ddnsgate.db-shm"};
	struct world *world = *state;

	assert_int_equal(add_user(world->database, "alice", ""), STATUS_OK);
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct stat info;
		char path[160];

		path_of(world, names[i], path);
		assert_int_equal(stat(path, &info), 0);
		assert_row(names[i], (info.st_mode & 07777) == 0600);
	}
}

static void refuses_a_folder_that_everybody_may_write_to(void **state)
{
	struct world *world = *state;
	struct database *second = NULL;
	char error[DATABASE_ERROR_MAX];

	assert_int_equal(chmod(world->folder, 0777), 0);
	assert_int_equal(database_open(world->folder, 0, &second, error), STATUS_IO);
	assert_non_null(strstr(error, "chmod"));
	assert_int_equal(chmod(world->folder, 0700), 0);
}

static enum status reopen(struct world *world, char error[static DATABASE_ERROR_MAX])
{
	database_free(&world->database);
	return database_open(world->folder, 100, &world->database, error);
}

/* Writes octets at a place of the file. */
static void spoil(struct world *world, off_t at, const void *octets, size_t len)
{
	char path[160];
	int file;

	path_of(world, "ddnsgate.db", path);
	file = open(path, O_WRONLY);
	assert_true(file >= 0);
	assert_int_equal(pwrite(file, octets, len, at), len);
	assert_int_equal(close(file), 0);
}

static void what_was_written_is_there_after_reopening(void **state)
{
	struct world *world = *state;
	struct account account;
	char error[DATABASE_ERROR_MAX];

	assert_int_equal(add_user(world->database, "alice", ""), STATUS_OK);
	assert_int_equal(reopen(world, error), STATUS_OK);
	assert_int_equal(database_account(world->database, text_of("alice"), &account), STATUS_OK);
	account_fini(&account);
}

/* Whether another process finds a lock on the file. */
static bool is_locked(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	pid_t child = fork();
	int file, status;

	if (child == 0) {
		file = open(path, O_RDWR);
		_exit(file < 0 || fcntl(file, F_GETLK, &lock) != 0 ? 2 : lock.l_type != F_UNLCK);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

/* Others take it from the locks that the WAL is still in use. */
static void opening_it_once_more_does_not_release_its_locks(void **state)
{
	struct world *world = *state;
	struct database *second;
	struct account account;
	char path[160];

	path_of(world, "ddnsgate.db", path);
	assert_int_equal(database_account(world->database, text_of("alice"), &account), STATUS_NOT_FOUND);
	assert_true(is_locked(path));
	second = state_folder_open(world->folder);
	assert_true(is_locked(path));
	database_free(&second);
	assert_true(is_locked(path));
}

/* The header's places of user_version and application_id: 60 and 68 (SQLite's file format, section 1.3). */
static void refuses_a_file_of_a_later_version_or_of_others(void **state)
{
	static const uint8_t later[] = {0, 0, 0, 99}, ours[] = {0, 0, 0, 1}, others[] = {1, 2, 3, 4};
	struct world *world = *state;
	char error[DATABASE_ERROR_MAX];

	database_free(&world->database);
	spoil(world, 60, later, sizeof later);
	assert_int_equal(reopen(world, error), STATUS_IO);
	assert_non_null(strstr(error, "later version"));
	assert_int_equal(database_open_to_read(world->folder, 100, &world->database, error), STATUS_IO);
	assert_non_null(strstr(error, "later version"));
	spoil(world, 60, ours, sizeof ours);
	spoil(world, 68, others, sizeof others);
	assert_int_equal(reopen(world, error), STATUS_IO);
	assert_non_null(strstr(error, "no state file"));
}

static enum status on_grant(void *ctx, const struct database_grant *grant)
{
	size_t *count = ctx;

	assert_true(text_equal(grant->hosts, text_of("a.example.com\n")));
	return ++*count == 2 ? STATUS_FULL : STATUS_OK;
}

static void it_may_be_read_without_being_brought_up_to_date(void **state)
{
	struct world *world = *state;
	char error[DATABASE_ERROR_MAX], none[160];
	struct database *reader = NULL;
	size_t count = 0;

	assert_int_equal(add_user(world->database, "alice", "a.example.com\n"), STATUS_OK);
	assert_int_equal(add_user(world->database, "bob", "b.example.com\n"), STATUS_OK);
	assert_int_equal(database_user_set_active(world->database, text_of("bob"), false), STATUS_OK);
	to_version_1(world->database);
	assert_int_equal(database_open_to_read(world->folder, 100, &reader, error), STATUS_OK);
	assert_int_equal(database_grants(reader, on_grant, &count), STATUS_OK);
	assert_int_equal(count, 1);
	assert_int_equal(database_grants(reader, on_grant, &count), STATUS_FULL); /* the visitor's word */
	assert_int_equal(add_user(reader, "carol", ""), STATUS_IO);
	database_free(&reader);
	assert_int_equal(sqlite3_exec(world->database->sqlite, "SELECT * FROM counters", NULL, NULL, NULL),
			 SQLITE_ERROR);
	snprintf(none, sizeof none, "%s/none", world->folder);
	assert_int_equal(database_open_to_read(none, 100, &reader, error), STATUS_NOT_FOUND);
	assert_null(reader);
}

static void a_corrupt_file_is_told(void **state)
{
	struct world *world = *state;
	struct account account;
	char error[DATABASE_ERROR_MAX], noise[4096];
	enum status status = STATUS_OK;

	for (unsigned i = 0; i < 300; i++) {
		char login[32];

		snprintf(login, sizeof login, "user %u", i);
		assert_int_equal(add_user(world->database, login, "a.example.com\n"), STATUS_OK);
	}
	assert_int_equal(reopen(world, error), STATUS_OK);
	memset(noise, 0xa5, sizeof noise);
	for (off_t page = 1; page < 12; page++)
		spoil(world, page * (off_t)sizeof noise, noise, sizeof noise);
	assert_int_equal(reopen(world, error), STATUS_OK); /* its first page is good */
	status = database_account(world->database, text_of("user 7"), &account);
	assert_int_equal(status, STATUS_IO);
	assert_true(database_is_broken(world->database));
	assert_non_null(strstr(database_error(world->database), "malformed"));
}

/* Damages the page of an index where that text stands: who looks for it finds the page malformed, others do not. */
static void spoil_index_page_of(struct world *world, const char *text)
{
	enum { PAGE_LEN = 4096, INDEX_LEAF = 0x0a };
	uint8_t page[PAGE_LEN];
	char path[160];
	off_t at = 0;
	int file;

	path_of(world, "ddnsgate.db", path);
	file = open(path, O_RDONLY);
	assert_true(file >= 0);
	do {
		assert_int_equal(pread(file, page, sizeof page, at), sizeof page);
		at += PAGE_LEN;
	} while (page[0] != INDEX_LEAF || !memmem(page, sizeof page, text, strlen(text)));
	assert_int_equal(close(file), 0);
	spoil(world, at - PAGE_LEN, "\xff\xff\xff\xff", 4);
}

static void a_damaged_page_costs_the_history_of_those_on_it_alone(void **state)
{
	struct world *world = *state;
	struct record rows[] = {
		record_of("h000.example.com", NOW_S + 60, OUTCOME_REFUSED),
		record_of("h200.example.com", NOW_S + 60, OUTCOME_REFUSED),
		record_of("h399.example.com", NOW_S + 60, OUTCOME_REFUSED),
	};
	const struct record *pointers[] = {&rows[0], &rows[1], &rows[2]};
	char host[32], error[DATABASE_ERROR_MAX];

	for (unsigned i = 0; i < 400; i++) {
		struct record one = record_of(host, NOW_S, OUTCOME_CHANGED);

		one.host.len = (size_t)snprintf(host, sizeof host, "h%03u.example.com", i);
		record(world->database, &one);
	}
	database_free(&world->database);
	spoil_index_page_of(world, "h200.example.com");
	assert_int_equal(reopen(world, error), STATUS_OK);
	assert_int_equal(database_record(world->database, pointers, LENGTH(pointers)), STATUS_OK);
	assert_non_null(pointers[0]);
	assert_null(pointers[1]);
	assert_non_null(pointers[2]);
	assert_non_null(strstr(database_error(world->database), "malformed"));
	assert_true(database_is_broken(world->database));
	assert_int_equal(history(world->database, "h000.example.com")->count, 2);
	assert_int_equal(history(world->database, "h399.example.com")->count, 2);
}

/* As on a full disk: no file may grow any more. */
static void a_full_disk_fails_writes_and_not_reads(void **state)
{
	struct world *world = *state;
	struct rlimit before, none;
	struct account account;
	char login[200];
	enum status status = STATUS_OK;

	assert_int_equal(add_user(world->database, "alice", ""), STATUS_OK);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){65536, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned i = 0; i < 2000 && status == STATUS_OK; i++) {
		snprintf(login, sizeof login, "%0150u", i);
		status = add_user(world->database, login, "");
	}
	assert_int_equal(status, STATUS_IO);
	assert_true(*database_error(world->database) != '\0');
	assert_false(database_is_broken(world->database));
	assert_int_equal(database_account(world->database, text_of("alice"), &account), STATUS_OK);
	account_fini(&account);
	/* And when there is room again, all is well. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(add_user(world->database, "bob", ""), STATUS_OK);
}

static void a_rollback_leaves_nothing(void **state)
{
	struct database *database = database_of(state);
	struct account account;

	assert_int_equal(database_begin(database), STATUS_OK);
	assert_int_equal(add_user(database, "alice", ""), STATUS_OK);
	assert_int_equal(add_key(database, "alice", "one", 1), STATUS_OK);
	database_rollback(database);
	assert_int_equal(database_account(database, text_of("alice"), &account), STATUS_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_is_kept_with_all_that_it_has),
		TEST(a_login_is_there_once_and_has_its_bounds),
		TEST(a_password_is_for_active_users_that_have_one),
		TEST(a_password_is_changed_only_while_it_is_the_one_that_was_seen),
		TEST(keys_have_names_limits_and_numbers),
		TEST(the_number_of_a_key_is_never_used_again),
		TEST(keys_of_a_file_of_version_1_keep_their_numbers),
		TEST(many_hosts_are_a_list_that_never_changes),
		TEST(a_list_goes_with_the_key_that_is_limited_to_it),
		TEST(hosts_have_a_bound),
		TEST(hosts_of_a_file_of_version_2_are_taken_over),
		TEST(a_key_is_refused_if_its_name_is_there),
		TEST(a_revoked_key_is_gone),
		TEST(what_is_so_again_is_counted),
		TEST(the_oldest_entries_give_way),
		TEST(hosts_are_bounded_and_begin_with_a_success),
		TEST(notes_when_a_key_was_used),
		TEST(a_use_of_a_revoked_key_is_none_of_the_one_made_after_it),
		TEST(others_cannot_read_it),
		TEST(refuses_a_folder_that_everybody_may_write_to),
		TEST(opening_it_once_more_does_not_release_its_locks),
		TEST(what_was_written_is_there_after_reopening),
		TEST(refuses_a_file_of_a_later_version_or_of_others),
		TEST(it_may_be_read_without_being_brought_up_to_date),
		TEST(a_corrupt_file_is_told),
		TEST(a_damaged_page_costs_the_history_of_those_on_it_alone),
		TEST(a_full_disk_fails_writes_and_not_reads),
		TEST(a_rollback_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
