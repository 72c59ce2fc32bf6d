/*
 * finding: one thing that was found out about a zone at one of its primaries, and the line that tells it, with what
 * to do about it. Pure.
 */
#ifndef LIVE_FINDING_H
#define LIVE_FINDING_H

#include <stdint.h>

#include "base/addr.h"
#include "dns/client.h"
#include "live/rights.h"
#include "tsig.h"

enum finding_kind {
	FINDING_UNRESOLVED,    /* the primary's name has no address: `why` */
	FINDING_UNREACHABLE,   /* no connection: `why` */
	FINDING_REACHED,       /* it answers */
	FINDING_UNBELIEVABLE,  /* it sent nothing that can be believed: `why` */
	FINDING_KEY,           /* it takes the key */
	FINDING_KEY_UNKNOWN,   /* BADKEY, or NOTAUTH as Knot 3.4 says it: `why` */
	FINDING_KEY_WRONG,     /* BADSIG */
	FINDING_KEY_TRUNCATED, /* BADTRUNC */
	FINDING_UNSIGNED,      /* `rcode`, unsigned: key, secret or time may be wrong */
	FINDING_CLOCK,         /* `number`: seconds that its clock is ahead of ours */
	FINDING_CLOCK_UNSEEN,  /* it signs with whatever time it was asked with, as PowerDNS does */
	FINDING_CLOCK_WRONG,   /* BADTIME; `number` if `has_number` */
	FINDING_SERVED,        /* it takes updates of the zone; `number`: the serial if `has_number` */
	FINDING_SERIAL,        /* it has the zone; `number`: the serial */
	FINDING_BEHIND,        /* `number`: its serial, when `why` had `newest` already */
	FINDING_NO_AUTHORITY,  /* it answers queries for the zone, signed, but not with authority */
	FINDING_FORWARDED,     /* it, or something before it, passes updates on under IDs of its own */
	FINDING_NOT_SERVED,    /* it has no such zone */
	FINDING_NO_UPDATES,    /* it has the zone, but takes no updates of it: a secondary, or no policy at all */
	FINDING_RIGHTS,        /* the key may change all of the `number` names that are configured */
	FINDING_NO_RIGHT,      /* it may not change `types` of `right` */
	FINDING_MORE,          /* so many names were refused that the `number` others were not tried */
	FINDING_NO_NAMES,      /* no user has a host in the zone */
	FINDING_NO_RECORD,     /* the host `right` has no record, and a user of it may not make one */
	FINDING_HIDDEN,        /* the host `right` lies behind a delegation: nobody finds it */
	FINDING_MORE_HOSTS,    /* so many hosts were told that others were not looked at */
	FINDING_STORE_UNREAD,  /* of all zones: the users of the state store are missing: `why` */
	FINDING_FAILED,        /* another answer: `rcode` */
	FINDING_LATE,          /* not done in the time given */
	FINDING_INACTIVE,      /* the zone is not active, and so was not looked at */
};

enum finding_level { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
	enum finding_kind kind;
	const char *zone;
	const char *primary;        /* as configured, with the address if it is a name; NULL: about all */
	const struct tsig_key *key; /* the zone's */
	unsigned fudge_s;
	bool tls;           /* it is spoken to over TLS */
	bool users_missing; /* there are users of whom nothing is known */
	bool is_sample;     /* there are more names than `number` */
	const char *why;
	bool has_number;
	int64_t number;
	int64_t newest;
	unsigned rcode;
	const struct right *right;
	const char *types; /* of FINDING_RIGHTS and FINDING_NO_RIGHT: "A and AAAA" and the like */
};

enum {
	FINDING_TEXT_MAX = 3 * TSIG_NAME_TEXT_SIZE + 3 * NAME_TEXT_MAX + 768, /* with key and right three times each */
	FINDING_LINE_MAX = FINDING_TEXT_MAX + 2 * PEER_TEXT_MAX + ADDR_TEXT_MAX + 16,
	FINDING_SKEW_WARN_S = 30, /* beyond it clocks are worth a warning */
};

enum finding_level finding_level(const struct finding *finding);

/* The line, without its newline, into `buffer`, which is returned: OK, WARN or FAIL, zone, primary, what. */
const char *finding_format(const struct finding *finding, char buffer[static FINDING_LINE_MAX]);

#endif
