/*
 * How open files are shared out: clients come last.
 */
#include "support.h"

#include "daemon/descriptors.h"

static const struct descriptors_need small = {.listeners = 1, .connections = 1000, .primaries = 2};

static void with_what_is_wanted_everybody_has_it(void **state)
{
	const struct descriptors_need need = {2, 1000, 50, 16, true, true, true};
	struct descriptors_share share = descriptors_share(&need, descriptors_wanted(&need));

	(void)state;
	assert_int_equal(share.each, 1000);
	assert_int_equal(share.all, 2000);
	share = descriptors_share(&need, UINT64_MAX);
	assert_int_equal(share.each, 1000);
	assert_int_equal(share.all, 2000);
}

static void what_is_missing_clients_go_without(void **state)
{
	uint64_t wanted = descriptors_wanted(&small);
	struct descriptors_need more = small;

	(void)state;
	assert_int_equal(descriptors_share(&small, wanted - 1).each, 999);
	assert_int_equal(descriptors_share(&small, wanted - 999).each, 1);
	more.primaries += 100;
	assert_int_equal(descriptors_share(&more, wanted).all, 900);
	more.has_admin = true;
	assert_int_equal(descriptors_share(&more, wanted).all, 900 - ADMIN_CONNECTIONS_MAX);
	more.has_names = true; /* of which two addresses may be tried at a time */
	assert_true(descriptors_share(&more, wanted).all < 900 - ADMIN_CONNECTIONS_MAX - 100);
	more.has_state = true;
	assert_true(descriptors_share(&more, wanted).all < 900 - ADMIN_CONNECTIONS_MAX - 120);
}

/* However many there are, they share so many. */
static void spare_connections_to_primaries_come_first_too(void **state)
{
	struct descriptors_need need = small;
	uint64_t wanted = descriptors_wanted(&need);

	(void)state;
	need.connections_max = 1;
	assert_int_equal(descriptors_wanted(&need), wanted);
	need.connections_max = 16;
	assert_int_equal(descriptors_wanted(&need), wanted + 2 * 15);
	assert_int_equal(descriptors_share(&need, UINT64_MAX).spare, 2 * 15);
	/* Where there is not enough for all, clients still get most of it. */
	assert_int_equal(descriptors_share(&need, wanted - 840).spare, 160 / 8);
	assert_int_equal(descriptors_share(&need, wanted - 840).all, 160 - 160 / 8);
	need.primaries = 100000;
	assert_int_equal(descriptors_wanted(&need), wanted + 100000 - 2 + SPARE_CONNECTIONS_MAX);
}

static void listeners_share_what_is_left(void **state)
{
	struct descriptors_need need = small;
	struct descriptors_share share;

	(void)state;
	need.listeners = 3;
	share = descriptors_share(&need, descriptors_wanted(&need) - 1499);
	assert_int_equal(share.all, 1501);
	assert_int_equal(share.each, 500);
}

static void somebody_is_served_whatever_is_allowed(void **state)
{
	struct descriptors_need need = small;

	(void)state;
	need.listeners = 3;
	for (uint64_t allowed = 0; allowed < 100; allowed++) {
		struct descriptors_share share = descriptors_share(&need, allowed);

		assert_true(share.each >= 1 && share.all >= 3);
		assert_true(share.all <= 3 || share.all + need.primaries < allowed);
	}
}

static void the_largest_of_all_fits(void **state)
{
	const struct descriptors_need need = {10000, 1000000, 100000, 256, true, true, true};
	struct descriptors_share share = descriptors_share(&need, UINT64_MAX);

	(void)state;
	assert_true(share.each > 0 && share.each <= need.connections && share.all >= share.each);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_what_is_wanted_everybody_has_it),
		cmocka_unit_test(what_is_missing_clients_go_without),
		cmocka_unit_test(spare_connections_to_primaries_come_first_too),
		cmocka_unit_test(listeners_share_what_is_left),
		cmocka_unit_test(somebody_is_served_whatever_is_allowed),
		cmocka_unit_test(the_largest_of_all_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
