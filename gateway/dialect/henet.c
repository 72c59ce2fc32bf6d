/*
 * he.net: `/nic/update?hostname=&password=[&myip=]` without a user: the host is the user.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static const char *const own[] = {"hostname", "host", "domain", "domains", "fqdn", "password", NULL};

static enum outcome_code henet_parse(const struct http_request *request, struct intent *intent)
{
	const struct http_param *host = operand_find_any(request, operand_hosts);
	const struct http_param *password = operand_find(request, "password");
	struct http_param login = {host->name, operand_cut(host->value), operand_cut(host->literal)};

	if (operand_count_any(request, operand_hosts) > 1)
		return OUTCOME_TOO_MANY_HOSTS;
	intent->kind = INTENT_UPDATE;
	intent->lenient = true;
	intent->hosts[0] = login.value;
	intent->host_count = 1;
	operand_take_addresses_or_none(request, own, intent);
	/* However the host is written, the login is in lower case and without a dot at the end. */
	if (name_parse_owner(login.value, &intent->login_name) == STATUS_OK)
		login.value = login.literal = name_text(&intent->login_name);
	return operand_take_credentials(&login, password, intent);
}

static bool henet_claims(const struct http_request *request)
{
	const struct http_param *host = operand_find_any(request, operand_hosts);

	return !request->has_basic && host && host->value.len && operand_is_given(request, "password") &&
	       !operand_is_given(request, "username") && !operand_is_given(request, "user");
}

static const struct dialect_route henet_routes[] = {
	{"/nic/update", HTTP_GET | HTTP_POST},
	{NULL, 0},
};

const struct dialect dialect_henet = {
	.name = "henet",
	.routes = henet_routes,
	.is_for_routers = true,
	.claims = henet_claims,
	.parse = henet_parse,
	.render = words_render,
};
