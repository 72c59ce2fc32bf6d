/*
 * Authorising: in an order that tells nothing of an account before its key is proved.
 */
#include "hosts.h"
#include "support.h"

#include "account/authorise.h"
#include "account/password.h"
#include "fake_env.h"
#include "store/stores.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY      "ER2T229DF4GBNM"
#define PASSWORD "correct horse"

/* By openssl-passwd(1). */
#define PASSWORD_HASH "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/"
#define OTHER_HASH    "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0"

/* What came of it; what the grant borrows is not valid any longer. */
struct answer {
	struct trial *trial;
	unsigned calls;
	enum outcome_code code;
	bool has_grant;
	struct grant grant;
};

struct world {
	struct fake_env *fake;
	struct verifier *verifier;
	struct authoriser authoriser;
};

static int setup(void **state)
{
	struct world *world = fake_env_calloc(1, sizeof *world);

	world->fake = fake_env_new(1);
	assert_int_equal(verifier_new(fake_env_of(world->fake), &world->verifier), STATUS_OK);
	world->authoriser = (struct authoriser){fake_env_of(world->fake), world->verifier, NULL, false};
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	verifier_free(&world->verifier);
	fake_env_settle(world->fake);
	fake_env_free(&world->fake);
	free(world);
	return 0;
}

static void on_authorised(void *ctx, enum outcome_code code, const struct grant *grant)
{
	struct answer *answer = ctx;

	answer->calls++;
	answer->code = code;
	answer->has_grant = grant;
	if (grant)
		answer->grant = *grant;
}

/* Presents a copy of the key that is gone once authorise() has returned. */
static void begin(struct world *world, const struct account *account, struct text key, const char *source,
		  struct answer *answer)
{
	char *copy = text_duplicate(key);
	struct presented presented = {.source = addr_of(source)};

	assert_non_null(copy);
	presented.key = (struct text){copy, key.len};
	authorise(&world->authoriser, account, &presented, on_authorised, answer, &answer->trial);
	memset(copy, 'x', key.len);
	free(copy);
}

static struct answer ask_from(struct world *world, const struct account *account, struct text key, const char *source)
{
	struct answer answer = {0};

	begin(world, account, key, source, &answer);
	fake_env_settle(world->fake);
	assert_int_equal(answer.calls, 1);
	assert_int_equal(answer.has_grant, answer.code == OUTCOME_GRANTED);
	return answer;
}

static enum outcome_code ask(struct world *world, const struct account *account, struct text key)
{
	return ask_from(world, account, key, "192.0.2.1").code;
}

static struct account_key key_of(const char *text)
{
	struct account_key key = {0};
	bool was_plain;

	assert_int_equal(key_parse(text_of(text), &key.key, &was_plain), STATUS_OK);
	return key;
}

static struct account account_of(struct account_key *keys, size_t count)
{
	static char login[] = "myLogin";
	static struct host_list *hosts;

	if (!hosts)
		hosts = hosts_of("a.example.com\n");
	return (struct account){.login = login,
				.active = true,
				.may_update = true,
				.keys = keys,
				.key_count = count,
				.hosts.list = hosts};
}

static void the_right_key_of_an_active_account_is_granted_its_patterns(void **state)
{
	struct world *world = *state;
	struct account_key key = key_of(KEY);
	struct account account = account_of(&key, 1);

	for (int uniform = 0; uniform <= 1; uniform++) {
		struct answer answer = {0};

		world->authoriser.uniform_errors = uniform;
		begin(world, &account, text_of(KEY), "192.0.2.1", &answer);
		assert_int_equal(answer.calls, 1); /* at once */
		assert_int_equal(answer.code, OUTCOME_GRANTED);
		assert_ptr_equal(answer.grant.hosts, account.hosts.list);
		assert_null(answer.grant.key_hosts);
	}
}

