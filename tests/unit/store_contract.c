#include "store_contract.h"

#include "hosts.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	LOGIN_MAX = 32,
	MANY = 5000,
};

/* ---- Looking up, and what came of it ---- */

/* What a look-up has found; the account is copied, because it is not valid any longer. */
struct found {
	size_t calls;
	enum status status;
	bool has_account;
	struct account account;
	char login[LOGIN_MAX];
	struct key first_key;
	struct host_list *hosts, *first_key_hosts, *second_hosts;
	struct {
		char name[LOGIN_MAX], hash[128], host[64];
		unsigned bits;
		uint64_t expires_s;
	} second_key;
};

static void copy_second_key(struct found *found, const struct account *account)
{
	const struct account_key *key = &account->keys[1];

	assert_int_equal(account_read_hosts(account, &key->hosts, &found->second_hosts), STATUS_OK);
	if (!key->name || !key->key.crypt || host_list_count(found->second_hosts) != 1 || key->source_count != 1)
		return;
	snprintf(found->second_key.name, sizeof found->second_key.name, "%s", key->name);
	snprintf(found->second_key.hash, sizeof found->second_key.hash, "%s", key->key.crypt);
	snprintf(found->second_key.host, sizeof found->second_key.host, "%.63s",
		 host_of(found->second_hosts, 0).name.text);
	found->second_key.bits = key->sources[0].bits;
	found->second_key.expires_s = key->expires_s;
}

static void on_found(void *ctx, enum status status, const struct account *account)
{
	struct found *found = ctx;

	found->calls++;
	found->status = status;
	found->has_account = account;
	if (!account)
		return;
	found->account = *account;
	assert_in_range(strlen(account->login), 0, LOGIN_MAX - 1);
	strcpy(found->login, account->login);
	if (account->key_count) {
		found->first_key = account->keys[0].key;
		assert_int_equal(account_read_hosts(account, &account->keys[0].hosts, &found->first_key_hosts),
				 STATUS_OK);
	}
	if (account->key_count == 2)
		copy_second_key(found, account);
	assert_int_equal(account_read_hosts(account, &account->hosts, &found->hosts), STATUS_OK);
}

static const struct store_under_test *under_test(void **state)
{
	return *state;
}

static void settle(void **state)
{
	if (under_test(state)->settle)
		under_test(state)->settle(under_test(state)->ctx);
}

static struct account_store *make(void **state, const struct account *accounts, size_t count)
{
	struct account_store *store = NULL;

	assert_int_equal(under_test(state)->make(under_test(state)->ctx, accounts, count, &store), STATUS_OK);
	assert_non_null(store);
	return store;
}

typedef void look_up_fn(struct account_store *store, struct text what, account_found_fn *found, void *ctx);

/* Looks up from a copy of the login or token that is gone once the verb has returned. */
static struct found look_up_by(void **state, struct account_store *store, look_up_fn *verb, struct text what)
{
	struct found found = {0};
	char *copy = text_duplicate(what);

	assert_non_null(copy);
	verb(store, (struct text){copy, what.len}, on_found, &found);
	free(copy);
	settle(state);
	assert_int_equal(found.calls, 1);
	assert_int_equal(found.has_account, found.status == STATUS_OK);
	return found;
}

static struct found look_up(void **state, struct account_store *store, struct text login)
{
	return look_up_by(state, store, account_store_lookup, login);
}

static struct found look_up_token(void **state, struct account_store *store, struct text token)
{
	return look_up_by(state, store, account_store_lookup_token, token);
}

static struct account_key key_of(const char *text)
{
	struct account_key key = {0};

	assert_int_equal(key_digest(text_of(text), key.key.digest), STATUS_OK);
	return key;
}

/* An account with that key alone. */
static struct account holder_of(struct account_key *key, char *login)
{
	return (struct account){.login = login, .keys = key, .key_count = 1};
}

/* ---- Accounts ---- */

static char login_a[] = "myLogin", login_b[] = "MYLOGIN", login_c[] = "with space",
	    login_d[] = "m\xc3\xbcller@example.com", login_e[] = "a:b\"c\\'%";

static struct account_key key_a = {.key = {{1, 2, 3}, NULL}}, key_b = {.key = {{4, 5, 6}, NULL}};

