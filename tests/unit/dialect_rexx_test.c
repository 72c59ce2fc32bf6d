/*
 * The Rexx dialect: what it understands of a request, and its answer to every outcome, as pairs of a table.
 */
#include "asked.h"
#include "dialect/operands.h"

#define CREDENTIALS "user=myLogin&password=ER2T"
#define HOST        "host=www.myname.com"

/* ---- Requests ---- */

static const struct dialect *rexx_for(const struct asked *asked)
{
	assert_string_equal(served_by(asked), "rexx");
	return dialect_for(asked);
}

static enum outcome_code parse(struct asked *asked, const char *query, struct intent *intent)
{
	char target[512] = "/dynamic.cgi?";

	strncat(target, query, sizeof target - strlen(target) - 1);
	ask(asked, target, NULL, NULL);
	*intent = (struct intent){0};
	return rexx_for(asked)->parse(&asked->request, intent);
}

/* ---- Answers ---- */

/* How rexx-api.md words each code. */
static const struct code {
	const char *code;
	int status;
	bool retry_after;
} codes[] = {
	{"OK", 200, false},        {"MO_HOST", 400, false}, {"MO_USER", 401, false}, {"MO_PWD", 401, false},
	{"NF_HOST", 404, false},   {"NF_USR", 401, false},  {"NF_KEY", 401, false},  {"NP_USR", 403, false},
	{"OS_DOMAIN", 403, false}, {"OD_KEY", 401, false},  {"IA_ACCT", 403, false}, {"IO_HOST", 400, false},
	{"IO_IP", 400, false},     {"TM_REQ", 429, true},   {"SF_DNS", 502, false},  {"UA_DNS", 503, true},
};

/* The code that the body begins with. */
static const struct code *code_of(const struct http_response *response)
{
	size_t len = 0;

	while (len < response->body_len && response->body[len] != ' ' && response->body[len] != '\n')
		len++;
	for (size_t i = 0; i < LENGTH(codes); i++) {
		if (text_equal((struct text){response->body, len}, text_of(codes[i].code)))
			return &codes[i];
	}
	return NULL;
}

/* One line of printable ASCII and its newline. */
static bool is_one_line(const struct http_response *response)
{
	for (size_t i = 0; i + 1 < response->body_len; i++) {
		if (response->body[i] < ' ' || response->body[i] > '~')
			return false;
	}
	return response->body_len > 0 && response->body[response->body_len - 1] == '\n';
}

static void assert_well_worded(const char *row, const struct http_response *response)
{
	const struct code *code = code_of(response);

	assert_row(row, code != NULL);
	assert_row(row, response->status == code->status);
	assert_row(row, response->challenge == (code->status == 401)); /* RFC 9110 section 15.5.2 */
	assert_row(row, (response->retry_after_s > 0) == code->retry_after);
	assert_row(row, response->allow == 0);
	assert_row(row, strncmp(response->content_type, "text/plain", strlen("text/plain")) == 0);
	assert_row(row, is_one_line(response));
}

static void render(struct asked *asked, const struct intent *intent, struct outcome outcome,
		   struct http_response *response)
{
	render_all(asked, intent, &outcome, 1, response);
}

/* ---- Pairs of request and answer ---- */

