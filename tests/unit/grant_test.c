/*
 * Grants: which hosts a pattern covers.
 */
#include "support.h"

#include "update/grant.h"

static struct host_pattern pattern_of(const char *text)
{
	struct host_pattern pattern;

	assert_row(text, host_pattern_parse(text_of(text), &pattern) == STATUS_OK);
	return pattern;
}

/* A grant of these patterns; both live until the program ends. */
static const struct grant *grant_of(const struct host_pattern *patterns, size_t count)
{
	static struct grant made[64];
	static size_t used;
	struct host_list *list = NULL;

	assert_true(used < LENGTH(made));
	assert_int_equal(host_list_new(patterns, count, &list), STATUS_OK);
	made[used].hosts = list;
	return &made[used++];
}

static void reads_the_forms_of_a_pattern(void **state)
{
	static const struct {
		const char *text;
		int kind;
		const char *name;
	} rows[] = {
		{"www.dyn.example.com", HOST_EXACT, "www.dyn.example.com"},
		{"WWW.Dyn.example.com.", HOST_EXACT, "www.dyn.example.com"},
		{"*.home.dyn.example.com", HOST_BELOW, "home.dyn.example.com"},
		{"*.Home.dyn.example.com.", HOST_BELOW, "home.dyn.example.com"},
		{"*.com", HOST_BELOW, "com"},
		{"*._sites.example.com", HOST_BELOW, "_sites.example.com"},
		{"zone:dyn.example.com", HOST_ZONE, "dyn.example.com"},
		{"zone:0-63.2.0.192.in-addr.arpa", HOST_ZONE, "0-63.2.0.192.in-addr.arpa"},
		{"zone", HOST_EXACT, "zone"},
		{"owner:*.Home.dyn.example.com.", HOST_OWNER, "*.home.dyn.example.com"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host_pattern pattern = pattern_of(rows[i].text);

		assert_row(rows[i].text, (int)pattern.kind == rows[i].kind);
		assert_string_equal(pattern.name.text, rows[i].name);
	}
}

static void refuses_other_forms(void **state)
{
	static const char *const rows[] = {
		"",
		".",
		"*",
		"*.",
		"**.example.com",
		"*example.com",
		"www.*.example.com",
		"*.*.example.com",
		"zone:",
		"zone:.",
		"zone:*.example.com",
		"*.zone:example.com",
		"zone: example.com",
		"host:www.example.com",
		"www.example.com ",
		"192.0.2.1",
		"_x.example.com",
		"www..example.com",
		"owner:",
		"owner:*",
		"owner:www.example.com",
		"owner:*.*.example.com",
		"owner:zone:example.com",
	};
	struct host_pattern pattern;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i], host_pattern_parse(text_of(rows[i]), &pattern) == STATUS_INVALID);
	assert_int_equal(host_pattern_parse((struct text){"www.example.com\0x", 17}, &pattern), STATUS_INVALID);
}

static void refuses_a_pattern_with_too_long_a_name(void **state)
{
	char text[400] = "*.";
	struct host_pattern pattern;

	(void)state;
	for (size_t i = 2; i + 1 < sizeof text; i++)
		text[i] = i % 2 ? '.' : 'a';
	text[sizeof text - 2] = 'a';
	assert_int_equal(host_pattern_parse(text_of(text), &pattern), STATUS_TOO_LONG);
	assert_int_equal(host_pattern_parse(text_of(text + 2), &pattern), STATUS_TOO_LONG);
}

