/*
 * proxy: the header that a proxy puts in front of a connection to say whose it is: the PROXY protocol of HAProxy,
 * versions 1 (text) and 2 (binary). Pure.
 */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/text.h"

enum { PROXY_HEADER_MAX = 1024 }; /* octets of a header; a longer one is refused */

enum proxy_result {
	PROXY_INCOMPLETE, /* more octets are wanted; all that are there belong to the header */
	PROXY_COMPLETE,
	PROXY_MALFORMED,
};

struct proxy_header {
	size_t len;         /* octets of it */
	struct addr source; /* of the client; of no family if the proxy speaks for itself, or does not know */
};

/* Whether the octets begin with what only a header begins with; enough of them are 6. */
bool proxy_begins(struct text octets);

/* Reads a header from the first octets of a connection. *out is set with PROXY_COMPLETE alone. */
enum proxy_result proxy_parse(struct text octets, struct proxy_header *out);

#endif
