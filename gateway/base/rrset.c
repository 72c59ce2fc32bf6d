#include "base/rrset.h"

#include <assert.h>
#include <string.h>

enum { LENGTH = 2 }; /* octets before each record's RDATA */

size_t rrset_room(enum rr_type type)
{
	size_t len = rr_rdata_len(type);

	return (size_t)RRSET_MAX * (LENGTH + (len ? len : RDATA_MAX));
}

static size_t put_rdata(uint8_t *at, struct rdata rdata)
{
	at[0] = (uint8_t)(rdata.len >> 8);
	at[1] = (uint8_t)rdata.len;
	memcpy(at + LENGTH, rdata.octets, rdata.len);
	return LENGTH + rdata.len;
}

bool rrset_add(struct rrset *rrset, struct rdata rdata, uint8_t *room, size_t cap)
{
	assert(rrset->octets == room);
	if (rrset->count == RRSET_MAX || rrset->len + LENGTH + rdata.len > cap)
		return false;
	rrset->len += put_rdata(room + rrset->len, rdata);
	rrset->count++;
	return true;
}

struct rrset rrset_of_one(enum rr_type type, uint32_t ttl_s, struct rdata rdata, uint8_t *room)
{
	struct rrset rrset = {.type = type, .known = true, .ttl_s = ttl_s, .count = 1, .octets = room};

	rrset.len = put_rdata(room, rdata);
	return rrset;
}

struct rrset rrset_copied(const struct rrset *from, uint8_t *room)
{
	struct rrset rrset = *from;

	if (from->len)
		memcpy(room, from->octets, from->len);
	rrset.octets = room;
	return rrset;
}

bool rrset_next(const struct rrset *rrset, struct rdata *at)
{
	const uint8_t *next = at->octets ? at->octets + at->len : rrset->octets;

	if (rrset->len == 0 || next == rrset->octets + rrset->len)
		return false;
	*at = (struct rdata){next + LENGTH, (size_t)next[0] << 8 | next[1]};
	return true;
}

struct rdata rrset_first(const struct rrset *rrset)
{
	struct rdata first = {NULL, 0};
	bool some = rrset_next(rrset, &first);

	assert(some);
	(void)some;
	return first;
}

bool rrset_contains(const struct rrset *rrset, struct rdata rdata)
{
	struct rdata at = {NULL, 0};

	while (rrset_next(rrset, &at)) {
		if (rdata_equal(at, rdata))
			return true;
	}
	return false;
}

bool rrset_equal(const struct rrset *a, const struct rrset *b)
{
	struct rdata at = {NULL, 0};

	if (!a->known || !b->known || a->type != b->type || a->count != b->count || (a->count && a->ttl_s != b->ttl_s))
		return false;
	while (rrset_next(a, &at)) {
		if (!rrset_contains(b, at))
			return false;
	}
	return true;
}

struct addr rdata_addr(enum rr_type type, struct rdata rdata)
{
	struct addr addr = {.family = rr_type_family(type)};

	assert(rdata.len == addr_len(&addr));
	memcpy(addr.octets, rdata.octets, rdata.len);
	return addr;
}
