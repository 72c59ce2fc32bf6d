/*
 * The state file under the stores' contract, alone and behind the config map; and when it cannot be read.
 */
#include "fake_env.h"
#include "hosts.h"
#include "state_folder.h"
#include "store/stores.h"
#include "store_contract.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake_env *fake;

/* The store frees what a test would have to know of, so that each store has its own folder, which goes with it. */
struct foldered {
	struct account_store base; /* first, so that the store is this one */
	struct account_store *store;
	char folder[128];
};

static void foldered_lookup(struct account_store *base, struct text login, account_found_fn *found, void *ctx)
{
	account_store_lookup(((struct foldered *)base)->store, login, found, ctx);
}

static void foldered_lookup_token(struct account_store *base, struct text token, account_found_fn *found, void *ctx)
{
	account_store_lookup_token(((struct foldered *)base)->store, token, found, ctx);
}

static void foldered_draw(struct account_store *base, uint64_t lot, account_found_fn *found, void *ctx)
{
	account_store_draw(((struct foldered *)base)->store, lot, found, ctx);
}

static void foldered_free(struct account_store *base)
{
	struct foldered *foldered = (struct foldered *)base;

	account_store_free(&foldered->store);
	state_folder_remove(foldered->folder);
	free(foldered);
}

static const struct account_store_ops foldered_ops = {
	.lookup = foldered_lookup, .lookup_token = foldered_lookup_token, .draw = foldered_draw, .free = foldered_free};

static enum status make(void *ctx, const struct account *accounts, size_t count, struct account_store **out)
{
	struct foldered *foldered = fake_env_calloc(1, sizeof *foldered);
	struct database *database;

	(void)ctx;
	foldered->base.ops = &foldered_ops;
	snprintf(foldered->folder, sizeof foldered->folder, "%s", state_folder_new());
	database = state_folder_open(foldered->folder);
	state_folder_add(database, accounts, count);
	database_free(&database);
	*out = &foldered->base;
	return store_sqlite_new(fake_env_of(fake), foldered->folder, &foldered->store);
}

/* Half of the accounts in each of the two. */
static enum status make_chain(void *ctx, const struct account *accounts, size_t count, struct account_store **out)
{
	struct account_store *map = NULL, *sqlite = NULL;

	(void)ctx;
	assert_int_equal(store_map_new(accounts, count / 2, &map), STATUS_OK);
	assert_int_equal(make(NULL, count ? accounts + count / 2 : NULL, count - count / 2, &sqlite), STATUS_OK);
	return store_chain_new(&map, &sqlite, out);
}

struct found {
	enum status status;
	bool active;
};

static void on_found(void *ctx, enum status status, const struct account *account)
{
	struct found *found = ctx;

	found->status = status;
	found->active = account && account->active;
}

static struct found look_up(struct account_store *store, const char *login)
{
	struct found found = {STATUS_INVALID, false};

	account_store_lookup(store, text_of(login), on_found, &found);
	return found;
}

static char login_a[] = "alice", login_b[] = "bob";
static const struct account in_map[] = {{.login = login_a, .active = true}};
static const struct account in_file[] = {{.login = login_a, .active = false}, {.login = login_b, .active = true}};

static void the_first_store_of_a_chain_counts(void **state)
{
	struct account_store *map = NULL, *sqlite = NULL, *chain = NULL;

	(void)state;
	assert_int_equal(store_map_new(in_map, 1, &map), STATUS_OK);
	assert_int_equal(make(NULL, in_file, 2, &sqlite), STATUS_OK);
	assert_int_equal(store_chain_new(&map, &sqlite, &chain), STATUS_OK);
	assert_null(map);
	assert_null(sqlite);
	assert_true(look_up(chain, "alice").active);
	assert_true(look_up(chain, "bob").active);
	assert_int_equal(look_up(chain, "carol").status, STATUS_NOT_FOUND);
	account_store_free(&chain);
}

static struct found look_up_token(struct account_store *store, const char *token)
{
	struct found found = {STATUS_INVALID, false};

	account_store_lookup_token(store, text_of(token), on_found, &found);
	return found;
}

static struct account_key key_of(const char *text)
{
	struct account_key key = {0};

	assert_int_equal(key_digest(text_of(text), key.key.digest), STATUS_OK);
	return key;
}

/* A user who was moved into the configuration, there to be shut, had keys in the state file before. */
static void a_token_of_a_user_whom_the_first_store_knows_is_none(void **state)
{
	struct account_key old = key_of("old"), other = key_of("other");
	struct account behind[] = {{.login = login_a, .active = true, .keys = &old, .key_count = 1},
				   {.login = login_b, .active = true, .keys = &other, .key_count = 1}};
	struct account_store *map = NULL, *sqlite = NULL, *chain = NULL;

	(void)state;
	assert_int_equal(store_map_new(in_map, 1, &map), STATUS_OK);
	assert_int_equal(make(NULL, behind, 2, &sqlite), STATUS_OK);
	assert_int_equal(store_chain_new(&map, &sqlite, &chain), STATUS_OK);
	assert_int_equal(look_up_token(chain, "old").status, STATUS_NOT_FOUND);
	assert_int_equal(look_up_token(chain, "other").status, STATUS_OK);
	account_store_free(&chain);
}

