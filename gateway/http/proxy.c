/*
 * Version 1:  PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n
 *             PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n
 *             PROXY UNKNOWN...\r\n
 *
 * Version 2:  12 octets of signature; version and command; family and protocol; 2 octets of length; then, of that
 *             length, the addresses and what else the proxy wants to tell.
 */
#include "http/proxy.h"

#include <string.h>

enum {
	V1_MAX = 107, /* octets of the longest line, CRLF among them */
	V2_FIXED = 16,
	V2_VERSION = 0x20,
	V2_LOCAL = 0x0,
	V2_PROXY = 0x1,
};

static const char v1_signature[] = "PROXY ";
static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";

/* Whether the octets are the beginning of the signature, or the other way round. */
static bool may_be(struct text octets, const char *signature, size_t signature_len)
{
	return memcmp(octets.octets, signature, octets.len < signature_len ? octets.len : signature_len) == 0;
}

/* ---- Version 1 ---- */

/* From 0, unlike that of a server, to 65535, without leading zeros. */
static bool is_proxy_port(struct text text)
{
	uint16_t port;

	return text_equal(text, text_of("0")) ||
	       (text.len && text.octets[0] != '0' && port_parse(text, &port) == STATUS_OK);
}

static enum proxy_result parse_addresses(struct text line, enum addr_family family, struct proxy_header *out)
{
	struct text source, destination, source_port, destination_port, rest;
	struct addr from, to;

	text_split(line, ' ', &source, &rest);
	text_split(rest, ' ', &destination, &rest);
	text_split(rest, ' ', &source_port, &destination_port);
	if (addr_parse(source, &from) != STATUS_OK || from.family != family ||
	    addr_parse(destination, &to) != STATUS_OK || to.family != family || !is_proxy_port(source_port) ||
	    !is_proxy_port(destination_port))
		return PROXY_MALFORMED;
	out->source = addr_unmapped(&from);
	return PROXY_COMPLETE;
}

static enum proxy_result parse_line(struct text line, struct proxy_header *out)
{
	struct text protocol, rest;

	text_split(line, ' ', &protocol, &rest);
	if (text_equal(protocol, text_of("UNKNOWN")))
		return PROXY_COMPLETE;
	if (text_equal(protocol, text_of("TCP4")))
		return parse_addresses(rest, ADDR_V4, out);
	if (text_equal(protocol, text_of("TCP6")))
		return parse_addresses(rest, ADDR_V6, out);
	return PROXY_MALFORMED;
}

static enum proxy_result parse_v1(struct text octets, struct proxy_header *out)
{
	size_t signature_len = sizeof v1_signature - 1, len = octets.len < V1_MAX ? octets.len : V1_MAX;
	const char *end = memchr(octets.octets, '\n', len);
	struct proxy_header header = {0};
	enum proxy_result result;

	if (!end)
		return octets.len >= V1_MAX ? PROXY_MALFORMED : PROXY_INCOMPLETE;
	header.len = (size_t)(end + 1 - octets.octets);
	if (header.len < signature_len + 2 || end[-1] != '\r')
		return PROXY_MALFORMED;
	result = parse_line((struct text){octets.octets + signature_len, header.len - signature_len - 2}, &header);
	if (result == PROXY_COMPLETE)
		*out = header;
	return result;
}

/* ---- Version 2 ---- */

/* By the octet for family and protocol: what the addresses are and how many octets they need. */
static const struct family {
	uint8_t code;
	enum addr_family family;
	size_t addr_len;
	size_t len;
} families[] = {
	{0x00, ADDR_NONE, 0, 0},                              /* not told */
	{0x11, ADDR_V4, 4, 12},                               /* TCP over IPv4 */
	{0x12, ADDR_V4, 4, 12},                               /* UDP: the client came to the proxy by HTTP/3 */
	{0x21, ADDR_V6, 16, 36},                              /* the same over IPv6 */
	{0x22, ADDR_V6, 16, 36},   {0x31, ADDR_NONE, 0, 216}, /* a Unix socket, for streams or datagrams */
	{0x32, ADDR_NONE, 0, 216},
};

static enum proxy_result parse_source(uint8_t code, const uint8_t *octets, size_t len, struct proxy_header *out)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		const struct family *row = &families[i];
		struct addr source = {.family = row->family};

		if (row->code != code)
			continue;
		if (len < row->len)
			return PROXY_MALFORMED;
		memcpy(source.octets, octets, row->addr_len);
		out->source = addr_unmapped(&source);
		return PROXY_COMPLETE;
	}
	return PROXY_MALFORMED;
}

static enum proxy_result parse_v2(struct text text, struct proxy_header *out)
{
	const uint8_t *octets = (const uint8_t *)text.octets;
	struct proxy_header header = {0};
	enum proxy_result result = PROXY_COMPLETE;
	size_t len;

	if (text.len < V2_FIXED)
		return PROXY_INCOMPLETE;
	len = (size_t)octets[14] << 8 | octets[15];
	header.len = V2_FIXED + len;
	if (header.len > PROXY_HEADER_MAX)
		return PROXY_MALFORMED;
	if (octets[12] != (V2_VERSION | V2_LOCAL) && octets[12] != (V2_VERSION | V2_PROXY))
		return PROXY_MALFORMED;
	if (text.len < header.len)
		return PROXY_INCOMPLETE;
	if (octets[12] == (V2_VERSION | V2_PROXY))
		result = parse_source(octets[13], octets + V2_FIXED, len, &header);
	if (result == PROXY_COMPLETE)
		*out = header;
	return result;
}

/* Of version 2 as far as that cannot be empty lines before a request. */
bool proxy_begins(struct text octets)
{
	size_t empty_lines_len = strlen(v2_signature); /* up to its NUL */

	return (octets.len >= sizeof v1_signature - 1 && may_be(octets, v1_signature, sizeof v1_signature - 1)) ||
	       (octets.len > empty_lines_len && may_be(octets, v2_signature, sizeof v2_signature - 1));
}

enum proxy_result proxy_parse(struct text octets, struct proxy_header *out)
{
	if (octets.len == 0)
		return PROXY_INCOMPLETE;
	if (may_be(octets, v2_signature, sizeof v2_signature - 1))
		return parse_v2(octets, out);
	if (may_be(octets, v1_signature, sizeof v1_signature - 1))
		return parse_v1(octets, out);
	return PROXY_MALFORMED;
}
