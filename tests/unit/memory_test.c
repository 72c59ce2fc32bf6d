/*
 * What a queue remembers: hints that are right as long as nothing else took their place, and owners that go alone for
 * ten minutes.
 */
#include "support.h"

#include "records.h"
#include "zone/memory.h"

enum {
	TTL_S = 180,
	POISON_MS = 10 * 60 * 1000,
};

static struct memory *memory;

static int setup(void **state)
{
	(void)state;
	return memory_new(1024, 1, &memory) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	memory_free(&memory);
	assert_null(memory);
	memory_free(&memory);
	return 0;
}

static bool knows(uint64_t owner, enum rr_type type)
{
	uint8_t room[RRSET_ROOM];
	struct rrset rrset;

	return memory_recall(memory, owner, type, room, &rrset);
}

/* Whether that address is what is remembered. */
static bool has(uint64_t owner, const char *address)
{
	struct addr addr = addr_of(address);
	uint8_t room[RRSET_ROOM];
	struct rrset rrset;

	return memory_recall(memory, owner, rr_type_of_family(addr.family), room, &rrset) && rrset.known &&
	       rrset.ttl_s == TTL_S && rrset.count == 1 && rdata_equal(rrset_first(&rrset), rdata_of_addr(&addr));
}

static void keep(uint64_t owner, const char *address)
{
	struct rrset rrset = rrset_of_addr(TTL_S, addr_of(address));

	memory_keep(memory, owner, &rrset);
}

static void nothing_is_known_at_first(void **state)
{
	(void)state;
	for (uint64_t owner = 0; owner < 2000; owner++) {
		assert_false(knows(owner, RR_A));
		assert_false(knows(owner, RR_AAAA));
		assert_false(memory_is_poison(memory, owner, 0));
		assert_false(memory_is_poison(memory, owner, UINT64_MAX));
	}
}

static void what_was_kept_is_recalled(void **state)
{
	(void)state;
	keep(7, "192.0.2.1");
	assert_true(has(7, "192.0.2.1"));
	assert_false(has(7, "192.0.2.2"));
	assert_false(knows(8, RR_A));
	keep(7, "192.0.2.2");
	assert_false(has(7, "192.0.2.1"));
	assert_true(has(7, "192.0.2.2"));
}

static void the_types_of_an_owner_are_apart(void **state)
{
	(void)state;
	keep(7, "192.0.2.1");
	assert_false(knows(7, RR_AAAA));
	keep(7, "2001:db8::1");
	assert_true(has(7, "192.0.2.1"));
	assert_true(has(7, "2001:db8::1"));
	memory_drop(memory, 7, RR_A);
	assert_false(knows(7, RR_A));
	assert_true(has(7, "2001:db8::1"));
}

/* The hash of a name may be any number. */
static void any_hash_is_an_owner(void **state)
{
	static const uint64_t owners[] = {
		0, 1, UINT64_MAX, 0x9e3779b97f4a7c15u, 0x9e3779b97f4a7c14u, UINT64_C(1) << 63};

	(void)state;
	for (size_t i = 0; i < LENGTH(owners); i++) {
		keep(owners[i], "192.0.2.1");
		assert_true(has(owners[i], "192.0.2.1"));
		keep(owners[i], "2001:db8::1");
		assert_true(has(owners[i], "2001:db8::1"));
		memory_drop(memory, owners[i], RR_A);
		memory_drop(memory, owners[i], RR_AAAA);
		assert_false(knows(owners[i], RR_AAAA));
	}
}

static void newer_ones_push_out_older_ones(void **state)
{
	enum { BUCKET = 8 };
	const uint64_t same_bucket = UINT64_C(1) << 40;

	(void)state;
	for (uint64_t i = 0; i < BUCKET; i++)
		keep(7 + i * same_bucket, "192.0.2.1");
	keep(7, "192.0.2.2");
	keep(7 + BUCKET * same_bucket, "192.0.2.3");
	/* The second one was kept longest ago, for the first one was so again. */
	assert_true(has(7, "192.0.2.2"));
	assert_false(knows(7 + same_bucket, RR_A));
	for (uint64_t i = 2; i < BUCKET; i++)
		assert_true(has(7 + i * same_bucket, "192.0.2.1"));
	assert_true(has(7 + BUCKET * same_bucket, "192.0.2.3"));
	/* Who was pushed out drops nothing of the others'. What was dropped makes room before what is known. */
	memory_drop(memory, 7 + same_bucket, RR_A);
	memory_drop(memory, 7, RR_A);
	keep(7 + same_bucket, "192.0.2.4");
	assert_true(has(7 + 2 * same_bucket, "192.0.2.1"));
	assert_true(has(7 + BUCKET * same_bucket, "192.0.2.3"));
}

