/*
 * API keys: read in plain or as a hash, kept as a hash only, compared.
 */
#include "support.h"

#include "account/key.h"

/* SHA-256 of "ER2T229DF4GBNM", by sha256sum(1). */
#define KEY      "ER2T229DF4GBNM"
#define KEY_HASH "03e753104acfa0d1cda89a5b5df16ecfc93400fc35a80f0fb1c5d4920428d8fa"

static struct key key_of(struct text text)
{
	struct key key;
	bool was_plain;

	assert_int_equal(key_parse(text, &key, &was_plain), STATUS_OK);
	return key;
}

static bool opens(const struct key *key, struct text presented)
{
	uint8_t digest[KEY_DIGEST_LEN];

	assert_int_equal(key_digest(presented, digest), STATUS_OK);
	return key_matches(key, digest);
}

static void a_plain_key_and_its_hash_are_the_same_key(void **state)
{
	struct key plain, hashed;
	bool was_plain;

	(void)state;
	assert_int_equal(key_parse(text_of(KEY), &plain, &was_plain), STATUS_OK);
	assert_true(was_plain);
	assert_int_equal(key_parse(text_of("sha256:" KEY_HASH), &hashed, &was_plain), STATUS_OK);
	assert_false(was_plain);
	assert_memory_equal(plain.digest, hashed.digest, KEY_DIGEST_LEN);
}

static void hexadecimal_digits_may_be_capitals(void **state)
{
	char capitals[] = "sha256:" KEY_HASH;
	struct key key;

	(void)state;
	for (char *digit = strchr(capitals, ':'); *digit; digit++) {
		if (*digit >= 'a' && *digit <= 'f')
			*digit = (char)(*digit - 'a' + 'A');
	}
	key = key_of(text_of(capitals));
	assert_true(opens(&key, text_of(KEY)));
}

static void only_the_key_itself_matches(void **state)
{
	static const struct text others[] = {
		OCTETS(""),
		OCTETS("ER2T229DF4GBN"),
		OCTETS("ER2T229DF4GBNMx"),
		OCTETS("er2t229df4gbnm"),
		OCTETS(KEY " "),
		OCTETS(KEY "\0"),
		OCTETS("\0" KEY),
		OCTETS("sha256:" KEY_HASH), /* who has read the configuration has not got the key */
		OCTETS(KEY_HASH),
	};
	struct key plain = key_of(text_of(KEY)), hashed = key_of(text_of("sha256:" KEY_HASH));

	(void)state;
	assert_true(opens(&plain, text_of(KEY)));
	assert_true(opens(&hashed, text_of(KEY)));
	for (size_t i = 0; i < LENGTH(others); i++) {
		assert_row(others[i].octets, !opens(&plain, others[i]));
		assert_row(others[i].octets, !opens(&hashed, others[i]));
	}
}

static void a_key_may_hold_any_octets(void **state)
{
	static const struct text rows[] = {
		OCTETS("a b+c&d=e"),         OCTETS("\0"),     OCTETS("a\0b"),  OCTETS("\xff\xfe"),
		OCTETS("SHA256:" KEY_HASH), /* another prefix */
		OCTETS(" sha256:" KEY_HASH), OCTETS("sha256"), OCTETS("sha25"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct key key = key_of(rows[i]);

		assert_row(rows[i].octets, opens(&key, rows[i]));
	}
}

static void no_key_matches_nothing(void **state)
{
	const struct key zero = {{0}, NULL};

	(void)state;
	assert_false(opens(NULL, text_of(KEY)));
	assert_false(opens(NULL, text_of("")));
	assert_false(opens(NULL, (struct text){NULL, 0}));
	assert_false(opens(&zero, (struct text){NULL, 0}));
}

static void refuses_an_empty_key_and_a_malformed_hash(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS("sha256:"),
		OCTETS("sha256:" KEY),
		OCTETS("sha256:" KEY_HASH "0"),
		OCTETS("sha256:" KEY_HASH " "),
		OCTETS("sha256: " KEY_HASH),
		OCTETS("sha256:0" KEY_HASH "0"),
		OCTETS("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"),
		OCTETS("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg"),
		OCTETS("sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
		OCTETS("sha256:0123456789abcdef0123456789abcdef\0"
		       "123456789abcdef0123456789abcdef"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct key key;
		bool was_plain;

		assert_row(rows[i].octets, key_parse(rows[i], &key, &was_plain) == STATUS_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_key_and_its_hash_are_the_same_key),
		cmocka_unit_test(hexadecimal_digits_may_be_capitals),
		cmocka_unit_test(only_the_key_itself_matches),
		cmocka_unit_test(a_key_may_hold_any_octets),
		cmocka_unit_test(no_key_matches_nothing),
		cmocka_unit_test(refuses_an_empty_key_and_a_malformed_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
