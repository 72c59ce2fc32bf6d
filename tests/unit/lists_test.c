/*
 * Lists that were read lately: bounded, and those that nobody wanted lately go first.
 */
#include "hosts.h"
#include "store/lists.h"

static void keep(struct lists *lists, int64_t number)
{
	struct host_list *list = hosts_of("a.example.com\n");

	lists_keep(lists, number, list);
	host_list_free(&list);
}

static bool has(struct lists *lists, int64_t number)
{
	struct host_list *list = lists_find(lists, number);
	bool found = list != NULL;

	host_list_free(&list);
	return found;
}

static void what_was_wanted_least_lately_gives_way(void **state)
{
	struct host_list *one = hosts_of("a.example.com\n");
	struct lists *lists = NULL;

	(void)state;
	assert_int_equal(lists_new(3 * host_list_size(one), &lists), STATUS_OK);
	for (int64_t i = 1; i <= 3; i++)
		keep(lists, i);
	assert_int_equal(lists_size(lists), 3 * host_list_size(one));
	assert_true(has(lists, 1));
	keep(lists, 4);
	assert_false(has(lists, 2));
	assert_true(has(lists, 1) && has(lists, 3) && has(lists, 4));
	assert_int_equal(lists_size(lists), 3 * host_list_size(one));
	lists_clear(lists);
	assert_int_equal(lists_size(lists), 0);
	assert_false(has(lists, 4));
	lists_free(&lists);
	assert_null(lists);
	host_list_free(&one);
}

static void one_that_is_too_large_is_not_kept(void **state)
{
	struct lists *lists = NULL;

	(void)state;
	assert_int_equal(lists_new(8, &lists), STATUS_OK);
	keep(lists, 1);
	assert_false(has(lists, 1));
	lists_free(&lists);
}

static void whoever_has_one_keeps_it_when_it_goes(void **state)
{
	struct host_list *list;
	struct lists *lists = NULL;

	(void)state;
	assert_int_equal(lists_new(1000, &lists), STATUS_OK);
	keep(lists, 1);
	list = lists_find(lists, 1);
	lists_free(&lists);
	assert_string_equal(host_of(list, 0).name.text, "a.example.com");
	host_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_wanted_least_lately_gives_way),
		cmocka_unit_test(one_that_is_too_large_is_not_kept),
		cmocka_unit_test(whoever_has_one_keeps_it_when_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
