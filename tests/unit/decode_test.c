/*
 * Decoding: request targets, operands in both readings of '+', and Basic credentials.
 */
#include "support.h"

#include "http/decode.h"

#define AROUND "0123456789abcdef" /* what stands in the space before and behind */

/* A space of exactly `cap` octets; what lies behind it must stay as it is. */
struct arena {
	struct decode_space space;
	size_t cap;
	char octets[16 * 1024];
};

static void arena_init(struct arena *arena, size_t cap)
{
	assert_in_range(cap, 0, sizeof arena->octets - sizeof AROUND);
	memset(arena->octets, 0, sizeof arena->octets);
	memcpy(arena->octets + cap, AROUND, sizeof AROUND);
	arena->space = (struct decode_space){.octets = arena->octets, .cap = cap};
	arena->cap = cap;
}

static void assert_kept_within(const struct arena *arena)
{
	assert_in_range(arena->space.len, 0, arena->cap);
	assert_int_equal(arena->space.cap, arena->cap);
	assert_string_equal(arena->octets + arena->cap, AROUND);
}

static bool is(struct text text, struct text expected)
{
	return text_equal(text, expected);
}

/* ---- Targets ---- */

static void splits_a_target_and_decodes_its_path(void **state)
{
	static const struct {
		struct text target, path;
		bool has_query;
		struct text query;
	} rows[] = {
		{OCTETS("/"), OCTETS("/"), false, OCTETS("")},
		{OCTETS("/dynamic.cgi"), OCTETS("/dynamic.cgi"), false, OCTETS("")},
		{OCTETS("/dynamic.cgi?"), OCTETS("/dynamic.cgi"), true, OCTETS("")},
		{OCTETS("/dynamic.cgi?host=a&ip="), OCTETS("/dynamic.cgi"), true, OCTETS("host=a&ip=")},
		{OCTETS("/a?b?c"), OCTETS("/a"), true, OCTETS("b?c")},
		{OCTETS("/a?b/../c//d"), OCTETS("/a"), true, OCTETS("b/../c//d")},
		{OCTETS("/a?b%3d%00+c"), OCTETS("/a"), true, OCTETS("b%3d%00+c")}, /* raw */
		{OCTETS("/d%79namic%2Ecgi"), OCTETS("/dynamic.cgi"), false, OCTETS("")},
		{OCTETS("/a%3Fb?c"), OCTETS("/a?b"), true, OCTETS("c")},
		{OCTETS("/a+b"), OCTETS("/a+b"), false, OCTETS("")}, /* a plus sign means a space in operands only */
		{OCTETS("/a%00b"), OCTETS("/a\0b"), false, OCTETS("")},
		{OCTETS("/100%"), OCTETS("/100%"), false, OCTETS("")},
		{OCTETS("/%4"), OCTETS("/%4"), false, OCTETS("")},
		{OCTETS("/%zz%4x"), OCTETS("/%zz%4x"), false, OCTETS("")},
		{OCTETS("/%2541"), OCTETS("/%41"), false, OCTETS("")}, /* decoded once */
		{OCTETS("//nic//update"), OCTETS("/nic/update"), false, OCTETS("")},
		{OCTETS("///"), OCTETS("/"), false, OCTETS("")},
		{OCTETS("/a///b/"), OCTETS("/a/b/"), false, OCTETS("")},
		{OCTETS("*"), OCTETS("*"), false, OCTETS("")},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *row = rows[i].target.octets;
		struct text path, query;
		struct arena arena;
		bool has_query;

		arena_init(&arena, DECODE_SPACE(rows[i].target.len));
		assert_row(row, decode_target(rows[i].target, &arena.space, &path, &query, &has_query) == STATUS_OK);
		assert_row(row, is(path, rows[i].path));
		assert_row(row, has_query == rows[i].has_query);
		assert_row(row, is(query, rows[i].query));
		assert_kept_within(&arena);
	}
}

