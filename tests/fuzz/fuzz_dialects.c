/*
 * Any request through all dialects from its octets to its answer, without sockets: it is decoded, given to the dialect
 * that it is for, planned, and answered with every outcome that there is. Nothing but the name of a host that was
 * granted may reach a plan; a body holds no octet that a client could stumble over; and where clients look for words
 * of success, no failure reads like one.
 */
#include "request.h"

#include <strings.h>

static const enum outcome_code all_outcomes[] = {
#define X(name, text) name,
	OUTCOME_LIST(X)
#undef X
};

enum { OUTCOME_COUNT = sizeof all_outcomes / sizeof *all_outcomes };

/* ---- What must hold of every answer ---- */

static bool contains(const struct http_response *response, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= response->body_len; i++) {
		if (strncasecmp(response->body + i, word, len) == 0)
			return true;
	}
	return false;
}

/* As inadyn looks for it, in whatever case. */
static bool reads_like_success(const struct http_response *response)
{
	static const char *const words[] = {"OK", "good", "true", "updated", "nochg"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (contains(response, words[i]))
			return true;
	}
	return false;
}

static void check_body(const struct http_response *response)
{
	require(response->body_len > 0 && response->body_len < HTTP_BODY_MAX);
	for (size_t i = 0; i < response->body_len; i++)
		require(response->body[i] == '\n' || (response->body[i] >= ' ' && response->body[i] <= '~'));
	require(response->content_type);
}

static bool is_success(enum outcome_code code)
{
	return code == OUTCOME_CHANGED || code == OUTCOME_UNCHANGED;
}

/* Of the outcomes each is a success, or none is. */
static void check_answer(const struct dialect_answer *answer, const struct dialect *dialect,
			 const struct http_response *response)
{
	enum outcome_code code = answer->outcomes[0].code;
	bool missing = code == OUTCOME_MISSING_LOGIN || code == OUTCOME_MISSING_KEY;
	bool always_200 = answer->request->errors_as_200 && dialect->is_for_routers && !missing;

	check_body(response);
	/* DuckDNS' word is the whole body, as its clients compare it. */
	require(dialect == &dialect_duckdns || response->body[response->body_len - 1] == '\n');
	if (dialect == &dialect_checkip)
		return;
	require((response->status == 200) == (is_success(code) || always_200));
	require(response->status == 200 || (response->status >= 400 && response->status <= 503));
	require(response->challenge == (response->status == 401));
	if (dialect->is_for_routers)
		require(reads_like_success(response) == is_success(code));
}

/* ---- The way of a request ---- */

static void answer(const struct dialect *dialect, struct http_request *request, const struct intent *intent,
		   enum outcome_code code, size_t count)
{
	struct outcome outcomes[INTENT_HOSTS_MAX];
	struct dialect_answer how = {request, intent, outcomes, count};
	struct http_response response;

	for (size_t i = 0; i < count; i++)
		outcomes[i] = (struct outcome){
			.code = code,
			.missing = RR_AAAA,
			.addr_count = 2,
			.addrs = {addr_of("255.255.255.255"), addr_of("2001:db8:1111:2222:3333:4444:5555:6666")}};
	for (unsigned errors_as_200 = 0; errors_as_200 < 2; errors_as_200++) {
		request->errors_as_200 = errors_as_200;
		http_response_init(&response);
		dialect_render(dialect, &how, &response);
		check_answer(&how, dialect, &response);
	}
}

static void check_intent(const struct intent *intent)
{
	require(intent->reading_count >= 1 && intent->reading_count <= INTENT_READINGS_MAX);
	for (size_t i = 0; i < intent->reading_count; i++) {
		require(intent->readings[i].key.len > 0);
		require(intent->by_token == (intent->readings[i].login.len == 0));
	}
	require(intent->host_count >= 1 && intent->host_count <= INTENT_HOSTS_MAX);
	require(intent->address_count <= INTENT_ADDRESSES_MAX);
}

/* A set announces that another one of its zone follows if and only if one does. */
static void check_links(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		bool more = false;

		if (!plan->hosts[i].planned)
			continue;
		for (size_t k = i + 1; k < plan->count; k++)
			more = more || (plan->hosts[k].planned && plan->hosts[k].set.zone == plan->hosts[i].set.zone);
		require(plan->hosts[i].set.more == more);
	}
}

static void carry_out(const struct dialect *dialect, struct http_request *request, const struct intent *intent)
{
	static struct plan plan;

	check_intent(intent);
	plan_make(policy(), intent, grant(), &request->source, &plan);
	require(plan.count == intent->host_count);
	for (size_t i = 0; i < plan.count; i++) {
		if (!plan.hosts[i].planned)
			continue;
		check_set(&plan.hosts[i].set);
		check_source(request, &plan.hosts[i].set);
	}
	check_links(&plan);
	for (size_t i = 0; i < OUTCOME_COUNT; i++) {
		/* Only what was planned is done. */
		if (is_success(all_outcomes[i]) && !plan.hosts[0].planned)
			continue;
		answer(dialect, request, intent, all_outcomes[i], plan.count);
		answer(dialect, request, intent, all_outcomes[i], 1); /* one for the whole request */
	}
}

static void handle(struct http_request *request)
{
	struct intent intent = {0};
	const struct dialect *dialect;
	enum outcome_code code;
	unsigned allowed;

	dialect = dialects_find(request, &allowed);
	if (!dialect)
		return;
	code = dialect->parse(request, &intent);
	if (code != OUTCOME_GRANTED)
		answer(dialect, request, &intent, code, 1);
	else if (intent.kind == INTENT_SHOW_ADDRESS)
		answer(dialect, request, &intent, OUTCOME_ADDRESS, 1);
	else
		carry_out(dialect, request, &intent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	with_request(data, size, handle);
	return 0;
}
