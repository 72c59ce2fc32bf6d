#include "base64.h"

#include <openssl/evp.h>

static bool is_space(char octet)
{
	return octet == ' ' || (octet >= '\t' && octet <= '\r');
}

/* Returns the six bits that a digit stands for, -1 if it is none. */
static int digit_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '+')
		return 62;
	return digit == '/' ? 63 : -1;
}

bool tsig_base64_decode(struct tsig_text text, uint8_t *out, size_t cap, size_t *len)
{
	uint32_t bits = 0; /* the low `pending` of them are not written yet */
	unsigned pending = 0;
	size_t digits = 0, pads = 0;

	*len = 0;
	for (size_t i = 0; i < text.len; i++) {
		int value = digit_value(text.octets[i]);

		if (is_space(text.octets[i]))
			continue;
		if (text.octets[i] == '=') {
			pads++;
			continue;
		}
		if (value < 0 || pads)
			return false;
		digits++;
		bits = (bits << 6 | (uint32_t)value) & 0x3fff;
		pending += 6;
		if (pending < 8)
			continue;
		if (*len == cap)
			return false;
		pending -= 8;
		out[(*len)++] = (uint8_t)(bits >> pending);
	}
	return (digits + pads) % 4 == 0 && pads <= 2 && (bits & ((1U << pending) - 1)) == 0;
}

void tsig_base64_encode(const uint8_t *octets, size_t len, char *out)
{
	EVP_EncodeBlock((unsigned char *)out, octets, (int)len);
}
