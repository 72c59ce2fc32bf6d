/*
 * What the log shows of a path: enough to see which page a client looks for, and no key.
 */
#include "support.h"

#include "admin/path.h"

static void shows_paths_without_what_may_be_a_secret(void **state)
{
	static const struct {
		struct text path;
		const char *shown;
	} rows[] = {
		{OCTETS("/"), "/"},
		{OCTETS(""), ""},
		{OCTETS("*"), "*"},
		{OCTETS("/nowhere"), "/nowhere"},
		{OCTETS("/nic/update2"), "/nic/update2"},
		{OCTETS("/v3/dyndns/update.php"), "/v3/dyndns/update.php"},
		{OCTETS("/update/www.dyn.example.com/198.51.100.77"), "/update/www.dyn.example.com/198.51.100.77"},
		{OCTETS("/cgi-bin/luci/admin/"), "/cgi-bin/luci/admin/"},
		{OCTETS("/a-long-name-of-words-alone"), "/a-long-name-of-words-alone"},
		/* An API key, a token of DuckDNS, one that ddnsgate makes, and one of letters alone. */
		{OCTETS("/u/ER2T229DF4GBNM/"), "/u/*/"},
		{OCTETS("/u/ER2T229DF4GBNM"), "/u/*"},
		{OCTETS("/update/www/6f1d2b3a-77aa-4c0e-9b1f-0123456789ab"), "/update/www/*"},
		{OCTETS("/k/q3Zk0b_9Xc-d2Ff7LmNoPQrs1TuVwX4y/198.51.100.7"), "/k/*/198.51.100.7"},
		{OCTETS("/k/QwErTyUiOpAsDfGhJk"), "/k/*"},
		{OCTETS("/myLogin:secret/update"), "/*/update"},
		{OCTETS("http://myLogin:secret@gw/update"), "*//*/update"},
		{OCTETS("/4111111111"), "/*"},
		/* A query or operands that were escaped with the rest, once or twice. */
		{OCTETS("/dynamic.cgi?user=a&password=secret"), "/dynamic.cgi"},
		{OCTETS("/dynamic.cgi%3Fpassword=secret"), "/dynamic.cgi"},
		{OCTETS("/dynamic.cgi;password=secret"), "/dynamic.cgi"},
		{OCTETS("/dynamic.cgi&password=secret"), "/dynamic.cgi"},
		{OCTETS("/password=secret"), "/password"},
		{OCTETS("/dynamic.cgi#secret"), "/dynamic.cgi"},
		{OCTETS("/dynamic.cgi\0secret"), "/dynamic.cgi"},
		/* The log escapes what could forge a line. */
		{OCTETS("/a\nb\"\xff"), "/a\nb\"\xff"},
	};
	char buffer[PATH_SHOWN_MAX];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct text shown = path_show(rows[i].path, buffer);

		if (!text_equal(shown, text_of(rows[i].shown)))
			fail_msg("%s: %.*s", rows[i].path.octets, (int)shown.len, shown.octets);
	}
}

static void a_path_of_any_length_is_bounded(void **state)
{
	static char octets[5000];
	char buffer[PATH_SHOWN_MAX];

	(void)state;
	for (size_t segment = 1; segment < 80; segment++) {
		for (size_t i = 0; i < sizeof octets; i++)
			octets[i] = i % segment ? 'a' : '/';
		for (size_t len = 0; len < sizeof octets; len += 7) {
			struct text shown = path_show((struct text){octets, len}, buffer);

			assert_true(shown.len <= PATH_SHOWN_MAX && shown.len <= len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_paths_without_what_may_be_a_secret),
		cmocka_unit_test(a_path_of_any_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