/* Login, has a key, key, active, may update: the earliest of them that fails is told, whatever else does. */
static void the_earliest_check_that_fails_is_told(void **state)
{
	static const struct {
		const char *row;
		bool known, has_key, right_key, active, may_update;
		enum outcome_code code, uniform_code;
	} rows[] = {
		{"unknown", 0, 0, 0, 0, 0, OUTCOME_NO_SUCH_LOGIN, OUTCOME_WRONG_KEY},
		{"no key", 1, 0, 0, 1, 1, OUTCOME_NO_KEY, OUTCOME_WRONG_KEY},
		{"no key, and not active", 1, 0, 0, 0, 0, OUTCOME_NO_KEY, OUTCOME_WRONG_KEY},
		{"wrong key", 1, 1, 0, 1, 1, OUTCOME_WRONG_KEY, OUTCOME_WRONG_KEY},
		{"wrong key, and not active", 1, 1, 0, 0, 0, OUTCOME_WRONG_KEY, OUTCOME_WRONG_KEY},
		{"not active", 1, 1, 1, 0, 1, OUTCOME_ACCOUNT_INACTIVE, OUTCOME_ACCOUNT_INACTIVE},
		{"not active, and may not update", 1, 1, 1, 0, 0, OUTCOME_ACCOUNT_INACTIVE, OUTCOME_ACCOUNT_INACTIVE},
		{"may not update", 1, 1, 1, 1, 0, OUTCOME_MAY_NOT_UPDATE, OUTCOME_MAY_NOT_UPDATE},
	};
	static const char *const kept[][2] = {{KEY, KEY}, {PASSWORD_HASH, PASSWORD}};
	struct world *world = *state;

	for (size_t i = 0; i < LENGTH(rows) * LENGTH(kept); i++) {
		const char *const *pair = kept[i % LENGTH(kept)];
		size_t n = i / LENGTH(kept);
		struct account_key key = key_of(pair[0]);
		struct account account = account_of(&key, rows[n].has_key);
		const struct account *found = rows[n].known ? &account : NULL;
		struct text shown = text_of(rows[n].right_key ? pair[1] : "another");

		account.active = rows[n].active;
		account.may_update = rows[n].may_update;
		world->authoriser.uniform_errors = false;
		assert_row(rows[n].row, ask(world, found, shown) == rows[n].code);
		world->authoriser.uniform_errors = true;
		assert_row(rows[n].row, ask(world, found, shown) == rows[n].uniform_code);
		key_fini(&key.key);
	}
}

static void an_account_without_a_key_is_open_to_no_key(void **state)
{
	struct account_key key = key_of(KEY);
	struct account account = account_of(&key, 0);

	assert_int_equal(ask(*state, &account, text_of("")), OUTCOME_NO_KEY);
	assert_int_equal(ask(*state, &account, (struct text){NULL, 0}), OUTCOME_NO_KEY);
	assert_int_equal(ask(*state, &account, text_of(KEY)), OUTCOME_NO_KEY);
}

static void an_account_without_patterns_is_granted_nothing(void **state)
{
	struct account_key key = key_of(KEY);
	struct account account = account_of(&key, 1);
	struct answer answer;

	account.hosts.list = NULL;
	answer = ask_from(*state, &account, text_of(KEY), "192.0.2.1");
	assert_int_equal(answer.code, OUTCOME_GRANTED);
	assert_null(answer.grant.hosts);
}

static void each_key_of_an_account_opens_with_its_own_limits(void **state)
{
	struct host_list *limit = hosts_of("a.example.com\n");
	struct account_key keys[] = {key_of(OTHER_HASH), key_of("first"), key_of("second"), key_of(PASSWORD_HASH)};
	struct account account = account_of(keys, LENGTH(keys));
	struct answer answer;

	for (size_t i = 0; i < LENGTH(keys); i++)
		keys[i].id = (int64_t)i + 1;
	keys[2].hosts.list = limit;
	assert_int_equal(ask_from(*state, &account, text_of("first"), "192.0.2.1").grant.key_id, 2);
	answer = ask_from(*state, &account, text_of("second"), "192.0.2.1");
	assert_int_equal(answer.grant.key_id, 3);
	assert_ptr_equal(answer.grant.key_hosts, limit);
	assert_int_equal(ask_from(*state, &account, text_of(PASSWORD), "192.0.2.1").grant.key_id, 1);
	assert_int_equal(ask(*state, &account, text_of("third")), OUTCOME_WRONG_KEY);
	host_list_free(&limit);
	key_fini(&keys[0].key);
	key_fini(&keys[3].key);
}

