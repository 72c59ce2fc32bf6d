#include "hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>

static bool start(EVP_MAC_CTX *context, const struct tsig_key *key)
{
	char digest[sizeof(key->algorithm->digest)]; /* OSSL_PARAM has no const */
	OSSL_PARAM params[2];

	memcpy(digest, key->algorithm->digest, sizeof(digest));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	return EVP_MAC_init(context, key->secret, key->secret_len, params) == 1;
}

static bool hash(EVP_MAC_CTX *context, const struct tsig_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (EVP_MAC_update(context, parts[i].octets, parts[i].len) != 1)
			return false;
	}
	return true;
}

enum tsig_status tsig_hmac(const struct tsig_key *key, const struct tsig_part *parts, size_t count,
			   struct tsig_mac *mac)
{
	enum tsig_status status = TSIG_CRYPTO;
	EVP_MAC_CTX *context = NULL;
	EVP_MAC *hmac;

	/* A failure must not stay in this thread's error queue, where a TLS connection would take it for its own. */
	ERR_set_mark();
	hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	if (!hmac)
		goto out;
	context = EVP_MAC_CTX_new(hmac);
	if (!context || !start(context, key) || !hash(context, parts, count))
		goto out;
	if (EVP_MAC_final(context, mac->octets, &mac->len, sizeof(mac->octets)) != 1)
		goto out;
	if (mac->len == key->algorithm->mac_len)
		status = TSIG_OK;
out:
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(hmac);
	ERR_pop_to_mark();
	return status;
}

bool tsig_octets_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
