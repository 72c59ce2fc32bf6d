/*
 * What describes a key: the key in its three forms, a network, and a date. What is taken means one thing and is written
 * the same way again.
 */
#include <string.h>

#include "account/account.h"
#include "account/password.h"
#include "base/network.h"
#include "require.h"

static void check_key(struct text text)
{
	uint8_t digest[KEY_DIGEST_LEN];
	char written[KEY_HASH_TEXT_MAX];
	struct key key, again;
	bool was_plain;
	enum status status = key_parse(text, &key, &was_plain);

	require(status == STATUS_OK || status == STATUS_INVALID);
	if (status != STATUS_OK)
		return;
	require(text.len > 0);
	require((key.crypt != NULL) == (text.octets[0] == '$'));
	if (key.crypt) {
		require(strlen(key.crypt) == text.len && text.len < PASSWORD_HASH_MAX);
	} else {
		require(key_digest(text, digest) == STATUS_OK);
		require(key_matches(&key, digest) == was_plain);
		require(key_parse(text_of(key_format(key.digest, written)), &again, &was_plain) == STATUS_OK);
		require(!was_plain && memcmp(again.digest, key.digest, sizeof key.digest) == 0);
	}
	key_fini(&key);
}

static void check_date(struct text text)
{
	char written[ACCOUNT_DATE_MAX];
	uint64_t expires_s;

	if (account_expiry_parse(text, &expires_s) != STATUS_OK)
		return;
	require(expires_s > 0 && expires_s % 86400 == 0);
	require(text_equal(text_of(account_expiry_format(expires_s, written)), text));
}

static void check_network(struct text text)
{
	struct network network;

	if (network_parse(text, &network) != STATUS_OK)
		return;
	require(network.bits <= 8 * addr_len(&network.addr));
	require(networks_have((struct networks){&network, 1}, &network.addr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size};

	check_key(text);
	check_date(text);
	check_network(text);
	return 0;
}
