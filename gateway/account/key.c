#include "account/key.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/password.h"
#include "base/secret.h"

static const char digest_prefix[] = "sha256:";

enum { DIGEST_PREFIX_LEN = sizeof digest_prefix - 1 };

enum status key_digest(struct text text, uint8_t out[static KEY_DIGEST_LEN])
{
	return EVP_Digest(text.octets ? text.octets : "", text.len, out, NULL, EVP_sha256(), NULL) == 1 ? STATUS_OK
													: STATUS_CRYPTO;
}

static enum status parse_hex(struct text hex, uint8_t out[static KEY_DIGEST_LEN])
{
	if (hex.len != 2 * (size_t)KEY_DIGEST_LEN)
		return STATUS_INVALID;
	for (size_t i = 0; i < KEY_DIGEST_LEN; i++) {
		int high = text_hex_value(hex.octets[2 * i]), low = text_hex_value(hex.octets[2 * i + 1]);

		if (high < 0 || low < 0)
			return STATUS_INVALID;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return STATUS_OK;
}

static enum status parse_crypt(struct text text, struct key *out)
{
	if (!password_is_hash(text))
		return STATUS_INVALID;
	out->crypt = text_duplicate(text);
	return out->crypt ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status key_parse(struct text text, struct key *out, bool *was_plain)
{
	*out = (struct key){0};
	*was_plain = false;
	if (text.len == 0)
		return STATUS_INVALID;
	if (text.octets[0] == '$')
		return parse_crypt(text, out);
	if (text.len >= DIGEST_PREFIX_LEN && memcmp(text.octets, digest_prefix, DIGEST_PREFIX_LEN) == 0)
		return parse_hex((struct text){text.octets + DIGEST_PREFIX_LEN, text.len - DIGEST_PREFIX_LEN},
				 out->digest);
	*was_plain = true;
	return key_digest(text, out->digest);
}

void key_fini(struct key *key)
{
	secret_free_string(&key->crypt);
	secret_wipe(key->digest, sizeof key->digest);
}

const char *key_format(const uint8_t digest[static KEY_DIGEST_LEN], char buffer[static KEY_HASH_TEXT_MAX])
{
	char *at = buffer + DIGEST_PREFIX_LEN;

	memcpy(buffer, digest_prefix, DIGEST_PREFIX_LEN);
	for (size_t i = 0; i < KEY_DIGEST_LEN; i++, at += 2)
		snprintf(at, 3, "%02x", digest[i]);
	return buffer;
}

/* Three octets become exactly four characters of the alphabet of RFC 4648 section 5, so that no padding is needed. */
static void encode(const uint8_t octets[static KEY_RANDOM_LEN], char out[static KEY_TEXT_LEN])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < KEY_RANDOM_LEN; i += 3) {
		unsigned group = (unsigned)octets[i] << 16 | (unsigned)octets[i + 1] << 8 | octets[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*out++ = alphabet[group >> shift & 63];
	}
}

void key_generate(const struct env *env, char out[static KEY_TEXT_LEN + 1])
{
	uint8_t octets[KEY_RANDOM_LEN];

	do {
		env->random(env->ctx, octets, sizeof octets);
		encode(octets, out);
	} while (out[0] == '-');
	out[KEY_TEXT_LEN] = '\0';
	secret_wipe(octets, sizeof octets);
}

bool key_matches(const struct key *key, const uint8_t presented[static KEY_DIGEST_LEN])
{
	static const struct key nobody;
	bool equal = secret_equal(presented, key ? key->digest : nobody.digest, KEY_DIGEST_LEN);

	return equal && key;
}
