/*
 * key: API keys as accounts keep them: only their SHA-256, whatever form the configuration gave them in. Keys are
 * generated with enough random bits that a plain hash protects them; passwords that people choose are another matter
 * and not handled here.
 */
#ifndef ACCOUNT_KEY_H
#define ACCOUNT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { KEY_DIGEST_LEN = 32 };

struct key {
	uint8_t digest[KEY_DIGEST_LEN]; /* SHA-256 of the key */
};

/*
 * Reads a key as the configuration has it: `sha256:` and 64 hexadecimal digits, or the key itself in plain.
 * *was_plain says which. STATUS_INVALID for an empty key or a malformed hash, STATUS_CRYPTO when the hash function
 * fails.
 */
MUST_USE enum status key_parse(struct text text, struct key *out, bool *was_plain);

/* The digest of a key as it is presented. STATUS_CRYPTO when the hash function fails. */
MUST_USE enum status key_digest(struct text presented, struct key *out);

/*
 * Whether `presented` is the key; `key` may be NULL (no such account, or one without a key), which never matches but
 * takes the same time. The time depends on the length of what was presented alone.
 */
bool key_matches(const struct key *key, struct text presented);

#endif
