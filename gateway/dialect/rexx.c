/*
 * The dialect of the Rexx account manager: `/dynamic.cgi?host=&ip=&user=&password=`, answered by a code at the
 * beginning of the body.
 *
 * The order of the checks is spread over the path of a request: missing operands here, then accounts, then the plan,
 * then the DNS.
 */
#include "base/name.h"
#include "base/rr.h"
#include "dialect/dialect.h"
#include "dialect/operands.h"

/*
 * Each outcome's code and HTTP status; `challenge` asks for Basic credentials; `text` explains the code and follows it.
 */
static const struct {
	const char *code;
	int status;
	bool challenge;
	unsigned retry_after_s;
	const char *text;
} answers[] = {
	[OUTCOME_CHANGED] = {"OK", 200, false, 0, NULL},
	[OUTCOME_UNCHANGED] = {"OK", 200, false, 0, NULL},
	[OUTCOME_MISSING_HOST] = {"MO_HOST", 400, false, 0, "missing operand: host="},
	[OUTCOME_MISSING_LOGIN] = {"MO_USER", 401, true, 0, "missing operand: user="},
	[OUTCOME_MISSING_KEY] = {"MO_PWD", 401, true, 0, "missing operand: password="},
	[OUTCOME_THROTTLED] = {"TM_REQ", 429, false, 60, "too many failed attempts; try again later"},
	[OUTCOME_NO_SUCH_LOGIN] = {"NF_USR", 401, true, 0, "no such login ID (capitals matter)"},
	[OUTCOME_NO_KEY] = {"NF_KEY", 401, true, 0, "this user has no API key"},
	[OUTCOME_WRONG_KEY] = {"OD_KEY", 401, true, 0, "the API key is wrong"},
	[OUTCOME_ACCOUNT_INACTIVE] = {"IA_ACCT", 403, false, 0, "the account is not active"},
	[OUTCOME_MAY_NOT_UPDATE] = {"NP_USR", 403, false, 0, "this user may not modify DNS records"},
	[OUTCOME_BAD_HOST] = {"IO_HOST", 400, false, 0, "invalid operand: host= is not a host name"},
	[OUTCOME_TOO_MANY_HOSTS] = {"IO_HOST", 400, false, 0, "too many hosts in one request"},
	[OUTCOME_NOT_ALLOWED] = {"NP_USR", 403, false, 0, "this user may not make or remove records"},
	[OUTCOME_NOT_YOURS] = {"OS_DOMAIN", 403, false, 0, "this user has no access to the domain of that host"},
	[OUTCOME_ZONE_INACTIVE] = {"IA_ACCT", 403, false, 0, "the account for this domain is not active"},
	[OUTCOME_BAD_ADDRESS] = {"IO_IP", 400, false, 0, "invalid operand: ip= is not an address that may be set"},
	[OUTCOME_NO_ADDRESS] = {"IO_IP", 400, false, 0,
				"invalid operand: no ip= was understood, and the sender's address cannot stand in"},
	[OUTCOME_BAD_TEXT] = {"IO_IP", 400, false, 0, "invalid operand: not a string for a TXT record"},
	[OUTCOME_NO_RECORD] = {"NF_HOST", 404, false, 0, NULL},
	[OUTCOME_REFUSED] = {"SF_DNS", 502, false, 0, "the name server refused or failed; nothing was changed"},
	[OUTCOME_REFUSED_UNSIGNED] = {"SF_DNS", 502, false, 0,
				      "the name server refused, unsigned; the outcome is unknown"},
	[OUTCOME_UNREACHABLE] = {"UA_DNS", 503, false, 60,
				 "no name server could be reached in time; nothing was changed"},
	[OUTCOME_UNKNOWN] = {"UA_DNS", 503, false, 60,
			     "no valid answer from the name server in time; the outcome is unknown"},
	[OUTCOME_GIVEN_UP] = {"UA_DNS", 503, false, 60, "the client has closed; the outcome is unknown"},
	[OUTCOME_OVERTAKEN] =
		{"UA_DNS", 503, false, 60,
		 "a later request for the same record was carried out, or may have been; this one changed "
		 "nothing"},
	[OUTCOME_LATE] = {"UA_DNS", 503, false, 60, "the key could not be checked in time; nothing was changed"},
	[OUTCOME_BUSY] = {"UA_DNS", 503, false, 10, "too many updates are waiting; nothing was changed"},
	[OUTCOME_FAILED] = {"UA_DNS", 503, false, 60, "the gateway is out of order; nothing was changed"},
};

static enum outcome_code parse_rexx_credentials(const struct http_request *request, struct intent *intent)
{
	const struct http_param *user = operand_find(request, "user");
	const struct http_param *password = operand_find(request, "password");

	if (!user && !password && request->has_basic)
		return operand_take_basic(request, intent);
	if (!user || !password)
		return user && user->value.len ? OUTCOME_MISSING_KEY : OUTCOME_MISSING_LOGIN;
	return operand_take_credentials(user, password, intent);
}

static enum outcome_code rexx_parse(const struct http_request *request, struct intent *intent)
{
	static const char *const own[] = {"host", "user", "password", NULL};
	static const char *const hosts[] = {"host", NULL}, *const ips[] = {"ip", NULL};
	static const char ambiguous[] = "?"; /* is neither a host name nor an address, so that the plan refuses it */
	struct text host = operand_of(request, "host");

	if (host.len == 0)
		return OUTCOME_MISSING_HOST;
	intent->kind = INTENT_UPDATE;
	intent->host_count = 1;
	intent->hosts[0] = operand_count_any(request, hosts) == 1 ? host : text_of(ambiguous);
	operand_take_addresses(request, own, intent);
	if (operand_count_any(request, ips) > 1) {
		intent->addresses[0] = text_of(ambiguous);
		intent->address_count = 1;
	}
	return parse_rexx_credentials(request, intent);
}

/* Which record was looked for. Only the normal form of a valid name is repeated, never what was sent. */
static void add_missing(struct text host, enum rr_type missing, struct http_response *response)
{
	const char *types = missing == RR_A ? "A" : missing == RR_AAAA ? "AAAA" : "A AAAA";
	struct name name;

	if (name_parse_owner(host, &name) == STATUS_OK)
		http_response_add(response, " %s %s", name.text, types);
}

static void rexx_render(const struct dialect_answer *answer, struct http_response *response)
{
	const struct outcome *outcome = &answer->outcomes[0];
	enum outcome_code code = outcome->code;

	if ((unsigned)code >= sizeof answers / sizeof *answers || !answers[code].code)
		code = OUTCOME_FAILED;
	response->status = answers[code].status;
	response->content_type = "text/plain; charset=utf-8";
	response->challenge = answers[code].challenge;
	response->retry_after_s = outcome->retry_after_s ? outcome->retry_after_s : answers[code].retry_after_s;
	http_response_add(response, "%s", answers[code].code);
	if (code == OUTCOME_NO_RECORD) {
		add_missing(answer->intent->hosts[0], outcome->missing, response);
	} else if (answers[code].text) {
		http_response_add(response, " %s", answers[code].text);
	}
	http_response_add(response, "\n");
}

static const struct dialect_route rexx_routes[] = {
	{"/dynamic.cgi", HTTP_GET | HTTP_POST},
	{NULL, 0},
};

const struct dialect dialect_rexx = {
	.name = "rexx",
	.routes = rexx_routes,
	.parse = rexx_parse,
	.render = rexx_render,
};
