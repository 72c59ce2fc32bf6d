/*
 * key: API keys as accounts keep them: only a hash, whatever form the configuration gave them in. Keys that are
 * generated have enough random bits that a plain SHA-256 protects them; secrets that people choose are kept as crypt(3)
 * hashes, see password.h.
 */
#ifndef ACCOUNT_KEY_H
#define ACCOUNT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/env.h"
#include "base/status.h"
#include "base/text.h"

enum {
	KEY_DIGEST_LEN = 32,
	KEY_RANDOM_LEN = 24,                            /* 192 bits */
	KEY_TEXT_LEN = KEY_RANDOM_LEN * 4 / 3,          /* characters of a generated key */
	KEY_HASH_TEXT_MAX = 7 + 2 * KEY_DIGEST_LEN + 1, /* room for key_format(), with the NUL */
};

struct key {
	uint8_t digest[KEY_DIGEST_LEN]; /* SHA-256 of the key; valid unless `crypt` is there */
	char *crypt;                    /* its crypt(3) hash, on the heap; NULL: there is a digest */
};

/*
 * Reads a key as the configuration has it: `sha256:` and 64 hexadecimal digits; a crypt(3) hash, which begins with `$`;
 * or the key itself in plain. *was_plain says if it was the last of these. STATUS_INVALID for an empty key or a
 * malformed hash, STATUS_CRYPTO when the hash function fails, STATUS_NO_MEMORY.
 */
MUST_USE enum status key_parse(struct text text, struct key *out, bool *was_plain);

/* Wipes the key and frees what it holds. Allowed on a zeroed key. */
void key_fini(struct key *key);

/* The SHA-256 of a key. STATUS_CRYPTO when the hash function fails. */
MUST_USE enum status key_digest(struct text text, uint8_t out[static KEY_DIGEST_LEN]);

/* `sha256:` and the digest in hexadecimal, as key_parse() reads it, into `buffer`, which is returned. */
const char *key_format(const uint8_t digest[static KEY_DIGEST_LEN], char buffer[static KEY_HASH_TEXT_MAX]);

/*
 * A new key of KEY_TEXT_LEN random characters out of [A-Za-z0-9_-] and a NUL. It never begins with `-`, so that no
 * program takes it for an option. The caller wipes it.
 */
void key_generate(const struct env *env, char out[static KEY_TEXT_LEN + 1]);

/*
 * Whether a key with that digest was presented; `key` may be NULL (no such account, or one without a key), which never
 * matches but takes the same time. Not for keys that are kept as `crypt`.
 */
bool key_matches(const struct key *key, const uint8_t presented[static KEY_DIGEST_LEN]);

#endif
