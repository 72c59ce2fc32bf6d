/*
 * dyndns2: what most routers and DDNS programs speak, `/nic/update?hostname=&myip=`, with its relatives: deSEC's
 * `myipv4` and `myipv6`, `ip6lanprefix` as routers with IPv6 send it, `offline`.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static const struct operand_address address_operands[] = {
	{"myip", true},  {"myipv4", true},  {"ip", true},   {"ipv4", true},
	{"ipv6", false}, {"myipv6", false}, {"ip6", false}, {NULL, false},
};

static enum outcome_code parse_credentials(const struct http_request *request, struct intent *intent)
{
	const struct http_param *user = http_param_find(&request->params, "username");
	const struct http_param *password = http_param_find(&request->params, "password");

	if (request->has_basic)
		return operand_take_basic(request, intent);
	if (!user)
		user = http_param_find(&request->params, "user");
	if (!password)
		password = http_param_find(&request->params, "pass");
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
	for (size_t i = 0; i < request->params.count; i++) {
		const struct http_param *param = &request->params.items[i];

		if (text_equal(param->name, text_of("hostname")) &&
		    !operand_take_hosts(operand_cut(param->value), intent))
			return OUTCOME_TOO_MANY_HOSTS;
	}
	if (intent->host_count == 0 ||
	    (intent->host_count == 1 && text_equal_ignoring_case(intent->hosts[0], text_of("YES"))))
		take_own_host(intent);
	return OUTCOME_GRANTED;
}

static enum outcome_code dyndns2_parse(const struct http_request *request, struct intent *intent)
{
	enum outcome_code code = parse_credentials(request, intent);

	if (code != OUTCOME_GRANTED)
		return code;
	intent->kind = text_equal_ignoring_case(operand_cut(operand_of(request, "offline")), text_of("yes"))
			       ? INTENT_OFFLINE
			       : INTENT_UPDATE;
	intent->lenient = true;
	intent->prefix = operand_cut(operand_of(request, "ip6lanprefix"));
	operand_take_addresses(request, address_operands, intent);
	return parse_hosts(request, intent);
}

/* `/` is also where browsers ask for their address; who means an update says so. */
static bool dyndns2_claims(const struct http_request *request)
{
	static const char *const telling[] = {"hostname", "username", "user", "ip6lanprefix"};

	if (!text_equal(operand_cut(request->path), text_of("/")))
		return true;
	for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
		if (operand_is_given(request, telling[i]))
			return true;
	}
	for (const struct operand_address *name = address_operands; name->name; name++) {
		if (operand_is_given(request, name->name))
			return true;
	}
	return false;
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
	.claims = dyndns2_claims,
	.parse = dyndns2_parse,
	.render = words_render,
};
