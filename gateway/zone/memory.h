/*
 * memory: what a queue remembers of earlier changes: which address a record had, and whose changes were refused. Both
 * are hints in a space of fixed size: newer ones push out older ones, and whoever relies on one lets the primary
 * confirm it.
 */
#ifndef ZONE_MEMORY_H
#define ZONE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/status.h"

struct memory;

enum memory_hint {
	MEMORY_UNKNOWN,
	MEMORY_SAME,    /* the record was seen with this address and TTL */
	MEMORY_DIFFERS, /* it was seen with something else */
};

/* `records_max` is rounded up to a power of two; a record takes 32 octets. */
MUST_USE enum status memory_new(size_t records_max, struct memory **out);

/* Frees it and sets *memory to NULL. */
void memory_free(struct memory **memory);

/* `owner` is the hash of the owner's name, the same at every call. */
enum memory_hint memory_look(const struct memory *memory, uint64_t owner, const struct addr *addr, uint32_t ttl_s);
/* The address that the record was last seen with, if it was the only one; says if there is one. */
bool memory_recall(const struct memory *memory, uint64_t owner, enum addr_family family, struct addr *out);

/* What the record has. A TTL of MEMORY_NO_TTL says that it has several addresses, and so differs from any. */
#define MEMORY_NO_TTL UINT32_MAX /* which no record has, RFC 2181 section 8 */
void memory_keep(struct memory *memory, uint64_t owner, const struct addr *addr, uint32_t ttl_s);
void memory_drop(struct memory *memory, uint64_t owner, enum addr_family family);

/* Marks an owner whose change made the primary refuse a message; for ten minutes. */
void memory_mark_poison(struct memory *memory, uint64_t owner, uint64_t now_ms);
/* Its change was carried out. */
void memory_clear_poison(struct memory *memory, uint64_t owner);
bool memory_is_poison(const struct memory *memory, uint64_t owner, uint64_t now_ms);

#endif
