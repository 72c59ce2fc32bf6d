/*
 * The dialects of certificate clients, acme-dns and httpreq: what they understand of a request, and their answers.
 */
#include "asked.h"

#include "http/json.h"

#define CHALLENGE "_acme-challenge.www.example.com"

/* A JSON object posted to that path, with X-Api-User and X-Api-Key or Basic credentials, as `user:key`, or none. */
struct posted {
	const char *path, *json, *api, *basic;
};

static void post(struct asked *asked, const struct posted *posted)
{
	ask(asked, posted->path, "", posted->basic);
	assert_int_equal(json_params(text_of(posted->json), &asked->space, &asked->request.params), STATUS_OK);
	if (posted->api)
		text_split(text_of(posted->api), ':', &asked->request.api_user, &asked->request.api_key);
}

/* `KIND LOGIN:KEY HOST TEXT`, or the outcome that ends it. */
static const char *understood_txt(const struct asked *asked, struct intent *intent)
{
	static const char *const kinds[] = {[INTENT_TXT_SET] = "set",
					    [INTENT_TXT_ADD] = "add",
					    [INTENT_TXT_DROP] = "drop",
					    [INTENT_TXT_ROTATE] = "rotate"};
	static struct words words;
	enum outcome_code code;

	*intent = (struct intent){0};
	code = dialect_for(asked)->parse(&asked->request, intent);
	words.len = 0;
	if (code != OUTCOME_GRANTED)
		return outcome_text(code);
	assert_int_equal(intent->reading_count, 1);
	assert_int_equal(intent->host_count, 1);
	assert_int_equal(intent->address_count, 0);
	assert_in_range(intent->kind, INTENT_TXT_SET, INTENT_TXT_ROTATE);
	say(&words, "%s", kinds[intent->kind]);
	say_text(&words, " ", intent->readings[0].login);
	say_text(&words, ":", intent->readings[0].key);
	say_text(&words, intent->host_form == HOSTS_LABELS ? " label " : " ", intent->hosts[0]);
	say_text(&words, " ", intent->txt);
	return words.text;
}

static void understands_requests(void **state)
{
	static const struct {
		struct posted posted;
		const char *dialect, *understood;
	} rows[] = {
		{{"/update", "{\"subdomain\":\"nas\",\"txt\":\"proof\"}", "u:k", NULL},
		 "acmedns",
		 "rotate u:k label nas proof"},
		{{"/update", "{\"txt\":\"a b\", \"subdomain\":\"" CHALLENGE "\"}", "u:k", NULL},
		 "acmedns",
		 "rotate u:k label " CHALLENGE " a b"},
		{{"/update", "{\"subdomain\":\"nas\",\"txt\":\"proof\"}", NULL, "u:k"}, "acmedns", "missing-login"},
		{{"/update", "{\"subdomain\":\"nas\",\"txt\":\"proof\"}", "u:", NULL}, "acmedns", "missing-key"},
		{{"/update", "{\"subdomain\":\"\",\"txt\":\"proof\"}", "u:k", NULL}, "acmedns", "missing-host"},
		{{"/update", "{\"subdomain\":\"nas\"}", "u:k", NULL}, "dyndns2", "missing-login"},

		{{"/present", "{\"fqdn\":\"" CHALLENGE ".\",\"value\":\"proof\"}", NULL, "u:k"},
		 "httpreq",
		 "add u:k " CHALLENGE ". proof"},
		{{"/cleanup", "{\"fqdn\":\"" CHALLENGE ".\",\"value\":\"proof\"}", NULL, "u:k"},
		 "httpreq",
		 "drop u:k " CHALLENGE ". proof"},
		{{"/present", "{\"fqdn\":\"" CHALLENGE ".\",\"value\":\"proof\"}", NULL, NULL},
		 "httpreq",
		 "missing-login"},
		{{"/present", "{\"fqdn\":\"" CHALLENGE ".\",\"value\":\"proof\"}", NULL, "u:"},
		 "httpreq",
		 "missing-key"},
		{{"/cleanup", "{\"value\":\"proof\"}", NULL, "u:k"}, "httpreq", "missing-host"},
		/* Two URLs as one: the first says what is meant. */
		{{"/present%20http://gw.example/cleanup", "{\"fqdn\":\"" CHALLENGE "\",\"value\":\"proof\"}", NULL,
		  "u:k"},
		 "httpreq",
		 "add u:k " CHALLENGE " proof"},
		{{"/cleanup%20http://gw.example/present", "{\"fqdn\":\"" CHALLENGE "\",\"value\":\"proof\"}", NULL,
		  "u:k"},
		 "httpreq",
		 "drop u:k " CHALLENGE " proof"},
	};
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		post(&asked, &rows[i].posted);
		assert_row(rows[i].posted.json, strcmp(served_by(&asked), rows[i].dialect) == 0);
		assert_string_equal(understood_txt(&asked, &intent), rows[i].understood);
	}
}