/* Two users of the configuration have it, so it does not get to name a third one either. */
static void a_token_that_names_nobody_is_not_looked_for_behind(void **state)
{
	static char login_c[] = "carol", login_d[] = "dave";
	struct account_key keys[] = {key_of("shared"), key_of("shared"), key_of("shared")};
	struct account before[] = {{.login = login_a, .keys = &keys[0], .key_count = 1},
				   {.login = login_c, .keys = &keys[1], .key_count = 1}};
	struct account behind = {.login = login_d, .active = true, .keys = &keys[2], .key_count = 1};
	struct account_store *map = NULL, *sqlite = NULL, *chain = NULL;

	(void)state;
	assert_int_equal(store_map_new(before, 2, &map), STATUS_OK);
	assert_int_equal(make(NULL, &behind, 1, &sqlite), STATUS_OK);
	assert_int_equal(store_chain_new(&map, &sqlite, &chain), STATUS_OK);
	assert_int_equal(look_up_token(chain, "shared").status, STATUS_DUPLICATE);
	account_store_free(&chain);
}

/* The daemon gives its rights away after it has made its stores: what they make must not belong to root. */
static void touches_nothing_before_the_loop_runs(void **state)
{
	struct account_store *store = NULL;
	const char *folder = state_folder_new();

	(void)state;
	assert_int_equal(store_sqlite_new(fake_env_of(fake), folder, &store), STATUS_OK);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	fake_env_settle(fake);
	assert_int_not_equal(rmdir(folder), 0);
	account_store_free(&store);
	state_folder_remove(folder);
}

static void sees_what_others_commit(void **state)
{
	struct account_store *store = NULL;
	struct database *database;

	(void)state;
	assert_int_equal(make(NULL, in_file, 2, &store), STATUS_OK);
	assert_false(look_up(store, "alice").active);
	database = state_folder_open(((struct foldered *)store)->folder);
	assert_int_equal(database_user_set_active(database, text_of("alice"), true), STATUS_OK);
	assert_true(look_up(store, "alice").active);
	database_free(&database);
	account_store_free(&store);
}

static void write_over(const char *folder, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof path, "%s/ddnsgate.db", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* Nobody is told that there is no such user while nobody knows. */
static void a_file_that_cannot_be_read_is_told_and_tried_again(void **state)
{
	struct account_store *store = NULL;
	struct database *database;
	const char *folder = state_folder_new();

	(void)state;
	write_over(folder,
		   "this is no database, however long one looks at it; it was once, but no more .....................");
	assert_int_equal(store_sqlite_new(fake_env_of(fake), folder, &store), STATUS_OK);
	assert_int_equal(look_up(store, "bob").status, STATUS_IO);
	write_over(folder, "");
	database = state_folder_open(folder);
	state_folder_add(database, in_file, 2);
	database_free(&database);
	assert_int_equal(look_up(store, "bob").status, STATUS_IO); /* not before its time */
	fake_env_advance(fake, 60000);
	assert_int_equal(look_up(store, "bob").status, STATUS_OK);
	account_store_free(&store);
	state_folder_remove(folder);
}

/* With what SQLite keeps beside the old one, or it would take the old WAL for the new file's. */
static void replace_state_file(const char *from, const char *to)
{
	char old[160], new[160];

	snprintf(new, sizeof new, "%s/ddnsgate.db-wal", to);
	assert_int_equal(unlink(new), 0);
	snprintf(new, sizeof new, "%s/ddnsgate.db-shm", to);
	assert_int_equal(unlink(new), 0);
	snprintf(old, sizeof old, "%s/ddnsgate.db", from);
	snprintf(new, sizeof new, "%s/ddnsgate.db", to);
	assert_int_equal(rename(old, new), 0);
}

static void a_file_that_was_replaced_is_noticed(void **state)
{
	struct account_store *store = NULL;
	struct database *database;
	char folder[128], other[128];

	(void)state;
	snprintf(folder, sizeof folder, "%s", state_folder_new());
	snprintf(other, sizeof other, "%s", state_folder_new());
	database = state_folder_open(other);
	state_folder_add(database, in_file, 1);
	database_free(&database);
	assert_int_equal(store_sqlite_new(fake_env_of(fake), folder, &store), STATUS_OK);
	assert_int_equal(look_up(store, "alice").status, STATUS_NOT_FOUND);
	replace_state_file(other, folder);
	fake_env_advance(fake, 1000);
	assert_int_equal(look_up(store, "alice").status, STATUS_OK);
	account_store_free(&store);
	state_folder_remove(folder);
	state_folder_remove(other);
}

static struct account *copied;

static void on_copied(void *ctx, enum status status, const struct account *account)
{
	(void)ctx;
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(account_copy(account, &copied), STATUS_OK);
}

/* Whose key takes long to prove has a number of the file that was there when the account was looked up. */
static void the_number_of_a_list_means_nothing_in_another_file(void **state)
{
	static char lines[2000], login[] = "alice";
	struct account account = {.login = login, .active = true};
	struct account_store *store = NULL;
	struct host_list *hosts = NULL;
	struct database *database;
	char folder[128], other[128];

	(void)state;
	for (size_t i = 0; i < 100; i++)
		snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "h%zu.example.com\n", i);
	account.hosts.list = hosts_of(lines);
	snprintf(folder, sizeof folder, "%s", state_folder_new());
	snprintf(other, sizeof other, "%s", state_folder_new());
	for (int i = 0; i < 2; i++) {
		database = state_folder_open(i ? other : folder);
		state_folder_add(database, &account, 1);
		database_free(&database);
	}
	assert_int_equal(store_sqlite_new(fake_env_of(fake), folder, &store), STATUS_OK);
	account_store_lookup(store, text_of("alice"), on_copied, NULL);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(account_read_hosts(copied, &copied->hosts, &hosts), STATUS_OK);
		assert_int_equal(host_list_count(hosts), 100);
		host_list_free(&hosts);
	}
	replace_state_file(other, folder);
	fake_env_advance(fake, 1000);
	assert_int_equal(look_up(store, "alice").status, STATUS_OK);
	assert_int_equal(account_read_hosts(copied, &copied->hosts, &hosts), STATUS_NOT_FOUND);
	account_free(&copied);
	account_store_free(&store);
	host_list_free(&account.hosts.list);
	state_folder_remove(folder);
	state_folder_remove(other);
}

