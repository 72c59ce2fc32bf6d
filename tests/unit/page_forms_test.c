/*
 * What the page reads of requests: cookies, tokens of forms, the forms for a new key and a new password; and its words
 * for times and history.
 */
#include "support.h"

#include "account/password.h"
#include "page/chart.h"
#include "page/guard.h"
#include "page/keyform.h"
#include "page/passform.h"
#include "page/when.h"

#define TOKEN "abcdefghijklmnopqrstuvwxyz-_0123"

/* ---- Cookies ---- */

static void a_cookie_is_found_among_others(void **state)
{
	static const struct {
		struct text header;
		const char *value;
	} rows[] = {
		{OCTETS(""), ""},
		{OCTETS("it=" TOKEN), TOKEN},
		{OCTETS("a=b; it=" TOKEN "; c=d"), TOKEN},
		{OCTETS("a=b;it=" TOKEN), TOKEN},
		{OCTETS(" \tit=" TOKEN " "), TOKEN},
		{OCTETS("it=" TOKEN "; it=other"), TOKEN},
		{OCTETS("bit=x; it=y"), "y"},
		{OCTETS("IT=x"), ""},
		{OCTETS("it"), ""},
		{OCTETS("it="), ""},
		{OCTETS("it=a b"), ""},
		{OCTETS("it=\"x\""), ""},
		{OCTETS("it=a\0b"), ""},
		{OCTETS("it=a,b"), ""},
		{OCTETS("it=bad!; it=good"), ""},
		{OCTETS(";;;=;it=x;;"), "x"},
		{OCTETS("it=" TOKEN TOKEN), TOKEN TOKEN},
		{OCTETS("it=" TOKEN TOKEN "x"), ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_text(guard_cookie(rows[i].header, "it"), rows[i].value);
}

/* ---- Tokens of forms ---- */

static void a_form_is_admitted_with_the_token_of_its_cookie_and_no_other(void **state)
{
	static const uint8_t secret[GUARD_SECRET_LEN] = {1}, other[GUARD_SECRET_LEN] = {2};
	struct text cookie = text_of(TOKEN);
	char token[GUARD_TOKEN_MAX];

	(void)state;
	assert_int_equal(guard_token(secret, cookie, token), STATUS_OK);
	assert_int_equal(strlen(token), GUARD_TOKEN_MAX - 1);
	assert_true(guard_admits(secret, cookie, text_of(token)));
	assert_false(guard_admits(other, cookie, text_of(token)));
	assert_false(guard_admits(secret, text_of("another"), text_of(token)));
	assert_false(guard_admits(secret, text_of(""), text_of(token)));
	assert_false(guard_admits(secret, cookie, text_of("")));
	assert_false(guard_admits(secret, cookie, (struct text){token, sizeof token - 2}));
	assert_false(guard_admits(secret, cookie, cookie));
	token[0] = token[0] == '0' ? '1' : '0';
	assert_false(guard_admits(secret, cookie, text_of(token)));
}

static void without_a_cookie_there_is_no_token(void **state)
{
	static const uint8_t secret[GUARD_SECRET_LEN] = {1};
	static const char octets[GUARD_COOKIE_MAX + 1] = "x";
	char token[GUARD_TOKEN_MAX];

	(void)state;
	assert_int_equal(guard_token(secret, text_of(""), token), STATUS_INVALID);
	assert_int_equal(guard_token(secret, (struct text){octets, sizeof octets}, token), STATUS_INVALID);
}

static void only_what_can_be_a_host_is_repeated(void **state)
{
	static const char *const good[] = {"ddns.example.com", "ddns.example.com:8443", "192.0.2.1:80",
					   "[2001:db8::1]:8443"};
	static const char *const bad[] = {"", "a b", "a/b", "<b>", "a'b", "a@b", "a%41", "a\"b", "a$(b)"};

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++)
		assert_row(good[i], guard_is_host(text_of(good[i])));
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_row(bad[i], !guard_is_host(text_of(bad[i])));
}

/* ---- The form for a new key ---- */

struct fields {
	const char *name, *hosts, *sources, *expires;
};

static bool read_form(const struct fields *fields, struct keyform *form)
{
	const char *const names[] = {"name", "hosts", "sources", "expires"};
	const char *const values[] = {fields->name, fields->hosts, fields->sources, fields->expires};
	struct http_params params = {0};

	for (size_t i = 0; i < LENGTH(names); i++) {
		if (values[i])
			params.items[params.count++] =
				(struct http_param){text_of(names[i]), text_of(values[i]), text_of(values[i])};
	}
	return keyform_read(&params, form);
}

static void a_name_is_enough(void **state)
{
	static struct keyform form;

	(void)state;
	assert_true(read_form(&(struct fields){.name = "router"}, &form));
	assert_text(form.name, "router");
	assert_text(form.hosts, "");
	assert_text(form.sources, "");
	assert_int_equal(form.expires_s, 0);
	assert_string_equal(form.error, "");
	assert_true(read_form(&(struct fields){"router", "", " ", ""}, &form));
	assert_text(form.hosts, "");
	assert_text(form.sources, "");
}

static void limits_are_read_whatever_stands_between_them(void **state)
{
	static struct keyform form;

	(void)state;
	assert_true(read_form(&(struct fields){"router", " WWW.example.com,\r\n*.home.example.com ;nas.example.com.",
					       "192.0.2.0/24 2001:db8::/32", " 2027-01-31 "},
			      &form));
	assert_text(form.hosts, "www.example.com\n*.home.example.com\nnas.example.com\n");
	assert_text(form.sources, "192.0.2.0/24\n2001:db8::/32\n");
	assert_int_equal(form.expires_s, 1801440000);
}

static void what_means_nothing_is_told_by_name(void **state)
{
	static const struct {
		struct fields fields;
		const char *error;
	} rows[] = {
		{{.name = NULL}, "needs a name"},
		{{.name = ""}, "needs a name"},
		{{.name = "12345678901234567890123456789012345678901234567890123456789012345"}, "needs a name"},
		{{.name = "x", .hosts = "www.example.com -bad-"}, "“-bad-” is not a host name"},
		{{.name = "x", .hosts = "a\nb c\n\n192.0.2.1"}, "“192.0.2.1” is not a host name"},
		{{.name = "x", .sources = "192.0.2.0/24 192.0.2.1/24"}, "“192.0.2.1/24” is not a network"},
		{{.name = "x", .sources = "everywhere"}, "“everywhere” is not a network"},
		{{.name = "x", .expires = "31.1.2027"}, "“31.1.2027” is not a date"},
		{{.name = "x", .expires = "2027-02-30"}, "“2027-02-30” is not a date"},
	};
	static struct keyform form;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_row(rows[i].error, !read_form(&rows[i].fields, &form));
		assert_row(rows[i].error, strstr(form.error, rows[i].error));
	}
}

