#include "account/password.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

_Static_assert(PASSWORD_HASH_MAX == CRYPT_OUTPUT_SIZE, "a hash fits");
_Static_assert(PASSWORD_MAX < CRYPT_MAX_PASSPHRASE_SIZE, "a passphrase fits");

/* `$` method `$` salt `$` hash, of 128 bits or more in base64: crypt_checksalt() looks at method and salt only. */
enum { HASH_DOLLARS_MIN = 3, HASH_TAIL_MIN = 22 };

static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* What stands behind `prefix` in the text; NULL if it does not begin so. */
static const char *behind_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/*
 * Whoever made a hash decided how much one check of it costs, and all others have to wait for that. So hashes that
 * would take more than some seconds are not accepted: more than 2^15 rounds of bcrypt or a million of SHA-crypt, or an
 * N above 2^18 of yescrypt and scrypt.
 */
static bool is_affordable(const char *hash)
{
	const char *cost;

	if ((cost = behind_prefix(hash, "$2")) && *cost)
		return strtoul(cost + 2, NULL, 10) <= 15;
	if ((cost = behind_prefix(hash, "$5$rounds=")) || (cost = behind_prefix(hash, "$6$rounds=")))
		return strtoul(cost, NULL, 10) <= 1000000;
	/* yescrypt and gost-yescrypt: a digit for the flavour, one for the binary logarithm of N, less one. */
	if ((cost = behind_prefix(hash, "$y$")) || (cost = behind_prefix(hash, "$gy$")))
		return *cost && cost[1] && strchr(digits, cost[1]) && strchr(digits, cost[1]) - digits < 18;
	if ((cost = behind_prefix(hash, "$7$")))
		return *cost && strchr(digits, *cost) && strchr(digits, *cost) - digits <= 18;
	return true;
}

bool password_is_hash(struct text text)
{
	char copy[PASSWORD_HASH_MAX];
	size_t dollars = 0;

	if (text.len == 0 || text.len >= sizeof copy || text.octets[0] != '$' || memchr(text.octets, '\0', text.len))
		return false;
	memcpy(copy, text.octets, text.len);
	copy[text.len] = '\0';
	for (const char *at = copy; *at; at++)
		dollars += *at == '$';
	if (dollars < HASH_DOLLARS_MIN || strlen(strrchr(copy, '$') + 1) < HASH_TAIL_MIN || !is_affordable(copy))
		return false;
	switch (crypt_checksalt(copy)) {
	case CRYPT_SALT_OK:
	case CRYPT_SALT_METHOD_LEGACY:
	case CRYPT_SALT_TOO_CHEAP:
		return true;
	default:
		return false;
	}
}

/* crypt(3) takes a C string. Nobody's password holds a NUL octet or is too long for the buffer. */
static bool to_string(struct text password, char out[static PASSWORD_MAX + 1])
{
	if (password.len == 0 || password.len > PASSWORD_MAX || memchr(password.octets, '\0', password.len))
		return false;
	memcpy(out, password.octets, password.len);
	out[password.len] = '\0';
	return true;
}

/* The hash of the password under the method and salt of `setting`, into `out`. */
static enum status hash_under(const char *setting, struct text password, char out[static PASSWORD_HASH_MAX])
{
	char string[PASSWORD_MAX + 1];
	struct crypt_data *data = NULL;
	enum status status = STATUS_INVALID;
	const char *hash;

	if (!to_string(password, string))
		return STATUS_INVALID;
	data = calloc(1, sizeof *data);
	hash = data ? crypt_r(string, setting, data) : NULL;
	status = data ? STATUS_CRYPTO : STATUS_NO_MEMORY;
	if (hash && hash[0] != '*') { /* a leading `*` is how crypt() reports failure */
		snprintf(out, PASSWORD_HASH_MAX, "%s", hash);
		status = STATUS_OK;
	}
	secret_wipe(string, sizeof string);
	if (data)
		secret_wipe(data, sizeof *data);
	free(data);
	secret_wipe_stack();
	return status;
}

enum status password_hash(struct text password, char out[static PASSWORD_HASH_MAX])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof setting))
		return STATUS_CRYPTO;
	return hash_under(setting, password, out);
}

/* The hash itself stands at the end, and crypt(3) does not read it when it hashes under this setting. */
void password_make_nobodys(char *hash, const uint8_t lot[static PASSWORD_LOT_LEN])
{
	enum { WRITTEN = HASH_TAIL_MIN - 1 };
	size_t len = strlen(hash);

	for (size_t i = 0; i < PASSWORD_LOT_LEN && len >= HASH_TAIL_MIN; i++)
		hash[len - WRITTEN + i] = digits[lot[i] & 63];
}

enum status password_check(const char *hash, struct text password, bool *matches)
{
	char actual[PASSWORD_HASH_MAX];
	enum status status = hash_under(hash, password, actual);

	*matches = false;
	if (status == STATUS_INVALID)
		return STATUS_OK; /* nobody's password */
	if (status != STATUS_OK)
		return status;
	*matches = strlen(actual) == strlen(hash) && secret_equal(actual, hash, strlen(hash));
	secret_wipe(actual, sizeof actual);
	return STATUS_OK;
}
