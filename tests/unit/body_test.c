/*
 * What the body of a request is.
 */
#include "support.h"

#include "http/body.h"

static void a_body_is_what_it_is_said_to_be_or_begins_like(void **state)
{
	static const struct {
		const char *type;
		const char *coding;
		const char *body;
		enum body_kind kind;
	} rows[] = {
		{"", "", "", BODY_EMPTY},
		{"multipart/form-data; boundary=x", "gzip", " \r\n", BODY_EMPTY},
		{"", "", "a=b", BODY_FORM},
		{"application/x-www-form-urlencoded", "", "a=b", BODY_FORM},
		{"Application/X-WWW-Form-Urlencoded ; charset=utf-8", "Identity", "a=b", BODY_FORM},
		{"application/x-www-form-urlencodedx", "", "a=b", BODY_UNREADABLE},
		{"application/json", "", "{}", BODY_JSON},
		{"application/json; charset=utf-8", "", " \r\n\t{\"a\": \"b\"}", BODY_JSON},
		{"", "", "{}", BODY_JSON},
		{"application/x-www-form-urlencoded", "", "{}", BODY_JSON},
		{"text/plain", "", "{}", BODY_JSON},
		{"application/json", "", "[]", BODY_NO_OBJECT},
		{"application/json", "", "a=b", BODY_NO_OBJECT},
		{"application/problem+json", "", "null", BODY_NO_OBJECT},
		{"+json", "", "null", BODY_UNREADABLE},
		{"multipart/form-data; boundary=x", "", "--x\r\n", BODY_UNREADABLE},
		{"text/plain", "", "a=b", BODY_UNREADABLE},
		{"text/xml", "", "<a/>", BODY_UNREADABLE},
		{"application/octet-stream", "", "a=b", BODY_UNREADABLE},
		{";", "", "a=b", BODY_FORM},
		{"application/x-www-form-urlencoded", "gzip", "\x1f\x8b", BODY_UNREADABLE},
		{"", "identity, gzip", "a=b", BODY_UNREADABLE},
		{"application/json", "gzip", "{}", BODY_UNREADABLE},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i].body, body_kind_of(text_of(rows[i].type), text_of(rows[i].coding),
						      text_of(rows[i].body)) == rows[i].kind);
}

static void a_byte_order_mark_says_nothing(void **state)
{
	static const char *const rows[][2] = {
		{"\xef\xbb\xbf{}", "{}"},     {"\xef\xbb\xbf", ""}, {"", ""},
		{"\xef\xbb", "\xef\xbb"},     {"{}", "{}"},         {"\xef\xbb\xbf\xef\xbb\xbf{}", "\xef\xbb\xbf{}"},
		{"\xff\xfe{}", "\xff\xfe{}"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_row(rows[i][1], text_equal(body_unmarked(text_of(rows[i][0])), text_of(rows[i][1])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_what_it_is_said_to_be_or_begins_like),
		cmocka_unit_test(a_byte_order_mark_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
