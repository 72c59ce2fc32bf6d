/*
 * rrset: the records of one owner and type (RFC 2181 section 5), as far as they can be handled one by one. The octets
 * of an RRset lie with whoever made it, in a room of his; copies of the struct share them.
 */
#ifndef BASE_RRSET_H
#define BASE_RRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/rr.h"

enum {
	RRSET_MAX = 8,                       /* records of an RRset that can be handled one by one */
	RDATA_ROOM = 2 + RDATA_MAX,          /* octets that one record takes, at most */
	RRSET_ROOM = RRSET_MAX * RDATA_ROOM, /* and all of them */
};

struct rrset {
	enum rr_type type;
	bool known; /* else nothing below is valid, unless somebody says what is */
	uint32_t ttl_s;
	size_t count; /* 0: there is no such RRset */
	/* Each record's RDATA behind its length in two octets, as on the wire. Borrowed; no two are the same. */
	const uint8_t *octets;
	size_t len;
};

/* The octets that RRsets of the type take at most. */
size_t rrset_room(enum rr_type type);

/* An RRset that is known to have no records; they may be put into `room`. */
static inline struct rrset rrset_of_none(enum rr_type type, uint32_t ttl_s, const uint8_t *room)
{
	return (struct rrset){.type = type, .known = true, .ttl_s = ttl_s, .octets = room};
}

/*
 * Puts one more record into `room`, which has its records. False if there is no room for it in `cap` octets, or there
 * are RRSET_MAX.
 */
bool rrset_add(struct rrset *rrset, struct rdata rdata, uint8_t *room, size_t cap);

/* An RRset of one record, into a room of at least its length and 2. */
struct rrset rrset_of_one(enum rr_type type, uint32_t ttl_s, struct rdata rdata, uint8_t *room);

/* The same RRset, its octets in `room` of at least from->len. */
struct rrset rrset_copied(const struct rrset *from, uint8_t *room);

/* The record behind *at, which is zeroed before the first; false if there are no more. */
bool rrset_next(const struct rrset *rrset, struct rdata *at);

/* The first of at least one. */
struct rdata rrset_first(const struct rrset *rrset);

bool rrset_contains(const struct rrset *rrset, struct rdata rdata);

/* Whether both are known and have the same records in whatever order; the TTL counts only where there are any. */
bool rrset_equal(const struct rrset *a, const struct rrset *b);

/* Between addresses and the RDATA of A and AAAA records; the first borrows from *addr. */
static inline struct rdata rdata_of_addr(const struct addr *addr)
{
	return (struct rdata){addr->octets, addr_len(addr)};
}

/* The address in RDATA of that type, which has one. */
struct addr rdata_addr(enum rr_type type, struct rdata rdata);

#endif