static void a_key_opens_from_its_networks_only(void **state)
{
	struct account_key key = key_of(KEY);
	struct account account = account_of(&key, 1);
	struct network sources[2];

	assert_int_equal(network_parse(text_of("192.0.2.0/24"), &sources[0]), STATUS_OK);
	assert_int_equal(network_parse(text_of("2001:db8::/32"), &sources[1]), STATUS_OK);
	key.sources = sources;
	key.source_count = 2;
	assert_int_equal(ask_from(*state, &account, text_of(KEY), "192.0.2.255").code, OUTCOME_GRANTED);
	assert_int_equal(ask_from(*state, &account, text_of(KEY), "2001:db8:ffff::1").code, OUTCOME_GRANTED);
	assert_int_equal(ask_from(*state, &account, text_of(KEY), "192.0.3.1").code, OUTCOME_MAY_NOT_UPDATE);
	assert_int_equal(ask_from(*state, &account, text_of(KEY), "2001:db9::1").code, OUTCOME_MAY_NOT_UPDATE);
	/* Whoever has not got the key learns nothing of this. */
	assert_int_equal(ask_from(*state, &account, text_of("another"), "192.0.3.1").code, OUTCOME_WRONG_KEY);
}

static void a_key_that_has_expired_is_none(void **state)
{
	static const char *const kept[][2] = {{KEY, KEY}, {PASSWORD_HASH, PASSWORD}};
	struct world *world = *state;

	for (size_t i = 0; i < LENGTH(kept); i++) {
		struct account_key key = key_of(kept[i][0]);
		struct account account = account_of(&key, 1);
		uint64_t now_s = fake_env_wall_s(world->fake);

		key.expires_s = now_s + 1;
		assert_int_equal(ask(world, &account, text_of(kept[i][1])), OUTCOME_GRANTED);
		key.expires_s = now_s;
		assert_int_equal(ask(world, &account, text_of(kept[i][1])), OUTCOME_WRONG_KEY);
		key_fini(&key.key);
	}
}

/* While the first of its hashes is computed, and while the second is: nobody is told, and nothing is left behind. */
static void what_is_given_up_is_not_told(void **state)
{
	struct world *world = *state;

	for (unsigned hashes = 1; hashes <= 2; hashes++) {
		struct account_key keys[] = {key_of(OTHER_HASH), key_of(PASSWORD_HASH)};
		struct account account = account_of(keys, LENGTH(keys));
		struct answer answer = {0};

		fake_env_set_work_ms(world->fake, 10);
		begin(world, &account, text_of(hashes == 1 ? "a guess" : "another guess"), "192.0.2.1", &answer);
		fake_env_advance(world->fake, 10 * (hashes - 1) + 5);
		assert_non_null(answer.trial);
		authorise_give_up(&answer.trial);
		assert_null(answer.trial);
		authorise_give_up(&answer.trial);
		fake_env_advance(world->fake, 100);
		assert_int_equal(answer.calls, 0);
		key_fini(&keys[0].key);
		key_fini(&keys[1].key);
	}
}

/* The store's account is gone by the time that the hash has been computed. */
static void a_hash_is_computed_from_copies(void **state)
{
	struct world *world = *state;
	struct account_key key = key_of(PASSWORD_HASH);
	struct account account = account_of(&key, 1), *copy;
	struct answer answer = {0};

	assert_int_equal(account_copy(&account, &copy), STATUS_OK);
	begin(world, copy, text_of(PASSWORD), "192.0.2.1", &answer);
	account_free(&copy);
	assert_int_equal(answer.calls, 0);
	fake_env_settle(world->fake);
	assert_int_equal(answer.code, OUTCOME_GRANTED);

	/* And from then on it is remembered. */
	begin(world, &account, text_of(PASSWORD), "192.0.2.1", &answer);
	assert_int_equal(answer.calls, 2);
	assert_int_equal(answer.code, OUTCOME_GRANTED);
	key_fini(&key.key);
}

