/*
 * Names that options refer to each other by.
 */
#include "support.h"

#include <stdio.h>

#include "base/names.h"

static void each_of_many_is_found_by_its_name(void **state)
{
	enum { MANY = 5000 };
	static char texts[MANY][24];
	struct names names = {0};

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof texts[i], "customer%zu.example", i);
		assert_int_equal(names_add(&names, text_of(texts[i]), texts[i]), STATUS_OK);
	}
	for (size_t i = 0; i < MANY; i++)
		assert_ptr_equal(names_find(&names, text_of(texts[i])), texts[i]);
	assert_null(names_find(&names, text_of("customer.example")));
	assert_null(names_find(&names, text_of("customer5000.example")));
	names_fini(&names);
}

static void the_second_of_a_name_is_refused_and_the_first_one_stays(void **state)
{
	static const char first[] = "example.com", second[] = "example.com";
	struct names names = {0};

	(void)state;
	assert_int_equal(names_add(&names, text_of(first), first), STATUS_OK);
	assert_int_equal(names_add(&names, text_of(second), second), STATUS_DUPLICATE);
	assert_ptr_equal(names_find(&names, text_of(second)), first);
	assert_int_equal(names_add(&names, text_of("Example.com"), second), STATUS_OK);
	names_fini(&names);
}

static void among_none_there_is_none(void **state)
{
	struct names names = {0};

	(void)state;
	assert_null(names_find(&names, text_of("")));
	names_fini(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_many_is_found_by_its_name),
		cmocka_unit_test(the_second_of_a_name_is_refused_and_the_first_one_stays),
		cmocka_unit_test(among_none_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
