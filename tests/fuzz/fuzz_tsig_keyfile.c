/*
 * Key files: whatever the text, parsing gives keys or a sentence, and the keys can be used.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* A key that was read signs, and its name, spelt as it is kept, makes the same key again. */
static void use_key(const struct tsig_key *key)
{
	uint8_t wire[12 + TSIG_RECORD_MAX] = {0};
	size_t len = 12;
	struct tsig_key *again = NULL;

	require(tsig_sign(wire, &len, sizeof(wire), key, &(struct tsig_signing){0}, NULL) == TSIG_OK);
	require(tsig_verify(wire, &len, key, &(struct tsig_checking){0}, NULL) == TSIG_OK);
	require(tsig_key_new_base64(tsig_key_name(key), tsig_key_algorithm(key), "c2VjcmV0", &again) == TSIG_OK);
	require(strcmp(tsig_key_name(again), tsig_key_name(key)) == 0);
	tsig_key_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tsig_key **keys = NULL;
	size_t count = 0;
	struct tsig_file_error error;
	enum tsig_status status = tsig_keys_parse((const char *)data, size, &keys, &count, &error);

	require((status == TSIG_OK) == (count > 0) && (status == TSIG_OK) == (error.text[0] == '\0'));
	require(memchr(error.text, '\0', sizeof(error.text)) != NULL);
	for (size_t i = 0; i < count; i++)
		use_key(keys[i]);
	tsig_keys_free(&keys, count);
	return 0;
}