static void answers_each_request_and_outcome_with_its_code(void **state)
{
	static const struct {
		const char *target, *form, *basic;
		enum outcome_code granted; /* what becomes of it if parsing does not end it */
		enum rr_type missing;
		const char *code;
		const char *body; /* NULL: words may follow the code */
	} rows[] = {
		{"/dynamic.cgi?" HOST "&ip=1.2.3.4&" CREDENTIALS, NULL, NULL, OUTCOME_CHANGED, 0, "OK", "OK\n"},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_CHANGED, 0, "OK", "OK\n"},
		{"/dynamic.cgi?" HOST, NULL, "myLogin:ER2T", OUTCOME_CHANGED, 0, "OK", "OK\n"},
		{"/dynamic.cgi", HOST "&ip=1.2.3.4&" CREDENTIALS, NULL, OUTCOME_CHANGED, 0, "OK", "OK\n"},
		{"/dynamic.cgi?" HOST, CREDENTIALS, NULL, OUTCOME_CHANGED, 0, "OK", "OK\n"},
		{"http://gw.example//dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_CHANGED, 0, "OK", "OK\n"},

		{"/dynamic.cgi", NULL, NULL, OUTCOME_CHANGED, 0, "MO_HOST", NULL},
		{"/dynamic.cgi?" CREDENTIALS, NULL, NULL, OUTCOME_CHANGED, 0, "MO_HOST", NULL},
		{"/dynamic.cgi?host=&" CREDENTIALS, NULL, NULL, OUTCOME_CHANGED, 0, "MO_HOST", NULL},
		{"/dynamic.cgi?host&" CREDENTIALS, NULL, NULL, OUTCOME_CHANGED, 0, "MO_HOST", NULL},
		{"/dynamic.cgi?hostname=www.myname.com&" CREDENTIALS, NULL, NULL, OUTCOME_CHANGED, 0, "MO_HOST", NULL},
		{"/dynamic.cgi?HOST=www.myname.com&amp;USER=myLogin&amp;Password=ER2T", NULL, NULL, OUTCOME_CHANGED, 0,
		 "OK", "OK\n"},
		{"/dynamic.cgi?user=myLogin", NULL, NULL, OUTCOME_CHANGED, 0, "MO_HOST", NULL},

		{"/dynamic.cgi?" HOST, NULL, NULL, OUTCOME_CHANGED, 0, "MO_USER", NULL},
		{"/dynamic.cgi?" HOST "&password=ER2T", NULL, NULL, OUTCOME_CHANGED, 0, "MO_USER", NULL},
		{"/dynamic.cgi?" HOST "&user=&password=ER2T", NULL, NULL, OUTCOME_CHANGED, 0, "MO_USER", NULL},
		{"/dynamic.cgi?" HOST "&user=&password=", NULL, NULL, OUTCOME_CHANGED, 0, "MO_USER", NULL},
		{"/dynamic.cgi?" HOST "&user&password=ER2T", NULL, NULL, OUTCOME_CHANGED, 0, "MO_USER", NULL},
		{"/dynamic.cgi?" HOST "&password=ER2T", NULL, "myLogin:ER2T", OUTCOME_CHANGED, 0, "MO_USER", NULL},
		{"/dynamic.cgi?" HOST, NULL, ":ER2T", OUTCOME_CHANGED, 0, "MO_USER", NULL},
		{"/dynamic.cgi?" HOST, NULL, ":", OUTCOME_CHANGED, 0, "MO_USER", NULL},

		{"/dynamic.cgi?" HOST "&user=myLogin", NULL, NULL, OUTCOME_CHANGED, 0, "MO_PWD", NULL},
		{"/dynamic.cgi?" HOST "&user=myLogin&password=", NULL, NULL, OUTCOME_CHANGED, 0, "MO_PWD", NULL},
		{"/dynamic.cgi?" HOST "&user=myLogin&password", NULL, NULL, OUTCOME_CHANGED, 0, "MO_PWD", NULL},
		{"/dynamic.cgi?" HOST "&user=myLogin", NULL, "myLogin:ER2T", OUTCOME_CHANGED, 0, "MO_PWD", NULL},
		{"/dynamic.cgi?" HOST, NULL, "myLogin:", OUTCOME_CHANGED, 0, "MO_PWD", NULL},

		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_NO_SUCH_LOGIN, 0, "NF_USR", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_NO_KEY, 0, "NF_KEY", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_WRONG_KEY, 0, "OD_KEY", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_ACCOUNT_INACTIVE, 0, "IA_ACCT", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_MAY_NOT_UPDATE, 0, "NP_USR", NULL},
		{"/dynamic.cgi?host=a..b&" CREDENTIALS, NULL, NULL, OUTCOME_BAD_HOST, 0, "IO_HOST", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_NOT_YOURS, 0, "OS_DOMAIN", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_ZONE_INACTIVE, 0, "IA_ACCT", NULL},
		{"/dynamic.cgi?" HOST "&ip=x&" CREDENTIALS, NULL, NULL, OUTCOME_BAD_ADDRESS, 0, "IO_IP", NULL},
		{"/dynamic.cgi?" HOST "&wan_ip=x&" CREDENTIALS, NULL, NULL, OUTCOME_NO_ADDRESS, 0, "IO_IP", NULL},

		{"/dynamic.cgi?" HOST "&ip=1.2.3.4&" CREDENTIALS, NULL, NULL, OUTCOME_NO_RECORD, RR_A, "NF_HOST",
		 "NF_HOST www.myname.com A\n"},
		{"/dynamic.cgi?" HOST "&ip=2001:db8::1&" CREDENTIALS, NULL, NULL, OUTCOME_NO_RECORD, RR_AAAA, "NF_HOST",
		 "NF_HOST www.myname.com AAAA\n"},
		{"/dynamic.cgi?host=WWW.MyName.com.&" CREDENTIALS, NULL, NULL, OUTCOME_NO_RECORD, RR_A, "NF_HOST",
		 "NF_HOST www.myname.com A\n"},
		{"/dynamic.cgi?host=%2A.MyName.com&" CREDENTIALS, NULL, NULL, OUTCOME_NO_RECORD, RR_A, "NF_HOST",
		 "NF_HOST *.myname.com A\n"},

		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_REFUSED, 0, "SF_DNS", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_REFUSED_UNSIGNED, 0, "SF_DNS", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_UNREACHABLE, 0, "UA_DNS", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_UNKNOWN, 0, "UA_DNS", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_BUSY, 0, "UA_DNS", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_OVERTAKEN, 0, "UA_DNS", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_LATE, 0, "UA_DNS", NULL},
		{"/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, NULL, OUTCOME_FAILED, 0, "UA_DNS", NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct intent intent = {0};
		struct http_response response;
		static struct asked asked;
		enum outcome_code code;

		ask(&asked, rows[i].target, rows[i].form, rows[i].basic);
		code = rexx_for(&asked)->parse(&asked.request, &intent);
		if (code == OUTCOME_GRANTED)
			code = rows[i].granted;
		render(&asked, &intent, (struct outcome){.code = code, .missing = rows[i].missing}, &response);
		assert_well_worded(rows[i].target, &response);
		assert_string_equal(code_of(&response)->code, rows[i].code);
		if (rows[i].body)
			assert_text(body_of(&response), rows[i].body);
	}
}

