/*
 * decode: reading what clients send: request targets, forms and Basic credentials. Pure functions on octets; every
 * one of them is fuzzed.
 *
 * Clients are sloppy, so a '%' that does not begin an escape stands for itself, as a router sends a password that it
 * does not escape. Nothing is refused here that a dialect can give a better answer to; an escaped NUL stays a NUL
 * inside a text of known length and fails there as the wrong name, address or key that it is.
 */
#ifndef HTTP_DECODE_H
#define HTTP_DECODE_H

#include <stddef.h>

#include "base/status.h"
#include "base/text.h"
#include "http/message.h"

/*
 * Where decoded octets are put. The caller gives the memory and, because keys may be among them, wipes it. A request
 * of n octets needs at most DECODE_SPACE(n).
 */
struct decode_space {
	char *octets;
	size_t len; /* used */
	size_t cap;
};

/* Each operand may be kept in two readings. */
#define DECODE_SPACE(n) (2 * (n) + 1) /* an empty target becomes "/" */

/*
 * Splits a raw request target (RFC 9112 section 3.2: origin or absolute form) at the first '?' and decodes its path:
 * repeated slashes are folded, and scheme and host of an absolute form dropped. `query` stays raw and borrows from
 * `target`. STATUS_TOO_LONG if the space is too small.
 */
MUST_USE enum status decode_target(struct text target, struct decode_space *space, struct text *path,
				   struct text *query, bool *has_query);

/*
 * Decodes `a=b&c=d` (application/x-www-form-urlencoded, as queries have it too) and appends to `params`. A name
 * without '=' gets an empty value; empty pieces are skipped. STATUS_TOO_LONG with more than HTTP_PARAMS_MAX operands,
 * or when the space is too small.
 */
MUST_USE enum status decode_params(struct text encoded, struct decode_space *space, struct http_params *params);

/*
 * Reads an Authorization header's value as Basic credentials (RFC 7617): the scheme in any case, base64 with or
 * without padding, user and password split at the first ':'. STATUS_NOT_FOUND if the scheme is another one,
 * STATUS_INVALID if it is malformed or has no ':'.
 */
MUST_USE enum status decode_basic(struct text header, struct decode_space *space, struct text *user,
				  struct text *password);

#endif
