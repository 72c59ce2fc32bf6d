/*
 * Explaining results: each names what an administrator has to look at.
 */
#include "support.h"

#include "dns/explain.h"

static const struct dns_context context = {.zone = "dyn.example.com", .key = "gw.example", .algorithm = "hmac-sha256"};

static struct dns_result rejected(uint16_t tsig_error)
{
	return (struct dns_result){.verdict = DNS_REJECTED, .rcode = DNS_NOTAUTH, .tsig_error = tsig_error};
}

static void names_key_zone_or_clock(void **state)
{
	static const struct {
		const char *row;
		struct dns_result result;
		const char *words[4];
	} rows[] = {
		{"BADKEY",
		 {.verdict = DNS_REJECTED, .rcode = DNS_NOTAUTH, .tsig_error = TSIG_RCODE_BADKEY},
		 {"BADKEY", "gw.example", "hmac-sha256"}},
		{"BADSIG",
		 {.verdict = DNS_REJECTED, .rcode = DNS_NOTAUTH, .tsig_error = TSIG_RCODE_BADSIG},
		 {"BADSIG", "gw.example", "secret"}},
		{"BADTRUNC",
		 {.verdict = DNS_REJECTED, .rcode = DNS_NOTAUTH, .tsig_error = TSIG_RCODE_BADTRUNC},
		 {"BADTRUNC", "gw.example", "MAC"}},
		{"BADTIME",
		 {.verdict = DNS_REJECTED, .rcode = DNS_NOTAUTH, .tsig_error = TSIG_RCODE_BADTIME},
		 {"BADTIME", "clock"}},
		{"another TSIG error",
		 {.verdict = DNS_REJECTED, .rcode = DNS_NOTAUTH, .tsig_error = 21},
		 {"21", "gw.example"}},
		{"NXRRSET", {.verdict = DNS_VERIFIED, .rcode = DNS_NXRRSET}, {"NXRRSET", "dyn.example.com"}},
		{"REFUSED",
		 {.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		 {"REFUSED", "dyn.example.com", "gw.example"}},
		{"REFUSED, where to look",
		 {.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED},
		 {"allow-query", "rndc freeze", "knotc zone-freeze", "TSIG-ALLOW-DNSUPDATE"}},
		{"REFUSED, unsigned",
		 {.verdict = DNS_UNSIGNED, .rcode = DNS_REFUSED},
		 {"REFUSED", "dyn.example.com",
		  "the refusal is not signed, so the primary may not accept the key, its secret or the time",
		  "allow-dnsupdate-from"}},
		{"NOTAUTH",
		 {.verdict = DNS_VERIFIED, .rcode = DNS_NOTAUTH},
		 {"NOTAUTH", "dyn.example.com", "gw.example"}},
		{"NOTAUTH, unsigned",
		 {.verdict = DNS_UNSIGNED, .rcode = DNS_NOTAUTH},
		 {"NOTAUTH", "dyn.example.com", "gw.example",
		  "the refusal is not signed, so the primary may not accept the key, its secret or the time"}},
		{"NOTZONE", {.verdict = DNS_VERIFIED, .rcode = DNS_NOTZONE}, {"NOTZONE", "dyn.example.com"}},
		{"NOTIMP", {.verdict = DNS_VERIFIED, .rcode = DNS_NOTIMP}, {"NOTIMP"}},
		{"SERVFAIL", {.verdict = DNS_VERIFIED, .rcode = DNS_SERVFAIL}, {"SERVFAIL", "dyn.example.com"}},
		{"FORMERR", {.verdict = DNS_VERIFIED, .rcode = DNS_FORMERR}, {"FORMERR", "dyn.example.com"}},
		{"a code without a name", {.verdict = DNS_VERIFIED, .rcode = 14}, {"14", "dyn.example.com"}},
		{"unreachable", {.verdict = DNS_UNREACHABLE, .why = "connection refused"}, {"connection refused"}},
		{"unknown", {.verdict = DNS_UNKNOWN, .why = "its MAC is wrong"}, {"its MAC is wrong"}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char buffer[DNS_EXPLAIN_MAX];

		assert_ptr_equal(dns_explain(&rows[i].result, &context, buffer), buffer);
		for (size_t k = 0; k < LENGTH(rows[i].words) && rows[i].words[k]; k++)
			assert_row(rows[i].row, strstr(buffer, rows[i].words[k]));
	}
}

static void a_query_that_is_refused_is_no_change(void **state)
{
	struct dns_context queried = context;
	struct dns_result result = {.verdict = DNS_VERIFIED, .rcode = DNS_REFUSED};
	char buffer[DNS_EXPLAIN_MAX];

	(void)state;
	queried.queried = true;
	dns_explain(&result, &queried, buffer);
	assert_non_null(strstr(buffer, "allow-query"));
	assert_null(strstr(buffer, "update"));
	result.verdict = DNS_UNSIGNED;
	dns_explain(&result, &queried, buffer);
	assert_non_null(strstr(buffer, "allow-query"));
	assert_null(strstr(buffer, "update"));
}

static void says_whose_clock_is_behind_and_by_how_much(void **state)
{
	struct dns_result result = rejected(TSIG_RCODE_BADTIME);
	char buffer[DNS_EXPLAIN_MAX];

	(void)state;
	result.has_clock_offset = true;
	result.clock_offset_s = -3600;
	dns_explain(&result, &context, buffer);
	assert_non_null(strstr(buffer, "primary's clock is 3600 s behind"));
	result.clock_offset_s = 7200;
	dns_explain(&result, &context, buffer);
	assert_non_null(strstr(buffer, "primary's clock is 7200 s ahead"));
	result.clock_offset_s = -((int64_t)1 << 48); /* as far as 48 bits of time reach */
	dns_explain(&result, &context, buffer);
	assert_non_null(strstr(buffer, "281474976710656 s behind"));
}

static void a_sentence_fits_its_buffer_whatever_the_names(void **state)
{
	static char zone[254], key[1021];
	const struct dns_context long_context = {zone, key, "hmac-sha256", false};
	static const uint16_t errors[] = {
		0, TSIG_RCODE_BADSIG, TSIG_RCODE_BADKEY, TSIG_RCODE_BADTIME, TSIG_RCODE_BADTRUNC, 99};

	(void)state;
	memset(zone, 'z', sizeof zone - 1);
	memset(key, 'k', sizeof key - 1);
	for (unsigned rcode = 0; rcode < 16; rcode++) {
		for (size_t i = 0; i < LENGTH(errors); i++) {
			struct dns_result result = rejected(errors[i]);
			char buffer[DNS_EXPLAIN_MAX + 1];

			memset(buffer, 'x', sizeof buffer);
			result.rcode = rcode;
			dns_explain(&result, &long_context, buffer);
			assert_non_null(memchr(buffer, '\0', DNS_EXPLAIN_MAX));
			assert_int_equal(buffer[DNS_EXPLAIN_MAX], 'x');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_key_zone_or_clock),
		cmocka_unit_test(a_query_that_is_refused_is_no_change),
		cmocka_unit_test(says_whose_clock_is_behind_and_by_how_much),
		cmocka_unit_test(a_sentence_fits_its_buffer_whatever_the_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
