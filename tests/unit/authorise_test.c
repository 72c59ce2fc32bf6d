/*
 * Authorising: in an order that tells nothing of an account before its key is proved.
 */
#include "support.h"

#include "account/authorise.h"

#define KEY "ER2T229DF4GBNM"

static struct account account_of(const char *key)
{
	static char login[] = "myLogin";
	static struct host_pattern pattern = {.kind = HOST_EXACT};
	struct account account = {.login = login,
				  .active = true,
				  .may_update = true,
				  .has_key = key,
				  .patterns = &pattern,
				  .pattern_count = 1};
	bool was_plain;

	if (key)
		assert_int_equal(key_parse(text_of(key), &account.key, &was_plain), STATUS_OK);
	return account;
}

static void the_right_key_of_an_active_account_is_granted_its_patterns(void **state)
{
	struct account account = account_of(KEY);
	struct grant grant = {0};

	(void)state;
	for (int uniform = 0; uniform <= 1; uniform++) {
		assert_int_equal(authorise(&account, text_of(KEY), uniform, &grant), OUTCOME_GRANTED);
		assert_ptr_equal(grant.patterns, account.patterns);
		assert_int_equal(grant.count, account.pattern_count);
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

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct account account = account_of(rows[i].has_key ? KEY : NULL);
		const struct account *found = rows[i].known ? &account : NULL;
		struct text key = text_of(rows[i].right_key ? KEY : "another");
		struct grant grant;

		account.active = rows[i].active;
		account.may_update = rows[i].may_update;
		assert_row(rows[i].row, authorise(found, key, false, &grant) == rows[i].code);
		assert_row(rows[i].row, authorise(found, key, true, &grant) == rows[i].uniform_code);
	}
}

static void an_account_without_a_key_is_open_to_no_key(void **state)
{
	struct account account = account_of(NULL);
	struct grant grant;

	(void)state;
	assert_int_equal(authorise(&account, text_of(""), false, &grant), OUTCOME_NO_KEY);
	assert_int_equal(authorise(&account, (struct text){NULL, 0}, false, &grant), OUTCOME_NO_KEY);
	assert_int_equal(authorise(&account, text_of(KEY), false, &grant), OUTCOME_NO_KEY);

	/* Not even to one that a left-over hash would fit. */
	account = account_of(KEY);
	account.has_key = false;
	assert_int_equal(authorise(&account, text_of(KEY), false, &grant), OUTCOME_NO_KEY);
	assert_int_equal(authorise(&account, text_of(KEY), true, &grant), OUTCOME_WRONG_KEY);
}

static void an_account_without_patterns_is_granted_nothing(void **state)
{
	struct account account = account_of(KEY);
	struct grant grant = {.count = 7};

	(void)state;
	account.patterns = NULL;
	account.pattern_count = 0;
	assert_int_equal(authorise(&account, text_of(KEY), false, &grant), OUTCOME_GRANTED);
	assert_int_equal(grant.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_key_of_an_active_account_is_granted_its_patterns),
		cmocka_unit_test(the_earliest_check_that_fails_is_told),
		cmocka_unit_test(an_account_without_a_key_is_open_to_no_key),
		cmocka_unit_test(an_account_without_patterns_is_granted_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