static void drops_scheme_and_host_of_an_absolute_target(void **state)
{
	static const struct {
		struct text target, path, query;
	} rows[] = {
		{OCTETS("http://gw.example/dynamic.cgi?host=a"), OCTETS("/dynamic.cgi"), OCTETS("host=a")},
		{OCTETS("HTTP://gw.example:8080/dynamic.cgi"), OCTETS("/dynamic.cgi"), OCTETS("")},
		{OCTETS("https://[2001:db8::1]:8443/myip"), OCTETS("/myip"), OCTETS("")},
		{OCTETS("http://user:pw@gw.example/myip"), OCTETS("/myip"), OCTETS("")},
		{OCTETS("http://gw.example"), OCTETS("/"), OCTETS("")},
		{OCTETS("http://gw.example?host=a"), OCTETS("/"), OCTETS("host=a")},
		{OCTETS("http://gw.example//nic//update"), OCTETS("/nic/update"), OCTETS("")},
		{OCTETS("http://gw.example/?u=http://x/y"), OCTETS("/"), OCTETS("u=http://x/y")},
		{OCTETS("/http://gw.example/a"), OCTETS("/http:/gw.example/a"), OCTETS("")}, /* origin form */
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *row = rows[i].target.octets;
		struct text path, query;
		struct arena arena;
		bool has_query;

		arena_init(&arena, DECODE_SPACE(rows[i].target.len));
		assert_row(row, decode_target(rows[i].target, &arena.space, &path, &query, &has_query) == STATUS_OK);
		assert_row(row, is(path, rows[i].path));
		assert_row(row, is(query, rows[i].query));
	}
}

static void the_query_borrows_from_the_target(void **state)
{
	static const char target[] = "/a?b=c";
	struct text path, query;
	struct arena arena;
	bool has_query;

	(void)state;
	arena_init(&arena, DECODE_SPACE(sizeof target));
	assert_int_equal(decode_target(text_of(target), &arena.space, &path, &query, &has_query), STATUS_OK);
	assert_ptr_equal(query.octets, target + 3);
	assert_ptr_equal(path.octets, arena.octets);
	assert_int_equal(arena.space.len, 2);
}

static void a_target_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	for (size_t cap = 0; cap <= strlen("/dynamic.cgi"); cap++) {
		struct text path, query;
		struct arena arena;
		bool has_query;
		enum status expected = cap < strlen("/dynamic.cgi") ? STATUS_TOO_LONG : STATUS_OK;

		arena_init(&arena, cap);
		assert_int_equal(decode_target(text_of("/dynamic.cgi?a=b"), &arena.space, &path, &query, &has_query),
				 expected);
		assert_kept_within(&arena);
	}
}

/* ---- Operands ---- */

