/*
 * The dialects of certificate clients, acme-dns and httpreq: what they understand of a request, and their answers.
 */
#include "asked.h"

#include "http/json.h"

#define CHALLENGE  "_acme-challenge.www.example.com"
#define RAW        "{\"domain\":\"www.example.com\",\"token\":\"t\",\"keyAuth\":\"t.thumb3\"}"
#define RAW_DIGEST "SX2UVTJIWACHxRYkcdVRu-gX3h2bEKbAuxafpHU_Hho"

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
	static const char *const kinds[] = {
		[INTENT_SET] = "set", [INTENT_ADD] = "add", [INTENT_DROP] = "drop", [INTENT_ROTATE] = "rotate"};
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
	assert_in_range(intent->kind, INTENT_SET, INTENT_ROTATE);
	say(&words, "%s", kinds[intent->kind]);
	say_text(&words, " ", intent->readings[0].login);
	say_text(&words, ":", intent->readings[0].key);
	say_text(&words,
		 intent->host_form == HOSTS_LABELS ? " label "
		 : intent->challenge               ? " below "
						   : " ",
		 intent->hosts[0]);
	say_text(&words, " ", intent->data);
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
		{{"/update/", "{\"subdomain\":\"nas\"}", "u:k", NULL}, "acmedns", "rotate u:k label nas "},
		{{"/update", "{\"txt\":\"proof\"}", "u:k", NULL}, "acmedns", "missing-host"},
		{{"/update", "{\"txt\":\"proof\"}", NULL, NULL}, "acmedns", "missing-login"},
		{{"/update", "{}", "u:k", NULL}, "acmedns", "missing-host"},
		{{"/update", "{}", ":k", NULL}, "acmedns", "missing-login"},
		/* A proxy may add such headers to what is of others. */
		{{"/update?domains=nas&token=T-1&txt=proof", "{}", "u:k", NULL}, "duckdns", "set :T-1 label nas proof"},

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
		{{"/present", "{}", NULL, "u:k"}, "httpreq", "missing-host"},
		{{"/present/", "{\"fqdn\":1,\"value\":\"proof\"}", NULL, "u:k"}, "httpreq", "missing-host"},

		/* lego's mode RAW. The digest is that of RFC 8555's way, found by another program. */
		{{"/present", RAW, NULL, "u:k"}, "httpreq", "add u:k below www.example.com " RAW_DIGEST},
		{{"/cleanup", RAW, NULL, "u:k"}, "httpreq", "drop u:k below www.example.com " RAW_DIGEST},
		{{"/present", "{\"keyAuth\":\"t.thumb\"}", NULL, "u:k"}, "httpreq", "missing-host"},
		{{"/present", "{\"domain\":\"www.example.com\"}", NULL, "u:k"},
		 "httpreq",
		 "add u:k below www.example.com "},
		{{"/present", "{\"fqdn\":\"" CHALLENGE "\",\"domain\":\"x.example.com\",\"value\":\"proof\"}", NULL,
		  "u:k"},
		 "httpreq",
		 "add u:k " CHALLENGE " proof"},

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