/* Whether the outcome is one that an update can end with. */
static bool ends_an_update(enum outcome_code code)
{
	return code != OUTCOME_GRANTED && code != OUTCOME_ADDRESS && code != OUTCOME_ALIVE;
}

static void every_outcome_is_well_worded_and_only_success_is_ok(void **state)
{
	static struct asked asked;
	struct intent intent;

	(void)state;
	assert_int_equal(parse(&asked, HOST "&ip=1.2.3.4&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	for (size_t i = 0; i < LENGTH(all_outcomes); i++) {
		struct http_response response;

		render(&asked, &intent, (struct outcome){.code = all_outcomes[i], .missing = RR_A}, &response);
		assert_well_worded(outcome_text(all_outcomes[i]), &response);
		assert_row(outcome_text(all_outcomes[i]),
			   (strncmp(response.body, "OK", 2) == 0) ==
				   (all_outcomes[i] == OUTCOME_CHANGED || all_outcomes[i] == OUTCOME_UNCHANGED));
	}
}

static void every_code_of_the_table_is_some_outcome_s(void **state)
{
	bool seen[LENGTH(codes)] = {false};
	static struct asked asked;
	struct intent intent;

	(void)state;
	assert_int_equal(parse(&asked, HOST "&ip=1.2.3.4&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	for (size_t i = 0; i < LENGTH(all_outcomes); i++) {
		struct http_response response;

		render(&asked, &intent, (struct outcome){.code = all_outcomes[i], .missing = RR_A}, &response);
		if (ends_an_update(all_outcomes[i]) && code_of(&response))
			seen[code_of(&response) - codes] = true;
	}
	for (size_t i = 0; i < LENGTH(codes); i++)
		assert_row(codes[i].code, seen[i]);
}

static void says_that_an_outcome_is_unknown_only_when_it_is(void **state)
{
	static const enum outcome_code certain[] = {OUTCOME_CHANGED,     OUTCOME_NO_RECORD, OUTCOME_REFUSED,
						    OUTCOME_UNREACHABLE, OUTCOME_BUSY,      OUTCOME_FAILED,
						    OUTCOME_OVERTAKEN,   OUTCOME_LATE};
	struct http_response response;
	static const enum outcome_code uncertain[] = {OUTCOME_UNKNOWN, OUTCOME_REFUSED_UNSIGNED, OUTCOME_GIVEN_UP};
	static struct asked asked;
	struct intent intent;

	(void)state;
	assert_int_equal(parse(&asked, HOST "&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	for (size_t i = 0; i < LENGTH(uncertain); i++) {
		render(&asked, &intent, (struct outcome){.code = uncertain[i]}, &response);
		assert_row(outcome_text(uncertain[i]),
			   memmem(response.body, response.body_len, "unknown", strlen("unknown")) &&
				   !memmem(response.body, response.body_len, "nothing", strlen("nothing")));
	}
	for (size_t i = 0; i < LENGTH(certain); i++) {
		render(&asked, &intent, (struct outcome){.code = certain[i], .missing = RR_A}, &response);
		assert_row(outcome_text(certain[i]),
			   !memmem(response.body, response.body_len, "unknown", strlen("unknown")));
	}
}

static void no_answer_repeats_what_was_sent(void **state)
{
	static const char *const hosts[] = {
		"%3Cscript%3E", "www.myname.com%0d%0aX-Forged:%20yes", "www.myname.com%00", "OK%0a", "%ff%fe", "a%20b",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		char query[256] = CREDENTIALS "&host=";
		struct http_response response;
		static struct asked asked;
		struct intent intent;

		strncat(query, hosts[i], sizeof query - strlen(query) - 1);
		assert_int_equal(parse(&asked, query, &intent), OUTCOME_GRANTED);
		render(&asked, &intent, (struct outcome){.code = OUTCOME_NO_RECORD, .missing = RR_A}, &response);
		assert_well_worded(hosts[i], &response);
		assert_row(hosts[i],
			   !memmem(response.body, response.body_len, intent.hosts[0].octets, intent.hosts[0].len));
	}
}

/* ---- What is understood ---- */

static void understands_all_operands(void **state)
{
	static struct asked asked;
	struct intent intent;

	(void)state;
	assert_int_equal(parse(&asked, HOST "&ip=1.2.3.4%2C2001:db8::1&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.kind, INTENT_UPDATE);
	assert_int_equal(intent.host_count, 1);
	assert_text(intent.hosts[0], "www.myname.com");
	assert_text(intent.addresses[0], "1.2.3.4,2001:db8::1");
	assert_int_equal(intent.reading_count, 1);
	assert_text(intent.readings[0].login, "myLogin");
	assert_text(intent.readings[0].key, "ER2T");
}

static void a_missing_or_empty_address_means_the_source(void **state)
{
	static const char *const queries[] = {HOST "&" CREDENTIALS, HOST "&ip=&" CREDENTIALS, HOST "&ip&" CREDENTIALS};

	(void)state;
	for (size_t i = 0; i < LENGTH(queries); i++) {
		static struct asked asked;
		struct intent intent;

		assert_int_equal(parse(&asked, queries[i], &intent), OUTCOME_GRANTED);
		assert_row(queries[i], intent.address_count == 0);
	}
}

static void operands_of_the_query_win_over_basic_credentials(void **state)
{
	struct intent intent = {0};
	static struct asked asked;

	(void)state;
	ask(&asked, "/dynamic.cgi?" HOST "&" CREDENTIALS, NULL, "other:OTHER");
	assert_int_equal(rexx_for(&asked)->parse(&asked.request, &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.reading_count, 1);
	assert_text(intent.readings[0].login, "myLogin");
	assert_text(intent.readings[0].key, "ER2T");
}

static void basic_credentials_stand_in_when_both_operands_are_absent(void **state)
{
	struct intent intent = {0};
	static struct asked asked;

	(void)state;
	ask(&asked, "/dynamic.cgi?" HOST, NULL, "my+Login:a:b+c");
	assert_int_equal(rexx_for(&asked)->parse(&asked.request, &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.reading_count, 1); /* nothing in them is encoded */
	assert_text(intent.readings[0].login, "my+Login");
	assert_text(intent.readings[0].key, "a:b+c");
}

static bool has_reading(const struct intent *intent, const char *login, const char *key)
{
	for (size_t i = 0; i < intent->reading_count; i++) {
		if (text_equal(intent->readings[i].login, text_of(login)) &&
		    text_equal(intent->readings[i].key, text_of(key)))
			return true;
	}
	return false;
}

static void credentials_with_a_plus_sign_are_read_both_ways(void **state)
{
	static struct asked asked;
	struct intent intent;

	(void)state;
	assert_int_equal(parse(&asked, HOST "&user=myLogin&password=a+b", &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.reading_count, 2);
	assert_true(has_reading(&intent, "myLogin", "a+b"));
	assert_true(has_reading(&intent, "myLogin", "a b"));

	assert_int_equal(parse(&asked, HOST "&user=my+Login&password=ER2T", &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.reading_count, 2);
	assert_true(has_reading(&intent, "my+Login", "ER2T"));
	assert_true(has_reading(&intent, "my Login", "ER2T"));

	assert_int_equal(parse(&asked, HOST "&user=myLogin&password=a%2Bb", &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.reading_count, 1);
	assert_true(has_reading(&intent, "myLogin", "a+b"));
}

/* Nobody sees it if another address than that is set: the body is `OK`. */
static void takes_the_names_that_other_dialects_have_for_addresses(void **state)
{
	static const char *const names[] = {"ip",   "IP",    "Ip",     "amp;ip", "myip", "MYIP",  "ip4",
					    "ipv4", "myip4", "myIPv4", "ip6",    "ipv6", "myip6", "myipv6"};

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		static struct asked asked;
		struct intent intent;
		char query[256];

		snprintf(query, sizeof query, HOST "&" CREDENTIALS "&%s=192.0.2.1", names[i]);
		assert_int_equal(parse(&asked, query, &intent), OUTCOME_GRANTED);
		assert_row(names[i], intent.address_count == 1);
		assert_text(intent.addresses[0], "192.0.2.1");
		snprintf(query, sizeof query, HOST "&" CREDENTIALS "&x%s=192.0.2.1", names[i]);
		assert_int_equal(parse(&asked, query, &intent), OUTCOME_GRANTED);
		assert_row(names[i], intent.address_count == 0 && intent.hint.len > 0);
	}
}

static void an_operand_given_twice_means_neither_host_nor_address(void **state)
{
	static struct asked asked;
	struct intent intent;
	struct name name;
	struct addr addr;

	(void)state;
	assert_int_equal(parse(&asked, HOST "&host=b.myname.com&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.host_count, 1);
	assert_int_not_equal(name_parse(intent.hosts[0], &name), STATUS_OK);

	assert_int_equal(parse(&asked, HOST "&ip=1.2.3.4&ip=1.2.3.5&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.address_count, 1);
	assert_int_not_equal(addr_parse(intent.addresses[0], &addr), STATUS_OK);

	assert_int_equal(parse(&asked, HOST "&ip=&ip=1.2.3.5&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	assert_int_equal(intent.address_count, 1);

	/* A list with nothing in one of its places is as ambiguous, of whatever family the other one is. */
	assert_int_equal(parse(&asked, HOST "&ipv6=,2001:db8::1&" CREDENTIALS, &intent), OUTCOME_GRANTED);
	assert_text(intent.addresses[0], ",2001:db8::1");
}

/* ---- Routes ---- */

static void serves_get_and_post_and_never_updates_by_head(void **state)
{
	static const struct {
		enum http_method method;
		bool served;
	} rows[] = {{HTTP_GET, true}, {HTTP_POST, true}, {HTTP_HEAD, false}, {HTTP_PUT, false}, {HTTP_OTHER, false}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct http_request request = {.method = rows[i].method, .path = text_of("/dynamic.cgi")};
		unsigned allowed = 0;
		const struct dialect *dialect = dialects_find(&request, &allowed);

		assert_int_equal(dialect != NULL, rows[i].served);
		if (!dialect)
			assert_int_equal(allowed, HTTP_GET | HTTP_POST);
	}
}

static void an_unknown_path_is_nobody_s(void **state)
{
	static const struct text paths[] = {
		OCTETS(""),
		OCTETS("/dynamic"),
		OCTETS("/Dynamic.cgi"),
		OCTETS("/dynamic.cgi/x"),
		OCTETS("/dynamic.cgix/"),
		OCTETS("/dynamic.cgi\0"),
		OCTETS("dynamic.cgi"),
		OCTETS("/x/../dynamic.cgi"),
		OCTETS("*"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		struct http_request request = {.method = HTTP_GET, .path = paths[i]};
		unsigned allowed = 1;

		assert_row(paths[i].octets, dialects_find(&request, &allowed) == NULL);
		assert_row(paths[i].octets, allowed == 0);
	}
}

static void without_credentials_it_is_the_key_that_is_missing(void **state)
{
	struct intent intent = {0};

	(void)state;
	assert_int_equal(operand_take_credentials(NULL, NULL, &intent), OUTCOME_MISSING_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_credentials_it_is_the_key_that_is_missing),
		cmocka_unit_test(answers_each_request_and_outcome_with_its_code),
		cmocka_unit_test(every_outcome_is_well_worded_and_only_success_is_ok),
		cmocka_unit_test(every_code_of_the_table_is_some_outcome_s),
		cmocka_unit_test(says_that_an_outcome_is_unknown_only_when_it_is),
		cmocka_unit_test(no_answer_repeats_what_was_sent),
		cmocka_unit_test(understands_all_operands),
		cmocka_unit_test(a_missing_or_empty_address_means_the_source),
		cmocka_unit_test(operands_of_the_query_win_over_basic_credentials),
		cmocka_unit_test(basic_credentials_stand_in_when_both_operands_are_absent),
		cmocka_unit_test(credentials_with_a_plus_sign_are_read_both_ways),
		cmocka_unit_test(takes_the_names_that_other_dialects_have_for_addresses),
		cmocka_unit_test(an_operand_given_twice_means_neither_host_nor_address),
		cmocka_unit_test(serves_get_and_post_and_never_updates_by_head),
		cmocka_unit_test(an_unknown_path_is_nobody_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
