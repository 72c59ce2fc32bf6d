#include "key.h"

#include <stdlib.h>

#include "base64.h"

static enum tsig_status key_from_octets(struct tsig_text name, struct tsig_text algorithm, const uint8_t *secret,
					size_t secret_len, struct tsig_key **out)
{
	const struct tsig_algorithm *row = tsig_algorithm_find(algorithm);
	struct tsig_name wire;
	struct tsig_key *key;

	if (!tsig_name_from_text(name, &wire))
		return TSIG_BAD_NAME;
	if (!row)
		return TSIG_BAD_ALGORITHM;
	if (secret_len == 0 || secret_len > TSIG_SECRET_MAX)
		return TSIG_BAD_SECRET;
	key = calloc(1, sizeof(*key));
	if (!key)
		return TSIG_NO_MEMORY;
	key->algorithm = row;
	key->name = wire;
	tsig_name_to_text(&wire, key->name_text);
	key->secret_len = secret_len;
	memcpy(key->secret, secret, secret_len);
	*out = key;
	return TSIG_OK;
}

enum tsig_status tsig_key_new(const char *name, const char *algorithm, const uint8_t *secret, size_t secret_len,
			      struct tsig_key **out)
{
	return key_from_octets(tsig_text_of(name), tsig_text_of(algorithm), secret, secret_len, out);
}

enum tsig_status tsig_key_from_text(struct tsig_text name, struct tsig_text algorithm, struct tsig_text secret,
				    struct tsig_key **out)
{
	uint8_t octets[TSIG_SECRET_MAX];
	enum tsig_status status;
	size_t len;

	/* Length 0 is refused in its turn: after a bad name or algorithm. */
	if (!tsig_base64_decode(secret, octets, sizeof(octets), &len))
		len = 0;
	status = key_from_octets(name, algorithm, octets, len, out);
	explicit_bzero(octets, sizeof(octets));
	return status;
}

enum tsig_status tsig_key_new_base64(const char *name, const char *algorithm, const char *secret, struct tsig_key **out)
{
	return tsig_key_from_text(tsig_text_of(name), tsig_text_of(algorithm), tsig_text_of(secret), out);
}

enum tsig_status tsig_key_copy(const struct tsig_key *key, struct tsig_key **out)
{
	struct tsig_key *copy = malloc(sizeof(*copy));

	if (!copy)
		return TSIG_NO_MEMORY;
	*copy = *key;
	*out = copy;
	return TSIG_OK;
}

void tsig_key_free(struct tsig_key **key)
{
	if (!key || !*key)
		return;
	explicit_bzero(*key, sizeof(**key));
	free(*key);
	*key = NULL;
}

const char *tsig_key_name(const struct tsig_key *key)
{
	return key->name_text;
}

const char *tsig_key_algorithm(const struct tsig_key *key)
{
	return key->algorithm->name;
}

size_t tsig_key_mac_len(const struct tsig_key *key)
{
	return key->algorithm->mac_len;
}

const char *tsig_key_secret(const struct tsig_key *key, char buffer[TSIG_SECRET_TEXT_SIZE])
{
	tsig_base64_encode(key->secret, key->secret_len, buffer);
	return buffer;
}
