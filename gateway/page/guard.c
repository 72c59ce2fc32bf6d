#include "page/guard.h"

#include <string.h>

#include "account/key.h"
#include "base/secret.h"

static bool is_made_of(struct text value, const char *others)
{
	for (size_t i = 0; i < value.len; i++) {
		char octet = value.octets[i];
		bool is_letter = (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');

		if (!is_letter && !(octet >= '0' && octet <= '9') && (!octet || !strchr(others, octet)))
			return false;
	}
	return true;
}

struct text guard_cookie(struct text header, const char *name)
{
	struct text pair, key, value;

	while (header.len) {
		text_split(header, ';', &pair, &header);
		if (!text_split(text_trimmed(pair, " \t"), '=', &key, &value) || !text_equal(key, text_of(name)))
			continue;
		if (value.len <= GUARD_COOKIE_MAX && is_made_of(value, "-_"))
			return value;
		break;
	}
	return (struct text){"", 0};
}

enum status guard_token(const uint8_t secret[static GUARD_SECRET_LEN], struct text cookie,
			char out[static GUARD_TOKEN_MAX])
{
	static const char digits[] = "0123456789abcdef";
	char both[GUARD_SECRET_LEN + GUARD_COOKIE_MAX];
	uint8_t digest[KEY_DIGEST_LEN];
	enum status status;

	if (cookie.len == 0 || cookie.len > GUARD_COOKIE_MAX)
		return STATUS_INVALID;
	memcpy(both, secret, GUARD_SECRET_LEN);
	memcpy(both + GUARD_SECRET_LEN, cookie.octets, cookie.len);
	status = key_digest((struct text){both, GUARD_SECRET_LEN + cookie.len}, digest);
	secret_wipe(both, sizeof both);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < sizeof digest; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * sizeof digest] = '\0';
	return STATUS_OK;
}

bool guard_admits(const uint8_t secret[static GUARD_SECRET_LEN], struct text cookie, struct text token)
{
	char right[GUARD_TOKEN_MAX];

	return guard_token(secret, cookie, right) == STATUS_OK && token.len == strlen(right) &&
	       secret_equal(right, token.octets, token.len);
}

bool guard_is_host(struct text header)
{
	return header.len > 0 && header.len <= 262 && is_made_of(header, "-._:[]");
}
