/*
 * change: what is to be done to the zone, as plain data. One change set belongs to one host and is atomic: all of it
 * is committed or nothing. Several sets may share an UPDATE message.
 */
#ifndef UPDATE_CHANGE_H
#define UPDATE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/name.h"
#include "base/rr.h"

enum {
	CHANGE_SET_MAX = 2, /* an A and an AAAA RRset */
	RRSET_MAX = 8,      /* addresses of an RRset that can be handled one by one */
	TEXTS_MAX = 8,      /* strings of a TXT RRset that can be handled one by one */
};

/* An RRset of addresses, all of one family and no two the same. */
struct rrset {
	bool known; /* else nothing below is valid */
	uint32_t ttl_s;
	size_t count; /* 0: there is no such RRset */
	struct addr addrs[RRSET_MAX];
};

/* Whether they hold the same addresses in whatever order; the TTL counts only where there are any. */
bool rrset_equal(const struct rrset *a, const struct rrset *b);

/* A character string of a TXT record, RFC 1035 section 3.3. */
struct txt {
	uint8_t len;
	char octets[255];
};

/* Some strings of a TXT RRset, no two the same. */
struct texts {
	size_t count;
	struct txt items[TEXTS_MAX];
};

/* What is to become of the RRset of one type of an owner. */
struct change {
	enum change_kind {
		/* A or AAAA, as the family of `addr` is: */
		CHANGE_REPLACE, /* it becomes the one address `addr` */
		CHANGE_REMOVE,  /* it goes; of `addr` only the family counts */
		CHANGE_PREFIX,  /* the first `prefix_len` bits of each of its addresses become those of `addr` */
		/* TXT; `addr` is not used: */
		CHANGE_TXT_SET,    /* it becomes the one string `txt` of the set, or goes if that is empty */
		CHANGE_TXT_ADD,    /* the string is added to it */
		CHANGE_TXT_DROP,   /* the string is taken out of it */
		CHANGE_TXT_ROTATE, /* the string is added, and takes the place of older ones; the one before it stays */
	} kind;
	struct addr addr;
	unsigned prefix_len;
	uint32_t ttl_s;
	bool must_exist; /* else it may be created, or be gone already */
	/*
	 * For the queue. What the RRset is known to hold becomes the prerequisite of the UPDATE (RFC 2136 sections
	 * 2.4.2, 2.4.3), so that one that was delayed cannot undo a later one, and so that what was read is what is
	 * rewritten. If it is not known, the prerequisite is that it exists (2.4.1), if it must. Of a TXT RRset that is
	 * to be set, its strings are those in `texts` of the set; others have single strings added and taken out, for
	 * which it does not matter what was there.
	 */
	struct rrset was;
	struct rrset becomes;
};

struct order_place;

struct change_set {
	size_t zone;                   /* index into the configured zones */
	uint64_t account;              /* whose change it is: equal for equal accounts, for fair shares */
	bool more;                     /* another set of the same request for the same zone follows at once */
	const struct change_set *next; /* another one in the same message, or NULL; set by the queue */
	struct name owner;
	size_t count;
	struct change changes[CHANGE_SET_MAX];
	struct txt txt; /* of a TXT change, which is the only one of its set */
	/* Set by the queue; NULL: none. CHANGE_TXT_SET: what was there. CHANGE_TXT_ROTATE: which strings are to go. */
	const struct texts *texts;
	/* Of the request, for the queue: */
	struct order_place *place; /* see order.h; held until the set was submitted. NULL: it comes after all others */
	uint64_t waited_ms;        /* how long it has been under way already, which is part of its time */
};

/* Whether it is about a TXT record. */
static inline bool change_is_txt(const struct change *change)
{
	return change->kind >= CHANGE_TXT_SET;
}

/* The type of the RRset that it is about. */
static inline enum rr_type change_type(const struct change *change)
{
	return change_is_txt(change) ? RR_TXT : rr_type_of_family(change->addr.family);
}

/* Works out `becomes` from the change and `was`; `becomes` is not known if that takes knowing `was`. */
void change_resolve(struct change *change);

#endif
