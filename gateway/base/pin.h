/*
 * pin: the SHA-256 of a server's public key (its SubjectPublicKeyInfo), by which it is known without a certificate
 * authority (RFC 7858 section 4.2).
 */
#ifndef BASE_PIN_H
#define BASE_PIN_H

#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
	PIN_LEN = 32,
	PIN_TEXT_MAX = sizeof "sha256:" + (size_t)2 * PIN_LEN, /* room for pin_format(), with the NUL */
};

struct pin {
	uint8_t digest[PIN_LEN];
};

/* Reads `sha256:` and 64 hexadecimal digits. STATUS_INVALID otherwise; *out is then as it was. */
MUST_USE enum status pin_parse(struct text text, struct pin *out);

/* The same in lower case into `buffer`, which is returned. */
const char *pin_format(const struct pin *pin, char buffer[static PIN_TEXT_MAX]);

#endif
