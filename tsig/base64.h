/*
 * base64: RFC 4648 section 4, strict: padding is required and unused bits must be zero; white space is skipped.
 */
#ifndef TSIG_BASE64_H
#define TSIG_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* Decodes into `out`, which has room for `cap` octets, and sets *len. Returns false if it is not base64 or does not
 * fit; some of the secret may be in `out` even then. */
bool tsig_base64_decode(struct tsig_text text, uint8_t *out, size_t cap, size_t *len);

/* Octets that tsig_base64_encode() writes for `len`, with the NUL. */
#define TSIG_BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Encodes `len` octets into `out`, which has room for TSIG_BASE64_SIZE(len), in one line. */
void tsig_base64_encode(const uint8_t *octets, size_t len, char *out);

#endif
