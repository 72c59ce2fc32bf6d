/*
 * rr: the types of the records that are changed, by their numbers in the DNS, and what has to be known of each. A type
 * is one row of the table in rr.c. A family of IP addresses is another thing (addr.h): a type may have no address at
 * all.
 */
#ifndef BASE_RR_H
#define BASE_RR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"
#include "base/text.h"

/* RFC 1035 section 3.2.2, RFC 3596 section 2.1. */
enum rr_type {
	RR_NONE = 0, /* of no type, or of one that is not known */
	RR_A = 1,
	RR_TXT = 16,
	RR_AAAA = 28,
};

enum { RDATA_MAX = 256 }; /* octets of RDATA that can be handled: those of a TXT record of one string */

/* A record's RDATA in wire format, without compression (RFC 1035 section 3.2.1). Borrowed. */
struct rdata {
	const uint8_t *octets;
	size_t len;
};

static inline bool rdata_equal(struct rdata a, struct rdata b)
{
	return a.len == b.len && memcmp(a.octets, b.octets, a.len) == 0;
}

/* The type of the records that hold addresses of a family; RR_NONE for none. */
static inline enum rr_type rr_type_of_family(enum addr_family family)
{
	return family == ADDR_V4 ? RR_A : family == ADDR_V6 ? RR_AAAA : RR_NONE;
}

/* The family of the addresses that records of a type hold; ADDR_NONE where they hold none. */
static inline enum addr_family rr_type_family(enum rr_type type)
{
	return type == RR_A ? ADDR_V4 : type == RR_AAAA ? ADDR_V6 : ADDR_NONE;
}

/* Whether it is one of the types that are changed here. */
bool rr_type_is_ours(unsigned type);

/* How many octets of RDATA a record of the type has; 0: that varies. */
size_t rr_rdata_len(enum rr_type type);

/*
 * Whether RDATA is of the form in which records of that type are written here, and so can be changed: an address; one
 * string (RFC 1035 section 3.3.14 has TXT records of several).
 */
bool rr_rdata_is_ours(enum rr_type type, struct rdata rdata);

/*
 * The RDATA that a request's text stands for, into `octets`: of TXT printable ASCII of up to 255 octets. STATUS_INVALID
 * if it is none, or the type has no such form.
 */
MUST_USE enum status rr_rdata_read(enum rr_type type, struct text text, uint8_t octets[static RDATA_MAX], size_t *len);

#endif
