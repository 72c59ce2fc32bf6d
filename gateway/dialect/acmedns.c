/*
 * acme-dns: `POST /update` with the headers X-Api-User and X-Api-Key and the JSON `{"subdomain": "...", "txt": "..."}`,
 * by which programs that get certificates answer a dns-01 challenge. The last two strings are kept, because a name and
 * its wildcard are proved by strings at the same owner. Where several gateways set them, some more stay for a while.
 *
 * The subdomain is a full name, or a label below what the account may update.
 *
 * Its clients may also ask for `GET /health`, and for an account by `POST /register`; that is refused, because accounts
 * are made by the administrator.
 */
#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

static bool is_asked_at(const struct http_request *request, const char *path)
{
	return text_equal(operand_path(request), text_of(path));
}

static enum outcome_code parse_update(const struct http_request *request, struct intent *intent)
{
	enum outcome_code code = operand_take_literally(request->api_user, request->api_key, intent);

	intent->kind = INTENT_ROTATE;
	intent->type = RR_TXT;
	intent->host_form = HOSTS_LABELS;
	intent->hosts[0] = operand_of(request, "subdomain");
	intent->host_count = 1;
	intent->data = operand_of(request, "txt");
	if (code != OUTCOME_GRANTED)
		return code;
	return intent->hosts[0].len ? OUTCOME_GRANTED : OUTCOME_MISSING_HOST;
}

static enum outcome_code acmedns_parse(const struct http_request *request, struct intent *intent)
{
	if (is_asked_at(request, "/health"))
		return OUTCOME_ALIVE;
	return is_asked_at(request, "/register") ? OUTCOME_NOT_ALLOWED : parse_update(request, intent);
}

static void acmedns_render(const struct dialect_answer *answer, struct http_response *response)
{
	static const struct json_members members = {"subdomain", "txt"};
	static const char no_accounts[] =
		"nobody can register here: an account is one of this gateway, its login and key are X-Api-User and "
		"X-Api-Key (\"username\" and \"password\"), and its administrator makes it";

	if (is_asked_at(answer->request, "/health") && answer->outcomes[0].code == OUTCOME_ALIVE)
		http_response_json(response, 200, "status", text_of("alive"));
	else if (is_asked_at(answer->request, "/register"))
		http_response_json(response, 403, "error", text_of(no_accounts));
	else
		words_render_json(answer, &members, "txt", response);
}

/* Other dialects have the same path; their requests name hosts by other operands, or come without acme-dns' headers. */
static bool acmedns_claims(const struct http_request *request)
{
	bool is_of_others = operand_find_any(request, operand_hosts);
	bool is_signed = request->api_user.len || request->api_key.len;

	if (!is_asked_at(request, "/update") || operand_is_given(request, "subdomain"))
		return true;
	return !is_of_others && (is_signed || operand_is_given(request, "txt"));
}

static const struct dialect_route acmedns_routes[] = {
	{"/update", HTTP_POST},
	{"/register", HTTP_POST},
	{"/health", HTTP_GET | HTTP_HEAD},
	{NULL, 0},
};

const struct dialect dialect_acmedns = {
	.name = "acmedns",
	.routes = acmedns_routes,
	.speaks_json = true,
	.claims = acmedns_claims,
	.parse = acmedns_parse,
	.render = acmedns_render,
};