static const struct account accounts[] = {
	{.login = login_a, .active = true, .may_update = true, .keys = &key_a, .key_count = 1},
	{.login = login_b, .active = false, .may_update = true, .keys = &key_b, .key_count = 1},
	{.login = login_c, .active = true, .may_update = false},
	{.login = login_d, .active = true, .may_update = true},
	{.login = login_e, .active = true, .may_update = true},
};

/* ---- The contract ---- */

static void finds_an_account_with_all_that_it_holds(void **state)
{
	struct account account = accounts[0];
	struct account_store *store;
	struct found found;

	account.hosts.list = hosts_of("*.home.example.com\na.example.com\n");
	store = make(state, &account, 1);
	found = look_up(state, store, text_of("myLogin"));
	assert_int_equal(found.status, STATUS_OK);
	assert_string_equal(found.login, "myLogin");
	assert_true(found.account.active);
	assert_true(found.account.may_update);
	assert_int_equal(found.account.key_count, 1);
	assert_memory_equal(found.first_key.digest, key_a.key.digest, KEY_DIGEST_LEN);
	assert_int_equal(host_list_count(found.hosts), 2);
	assert_int_equal(host_of(found.hosts, 0).kind, HOST_BELOW);
	assert_string_equal(host_of(found.hosts, 0).name.text, "home.example.com");
	host_list_free(&found.hosts);
	account_store_free(&store);
	host_list_free(&account.hosts.list);
}

/* More than a store would read before the key was proved. */
static void finds_many_hosts_of_an_account_and_its_key_when_they_are_read(void **state)
{
	enum { HOSTS = 1000 };
	static char lines[HOSTS * 24], key_name[] = "limited";
	struct account_key key = {.name = key_name, .key = {.digest = {1}}};
	struct account account = {.login = login_a, .active = true, .keys = &key, .key_count = 1};
	struct account_store *store;
	struct found found;
	size_t len = 0;

	for (size_t i = 0; i < HOSTS; i++)
		len += (size_t)snprintf(lines + len, sizeof lines - len, "h%zu.example.com\n", i);
	account.hosts.list = hosts_of(lines);
	key.hosts.list = host_list_hold(account.hosts.list);
	store = make(state, &account, 1);
	for (int again = 0; again < 2; again++) {
		bool may_create = false;

		found = look_up(state, store, text_of("myLogin"));
		assert_int_equal(host_list_count(found.hosts), HOSTS);
		assert_string_equal(host_of(found.hosts, HOSTS - 1).name.text, "h999.example.com");
		assert_true(host_list_find(found.hosts, HOST_EXACT, text_of("h500.example.com"), &may_create));
		assert_int_equal(host_list_count(found.first_key_hosts), HOSTS);
		host_list_free(&found.hosts);
		host_list_free(&found.first_key_hosts);
	}
	account_store_free(&store);
	host_list_free(&key.hosts.list);
	host_list_free(&account.hosts.list);
}

static void tells_accounts_apart_octet_by_octet(void **state)
{
	struct account_store *store = make(state, accounts, LENGTH(accounts));

	for (size_t i = 0; i < LENGTH(accounts); i++) {
		struct found found = look_up(state, store, text_of(accounts[i].login));

		assert_row(accounts[i].login, found.status == STATUS_OK);
		assert_string_equal(found.login, accounts[i].login);
		assert_int_equal(found.account.active, accounts[i].active);
		assert_int_equal(found.account.may_update, accounts[i].may_update);
		assert_int_equal(found.account.key_count, accounts[i].key_count);
	}
	account_store_free(&store);
}

static void finds_no_account_that_is_not_there(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),          OCTETS("mylogin"), /* capitals matter */
		OCTETS("myLogi"),    OCTETS("myLoginn"),   OCTETS(" myLogin"), OCTETS("myLogin "),
		OCTETS("myLogin\0"), OCTETS("myLogin\0x"), OCTETS("\0"),       OCTETS("with  space"),
		OCTETS("%"),         OCTETS("my%"),        OCTETS("myLogi_"),  OCTETS("' OR '1'='1"),
	};
	struct account_store *store = make(state, accounts, LENGTH(accounts));

	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i].octets, look_up(state, store, rows[i]).status == STATUS_NOT_FOUND);
	assert_int_equal(look_up(state, store, (struct text){NULL, 0}).status, STATUS_NOT_FOUND);
	account_store_free(&store);
}