static void what_everybody_may_read_is_not_opened(void **state)
{
	struct account_store *store = NULL;
	const char *folder = state_folder_new();
	char path[160];

	(void)state;
	write_over(folder, "");
	snprintf(path, sizeof path, "%s/ddnsgate.db", folder);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(store_sqlite_new(fake_env_of(fake), folder, &store), STATUS_OK);
	assert_int_equal(look_up(store, "alice").status, STATUS_IO);
	account_store_free(&store);
	state_folder_remove(folder);
}

static void a_folder_that_is_not_there_is_a_failure(void **state)
{
	struct account_store *store = NULL;

	(void)state;
	assert_int_equal(store_sqlite_new(fake_env_of(fake), "/nonexistent/folder", &store), STATUS_OK);
	assert_int_equal(look_up(store, "bob").status, STATUS_IO);
	account_store_free(&store);
}

/* As a reload does: what was mended meanwhile counts at once. */
static void another_holder_looks_at_once_and_outlives_the_first(void **state)
{
	struct account_store *store = NULL, *second;
	struct database *database;
	char folder[128], other[128];

	(void)state;
	snprintf(folder, sizeof folder, "%s", state_folder_new());
	snprintf(other, sizeof other, "%s", state_folder_new());
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(store_sqlite_new(fake_env_of(fake), folder, &store), STATUS_OK);
	assert_int_equal(look_up(store, "alice").status, STATUS_IO);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(look_up(store, "alice").status, STATUS_IO);
	second = store_sqlite_hold(store);
	assert_int_equal(look_up(second, "alice").status, STATUS_NOT_FOUND);
	fake_env_advance(fake, 1);
	assert_int_equal(look_up(second, "alice").status, STATUS_NOT_FOUND); /* has looked; again in a second */
	account_store_free(&store);
	database = state_folder_open(other);
	state_folder_add(database, in_file, 1);
	database_free(&database);
	replace_state_file(other, folder);
	assert_int_equal(look_up(second, "alice").status, STATUS_NOT_FOUND);
	store = store_sqlite_hold(second);
	account_store_free(&second);
	assert_int_equal(look_up(store, "alice").status, STATUS_OK);
	account_store_free(&store);
	state_folder_remove(folder);
	state_folder_remove(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_store_of_a_chain_counts),
		cmocka_unit_test(a_token_of_a_user_whom_the_first_store_knows_is_none),
		cmocka_unit_test(a_token_that_names_nobody_is_not_looked_for_behind),
		cmocka_unit_test(touches_nothing_before_the_loop_runs),
		cmocka_unit_test(sees_what_others_commit),
		cmocka_unit_test(a_file_that_cannot_be_read_is_told_and_tried_again),
		cmocka_unit_test(a_folder_that_is_not_there_is_a_failure),
		cmocka_unit_test(a_file_that_was_replaced_is_noticed),
		cmocka_unit_test(the_number_of_a_list_means_nothing_in_another_file),
		cmocka_unit_test(what_everybody_may_read_is_not_opened),
		cmocka_unit_test(another_holder_looks_at_once_and_outlives_the_first),
	};
	const struct store_under_test sqlite = {.name = "store_sqlite", .make = make};
	const struct store_under_test chain = {.name = "store_chain", .make = make_chain};
	int failed;

	fake = fake_env_new(1);
	failed = store_contract_run(&sqlite) + store_contract_run(&chain);
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	fake_env_free(&fake);
	return failed;
}