static void decodes_an_operand_in_both_readings_of_plus(void **state)
{
	static const struct {
		struct text encoded, name, value, literal;
	} rows[] = {
		{OCTETS("a=b"), OCTETS("a"), OCTETS("b"), OCTETS("b")},
		{OCTETS("a="), OCTETS("a"), OCTETS(""), OCTETS("")},
		{OCTETS("a"), OCTETS("a"), OCTETS(""), OCTETS("")},
		{OCTETS("=b"), OCTETS(""), OCTETS("b"), OCTETS("b")},
		{OCTETS("="), OCTETS(""), OCTETS(""), OCTETS("")},
		{OCTETS("a=b=c"), OCTETS("a"), OCTETS("b=c"), OCTETS("b=c")},
		{OCTETS("a=b+c"), OCTETS("a"), OCTETS("b c"), OCTETS("b+c")},
		{OCTETS("a=+++"), OCTETS("a"), OCTETS("   "), OCTETS("+++")},
		{OCTETS("a=%2B"), OCTETS("a"), OCTETS("+"), OCTETS("+")}, /* escaped, it is only itself */
		{OCTETS("a=%2b+%20"), OCTETS("a"), OCTETS("+  "), OCTETS("++ ")},
		{OCTETS("a=%3D%26%25"), OCTETS("a"), OCTETS("=&%"), OCTETS("=&%")},
		{OCTETS("%61%3d=b"), OCTETS("a="), OCTETS("b"), OCTETS("b")},
		{OCTETS("a=%41%5a%c3%BC"), OCTETS("a"), OCTETS("AZ\xc3\xbc"), OCTETS("AZ\xc3\xbc")},
		{OCTETS("a=b%00c"), OCTETS("a"), OCTETS("b\0c"), OCTETS("b\0c")},
		{OCTETS("a%00=b"), OCTETS("a\0"), OCTETS("b"), OCTETS("b")},
		{OCTETS("a=100%"), OCTETS("a"), OCTETS("100%"), OCTETS("100%")},
		{OCTETS("a=%"), OCTETS("a"), OCTETS("%"), OCTETS("%")},
		{OCTETS("a=%4"), OCTETS("a"), OCTETS("%4"), OCTETS("%4")},
		{OCTETS("a=%g1%1g%-1"), OCTETS("a"), OCTETS("%g1%1g%-1"), OCTETS("%g1%1g%-1")},
		{OCTETS("a=%%41"), OCTETS("a"), OCTETS("%A"), OCTETS("%A")},
		{OCTETS("a=%2541"), OCTETS("a"), OCTETS("%41"), OCTETS("%41")}, /* decoded once */
		{OCTETS("a=%+1"), OCTETS("a"), OCTETS("% 1"), OCTETS("%+1")},
		{OCTETS("a=?b/c;d"), OCTETS("a"), OCTETS("?b/c;d"), OCTETS("?b/c;d")},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *row = rows[i].encoded.octets;
		struct http_params params = {0};
		struct arena arena;

		arena_init(&arena, DECODE_SPACE(rows[i].encoded.len));
		assert_row(row, decode_params(rows[i].encoded, &arena.space, &params) == STATUS_OK);
		assert_row(row, params.count == 1);
		assert_row(row, is(params.items[0].name, rows[i].name));
		assert_row(row, is(params.items[0].value, rows[i].value));
		assert_row(row, is(params.items[0].literal, rows[i].literal));
		assert_kept_within(&arena);
	}
}

static void an_escape_is_not_read_beyond_the_end(void **state)
{
	struct http_params params = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_int_equal(decode_params((struct text){"a=%41", 4}, &arena.space, &params), STATUS_OK);
	assert_text(params.items[0].value, "%4");
	assert_int_equal(decode_params((struct text){"a=%41&b=c", 6}, &arena.space, &params), STATUS_OK);
	assert_int_equal(params.count, 2);
	assert_text(params.items[1].value, "A");
}

static void without_a_plus_both_readings_are_the_same_run_of_octets(void **state)
{
	struct http_params params = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_int_equal(decode_params(text_of("a=b%2Bc&d=e+f"), &arena.space, &params), STATUS_OK);
	assert_ptr_equal(params.items[0].value.octets, params.items[0].literal.octets);
	assert_ptr_not_equal(params.items[1].value.octets, params.items[1].literal.octets);
}

static void keeps_operands_in_their_order_and_skips_empty_pieces(void **state)
{
	struct http_params params = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_int_equal(decode_params(text_of("&&a=1&&b=2&a=3&"), &arena.space, &params), STATUS_OK);
	assert_int_equal(params.count, 3);
	assert_text(params.items[0].name, "a");
	assert_text(params.items[1].name, "b");
	assert_text(params.items[2].name, "a");
	assert_text(params.items[2].value, "3");
}

static void appends_to_the_operands_that_are_there(void **state)
{
	struct http_params params = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 64);
	assert_int_equal(decode_params(text_of("a=query"), &arena.space, &params), STATUS_OK);
	assert_int_equal(decode_params(text_of("a=form&b=form"), &arena.space, &params), STATUS_OK);
	assert_int_equal(params.count, 3);
	assert_text(http_param_find(&params, "a")->value, "query");
	assert_text(http_param_find(&params, "b")->value, "form");
}