/* ---- Keys ---- */

static char name_one[] = "one", name_two[] = "two";

static void finds_all_keys_of_an_account_with_their_limits(void **state)
{
	static char hash[] = "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/";
	struct host_list *limit = hosts_of("a.example.com\n");
	struct network source = {.addr = addr_of("192.0.2.0"), .bits = 24};
	struct account_key keys[] = {{.name = name_one, .key = {.digest = {1}}},
				     {.name = name_two,
				      .key = {.crypt = hash},
				      .hosts.list = limit,
				      .sources = &source,
				      .source_count = 1,
				      .expires_s = 86400}};
	struct account account = {.login = login_a, .active = true, .keys = keys, .key_count = 2};
	struct account_store *store = make(state, &account, 1);
	struct found found = look_up(state, store, text_of("myLogin"));

	assert_int_equal(found.account.key_count, 2);
	assert_string_equal(found.second_key.name, "two");
	assert_string_equal(found.second_key.hash, hash);
	assert_string_equal(found.second_key.host, "a.example.com");
	assert_int_equal(found.second_key.bits, 24);
	assert_int_equal(found.second_key.expires_s, 86400);
	host_list_free(&found.second_hosts);
	account_store_free(&store);
	host_list_free(&limit);
}

static void each_key_of_an_account_is_a_token(void **state)
{
	struct account_key keys[] = {key_of("first"), key_of("second")};
	struct account holder = {.login = login_a, .active = true, .keys = keys, .key_count = 2};
	struct account_store *store = make(state, &holder, 1);

	assert_string_equal(look_up_token(state, store, text_of("first")).login, login_a);
	assert_string_equal(look_up_token(state, store, text_of("second")).login, login_a);
	assert_int_equal(look_up_token(state, store, text_of("third")).status, STATUS_NOT_FOUND);
	account_store_free(&store);
}

static void an_empty_store_holds_nobody(void **state)
{
	struct account_store *store = make(state, NULL, 0);

	assert_int_equal(look_up(state, store, text_of("myLogin")).status, STATUS_NOT_FOUND);
	account_store_free(&store);
}

static void finds_each_of_many(void **state)
{
	static char logins[MANY][LOGIN_MAX];
	struct account *many = calloc(MANY, sizeof *many);
	struct account_store *store;

	assert_non_null(many);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(logins[i], LOGIN_MAX, "user-%zu", i);
		many[i] = (struct account){.login = logins[i], .active = true};
	}
	store = make(state, many, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(look_up(state, store, text_of(logins[i])).login, logins[i]);
	assert_int_equal(look_up(state, store, text_of("user-5000")).status, STATUS_NOT_FOUND);
	account_store_free(&store);
	free(many);
}

static void a_token_names_its_user(void **state)
{
	struct account_key keys[] = {key_of("token-a"), key_of("token-b")};
	struct account tokens[] = {holder_of(&keys[0], login_a), holder_of(&keys[1], login_b), {.login = login_c}};
	static const struct text others[] = {
		OCTETS("token"), OCTETS("token-aa"), OCTETS("TOKEN-A"), OCTETS("token-a "),   OCTETS("token-a\0"),
		OCTETS(""),      OCTETS("\0"),       OCTETS("myLogin"), OCTETS("with space"),
	};
	struct account_store *store = make(state, tokens, LENGTH(tokens));

	assert_string_equal(look_up_token(state, store, text_of("token-a")).login, login_a);
	assert_string_equal(look_up_token(state, store, text_of("token-b")).login, login_b);
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_row(others[i].octets, look_up_token(state, store, others[i]).status == STATUS_NOT_FOUND);
	account_store_free(&store);
}

