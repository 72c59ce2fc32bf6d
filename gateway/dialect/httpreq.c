/*
 * httpreq: how lego and what is built on it answer a dns-01 challenge by way of a program of one's own. `POST /present`
 * adds a string to a TXT record, `POST /cleanup` takes it out again, with the JSON `{"fqdn": "_acme-challenge.x.",
 * "value": "..."}` and Basic credentials.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static enum outcome_code httpreq_parse(const struct http_request *request, struct intent *intent)
{
	bool cleanup = text_equal(operand_path(request), text_of("/cleanup"));

	intent->kind = cleanup ? INTENT_TXT_DROP : INTENT_TXT_ADD;
	intent->hosts[0] = operand_of(request, "fqdn");
	intent->host_count = 1;
	intent->txt = operand_of(request, "value");
	if (!request->has_basic)
		return OUTCOME_MISSING_LOGIN;
	if (intent->hosts[0].len == 0)
		return OUTCOME_MISSING_HOST;
	return operand_take_basic(request, intent);
}

static void httpreq_render(const struct dialect_answer *answer, struct http_response *response)
{
	words_render_json(answer, "value", response);
}

static const struct dialect_route httpreq_routes[] = {
	{"/present", HTTP_POST},
	{"/cleanup", HTTP_POST},
	{NULL, 0},
};

const struct dialect dialect_httpreq = {
	.name = "httpreq",
	.routes = httpreq_routes,
	.parse = httpreq_parse,
	.render = httpreq_render,
};
