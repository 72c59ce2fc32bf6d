#include "base/utf8.h"

/* By the first octet: how many octets follow, and between which values the first of those lies (Unicode, table 3-7). */
struct form {
	unsigned more;
	uint8_t from, to;
};

static struct form form_of(uint8_t first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return (struct form){1, 0x80, 0xbf};
	if (first == 0xe0)
		return (struct form){2, 0xa0, 0xbf}; /* nothing overlong */
	if (first == 0xed)
		return (struct form){2, 0x80, 0x9f}; /* no surrogates */
	if (first >= 0xe1 && first <= 0xef)
		return (struct form){2, 0x80, 0xbf};
	if (first == 0xf0)
		return (struct form){3, 0x90, 0xbf};
	if (first >= 0xf1 && first <= 0xf3)
		return (struct form){3, 0x80, 0xbf};
	if (first == 0xf4)
		return (struct form){3, 0x80, 0x8f}; /* nothing beyond U+10FFFF */
	return (struct form){0, 0, 0};
}

size_t utf8_next(struct text text, uint32_t *code)
{
	uint8_t first = (uint8_t)text.octets[0];
	struct form form = form_of(first);
	uint32_t value = form.more ? first & (0x3fu >> form.more) : first;
	size_t len = 1;

	for (; len <= form.more && len < text.len; len++) {
		uint8_t octet = (uint8_t)text.octets[len];

		if (octet < form.from || octet > form.to)
			break;
		value = value << 6 | (octet & 0x3fu);
		form.from = 0x80;
		form.to = 0xbf;
	}
	*code = len == form.more + (size_t)1 && (form.more || first < 0x80) ? value : UTF8_ILL_FORMED;
	return len;
}

bool utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}