static void a_key_that_several_share_names_nobody(void **state)
{
	static char login_f[] = "f";
	struct account_key shared = key_of("shared"), own = key_of("own"), of_three = key_of("of three");
	struct account sharing[] = {
		holder_of(&shared, login_a),   holder_of(&own, login_b),      holder_of(&shared, login_c),
		holder_of(&of_three, login_d), holder_of(&of_three, login_e), holder_of(&of_three, login_f),
	};
	struct account_store *store = make(state, sharing, LENGTH(sharing));

	assert_int_equal(look_up_token(state, store, text_of("shared")).status, STATUS_DUPLICATE);
	assert_int_equal(look_up_token(state, store, text_of("of three")).status, STATUS_DUPLICATE);
	assert_string_equal(look_up_token(state, store, text_of("own")).login, login_b);
	/* By their logins they are all there. */
	for (size_t i = 0; i < LENGTH(sharing); i++)
		assert_int_equal(look_up(state, store, text_of(sharing[i].login)).status, STATUS_OK);
	account_store_free(&store);
}

/* Digests that begin with the same octets, as a search may go by them. */
static void tells_keys_apart_octet_by_octet(void **state)
{
	struct account_key keys[] = {key_of("token-a"), key_of("token-a"), key_of("token-a")};
	struct account alike[] = {holder_of(&keys[0], login_a), holder_of(&keys[1], login_b),
				  holder_of(&keys[2], login_c)};
	struct account_store *store;

	keys[0].key.digest[KEY_DIGEST_LEN - 1] ^= 1;
	keys[2].key.digest[KEY_DIGEST_LEN / 2] ^= 1;
	store = make(state, alike, LENGTH(alike));
	assert_string_equal(look_up_token(state, store, text_of("token-a")).login, login_b);
	account_store_free(&store);
}