static void takes_post_only(void **state)
{
	static const struct posted rows[] = {
		{"/update", "{\"subdomain\":\"nas\",\"txt\":\"proof\"}", "u:k", NULL},
		{"/present", "{\"fqdn\":\"" CHALLENGE "\",\"value\":\"proof\"}", NULL, "u:k"},
		{"/cleanup", "{\"fqdn\":\"" CHALLENGE "\",\"value\":\"proof\"}", NULL, "u:k"},
	};
	static const enum http_method others[] = {HTTP_GET, HTTP_HEAD, HTTP_PUT, HTTP_OTHER};
	static struct asked asked;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (size_t k = 0; k < LENGTH(others); k++) {
			post(&asked, &rows[i]);
			asked.request.method = others[k];
			assert_row(rows[i].path, strcmp(served_by(&asked), "acmedns") != 0 &&
							 strcmp(served_by(&asked), "httpreq") != 0);
		}
	}
}

static void answers_success_with_the_text_as_json(void **state)
{
	static const struct {
		struct posted posted;
		const char *body;
	} rows[] = {
		{{"/update", "{\"subdomain\":\"nas\",\"txt\":\"proof\"}", "u:k", NULL}, "{\"txt\": \"proof\"}\n"},
		{{"/update", "{\"subdomain\":\"nas\",\"txt\":\"a\\\"b\\\\c\"}", "u:k", NULL},
		 "{\"txt\": \"a\\\"b\\\\c\"}\n"},
		{{"/present", "{\"fqdn\":\"" CHALLENGE "\",\"value\":\"proof\"}", NULL, "u:k"},
		 "{\"value\": \"proof\"}\n"},
	};
	static const enum outcome_code codes[] = {OUTCOME_CHANGED, OUTCOME_UNCHANGED};
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (size_t k = 0; k < LENGTH(codes); k++) {
			struct outcome outcome = {.code = codes[k]};
			struct http_response response;

			post(&asked, &rows[i].posted);
			understood_txt(&asked, &intent);
			render_all(&asked, &intent, &outcome, 1, &response);
			assert_text(body_of(&response), rows[i].body);
			assert_int_equal(response.status, 200);
			assert_string_equal(response.content_type, "application/json");
		}
	}
}

/* Any status below 400 is success to these clients, so errors_as_200 is not for them. */
static void every_failure_has_a_status_of_one(void **state)
{
	static const struct posted rows[] = {
		{"/update", "{\"subdomain\":\"nas\",\"txt\":\"proof\"}", "u:k", NULL},
		{"/present", "{\"fqdn\":\"" CHALLENGE "\",\"value\":\"proof\"}", NULL, "u:k"},
	};
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		for (size_t k = 0; k < LENGTH(all_outcomes); k++) {
			struct outcome outcome = {.code = all_outcomes[k]};
			struct http_response response;

			if (is_success(all_outcomes[k]))
				continue;
			post(&asked, &rows[i]);
			asked.request.errors_as_200 = k % 2;
			understood_txt(&asked, &intent);
			render_all(&asked, &intent, &outcome, 1, &response);
			assert_row(outcome_text(all_outcomes[k]), response.status >= 400 && response.status <= 503);
			assert_row(outcome_text(all_outcomes[k]), contains_word(body_of(&response), "{\"error\": \""));
			assert_row(outcome_text(all_outcomes[k]), !contains_word(body_of(&response), "proof"));
			assert_row(outcome_text(all_outcomes[k]), response.challenge == (response.status == 401));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_requests),
		cmocka_unit_test(takes_post_only),
		cmocka_unit_test(answers_success_with_the_text_as_json),
		cmocka_unit_test(every_failure_has_a_status_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
