#include "base/pin.h"

#include <stdio.h>

static const char prefix[] = "sha256:";

enum { PREFIX_LEN = sizeof prefix - 1 };

enum status pin_parse(struct text text, struct pin *out)
{
	struct pin pin;

	if (text.len != PREFIX_LEN + 2 * PIN_LEN || memcmp(text.octets, prefix, PREFIX_LEN) != 0)
		return STATUS_INVALID;
	for (size_t i = 0; i < PIN_LEN; i++) {
		int high = text_hex_value(text.octets[PREFIX_LEN + 2 * i]);
		int low = text_hex_value(text.octets[PREFIX_LEN + 2 * i + 1]);

		if (high < 0 || low < 0)
			return STATUS_INVALID;
		pin.digest[i] = (uint8_t)(high << 4 | low);
	}
	*out = pin;
	return STATUS_OK;
}

const char *pin_format(const struct pin *pin, char buffer[static PIN_TEXT_MAX])
{
	int len = snprintf(buffer, PIN_TEXT_MAX, "%s", prefix);

	for (size_t i = 0; i < PIN_LEN; i++)
		len += snprintf(buffer + len, PIN_TEXT_MAX - (size_t)len, "%02x", pin->digest[i]);
	return buffer;
}
