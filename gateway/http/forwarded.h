/*
 * forwarded: where a request came from, as the proxies on its way tell it: X-Forwarded-For, and Forwarded (RFC 7239).
 * Pure.
 *
 * Each proxy appends the address of whom it got the request from. What a proxy of ours has appended can be believed;
 * what stands to the left of an address that is none of ours, anybody may have written. So the source is the rightmost
 * address that is not of the trusted networks; if all are, the leftmost.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/network.h"
#include "base/status.h"
#include "base/text.h"

/* What was read so far. Begins zeroed. */
struct forwarded {
	size_t hops;        /* that were told */
	struct addr source; /* with hops; of no family if that hop did not tell an address */
	bool is_outside;    /* the source is none of the trusted */
};

/*
 * Reads one header's value; of several headers of that name each in its turn, in their order. Addresses may have a
 * port. STATUS_INVALID if it is malformed.
 */
MUST_USE enum status forwarded_add_for(struct forwarded *forwarded, struct networks trusted, struct text value);
MUST_USE enum status forwarded_add(struct forwarded *forwarded, struct networks trusted, struct text value);

#endif
