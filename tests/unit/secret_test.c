/*
 * Secrets: compared as a whole, wiped, freed.
 */
#include "support.h"

#include "base/secret.h"

static void every_octet_counts_in_a_comparison(void **state)
{
	const uint8_t secret[32] = {1, 2, 3, [31] = 9};

	(void)state;
	assert_true(secret_equal(secret, (const uint8_t[32]){1, 2, 3, [31] = 9}, sizeof secret));
	for (size_t at = 0; at < sizeof secret; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			uint8_t other[sizeof secret];

			memcpy(other, secret, sizeof other);
			other[at] = (uint8_t)(other[at] ^ 1u << bit);
			assert_false(secret_equal(secret, other, sizeof secret));
		}
	}
}

static void two_differences_do_not_cancel_out(void **state)
{
	(void)state;
	assert_false(secret_equal("\x01\x01", "\x02\x02", 2));
	assert_false(secret_equal("ab", "ba", 2));
}

static void nothing_equals_nothing(void **state)
{
	(void)state;
	assert_true(secret_equal("a", "b", 0));
}

static void wipes_exactly_what_it_is_told_to(void **state)
{
	char octets[] = "abcdef";

	(void)state;
	secret_wipe(octets + 1, 3);
	assert_memory_equal(octets, "a\0\0\0ef", 7);
	secret_wipe(NULL, 0);
}

static void frees_a_string_and_forgets_it(void **state)
{
	char *string = strdup("secret");

	(void)state;
	assert_non_null(string);
	secret_free_string(&string);
	assert_null(string);
	secret_free_string(&string);
	secret_free_string(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_octet_counts_in_a_comparison),
		cmocka_unit_test(two_differences_do_not_cancel_out),
		cmocka_unit_test(nothing_equals_nothing),
		cmocka_unit_test(wipes_exactly_what_it_is_told_to),
		cmocka_unit_test(frees_a_string_and_forgets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
