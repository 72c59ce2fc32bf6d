/*
 * memory: what the queues of all zones remember of earlier changes: which single record an RRset had, which records
 * were put into it one by one, and whose changes were refused. All are hints in a bounded space, which grows as it is
 * used: newer ones push out older ones, and whoever relies on one lets the primary confirm it.
 */
#ifndef ZONE_MEMORY_H
#define ZONE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rr.h"
#include "base/rrset.h"
#include "base/status.h"

struct memory;

enum { MEMORY_RECORD_SIZE = 32 }; /* octets of a record; of the places there are, a sixth at least has one */

/*
 * `records_max` is rounded up to a power of two. `seed` is random; hashes of owners are to be made with it, so that
 * nobody outside can have them collide.
 */
MUST_USE enum status memory_new(size_t records_max, uint64_t seed, struct memory **out);

uint64_t memory_seed(const struct memory *memory);

/* Another bound. If more than that has room already, everything is forgotten. */
void memory_set_max(struct memory *memory, size_t records_max);

/* Frees it and sets *memory to NULL; *memory == NULL is allowed. */
void memory_free(struct memory **memory);

/* Octets that its records take now. */
size_t memory_size(const struct memory *memory);

enum { MEMORY_RDATA_MAX = 16 }; /* octets of RDATA that it has room for */

/*
 * The RRset that an owner was last seen with, if it was a single record of a type whose RDATA has a fixed length:
 * fills in *out, its octets in `room` of rrset_room(), and says so. `owner` is the hash of the owner's name, the same
 * at every call.
 */
bool memory_recall(const struct memory *memory, uint64_t owner, enum rr_type type, uint8_t *room, struct rrset *out);

/* The owner has just that record of its type. Not kept if that is not known, or is none that can be recalled. */
void memory_keep(struct memory *memory, uint64_t owner, const struct rrset *rrset);
/* Nothing is known of that RRset any more. */
void memory_drop(struct memory *memory, uint64_t owner, enum rr_type type);

enum { MEMORY_ADDED_MAX = 12 };

/* Records that were put into an RRset one by one, the last one first; each by a hash that is not 0. */
struct memory_added {
	size_t count;
	uint32_t hashes[MEMORY_ADDED_MAX];
};

/* Those of the owner and type as they were kept last: all of them, or the first ones. */
void memory_recall_added(const struct memory *memory, uint64_t owner, enum rr_type type, struct memory_added *out);
void memory_keep_added(struct memory *memory, uint64_t owner, enum rr_type type, const struct memory_added *added);

/* Marks an owner whose change made the primary refuse a message; for ten minutes. */
void memory_mark_poison(struct memory *memory, uint64_t owner, uint64_t now_ms);
/* Its change was carried out. */
void memory_clear_poison(struct memory *memory, uint64_t owner);
bool memory_is_poison(const struct memory *memory, uint64_t owner, uint64_t now_ms);

#endif
