/*
 * The config map under the stores' contract, by itself and behind a store that answers later; and what is its own:
 * logins must differ.
 */
#include "fake_env.h"
#include "late_store.h"
#include "store/stores.h"
#include "store_contract.h"
#include "support.h"

enum { DELAY_MAX_MS = 50 };

static void refuses_two_accounts_of_one_login(void **state)
{
	static char first[] = "twice", second[] = "other", third[] = "twice";
	const struct account accounts[] = {{.login = first}, {.login = second}, {.login = third}};
	struct account_store *store = NULL;

	(void)state;
	assert_int_equal(store_map_new(accounts, 3, &store), STATUS_DUPLICATE);
	assert_null(store);
}

static enum status make(void *ctx, const struct account *accounts, size_t count, struct account_store **out)
{
	(void)ctx;
	return store_map_new(accounts, count, out);
}

/* The same, asked from afar. */
static enum status make_late(void *ctx, const struct account *accounts, size_t count, struct account_store **out)
{
	struct account_store *inner = NULL;
	enum status status = store_map_new(accounts, count, &inner);

	if (status == STATUS_OK)
		status = late_store_new(fake_env_of(ctx), DELAY_MAX_MS, &inner, out);
	account_store_free(&inner);
	return status;
}

static void settle(void *ctx)
{
	fake_env_advance(ctx, DELAY_MAX_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_two_accounts_of_one_login),
	};
	struct fake_env *fake = fake_env_new(1);
	const struct store_under_test map = {.name = "store_map", .make = make};
	const struct store_under_test late = {.name = "late_store", .ctx = fake, .make = make_late, .settle = settle};
	int failed = store_contract_run(&map) + store_contract_run(&late);

	failed += cmocka_run_group_tests(tests, NULL, NULL);
	fake_env_free(&fake);
	return failed;
}
