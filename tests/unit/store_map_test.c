/*
 * The config map under the stores' contract, and what is its own: logins must differ.
 */
#include "store_contract.h"
#include "support.h"

static void refuses_two_accounts_of_one_login(void **state)
{
	static char first[] = "twice", second[] = "other", third[] = "twice";
	const struct account accounts[] = {{.login = first}, {.login = second}, {.login = third}};
	struct account_store *store = NULL;

	(void)state;
	assert_int_equal(store_map_new(accounts, 3, &store), STATUS_DUPLICATE);
	assert_null(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_two_accounts_of_one_login),
	};
	const struct store_under_test map = {.name = "store_map", .make = store_map_new};
	int failed = store_contract_run(&map);

	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
