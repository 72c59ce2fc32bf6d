/*
 * The hash table: what was added is found until it is removed, however many there are and however they collide, and
 * what its hash is worth.
 */
#include "support.h"

#include <stdio.h>

#include "base/table.h"

enum { ITEMS = 2000 };

struct item {
	unsigned number;
	struct table_node node;
};

static struct item *item_of(struct table_node *node)
{
	return node ? TABLE_OWNER(node, struct item, node) : NULL;
}

static struct table table;
static struct item items[ITEMS];

static int setup(void **state)
{
	(void)state;
	assert_int_equal(table_init(&table), STATUS_OK);
	for (unsigned i = 0; i < ITEMS; i++)
		items[i] = (struct item){.number = i};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	table_fini(&table);
	return 0;
}

static struct item *find(uint64_t hash, unsigned number)
{
	struct table_node *node = table_find(&table, hash);

	while (node && item_of(node)->number != number)
		node = table_find_next(node);
	return item_of(node);
}

static size_t count_with(uint64_t hash)
{
	size_t count = 0;

	for (struct table_node *node = table_find(&table, hash); node; node = table_find_next(node)) {
		assert_true(node->hash == hash);
		count++;
	}
	return count;
}

static void an_empty_table_has_nothing(void **state)
{
	(void)state;
	assert_null(table_find(&table, 0));
	assert_null(table_find(&table, UINT64_MAX));
	assert_null(table_any(&table));
	assert_int_equal(table.count, 0);
}

static void what_was_added_is_found_while_the_table_grows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ITEMS; i++) {
		table_add(&table, &items[i].node, table_hash(1, text_of("x")) * i);
		assert_int_equal(table.count, i + 1);
		for (unsigned k = 0; k <= i; k += 97)
			assert_ptr_equal(find(table_hash(1, text_of("x")) * k, k), &items[k]);
	}
	assert_true(table.mask >= ITEMS / 2);
	for (unsigned i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(table_hash(1, text_of("x")) * i, i), &items[i]);
	assert_null(find(table_hash(1, text_of("x")) * ITEMS, ITEMS));
}

/* Those of one hash, and those of one bucket with other hashes. */
static void collisions_are_told_apart(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 30; i++)
		table_add(&table, &items[i].node, (uint64_t)(i % 3) << 40);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(count_with((uint64_t)i << 40), 10);
	assert_int_equal(count_with((uint64_t)3 << 40), 0);
	for (unsigned i = 0; i < 30; i++)
		assert_ptr_equal(find((uint64_t)(i % 3) << 40, i), &items[i]);
}

static void what_was_removed_is_gone_and_nothing_else(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		table_add(&table, &items[i].node, i % 7);
	for (unsigned i = 0; i < 100; i += 2)
		table_remove(&table, &items[i].node);
	assert_int_equal(table.count, 50);
	for (unsigned i = 0; i < 100; i++)
		assert_ptr_equal(find(i % 7, i), i % 2 ? &items[i] : NULL);
	/* It may be added again, also under another hash. */
	table_add(&table, &items[0].node, 6);
	assert_ptr_equal(find(6, 0), &items[0]);
	assert_null(find(0, 0));
}

static void any_takes_the_table_apart(void **state)
{
	struct table_node *node;
	bool taken[ITEMS] = {false};

	(void)state;
	for (unsigned i = 0; i < ITEMS; i++)
		table_add(&table, &items[i].node, (uint64_t)i << 3);
	while ((node = table_any(&table))) {
		assert_false(taken[item_of(node)->number]);
		taken[item_of(node)->number] = true;
		table_remove(&table, node);
	}
	assert_int_equal(table.count, 0);
	for (unsigned i = 0; i < ITEMS; i++)
		assert_true(taken[i]);
}

static void a_zeroed_table_can_be_finished(void **state)
{
	struct table zeroed = {0};

	(void)state;
	assert_null(table_any(&zeroed));
	table_fini(&zeroed);
	table_fini(&zeroed);
}

/* ---- The hash ---- */

static void the_hash_is_that_of_octets_and_seed(void **state)
{
	static const struct text texts[] = {OCTETS(""),   OCTETS("a"),    OCTETS("b"),    OCTETS("ab"),  OCTETS("ba"),
					    OCTETS("\0"), OCTETS("\0\0"), OCTETS("\x80"), OCTETS("\xff")};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		assert_true(table_hash(1, texts[i]) == table_hash(1, texts[i]));
		assert_true(table_hash(1, texts[i]) != table_hash(2, texts[i]));
		for (size_t k = 0; k < i; k++)
			assert_true(table_hash(1, texts[i]) != table_hash(1, texts[k]));
	}
}

/* Names that differ in a digit, as those of hosts do, are spread over the buckets. */
static void names_alike_are_spread(void **state)
{
	enum { NAMES = 4096, BUCKETS = 1024, WORST = 20 };
	static unsigned counts[BUCKETS];
	char name[64];

	(void)state;
	for (unsigned i = 0; i < NAMES; i++) {
		unsigned *count;

		snprintf(name, sizeof name, "host-%u.dyn.example.com", i);
		count = &counts[table_hash(42, text_of(name)) % BUCKETS];
		assert_true(++*count < WORST);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_table_has_nothing),          TEST(what_was_added_is_found_while_the_table_grows),
		TEST(collisions_are_told_apart),           TEST(what_was_removed_is_gone_and_nothing_else),
		TEST(any_takes_the_table_apart),           TEST(a_zeroed_table_can_be_finished),
		TEST(the_hash_is_that_of_octets_and_seed), TEST(names_alike_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
