/*
 * Tells clients their own address, in the form in which programs look for it (`/checkip.cgi`) or as plain text
 * (`/myip`). If the address is not known, the answer holds none.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"

static enum outcome_code checkip_parse(const struct http_request *request, struct intent *intent)
{
	(void)request;
	intent->kind = INTENT_SHOW_ADDRESS;
	intent->host_count = 0;
	return OUTCOME_GRANTED;
}

static void checkip_render(const struct dialect_answer *answer, struct http_response *response)
{
	char address[ADDR_TEXT_MAX];

	if (answer->request->source.family == ADDR_NONE) {
		http_response_plain(response, 503, "503 the proxy did not say from which address the request comes");
		response->retry_after_s = 60;
		return;
	}
	addr_format(&answer->request->source, address);
	response->status = 200;
	if (text_equal(operand_path(answer->request), text_of("/myip"))) {
		response->content_type = "text/plain; charset=utf-8";
		http_response_add(response, "%s\n", address);
		return;
	}
	response->content_type = "text/html; charset=utf-8";
	http_response_add(
		response,
		"<html><head><title>Current IP Check</title></head><body>Current IP Address: %s</body></html>\n",
		address);
}

static const struct dialect_route checkip_routes[] = {
	{"/checkip.cgi", HTTP_GET | HTTP_HEAD},
	{"/checkip", HTTP_GET | HTTP_HEAD},
	{"/", HTTP_GET | HTTP_HEAD},
	{"/myip", HTTP_GET | HTTP_HEAD},
	{NULL, 0},
};

const struct dialect dialect_checkip = {
	.name = "checkip",
	.routes = checkip_routes,
	.parse = checkip_parse,
	.render = checkip_render,
};
