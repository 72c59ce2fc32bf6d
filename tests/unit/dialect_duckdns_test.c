/*
 * DuckDNS: what it understands of a request, and its answer to every outcome.
 */
#include "asked.h"

#define REQUEST "/update?domains=nas,www&token=T-1"

/* ---- Requests ---- */

static void understands_requests(void **state)
{
	static const struct {
		const char *target, *form;
		const char *understood; /* see there */
	} rows[] = {
		{"/update?domains=nas&token=T-1", NULL, ":T-1 nas labels"},
		{"/update?domains=nas&token=T-1&ip=192.0.2.1", NULL, ":T-1 nas labels =192.0.2.1"},
		{"/update?domains=nas&token=T-1&ip=192.0.2.1&ipv6=2001:db8::1", NULL,
		 ":T-1 nas labels =192.0.2.1;2001:db8::1"},
		{"/update?domains=nas&token=T-1&ip=2001%3Adb8::1", NULL, ":T-1 nas labels =2001:db8::1"},
		{"/update?domains=nas&token=T-1&ip=", NULL, ":T-1 nas labels"},
		{"/update?domains=nas&token=T-1&ip=&ipv6=2001:db8::1", NULL, ":T-1 nas labels =2001:db8::1"},
		{"/update?domains=nas&token=T-1&ip=192.0.2.1&ipv6=", NULL, ":T-1 nas labels =192.0.2.1"},
		{"/update?domains=nas,www.example.com&token=T-1", NULL, ":T-1 nas,www.example.com labels"},
		{"/update?domains=nas%2Cwww&token=T-1", NULL, ":T-1 nas,www labels"},
		{"/update?domains=NAS.&token=T-1", NULL, ":T-1 NAS. labels"},
		{"/update?domains=nas&token=T-1&clear=true", NULL, ":T-1 nas labels offline"},
		{"/update?domains=nas&token=T-1&clear=TRUE&ip=192.0.2.1", NULL, ":T-1 nas labels =192.0.2.1 offline"},
		{"/update?domains=nas&token=T-1&clear=false&verbose=true", NULL, ":T-1 nas labels"},
		{"/update?domains=nas&token=T+1", NULL, ":T+1|:T 1 nas labels"},
		{"/update", "domains=nas&token=T-1&ip=192.0.2.1", ":T-1 nas labels =192.0.2.1"},
		{"/update?domains=nas&token=T-1&myip=192.0.2.1&hostname=x", NULL, ":T-1 nas labels =192.0.2.1"},
		{"/update?DOMAINS=nas&amp;TOKEN=T-1&amp;IP=192.0.2.1", NULL, ":T-1 nas labels =192.0.2.1"},
		{"/update/?domains=nas&domains=www&token=T-1", NULL, ":T-1 nas,www labels"},
		{"/update?domains=nas&token=T-1&ipv4=192.0.2.1&ip6=2001:db8::1", NULL,
		 ":T-1 nas labels =192.0.2.1;2001:db8::1"},
		{"/update?domains=nas&token=T-1&ip6lanprefix=2001:db8::/64", NULL,
		 ":T-1 nas labels prefix=2001:db8::/64"},
		{"/update?domains=nas&token=T-1&address=192.0.2.1", NULL, ":T-1 nas labels hint=address"},

		{"/update?domains=nas&token=", NULL, "missing-key"},
		{"/update?domains=&token=T-1", NULL, "missing-host"},
		{"/update?domains=,&token=T-1", NULL, "missing-host"},
		{"/update?domains=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u&token=T-1", NULL, "too-many-hosts"},
		/* Where a TXT record is meant, no address is. */
		{"/update?domains=nas&token=T-1&txt=proof", NULL, ":T-1 nas labels txt=proof"},
		{"/update?domains=nas&token=T-1&txt=proof&ip=&ipv6=", NULL, ":T-1 nas labels txt=proof"},
		{"/update?domains=nas&token=T-1&txt=proof&ip=192.0.2.1", NULL, "bad-address"},
		{"/update?domains=nas&token=T-1&txt=proof&clear=true&ipv6=2001:db8::1", NULL, "bad-address"},
		{"/update?domains=nas&token=T-1&txt=&myip=preserve", NULL, "bad-address"},
		{"/update?domains=nas&token=T-1&txt=proof&ip6lanprefix=2001:db8::/64", NULL, "bad-address"},
		{"/update?domains=nas&token=T-1&txt=proof&clear=true", NULL, ":T-1 nas labels txt="},
		{"/update?domains=nas&token=T-1&txt=", NULL, ":T-1 nas labels txt="},
	};
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		ask(&asked, rows[i].target, rows[i].form, NULL);
		assert_one_understood(&asked, &intent, "duckdns", rows[i].target, rows[i].understood);
	}
}

static void the_token_alone_names_the_user(void **state)
{
	static struct asked asked;
	struct intent intent;

	(void)state;
	ask(&asked, "/update?domains=nas&token=T-1&username=u&password=p", NULL, "u:p");
	assert_string_equal(understood(&asked, &intent), ":T-1 nas labels");
	assert_true(intent.by_token);
}

/* ---- Answers ---- */

static void answer_to(const char *target, const struct outcome *outcomes, size_t count, bool errors_as_200,
		      struct http_response *response)
{
	static struct asked asked;
	struct intent intent;

