/*
 * The log: one line per event that nothing from outside can forge, bounded, and at the levels that were asked for.
 */
#include "support.h"

#include <regex.h>

#include "base/log.h"
#include "base/utf8.h"

#define NONE "\xef\xbf\xbd" /* U+FFFD: no UTF-8 */

enum { LINE_LEN_MAX = 2048 };

/* The lines that the log has written. */
static struct {
	size_t count;
	size_t len; /* of the last one */
	char line[2 * LINE_LEN_MAX];
} written;

static void keep(void *ctx, const char *line, size_t len)
{
	assert_ptr_equal(ctx, &written);
	assert_in_range(len, 1, sizeof written.line - 1);
	written.count++;
	written.len = len;
	memcpy(written.line, line, len);
	written.line[len] = '\0';
}

static int start(void **state)
{
	(void)state;
	memset(&written, 0, sizeof written);
	log_set_sink(keep, &written);
	log_set_level(LOG_INFO);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	return 0;
}

/* What follows the time in the last line. */
static const char *after_time(void)
{
	const char *space = strchr(written.line, ' ');

	assert_non_null(space);
	return space + 1;
}

static void writes_time_level_event_and_fields(void **state)
{
	regex_t form;

	(void)state;
	LOG(LOG_WARNING, "primary-refused", log_text("zone", "dyn.example.com"), log_number("attempt", 2),
	    log_number("offset", INT64_MIN));
	assert_int_equal(written.count, 1);
	assert_string_equal(after_time(), "level=warning event=primary-refused zone=dyn.example.com attempt=2 "
					  "offset=-9223372036854775808");
	assert_int_equal(regcomp(&form, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z level=",
				 REG_EXTENDED | REG_NOSUB),
			 0);
	assert_int_equal(regexec(&form, written.line, 0, NULL, 0), 0);
	regfree(&form);
}

static void an_event_needs_no_fields(void **state)
{
	(void)state;
	LOG(LOG_WARNING, "bare");
	assert_string_equal(after_time(), "level=warning event=bare");
}