/* Hashes do not spread evenly. Of 20,000 hosts in 65,536 places, 13 in 100 were forgotten each time all had changed. */
static void nearly_all_of_a_third_are_remembered(void **state)
{
	enum { PLACES = 1 << 16, OWNERS = PLACES / 3 };
	uint64_t owner = 1;
	size_t known = 0;

	(void)state;
	memory_free(&memory);
	assert_int_equal(memory_new(PLACES, 1, &memory), STATUS_OK);
	for (size_t i = 0; i < OWNERS; i++, owner *= 0x9e3779b97f4a7c15u)
		keep(owner ^ owner >> 32, "192.0.2.1");
	owner = 1;
	for (size_t i = 0; i < OWNERS; i++, owner *= 0x9e3779b97f4a7c15u)
		known += knows(owner ^ owner >> 32, RR_A);
	assert_true(known > OWNERS - OWNERS / 200);
}

static void as_many_as_asked_for_find_room(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 1000, 1024, 100000};

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		memory_free(&memory);
		assert_int_equal(memory_new(sizes[i], 1, &memory), STATUS_OK);
		for (uint64_t owner = 0; owner < sizes[i]; owner++)
			keep(owner, "192.0.2.1");
		for (uint64_t owner = 0; owner < sizes[i]; owner++)
			assert_true(has(owner, "192.0.2.1"));
	}
}

