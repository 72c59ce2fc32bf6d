/*
 * he.net: `/nic/update?hostname=&password=[&myip=]` without a user: the host is the user.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static const struct operand_address address_operands[] = {{"myip", true}, {NULL, false}};

static enum outcome_code henet_parse(const struct http_request *request, struct intent *intent)
{
	const struct http_param *host = http_param_find(&request->params, "hostname");
	const struct http_param *password = http_param_find(&request->params, "password");
	struct http_param login = {host->name, operand_cut(host->value), operand_cut(host->literal)};

	intent->kind = INTENT_UPDATE;
	intent->lenient = true;
	intent->hosts[0] = login.value;
	intent->host_count = 1;
	operand_take_addresses(request, address_operands, intent);
	/* However it is written: logins that are hosts are in lower case, without a dot at the end. */
	if (name_parse(login.value, &intent->login_name) == STATUS_OK)
		login.value = login.literal = name_text(&intent->login_name);
	return operand_take_credentials(&login, password, intent);
}

static bool henet_claims(const struct http_request *request)
{
	return !request->has_basic && operand_of(request, "hostname").len && operand_is_given(request, "password") &&
	       !operand_is_given(request, "username") && !operand_is_given(request, "user");
}

static const struct dialect_route henet_routes[] = {
	{"/nic/update", HTTP_GET | HTTP_POST},
	{NULL, 0},
};

const struct dialect dialect_henet = {
	.name = "henet",
	.routes = henet_routes,
	.claims = henet_claims,
	.parse = henet_parse,
	.render = words_render,
};
