/*
 * A request of the Rexx dialect from its octets to its answer, without sockets: it is decoded, understood, planned and
 * answered. Nothing but the name of a host that was granted may reach a plan, and every answer is one line that begins
 * with a code.
 */
#include "request.h"

/* ---- What must hold ---- */

static bool begins_with_a_code(const struct http_response *response)
{
	static const char *const codes[] = {
		"OK",        "MO_HOST", "MO_USER", "MO_PWD",  "NF_HOST", "NF_USR", "NF_KEY", "NP_USR",
		"OS_DOMAIN", "OD_KEY",  "IA_ACCT", "IO_HOST", "IO_IP",   "TM_REQ", "SF_DNS", "UA_DNS",
	};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		size_t len = strlen(codes[i]);

		if (response->body_len > len && memcmp(response->body, codes[i], len) == 0 &&
		    (response->body[len] == ' ' || response->body[len] == '\n'))
			return true;
	}
	return false;
}

static void check_answer(const struct http_response *response, enum outcome_code code)
{
	bool is_ok = response->body_len == 3 && memcmp(response->body, "OK\n", 3) == 0;

	require(begins_with_a_code(response));
	for (size_t i = 0; i + 1 < response->body_len; i++)
		require(response->body[i] >= ' ' && response->body[i] <= '~');
	require(response->body[response->body_len - 1] == '\n');
	require(is_ok == (code == OUTCOME_CHANGED) && (response->status == 200) == is_ok);
	require(is_ok || (response->status >= 400 && response->status <= 503));
	require(response->content_type);
}

/* ---- The way of a request ---- */

static void answer(const struct dialect *dialect, const struct http_request *request, const struct intent *intent,
		   struct outcome outcome)
{
	struct dialect_answer how = {request, intent, &outcome, 1};
	struct http_response response;

	http_response_init(&response);
	dialect->render(&how, &response);
	check_answer(&response, outcome.code);
}

static void check_intent(const struct intent *intent)
{
	require(intent->kind == INTENT_UPDATE);
	require(intent->reading_count >= 1 && intent->reading_count <= INTENT_READINGS_MAX);
	for (size_t i = 0; i < intent->reading_count; i++)
		require(intent->readings[i].login.len > 0 && intent->readings[i].key.len > 0);
	require(intent->host_count == 1 && intent->hosts[0].len > 0);
}

static void carry_out(const struct dialect *dialect, const struct http_request *request, const struct intent *intent)
{
	static const enum outcome_code ends[] = {OUTCOME_CHANGED,     OUTCOME_NO_RECORD, OUTCOME_REFUSED,
						 OUTCOME_UNREACHABLE, OUTCOME_UNKNOWN,   OUTCOME_REFUSED_UNSIGNED,
						 OUTCOME_WRONG_KEY};
	static struct plan plan;

	check_intent(intent);
	plan_make(policy(), intent, grant(), &request->source, &plan);
	require(plan.count == intent->host_count);
	if (!plan.hosts[0].planned) {
		answer(dialect, request, intent, (struct outcome){.code = plan.hosts[0].failure});
		return;
	}
	check_set(&plan.hosts[0].set);
	check_source(request, &plan.hosts[0].set);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		answer(dialect, request, intent, (struct outcome){.code = ends[i], .missing = RR_AAAA});
}

static void handle(struct http_request *request)
{
	struct intent intent = {0};
	const struct dialect *dialect;
	enum outcome_code code;
	unsigned allowed;

	dialect = dialects_find(request, &allowed);
	if (!dialect || strcmp(dialect->name, "rexx") != 0)
		return;
	code = dialect->parse(request, &intent);
	if (code == OUTCOME_GRANTED)
		carry_out(dialect, request, &intent);
	else
		answer(dialect, request, &intent, (struct outcome){.code = code});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	with_request(data, size, handle);
	return 0;
}
