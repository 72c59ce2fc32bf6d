/*
 * Lists of hosts: what is looked up in them is what a walk over the patterns finds, however many there are.
 */
#include "hosts.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATTERNS_MAX = 60, ROUNDS = 400 };

/* ---- The reference ---- */

static bool walk_find(const struct host_pattern *patterns, size_t count, enum host_kind kind, struct text name,
		      bool *may_create)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (patterns[i].kind != kind || !text_equal(name_text(&patterns[i].name), name))
			continue;
		found = true;
		*may_create = *may_create || patterns[i].may_create;
	}
	return found;
}

static bool walk_find_above(const struct host_pattern *patterns, size_t count, const struct name *host,
			    bool *may_create)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (patterns[i].kind != HOST_BELOW || host->len <= patterns[i].name.len ||
		    !name_is_in(host, &patterns[i].name))
			continue;
		found = true;
		*may_create = *may_create || patterns[i].may_create;
	}
	return found;
}

static bool is_one(const struct host_pattern *pattern)
{
	return pattern->kind == HOST_EXACT || pattern->kind == HOST_OWNER;
}

static size_t walk_find_label(const struct host_pattern *patterns, size_t count, struct text label)
{
	struct text first, rest;
	size_t n = 0;

	for (; n < count; n++) {
		text_split(name_text(&patterns[n].name), '.', &first, &rest);
		if (is_one(&patterns[n]) && text_equal_ignoring_case(first, label))
			break;
	}
	return n;
}

/* ---- Random lists ---- */

/* Of few labels, so that much is there twice, and of lengths and characters on both sides of the dot. */
static const char *random_label(void)
{
	static const char *const labels[] = {"a", "a-b", "b", "ab", "a1", "www", "w", "xn--a"};

	return labels[(size_t)rand() % LENGTH(labels)];
}

static struct name random_name(void)
{
	char text[64] = "";
	int labels = 1 + rand() % 4;

	for (int i = 0; i < labels; i++) {
		strcat(text, i ? "." : "");
		strcat(text, random_label());
	}
	return name_of(text);
}

static struct host_pattern random_pattern(void)
{
	struct host_pattern pattern = {.kind = (enum host_kind)(rand() % 4), .may_create = rand() % 3 == 0};
	char text[64];

	pattern.name = random_name();
	if (pattern.kind == HOST_OWNER) {
		snprintf(text, sizeof text, "*.%.60s", pattern.name.text);
		assert_int_equal(name_parse_owner(text_of(text), &pattern.name), STATUS_OK);
	}
	return pattern;
}

static void compare(const struct host_list *list, const struct host_pattern *patterns, size_t count)
{
	struct name name = random_name();
	struct text label = text_of(random_label());

	for (int kind = HOST_EXACT; kind <= HOST_OWNER; kind++) {
		bool there = false, walked = false;
		struct text sought = kind == HOST_OWNER && count ? name_text(&patterns[0].name) : name_text(&name);

		assert_int_equal(host_list_find(list, (enum host_kind)kind, sought, &there),
				 walk_find(patterns, count, (enum host_kind)kind, sought, &walked));
		assert_int_equal(there, walked);
	}
	for (int given = 0; given < 2; given++) {
		bool there = given, walked = given;

		assert_int_equal(host_list_find_above(list, name_text(&name), &there),
				 walk_find_above(patterns, count, &name, &walked));
		assert_int_equal(there, walked);
	}
	assert_int_equal(host_list_find_label(list, label), walk_find_label(patterns, count, label));
}

static void finds_what_a_walk_finds(void **state)
{
	(void)state;
	srand(1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct host_pattern patterns[PATTERNS_MAX];
		size_t count = (size_t)rand() % (PATTERNS_MAX + 1), domain = 0;
		struct host_list *list = NULL;

		for (size_t i = 0; i < count; i++)
			patterns[i] = random_pattern();
		assert_int_equal(host_list_new(patterns, count, &list), STATUS_OK);
		assert_int_equal(host_list_count(list), count);
		for (size_t i = 0; i < count; i++) {
			struct host_pattern pattern = host_of(list, i);

			assert_int_equal(pattern.kind, patterns[i].kind);
			assert_int_equal(pattern.may_create, patterns[i].may_create);
			assert_true(name_equal(&pattern.name, &patterns[i].name));
		}
		while (domain < count && is_one(&patterns[domain]))
			domain++;
		assert_int_equal(host_list_find_domain(list), domain);
		for (unsigned i = 0; i < 200; i++)
			compare(list, patterns, count);
		host_list_free(&list);
	}
}

static void finds_labels_whatever_stands_behind_them(void **state)
{
	/* `-` comes before the dot among octets, and what has no dot at all before both. */
	static const char lines[] =
		"c.example\na-b.example\na.example\na\na-.x\nzone:z\nb1.example\nb.example\nb\n"
		"www.b.example\nwww.a.example\nowner:*.o.example\nq.example\nr.example\ns.example\n";
	struct host_list *list = NULL;

	(void)state;
	assert_int_equal(host_list_read(text_of(lines), &list), STATUS_OK);
	assert_false(host_list_is_whole(list)); /* `a-.x` is no name */
	assert_int_equal(host_list_count(list), 14);
	assert_int_equal(host_list_find_label(list, text_of("a")), 2);
	assert_int_equal(host_list_find_label(list, text_of("A-B")), 1);
	assert_int_equal(host_list_find_label(list, text_of("b")), 6);
	assert_int_equal(host_list_find_label(list, text_of("WWW")), 8);
	assert_int_equal(host_list_find_label(list, text_of("*")), 10);
	assert_int_equal(host_list_find_label(list, text_of("z")), 14);
	assert_int_equal(host_list_find_label(list, text_of("")), 14);
	assert_int_equal(host_list_find_label(list, (struct text){"a.example", 9}), 14);
	host_list_free(&list);
}

static void copies_share_it(void **state)
{
	struct host_list *list = hosts_of("a.example\n"), *second = host_list_hold(list), *none = NULL;

	(void)state;
	host_list_free(&list);
	assert_null(list);
	assert_true(host_list_is_one_name(second));
	assert_string_equal(host_of(second, 0).name.text, "a.example");
	host_list_free(&second);
	host_list_free(&none);
	assert_null(host_list_hold(NULL));
}

static void none_is_an_empty_list(void **state)
{
	bool may_create = false;

	(void)state;
	assert_int_equal(host_list_count(NULL), 0);
	assert_int_equal(host_list_size(NULL), 0);
	assert_true(host_list_is_whole(NULL));
	assert_false(host_list_is_one_name(NULL));
	assert_false(host_list_find(NULL, HOST_EXACT, text_of("a"), &may_create));
	assert_false(host_list_find_above(NULL, text_of("a.b"), &may_create));
	assert_int_equal(host_list_find_label(NULL, text_of("a")), 0);
	assert_int_equal(host_list_find_domain(NULL), 0);
}

/* A last line without an end is none, as anywhere in the state file. */
static void lines_are_ended(void **state)
{
	struct host_list *list = NULL;

	(void)state;
	assert_int_equal(host_list_read(text_of("a.example\nb.example"), &list), STATUS_OK);
	assert_int_equal(host_list_count(list), 1);
	host_list_free(&list);
	assert_int_equal(host_list_read((struct text){NULL, 0}, &list), STATUS_OK);
	assert_int_equal(host_list_count(list), 0);
	host_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_walk_finds), cmocka_unit_test(finds_labels_whatever_stands_behind_them),
		cmocka_unit_test(copies_share_it),         cmocka_unit_test(none_is_an_empty_list),
		cmocka_unit_test(lines_are_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