	ask(&asked, target, NULL, NULL);
	asked.request.errors_as_200 = errors_as_200;
	understood(&asked, &intent);
	render_all(&asked, &intent, outcomes, count, response);
}

static void answers_in_one_word_for_all_domains(void **state)
{
	static const struct {
		enum outcome_code codes[2];
		const char *body;
		int status;
	} rows[] = {
		{{OUTCOME_CHANGED, OUTCOME_CHANGED}, "OK", 200},
		{{OUTCOME_CHANGED, OUTCOME_UNCHANGED}, "OK", 200},
		{{OUTCOME_UNCHANGED, OUTCOME_UNCHANGED}, "OK", 200},
		{{OUTCOME_CHANGED, OUTCOME_NO_RECORD}, "KO", 404},
		{{OUTCOME_NOT_YOURS, OUTCOME_CHANGED}, "KO", 403},
		{{OUTCOME_UNCHANGED, OUTCOME_UNREACHABLE}, "KO", 503},
		{{OUTCOME_REFUSED, OUTCOME_NO_RECORD}, "KO", 503},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct outcome outcomes[] = {outcome_with(rows[i].codes[0], NULL, NULL),
					     outcome_with(rows[i].codes[1], NULL, NULL)};
		struct http_response response;

		answer_to(REQUEST, outcomes, LENGTH(outcomes), false, &response);
		assert_text(body_of(&response), rows[i].body);
		assert_int_equal(response.status, rows[i].status);
	}
}

static void verbose_answers_tell_the_addresses_and_whether_they_are_new(void **state)
{
	static const struct {
		enum outcome_code codes[2];
		const char *v4, *v6, *body;
	} rows[] = {
		{{OUTCOME_CHANGED, OUTCOME_CHANGED}, "192.0.2.1", NULL, "OK\n192.0.2.1\n\nUPDATED\n"},
		{{OUTCOME_CHANGED, OUTCOME_CHANGED}, NULL, "2001:db8::1", "OK\n\n2001:db8::1\nUPDATED\n"},
		{{OUTCOME_UNCHANGED, OUTCOME_CHANGED},
		 "192.0.2.1",
		 "2001:db8::1",
		 "OK\n192.0.2.1\n2001:db8::1\nUPDATED\n"},
		{{OUTCOME_UNCHANGED, OUTCOME_UNCHANGED},
		 "192.0.2.1",
		 "2001:db8::1",
		 "OK\n192.0.2.1\n2001:db8::1\nNOCHANGE\n"},
		{{OUTCOME_CHANGED, OUTCOME_CHANGED}, NULL, NULL, "OK\n\n\nUPDATED\n"}, /* cleared */
		{{OUTCOME_CHANGED, OUTCOME_NOT_YOURS}, "192.0.2.1", NULL, "KO"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct outcome outcomes[] = {outcome_with(rows[i].codes[0], rows[i].v4, rows[i].v6),
					     outcome_with(rows[i].codes[1], rows[i].v4, rows[i].v6)};
		struct http_response response;

		answer_to(REQUEST "&verbose=true", outcomes, LENGTH(outcomes), false, &response);
		assert_text(body_of(&response), rows[i].body);
	}
}

static void every_failure_is_ko_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(all_outcomes); i++) {
		struct outcome outcome = outcome_with(all_outcomes[i], "192.0.2.1", NULL);
		const char *name = outcome_text(all_outcomes[i]);
		struct http_response plain, verbose;

		if (is_success(all_outcomes[i]))
			continue;
		answer_to(REQUEST, &outcome, 1, false, &plain);
		answer_to(REQUEST "&verbose=true", &outcome, 1, false, &verbose);
		assert_row(name, text_equal(body_of(&plain), text_of("KO")));
		assert_row(name, text_equal(body_of(&verbose), text_of("KO")));
		assert_row(name, !reads_like_success(body_of(&plain)));
		assert_row(name, plain.status >= 400 && plain.status <= 503);
		assert_row(name, plain.challenge == (plain.status == 401));
		assert_row(name, strncmp(plain.content_type, "text/plain", strlen("text/plain")) == 0);
	}
}

static void errors_come_under_200_where_the_listener_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(all_outcomes); i++) {
		struct outcome outcome = {.code = all_outcomes[i]};
		bool missing = all_outcomes[i] == OUTCOME_MISSING_LOGIN || all_outcomes[i] == OUTCOME_MISSING_KEY;
		struct http_response response;

		answer_to(REQUEST, &outcome, 1, true, &response);
		assert_row(outcome_text(all_outcomes[i]), response.status == (missing ? 401 : 200));
		assert_row(outcome_text(all_outcomes[i]), response.challenge == missing);
		assert_text(body_of(&response), is_success(all_outcomes[i]) ? "OK" : "KO");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_requests),
		cmocka_unit_test(the_token_alone_names_the_user),
		cmocka_unit_test(answers_in_one_word_for_all_domains),
		cmocka_unit_test(verbose_answers_tell_the_addresses_and_whether_they_are_new),
		cmocka_unit_test(every_failure_is_ko_and_nothing_else),
		cmocka_unit_test(errors_come_under_200_where_the_listener_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