static void more_limits_than_fit_are_refused(void **state)
{
	static char hosts[2 * KEYFORM_LINES_MAX];
	static struct keyform form;

	(void)state;
	for (size_t i = 0; i + 10 < sizeof hosts; i += 10)
		memcpy(hosts + i, "abcdef.gh ", 10);
	assert_false(read_form(&(struct fields){.name = "x", .hosts = hosts}, &form));
	assert_non_null(strstr(form.error, "one limit too many"));
}

/* ---- The form for a new password ---- */

static const char *read_passform(struct text fresh, struct text again)
{
	struct http_params params = {
		.items = {{text_of("current"), text_of("x"), text_of("x")},
			  {text_of("password"), fresh, fresh},
			  {text_of("again"), again, again}},
		.count = 3,
	};
	struct passform form;

	passform_read(&params, &form);
	assert_text(form.current, "x");
	assert_true(text_equal(form.fresh, fresh));
	return form.error ? form.error : "";
}

static void a_new_password_has_the_bounds_of_the_command_line_and_is_typed_twice(void **state)
{
	static char longest[PASSWORD_MAX + 1];
	struct text with_nul = OCTETS("1234\0"
				      "5678");

	(void)state;
	memset(longest, 'x', sizeof longest);
	assert_string_equal(read_passform(text_of("12345678"), text_of("12345678")), "");
	assert_string_equal(read_passform((struct text){longest, PASSWORD_MAX}, (struct text){longest, PASSWORD_MAX}),
			    "");
	assert_non_null(strstr(read_passform(text_of("1234567"), text_of("1234567")), "at least 8"));
	assert_non_null(strstr(read_passform(text_of(""), text_of("")), "at least 8"));
	assert_non_null(
		strstr(read_passform((struct text){longest, sizeof longest}, (struct text){longest, sizeof longest}),
		       "too long"));
	assert_non_null(strstr(read_passform(with_nul, with_nul), "cannot be typed"));
	assert_non_null(strstr(read_passform(text_of("12345678"), text_of("12345679")), "both times"));
	assert_non_null(strstr(read_passform(text_of("12345678"), text_of("")), "both times"));
}

static void without_operands_there_is_no_new_password(void **state)
{
	struct http_params params = {0};
	struct passform form;

	(void)state;
	passform_read(&params, &form);
	assert_int_equal(form.current.len, 0);
	assert_non_null(form.error);
}

/* ---- Times ---- */

