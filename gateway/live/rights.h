/*
 * rights: which records of each zone the users may set: what our key has to be allowed to change there, and nothing
 * more; and where their hosts are. Of users without number a sample is kept. Pure.
 */
#ifndef LIVE_RIGHTS_H
#define LIVE_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"
#include "base/status.h"
#include "tsig.h"
#include "update/grant.h"

struct right {
	enum right_kind {
		RIGHT_ZONE,  /* every name of the zone, its apex too */
		RIGHT_BELOW, /* every name below this one, but not itself */
		RIGHT_NAME,  /* this name */
	} kind;
	struct name name; /* RIGHT_ZONE: the zone's */
	unsigned types;   /* of enum right_types */
	bool must_exist;  /* of a host: somebody who may set it may not make its records */
	bool sampled;     /* it was added with a bound */
};

enum right_types {
	RIGHT_ADDRESSES = 1, /* A and AAAA */
	RIGHT_TXT = 2,
};

enum {
	RIGHT_TEXT_MAX = NAME_TEXT_MAX + sizeof "owner:",
	RIGHT_TYPES_MAX = 32,
};

struct rights;

/* A zone, the key that signs its updates, and what that key has to be allowed to change there; all borrowed. */
struct rights_zone {
	const struct name *name;
	const struct tsig_key *key;
	const struct right *rights;
	size_t right_count;
	const struct right *hosts; /* see rights_hosts() */
	size_t host_count;
	bool is_sample; /* there are more rights than these */
};

/* Rights for `count` zones, whose names are borrowed; empty so far. */
MUST_USE enum status rights_new(const struct name *const *zones, size_t count, struct rights **out);

/* Frees them and sets *rights to NULL. */
void rights_free(struct rights **rights);

/*
 * Of what is added to a zone from now on, no more than about so many names are kept: a sample that is the same however
 * often and in what order they come. Whole zones are always kept. 0: no bound, as at first.
 */
void rights_set_bound(struct rights *rights, size_t bound);

/*
 * Adds what a pattern covers, in whatever zones that is: addresses, and for a user who may set TXT records also these,
 * and those of ACME challenges (RFC 8555 section 8.4).
 */
MUST_USE enum status rights_add(struct rights *rights, const struct host_pattern *pattern, bool with_txt);

/* After the last one: sorts each zone's by kind and name, and drops those that others cover. */
void rights_settle(struct rights *rights);

/*
 * Gives every zone these types, or none, everywhere; and every zone of which some rights were not kept the types of
 * these, so that nothing is missing any more. To be settled again. STATUS_NO_MEMORY.
 */
MUST_USE enum status rights_widen(struct rights *rights, unsigned types);

/* The rights in a zone, by its index. */
const struct right *rights_of(const struct rights *rights, size_t zone, size_t *count);

/* Whether some of them were not kept. */
bool rights_are_sample(const struct rights *rights, size_t zone);

/*
 * The hosts in a zone that somebody may set: RIGHT_NAME for each that is named, whatever else covers it, and
 * RIGHT_BELOW for those below a name.
 */
const struct right *rights_hosts(const struct rights *rights, size_t zone, size_t *count);

/* "A AAAA TXT" and so on, with that between them. */
const char *right_types_text(unsigned types, const char *separator, char buffer[static RIGHT_TYPES_MAX]);

/* Which names, as a configuration has it: "www.dyn.example.com", "*.home.dyn.example.com", "zone:dyn.example.com". */
const char *right_format(const struct right *right, char buffer[static RIGHT_TEXT_MAX]);

#endif