/* ---- Uniform errors take as long ---- */

static struct account_store *store_with(struct world *world, const struct account *accounts, size_t count)
{
	struct account_store *store;

	assert_int_equal(store_map_new(accounts, count, &store), STATUS_OK);
	world->authoriser.store = store;
	world->authoriser.uniform_errors = true;
	return store;
}

/* Says if the answer, a wrong key in any case, had to wait for a hash. */
static bool waits(struct world *world, const struct account *account, const char *login, const char *key)
{
	struct answer answer = {0};
	struct presented presented = {.login = text_of(login), .key = text_of(key), .source = addr_of("192.0.2.1")};
	bool waited;

	authorise(&world->authoriser, account, &presented, on_authorised, &answer, &answer.trial);
	waited = answer.calls == 0;
	fake_env_settle(world->fake);
	assert_int_equal(answer.calls, 1);
	assert_int_equal(answer.code, OUTCOME_WRONG_KEY);
	return waited;
}

static void whoever_has_no_slow_key_waits_for_one_of_somebody_else(void **state)
{
	struct world *world = *state;
	struct account_key slow = key_of(PASSWORD_HASH), fast = key_of(KEY), expired = key_of(OTHER_HASH);
	struct account account = account_of(&slow, 1),
		       others[] = {account_of(&fast, 1), account_of(&fast, 0), account_of(&expired, 1)};
	struct account_store *store = store_with(world, &account, 1);
	char login[] = "user0";

	expired.expires_s = 1;
	assert_true(waits(world, &account, "myLogin", "wrong"));
	assert_true(waits(world, NULL, "nobody", "wrong"));
	for (size_t i = 0; i < LENGTH(others); i++) {
		login[4] = (char)('0' + i);
		assert_true(waits(world, &others[i], login, "wrong"));
	}
	/* What is no password takes no time for anybody. */
	assert_false(waits(world, &account, "myLogin", ""));
	assert_false(waits(world, NULL, "nobody", ""));
	account_store_free(&store);
	key_fini(&slow.key);
	key_fini(&expired.key);
}

/* Neither that the login was tried before, nor what was tried at others. */
static void what_is_remembered_tells_nothing(void **state)
{
	struct world *world = *state;
	struct account_key slow = key_of(PASSWORD_HASH);
	struct account account = account_of(&slow, 1);
	struct account_store *store = store_with(world, &account, 1);

	assert_true(waits(world, &account, "myLogin", "wrong"));
	assert_false(waits(world, &account, "myLogin", "wrong"));
	assert_true(waits(world, NULL, "nobody", "wrong"));
	assert_false(waits(world, NULL, "nobody", "wrong"));
	assert_true(waits(world, NULL, "nobody either", "wrong"));
	/* Nor does the password of the one that was drawn open anything. */
	assert_int_equal(ask(world, &account, text_of(PASSWORD)), OUTCOME_GRANTED);
	assert_true(waits(world, NULL, "nobody", PASSWORD));
	assert_false(waits(world, NULL, "nobody", PASSWORD));
	account_store_free(&store);
	key_fini(&slow.key);
}

