/*
 * addr: IP addresses and endpoints.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"
#include "base/text.h"

enum addr_family {
	ADDR_NONE,
	ADDR_V4,
	ADDR_V6,
};

struct addr {
	enum addr_family family;
	uint8_t octets[16]; /* network order; the first 4 of an IPv4 address, the rest zero */
};

enum {
	ADDR_TEXT_MAX = 46, /* room for addr_format(), with the NUL */
	/* Room for endpoint_format(): "[" address "%" interface "]:" port, with the NUL. */
	ENDPOINT_TEXT_MAX = 54 + 1 + IF_NAMESIZE,
};

/* What an address is good for in a public zone. */
enum addr_scope {
	ADDR_SCOPE_GLOBAL,   /* everything that is none of the following */
	ADDR_SCOPE_PRIVATE,  /* RFC 1918, RFC 6598 (100.64/10), RFC 4193 (fc00::/7) */
	ADDR_SCOPE_LOOPBACK, /* 127/8, ::1 */
	ADDR_SCOPE_NO_IPV4,  /* 192.0.0.0/24: what a router has on a line without IPv4 (DS-Lite, RFC 6333) */
	ADDR_SCOPE_UNUSABLE, /* 0/8, link-local, multicast, reserved, benchmarks; IPv6 that was given to nobody */
};

/*
 * Reads an address in the usual notation (RFC 4291 section 2.2; four decimal numbers without leading zeros), and
 * nothing else: no zone ID, no prefix length, no brackets, no white space. STATUS_INVALID otherwise.
 */
MUST_USE enum status addr_parse(struct text text, struct addr *out);

/*
 * Reads an address with a prefix length of 1 to as many bits as it has, `2001:db8::/64`, `192.0.2.0/24`; bits behind
 * the prefix may be set. STATUS_INVALID otherwise.
 */
MUST_USE enum status addr_parse_prefix(struct text text, struct addr *out, unsigned *prefix_len);

/* Canonical text (RFC 5952 section 4) into `buffer`, which is returned. */
const char *addr_format(const struct addr *addr, char buffer[static ADDR_TEXT_MAX]);

/*
 * The address of a socket's peer; an IPv4-mapped IPv6 address becomes the IPv4 address that it is. STATUS_INVALID for
 * other families.
 */
MUST_USE enum status addr_from_sockaddr(const struct sockaddr *from, struct addr *out);

/* The IPv4 address that an IPv4-mapped IPv6 address is (RFC 4291 section 2.5.5.2); any other as it is. */
struct addr addr_unmapped(const struct addr *addr);

/* Octets of the address: 4 or 16. */
size_t addr_len(const struct addr *addr);

/*
 * The octets that all addresses of one customer share: all of an IPv4 address, the first 64 bits of an IPv6 address;
 * none if it is no address. Borrows from *addr.
 */
struct text addr_customer(const struct addr *addr);

enum addr_scope addr_scope(const struct addr *addr);

/*
 * Whether any address that begins with these bits has that scope; not for ADDR_SCOPE_GLOBAL. Within 2000::/3 a prefix
 * that is shorter than a special block does not count as containing it: nobody is given such a short prefix, and
 * putting it in front of an address leaves the bits unchanged that would make it a special one.
 */
bool addr_prefix_has_scope(const struct addr *prefix, unsigned prefix_len, enum addr_scope scope);

bool addr_equal(const struct addr *a, const struct addr *b);

/* Whether a bit behind the first `prefix_len` is set. */
bool addr_has_host_bits(const struct addr *addr, unsigned prefix_len);

/* `addr` with its first `prefix_len` bits replaced by those of `prefix`; both are of one family. */
struct addr addr_with_prefix(const struct addr *addr, const struct addr *prefix, unsigned prefix_len);

/* Reads a port number, 1 to 65535. STATUS_INVALID otherwise. */
MUST_USE enum status port_parse(struct text text, uint16_t *out);

/* Where a server listens. */
struct endpoint {
	struct addr addr;
	uint16_t port;  /* host order */
	unsigned scope; /* interface of a link-local address, by index (RFC 4007 section 11); 0: none */
};

/*
 * Reads `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:53`; behind a link-local address
 * its interface by name or number, `fe80::1%eth0`, which must be one of this machine. STATUS_INVALID otherwise.
 */
MUST_USE enum status endpoint_parse(struct text text, uint16_t default_port, struct endpoint *out);

/*
 * The same of an address alone, without brackets and port; *out keeps its port. STATUS_INVALID leaves the rest of it
 * undefined.
 */
MUST_USE enum status endpoint_parse_host(struct text text, struct endpoint *out);

/*
 * Whether it is a link-local address (RFC 4291 section 2.5.6) without its interface, so that no connection to it is
 * possible.
 */
bool endpoint_lacks_scope(const struct endpoint *endpoint);

/* `192.0.2.1:53`, `[2001:db8::1]:53` or `[fe80::1%eth0]:53` into `buffer`, which is returned. */
const char *endpoint_format(const struct endpoint *endpoint, char buffer[static ENDPOINT_TEXT_MAX]);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* The socket address of an endpoint; returns its length. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *out);

#endif
