/*
 * memory: what a queue remembers of earlier changes: which address a record had, which strings were there, and whose
 * changes were refused. All are hints in a space of fixed size: newer ones push out older ones, and whoever relies on
 * one lets the primary confirm it.
 */
#ifndef ZONE_MEMORY_H
#define ZONE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/rr.h"
#include "base/status.h"
#include "update/change.h"

struct memory;

/* `records_max` is rounded up to a power of two; a record takes 32 octets. */
MUST_USE enum status memory_new(size_t records_max, struct memory **out);

/* Frees it and sets *memory to NULL. */
void memory_free(struct memory **memory);

/*
 * The RRset that an owner was last seen with, if it was a single address: fills in *out and says so. `owner` is the
 * hash of the owner's name, the same at every call.
 */
bool memory_recall(const struct memory *memory, uint64_t owner, enum rr_type type, struct rrset *out);

/* The owner has just this address of its family. */
void memory_keep(struct memory *memory, uint64_t owner, const struct addr *addr, uint32_t ttl_s);
/* Nothing is known of that record any more, A or AAAA. */
void memory_drop(struct memory *memory, uint64_t owner, enum rr_type type);

enum { MEMORY_TEXTS_MAX = 12 };

/* Strings of an owner's TXT record, each by a hash that is not 0. */
struct memory_texts {
	size_t count;
	uint32_t hashes[MEMORY_TEXTS_MAX];
};

/* Strings of the owner as they were kept last: all of them, or the first ones. */
void memory_recall_texts(const struct memory *memory, uint64_t owner, struct memory_texts *out);
void memory_keep_texts(struct memory *memory, uint64_t owner, const struct memory_texts *texts);

/* Marks an owner whose change made the primary refuse a message; for ten minutes. */
void memory_mark_poison(struct memory *memory, uint64_t owner, uint64_t now_ms);
/* Its change was carried out. */
void memory_clear_poison(struct memory *memory, uint64_t owner);
bool memory_is_poison(const struct memory *memory, uint64_t owner, uint64_t now_ms);

#endif
