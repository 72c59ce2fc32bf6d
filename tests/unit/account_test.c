/*
 * Accounts: copying and freeing them, and the dates on which keys end.
 */
#include "support.h"

#include "account/account.h"

static void a_copy_shares_nothing(void **state)
{
	char login[] = "alice", name[] = "cellar", hash[] = "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/";
	char lines[] = "a.example.com\n*.b.example.com\n", key_lines[] = "a.example.com\n";
	struct network source = {.addr = addr_of("192.0.2.0"), .bits = 24};
	struct account_key keys[] = {{.id = 1, .key = {.digest = {1, 2, 3}}},
				     {.id = 2,
				      .name = name,
				      .key = {.crypt = hash},
				      .hosts = {.lines = key_lines, .number = 8},
				      .sources = &source,
				      .source_count = 1,
				      .expires_s = 7}};
	struct account account = {.login = login,
				  .active = true,
				  .keys = keys,
				  .key_count = 2,
				  .hosts = {.lines = lines}},
		       *copy;

	(void)state;
	assert_int_equal(account_copy(&account, &copy), STATUS_OK);
	memset(login, 'x', 3);
	memset(name, 'x', 3);
	memset(hash, 'x', 3);
	memset(lines, 'x', 3);
	memset(key_lines, 'x', 3);
	memset(&source, 0, sizeof source);
	memset(keys, 0, sizeof keys);
	assert_string_equal(copy->login, "alice");
	assert_true(copy->active);
	assert_int_equal(copy->key_count, 2);
	assert_int_equal(copy->keys[0].key.digest[2], 3);
	assert_string_equal(copy->keys[1].name, "cellar");
	assert_memory_equal(copy->keys[1].key.crypt, "$5$", 3);
	assert_string_equal(copy->keys[1].hosts.lines, "a.example.com\n");
	assert_int_equal(copy->keys[1].hosts.number, 8);
	assert_int_equal(copy->keys[1].sources[0].bits, 24);
	assert_int_equal(copy->keys[1].expires_s, 7);
	assert_string_equal(copy->hosts.lines, "a.example.com\n*.b.example.com\n");
	account_free(&copy);
	assert_null(copy);
	account_free(&copy);
	account_free(NULL);
}

/* The moments by date(1), of the day after. */
static void a_stamp_is_of_what_opens_the_account(void **state)
{
	char login[] = "alice", hash[] = "$5$a", other[] = "$5$b";
	struct account_key keys[2] = {{.key.digest = {1}}, {.key.crypt = hash}};
	struct account account = {.login = login, .keys = keys, .key_count = 2};
	uint64_t stamp = account_stamp(&account);

	(void)state;
	account.active = account.may_update = true;
	keys[0].id = 7;
	assert_true(account_stamp(&account) == stamp);
	keys[0].key.digest[31] = 1;
	assert_true(account_stamp(&account) != stamp);
	keys[0].key.digest[31] = 0;
	keys[1].key.crypt = other;
	assert_true(account_stamp(&account) != stamp);
	keys[1].key.crypt = hash;
	keys[1].expires_s = 1;
	assert_true(account_stamp(&account) != stamp);
	account.key_count = 1;
	assert_true(account_stamp(&account) != stamp);
	account.key_count = 0;
	assert_true(account_stamp(&account) != 0);
}

static void a_key_ends_with_its_day(void **state)
{
	static const struct {
		const char *date;
		uint64_t end_s;
	} rows[] = {
		{"1970-01-01", 86400},      {"1999-12-31", 946684800},  {"2000-02-29", 951868800},
		{"2026-11-23", 1795478400}, {"2027-01-31", 1801440000}, {"2028-02-29", 1835481600},
		{"2100-02-28", 4107542400}, {"2100-12-31", 4133980800}, {"9999-12-31", 253402300800},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint64_t end_s;
		char text[ACCOUNT_DATE_MAX];

		assert_row(rows[i].date, account_expiry_parse(text_of(rows[i].date), &end_s) == STATUS_OK);
		assert_row(rows[i].date, end_s == rows[i].end_s);
		assert_string_equal(account_expiry_format(end_s, text), rows[i].date);
	}
}

static void refuses_what_is_no_date(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),           OCTETS("2027"),         OCTETS("2027-1-31"),   OCTETS("2027-01-32"),
		OCTETS("2027-02-29"), OCTETS("2100-02-29"),   OCTETS("2027-04-31"),  OCTETS("2027-00-10"),
		OCTETS("2027-13-01"), OCTETS("2027-01-00"),   OCTETS("27-01-31"),    OCTETS("2027/01/31"),
		OCTETS("2027-01-3x"), OCTETS("1969-12-31"),   OCTETS("2027-01-31 "), OCTETS("+027-01-31"),
		OCTETS("tomorrow"),   OCTETS("2027-01-31T0"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint64_t end_s;

		assert_row(rows[i].octets, account_expiry_parse(rows[i], &end_s) == STATUS_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_shares_nothing),
		cmocka_unit_test(a_stamp_is_of_what_opens_the_account),
		cmocka_unit_test(a_key_ends_with_its_day),
		cmocka_unit_test(refuses_what_is_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
