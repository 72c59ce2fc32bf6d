/*
 * httpreq: the provider by which lego, and programs built on it, let any HTTP server answer a dns-01 challenge. `POST
 * /present` adds a string to a TXT record, `POST /cleanup` takes it out again, with the JSON `{"fqdn":
 * "_acme-challenge.x.", "value": "..."}` and Basic credentials.
 *
 * In its mode RAW it sends what name and value are made of, `{"domain": "x", "token": "...", "keyAuth": "..."}`: the
 * string is the SHA-256 of the key authorization in base64url (RFC 8555 section 8.4), and the record is
 * `_acme-challenge` below the domain.
 */
#include <openssl/evp.h>

#include "dialect/dialect.h"
#include "dialect/operands.h"
#include "dialect/words.h"

enum { SHA256_LEN = 32 };

static bool is_raw(const struct http_request *request)
{
	return !operand_is_given(request, "fqdn") && !operand_is_given(request, "value") &&
	       (operand_is_given(request, "domain") || operand_is_given(request, "keyAuth"));
}

/* The digest goes into the space that the intent has for it; base64url without padding (RFC 4648 section 5). */
static bool digest(struct text authorization, struct intent *intent)
{
	unsigned char octets[SHA256_LEN];
	char *room = intent->data_room;
	int len;

	if (EVP_Digest(authorization.octets, authorization.len, octets, NULL, EVP_sha256(), NULL) != 1)
		return false;
	len = EVP_EncodeBlock((unsigned char *)room, octets, sizeof octets);
	while (len && room[len - 1] == '=')
		len--;
	for (int i = 0; i < len; i++) {
		if (room[i] == '+')
			room[i] = '-';
		else if (room[i] == '/')
			room[i] = '_';
	}
	intent->data = (struct text){room, (size_t)len};
	return true;
}

/* False if the digest fails. */
static bool take_members(const struct http_request *request, struct intent *intent)
{
	bool raw = is_raw(request);
	struct text text = operand_of(request, raw ? "keyAuth" : "value");

	intent->hosts[0] = operand_of(request, raw ? "domain" : "fqdn");
	intent->host_count = 1;
	intent->challenge = raw;
	intent->data = text;
	return !raw || text.len == 0 || digest(text, intent);
}

static enum outcome_code httpreq_parse(const struct http_request *request, struct intent *intent)
{
	bool cleanup = text_equal(operand_path(request), text_of("/cleanup"));

	intent->kind = cleanup ? INTENT_DROP : INTENT_ADD;
	intent->type = RR_TXT;
	if (!take_members(request, intent))
		return OUTCOME_FAILED;
	if (!request->has_basic)
		return OUTCOME_MISSING_LOGIN;
	if (intent->hosts[0].len == 0)
		return OUTCOME_MISSING_HOST;
	return operand_take_basic(request, intent);
}

static void httpreq_render(const struct dialect_answer *answer, struct http_response *response)
{
	static const struct json_members made = {"fqdn", "value"}, raw = {"domain", "keyAuth"};

	words_render_json(answer, is_raw(answer->request) ? &raw : &made, "value", response);
}

static const struct dialect_route httpreq_routes[] = {
	{"/present", HTTP_POST},
	{"/cleanup", HTTP_POST},
	{NULL, 0},
};

const struct dialect dialect_httpreq = {
	.name = "httpreq",
	.routes = httpreq_routes,
	.speaks_json = true,
	.parse = httpreq_parse,
	.render = httpreq_render,
};