static void nothing_holds_no_operand(void **state)
{
	struct http_params params = {0};
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_int_equal(decode_params((struct text){NULL, 0}, &arena.space, &params), STATUS_OK);
	assert_int_equal(decode_params(text_of("&&&"), &arena.space, &params), STATUS_OK);
	assert_int_equal(params.count, 0);
}

static void takes_64_operands_and_refuses_one_more(void **state)
{
	struct http_params params = {0};
	char encoded[3 * (HTTP_PARAMS_MAX + 1)];
	struct arena arena;

	(void)state;
	for (size_t i = 0; i < sizeof encoded; i += 3)
		memcpy(encoded + i, "a=&", 3);
	arena_init(&arena, DECODE_SPACE(sizeof encoded));
	assert_int_equal(decode_params((struct text){encoded, 3 * HTTP_PARAMS_MAX}, &arena.space, &params), STATUS_OK);
	assert_int_equal(params.count, HTTP_PARAMS_MAX);

	memset(&params, 0, sizeof params);
	assert_int_equal(decode_params((struct text){encoded, sizeof encoded}, &arena.space, &params), STATUS_TOO_LONG);
	assert_in_range(params.count, 0, HTTP_PARAMS_MAX);
}

static void operands_that_do_not_fit_are_refused(void **state)
{
	static const char encoded[] = "ab=c+d&e=f"; /* ab, two readings of three octets, e, f */

	(void)state;
	for (size_t cap = 0; cap <= 10; cap++) {
		struct http_params params = {0};
		struct arena arena;

		arena_init(&arena, cap);
		assert_int_equal(decode_params(text_of(encoded), &arena.space, &params),
				 cap < 10 ? STATUS_TOO_LONG : STATUS_OK);
		assert_kept_within(&arena);
	}
}

static void the_promised_space_is_enough_for_the_worst_request(void **state)
{
	char encoded[4096];
	struct http_params params = {0};
	struct arena arena;

	(void)state;
	memset(encoded, '+', sizeof encoded);
	memcpy(encoded, "a=", 2);
	arena_init(&arena, DECODE_SPACE(sizeof encoded));
	assert_int_equal(decode_params((struct text){encoded, sizeof encoded}, &arena.space, &params), STATUS_OK);
	assert_int_equal(params.items[0].value.len, sizeof encoded - 2);
	assert_int_equal(params.items[0].literal.len, sizeof encoded - 2);
	assert_kept_within(&arena);
}

/* ---- Basic credentials ---- */

static void reads_basic_credentials(void **state)
{
	static const struct {
		const char *header;
		struct text user, password;
	} rows[] = {
		{"Basic bXlMb2dpbjpFUjJU", OCTETS("myLogin"), OCTETS("ER2T")},
		{"basic bXlMb2dpbjpFUjJU", OCTETS("myLogin"), OCTETS("ER2T")},
		{"BASIC bXlMb2dpbjpFUjJU", OCTETS("myLogin"), OCTETS("ER2T")},
		{"bAsIc   bXlMb2dpbjpFUjJU", OCTETS("myLogin"), OCTETS("ER2T")},
		{"Basic bXlMb2dpbjpFUjJU  ", OCTETS("myLogin"), OCTETS("ER2T")},
		{"Basic YTpi", OCTETS("a"), OCTETS("b")},
		{"Basic YTpiYw==", OCTETS("a"), OCTETS("bc")},
		{"Basic YTpiYw", OCTETS("a"), OCTETS("bc")}, /* without padding */
		{"Basic YTpiY2Q=", OCTETS("a"), OCTETS("bcd")},
		{"Basic YTpiY2Q", OCTETS("a"), OCTETS("bcd")},
		{"Basic YTpiOmM6", OCTETS("a"), OCTETS("b:c:")}, /* ':' in the password */
		{"Basic Og==", OCTETS(""), OCTETS("")},
		{"Basic OmI=", OCTETS(""), OCTETS("b")},
		{"Basic YTo=", OCTETS("a"), OCTETS("")},
		{"Basic YQA6AGI=", OCTETS("a\0"), OCTETS("\0b")}, /* a NUL cuts nothing short */
		{"Basic YTr7///+", OCTETS("a"), OCTETS("\xfb\xff\xff\xfe")},
		{"Basic YSBiOmMgKw==", OCTETS("a b"), OCTETS("c +")},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct text user, password;
		struct arena arena;

		arena_init(&arena, strlen(rows[i].header));
		assert_row(rows[i].header,
			   decode_basic(text_of(rows[i].header), &arena.space, &user, &password) == STATUS_OK);
		assert_row(rows[i].header, is(user, rows[i].user));
		assert_row(rows[i].header, is(password, rows[i].password));
		assert_kept_within(&arena);
	}
}

