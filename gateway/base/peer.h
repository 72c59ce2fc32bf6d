/*
 * peer: a server to connect to, by address or by name. Names are looked up when a connection is made, unless the
 * address has been found out already.
 */
#ifndef BASE_PEER_H
#define BASE_PEER_H

#include "base/addr.h"
#include "base/name.h"

struct peer {
	struct name host;         /* empty if there is no name */
	struct endpoint endpoint; /* its address is ADDR_NONE if the name is to be looked up */
};

enum { PEER_TEXT_MAX = NAME_TEXT_MAX + 7 }; /* room for peer_format(), which an address needs less of */

/*
 * Reads what endpoint_parse() reads, or `ns1.example.com`, or `ns1.example.com:5353`. STATUS_INVALID or
 * STATUS_TOO_LONG otherwise.
 */
MUST_USE enum status peer_parse(struct text text, uint16_t default_port, struct peer *out);

/* As it was written, with the port, into `buffer`, which is returned. */
const char *peer_format(const struct peer *peer, char buffer[static PEER_TEXT_MAX]);

bool peer_equal(const struct peer *a, const struct peer *b);

#endif
