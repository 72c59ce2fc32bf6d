/*
 * A request from its octets to its answer, without sockets: target, Authorization header and form body, which stand
 * in an input in this order with newlines between, are decoded, understood, planned and answered. Nothing but the
 * name of a host that was granted may reach a plan, and every answer is one line that begins with a code.
 */
#include <string.h>

#include "dialect/dialect.h"
#include "http/decode.h"
#include "require.h"
#include "update/plan.h"

/* ---- The world around it ---- */

static struct name name_of(const char *text)
{
	struct name name;

	require(name_parse(text_of(text), &name) == STATUS_OK);
	return name;
}

static const struct plan_policy *policy(void)
{
	static struct plan_zone zones[3];
	static const struct plan_policy all = {.zones = zones, .zone_count = 3, .allow_private = true};

	zones[0] = (struct plan_zone){name_of("example.com"), 180, true};
	zones[1] = (struct plan_zone){name_of("sub.example.com"), 60, true};
	zones[2] = (struct plan_zone){name_of("off.example.com"), 60, false};
	return &all;
}

static const struct grant *grant(void)
{
	static struct host_pattern patterns[3];
	static const struct grant some = {.patterns = patterns, .count = 3};

	patterns[0] = (struct host_pattern){.kind = HOST_EXACT, .name = name_of("www.example.com")};
	patterns[1] = (struct host_pattern){.kind = HOST_BELOW, .name = name_of("sub.example.com")};
	patterns[2] = (struct host_pattern){.kind = HOST_ZONE, .name = name_of("off.example.com")};
	return &some;
}

/* ---- What must hold ---- */

static void check_change(const struct change *change, uint32_t ttl_s)
{
	enum addr_scope scope = addr_scope(&change->addr);

	require(change->addr.family == ADDR_V4 || change->addr.family == ADDR_V6);
	require(scope == ADDR_SCOPE_GLOBAL || scope == ADDR_SCOPE_PRIVATE);
	require(change->ttl_s == ttl_s && change->must_exist);
}

static void check_set(const struct change_set *set)
{
	const struct plan_zone *zone;
	struct name again;

	require(set->zone < policy()->zone_count);
	zone = &policy()->zones[set->zone];
	require(zone->active && plan_find_zone(policy(), &set->owner) == zone);
	require(name_parse(name_text(&set->owner), &again) == STATUS_OK && name_equal(&again, &set->owner));
	require(grant_right(grant(), &set->owner, &zone->name) == GRANT_UPDATE);
	require(set->count >= 1 && set->count <= CHANGE_SET_MAX);
	for (size_t i = 0; i < set->count; i++)
		check_change(&set->changes[i], zone->ttl_s);
	require(set->count == 1 || set->changes[0].addr.family != set->changes[1].addr.family);
}

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
						 OUTCOME_UNREACHABLE, OUTCOME_UNKNOWN,   OUTCOME_WRONG_KEY};
	static struct plan plan;

	check_intent(intent);
	plan_make(policy(), intent, grant(), &request->source, &plan);
	require(plan.count == intent->host_count);
	if (!plan.hosts[0].planned) {
		answer(dialect, request, intent, (struct outcome){.code = plan.hosts[0].failure});
		return;
	}
	check_set(&plan.hosts[0].set);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		answer(dialect, request, intent, (struct outcome){.code = ends[i], .missing = ADDR_V6});
}

static void handle(const struct http_request *request)
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

static bool decode(struct text target, struct text authorization, struct text body, struct decode_space *space,
		   struct http_request *request)
{
	struct text query;

	*request = (struct http_request){.method = body.len ? HTTP_POST : HTTP_GET};
	require(addr_parse(text_of("203.0.113.9"), &request->source) == STATUS_OK);
	if (decode_target(target, space, &request->path, &query, &request->has_query) != STATUS_OK ||
	    decode_params(query, space, &request->params) != STATUS_OK ||
	    decode_params(body, space, &request->params) != STATUS_OK)
		return false;
	request->has_basic =
		decode_basic(authorization, space, &request->basic_user, &request->basic_password) == STATUS_OK;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = {(const char *)data, size}, target, authorization, body, rest;
	struct decode_space space = {.cap = DECODE_SPACE(size) + 1};
	static struct http_request request;

	text_split(input, '\n', &target, &rest);
	text_split(rest, '\n', &authorization, &body);
	space.octets = malloc(space.cap);
	require(space.octets);
	if (decode(target, authorization, body, &space, &request))
		handle(&request);
	free(space.octets);
	return 0;
}