static void covers_what_its_pattern_says(void **state)
{
	static const struct {
		const char *pattern, *host, *zone;
		bool covered;
	} rows[] = {
		{"www.dyn.example.com", "www.dyn.example.com", "dyn.example.com", true},
		{"www.dyn.example.com", "x.www.dyn.example.com", "dyn.example.com", false},
		{"www.dyn.example.com", "ww.dyn.example.com", "dyn.example.com", false},
		{"www.dyn.example.com", "dyn.example.com", "dyn.example.com", false},
		{"*.home.dyn.example.com", "a.home.dyn.example.com", "dyn.example.com", true},
		{"*.home.dyn.example.com", "a.b.home.dyn.example.com", "dyn.example.com", true}, /* any depth */
		{"*.home.dyn.example.com", "home.dyn.example.com", "dyn.example.com", false},
		{"*.home.dyn.example.com", "athome.dyn.example.com", "dyn.example.com", false},
		{"*.home.dyn.example.com", "a.office.dyn.example.com", "dyn.example.com", false},
		{"zone:dyn.example.com", "a.dyn.example.com", "dyn.example.com", true},
		{"zone:dyn.example.com", "a.b.dyn.example.com", "dyn.example.com", true},
		{"zone:dyn.example.com", "dyn.example.com", "dyn.example.com", true},            /* the apex */
		{"zone:dyn.example.com", "a.sub.dyn.example.com", "sub.dyn.example.com", false}, /* another zone */
		{"zone:dyn.example.com", "www.example.com", "example.com", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host_pattern pattern = pattern_of(rows[i].pattern);
		struct name host = name_of(rows[i].host), zone = name_of(rows[i].zone);
		struct grant grant = *grant_of(&pattern, 1);

		assert_row(rows[i].host, (grant_right(&grant, &host, &zone) == GRANT_UPDATE) == rows[i].covered);
	}
}

static void one_pattern_of_several_is_enough(void **state)
{
	struct host_pattern patterns[] = {pattern_of("a.example.com"), pattern_of("*.b.example.com"),
					  pattern_of("zone:example.org")};
	struct name host = name_of("x.b.example.com"), other = name_of("c.example.com"), zone = name_of("example.com");

	(void)state;
	assert_int_equal(grant_right(grant_of(patterns, 3), &host, &zone), GRANT_UPDATE);
	assert_int_equal(grant_right(grant_of(patterns, 3), &other, &zone), GRANT_NOTHING);
}

static void a_grant_without_patterns_covers_nothing(void **state)
{
	struct name host = name_of("www.example.com"), zone = name_of("example.com");

	(void)state;
	assert_int_equal(grant_right(&(struct grant){0}, &host, &zone), GRANT_NOTHING);
}

/* ---- Rights ---- */

static struct host_pattern creator_of(const char *text)
{
	struct host_pattern pattern = pattern_of(text);

	pattern.may_create = true;
	return pattern;
}

static void a_pattern_does_not_allow_creation_by_itself(void **state)
{
	struct host_pattern pattern = {.may_create = true};

	(void)state;
	assert_int_equal(host_pattern_parse(text_of("*.example.com"), &pattern), STATUS_OK);
	assert_false(pattern.may_create);
}

static void the_most_that_a_pattern_allows_counts(void **state)
{
	static const struct {
		const char *host;
		enum grant_right right;
	} rows[] = {
		{"www.example.com", GRANT_UPDATE},      {"lab.example.com", GRANT_UPDATE},
		{"a.lab.example.com", GRANT_CREATE},    {"a.b.lab.example.com", GRANT_CREATE},
		{"once.lab.example.com", GRANT_CREATE}, /* an exact pattern before it says less */
		{"exact.example.com", GRANT_CREATE},    {"a.exact.example.com", GRANT_UPDATE},
		{"www.example.net", GRANT_NOTHING},
	};
	struct host_pattern patterns[] = {pattern_of("once.lab.example.com"), creator_of("*.lab.example.com"),
					  creator_of("exact.example.com"), pattern_of("zone:example.com")};
	struct grant grant = *grant_of(patterns, LENGTH(patterns));

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct name host = name_of(rows[i].host);
		struct name zone = name_of(strstr(rows[i].host, ".com") ? "example.com" : "example.net");

		assert_row(rows[i].host, grant_right(&grant, &host, &zone) == rows[i].right);
	}
}

/* ---- Hosts that were not named in full ---- */

static void only_a_single_name_is_the_only_host(void **state)
{
	struct host_pattern one[] = {pattern_of("nas.example.com"), creator_of("NAS.example.com.")};
	struct host_pattern two[] = {pattern_of("nas.example.com"), pattern_of("www.example.com")};
	struct host_pattern below[] = {pattern_of("nas.example.com"), pattern_of("*.nas.example.com")};
	struct host_pattern zone[] = {pattern_of("zone:nas.example.com")};
	struct name only;

	(void)state;
	assert_true(grant_only_host(grant_of(one, 1), &only));
	assert_string_equal(only.text, "nas.example.com");
	assert_true(grant_only_host(grant_of(one, 2), &only));
	assert_false(grant_only_host(grant_of(two, 2), &only));
	assert_false(grant_only_host(grant_of(below, 2), &only));
	assert_false(grant_only_host(grant_of(zone, 1), &only));
	assert_false(grant_only_host(&(struct grant){0}, &only));
}

