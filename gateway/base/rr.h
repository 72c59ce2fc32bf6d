/*
 * rr: the types of the records that are changed, by their numbers in the DNS (RFC 1035 section 3.2.2, RFC 3596 section
 * 2.1). A family of IP addresses is another thing (addr.h): a type may have no address at all.
 */
#ifndef BASE_RR_H
#define BASE_RR_H

#include "base/addr.h"

enum rr_type {
	RR_NONE = 0, /* of no type, or of one that is not known */
	RR_A = 1,
	RR_TXT = 16,
	RR_AAAA = 28,
};

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

#endif
