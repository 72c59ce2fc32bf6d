#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

size_t addr_len(const struct addr *addr)
{
	return addr->family == ADDR_V4 ? 4 : 16;
}

struct text addr_customer(const struct addr *addr)
{
	static const size_t lens[] = {[ADDR_NONE] = 0, [ADDR_V4] = 4, [ADDR_V6] = 8};

	return (struct text){(const char *)addr->octets, lens[addr->family]};
}

enum status addr_parse(struct text text, struct addr *out)
{
	char string[ADDR_TEXT_MAX];
	struct addr addr = {0};

	if (text.len == 0 || text.len >= sizeof string || memchr(text.octets, '\0', text.len))
		return STATUS_INVALID;
	memcpy(string, text.octets, text.len);
	string[text.len] = '\0';
	if (inet_pton(AF_INET, string, addr.octets) == 1)
		addr.family = ADDR_V4;
	else if (inet_pton(AF_INET6, string, addr.octets) == 1)
		addr.family = ADDR_V6;
	else
		return STATUS_INVALID;
	*out = addr;
	return STATUS_OK;
}

const char *addr_format(const struct addr *addr, char buffer[static ADDR_TEXT_MAX])
{
	int family = addr->family == ADDR_V4 ? AF_INET : AF_INET6;

	if (addr->family == ADDR_NONE || !inet_ntop(family, addr->octets, buffer, ADDR_TEXT_MAX))
		snprintf(buffer, ADDR_TEXT_MAX, "none");
	return buffer;
}

enum status addr_from_sockaddr(const struct sockaddr *from, struct addr *out)
{
	*out = (struct addr){0};
	if (from->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, from, sizeof in);
		out->family = ADDR_V4;
		memcpy(out->octets, &in.sin_addr, 4);
		return STATUS_OK;
	}
	if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, from, sizeof in6);
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
			out->family = ADDR_V4;
			memcpy(out->octets, in6.sin6_addr.s6_addr + 12, 4);
		} else {
			out->family = ADDR_V6;
			memcpy(out->octets, &in6.sin6_addr, 16);
		}
		return STATUS_OK;
	}
	return STATUS_INVALID;
}

struct addr addr_unmapped(const struct addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct addr out = {.family = ADDR_V4};

	if (addr->family != ADDR_V6 || memcmp(addr->octets, mapped, sizeof mapped) != 0)
		return *addr;
	memcpy(out.octets, addr->octets + sizeof mapped, 4);
	return out;
}

