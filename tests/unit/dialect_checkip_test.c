/*
 * Telling clients their address: in the form that they scrape, and as plain text.
 */
#include "support.h"

#include "dialect/dialect.h"

#define PAGE(address)                                                                                                  \
	"<html><head><title>Current IP Check</title></head><body>Current IP Address: " address "</body></html>"

static const char *const pages[] = {"/checkip.cgi", "/checkip", "/"};

static void answer_to(const char *path, enum http_method method, const char *source, struct http_response *response)
{
	struct http_request request = {.method = method, .path = text_of(path), .source = addr_of(source)};
	struct outcome outcome = {.code = OUTCOME_ADDRESS};
	struct intent intent = {0};
	unsigned allowed;
	const struct dialect *dialect = dialects_find(&request, &allowed);

	assert_non_null(dialect);
	assert_string_equal(dialect->name, "checkip");
	assert_int_equal(dialect->parse(&request, &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.kind, INTENT_SHOW_ADDRESS);
	http_response_init(response);
	dialect->render(&(struct dialect_answer){&request, &intent, &outcome, 1}, response);
	assert_int_equal(response->status, 200);
	assert_false(response->challenge);
}

/* Clients scrape the first thing that looks like an address. */
static void where_nobody_knows_it_the_answer_holds_none(void **state)
{
	static const char *const paths[] = {"/checkip.cgi", "/checkip/", "/", "/myip", "/myip/"};

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		struct http_request request = {.method = HTTP_GET, .path = text_of(paths[i])};
		struct outcome outcome = {.code = OUTCOME_NO_ADDRESS};
		struct intent intent = {.kind = INTENT_SHOW_ADDRESS};
		struct http_response response;
		unsigned allowed;

		http_response_init(&response);
		dialects_find(&request, &allowed)
			->render(&(struct dialect_answer){&request, &intent, &outcome, 1}, &response);
		assert_int_equal(response.status, 503);
		assert_true(response.retry_after_s > 0);
		for (size_t k = strlen("503"); k < response.body_len; k++)
			assert_true(!strchr(".:0123456789", response.body[k]));
	}
}

static bool has_type(const struct http_response *response, const char *type)
{
	return strncmp(response->content_type, type, strlen(type)) == 0;
}

static void a_page_holds_exactly_one_address_in_the_form_that_clients_scrape(void **state)
{
	static const struct {
		const char *source, *page;
	} rows[] = {
		{"203.0.113.77", PAGE("203.0.113.77")},
		{"2001:DB8::77", PAGE("2001:db8::77")},
		{"::1", PAGE("::1")},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (size_t k = 0; k < LENGTH(pages); k++) {
			struct http_response response;
			size_t len = strlen(rows[i].page);

			answer_to(pages[k], HTTP_GET, rows[i].source, &response);
			assert_true(has_type(&response, "text/html"));
			assert_true(response.body_len >= len);
			assert_memory_equal(response.body, rows[i].page, len);
			assert_text((struct text){response.body + len, response.body_len - len}, "\n");
		}
	}
}

static void myip_is_the_address_alone(void **state)
{
	struct http_response response;

	(void)state;
	answer_to("/myip", HTTP_GET, "203.0.113.77", &response);
	assert_true(has_type(&response, "text/plain"));
	assert_text((struct text){response.body, response.body_len}, "203.0.113.77\n");
	answer_to("/myip", HTTP_GET, "2001:db8::77", &response);
	assert_text((struct text){response.body, response.body_len}, "2001:db8::77\n");
	answer_to("/myip http://gw.example/", HTTP_GET, "203.0.113.77", &response); /* two URLs as one */
	assert_text((struct text){response.body, response.body_len}, "203.0.113.77\n");
}

static void head_is_served_as_get_is(void **state)
{
	struct http_response get, head;

	(void)state;
	answer_to("/checkip.cgi", HTTP_GET, "203.0.113.77", &get);
	answer_to("/checkip.cgi", HTTP_HEAD, "203.0.113.77", &head);
	assert_int_equal(get.body_len, head.body_len);
	assert_memory_equal(get.body, head.body, get.body_len);
}

static void other_methods_are_not_allowed(void **state)
{
	static const enum http_method methods[] = {HTTP_POST, HTTP_PUT, HTTP_OTHER};

	(void)state;
	for (size_t i = 0; i < LENGTH(methods); i++) {
		for (size_t k = 0; k < LENGTH(pages); k++) {
			struct http_request request = {.method = methods[i], .path = text_of(pages[k])};
			unsigned allowed = 0;

			assert_null(dialects_find(&request, &allowed));
			assert_int_equal(allowed, HTTP_GET | HTTP_HEAD);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_nobody_knows_it_the_answer_holds_none),
		cmocka_unit_test(a_page_holds_exactly_one_address_in_the_form_that_clients_scrape),
		cmocka_unit_test(myip_is_the_address_alone),
		cmocka_unit_test(head_is_served_as_get_is),
		cmocka_unit_test(other_methods_are_not_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
