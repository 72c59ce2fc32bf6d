/*
 * message: DNS requests and their replies on the wire: UPDATE (RFC 2136) and queries. Unsigned: tsig does the signing.
 * Pure.
 *
 * Replies, which come from outside, are read by ldns. Requests are written here: an UPDATE of hundreds of change sets
 * is rendered many times faster with names that end in a pointer to the zone than by a general compressor.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "base/status.h"
#include "update/change.h"

enum {
	DNS_MESSAGE_MAX = 65535, /* octets of a message over TCP, RFC 1035 section 4.2.2 */
	DNS_HEADER_LEN = 12,
};

/* What a message is to do. Everything in it is borrowed. */
struct dns_request {
	enum dns_request_kind {
		DNS_UPDATE,   /* carry out the change sets */
		DNS_CONFIRM,  /* an UPDATE that changes nothing: is every RRset already what it is to become? */
		DNS_PROBE,    /* an UPDATE that changes nothing: does the record of one change exist? */
		DNS_NOTHING,  /* an UPDATE that asks for nothing and changes nothing */
		DNS_QUERY,    /* a query for the record of one change */
		DNS_SOA,      /* a query for the zone's SOA record */
		DNS_REHEARSE, /* an UPDATE that changes nothing: are changes of these records allowed? */
	} kind;
	const struct name *zone;
	/* The first; the others by `next`; DNS_QUERY: only this one; DNS_SOA, DNS_NOTHING: NULL. */
	const struct change_set *sets;
	size_t change; /* DNS_PROBE, DNS_QUERY: which of its changes */
};

/* Whether a request of that kind is a query; all others are UPDATEs. */
static inline bool dns_is_query(enum dns_request_kind kind)
{
	return kind == DNS_QUERY || kind == DNS_SOA;
}

/*
 * Writes the message for a request with this ID. STATUS_TOO_LONG if it does not fit into `cap`.
 *   DNS_UPDATE   for each change of a whole RRset: where it is known what that was, the prerequisite that it still is
 *                so (RFC 2136 sections 2.4.2, 2.4.3), else where it must exist, that it exists (2.4.1); "delete an
 *                RRset", and "add to an RRset" for each record that it is to have (2.5.2, 2.5.1)
 *                Single records are added and taken out one by one (2.5.1, 2.5.4), without such a prerequisite: adding
 *                what is there and deleting what is not changes nothing, and nothing else is touched
 *                Where something is added, and the owner may have no record yet, the prerequisite that it is no alias
 *                (2.4.3): beside a CNAME nothing can be added, and the primary would not say so (3.4.2.2)
 *   DNS_CONFIRM  for each change: the prerequisite that the RRset is what it is to become (2.4.2, 2.4.3)
 *   DNS_PROBE    the prerequisite of one change alone
 *   DNS_NOTHING  the zone section alone
 *   DNS_QUERY    a question without recursion
 *   DNS_SOA      the same for the SOA of the zone
 *   DNS_REHEARSE for each change: "delete an RR from an RRset" (2.5.4) for what it is to have, and which the RRset must
 *                not have. Deleting what is not there changes nothing (3.4.2.4), but still has to be allowed
 */
MUST_USE enum status dns_request_write(const struct dns_request *request, uint16_t id, uint8_t *wire, size_t cap,
				       size_t *len);

/*
 * An upper bound of the octets that a set takes in a message of that zone, and of all else
 * in it, TSIG included.
 */
size_t dns_set_space(const struct change_set *set, const struct name *zone);
size_t dns_message_space(const struct name *zone);

/* RFC 1035 section 4.1.1, RFC 2136 section 2.2. */
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_YXDOMAIN = 6,
	DNS_YXRRSET = 7,
	DNS_NXRRSET = 8,
	DNS_NOTAUTH = 9,
	DNS_NOTZONE = 10,
	DNS_BADVERS = 16, /* from here on the upper bits are in an OPT record, RFC 6891 section 6.1.3 */
	DNS_BADCOOKIE = 23,
};

/* Whether a prerequisite did not hold: the records are not as the message assumes (RFC 2136 section 2.4). */
static inline bool dns_is_about_records(unsigned rcode)
{
	return rcode == DNS_NXRRSET || rcode == DNS_YXRRSET;
}

/* Whether the code is about the message itself and not about its content: all codes of more than 4 bits are. */
static inline bool dns_is_about_message(unsigned rcode)
{
	return rcode == DNS_NOTIMP || rcode > 15;
}

/* Whether the server was unable to do it, whatever it was asked: another server may be able to (RFC 2136 section 4). */
static inline bool dns_is_failure(unsigned rcode)
{
	return rcode == DNS_SERVFAIL || rcode == DNS_NOTIMP;
}

/* "NXRRSET" and so on; "reserved" for a code without a name. */
const char *dns_rcode_text(unsigned rcode);

/* The ID of a message of at least DNS_HEADER_LEN octets. */
uint16_t dns_message_id(const uint8_t *wire);

/* What a query found. */
struct dns_answer {
	bool authoritative;
	bool hidden;     /* the name lies behind a delegation or a DNAME: what is made there is never found */
	uint32_t serial; /* DNS_SOA, if count is not 0 */
	size_t count;    /* records of that name and type */
	/* Known if all its records could be handled; else those that could be, or the first ones, are in it. */
	struct rrset rrset;
};

struct dns_reply {
	uint16_t id;
	unsigned rcode;           /* all 12 bits, RFC 6891 section 6.1.3 */
	struct dns_answer answer; /* of a DNS_QUERY */
};

/*
 * Reads the reply to a request. STATUS_INVALID unless it is a whole, well-formed, untruncated response with the
 * request's opcode that repeats its question or zone section; an UPDATE's reply may leave that out (RFC 2136 section
 * 3.8). Whole means that every record that the header counts was read with all of its RDATA, and that nothing lies
 * behind them: where memory was out for a record, the host that has it is not one that has none. Our requests have no
 * OPT record, so their replies should have none (RFC 6891 section 7); one that is there all the same counts for the
 * RCODE, and must be the only one, at its place, of the root and of version 0. `room` gets the octets of the answer's
 * RRset.
 */
MUST_USE enum status dns_reply_read(const uint8_t *wire, size_t len, const struct dns_request *request,
				    uint8_t room[static RRSET_ROOM], struct dns_reply *out);

#endif
