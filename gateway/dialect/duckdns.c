/*
 * DuckDNS: `/update?domains=a,b&token=T[&ip=][&ipv6=][&txt=][&verbose=true][&clear=true]`, answered `OK` or `KO`. A
 * domain without a dot is a label below what the account may update. A text is set at `_acme-challenge` below the
 * domain, where programs that get certificates expect it, unless the domain begins with an underscore. A request with a
 * text must not have addresses.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static const char *const hosts[] = {"domains", NULL};
static const char *const own[] = {"domains", "token", "txt", "clear", "verbose", NULL};

static bool is_true(const struct http_request *request, const char *name)
{
	return text_equal_ignoring_case(operand_of(request, name), text_of("true"));
}

static bool says_address(const struct intent *intent)
{
	return intent->address_count || intent->prefix_count;
}

static enum outcome_code duckdns_parse(const struct http_request *request, struct intent *intent)
{
	const struct http_param *token = operand_find(request, "token");

	if (operand_is_given(request, "txt"))
		intent->kind = INTENT_SET;
	else
		intent->kind = is_true(request, "clear") ? INTENT_OFFLINE : INTENT_UPDATE;
	intent->type = RR_TXT;
	if (!is_true(request, "clear"))
		intent->data = operand_of(request, "txt");
	intent->lenient = true;
	intent->host_form = HOSTS_LABELS;
	intent->challenge = true;
	/* An empty `ip` asks for the client's own address; it does not say that there is no IPv4 address. */
	operand_take_addresses(request, own, intent);
	if (!operand_take_hosts(request, hosts, intent))
		return OUTCOME_TOO_MANY_HOSTS;
	if (intent->host_count == 0)
		return OUTCOME_MISSING_HOST;
	if (intent->kind == INTENT_SET && says_address(intent))
		return OUTCOME_BAD_ADDRESS; /* `OK` would say that it was set */
	return operand_take_credentials(NULL, token, intent);
}

/* The address of that family that a host has now, or an empty line. */
static void add_address(const struct outcome *outcome, enum addr_family family, struct http_response *response)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < outcome->addr_count; i++) {
		if (outcome->addrs[i].family == family)
			http_response_add(response, "%s", addr_format(&outcome->addrs[i], text));
	}
	http_response_add(response, "\n");
}

static void duckdns_render(const struct dialect_answer *answer, struct http_response *response)
{
	const struct outcome *failure = NULL;
	bool changed = false;

	for (size_t i = 0; i < answer->outcome_count; i++) {
		changed = changed || answer->outcomes[i].code == OUTCOME_CHANGED;
		if (!failure && word_for(answer->outcomes[i].code)->status != 200)
			failure = &answer->outcomes[i];
	}
	/* One word for all domains: it is good only if every one is. */
	words_set_status(failure ? &(struct dialect_answer){answer->request, answer->intent, failure, 1} : answer,
			 response);
	/* Nothing behind the word: Home Assistant and lego compare the whole body to it. */
	http_response_add(response, failure ? "KO" : "OK");
	if (failure || !is_true(answer->request, "verbose"))
		return;
	http_response_add(response, "\n");
	add_address(&answer->outcomes[0], ADDR_V4, response);
	add_address(&answer->outcomes[0], ADDR_V6, response);
	http_response_add(response, changed ? "UPDATED\n" : "NOCHANGE\n");
}

static bool duckdns_claims(const struct http_request *request)
{
	return operand_is_given(request, "domains") && operand_is_given(request, "token");
}

static const struct dialect_route duckdns_routes[] = {
	{"/update", HTTP_GET | HTTP_POST},
	{NULL, 0},
};

const struct dialect dialect_duckdns = {
	.name = "duckdns",
	.routes = duckdns_routes,
	.is_for_routers = true,
	.claims = duckdns_claims,
	.parse = duckdns_parse,
	.render = duckdns_render,
};
