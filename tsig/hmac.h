/*
 * hmac: the keyed hash, RFC 2104, and the comparison of its results. The only file of the library that knows OpenSSL.
 */
#ifndef TSIG_HMAC_H
#define TSIG_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"

/* What is hashed, in pieces, so that a message need not be copied to have other octets around it. */
struct tsig_part {
	const void *octets;
	size_t len;
};

/* Puts the full MAC of the parts in their order into *mac. Errors: TSIG_CRYPTO. */
enum tsig_status tsig_hmac(const struct tsig_key *key, const struct tsig_part *parts, size_t count,
			   struct tsig_mac *mac);

/* Whether `len` octets are equal, in time that depends on len alone. */
bool tsig_octets_equal(const uint8_t *a, const uint8_t *b, size_t len);

#endif
