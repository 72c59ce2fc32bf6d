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

static void the_digest_of_a_presented_key_is_that_of_the_key(void **state)
{
	struct key expected = key_of(text_of("sha256:" KEY_HASH));
	uint8_t presented[KEY_DIGEST_LEN];

	(void)state;
	assert_int_equal(key_digest(text_of(KEY), presented), STATUS_OK);
	assert_memory_equal(presented, expected.digest, KEY_DIGEST_LEN);
	/* What is presented is never a hash. */
	assert_int_equal(key_digest(text_of("sha256:" KEY_HASH), presented), STATUS_OK);
	assert_memory_not_equal(presented, expected.digest, KEY_DIGEST_LEN);
	assert_int_equal(key_digest((struct text){NULL, 0}, presented), STATUS_OK);
	assert_memory_not_equal(presented, expected.digest, KEY_DIGEST_LEN);
}

/* Octets out of the test's hand. */
static void draw(void *ctx, void *octets, size_t len)
{
	uint8_t *next = ctx;

	memset(octets, *next, len);
	(*next)++;
}

static void a_generated_key_is_192_bits_of_the_alphabet(void **state)
{
	uint8_t next = 0;
	const struct env env = {.random = draw, .ctx = &next};
	char key[KEY_TEXT_LEN + 1];

	(void)state;
	assert_true(KEY_RANDOM_LEN * 8 >= 160);
	key_generate(&env, key);
	assert_string_equal(key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	next = 0xff;
	key_generate(&env, key);
	assert_string_equal(key, "________________________________");
	next = 0x41; /* as of RFC 4648: "AAA" */
	key_generate(&env, key);
	assert_memory_equal(key, "QUFBQUFB", 8);
	/* One that begins with a hyphen is drawn again: it could be taken for an option. */
	next = 0xf8;
	key_generate(&env, key);
	assert_int_equal(next, 0xfd);
	assert_memory_equal(key, "_Pz8", 4);
}

static void a_digest_is_written_as_it_is_read(void **state)
{
	char text[KEY_HASH_TEXT_MAX];
	struct key key = key_of(text_of(KEY));

	(void)state;
	assert_string_equal(key_format(key.digest, text), "sha256:" KEY_HASH);
}

static void what_begins_with_a_dollar_is_a_hash_of_crypt(void **state)
{
	static const char hash[] = "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/";
	struct key key;
	bool was_plain;

	(void)state;
	assert_int_equal(key_parse(text_of(hash), &key, &was_plain), STATUS_OK);
	assert_false(was_plain);
	assert_string_equal(key.crypt, hash);
	key_fini(&key);
	assert_null(key.crypt);
	assert_int_equal(key_parse(text_of("$dollars"), &key, &was_plain), STATUS_INVALID);
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
		cmocka_unit_test(the_digest_of_a_presented_key_is_that_of_the_key),
		cmocka_unit_test(a_generated_key_is_192_bits_of_the_alphabet),
		cmocka_unit_test(a_digest_is_written_as_it_is_read),
		cmocka_unit_test(what_begins_with_a_dollar_is_a_hash_of_crypt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