static void a_label_is_completed_by_an_exact_name_or_below_the_first_other(void **state)
{
	static const struct {
		struct text label;
		const char *name;
	} rows[] = {
		{OCTETS("www"), "www.exact.example.com"}, {OCTETS("WWW"), "www.exact.example.com"},
		{OCTETS("nas"), "nas.home.example.com"},  {OCTETS("NAS-2"), "nas-2.home.example.com"},
		{OCTETS("ww"), "ww.home.example.com"},
	};
	struct host_pattern patterns[] = {pattern_of("*.home.example.com"), pattern_of("www.exact.example.com"),
					  pattern_of("zone:example.net")};
	struct name name;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(grant_complete(grant_of(patterns, 3), rows[i].label, &name), STATUS_OK);
		assert_string_equal(name.text, rows[i].name);
	}
	assert_int_equal(grant_complete(grant_of(&patterns[2], 1), text_of("a"), &name), STATUS_OK);
	assert_string_equal(name.text, "a.example.net");
}

static void a_label_that_is_none_is_completed_to_nothing(void **state)
{
	static const struct text rows[] = {
		OCTETS(""),
		OCTETS("*"),
		OCTETS("-a"),
		OCTETS("a-"),
		OCTETS("a b"),
		OCTETS("a\0"),
		OCTETS("a\0b"),
		OCTETS("\0"),
		OCTETS("a\n"),
		OCTETS("a_b"),
		OCTETS("%s"),
		OCTETS("\xff"),
		OCTETS("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg"),
	};
	struct host_pattern pattern = pattern_of("*.home.example.com");
	struct name name;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i].octets, grant_complete(grant_of(&pattern, 1), rows[i], &name) != STATUS_OK);
}

static void a_label_may_make_a_name_too_long(void **state)
{
	char text[256] = "*.";
	struct host_pattern pattern;
	struct name name;

	(void)state;
	for (size_t i = 2; i < 2 + 250; i++)
		text[i] = i % 2 ? '.' : 'a';
	text[2 + 250] = 'a';
	assert_int_equal(host_pattern_parse(text_of(text), &pattern), STATUS_OK);
	assert_int_equal(grant_complete(grant_of(&pattern, 1), text_of("a"), &name), STATUS_OK);
	assert_int_equal(grant_complete(grant_of(&pattern, 1), text_of("ab"), &name), STATUS_TOO_LONG);
}

static void without_a_pattern_a_label_is_nobody_s(void **state)
{
	struct host_pattern pattern = pattern_of("www.example.com");
	struct name name;

	(void)state;
	assert_int_equal(grant_complete(&(struct grant){0}, text_of("nas"), &name), STATUS_NOT_FOUND);
	assert_int_equal(grant_complete(grant_of(&pattern, 1), text_of("nas"), &name), STATUS_NOT_FOUND);
}

static void a_limited_key_opens_what_both_it_and_its_account_have(void **state)
{
	struct host_pattern patterns[] = {pattern_of("*.home.example.com"), pattern_of("www.example.com")};
	struct host_pattern limits[] = {pattern_of("a.home.example.com"), pattern_of("mail.example.com")};
	struct grant grant = *grant_of(patterns, 2);
	struct name both = name_of("a.home.example.com"), account_only = name_of("b.home.example.com"),
		    key_only = name_of("mail.example.com"), zone = name_of("example.com");

	(void)state;
	grant.key_hosts = grant_of(limits, 2)->hosts;
	assert_int_equal(grant_right(&grant, &both, &zone), GRANT_UPDATE);
	assert_int_equal(grant_right(&grant, &account_only, &zone), GRANT_NOTHING);
	assert_int_equal(grant_right(&grant, &key_only, &zone), GRANT_NOTHING);
	patterns[0].may_create = true;
	grant.hosts = grant_of(patterns, 2)->hosts;
	assert_int_equal(grant_right(&grant, &both, &zone), GRANT_CREATE);
	grant.hosts = grant_of(&patterns[1], 1)->hosts;
	grant.may_create = true;
	grant.key_hosts = NULL;
	both = name_of("www.example.com");
	assert_int_equal(grant_right(&grant, &both, &zone), GRANT_CREATE);
}

