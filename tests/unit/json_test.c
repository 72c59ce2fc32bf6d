/*
 * Bodies that are JSON: which members become operands, what is no object, bounds, and that nothing of it stays in
 * memory.
 */
#include "support.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "fake_env.h"
#include "http/json.h"

#define SECRET "7c5b1d0e-a-key-in-a-body"

/* ---- What is freed ---- */

static bool watching, freed_with_secret;

#if defined(__GLIBC__) && !defined(TESTS_SANITIZED)
#define CAN_WATCH true

void __libc_free(void *memory);

/* Stands before libc's, for jansson, too. */
void free(void *memory)
{
	if (watching && memory && memmem(memory, malloc_usable_size(memory), SECRET, strlen(SECRET)))
		freed_with_secret = true;
	__libc_free(memory);
}
#else
#define CAN_WATCH false
#endif

/* ---- Reading ---- */

static struct http_params params;
static char octets[8192];

static enum status read_into(const char *json, size_t cap)
{
	struct decode_space space = {.octets = octets, .cap = cap};

	memset(&params, 0, sizeof params);
	return json_params(text_of(json), &space, &params);
}

static enum status read_json(const char *json)
{
	return read_into(json, strlen(json));
}

/* The operands as `name=value;`. */
static const char *operands(void)
{
	static char text[512];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < params.count; i++) {
		const struct http_param *param = &params.items[i];

		assert_ptr_equal(param->literal.octets, param->value.octets);
		assert_int_equal(param->literal.len, param->value.len);
		len += (size_t)snprintf(text + len, sizeof text - len, "%.*s=%.*s;", (int)param->name.len,
					param->name.octets, (int)param->value.len, param->value.octets);
	}
	return text;
}

static void strings_of_an_object_are_operands(void **state)
{
	static const struct {
		const char *json, *operands;
	} rows[] = {
		{"{}", ""},
		{"{\"a\":\"b\"}", "a=b;"},
		{" {\"txt\": \"x y+z\", \"subdomain\": \"\"} \r\n", "txt=x y+z;subdomain=;"},
		{"{\"a\":\"\\u00e9\\n\\\"\"}", "a=\xc3\xa9\n\";"},
		{"{\"a\":1,\"b\":null,\"c\":[\"x\"],\"d\":{\"e\":\"x\"},\"f\":true,\"g\":\"h\"}", "g=h;"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_row(rows[i].json, read_json(rows[i].json) == STATUS_OK);
		assert_string_equal(operands(), rows[i].operands);
	}
}

static void what_is_no_object_is_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"\"a\"",
		"null",
		"{\"a\"}",
		"{\"a\":b}",
		"{\"a\":\"b\",}",
		"{\"a\":\"b\"} x",
		"{\"a\":\"b\"}{}",
		"{\"a\":\"b\",\"a\":\"c\"}", /* which of them? */
		"{\"a\":\"b\\u0000c\"}",
		"{\"a\\u0000\":\"b\"}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\n\"}",
		"a=b&c=d",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_row(rows[i], read_json(rows[i]) == STATUS_INVALID);
		assert_int_equal(params.count, 0);
	}
}

static void nesting_without_end_is_refused(void **state)
{
	static char json[8000];

	(void)state;
	memset(json, '[', sizeof json - 1);
	memcpy(json, "{\"a\":", strlen("{\"a\":"));
	assert_int_equal(read_json(json), STATUS_INVALID);
}

static void operands_are_bounded(void **state)
{
	char json[HTTP_PARAMS_MAX * 16] = "{";

	(void)state;
	for (size_t i = 0; i < HTTP_PARAMS_MAX; i++)
		snprintf(json + strlen(json), sizeof json - strlen(json), "%s\"n%zu\":\"v\"", i ? "," : "", i);
	strcat(json, "}");
	assert_int_equal(read_json(json), STATUS_OK);
	assert_int_equal(params.count, HTTP_PARAMS_MAX);
	strcpy(strchr(json, '}'), ",\"m\":\"v\"}");
	assert_int_equal(read_json(json), STATUS_TOO_LONG);
}

static void the_space_is_not_overrun(void **state)
{
	(void)state;
	assert_int_equal(read_into("{\"ab\":\"cde\"}", 5), STATUS_OK);
	for (size_t cap = 0; cap < 5; cap++)
		assert_int_equal(read_into("{\"ab\":\"cde\"}", cap), STATUS_TOO_LONG);
}

static void nothing_of_it_stays_in_memory(void **state)
{
	static const char *const rows[] = {
		"{\"key\":\"" SECRET "\"}",
		"{\"key\":\"" SECRET "\"", /* refused */
		"{\"" SECRET "\":[\"" SECRET "\"]}",
	};

	(void)state;
	if (!CAN_WATCH)
		skip();
	for (size_t i = 0; i < LENGTH(rows); i++) {
		enum status status;

		watching = true;
		status = read_json(rows[i]);
		watching = false;
		assert_row(rows[i], status == (i == 1 ? STATUS_INVALID : STATUS_OK));
		assert_row(rows[i], !freed_with_secret);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_of_an_object_are_operands), cmocka_unit_test(what_is_no_object_is_refused),
		cmocka_unit_test(nesting_without_end_is_refused),    cmocka_unit_test(operands_are_bounded),
		cmocka_unit_test(the_space_is_not_overrun),          cmocka_unit_test(nothing_of_it_stays_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