static void finds_each_of_many_by_its_token(void **state)
{
	static char logins[MANY][LOGIN_MAX];
	static struct account_key keys[MANY];
	struct account *many = calloc(MANY, sizeof *many);
	struct account_store *store;

	assert_non_null(many);
	for (size_t i = 0; i < MANY; i++) {
		snprintf(logins[i], LOGIN_MAX, "user-%zu", i);
		keys[i] = key_of(logins[i]);
		many[i] = holder_of(&keys[i], logins[i]);
	}
	store = make(state, many, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_string_equal(look_up_token(state, store, text_of(logins[i])).login, logins[i]);
	assert_int_equal(look_up_token(state, store, text_of("user-5000")).status, STATUS_NOT_FOUND);
	account_store_free(&store);
	free(many);
}

static void an_empty_store_knows_no_token(void **state)
{
	struct account_store *store = make(state, NULL, 0);

	assert_int_equal(look_up_token(state, store, text_of("token-a")).status, STATUS_NOT_FOUND);
	account_store_free(&store);
}

/* ---- By lot ---- */

enum { DRAWN = 6, LOTS = 300 };

static struct found draw(void **state, struct account_store *store, uint64_t lot)
{
	struct found found = {0};

	account_store_draw(store, lot, on_found, &found);
	settle(state);
	assert_int_equal(found.calls, 1);
	assert_int_equal(found.has_account, found.status == STATUS_OK);
	return found;
}

/* Every other one has a key under crypt(3). */
static void draws_each_of_those_who_have_slow_keys_and_no_other(void **state)
{
	static char logins[DRAWN][LOGIN_MAX], hash[] = "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
					      name[] = "default";
	struct account_key keys[DRAWN] = {0};
	struct account some[DRAWN];
	bool was_drawn[DRAWN] = {false};
	struct account_store *store;

	for (size_t i = 0; i < DRAWN; i++) {
		snprintf(logins[i], LOGIN_MAX, "user-%zu", i);
		keys[i] = key_of(logins[i]);
		keys[i].name = name;
		keys[i].key.crypt = i % 2 ? hash : NULL;
		some[i] = holder_of(&keys[i], logins[i]);
	}
	store = make(state, some, DRAWN);
	for (uint64_t i = 0; i < LOTS; i++) {
		uint64_t lot = i * (UINT64_MAX / LOTS) + i;
		struct found found = draw(state, store, lot);

		assert_int_equal(found.status, STATUS_OK);
		assert_string_equal(draw(state, store, lot).login, found.login);
		was_drawn[strtoul(found.login + strlen("user-"), NULL, 10)] = true;
	}
	for (size_t i = 0; i < DRAWN; i++)
		assert_int_equal(was_drawn[i], i % 2);
	account_store_free(&store);
}

static void draws_nobody_where_nobody_has_slow_keys(void **state)
{
	struct account_key key = key_of("a key");
	char login[] = "alice";
	struct account account = holder_of(&key, login);
	struct account_store *store = make(state, NULL, 0);

	assert_int_equal(draw(state, store, 0).status, STATUS_NOT_FOUND);
	assert_int_equal(draw(state, store, UINT64_MAX).status, STATUS_NOT_FOUND);
	account_store_free(&store);
	store = make(state, &account, 1);
	assert_int_equal(draw(state, store, 0).status, STATUS_NOT_FOUND);
	assert_int_equal(draw(state, store, UINT64_MAX).status, STATUS_NOT_FOUND);
	account_store_free(&store);
}

/* As the pipeline does with the second reading of credentials. */
struct second {
	struct account_store *store;
	struct found first, second;
};

static void on_first_found(void *ctx, enum status status, const struct account *account)
{
	struct second *both = ctx;

	on_found(&both->first, status, account);
	account_store_lookup(both->store, text_of("myLogin"), on_found, &both->second);
}

static void looks_up_again_from_within_an_answer(void **state)
{
	struct second both = {.store = make(state, accounts, LENGTH(accounts))};

	account_store_lookup(both.store, text_of("nobody"), on_first_found, &both);
	settle(state);
	settle(state);
	assert_int_equal(both.first.calls, 1);
	assert_int_equal(both.first.status, STATUS_NOT_FOUND);
	assert_int_equal(both.second.calls, 1);
	assert_int_equal(both.second.status, STATUS_OK);
	account_store_free(&both.store);
}

static void answers_nobody_after_it_was_freed(void **state)
{
	struct account_store *store = make(state, accounts, LENGTH(accounts));
	struct found found = {0};
	size_t calls;

	account_store_lookup(store, text_of("myLogin"), on_found, &found);
	account_store_free(&store);
	assert_null(store);
	calls = found.calls;
	settle(state);
	assert_int_equal(found.calls, calls);
	assert_in_range(calls, 0, 1);
}

static void freeing_nothing_does_nothing(void **state)
{
	struct account_store *store = NULL;

	(void)state;
	account_store_free(&store);
	account_store_free(NULL);
}

int store_contract_run(const struct store_under_test *store)
{
	struct store_under_test copy = *store;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(finds_an_account_with_all_that_it_holds, &copy),
		cmocka_unit_test_prestate(finds_many_hosts_of_an_account_and_its_key_when_they_are_read, &copy),
		cmocka_unit_test_prestate(tells_accounts_apart_octet_by_octet, &copy),
		cmocka_unit_test_prestate(finds_no_account_that_is_not_there, &copy),
		cmocka_unit_test_prestate(finds_all_keys_of_an_account_with_their_limits, &copy),
		cmocka_unit_test_prestate(each_key_of_an_account_is_a_token, &copy),
		cmocka_unit_test_prestate(an_empty_store_holds_nobody, &copy),
		cmocka_unit_test_prestate(finds_each_of_many, &copy),
		cmocka_unit_test_prestate(a_token_names_its_user, &copy),
		cmocka_unit_test_prestate(a_key_that_several_share_names_nobody, &copy),
		cmocka_unit_test_prestate(tells_keys_apart_octet_by_octet, &copy),
		cmocka_unit_test_prestate(finds_each_of_many_by_its_token, &copy),
		cmocka_unit_test_prestate(an_empty_store_knows_no_token, &copy),
		cmocka_unit_test_prestate(draws_each_of_those_who_have_slow_keys_and_no_other, &copy),
		cmocka_unit_test_prestate(draws_nobody_where_nobody_has_slow_keys, &copy),
		cmocka_unit_test_prestate(looks_up_again_from_within_an_answer, &copy),
		cmocka_unit_test_prestate(answers_nobody_after_it_was_freed, &copy),
		cmocka_unit_test_prestate(freeing_nothing_does_nothing, &copy),
	};

	return cmocka_run_group_tests_name(store->name, tests, NULL, NULL);
}