static bool has_prefix(const struct addr *addr, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(addr->octets, prefix, whole) != 0)
		return false;
	return rest == 0 || ((addr->octets[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

/*
 * IANA's special-purpose address registries (RFC 6890), as far as they matter for what a host record may hold. The
 * first match decides. IPv4 addresses are usable unless they are listed here. Of IPv6 only 2000::/3 is given out to
 * networks, so that everything else is unusable unless it is listed here: IPv4-mapped and -compatible addresses,
 * 64:ff9b:1::/48, 100::/64, 5f00::/16, fe80::/10, fec0::/10, ff00::/8, and whatever was given to nobody.
 *
 * Where an IPv6 address holds the IPv4 address by which it is reached, the IPv4 address decides. (Not so with ISATAP,
 * which puts one behind the prefix of any network.) The documentation networks, 3fff::/20 of RFC 9637 too, are treated
 * like any other network. AS112 and AMT (192.31.196.0/24, 192.52.193.0/24, 192.175.48.0/24, and their IPv6 networks
 * outside 2001::/23) are anycast services that are reached like anything else.
 */
static const struct scope_row {
	enum addr_family family;
	enum addr_scope scope;
	uint8_t prefix[16];
	unsigned bits;
	unsigned inner; /* the octet at which the IPv4 address begins that decides instead; 0: none */
	bool inverted;  /* all bits of that IPv4 address are inverted */
} scopes[] = {
	{ADDR_V4, ADDR_SCOPE_UNUSABLE, {0}, 8, 0, false},
	{ADDR_V4, ADDR_SCOPE_PRIVATE, {10}, 8, 0, false},
	{ADDR_V4, ADDR_SCOPE_PRIVATE, {100, 64}, 10, 0, false},
	{ADDR_V4, ADDR_SCOPE_LOOPBACK, {127}, 8, 0, false},
	{ADDR_V4, ADDR_SCOPE_UNUSABLE, {169, 254}, 16, 0, false},
	{ADDR_V4, ADDR_SCOPE_PRIVATE, {172, 16}, 12, 0, false},
	{ADDR_V4, ADDR_SCOPE_NO_IPV4, {192, 0, 0}, 24, 0, false},
	{ADDR_V4, ADDR_SCOPE_UNUSABLE, {192, 88, 99}, 24, 0, false}, /* relays of 6to4, RFC 7526 */
	{ADDR_V4, ADDR_SCOPE_PRIVATE, {192, 168}, 16, 0, false},
	{ADDR_V4, ADDR_SCOPE_UNUSABLE, {198, 18}, 15, 0, false}, /* benchmarks, RFC 2544 */
	{ADDR_V4, ADDR_SCOPE_UNUSABLE, {224}, 3, 0, false},      /* multicast 224/4 and reserved 240/4 */
	{ADDR_V6, ADDR_SCOPE_LOOPBACK, {[15] = 1}, 128, 0, false},
	{ADDR_V6, ADDR_SCOPE_GLOBAL, {0x00, 0x64, 0xff, 0x9b}, 96, 12, false}, /* NAT64, RFC 6052 */
	{ADDR_V6, ADDR_SCOPE_GLOBAL, {0x20, 0x01, 0x00, 0x00}, 32, 12, true},  /* Teredo, RFC 4380 section 4 */
	{ADDR_V6, ADDR_SCOPE_UNUSABLE, {0x20, 0x01}, 23, 0, false}, /* protocols, benchmarks, identifiers; RFC 2928 */
	{ADDR_V6, ADDR_SCOPE_GLOBAL, {0x20, 0x02}, 16, 2, false},   /* 6to4, RFC 3056 section 2 */
	{ADDR_V6, ADDR_SCOPE_GLOBAL, {0x20}, 3, 0, false},
	{ADDR_V6, ADDR_SCOPE_PRIVATE, {0xfc}, 7, 0, false},
};

enum { SCOPES = sizeof scopes / sizeof *scopes };

/* The scope of addresses that are not in the table. */
static enum addr_scope scope_of_the_rest(enum addr_family family)
{
	return family == ADDR_V4 ? ADDR_SCOPE_GLOBAL : ADDR_SCOPE_UNUSABLE;
}

static struct addr inner_of(const struct scope_row *row, const struct addr *addr)
{
	struct addr inner = {.family = ADDR_V4};

	for (size_t i = 0; i < 4; i++)
		inner.octets[i] = (uint8_t)(addr->octets[row->inner + i] ^ (row->inverted ? 0xff : 0));
	return inner;
}

enum addr_scope addr_scope(const struct addr *addr)
{
	if (addr->family == ADDR_NONE)
		return ADDR_SCOPE_UNUSABLE;
	for (const struct scope_row *row = scopes; row < scopes + SCOPES; row++) {
		if (row->family != addr->family || !has_prefix(addr, row->prefix, row->bits))
			continue;
		if (row->inner) {
			struct addr inner = inner_of(row, addr);

			return addr_scope(&inner);
		}
		return row->scope;
	}
	return scope_of_the_rest(addr->family);
}

/* The same as addr_prefix_has_scope(), for a prefix that lies in the block of the row. */
static bool row_has_scope(const struct scope_row *row, const struct addr *prefix, unsigned prefix_len,
			  enum addr_scope scope)
{
	unsigned before = row->inner * 8, inner_len;
	struct addr inner;

	if (!row->inner)
		return row->scope == scope;
	if (prefix_len <= before)
		return true;
	inner_len = prefix_len - before < 32 ? prefix_len - before : 32;
	inner = inner_of(row, prefix);
	return addr_prefix_has_scope(&inner, inner_len, scope);
}

bool addr_prefix_has_scope(const struct addr *prefix, unsigned prefix_len, enum addr_scope scope)
{
	for (const struct scope_row *row = scopes; row < scopes + SCOPES; row++) {
		bool given_out = row->family == ADDR_V6 && row->prefix[0] >> 5 == 1;

		if (row->family != prefix->family)
			continue;
		if (row->bits <= prefix_len) {
			if (has_prefix(prefix, row->prefix, row->bits))
				return row_has_scope(row, prefix, prefix_len, scope);
		} else if (!given_out && has_prefix(prefix, row->prefix, prefix_len) &&
			   (row->inner || row->scope == scope)) {
			return true;
		}
	}
	return scope_of_the_rest(prefix->family) == scope;
}

bool addr_has_host_bits(const struct addr *addr, unsigned prefix_len)
{
	struct addr bare = addr_with_prefix(&(struct addr){.family = addr->family}, addr, prefix_len);

	return !addr_equal(&bare, addr);
}

struct addr addr_with_prefix(const struct addr *addr, const struct addr *prefix, unsigned prefix_len)
{
	struct addr out = *addr;

	for (unsigned bit = 0; bit < prefix_len; bit += 8) {
		unsigned kept = prefix_len - bit >= 8 ? 0 : 0xffu >> (prefix_len - bit);

		out.octets[bit / 8] = (uint8_t)((prefix->octets[bit / 8] & ~kept) | (addr->octets[bit / 8] & kept));
	}
	return out;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->octets, b->octets, addr_len(a)) == 0;
}

enum status addr_parse_prefix(struct text text, struct addr *out, unsigned *prefix_len)
{
	struct text address, digits;
	unsigned len = 0;

	if (!text_split(text, '/', &address, &digits) || digits.len == 0 || digits.len > 3)
		return STATUS_INVALID;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.octets[i] < '0' || digits.octets[i] > '9')
			return STATUS_INVALID;
		len = len * 10 + (unsigned)(digits.octets[i] - '0');
	}
	if (addr_parse(address, out) != STATUS_OK || len == 0 || len > 8 * addr_len(out))
		return STATUS_INVALID;
	*prefix_len = len;
	return STATUS_OK;
}