static void refuses_malformed_basic_credentials(void **state)
{
	static const struct text rows[] = {
		OCTETS("Basic "),         OCTETS("Basic YWI="),  /* "ab": no ':' */
		OCTETS("Basic ="),        OCTETS("Basic YTpiY"), /* a digit too many */
		OCTETS("Basic YT=pi"),    OCTETS("Basic YTpi YTpi"), OCTETS("Basic YT*i"),
		OCTETS("Basic YTr7___-"), /* another alphabet */
		OCTETS("Basic YTpi\0"),   OCTETS("Basic a:b"),       OCTETS("Basic YTpi,"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct text user, password;
		struct arena arena;

		arena_init(&arena, rows[i].len);
		assert_row(rows[i].octets, decode_basic(rows[i], &arena.space, &user, &password) == STATUS_INVALID);
		assert_kept_within(&arena);
	}
}

static void another_scheme_is_not_basic(void **state)
{
	static const char *const rows[] = {
		"",      "Bearer YTpi", "Digest username=\"a\"", "Basi YTpi", "Basics YTpi", "BasicYTpi", "YTpi",
		" YTpi", "B",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct text user, password;
		struct arena arena;

		arena_init(&arena, 64);
		assert_row(rows[i], decode_basic(text_of(rows[i]), &arena.space, &user, &password) == STATUS_NOT_FOUND);
	}
}

static void credentials_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	for (size_t cap = 0; cap <= strlen("myLogin:ER2T"); cap++) {
		struct text user, password;
		struct arena arena;

		arena_init(&arena, cap);
		assert_int_equal(decode_basic(text_of("Basic bXlMb2dpbjpFUjJU"), &arena.space, &user, &password),
				 cap < strlen("myLogin:ER2T") ? STATUS_TOO_LONG : STATUS_OK);
		assert_kept_within(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_a_target_and_decodes_its_path),
		cmocka_unit_test(drops_scheme_and_host_of_an_absolute_target),
		cmocka_unit_test(the_query_borrows_from_the_target),
		cmocka_unit_test(a_target_that_does_not_fit_is_refused),
		cmocka_unit_test(decodes_an_operand_in_both_readings_of_plus),
		cmocka_unit_test(an_escape_is_not_read_beyond_the_end),
		cmocka_unit_test(without_a_plus_both_readings_are_the_same_run_of_octets),
		cmocka_unit_test(keeps_operands_in_their_order_and_skips_empty_pieces),
		cmocka_unit_test(appends_to_the_operands_that_are_there),
		cmocka_unit_test(nothing_holds_no_operand),
		cmocka_unit_test(takes_64_operands_and_refuses_one_more),
		cmocka_unit_test(operands_that_do_not_fit_are_refused),
		cmocka_unit_test(the_promised_space_is_enough_for_the_worst_request),
		cmocka_unit_test(reads_basic_credentials),
		cmocka_unit_test(refuses_malformed_basic_credentials),
		cmocka_unit_test(another_scheme_is_not_basic),
		cmocka_unit_test(credentials_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
