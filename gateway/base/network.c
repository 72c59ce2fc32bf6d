#include "base/network.h"

static enum status parse_bits(struct text digits, unsigned most, unsigned *out)
{
	unsigned bits = 0;

	if (digits.len == 0 || digits.len > 3)
		return STATUS_INVALID;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.octets[i] < '0' || digits.octets[i] > '9')
			return STATUS_INVALID;
		bits = bits * 10 + (unsigned)(digits.octets[i] - '0');
	}
	if (bits > most)
		return STATUS_INVALID;
	*out = bits;
	return STATUS_OK;
}

enum status network_parse(struct text text, struct network *out)
{
	struct text address, digits;
	bool has_bits = text_split(text, '/', &address, &digits);
	struct network network = {0};
	struct addr first;
	unsigned most;

	if (addr_parse(address, &network.addr) != STATUS_OK)
		return STATUS_INVALID;
	most = (unsigned)addr_len(&network.addr) * 8;
	network.bits = most;
	if (has_bits && parse_bits(digits, most, &network.bits) != STATUS_OK)
		return STATUS_INVALID;
	first = addr_with_prefix(&(struct addr){.family = network.addr.family}, &network.addr, network.bits);
	if (!addr_equal(&first, &network.addr))
		return STATUS_INVALID;
	*out = network;
	return STATUS_OK;
}

static bool network_has(const struct network *network, const struct addr *addr)
{
	struct addr moved;

	if (network->addr.family != addr->family)
		return false;
	moved = addr_with_prefix(addr, &network->addr, network->bits);
	return addr_equal(&moved, addr);
}

bool networks_have(struct networks networks, const struct addr *addr)
{
	for (size_t i = 0; i < networks.count; i++) {
		if (network_has(&networks.items[i], addr))
			return true;
	}
	return false;
}
