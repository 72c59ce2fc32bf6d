/*
 * Who comes too late: what was marked of later requests, and for how long.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "records.h"
#include "update/order.h"

#define WWW "www.example.com"
#define FTP "ftp.example.com"

static int setup(void **state)
{
	struct order *order;

	assert_int_equal(order_new(1, &order), STATUS_OK);
	*state = order;
	return 0;
}

static int teardown(void **state)
{
	struct order *order = *state;

	order_free(&order);
	assert_null(order);
	return 0;
}

static struct change_set addresses(const char *owner, bool v4, bool v6)
{
	struct change_set set = {0};

	assert_int_equal(name_parse_zone(text_of(owner), &set.owner), STATUS_OK);
	if (v4)
		set.changes[set.count++] = change_removing(RR_A);
	if (v6)
		set.changes[set.count++] = change_removing(RR_AAAA);
	return set;
}

static struct change_set text(enum change_kind kind, const char *string)
{
	struct change_set set = {.count = 1, .changes = {change_of_string(kind, string, 0)}};

	assert_int_equal(name_parse_zone(text_of(WWW), &set.owner), STATUS_OK);
	return set;
}

static void carry_out(struct order *order, struct change_set set, uint64_t number)
{
	struct order_marks marks;

	assert_int_equal(order_prepare(order, &set, number, &marks), STATUS_OK);
	order_make(order, &set, number, &marks);
	assert_int_equal(marks.count, 0);
}

/* A request that came, and was carried out at once. */
static void pass(struct order *order, struct change_set set)
{
	struct order_place place;

	order_arrive(order, &place);
	carry_out(order, set, place.number);
	order_leave(order, &place);
}

static bool is_overtaken(const struct order *order, struct change_set set, const struct order_place *place)
{
	return order_is_overtaken(order, &set, place->number);
}

static void numbers_only_grow(void **state)
{
	struct order *order = *state;
	struct order_place first, second;

	order_arrive(order, &first);
	order_arrive(order, &second);
	assert_true(first.number > 0 && second.number > first.number);
	order_leave(order, &first);
	order_arrive(order, &first);
	assert_true(first.number > second.number);
	order_leave(order, &second);
	order_leave(order, &first);
	order_leave(order, &first);
}

static void nothing_is_marked_where_nobody_waits(void **state)
{
	struct order *order = *state;
	struct order_place late;

	pass(order, addresses(WWW, true, true));
	assert_int_equal(order_mark_count(order), 0);
	order_arrive(order, &late);
	assert_false(is_overtaken(order, addresses(WWW, true, true), &late));
	order_leave(order, &late);
}

static void a_later_one_overtakes_its_records_alone(void **state)
{
	struct order *order = *state;
	struct order_place early, latest;

	order_arrive(order, &early);
	pass(order, addresses(WWW, true, false));
	order_arrive(order, &latest);
	assert_true(is_overtaken(order, addresses(WWW, true, false), &early));
	assert_true(is_overtaken(order, addresses(WWW, true, true), &early));
	assert_false(is_overtaken(order, addresses(WWW, false, true), &early));
	assert_false(is_overtaken(order, addresses(FTP, true, true), &early));
	assert_false(is_overtaken(order, text(CHANGE_REPLACE, ""), &early));
	assert_false(is_overtaken(order, addresses(WWW, true, true), &latest));
	order_leave(order, &early);
	order_leave(order, &latest);
}

/* An older one that was carried out after all does not make it forgotten that a later one was. */
static void the_newest_counts_whenever_it_was_carried_out(void **state)
{
	struct order *order = *state;
	struct order_place places[4];

	for (size_t i = 0; i < 4; i++)
		order_arrive(order, &places[i]);
	carry_out(order, addresses(WWW, true, false), places[3].number);
	carry_out(order, addresses(WWW, true, false), places[1].number);
	assert_true(is_overtaken(order, addresses(WWW, true, false), &places[2]));
	assert_int_equal(order_mark_count(order), 1);
	for (size_t i = 0; i < 4; i++)
		order_leave(order, &places[i]);
}

static void marks_go_with_the_last_place_that_is_older(void **state)
{
	struct order *order = *state;
	struct order_place first, second, third;

	order_arrive(order, &first);
	order_arrive(order, &second);
	pass(order, addresses(WWW, true, true));
	order_arrive(order, &third);
	pass(order, addresses(FTP, true, false));
	assert_int_equal(order_mark_count(order), 3);
	order_leave(order, &first);
	assert_int_equal(order_mark_count(order), 3);
	order_leave(order, &second);
	assert_int_equal(order_mark_count(order), 1);
	order_leave(order, &third);
	assert_int_equal(order_mark_count(order), 0);
}

/* The bound: one mark a record, whatever comes for it. */
static void a_record_has_one_mark(void **state)
{
	struct order *order = *state;
	struct order_place early;

	order_arrive(order, &early);
	for (unsigned i = 0; i < 1000; i++)
		pass(order, addresses(WWW, true, true));
	assert_int_equal(order_mark_count(order), 2);
	order_leave(order, &early);
}

