/*
 * What the account page reads of strangers: a Cookie header, a Host header, and a form, which stand in an input in
 * this order with newlines between. A cookie that is taken has only the octets that ours have; limits of a key that are
 * taken are lines that the store can read again; and whatever is shown stays text.
 */
#include <stdlib.h>
#include <string.h>

#include "base/network.h"
#include "http/decode.h"
#include "page/buffer.h"
#include "page/guard.h"
#include "page/keyform.h"
#include "require.h"
#include "update/grant.h"

static void check_cookie(struct text header)
{
	static const uint8_t secret[GUARD_SECRET_LEN] = {1};
	struct text cookie = guard_cookie(header, "it");
	char token[GUARD_TOKEN_MAX];

	require(cookie.len <= GUARD_COOKIE_MAX);
	for (size_t i = 0; i < cookie.len; i++)
		require(cookie.octets[i] && !strchr(" \t;,\"\\=", cookie.octets[i]) && cookie.octets[i] > 0);
	if (cookie.len == 0)
		return;
	require(guard_token(secret, cookie, token) == STATUS_OK);
	require(guard_admits(secret, cookie, text_of(token)) && !guard_admits(secret, cookie, header));
}

static void check_escaped(struct text text)
{
	struct buffer buffer = {0};

	buffer_add_escaped(&buffer, text);
	require(!buffer.failed && buffer.len >= text.len);
	for (size_t i = 0; i < buffer.len; i++)
		require(!memchr("<>\"'", buffer.octets[i], 4));
	buffer_fini(&buffer);
}

static void check_host(struct text host)
{
	if (!guard_is_host(host))
		return;
	for (size_t i = 0; i < host.len; i++)
		require(host.octets[i] && !strchr(" <>\"'&/@$\\", host.octets[i]));
}

static void check_form(const struct keyform *form)
{
	struct text line, rest = form->hosts;
	struct host_pattern pattern;
	struct network network;

	while (text_split(rest, '\n', &line, &rest))
		require(host_pattern_parse(line, &pattern) == STATUS_OK);
	require(line.len == 0);
	rest = form->sources;
	while (text_split(rest, '\n', &line, &rest))
		require(network_parse(line, &network) == STATUS_OK);
	require(line.len == 0);
}

static void read_form(struct text body)
{
	struct decode_space space = {.cap = DECODE_SPACE(body.len)};
	static struct http_params params;
	static struct keyform form;

	params.count = 0;
	space.octets = malloc(space.cap);
	require(space.octets);
	if (decode_params(body, &space, &params) == STATUS_OK) {
		if (keyform_read(&params, &form))
			check_form(&form);
		else
			require(*form.error && strlen(form.error) < KEYFORM_ERROR_MAX);
		check_escaped(text_of(form.error));
	}
	free(space.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text input = {(const char *)data, size}, cookies, host, body, rest;

	text_split(input, '\n', &cookies, &rest);
	text_split(rest, '\n', &host, &body);
	check_cookie(cookies);
	check_host(host);
	check_escaped(input);
	read_form(body);
	return 0;
}
