/*
 * password: secrets that people choose, hashed by crypt(3) of the system: yescrypt for new ones, whatever libcrypt
 * knows for those that are there ($y$, $gy$, $2b$, $6$, $5$ and others).
 *
 * Both verbs take tens of milliseconds and up to some MiB of memory, which is what they are for: they have no place on
 * the loop. See verifier.h.
 */
#ifndef ACCOUNT_PASSWORD_H
#define ACCOUNT_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
	PASSWORD_MIN = 8, /* octets of a login password */
	PASSWORD_MAX =
		511, /* of any secret that is checked; longer ones are refused unchecked (CRYPT_MAX_PASSPHRASE_SIZE) */
	PASSWORD_HASH_MAX = 384, /* room for a hash, with the NUL (CRYPT_OUTPUT_SIZE) */
};

/*
 * Whether the text has the form of a hash that libcrypt can check: `$`, the method, salt and hash; and whether a check
 * takes a bearable time.
 */
bool password_is_hash(struct text text);

/*
 * Hashes a password with a salt of the system's random octets into `out`. STATUS_INVALID for one that is empty, longer
 * than PASSWORD_MAX or holds a NUL octet; STATUS_CRYPTO when libcrypt fails; STATUS_NO_MEMORY.
 */
MUST_USE enum status password_hash(struct text password, char out[static PASSWORD_HASH_MAX]);

/*
 * Whether the password has that hash. STATUS_CRYPTO when libcrypt fails and STATUS_NO_MEMORY say nothing about the
 * password.
 */
MUST_USE enum status password_check(const char *hash, struct text password, bool *matches);

/*
 * Makes of a hash another one of the same method and cost, that is nobody's: no password has it. It depends on `lot`
 * alone, which is to be secret, and which gives its octets to the end of it.
 */
enum { PASSWORD_LOT_LEN = 16 };
void password_make_nobodys(char *hash, const uint8_t lot[static PASSWORD_LOT_LEN]);

#endif
