#include "base/prefix.h"

#include <stdio.h>

static enum status parse_len(struct text text, unsigned max, uint8_t *out)
{
	unsigned value = 0;

	if (text.len == 0 || text.len > 3 || (text.len > 1 && text.octets[0] == '0'))
		return STATUS_INVALID;
	for (size_t i = 0; i < text.len; i++) {
		if (text.octets[i] < '0' || text.octets[i] > '9')
			return STATUS_INVALID;
		value = 10 * value + (unsigned)(text.octets[i] - '0');
	}
	*out = (uint8_t)value;
	return value <= max ? STATUS_OK : STATUS_INVALID;
}

/* The bits of octet `n` that belong to a prefix of that length. */
static uint8_t mask_of(unsigned prefix_len, size_t n)
{
	size_t before = 8 * n;

	if (prefix_len >= before + 8)
		return 0xff;
	return prefix_len <= before ? 0 : (uint8_t)(0xff << (before + 8 - prefix_len));
}

enum status prefix_parse(struct text text, struct prefix *out)
{
	struct text addr, len;
	bool has_len = text_split(text, '/', &addr, &len);
	unsigned bits;

	if (addr_parse(addr, &out->addr) != STATUS_OK)
		return STATUS_INVALID;
	bits = 8 * (unsigned)addr_len(&out->addr);
	out->len = (uint8_t)bits;
	if (has_len && parse_len(len, bits, &out->len) != STATUS_OK)
		return STATUS_INVALID;
	for (size_t i = 0; i < addr_len(&out->addr); i++) {
		if (out->addr.octets[i] & ~mask_of(out->len, i))
			return STATUS_INVALID;
	}
	return STATUS_OK;
}

const char *prefix_format(const struct prefix *prefix, char buffer[static PREFIX_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	snprintf(buffer, PREFIX_TEXT_MAX, "%s/%u", addr_format(&prefix->addr, addr), prefix->len);
	return buffer;
}

bool prefix_covers(const struct prefix *prefix, const struct addr *addr)
{
	if (prefix->addr.family != addr->family)
		return false;
	for (size_t i = 0; i < addr_len(addr); i++) {
		if ((addr->octets[i] ^ prefix->addr.octets[i]) & mask_of(prefix->len, i))
			return false;
	}
	return true;
}