static void a_request_may_stay_in_place_for_one_of_its_sets(void **state)
{
	struct order *order = *state;
	struct order_place early, another = {0}, later;

	order_arrive(order, &early);
	order_arrive(order, &later);
	order_stay(&early, &another);
	assert_int_equal(another.number, early.number);
	order_leave(order, &early);
	carry_out(order, addresses(WWW, true, false), later.number);
	order_leave(order, &later);
	assert_true(is_overtaken(order, addresses(WWW, true, false), &another));
	order_leave(order, &another);
	assert_int_equal(order_mark_count(order), 0);
}

/* What was prepared may not be needed any more, and what was not carried out is not marked. */
static void what_is_prepared_may_come_to_nothing(void **state)
{
	struct order *order = *state;
	struct order_place early, later;
	struct change_set set = addresses(WWW, true, true);
	struct order_marks marks, dropped;

	order_arrive(order, &early);
	order_arrive(order, &later);
	assert_int_equal(order_prepare(order, &set, later.number, &marks), STATUS_OK);
	assert_int_equal(order_prepare(order, &set, later.number, &dropped), STATUS_OK);
	assert_int_equal(dropped.count, 2);
	order_discard(&dropped);
	assert_int_equal(order_mark_count(order), 0);
	order_leave(order, &early);
	order_leave(order, &later);
	order_make(order, &set, later.number, &marks);
	assert_int_equal(order_mark_count(order), 0);
}

static void the_order_of_texts(void **state)
{
	static const struct {
		const char *label;
		enum change_kind later, earlier;
		const char *later_text, *earlier_text;
		bool overtaken;
	} rows[] = {
		{"the same string is taken out", CHANGE_DROP, CHANGE_ADD, "x", "x", true},
		{"the same string is put in", CHANGE_ADD, CHANGE_DROP, "x", "x", true},
		{"the same string again", CHANGE_ADD, CHANGE_ADD, "x", "x", true},
		{"the same string is rotated in", CHANGE_ROTATE, CHANGE_DROP, "x", "x", true},
		{"another string", CHANGE_DROP, CHANGE_ADD, "x", "y", false},
		{"another string is put in", CHANGE_ADD, CHANGE_ADD, "x", "y", false},
		{"the beginning of a string", CHANGE_DROP, CHANGE_ADD, "xy", "x", false},
		{"one other string is rotated in", CHANGE_ROTATE, CHANGE_ROTATE, "x", "y", false},
		{"all of it is set", CHANGE_REPLACE, CHANGE_ADD, "x", "y", true},
		{"all of it goes", CHANGE_REPLACE, CHANGE_ADD, "", "y", true},
		{"all of it is set, before a removal", CHANGE_REPLACE, CHANGE_DROP, "x", "y", true},
		{"all of it is set, before a rotation", CHANGE_REPLACE, CHANGE_ROTATE, "x", "y", true},
		{"all of it, before a string", CHANGE_ADD, CHANGE_REPLACE, "x", "y", true},
		{"all of it, before a removal", CHANGE_DROP, CHANGE_REPLACE, "x", "", true},
		{"all of it, twice", CHANGE_REPLACE, CHANGE_REPLACE, "x", "x", true},
	};
	struct order *order = *state;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct order_place early;

		order_arrive(order, &early);
		pass(order, text(rows[i].later, rows[i].later_text));
		assert_row(rows[i].label, is_overtaken(order, text(rows[i].earlier, rows[i].earlier_text), &early) ==
						  rows[i].overtaken);
		assert_row(rows[i].label, !is_overtaken(order, addresses(WWW, true, true), &early));
		order_leave(order, &early);
		assert_row(rows[i].label, order_mark_count(order) == 0);
	}
}

/* Of an acme-dns name the two newest strings are kept; the third last one would push out a newer one. */
static void a_rotation_is_overtaken_by_two_others(void **state)
{
	struct order *order = *state;
	struct order_place early;

	order_arrive(order, &early);
	pass(order, text(CHANGE_ROTATE, "a"));
	pass(order, text(CHANGE_ROTATE, "a"));
	assert_false(is_overtaken(order, text(CHANGE_ROTATE, "x"), &early));
	pass(order, text(CHANGE_ROTATE, "b"));
	assert_true(is_overtaken(order, text(CHANGE_ROTATE, "x"), &early));
	assert_false(is_overtaken(order, text(CHANGE_ADD, "x"), &early));
	order_leave(order, &early);
}

static void an_order_is_freed_with_its_marks(void **state)
{
	struct order_place early;
	struct order *order;

	(void)state;
	assert_int_equal(order_new(7, &order), STATUS_OK);
	order_arrive(order, &early);
	for (unsigned i = 0; i < 100; i++) {
		char owner[32];

		snprintf(owner, sizeof owner, "host%u.example.com", i);
		pass(order, addresses(owner, true, true));
	}
	assert_int_equal(order_mark_count(order), 200);
	order_free(&order);
	assert_null(order);
	order_free(&order);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(numbers_only_grow),
		TEST(nothing_is_marked_where_nobody_waits),
		TEST(a_later_one_overtakes_its_records_alone),
		TEST(the_newest_counts_whenever_it_was_carried_out),
		TEST(marks_go_with_the_last_place_that_is_older),
		TEST(a_record_has_one_mark),
		TEST(a_request_may_stay_in_place_for_one_of_its_sets),
		TEST(what_is_prepared_may_come_to_nothing),
		TEST(the_order_of_texts),
		TEST(a_rotation_is_overtaken_by_two_others),
		cmocka_unit_test(an_order_is_freed_with_its_marks),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
