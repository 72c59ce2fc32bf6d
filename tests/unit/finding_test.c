/*
 * Findings: each has its level, and a line that says what to do.
 */
#include "support.h"

#include <stdio.h>

#include "live/finding.h"

static struct tsig_key *key;

static int make_key(void **state)
{
	(void)state;
	return tsig_key_new_base64("gw", "hmac-sha256", "c2VjcmV0", &key) == TSIG_OK ? 0 : -1;
}

static int free_key(void **state)
{
	(void)state;
	tsig_key_free(&key);
	return 0;
}

/* Begins with level, zone and primary; the words are in it; one line, not cut, and without the secret. */
static void each_has_its_level_and_names_what_to_do(void **state)
{
	static const struct right below = {
		.kind = RIGHT_BELOW, .name = {16, "home.example.com"}, .types = RIGHT_ADDRESSES};
	static const struct right challenge = {
		.kind = RIGHT_NAME, .name = {27, "_acme-challenge.example.com"}, .types = RIGHT_TXT};
	static const struct {
		struct finding finding;
		const char *level;
		const char *words[3];
	} rows[] = {
		{{.kind = FINDING_UNRESOLVED, .why = "unknown node"}, "FAIL", {"unknown node", "primaries"}},
		{{.kind = FINDING_UNREACHABLE, .why = "timed out"}, "FAIL", {"timed out", "listen-on", "firewall"}},
		{{.kind = FINDING_UNREACHABLE, .why = "hostname mismatch", .tls = true},
		 "FAIL",
		 {"TLS connection", "hostname mismatch", "tls_name"}},
		{{.kind = FINDING_REACHED}, "OK  ", {"answers"}},
		{{.kind = FINDING_UNBELIEVABLE, .why = "not signed"}, "FAIL", {"not signed", "name server"}},
		{{.kind = FINDING_KEY}, "OK  ", {"gw", "hmac-sha256"}},
		{{.kind = FINDING_KEY_UNKNOWN, .why = "BADKEY"}, "FAIL", {"(BADKEY)", "named.conf", "knot.conf"}},
		{{.kind = FINDING_KEY_WRONG}, "FAIL", {"BADSIG", "secret", "ddnsgate tsig"}},
		{{.kind = FINDING_UNSIGNED, .rcode = DNS_REFUSED},
		 "FAIL",
		 {"answers REFUSED",
		  "the refusal is not signed, so the primary may not accept the key, its secret or the time",
		  "TSIG-ALLOW-DNSUPDATE"}},
		{{.kind = FINDING_CLOCK_UNSEEN}, "OK  ", {"cannot be seen", "300 s"}},
		{{.kind = FINDING_KEY_TRUNCATED}, "FAIL", {"BADTRUNC", "hmac-sha256;"}},
		{{.kind = FINDING_CLOCK, .number = 1}, "OK  ", {"agrees"}},
		{{.kind = FINDING_CLOCK, .number = -30}, "OK  ", {"30 s behind", "300 s"}},
		{{.kind = FINDING_CLOCK, .number = 31}, "WARN", {"31 s ahead of", "300 s", "NTP"}},
		{{.kind = FINDING_CLOCK, .number = INT64_MIN + 1}, "WARN", {"behind"}},
		{{.kind = FINDING_CLOCK_WRONG, .has_number = true, .number = -400},
		 "FAIL",
		 {"400 s behind", "BADTIME"}},
		{{.kind = FINDING_CLOCK_WRONG}, "FAIL", {"300 s", "BADTIME", "NTP"}},
		{{.kind = FINDING_SERVED, .has_number = true, .number = 4294967295}, "OK  ", {"serial 4294967295"}},
		{{.kind = FINDING_SERVED}, "OK  ", {"takes updates"}},
		{{.kind = FINDING_FORWARDED}, "WARN", {"message IDs", "secondary", "`primaries`"}},
		{{.kind = FINDING_SERIAL, .number = 4294967295}, "OK  ", {"serial 4294967295"}},
		{{.kind = FINDING_BEHIND, .number = 1, .why = "192.0.2.2", .newest = 4294967295},
		 "WARN",
		 {"serial 1 ", "192.0.2.2 has 4294967295", "`primaries`"}},
		{{.kind = FINDING_NO_AUTHORITY}, "WARN", {"no AA", "`primaries`"}},
		{{.kind = FINDING_NOT_SERVED}, "FAIL", {"named.conf", "domain: example.com"}},
		{{.kind = FINDING_NO_UPDATES}, "FAIL", {"zone-thaw", "secondary", "allow-dnsupdate-from"}},
		{{.kind = FINDING_RIGHTS, .types = "A and AAAA", .number = 12}, "OK  ", {"all names", "(12)"}},
		{{.kind = FINDING_NO_RIGHT, .right = &below, .types = "AAAA"},
		 "FAIL",
		 {"may not change AAAA of *.home.example.com", "grant \"gw\" wildcard *.home.example.com. A AAAA;",
		  "update-owner-match: sub, update-owner-name: [home.example.com.]"}},
		{{.kind = FINDING_NO_RIGHT, .right = &challenge, .types = "TXT"},
		 "FAIL",
		 {"may not change TXT of _acme-challenge.example.com",
		  "grant \"gw\" name _acme-challenge.example.com. TXT;", "update-type: [TXT], update-owner: name"}},
		{{.kind = FINDING_MORE, .number = 7}, "FAIL", {"(7)", "ddnsgate tsig"}},
		{{.kind = FINDING_NO_NAMES}, "WARN", {"hosts"}},
		{{.kind = FINDING_NO_NAMES, .users_missing = true}, "WARN", {"no user of the configuration"}},
		{{.kind = FINDING_RIGHTS, .types = "TXT", .number = 7, .is_sample = true},
		 "OK  ",
		 {"may change TXT of the names that were tried (7)", "state store"}},
		{{.kind = FINDING_NO_RECORD, .right = &challenge},
		 "WARN",
		 {"_acme-challenge.example.com has neither", "may_create"}},
		{{.kind = FINDING_HIDDEN, .right = &below}, "WARN", {"*.home.example.com lies behind a delegation"}},
		{{.kind = FINDING_MORE_HOSTS}, "WARN", {"not looked at"}},
		{{.kind = FINDING_STORE_UNREAD, .why = "malformed"}, "WARN", {"malformed", "not looked at"}},
		{{.kind = FINDING_FAILED, .rcode = DNS_SERVFAIL}, "FAIL", {"SERVFAIL (2)"}},
		{{.kind = FINDING_LATE}, "FAIL", {"in time"}},
		{{.kind = FINDING_INACTIVE}, "OK  ", {"not active"}},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct finding finding = rows[i].finding;
		char line[FINDING_LINE_MAX], start[64];

		finding.zone = "example.com";
		finding.primary = "192.0.2.53:53";
		finding.key = key;
		finding.fudge_s = 300;
		assert_ptr_equal(finding_format(&finding, line), line);
		snprintf(start, sizeof start, "%s example.com 192.0.2.53:53: ", rows[i].level);
		assert_row(line, strncmp(line, start, strlen(start)) == 0);
		for (size_t k = 0; k < LENGTH(rows[i].words) && rows[i].words[k]; k++)
			assert_row(line, strstr(line, rows[i].words[k]));
		assert_row(line, !strchr(line, '\n') && !strstr(line, "c2VjcmV0"));
	}
}

