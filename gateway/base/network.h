/*
 * network: a range of IP addresses in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3).
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"

struct network {
	struct addr addr; /* its first address */
	unsigned bits;    /* number of leading bits that all its addresses have in common */
};

/* A list of them, borrowed. */
struct networks {
	const struct network *items;
	size_t count;
};

/*
 * Reads `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a network of one address. STATUS_INVALID otherwise,
 * and also when bits behind the prefix are set, because then somebody has probably meant another network.
 */
MUST_USE enum status network_parse(struct text text, struct network *out);

/* Whether one of them has the address. */
bool networks_have(struct networks networks, const struct addr *addr);

#endif