static void times_are_worded(void **state)
{
	static const struct {
		uint64_t past_s;
		const char *words;
	} rows[] = {
		{0, "just now"},       {59, "just now"},     {60, "1 minute ago"},        {3599, "59 minutes ago"},
		{7200, "2 hours ago"}, {86400, "1 day ago"}, {40 * 86400, "1 month ago"}, {800 * 86400, "2 years ago"},
	};
	uint64_t now_s = 1795426800;
	char text[WHEN_MAX];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(when_ago(now_s - rows[i].past_s, now_s, text), rows[i].words);
	assert_string_equal(when_ago(now_s + 5, now_s, text), "just now");
	assert_string_equal(when_time(now_s, text), "2026-11-23 09:40 UTC");
	assert_string_equal(when_date(0, text), "1970-01-01");
	assert_string_equal(when_date(UINT64_MAX / 2, text), "1970-01-01");
}

/* ---- The chart ---- */

static void add(struct chart *chart, uint64_t now_s, uint64_t first_s, uint64_t last_s, uint64_t times,
		const char *outcome)
{
	struct database_event event = {
		.first_s = first_s, .last_s = last_s, .times = times, .outcome = text_of(outcome)};

	chart_add(chart, &event, now_s);
}

static void the_chart_counts_by_day_and_leaves_out_what_is_older(void **state)
{
	enum { DAY = 86400, TODAY = CHART_DAYS - 1 };
	uint64_t now_s = 20000 * (uint64_t)DAY + 100;
	struct chart chart = {0};

	(void)state;
	add(&chart, now_s, now_s, now_s, 1, "changed");
	add(&chart, now_s, now_s - 101, now_s - 101, 1, "changed");
	add(&chart, now_s, now_s - 5 * DAY, now_s - 2 * DAY, 9, "unchanged");
	add(&chart, now_s, now_s - 7 * DAY, now_s - 7 * DAY, 3, "refused");
	add(&chart, now_s, now_s - 100 * (uint64_t)DAY, now_s - 28 * DAY, 2, "unchanged");
	add(&chart, now_s, now_s - 31 * (uint64_t)DAY, now_s - 31 * (uint64_t)DAY, 1, "changed");
	add(&chart, now_s, now_s + 2 * DAY, now_s + 2 * DAY, 1, "changed");
	assert_int_equal(chart.days[TODAY].changes, 1);
	assert_int_equal(chart.days[TODAY - 1].changes, 1);
	for (int i = 2; i <= 5; i++)
		assert_true(chart.days[TODAY - i].heard && chart.days[TODAY - i].changes == 0);
	assert_false(chart.days[TODAY - 6].heard);
	assert_int_equal(chart.days[TODAY - 7].failures, 3);
	assert_true(chart.days[0].heard && chart.days[1].heard);
	assert_false(chart.days[2].heard);
}

static void the_chart_has_a_bar_for_each_day_inside_its_picture(void **state)
{
	struct view *view = view_new();
	struct chart chart = {0};
	const struct view *bar;
	unsigned bars = 0;

	(void)state;
	for (uint64_t i = 0; i < CHART_DAYS; i++)
		add(&chart, 20000 * 86400UL, (20000 - i) * 86400UL, (20000 - i) * 86400UL, 1 + i * i, "changed");
	chart_show(&chart, 20000 * 86400UL, view);
	for (bar = view_first_item(view, text_of("bar")); bar; bar = view_next_item(bar), bars++) {
		const struct text *y = view_find_text(bar, text_of("y"));

		assert_true(y->len >= 1 && y->len <= 2 && *y->octets != '-');
		assert_text(*view_find_text(bar, text_of("kind")), "changed");
	}
	assert_int_equal(bars, CHART_DAYS);
	assert_false(view_failed(view));
	view_free(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_found_among_others),
		cmocka_unit_test(a_form_is_admitted_with_the_token_of_its_cookie_and_no_other),
		cmocka_unit_test(without_a_cookie_there_is_no_token),
		cmocka_unit_test(only_what_can_be_a_host_is_repeated),
		cmocka_unit_test(a_name_is_enough),
		cmocka_unit_test(limits_are_read_whatever_stands_between_them),
		cmocka_unit_test(what_means_nothing_is_told_by_name),
		cmocka_unit_test(more_limits_than_fit_are_refused),
		cmocka_unit_test(a_new_password_has_the_bounds_of_the_command_line_and_is_typed_twice),
		cmocka_unit_test(without_operands_there_is_no_new_password),
		cmocka_unit_test(times_are_worded),
		cmocka_unit_test(the_chart_counts_by_day_and_leaves_out_what_is_older),
		cmocka_unit_test(the_chart_has_a_bar_for_each_day_inside_its_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
