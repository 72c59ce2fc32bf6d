/*
 * prefix: networks, such as 192.0.2.0/24 and 2001:db8::/32 (CIDR notation, RFC 4632 section 3.1, RFC 4291 section 2.3).
 */
#ifndef BASE_PREFIX_H
#define BASE_PREFIX_H

#include <stdbool.h>

#include "base/addr.h"

struct prefix {
	struct addr addr; /* all bits behind the prefix are zero */
	uint8_t len;      /* in bits */
};

enum { PREFIX_TEXT_MAX = ADDR_TEXT_MAX + 4 }; /* room for prefix_format(), with the NUL */

/*
 * Reads `192.0.2.0/24`, `2001:db8::/32`, or an address, which is the network of it alone. STATUS_INVALID for anything
 * else, and for bits behind the prefix that are not zero: one of the two was meant otherwise.
 */
MUST_USE enum status prefix_parse(struct text text, struct prefix *out);

/* `192.0.2.0/24` into `buffer`, which is returned. */
const char *prefix_format(const struct prefix *prefix, char buffer[static PREFIX_TEXT_MAX]);

/* Whether the address lies in the network; one of another family never does. */
bool prefix_covers(const struct prefix *prefix, const struct addr *addr);

#endif