/* For clients that name no host, or a label. */
static void a_limited_key_says_which_host_is_meant(void **state)
{
	struct host_pattern patterns[] = {pattern_of("*.home.example.com"), pattern_of("www.example.com")};
	struct host_pattern limit = pattern_of("a.home.example.com");
	struct grant grant = *grant_of(patterns, 2);
	struct name completed;

	(void)state;
	assert_false(grant_only_host(&grant, &completed));
	assert_int_equal(grant_complete(&grant, text_of("b"), &completed), STATUS_OK);
	assert_string_equal(completed.text, "b.home.example.com");
	grant.key_hosts = grant_of(&limit, 1)->hosts;
	assert_true(grant_only_host(&grant, &completed));
	assert_string_equal(completed.text, "a.home.example.com");
	assert_int_equal(grant_complete(&grant, text_of("A"), &completed), STATUS_OK);
	assert_string_equal(completed.text, "a.home.example.com");
	assert_int_equal(grant_complete(&grant, text_of("b"), &completed), STATUS_NOT_FOUND);
}

/* The host is `*` itself, which answers for all names that are not there: nobody has it by having names below. */
static void only_its_own_pattern_gives_a_wildcard(void **state)
{
	struct host_pattern others[] = {pattern_of("*.home.example.com"), pattern_of("zone:example.com"),
					pattern_of("home.example.com")};
	struct host_pattern owner = pattern_of("owner:*.home.example.com"), both[] = {owner, others[0]};
	struct name zone = name_of("example.com"), host = name_of("a.home.example.com"), wildcard, completed;
	struct grant grant = *grant_of(others, LENGTH(others));

	(void)state;
	assert_int_equal(name_parse_owner(text_of("*.home.example.com"), &wildcard), STATUS_OK);
	assert_int_equal(grant_right(&grant, &wildcard, &zone), GRANT_NOTHING);
	assert_false(grant_has_wildcard(&grant, &wildcard));
	grant = *grant_of(&owner, 1);
	assert_int_equal(grant_right(&grant, &wildcard, &zone), GRANT_UPDATE);
	assert_true(grant_has_wildcard(&grant, &wildcard));
	assert_int_equal(grant_right(&grant, &host, &zone), GRANT_NOTHING);
	assert_true(grant_only_host(&grant, &completed));
	assert_string_equal(completed.text, "*.home.example.com");
	assert_int_equal(grant_complete(&grant, text_of("*"), &completed), STATUS_OK);
	assert_string_equal(completed.text, "*.home.example.com");
	assert_int_equal(grant_complete(&grant, text_of("a"), &completed), STATUS_NOT_FOUND);
	grant = *grant_of(both, 2);
	assert_int_equal(grant_complete(&grant, text_of("a"), &completed), STATUS_OK);
	assert_string_equal(completed.text, "a.home.example.com");
	/* A limited key has it if what it is limited to does. */
	grant.key_hosts = grant_of(&others[0], 1)->hosts;
	assert_int_equal(grant_right(&grant, &wildcard, &zone), GRANT_UPDATE);
	grant.key_hosts = grant_of(&others[2], 1)->hosts;
	assert_int_equal(grant_right(&grant, &wildcard, &zone), GRANT_NOTHING);
}

static void patterns_are_written_as_they_are_read(void **state)
{
	static const char *const rows[] = {"www.example.com", "*.home.example.com", "zone:example.com"};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host_pattern pattern = pattern_of(rows[i]);
		char text[HOST_PATTERN_TEXT_MAX];

		assert_string_equal(host_pattern_format(&pattern, text), rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_forms_of_a_pattern),
		cmocka_unit_test(refuses_other_forms),
		cmocka_unit_test(refuses_a_pattern_with_too_long_a_name),
		cmocka_unit_test(covers_what_its_pattern_says),
		cmocka_unit_test(one_pattern_of_several_is_enough),
		cmocka_unit_test(a_grant_without_patterns_covers_nothing),
		cmocka_unit_test(a_pattern_does_not_allow_creation_by_itself),
		cmocka_unit_test(the_most_that_a_pattern_allows_counts),
		cmocka_unit_test(only_its_own_pattern_gives_a_wildcard),
		cmocka_unit_test(only_a_single_name_is_the_only_host),
		cmocka_unit_test(a_label_is_completed_by_an_exact_name_or_below_the_first_other),
		cmocka_unit_test(a_label_that_is_none_is_completed_to_nothing),
		cmocka_unit_test(a_label_may_make_a_name_too_long),
		cmocka_unit_test(without_a_pattern_a_label_is_nobody_s),
		cmocka_unit_test(a_limited_key_opens_what_both_it_and_its_account_have),
		cmocka_unit_test(a_limited_key_says_which_host_is_meant),
		cmocka_unit_test(patterns_are_written_as_they_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
