#include "account/key.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/secret.h"

static enum status digest(struct text text, uint8_t out[static KEY_DIGEST_LEN])
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

enum status key_parse(struct text text, struct key *out, bool *was_plain)
{
	static const char prefix[] = "sha256:";
	size_t prefix_len = sizeof prefix - 1;

	*was_plain = text.len < prefix_len || memcmp(text.octets, prefix, prefix_len) != 0;
	if (text.len == 0)
		return STATUS_INVALID;
	if (*was_plain)
		return digest(text, out->digest);
	return parse_hex((struct text){text.octets + prefix_len, text.len - prefix_len}, out->digest);
}

enum status key_digest(struct text presented, struct key *out)
{
	return digest(presented, out->digest);
}

bool key_matches(const struct key *key, struct text presented)
{
	static const struct key nobody;
	uint8_t actual[KEY_DIGEST_LEN];
	bool hashed = digest(presented, actual) == STATUS_OK;
	bool equal = secret_equal(actual, key ? key->digest : nobody.digest, sizeof actual);

	secret_wipe(actual, sizeof actual);
	return hashed && equal && key;
}
