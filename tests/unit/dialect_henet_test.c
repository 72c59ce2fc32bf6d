/*
 * he.net: dyndns2 without a user: the host is the user.
 */
#include "asked.h"

#define REQUEST "/nic/update?hostname=good.example.com&password=p"

static void understands_requests(void **state)
{
	static const struct {
		const char *target, *form;
		const char *understood; /* see there */
	} rows[] = {
		{"/nic/update?hostname=h.example.com&password=p", NULL, "h.example.com:p h.example.com"},
		{"/nic/update?hostname=h.example.com&password=p&myip=192.0.2.1", NULL,
		 "h.example.com:p h.example.com =192.0.2.1"},
		{"/nic/update?hostname=h.example.com&password=p&myip=2001:db8::1", NULL,
		 "h.example.com:p h.example.com =2001:db8::1"},
		{"/nic/update?hostname=h.example.com&password=p&myip=192.0.2.1,2001:db8::1", NULL,
		 "h.example.com:p h.example.com =192.0.2.1,2001:db8::1"},
		{"/nic/update?hostname=h.example.com&password=p&myip=", NULL, "h.example.com:p h.example.com no-ipv4"},
		{"/nic/update?hostname=h.example.com&password=a+b", NULL,
		 "h.example.com:a+b|h.example.com:a b h.example.com"},
		{"/nic/update?hostname=h.example.com&password=a%2Bb", NULL, "h.example.com:a+b h.example.com"},
		{"/nic/update", "hostname=h.example.com&password=p&myip=192.0.2.1",
		 "h.example.com:p h.example.com =192.0.2.1"},
		{"/nic/update%20http:/x?hostname=h.example.com&password=p", NULL, "h.example.com:p h.example.com"},
		{"/nic/update?password=p&hostname=h.example.com%20http://gw.example/nic/update?hostname=x", NULL,
		 "h.example.com:p h.example.com"},
		/* One host: a list is not a host name, and nobody's login. */
		{"/nic/update?hostname=a.example.com,b.example.com&password=p", NULL,
		 "a.example.com,b.example.com:p a.example.com,b.example.com"},

		{"/nic/update?hostname=a.example.com&host=b.example.com&password=p", NULL, "too-many-hosts"},
		{"/nic/update?HOSTNAME=*.Example.com&password=p&ip6=2001:db8::1", NULL,
		 "*.example.com:p *.Example.com =2001:db8::1"},
		{"/nic/update?hostname=h.example.com&password=p&wan_ip=x", NULL,
		 "h.example.com:p h.example.com hint=wan_ip"},

		{"/nic/update?hostname=h.example.com&password=", NULL, "missing-key"},
		{"/nic/update?hostname=h.example.com&password", NULL, "missing-key"},
	};
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		ask(&asked, rows[i].target, rows[i].form, NULL);
		assert_one_understood(&asked, &intent, "henet", rows[i].target, rows[i].understood);
		assert_row(rows[i].target, !intent.by_token && intent.host_form == HOSTS_FULL);
	}
}

static void answers_in_the_words_of_dyndns2(void **state)
{
	static const struct {
		enum outcome_code code;
		const char *v4, *body;
		int status;
	} rows[] = {
		{OUTCOME_CHANGED, "192.0.2.1", "good 192.0.2.1\n", 200},
		{OUTCOME_UNCHANGED, "192.0.2.1", "nochg 192.0.2.1\n", 200},
		{OUTCOME_NO_SUCH_LOGIN, NULL, "badauth\n", 401},
		{OUTCOME_MISSING_KEY, NULL, "badauth\n", 401},
		{OUTCOME_NOT_YOURS, NULL, "!yours\n", 403},
		{OUTCOME_NO_RECORD, NULL, "nohost\n", 404},
		{OUTCOME_BAD_HOST, NULL, "notfqdn\n", 400},
		{OUTCOME_BAD_ADDRESS, NULL, "notfqdn\n", 400},
		{OUTCOME_THROTTLED, NULL, "abuse\n", 403},
		{OUTCOME_REFUSED, NULL, "dnserr\n", 503},
		{OUTCOME_REFUSED_UNSIGNED, NULL, "dnserr\n", 503},
		{OUTCOME_UNREACHABLE, NULL, "911\n", 503},
	};
	static struct asked asked;
	struct intent intent;

	(void)state;
	for (unsigned errors_as_200 = 0; errors_as_200 < 2; errors_as_200++) {
		ask(&asked, REQUEST, NULL, NULL);
		asked.request.errors_as_200 = errors_as_200;
		understood(&asked, &intent);
		for (size_t i = 0; i < LENGTH(rows); i++) {
			bool as_200 = errors_as_200 && rows[i].code != OUTCOME_MISSING_KEY;
			struct outcome outcome = outcome_with(rows[i].code, rows[i].v4, NULL);
			struct http_response response;

			render_all(&asked, &intent, &outcome, 1, &response);
			assert_text(body_of(&response), rows[i].body);
			assert_row(rows[i].body, response.status == (as_200 ? 200 : rows[i].status));
			assert_row(rows[i].body, response.challenge == (response.status == 401));
		}
	}
}

static void no_error_reads_like_success(void **state)
{
	static struct asked asked;
	struct intent intent;

	(void)state;
	ask(&asked, REQUEST, NULL, NULL);
	understood(&asked, &intent);
	for (size_t i = 0; i < LENGTH(all_outcomes); i++) {
		struct outcome outcome = {.code = all_outcomes[i]};
		struct http_response response;

		render_all(&asked, &intent, &outcome, 1, &response);
		assert_row(outcome_text(all_outcomes[i]),
			   reads_like_success(body_of(&response)) == is_success(all_outcomes[i]));
		assert_row(outcome_text(all_outcomes[i]), (response.status == 200) == is_success(all_outcomes[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands_requests),
		cmocka_unit_test(answers_in_the_words_of_dyndns2),
		cmocka_unit_test(no_error_reads_like_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