/* Who sets a client up sees what it gets; a word would not say which member it is about. */
static void says_what_is_wrong_with_a_request(void **state)
{
	static const struct {
		struct posted posted;
		enum outcome_code code;
		const char *body;
	} rows[] = {
		{{"/present", "{}", NULL, "u:k"},
		 OUTCOME_MISSING_HOST,
		 "{\"error\": \"there is no \\\"fqdn\\\": the body is to be a JSON object with the strings \\\"fqdn\\\" and "
		 "\\\"value\\\"\"}\n"},
		{{"/present", "{\"fqdn\":\"x.example\"}", NULL, "u:k"},
		 OUTCOME_BAD_TEXT,
		 "{\"error\": \"there is no \\\"value\\\": the body is to be a JSON object with the strings \\\"fqdn\\\" and "
		 "\\\"value\\\"\"}\n"},
		{{"/present", "{\"domain\":\"x.example\"}", NULL, "u:k"},
		 OUTCOME_BAD_TEXT,
		 "{\"error\": \"there is no \\\"keyAuth\\\": the body is to be a JSON object with the strings \\\"domain\\\" "
		 "and \\\"keyAuth\\\"\"}\n"},
		{{"/update", "{\"txt\":\"x\"}", "u:k", NULL},
		 OUTCOME_MISSING_HOST,
		 "{\"error\": \"there is no \\\"subdomain\\\": the body is to be a JSON object with the strings "
		 "\\\"subdomain\\\" and \\\"txt\\\"\"}\n"},
		{{"/update", "{\"subdomain\":\"a b\",\"txt\":\"x\"}", "u:k", NULL},
		 OUTCOME_BAD_HOST,
		 "{\"error\": \"\\\"subdomain\\\" is no name of a host\"}\n"},
		{{"/update", "{\"subdomain\":\"a\",\"txt\":\"\\n\"}", "u:k", NULL},
		 OUTCOME_BAD_TEXT,
		 "{\"error\": \"\\\"txt\\\" is not 1 to 255 printable ASCII characters\"}\n"},
	};
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct outcome outcome = {.code = rows[i].code};
		struct http_response response;

		post(&asked, &rows[i].posted);
		understood_txt(&asked, &intent);
		render_all(&asked, &intent, &outcome, 1, &response);
		assert_text(body_of(&response), rows[i].body);
		assert_int_equal(response.status, 400);
		assert_string_equal(response.content_type, "application/json");
	}
}

/* Clients of acme-dns that have no account, and whatever looks if the server is there. */
static void registers_nobody_and_is_alive(void **state)
{
	static const struct {
		const char *path;
		enum http_method method;
		enum outcome_code code;
		int status;
		const char *word;
	} rows[] = {
		{"/register", HTTP_POST, OUTCOME_NOT_ALLOWED, 403, "administrator"},
		{"/register/", HTTP_POST, OUTCOME_NOT_ALLOWED, 403, "administrator"},
		{"/health", HTTP_GET, OUTCOME_ALIVE, 200, "alive"},
		{"/health/", HTTP_HEAD, OUTCOME_ALIVE, 200, "alive"},
	};
	static struct asked asked;
	struct intent intent = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct outcome outcome = {.code = rows[i].code};
		struct http_response response;

		ask(&asked, rows[i].path, NULL, NULL);
		asked.request.method = rows[i].method;
		assert_row(rows[i].path, strcmp(served_by(&asked), "acmedns") == 0);
		assert_int_equal(dialect_for(&asked)->parse(&asked.request, &intent), rows[i].code);
		render_all(&asked, &intent, &outcome, 1, &response);
		assert_int_equal(response.status, rows[i].status);
		assert_string_equal(response.content_type, "application/json");
		assert_row(rows[i].word, contains_word(body_of(&response), rows[i].word));
	}
}

/* What is refused before any dialect has seen it, or by another method. */
static void speaks_json_wherever_its_clients_ask(void **state)
{
	static const struct {
		const char *path;
		enum http_method method;
		const char *api_user;
		bool json;
	} rows[] = {
		{"/present", HTTP_POST, "", true},    {"/present/", HTTP_GET, "", true},
		{"/cleanup", HTTP_OTHER, "", true},   {"/register", HTTP_GET, "", true},
		{"/health", HTTP_POST, "", true},     {"/update", HTTP_POST, "u", true},
		{"/update", HTTP_OTHER, "u", true},   {"/update", HTTP_GET, "u", false}, /* dyndns2's */
		{"/update", HTTP_POST, "", false},    {"/nic/update", HTTP_POST, "u", false},
		{"/present/x", HTTP_POST, "", false}, {"/", HTTP_POST, "u", false},
	};
	static struct asked asked;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		ask(&asked, rows[i].path, NULL, NULL);
		asked.request.method = rows[i].method;
		asked.request.api_user = text_of(rows[i].api_user);
		assert_row(rows[i].path, dialects_speak_json(&asked.request) == rows[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_requests),
		cmocka_unit_test(takes_post_only),
		cmocka_unit_test(answers_success_with_the_text_as_json),
		cmocka_unit_test(every_failure_has_a_status_of_one),
		cmocka_unit_test(says_what_is_wrong_with_a_request),
		cmocka_unit_test(registers_nobody_and_is_alive),
		cmocka_unit_test(speaks_json_wherever_its_clients_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
