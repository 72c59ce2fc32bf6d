/*
 * X-Forwarded-For: 192.0.2.1, 2001:db8::1, [2001:db8::1]:4711, unknown
 *
 * Forwarded: for=192.0.2.1;proto=https, for="[2001:db8::1]:4711";by=_inner, for=unknown
 */
#include "http/forwarded.h"

#include <string.h>

static bool is_http_space(char octet)
{
	return octet == ' ' || octet == '\t';
}

static void add_hop(struct forwarded *forwarded, struct networks trusted, const struct addr *addr)
{
	struct addr source = addr_unmapped(addr);
	bool is_outside = !networks_have(trusted, &source);

	if (is_outside || forwarded->hops == 0)
		forwarded->source = source;
	forwarded->is_outside = forwarded->is_outside || is_outside;
	forwarded->hops++;
}

/* ---- Nodes, RFC 7239 section 6 ---- */

/* "_" and letters, digits, ".", "_", "-": a name that means something to the proxy alone. */
static bool is_obfuscated(struct text text)
{
	if (text.len < 2 || text.octets[0] != '_')
		return false;
	for (size_t i = 1; i < text.len; i++) {
		char octet = text.octets[i];

		if (!((octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
		      (octet >= '0' && octet <= '9') || octet == '.' || octet == '_' || octet == '-'))
			return false;
	}
	return true;
}

/* Up to five digits, 0 among the numbers, unlike that of a server. */
static bool is_node_port(struct text text)
{
	if (text.len == 0 || text.len > 5)
		return is_obfuscated(text);
	for (size_t i = 0; i < text.len; i++) {
		if (text.octets[i] < '0' || text.octets[i] > '9')
			return is_obfuscated(text);
	}
	return true;
}

/* An IPv6 address has more than one colon, so it takes a port only in brackets. */
static bool has_port(struct text node, struct text *name, struct text *port)
{
	const char *colon = memrchr(node.octets, ':', node.len);

	*name = node;
	if (!colon || (node.octets[0] != '[' && memchr(node.octets, ':', (size_t)(colon - node.octets))) ||
	    (node.octets[0] == '[' && colon[-1] != ']'))
		return false;
	*name = (struct text){node.octets, (size_t)(colon - node.octets)};
	*port = (struct text){colon + 1, node.len - name->len - 1};
	return true;
}

/* The address of a node, of no family if it does not tell one. */
static enum status parse_node(struct text node, struct addr *out)
{
	struct text name, port;

	if (node.len == 0 || (has_port(node, &name, &port) && !is_node_port(port)))
		return STATUS_INVALID;
	*out = (struct addr){.family = ADDR_NONE};
	if (text_equal_ignoring_case(name, text_of("unknown")) || is_obfuscated(name))
		return STATUS_OK;
	if (name.len > 2 && name.octets[0] == '[' && name.octets[name.len - 1] == ']') {
		name = (struct text){name.octets + 1, name.len - 2};
		if (!memchr(name.octets, ':', name.len))
			return STATUS_INVALID;
	}
	return addr_parse(name, out);
}

/* ---- X-Forwarded-For ---- */

enum status forwarded_add_for(struct forwarded *forwarded, struct networks trusted, struct text value)
{
	while (value.len) {
		struct text node;
		struct addr addr;

		text_split(value, ',', &node, &value);
		node = text_trimmed(node, " \t");
		if (node.len == 0)
			continue; /* RFC 9110 section 5.6.1 */
		if (parse_node(node, &addr) != STATUS_OK)
			return STATUS_INVALID;
		add_hop(forwarded, trusted, &addr);
	}
	return STATUS_OK;
}

/* ---- Forwarded ---- */

enum { NODE_MAX = 128 }; /* octets of a node; longer ones are malformed */

/* What is being read. */
struct cursor {
	const char *at;
	const char *end;
};

static bool at_end(const struct cursor *cursor)
{
	return cursor->at >= cursor->end;
}

static void skip_spaces(struct cursor *cursor)
{
	while (!at_end(cursor) && is_http_space(*cursor->at))
		cursor->at++;
}

/* RFC 9110 section 5.6.2 */
static bool is_token_octet(char octet)
{
	return octet > ' ' && octet < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", octet);
}

static struct text read_token(struct cursor *cursor)
{
	struct text token = {cursor->at, 0};

	while (!at_end(cursor) && is_token_octet(*cursor->at))
		cursor->at++;
	token.len = (size_t)(cursor->at - token.octets);
	return token;
}

/* A quoted string (RFC 9110 section 5.6.4) without its quotes and backslashes; what is too long is cut off. */
static enum status read_quoted(struct cursor *cursor, char buffer[static NODE_MAX], struct text *out)
{
	size_t len = 0;

	for (cursor->at++; !at_end(cursor) && *cursor->at != '"'; cursor->at++) {
		if (*cursor->at == '\\')
			cursor->at++;
		if (at_end(cursor))
			return STATUS_INVALID;
		if (len < NODE_MAX)
			buffer[len++] = *cursor->at;
	}
	if (at_end(cursor))
		return STATUS_INVALID;
	cursor->at++;
	*out = (struct text){buffer, len};
	return STATUS_OK;
}

static bool is_bare_octet(char octet)
{
	return is_token_octet(octet) || octet == ':' || octet == '[' || octet == ']' || octet == '/';
}

/* Proxies write addresses with colons and brackets without the quotes that are due, so `for=2001:db8::1` is taken. */
static struct text read_bare(struct cursor *cursor)
{
	struct text bare = {cursor->at, 0};

	while (!at_end(cursor) && is_bare_octet(*cursor->at))
		cursor->at++;
	bare.len = (size_t)(cursor->at - bare.octets);
	return bare;
}

/* One `name=value`. `addr` is set if its name is "for". */
static enum status read_pair(struct cursor *cursor, bool *has_for, struct addr *addr)
{
	struct text name = read_token(cursor), value;
	char buffer[NODE_MAX];

	if (name.len == 0 || at_end(cursor) || *cursor->at != '=')
		return STATUS_INVALID;
	cursor->at++;
	if (!at_end(cursor) && *cursor->at == '"') {
		if (read_quoted(cursor, buffer, &value) != STATUS_OK)
			return STATUS_INVALID;
	} else {
		value = read_bare(cursor);
	}
	if (!text_equal_ignoring_case(name, text_of("for")))
		return STATUS_OK;
	if (*has_for)
		return STATUS_INVALID;
	*has_for = true;
	return parse_node(value, addr);
}

/* One proxy's word. Without "for" it is a hop that does not tell an address. */
static enum status read_element(struct cursor *cursor, struct addr *addr)
{
	bool has_for = false;

	*addr = (struct addr){.family = ADDR_NONE};
	for (;;) {
		if (read_pair(cursor, &has_for, addr) != STATUS_OK)
			return STATUS_INVALID;
		skip_spaces(cursor);
		if (at_end(cursor) || *cursor->at == ',')
			return STATUS_OK;
		if (*cursor->at++ != ';')
			return STATUS_INVALID;
		skip_spaces(cursor);
		if (at_end(cursor) || *cursor->at == ',')
			return STATUS_OK;
	}
}

enum status forwarded_add(struct forwarded *forwarded, struct networks trusted, struct text value)
{
	struct cursor cursor = {value.octets, value.octets + value.len};

	for (;;) {
		struct addr addr;

		while (!at_end(&cursor) && (is_http_space(*cursor.at) || *cursor.at == ','))
			cursor.at++;
		if (at_end(&cursor))
			return STATUS_OK;
		if (read_element(&cursor, &addr) != STATUS_OK)
			return STATUS_INVALID;
		add_hop(forwarded, trusted, &addr);
	}
}
