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
#include "base/rrset.h"

enum { CHANGE_SET_MAX = 2 }; /* an A and an AAAA RRset */

/*
 * What is to become of the RRset of one type of an owner. A change is of the whole RRset, or of some of its records,
 * whatever else is there:
 *
 *   whole: CHANGE_REPLACE, CHANGE_PREFIX      it was `was` and becomes `becomes`
 *   some:  CHANGE_ADD, _DROP, _ROTATE         the records in `was` go, those in `becomes` come, all others stay
 */
struct change {
	enum change_kind {
		CHANGE_REPLACE, /* it becomes what `becomes` is from the start; without records there it goes */
		CHANGE_PREFIX,  /* the first `prefix_len` bits of each of its addresses become those of `prefix` */
		CHANGE_ADD,     /* the record in `becomes` is added */
		CHANGE_DROP,    /* the record in `was` is taken out */
		CHANGE_ROTATE,  /* the record in `becomes` takes the place of older ones; the one before it stays */
	} kind;
	enum rr_type type;
	struct addr prefix;
	unsigned prefix_len;
	bool must_exist; /* of a whole RRset; else it may be created, or be gone already */
	/*
	 * Of a whole RRset, what it is known to hold: the prerequisite of the UPDATE (RFC 2136 sections 2.4.2, 2.4.3),
	 * so that one that was delayed cannot undo a later one, and so that what was read is what is rewritten. If it
	 * is not known, the prerequisite is that it exists (2.4.1), if it must. Of some records, those that go, for
	 * which it does not matter what else was there. But for CHANGE_DROP the queue sets it.
	 */
	struct rrset was;
	struct rrset becomes; /* its TTL is that of the change */
	/* The queue's room for the octets of `was` and of `becomes`, rrset_room() each; NULL if it has none. */
	uint8_t *room_was, *room_becomes;
};

struct order_place;

struct change_set {
	size_t zone;                   /* index into the configured zones */
	uint64_t account;              /* whose change it is: equal for equal accounts, for fair shares */
	bool more;                     /* another set of the same request for the same zone follows at once */
	const struct change_set *next; /* another one in the same message, or NULL; set by the queue */
	struct name owner;
	size_t count;
	struct change changes[CHANGE_SET_MAX]; /* of different types; one of some records is the only one */
	/* Of the request, for the queue: */
	struct order_place *place; /* see order.h; held until the set was submitted. NULL: it comes after all others */
	uint64_t waited_ms;        /* how long it has been under way already, which is part of its time */
};

/* Whether the whole RRset is changed, else some of its records. */
static inline bool change_is_whole(const struct change *change)
{
	return change->kind == CHANGE_REPLACE || change->kind == CHANGE_PREFIX;
}

/*
 * Whether memory may know what the RRset is, and the primary is asked to confirm that it is so already: a client sends
 * the same address again and again, and a text once.
 */
static inline bool change_is_remembered(const struct change *change)
{
	return change_is_whole(change) && rr_rdata_len(change->type) != 0;
}

/* Whether it is known what the whole RRset was, which then is a prerequisite. */
static inline bool change_expects(const struct change *change)
{
	return change_is_whole(change) && change->was.known;
}

/* The record that CHANGE_ADD, CHANGE_DROP and CHANGE_ROTATE are about. */
static inline struct rdata change_record(const struct change *change)
{
	return rrset_first(change->kind == CHANGE_DROP ? &change->was : &change->becomes);
}

/*
 * CHANGE_PREFIX: works out `becomes` from `was`, into its room; it is not known unless `was` is. Of other kinds it is
 * what it is.
 */
void change_resolve(struct change *change);

#endif
