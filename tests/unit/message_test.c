/*
 * HTTP messages as plain data: finding operands, and building a body that is bounded.
 */
#include "support.h"

#include "http/message.h"

static struct http_params three_operands(void)
{
	return (struct http_params){
		.count = 3,
		.items =
			{
				{.name = text_of("host"), .value = text_of("first")},
				{.name = text_of("ip"), .value = text_of("192.0.2.1")},
				{.name = text_of("host"), .value = text_of("second")},
				{.name = text_of("behind"), .value = text_of("the count")},
			},
	};
}

static void finds_the_first_operand_of_a_name(void **state)
{
	struct http_params params = three_operands();

	(void)state;
	assert_ptr_equal(http_param_find(&params, "host"), &params.items[0]);
	assert_ptr_equal(http_param_find(&params, "ip"), &params.items[1]);
	assert_true(text_equal(http_param_value(&params, "ip"), params.items[1].value));
}

static void finds_nothing_that_is_not_there(void **state)
{
	static const char *const names[] = {"Host", "hos", "hostname", "", "behind"};
	struct http_params params = three_operands();

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		assert_null(http_param_find(&params, names[i]));
		assert_int_equal(http_param_value(&params, names[i]).len, 0);
		assert_int_equal(http_param_count(&params, names[i]), 0);
	}
}

static void a_nul_in_a_name_makes_it_another_name(void **state)
{
	struct http_params params = {.count = 1, .items = {{.name = OCTETS("host\0x")}}};

	(void)state;
	assert_null(http_param_find(&params, "host"));
}

static void counts_how_often_an_operand_was_given(void **state)
{
	struct http_params params = three_operands();

	(void)state;
	assert_int_equal(http_param_count(&params, "host"), 2);
	assert_int_equal(http_param_count(&params, "ip"), 1);
}

static void an_empty_response_has_nothing_in_it(void **state)
{
	struct http_response response;

	(void)state;
	memset(&response, 0xff, sizeof response);
	http_response_init(&response);
	assert_int_equal(response.status, 0);
	assert_null(response.content_type);
	assert_false(response.challenge);
	assert_int_equal(response.retry_after_s, 0);
	assert_int_equal(response.allow, 0);
	assert_int_equal(response.body_len, 0);
}

static void a_body_grows_by_what_is_added(void **state)
{
	struct http_response response;

	(void)state;
	http_response_init(&response);
	http_response_add(&response, "%s", "NF_HOST");
	http_response_add(&response, "%s", "");
	http_response_add(&response, " %s %d\n", "www.example.com", 4);
	assert_text((struct text){response.body, response.body_len}, "NF_HOST www.example.com 4\n");
}

static void what_does_not_fit_into_a_body_is_cut(void **state)
{
	static const char guard[8] = "guard!!";
	struct {
		struct http_response response;
		char guard[8];
	} held;

	(void)state;
	for (size_t piece = 1; piece < 2 * HTTP_BODY_MAX; piece = piece * 2 + 1) {
		static char octets[2 * HTTP_BODY_MAX];

		memset(octets, 'x', sizeof octets);
		memcpy(held.guard, guard, sizeof guard);
		http_response_init(&held.response);
		for (size_t added = 0; added <= 2 * HTTP_BODY_MAX; added += piece) {
			http_response_add(&held.response, "%.*s", (int)piece, octets);
			assert_in_range(held.response.body_len, 1, HTTP_BODY_MAX);
		}
		assert_in_range(held.response.body_len, HTTP_BODY_MAX - 1, HTTP_BODY_MAX);
		assert_memory_equal(held.response.body, octets, held.response.body_len);
		assert_memory_equal(held.guard, guard, sizeof guard);
	}
}

static void a_plain_answer_is_one_line_and_replaces_the_body(void **state)
{
	struct http_response response;

	(void)state;
	http_response_init(&response);
	http_response_add(&response, "something else");
	http_response_plain(&response, 404, "404 100%s Not Found");
	assert_int_equal(response.status, 404);
	assert_true(strncmp(response.content_type, "text/plain", strlen("text/plain")) == 0);
	assert_text((struct text){response.body, response.body_len}, "404 100%s Not Found\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_first_operand_of_a_name),
		cmocka_unit_test(finds_nothing_that_is_not_there),
		cmocka_unit_test(a_nul_in_a_name_makes_it_another_name),
		cmocka_unit_test(counts_how_often_an_operand_was_given),
		cmocka_unit_test(an_empty_response_has_nothing_in_it),
		cmocka_unit_test(a_body_grows_by_what_is_added),
		cmocka_unit_test(what_does_not_fit_into_a_body_is_cut),
		cmocka_unit_test(a_plain_answer_is_one_line_and_replaces_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
