/*
 * message: DNS UPDATE requests and their replies on the wire, by ldns (RFC 2136). Unsigned: tsig does the signing.
 * Pure.
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

/* What an UPDATE message is to do. Everything is borrowed. */
struct dns_update {
	const struct name *zone;
	const struct change_set *const *sets;
	size_t set_count;
	/*
	 * Only ask whether the prerequisites hold and change nothing: the update section stays empty (RFC 2136
	 * section 3.4).
	 */
	bool only_prerequisites;
};

/*
 * Writes the message for `update` with this ID. STATUS_TOO_LONG if it does not fit into `cap`. For each change:
 * prerequisite "RRset exists (value independent)" where the record must exist, "delete an RRset", "add to an RRset"
 * (RFC 2136 sections 2.4.1, 2.5.2, 2.5.1).
 */
MUST_USE enum status dns_update_write(const struct dns_update *update, uint16_t id, uint8_t *wire, size_t cap,
				      size_t *len);

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
};

/* "NXRRSET" and so on; "reserved" for a code without a name. */
const char *dns_rcode_text(unsigned rcode);

/* The ID of a message of at least DNS_HEADER_LEN octets. */
uint16_t dns_message_id(const uint8_t *wire);

struct dns_reply {
	uint16_t id;
	unsigned rcode;
};

/*
 * Reads a reply to an UPDATE of that zone. STATUS_INVALID unless it is a whole, well-formed, untruncated response
 * with opcode UPDATE whose zone section, if it has one, names the zone (RFC 2136 section 3.8 lets a server leave it
 * out). Octets behind the message are not looked at: tsig_verify(), through which every reply goes first, refuses
 * them.
 */
MUST_USE enum status dns_reply_read(const uint8_t *wire, size_t len, const struct name *zone, struct dns_reply *out);

#endif