static void quotes_and_escapes_what_could_forge_a_field_or_a_line(void **state)
{
	static const struct {
		struct text value;
		const char *field;
	} rows[] = {
		{OCTETS("www.example.com"), "v=www.example.com"},
		{OCTETS("[2001:db8::1]:53"), "v=[2001:db8::1]:53"},
		{OCTETS(""), "v=\"\""},
		{OCTETS("a b"), "v=\"a b\""},
		{OCTETS("x level=error"), "v=\"x level=error\""},
		{OCTETS("a=b"), "v=\"a=b\""},
		{OCTETS("say \"hi\""), "v=\"say \\\"hi\\\"\""},
		{OCTETS("\" level=error event=\""), "v=\"\\\" level=error event=\\\"\""},
		{OCTETS("back\\slash"), "v=\"back\\\\slash\""},
		{OCTETS("\\\""), "v=\"\\\\\\\"\""},
		{OCTETS("a\nb"), "v=\"a\\x0ab\""},
		{OCTETS("a\r\nb"), "v=\"a\\x0d\\x0ab\""},
		{OCTETS("a\0b"), "v=\"a\\x00b\""},
		{OCTETS("\x1b[31m"), "v=\"\\x1b[31m\""},
		{OCTETS("\x7f"), "v=\"\\x7f\""},
		{OCTETS("\xc2\x85\xff"), "v=\"\\xc2\\x85\\xff\""},
		{OCTETS("j\xc3\xbcrgen \xed\xa0\x80"), "v=\"j\\xc3\\xbcrgen \\xed\\xa0\\x80\""},
		{OCTETS("100%s%n"), "v=\"100%s%n\""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		LOG(LOG_INFO, "test", log_slice("v", rows[i].value));
		assert_string_equal(after_time() + strlen("level=info event=test "), rows[i].field);
	}
}

static void every_octet_stays_on_its_line_in_printable_ascii(void **state)
{
	(void)state;
	for (unsigned octet = 0; octet < 256; octet++) {
		const char value = (char)octet;

		LOG(LOG_INFO, "test", log_slice("v", (struct text){&value, 1}));
		for (size_t i = 0; i < written.len; i++)
			assert_in_range(written.line[i], ' ', '~');
	}
}

static void a_missing_text_is_an_empty_one(void **state)
{
	(void)state;
	LOG(LOG_INFO, "test", log_text("v", NULL));
	assert_string_equal(after_time(), "level=info event=test v=\"\"");
}

static void a_long_value_leaves_room_for_the_others(void **state)
{
	static char key[5000];

	(void)state;
	memset(key, 'a', sizeof key);
	LOG(LOG_INFO, "test", log_slice("v", (struct text){key, sizeof key}), log_number("after", 1));
	assert_non_null(memmem(written.line, written.len, "...\" after=1", 12));
}

static void cuts_a_line_at_2_kib(void **state)
{
	static char plain[3 * LINE_LEN_MAX], spaced[3 * LINE_LEN_MAX], escaped[3 * LINE_LEN_MAX];

	(void)state;
	memset(plain, 'a', sizeof plain);
	memset(spaced, ' ', sizeof spaced);
	memset(escaped, '\n', sizeof escaped);
	for (size_t len = LINE_LEN_MAX - 100; len <= sizeof plain; len += 7) {
		LOG(LOG_INFO, "test", log_slice("v", (struct text){plain, len}), log_number("after", 1));
		assert_in_range(written.len, 1, LINE_LEN_MAX);
		LOG(LOG_INFO, "test", log_slice("v", (struct text){spaced, len}), log_number("after", 1));
		assert_in_range(written.len, 1, LINE_LEN_MAX);
		LOG(LOG_INFO, "test", log_slice("v", (struct text){escaped, len}), log_number("after", 1));
		assert_in_range(written.len, 1, LINE_LEN_MAX);
	}
	LOG(LOG_INFO, "test", log_slice("a", (struct text){escaped, 300}), log_slice("b", (struct text){escaped, 300}),
	    log_slice("c", (struct text){escaped, 300}));
	assert_int_equal(written.len, LINE_LEN_MAX);
}

static void drops_what_is_above_the_level(void **state)
{
	static const enum log_level levels[] = {LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

	(void)state;
	for (size_t set = 0; set < LENGTH(levels); set++) {
		log_set_level(levels[set]);
		for (size_t i = 0; i < LENGTH(levels); i++) {
			size_t before = written.count;

			assert_int_equal(log_level(), levels[set]);
			assert_int_equal(log_enabled(levels[i]), i <= set);
			LOG(levels[i], "test", log_number("n", 1));
			assert_int_equal(written.count - before, i <= set);
		}
	}
}

/* ---- JSON ---- */

static int start_json(void **state)
{
	log_set_format(LOG_FORMAT_JSON);
	return start(state);
}

static int stop_json(void **state)
{
	log_set_format(LOG_FORMAT_TEXT);
	return stop(state);
}

static void json_has_the_same_fields(void **state)
{
	regex_t form;

	(void)state;
	LOG(LOG_WARNING, "primary-refused", log_text("zone", "dyn.example.com"), log_number("attempt", -2));
	assert_int_equal(regcomp(&form,
				 "^\\{\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z\",\"level\":\"warning\","
				 "\"event\":\"primary-refused\",\"zone\":\"dyn\\.example\\.com\",\"attempt\":-2\\}$",
				 REG_EXTENDED | REG_NOSUB),
			 0);
	assert_int_equal(regexec(&form, written.line, 0, NULL, 0), 0);
	regfree(&form);
}

static void json_escapes_what_could_forge_a_field_and_is_utf8(void **state)
{
	static const struct {
		struct text value;
		const char *field;
	} rows[] = {
		{OCTETS("a b"), "\"a b\"}"},
		{OCTETS(""), "\"\"}"},
		{OCTETS("\",\"level\":\"error"), "\"\\\",\\\"level\\\":\\\"error\"}"},
		{OCTETS("back\\slash"), "\"back\\\\slash\"}"},
		{OCTETS("a\r\nb\0c"), "\"a\\u000d\\u000ab\\u0000c\"}"},
		{OCTETS("j\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x8c\x90"),
		 "\"j\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x8c\x90\"}"},
		{OCTETS("\x7f\xc2\x85\xc2\x9b"), "\"\\u007f\\u0085\\u009b\"}"},
		{OCTETS("\xe2\x80\xae\xe2\x80\xa8"), "\"\\u202e\\u2028\"}"},
		{OCTETS("a\xffz"), "\"a" NONE "z\"}"},
		{OCTETS("\xc3"), "\"" NONE "\"}"},
		{OCTETS("\xc3z"), "\"" NONE "z\"}"},
		{OCTETS("\xe2\x82z"), "\"" NONE "z\"}"},
		{OCTETS("\xf0\x9f\x8c"), "\"" NONE "\"}"},
		{OCTETS("\xed\xa0\x80"), "\"" NONE NONE NONE "\"}"}, /* a surrogate */
		{OCTETS("\xc0\xaf"), "\"" NONE NONE "\"}"},          /* a slash, overlong */
		{OCTETS("\xf4\x90\x80\x80"), "\"" NONE NONE NONE NONE "\"}"},
		{OCTETS("\xef\xbf\xbd"), "\"" NONE "\"}"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *at;

		LOG(LOG_INFO, "test", log_slice("v", rows[i].value));
		at = strstr(written.line, "\"v\":");
		assert_non_null(at);
		assert_string_equal(at + 4, rows[i].field);
	}
}

/* Neither the bound of a value nor that of a line parts an octet from its neighbours. */
static void json_is_cut_between_code_points(void **state)
{
	static char globes[4 * 500];

	(void)state;
	for (size_t i = 0; i < sizeof globes; i++)
		globes[i] = "\xf0\x9f\x8c\x90"[i % 4];
	for (size_t len = 0; len <= sizeof globes; len++) {
		struct text value = {globes, len}, line, code_point;
		uint32_t code = 0;

		LOG(LOG_INFO, "test", log_slice("a", value), log_slice("b", value), log_slice("c", value),
		    log_slice("d", value), log_slice("e", value));
		for (line = text_of(written.line); line.len;
		     line.octets += code_point.len, line.len -= code_point.len) {
			code_point = (struct text){line.octets, utf8_next(line, &code)};
			if (code == UTF8_ILL_FORMED)
				assert_memory_equal(code_point.octets, NONE, strlen(NONE));
		}
	}
}

static void json_stays_json_however_much_there_is(void **state)
{
	static char escaped[500];

	(void)state;
	memset(escaped, '\n', sizeof escaped);
	for (size_t len = 0; len <= sizeof escaped; len++) {
		struct text value = {escaped, len};

		LOG(LOG_INFO, "test", log_slice("a", value), log_slice("b", value), log_slice("c", value),
		    log_slice("d", value), log_slice("e", value), log_slice("f", value), log_number("after", 1));
		assert_in_range(written.len, 1, LINE_LEN_MAX);
		assert_int_equal(written.line[written.len - 1], '}');
		assert_non_null(memmem(written.line, written.len, "\"after\":1", 9));
	}
	assert_string_equal(written.line + written.len - strlen(",\"after\":1,\"cut\":1}"), ",\"after\":1,\"cut\":1}");
}

static void knows_its_formats_by_name(void **state)
{
	enum log_format format;

	(void)state;
	assert_true(log_format_parse(text_of("json"), &format) && format == LOG_FORMAT_JSON);
	assert_true(log_format_parse(text_of("text"), &format) && format == LOG_FORMAT_TEXT);
	assert_false(log_format_parse(text_of("JSON"), &format));
}

static void knows_its_levels_by_name(void **state)
{
	static const struct {
		const char *name;
		enum log_level level;
	} rows[] = {{"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};
	enum log_level level;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_true(log_level_parse(text_of(rows[i].name), &level));
		assert_string_equal(log_level_name(rows[i].level), rows[i].name);
		assert_int_equal(level, rows[i].level);
	}
	assert_false(log_level_parse(text_of(""), &level));
	assert_false(log_level_parse(text_of("Info"), &level));
	assert_false(log_level_parse(text_of("information"), &level));
	assert_false(log_level_parse((struct text){"info\0", 5}, &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_time_level_event_and_fields, start, stop),
		cmocka_unit_test_setup_teardown(an_event_needs_no_fields, start, stop),
		cmocka_unit_test_setup_teardown(quotes_and_escapes_what_could_forge_a_field_or_a_line, start, stop),
		cmocka_unit_test_setup_teardown(every_octet_stays_on_its_line_in_printable_ascii, start, stop),
		cmocka_unit_test_setup_teardown(a_missing_text_is_an_empty_one, start, stop),
		cmocka_unit_test_setup_teardown(a_long_value_leaves_room_for_the_others, start, stop),
		cmocka_unit_test_setup_teardown(cuts_a_line_at_2_kib, start, stop),
		cmocka_unit_test_setup_teardown(drops_what_is_above_the_level, start, stop),
		cmocka_unit_test_setup_teardown(json_has_the_same_fields, start_json, stop_json),
		cmocka_unit_test_setup_teardown(json_escapes_what_could_forge_a_field_and_is_utf8, start_json,
						stop_json),
		cmocka_unit_test_setup_teardown(json_is_cut_between_code_points, start_json, stop_json),
		cmocka_unit_test_setup_teardown(json_stays_json_however_much_there_is, start_json, stop_json),
		cmocka_unit_test(knows_its_formats_by_name),
		cmocka_unit_test(knows_its_levels_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
