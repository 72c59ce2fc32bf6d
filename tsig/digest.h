/*
 * digest: what the MAC of a message is computed over, RFC 8945 section 4.3.
 */
#ifndef TSIG_DIGEST_H
#define TSIG_DIGEST_H

#include "key.h"
#include "message.h"
#include "record.h"

/*
 * Computes the full MAC of the message `wire`, outlined by `outline`, with the TSIG variables of `record` (not its
 * MAC, nor its names, which are taken from the key). `request_mac` may be NULL or empty. Errors: TSIG_CRYPTO.
 */
enum tsig_status tsig_digest(const struct tsig_key *key, const struct tsig_mac *request_mac, const uint8_t *wire,
			     const struct tsig_outline *outline, const struct tsig_record *record,
			     struct tsig_mac *mac);

#endif
