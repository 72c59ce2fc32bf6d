/*
 * dyndns2: what most routers and DDNS programs speak, `/nic/update?hostname=&myip=`, with its relatives: deSEC's
 * `myipv4` and `myipv6`, `ip6lanprefix` as routers with IPv6 send it, `offline`. A host may be named in several
 * operands; if more than one is there, the hosts of all of them are meant.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static const char *const own[] = {"hostname", "host", "domain",   "domains", "fqdn", "username",
				  "user",     "pass", "password", "offline", NULL};

static enum outcome_code parse_dyndns2_credentials(const struct http_request *request, struct intent *intent)
{
	const struct http_param *user = operand_find(request, "username");
	const struct http_param *password = operand_find(request, "password");

	if (request->has_basic)
		return operand_take_basic(request, intent);
	if (!user)
		user = operand_find(request, "user");
	if (!password)
		password = operand_find(request, "pass");
	if (!user || !password)
		return user ? OUTCOME_MISSING_KEY : OUTCOME_MISSING_LOGIN;
	return operand_take_credentials(user, password, intent);
}

/* No host, or `YES`, which old routers send for "the one I have an account for". */
static void take_own_host(struct intent *intent)
{
	intent->host_form = HOSTS_OWN;
	intent->hosts[0] = (struct text){NULL, 0};
	intent->host_count = 1;
}

static enum outcome_code parse_hosts(const struct http_request *request, struct intent *intent)
{
	if (!operand_take_hosts(request, operand_hosts, intent))
		return OUTCOME_TOO_MANY_HOSTS;
	if (intent->host_count == 0 ||
	    (intent->host_count == 1 && text_equal_ignoring_case(intent->hosts[0], text_of("YES"))))
		take_own_host(intent);
	return OUTCOME_GRANTED;
}

static enum outcome_code dyndns2_parse(const struct http_request *request, struct intent *intent)
{
	enum outcome_code code = parse_dyndns2_credentials(request, intent);

	if (code != OUTCOME_GRANTED)
		return code;
	intent->kind = text_equal_ignoring_case(operand_cut(operand_of(request, "offline")), text_of("yes"))
			       ? INTENT_OFFLINE
			       : INTENT_UPDATE;
	intent->lenient = true;
	operand_take_addresses_or_none(request, own, intent);
	return parse_hosts(request, intent);
}

/* Browsers ask for `/` too, to see their address; an update at this path must have operands that say so. */
static bool dyndns2_claims(const struct http_request *request)
{
	static const char *const users[] = {"username", "user", NULL};

	return !text_equal(operand_path(request), text_of("/")) || operand_find_any(request, operand_hosts) ||
	       operand_find_any(request, users) || operand_has_address(request);
}

enum { METHODS = HTTP_GET | HTTP_POST | HTTP_PUT };

static const struct dialect_route dyndns2_routes[] = {
	{"/nic/update", METHODS},
	{"/v3/update", METHODS},
	{"/v2/update", METHODS},
	{"/update", METHODS},
	{"/dyndns/update", METHODS},
	{"/", METHODS},
	{NULL, 0},
};

const struct dialect dialect_dyndns2 = {
	.name = "dyndns2",
	.routes = dyndns2_routes,
	.is_for_routers = true,
	.claims = dyndns2_claims,
	.parse = dyndns2_parse,
	.render = words_render,
};