/* A key with the longest name as text. */
static struct tsig_key *escaped_key(void)
{
	char name[TSIG_NAME_TEXT_SIZE] = "";
	struct tsig_key *made;

	for (size_t i = 0, len = 0; i < 248; i++)
		len += (size_t)snprintf(name + len, sizeof name - len, "%s\\001", i && i % 60 == 0 ? "." : "");
	assert_int_equal(tsig_key_new_base64(name, "hmac-sha256", "c2VjcmV0", &made), TSIG_OK);
	assert_true(strlen(tsig_key_name(made)) > 900);
	return made;
}

static void the_longest_names_are_not_cut(void **state)
{
	static struct right right = {.kind = RIGHT_NAME, .types = RIGHT_ADDRESSES | RIGHT_TXT};
	struct finding finding = {.kind = FINDING_NO_RIGHT, .right = &right, .types = "A and AAAA", .key = key};
	struct tsig_key *escaped;
	char line[FINDING_LINE_MAX];

	(void)state;
	right.name.len = NAME_TEXT_MAX;
	memset(right.name.text, 'a', NAME_TEXT_MAX);
	finding.zone = right.name.text;
	finding.primary = right.name.text;
	finding_format(&finding, line);
	assert_string_equal(line + strlen(line) - 3, "a.]");
	/* A key's name may hold any octets, which need four characters each. */
	escaped = escaped_key();
	finding.key = escaped;
	finding_format(&finding, line);
	assert_string_equal(line + strlen(line) - 3, "a.]");
	tsig_key_free(&escaped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_level_and_names_what_to_do),
		cmocka_unit_test(the_longest_names_are_not_cut),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