enum status port_parse(struct text text, uint16_t *out)
{
	unsigned long port = 0;

	if (text.len == 0 || text.len > 5)
		return STATUS_INVALID;
	for (size_t i = 0; i < text.len; i++) {
		if (text.octets[i] < '0' || text.octets[i] > '9')
			return STATUS_INVALID;
		port = port * 10 + (unsigned long)(text.octets[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return STATUS_INVALID;
	*out = (uint16_t)port;
	return STATUS_OK;
}

static bool is_link_local(const struct addr *addr)
{
	static const uint8_t prefix[] = {0xfe, 0x80};

	return addr->family == ADDR_V6 && has_prefix(addr, prefix, 10);
}

/* The index of an interface of this machine, by name or number; 0: there is no such interface. */
static unsigned scope_of(struct text text)
{
	char name[IF_NAMESIZE];
	unsigned scope = 0;
	uint16_t number;

	if (text.len == 0 || text.len >= sizeof name || memchr(text.octets, '\0', text.len))
		return 0;
	memcpy(name, text.octets, text.len);
	name[text.len] = '\0';
	scope = if_nametoindex(name);
	if (!scope && port_parse(text, &number) == STATUS_OK && if_indextoname(number, name))
		scope = number;
	return scope;
}

enum status endpoint_parse_host(struct text text, struct endpoint *out)
{
	struct text address, scope;
	bool is_scoped = text_split(text, '%', &address, &scope);
	enum status status = addr_parse(address, &out->addr);

	out->scope = 0;
	if (status != STATUS_OK || !is_scoped)
		return status;
	out->scope = is_link_local(&out->addr) ? scope_of(scope) : 0;
	return out->scope ? STATUS_OK : STATUS_INVALID;
}

bool endpoint_lacks_scope(const struct endpoint *endpoint)
{
	return is_link_local(&endpoint->addr) && !endpoint->scope;
}

/* "[address]" or "[address]:port" */
static enum status parse_bracketed(struct text text, struct endpoint *out)
{
	struct text address, rest;

	text.octets++;
	text.len--;
	if (!text_split(text, ']', &address, &rest) || endpoint_parse_host(address, out) != STATUS_OK ||
	    out->addr.family != ADDR_V6)
		return STATUS_INVALID;
	if (rest.len == 0)
		return STATUS_OK;
	if (rest.octets[0] != ':')
		return STATUS_INVALID;
	return port_parse((struct text){rest.octets + 1, rest.len - 1}, &out->port);
}

enum status endpoint_parse(struct text text, uint16_t default_port, struct endpoint *out)
{
	struct endpoint endpoint = {.port = default_port};
	struct text address, port;
	enum status status;

	if (text.len && text.octets[0] == '[') {
		status = parse_bracketed(text, &endpoint);
	} else if (endpoint_parse_host(text, &endpoint) == STATUS_OK) {
		status = STATUS_OK;
	} else {
		status = STATUS_INVALID;
		if (text_split(text, ':', &address, &port) && addr_parse(address, &endpoint.addr) == STATUS_OK)
			status = port_parse(port, &endpoint.port);
	}
	if (status == STATUS_OK)
		*out = endpoint;
	return status;
}

const char *endpoint_format(const struct endpoint *endpoint, char buffer[static ENDPOINT_TEXT_MAX])
{
	char address[ADDR_TEXT_MAX], scope[IF_NAMESIZE] = "";

	addr_format(&endpoint->addr, address);
	if (endpoint->scope && !if_indextoname(endpoint->scope, scope))
		snprintf(scope, sizeof scope, "%u", endpoint->scope); /* the interface does not exist any more */
	if (endpoint->addr.family == ADDR_V6)
		snprintf(buffer, ENDPOINT_TEXT_MAX, "[%s%s%s]:%u", address, *scope ? "%" : "", scope, endpoint->port);
	else
		snprintf(buffer, ENDPOINT_TEXT_MAX, "%s:%u", address, endpoint->port);
	return buffer;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->scope == b->scope && addr_equal(&a->addr, &b->addr);
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (endpoint->addr.family == ADDR_V4) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};

		memcpy(&in.sin_addr, endpoint->addr.octets, 4);
		memcpy(out, &in, sizeof in);
		return sizeof in;
	}
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port), .sin6_scope_id = endpoint->scope};

	memcpy(&in6.sin6_addr, endpoint->addr.octets, 16);
	memcpy(out, &in6, sizeof in6);
	return sizeof in6;
}
