/*
 * records: RRsets and changes from literals. Their octets lie in a ring, in which the last million is kept.
 */
#ifndef UNIT_RECORDS_H
#define UNIT_RECORDS_H

#include <assert.h>
#include <string.h>

#include "base/rrset.h"
#include "update/change.h"

/* A character string of a TXT record, RFC 1035 section 3.3: its RDATA, as a struct. */
struct txt {
	uint8_t len;
	char octets[255];
};

/* Some strings of a TXT RRset, no two the same. */
struct texts {
	size_t count;
	struct txt items[RRSET_MAX];
};

static inline uint8_t *records_room(size_t len)
{
	static uint8_t ring[1 << 20];
	static size_t at;
	uint8_t *room;

	at = at + len > sizeof ring ? 0 : at;
	room = ring + at;
	at += len;
	return memset(room, 0, len);
}

static inline struct txt txt_of(const char *string)
{
	struct txt txt = {.len = (uint8_t)strlen(string)};

	memcpy(txt.octets, string, txt.len);
	return txt;
}

static inline struct rdata rdata_of_txt(const struct txt *txt)
{
	return (struct rdata){(const uint8_t *)txt, 1 + (size_t)txt->len};
}

/* An RRset that is known to have no records, with room for all. */
static inline struct rrset rrset_empty(enum rr_type type, uint32_t ttl_s)
{
	return rrset_of_none(type, ttl_s, records_room(rrset_room(type)));
}

static inline void rrset_put(struct rrset *rrset, struct rdata rdata)
{
	bool has_room = rrset_add(rrset, rdata, (uint8_t *)(uintptr_t)rrset->octets, rrset_room(rrset->type));

	assert(has_room);
	(void)has_room;
}

/* Addresses of one family. */
static inline struct rrset rrset_of_addrs(uint32_t ttl_s, const struct addr *addrs, size_t count)
{
	struct rrset rrset = rrset_empty(count ? rr_type_of_family(addrs[0].family) : RR_A, ttl_s);

	for (size_t i = 0; i < count; i++)
		rrset_put(&rrset, rdata_of_addr(&addrs[i]));
	return rrset;
}

static inline struct rrset rrset_of_addr(uint32_t ttl_s, struct addr addr)
{
	return rrset_of_addrs(ttl_s, &addr, 1);
}

/* Strings; NULL ends them. */
static inline struct rrset rrset_of_strings(uint32_t ttl_s, const char *const *strings)
{
	struct rrset rrset = rrset_empty(RR_TXT, ttl_s);

	for (; *strings; strings++) {
		struct txt txt = txt_of(*strings);

		rrset_put(&rrset, rdata_of_txt(&txt));
	}
	return rrset;
}

/* The nth record of an RRset that has as many. */
static inline struct rdata rrset_at(const struct rrset *rrset, size_t n)
{
	struct rdata at = {NULL, 0};

	for (bool there = rrset_next(rrset, &at); n > 0; n--)
		there = there && rrset_next(rrset, &at);
	assert(at.octets);
	return at;
}

static inline struct addr rrset_addr(const struct rrset *rrset, size_t n)
{
	return rdata_addr(rrset->type, rrset_at(rrset, n));
}

static inline bool rdata_is_string(struct rdata rdata, const char *string)
{
	struct txt txt = txt_of(string);

	return rdata_equal(rdata, rdata_of_txt(&txt));
}

/* ---- Changes ---- */

static inline struct change change_to_addr(struct addr addr, uint32_t ttl_s, bool must_exist)
{
	enum rr_type type = rr_type_of_family(addr.family);

	return (struct change){
		.type = type, .must_exist = must_exist, .was.type = type, .becomes = rrset_of_addr(ttl_s, addr)};
}

static inline struct change change_removing(enum rr_type type)
{
	return (struct change){.type = type, .was.type = type, .becomes = rrset_empty(type, 0)};
}

static inline struct change change_prefix(struct addr prefix, unsigned len, uint32_t ttl_s, bool must_exist)
{
	enum rr_type type = rr_type_of_family(prefix.family);

	return (struct change){.kind = CHANGE_PREFIX,
			       .type = type,
			       .prefix = prefix,
			       .prefix_len = len,
			       .must_exist = must_exist,
			       .was.type = type,
			       .becomes = {.type = type, .ttl_s = ttl_s},
			       .room_was = records_room(rrset_room(type)),
			       .room_becomes = records_room(rrset_room(type))};
}

/* An empty string is none, where the whole RRset is replaced. */
static inline struct change change_of_string(enum change_kind kind, const char *string, uint32_t ttl_s)
{
	const char *const strings[] = {*string ? string : NULL, NULL};
	struct change change = {.kind = kind, .type = RR_TXT, .was.type = RR_TXT};
	struct rrset rrset = rrset_of_strings(ttl_s, strings);

	change.becomes = rrset_empty(RR_TXT, ttl_s);
	if (kind == CHANGE_DROP)
		change.was = rrset;
	else
		change.becomes = rrset;
	return change;
}

#endif
