#include "algorithm.h"

#include <strings.h>

/* The NUL that ends the string literal serves as the root label and is counted in `len`. */
static const struct tsig_algorithm algorithms[] = {
	{"hmac-md5", {26, "\x08hmac-md5\x07sig-alg\x03reg\x03int"}, "MD5", 16},
	{"hmac-sha1", {11, "\x09hmac-sha1"}, "SHA1", 20},
	{"hmac-sha224", {13, "\x0bhmac-sha224"}, "SHA224", 28},
	{"hmac-sha256", {13, "\x0bhmac-sha256"}, "SHA256", 32},
	{"hmac-sha384", {13, "\x0bhmac-sha384"}, "SHA384", 48},
	{"hmac-sha512", {13, "\x0bhmac-sha512"}, "SHA512", 64},
};

static bool is_short_name(const struct tsig_algorithm *algorithm, struct tsig_text text)
{
	if (text.len && text.octets[text.len - 1] == '.')
		text.len--;
	return text.len == strlen(algorithm->name) && strncasecmp(text.octets, algorithm->name, text.len) == 0;
}

const struct tsig_algorithm *tsig_algorithm_find(struct tsig_text text)
{
	struct tsig_name name;
	bool is_name = tsig_name_from_text(text, &name);

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		const struct tsig_algorithm *algorithm = &algorithms[i];

		if (is_short_name(algorithm, text) || (is_name && tsig_name_equal(&name, &algorithm->wire)))
			return algorithm;
	}
	return NULL;
}

size_t tsig_algorithm_mac_len_min(const struct tsig_algorithm *algorithm)
{
	size_t half = algorithm->mac_len / 2;

	return half > 10 ? half : 10;
}