/* Kept from one on; the addresses tell them apart. */
static void keep_numbered(uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n < to; n++) {
		struct addr addr = {ADDR_V4, {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
		struct rrset rrset = rrset_of_addr(TTL_S, addr);

		memory_keep(memory, n * 0x9e3779b97f4a7c15u, &rrset);
	}
}

static size_t known_numbered(uint64_t to)
{
	size_t known = 0;

	for (uint64_t n = 0; n < to; n++) {
		struct addr addr = {ADDR_V4, {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
		uint8_t room[RRSET_ROOM];
		struct rrset rrset;

		if (!memory_recall(memory, n * 0x9e3779b97f4a7c15u, RR_A, room, &rrset))
			continue;
		assert_true(rdata_equal(rrset_first(&rrset), rdata_of_addr(&addr)));
		known++;
	}
	return known;
}

/* And loses nothing while its records move, whatever is asked meanwhile. */
static void it_grows_as_it_is_used_up_to_its_bound(void **state)
{
	enum { MANY = 100000, BOUND = 1 << 18 };
	struct memory *before = memory;
	size_t small;

	(void)state;
	assert_int_equal(memory_new(BOUND, 1, &memory), STATUS_OK);
	small = memory_size(memory);
	assert_true(small <= 1024 * MEMORY_RECORD_SIZE);
	for (uint64_t n = 0; n < MANY; n += 500) {
		keep_numbered(n, n + 500);
		assert_int_equal(known_numbered(n + 500 < 3000 ? n + 500 : 3000), n + 500 < 3000 ? n + 500 : 3000);
	}
	assert_in_range(known_numbered(MANY), MANY - MANY / 1000, MANY);
	assert_in_range(memory_size(memory), (size_t)MANY * MEMORY_RECORD_SIZE, (size_t)BOUND * MEMORY_RECORD_SIZE);
	keep_numbered(MANY, 10 * MANY);
	assert_in_range(memory_size(memory), 1, (size_t)BOUND * MEMORY_RECORD_SIZE);
	memory_set_max(memory, BOUND / 2);
	assert_int_equal(memory_size(memory), small);
	assert_int_equal(known_numbered(MANY), 0);
	memory_set_max(memory, BOUND);
	keep_numbered(0, 1000);
	assert_int_equal(known_numbered(1000), 1000);
	memory_free(&memory);
	memory = before;
}

/* What is dropped or kept anew while its records move is not as it was before. */
static void what_moves_is_what_was_kept_last(void **state)
{
	enum { COUNT = 3000 };
	struct memory *before = memory;

	(void)state;
	assert_int_equal(memory_new(1 << 18, 1, &memory), STATUS_OK);
	for (uint64_t n = 0; n < COUNT; n++) {
		keep_numbered(n, n + 1);
		if (n % 3 == 0)
			memory_drop(memory, n * 0x9e3779b97f4a7c15u, RR_A);
		if (n % 3 == 1 && n > 200)
			memory_drop(memory, (n - 200) * 0x9e3779b97f4a7c15u, RR_A);
	}
	for (uint64_t n = 0; n < COUNT; n++) {
		bool dropped_later = n % 3 == (1 + 3 - 200 % 3) % 3 && n > 0 && n + 200 < COUNT && (n + 200) % 3 == 1;

		assert_int_equal(knows(n * 0x9e3779b97f4a7c15u, RR_A), n % 3 != 0 && !dropped_later);
	}
	memory_free(&memory);
	memory = before;
}

static void keep_texts(uint64_t owner, size_t count, uint32_t first)
{
	struct memory_added texts = {.count = count};

	for (size_t i = 0; i < count; i++)
		texts.hashes[i] = first + (uint32_t)i;
	memory_keep_added(memory, owner, RR_TXT, &texts);
}

static void assert_texts(uint64_t owner, size_t count, uint32_t first)
{
	struct memory_added texts;

	memory_recall_added(memory, owner, RR_TXT, &texts);
	assert_int_equal(texts.count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(texts.hashes[i], first + i);
}

/* The strings themselves are not kept, only their hashes. */
static void the_texts_of_an_owner_are_remembered(void **state)
{
	(void)state;
	assert_texts(7, 0, 0);
	for (size_t count = MEMORY_ADDED_MAX + 1; count-- > 0;) {
		keep_texts(7, count, 100);
		assert_texts(7, count, 100);
		keep_texts(8, MEMORY_ADDED_MAX, 200);
		assert_texts(8, MEMORY_ADDED_MAX, 200);
		assert_texts(7, count, 100);
	}
}

static void texts_and_addresses_are_apart(void **state)
{
	(void)state;
	keep(7, "192.0.2.1");
	keep(7, "2001:db8::1");
	keep_texts(7, 9, 1);
	assert_true(has(7, "192.0.2.1") && has(7, "2001:db8::1"));
	memory_drop(memory, 7, RR_A);
	assert_texts(7, 9, 1);
	keep_texts(7, 0, 0);
	assert_true(has(7, "2001:db8::1"));
}

/* What is left then are the first ones, or none. */
static void texts_that_were_pushed_out_are_forgotten(void **state)
{
	(void)state;
	keep_texts(7, MEMORY_ADDED_MAX, 1);
	for (uint64_t owner = 1000; owner < 3000; owner++) {
		struct memory_added texts;

		keep(owner * 0x9e3779b97f4a7c15u, "192.0.2.1");
		memory_recall_added(memory, 7, RR_TXT, &texts);
		assert_texts(7, texts.count, 1);
	}
}

static void poison_lasts_ten_minutes(void **state)
{
	(void)state;
	memory_mark_poison(memory, 7, 5000);
	assert_true(memory_is_poison(memory, 7, 5000));
	assert_true(memory_is_poison(memory, 7, 5000 + POISON_MS - 1));
	assert_false(memory_is_poison(memory, 7, 5000 + POISON_MS));
	assert_false(memory_is_poison(memory, 8, 5000));
	/* Once more is longer. */
	memory_mark_poison(memory, 7, 6000);
	assert_true(memory_is_poison(memory, 7, 5000 + POISON_MS));
}

static void poison_and_hints_are_apart(void **state)
{
	(void)state;
	keep(7, "192.0.2.1");
	memory_mark_poison(memory, 7, 0);
	assert_true(has(7, "192.0.2.1"));
	memory_drop(memory, 7, RR_A);
	assert_true(memory_is_poison(memory, 7, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_known_at_first),
		TEST(what_was_kept_is_recalled),
		TEST(the_types_of_an_owner_are_apart),
		TEST(any_hash_is_an_owner),
		TEST(newer_ones_push_out_older_ones),
		TEST(nearly_all_of_a_third_are_remembered),
		TEST(as_many_as_asked_for_find_room),
		TEST(the_texts_of_an_owner_are_remembered),
		TEST(it_grows_as_it_is_used_up_to_its_bound),
		TEST(what_moves_is_what_was_kept_last),
		TEST(texts_and_addresses_are_apart),
		TEST(texts_that_were_pushed_out_are_forgotten),
		TEST(poison_lasts_ten_minutes),
		TEST(poison_and_hints_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