/* As many hashes as somebody has keys, also when these have all expired. */
static void as_many_hashes_as_somebody_has_keys_are_computed(void **state)
{
	struct world *world = *state;
	struct account_key slow[] = {key_of(PASSWORD_HASH), key_of(KEY), key_of(OTHER_HASH)};
	struct account account = account_of(slow, LENGTH(slow));
	struct account_store *store = store_with(world, &account, 1);

	fake_env_set_work_ms(world->fake, 10);
	for (unsigned in_force = 0; in_force <= 2; in_force++) {
		char login[] = "nobody0";
		struct answer answer = {0};
		struct presented presented = {.login = text_of(login), .key = text_of("wrong")};
		unsigned took_ms = 0;

		login[6] = (char)('0' + in_force);
		slow[0].expires_s = in_force > 0 ? 0 : 1;
		slow[2].expires_s = in_force > 1 ? 0 : 1;
		authorise(&world->authoriser, NULL, &presented, on_authorised, &answer, &answer.trial);
		for (; answer.calls == 0; took_ms++)
			fake_env_advance(world->fake, 1);
		assert_in_range(took_ms, in_force == 1 ? 10 : 20, in_force == 1 ? 12 : 22);
	}
	account_store_free(&store);
	key_fini(&slow[0].key);
	key_fini(&slow[2].key);
}

static void without_slow_keys_nobody_waits(void **state)
{
	struct world *world = *state;
	struct account_key fast = key_of(KEY), slow = key_of(PASSWORD_HASH);
	struct account account = account_of(&fast, 1);
	struct account_store *store = store_with(world, &account, 1);

	assert_false(waits(world, &account, "myLogin", "wrong"));
	assert_false(waits(world, NULL, "nobody", "wrong"));
	account_store_free(&store);
	/* Nor does a token: it says itself whose it is. */
	account = account_of(&slow, 1);
	store = store_with(world, &account, 1);
	assert_false(waits(world, NULL, "", "wrong"));
	account_store_free(&store);
	key_fini(&slow.key);
}

/* Of every method that is taken; by crypt(3) of Debian. */
static void nobodys_hash_costs_the_same_and_has_no_password(void **state)
{
	static const char *const settings[] = {"$y$j75$", "$gy$j75$",        "$7$CU..../....",
					       "$2b$04$", "$6$rounds=1000$", "$5$rounds=1000$",
					       "$1$",     "$sha1$1000$",     "$md5,rounds=100$"};
	static const uint8_t lots[2][PASSWORD_LOT_LEN] = {{1}, {2}};

	(void)state;
	for (size_t i = 0; i < LENGTH(settings); i++) {
		char setting[CRYPT_GENSALT_OUTPUT_SIZE], hash[PASSWORD_HASH_MAX], other[PASSWORD_HASH_MAX];
		struct crypt_data data = {0};
		const char *made = crypt_gensalt_rn(settings[i], 0, NULL, 0, setting, sizeof setting);
		bool matches = true;

		snprintf(hash, sizeof hash, "%s", crypt_r(PASSWORD, made ? setting : settings[i], &data));
		if (!password_is_hash(text_of(hash)))
			continue;
		assert_int_equal(password_check(hash, text_of(PASSWORD), &matches), STATUS_OK);
		assert_true(matches);
		strcpy(other, hash);
		password_make_nobodys(hash, lots[0]);
		password_make_nobodys(other, lots[1]);
		assert_string_not_equal(hash, other);
		assert_true(password_is_hash(text_of(hash)));
		assert_int_equal(password_check(hash, text_of(PASSWORD), &matches), STATUS_OK);
		assert_false(matches);
		assert_memory_equal(hash, other, strlen(hash) - 22);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_right_key_of_an_active_account_is_granted_its_patterns),
		TEST(the_earliest_check_that_fails_is_told),
		TEST(an_account_without_a_key_is_open_to_no_key),
		TEST(an_account_without_patterns_is_granted_nothing),
		TEST(each_key_of_an_account_opens_with_its_own_limits),
		TEST(a_key_opens_from_its_networks_only),
		TEST(a_key_that_has_expired_is_none),
		TEST(what_is_given_up_is_not_told),
		TEST(a_hash_is_computed_from_copies),
		TEST(whoever_has_no_slow_key_waits_for_one_of_somebody_else),
		TEST(what_is_remembered_tells_nothing),
		TEST(as_many_hashes_as_somebody_has_keys_are_computed),
		TEST(without_slow_keys_nobody_waits),
		TEST(nobodys_hash_costs_the_same_and_has_no_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
