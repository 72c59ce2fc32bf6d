/*
 * acme-dns: `POST /update` with the headers X-Api-User and X-Api-Key and the JSON `{"subdomain": "...", "txt": "..."}`,
 * by which programs that get certificates answer a dns-01 challenge. The last two strings are kept, because a name and
 * its wildcard are proved at the same place; some more for a while where several gateways set them.
 *
 * The subdomain is a full name, or a label below what the account may update.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static enum outcome_code acmedns_parse(const struct http_request *request, struct intent *intent)
{
	enum outcome_code code = operand_take_literally(request->api_user, request->api_key, intent);

	intent->kind = INTENT_TXT_ROTATE;
	intent->host_form = HOSTS_LABELS;
	intent->hosts[0] = operand_of(request, "subdomain");
	intent->host_count = 1;
	intent->txt = operand_of(request, "txt");
	if (code != OUTCOME_GRANTED)
		return code;
	return intent->hosts[0].len ? OUTCOME_GRANTED : OUTCOME_MISSING_HOST;
}

static void acmedns_render(const struct dialect_answer *answer, struct http_response *response)
{
	words_render_json(answer, "txt", response);
}

/* It shares its path with others that come with a query. */
static bool acmedns_claims(const struct http_request *request)
{
	return operand_is_given(request, "subdomain") && operand_is_given(request, "txt");
}

static const struct dialect_route acmedns_routes[] = {
	{"/update", HTTP_POST},
	{NULL, 0},
};

const struct dialect dialect_acmedns = {
	.name = "acmedns",
	.routes = acmedns_routes,
	.claims = acmedns_claims,
	.parse = acmedns_parse,
	.render = acmedns_render,
};
