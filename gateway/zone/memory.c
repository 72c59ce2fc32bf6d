/*
 * An array of buckets: the hash of the key says in which one a record is, and there the one kept longest ago makes room
 * for a new one. With one place for each hash, one in seven records would be lost in an array of three times their
 * number. Poison has one place for each hash: it is rare.
 *
 * When a third of its places is taken, an array of twice the size takes over, up to the bound. What is in the old one
 * moves a few buckets at a time, with each record that is kept, so that nobody has to wait for all of it.
 *
 * What was put into an RRset one by one has its hashes where others have their RDATA, in as many records as it takes.
 */
#include "zone/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKET = 8,
	PLACES_AT_FIRST = 128 * BUCKET,
	MOVED_AT_A_TIME = 4, /* buckets; so the old array is empty long before the new one is full */
	POISON_PLACES = 1024,
	POISON_MS = 10 * 60 * 1000,
};

struct record {
	uint64_t key; /* hash of owner and type; 0: nothing here */
	uint32_t ttl_s;
	uint32_t kept_at; /* by memory->clock */
	uint8_t octets[MEMORY_RDATA_MAX];
};

static_assert(sizeof(struct record) == MEMORY_RECORD_SIZE, "as the header says");

struct poison {
	uint64_t owner;
	uint64_t until_ms;
};

struct places {
	size_t buckets; /* a power of two */
	size_t taken;   /* places */
	struct record *records;
};

struct memory {
	uint64_t seed;
	size_t buckets_max;
	struct places now;
	struct places old; /* no records: all have moved */
	size_t moved;      /* buckets of the old ones */
	uint32_t clock;    /* how many were kept, modulo 2^32 */
	struct poison poison[POISON_PLACES];
};

static size_t buckets_for(size_t records)
{
	size_t buckets = 2;

	while (buckets * BUCKET < records)
		buckets *= 2;
	return buckets;
}

static bool places_make(struct places *places, size_t buckets)
{
	*places = (struct places){.buckets = buckets, .records = calloc(buckets * BUCKET, sizeof *places->records)};
	return places->records != NULL;
}

static size_t buckets_at_first(const struct memory *memory)
{
	size_t buckets = buckets_for(PLACES_AT_FIRST);

	return buckets < memory->buckets_max ? buckets : memory->buckets_max;
}

enum status memory_new(size_t records_max, uint64_t seed, struct memory **out)
{
	struct memory *memory = calloc(1, sizeof *memory);

	if (!memory)
		return STATUS_NO_MEMORY;
	memory->seed = seed;
	memory->buckets_max = buckets_for(records_max);
	if (!places_make(&memory->now, buckets_at_first(memory))) {
		memory_free(&memory);
		return STATUS_NO_MEMORY;
	}
	*out = memory;
	return STATUS_OK;
}

uint64_t memory_seed(const struct memory *memory)
{
	return memory->seed;
}

static void places_free(struct places *places)
{
	free(places->records);
	*places = (struct places){0};
}

void memory_set_max(struct memory *memory, size_t records_max)
{
	struct places fewer;

	memory->buckets_max = buckets_for(records_max);
	if (memory->now.buckets <= memory->buckets_max || !places_make(&fewer, buckets_at_first(memory)))
		return;
	places_free(&memory->old);
	places_free(&memory->now);
	memory->now = fewer;
}

void memory_free(struct memory **memory_pointer)
{
	struct memory *memory = *memory_pointer;

	*memory_pointer = NULL;
	if (!memory)
		return;
	places_free(&memory->old);
	places_free(&memory->now);
	free(memory);
}

size_t memory_size(const struct memory *memory)
{
	return (memory->now.buckets + memory->old.buckets) * BUCKET * sizeof(struct record);
}

static uint64_t key_of_record(uint64_t owner, enum rr_type type)
{
	uint64_t key = owner ^ (uint64_t)type * 0x9e3779b97f4a7c15u;

	return key ? key : 1;
}

static size_t bucket_at(const struct places *places, uint64_t key)
{
	return (size_t)key & (places->buckets - 1);
}

static struct record *places_find(const struct places *places, uint64_t key)
{
	struct record *bucket = &places->records[bucket_at(places, key) * BUCKET];

	for (size_t i = 0; i < BUCKET; i++) {
		if (bucket[i].key == key)
			return &bucket[i];
	}
	return NULL;
}

/* NULL if it is not known. */
static struct record *memory_find(const struct memory *memory, uint64_t key)
{
	struct record *record = places_find(&memory->now, key);

	if (!record && memory->old.records && bucket_at(&memory->old, key) >= memory->moved)
		record = places_find(&memory->old, key);
	return record;
}

/* What is in no use is older than all others. */
static uint32_t age(const struct memory *memory, const struct record *record)
{
	return record->key ? memory->clock - record->kept_at : UINT32_MAX;
}

/* The place in its bucket that a record of that key may have. */
static struct record *oldest(const struct memory *memory, uint64_t key)
{
	struct record *bucket = &memory->now.records[bucket_at(&memory->now, key) * BUCKET], *oldest = bucket;

	for (size_t i = 1; i < BUCKET; i++) {
		if (age(memory, &bucket[i]) > age(memory, oldest))
			oldest = &bucket[i];
	}
	return oldest;
}

/* What is newer there stays. */
static void move_record(struct memory *memory, const struct record *record)
{
	struct record *place = oldest(memory, record->key);

	if (age(memory, record) >= age(memory, place))
		return;
	memory->now.taken += place->key == 0;
	*place = *record;
}

static void move_some(struct memory *memory)
{
	size_t end = memory->moved + MOVED_AT_A_TIME;

	for (; memory->old.records && memory->moved < end; memory->moved++) {
		const struct record *bucket = &memory->old.records[memory->moved * BUCKET];

		for (size_t i = 0; i < BUCKET; i++) {
			if (bucket[i].key)
				move_record(memory, &bucket[i]);
		}
		if (memory->moved + 1 == memory->old.buckets)
			places_free(&memory->old);
	}
}

/* Without memory for more, newer ones push out older ones as they do at the bound. */
static void grow_if_third_taken(struct memory *memory)
{
	struct places more;

	if (memory->old.records || 3 * memory->now.taken < memory->now.buckets * BUCKET ||
	    memory->now.buckets == memory->buckets_max || !places_make(&more, 2 * memory->now.buckets))
		return;
	memory->old = memory->now;
	memory->now = more;
	memory->moved = 0;
}

static void memory_forget(struct memory *memory, uint64_t key)
{
	struct record *record = places_find(&memory->now, key);

	if (record) {
		*record = (struct record){0};
		memory->now.taken--;
	}
	record = memory->old.records ? places_find(&memory->old, key) : NULL;
	if (record)
		*record = (struct record){0};
}

/* The record of that key, but for its value. */
static struct record *memory_put(struct memory *memory, uint64_t key)
{
	struct record *record;

	move_some(memory);
	grow_if_third_taken(memory);
	record = places_find(&memory->now, key);
	if (!record) {
		memory_forget(memory, key);
		record = oldest(memory, key);
		memory->now.taken += record->key == 0;
	}
	*record = (struct record){.key = key, .kept_at = ++memory->clock};
	return record;
}

bool memory_recall(const struct memory *memory, uint64_t owner, enum rr_type type, uint8_t *room, struct rrset *out)
{
	size_t len = rr_rdata_len(type);
	const struct record *record = len ? memory_find(memory, key_of_record(owner, type)) : NULL;

	if (!record)
		return false;
	*out = rrset_of_one(type, record->ttl_s, (struct rdata){record->octets, len}, room);
	return true;
}

void memory_keep(struct memory *memory, uint64_t owner, const struct rrset *rrset)
{
	struct record *record;
	struct rdata rdata;

	if (!rrset->known || rrset->count != 1 || rr_rdata_len(rrset->type) == 0) {
		memory_drop(memory, owner, rrset->type);
		return;
	}
	rdata = rrset_first(rrset);
	assert(rdata.len <= sizeof record->octets);
	record = memory_put(memory, key_of_record(owner, rrset->type));
	record->ttl_s = rrset->ttl_s;
	memcpy(record->octets, rdata.octets, rdata.len);
}

void memory_drop(struct memory *memory, uint64_t owner, enum rr_type type)
{
	if (rr_rdata_len(type))
		memory_forget(memory, key_of_record(owner, type));
}

enum { HASHES_EACH = MEMORY_RDATA_MAX / sizeof(uint32_t) }; /* in one record */

/* Those of an RRset take several records, each with a key of its own, which no RRset has. */
static uint64_t key_of_added(uint64_t owner, enum rr_type type, size_t first)
{
	return ~key_of_record(owner + first * 0x165667b19e3779f9u, type);
}

void memory_recall_added(const struct memory *memory, uint64_t owner, enum rr_type type, struct memory_added *out)
{
	const struct record *record;

	*out = (struct memory_added){0};
	while (out->count < MEMORY_ADDED_MAX && (record = memory_find(memory, key_of_added(owner, type, out->count)))) {
		uint32_t hashes[HASHES_EACH];

		memcpy(hashes, record->octets, sizeof hashes);
		for (size_t i = 0; i < HASHES_EACH; i++) {
			if (hashes[i] == 0)
				return;
			out->hashes[out->count++] = hashes[i];
		}
	}
}

void memory_keep_added(struct memory *memory, uint64_t owner, enum rr_type type, const struct memory_added *added)
{
	for (size_t first = 0; first < MEMORY_ADDED_MAX; first += HASHES_EACH) {
		size_t left = first < added->count ? added->count - first : 0;
		size_t here = left < HASHES_EACH ? left : HASHES_EACH;

		if (here)
			memcpy(memory_put(memory, key_of_added(owner, type, first))->octets, &added->hashes[first],
			       here * sizeof added->hashes[0]);
		else
			memory_forget(memory, key_of_added(owner, type, first));
	}
}

void memory_mark_poison(struct memory *memory, uint64_t owner, uint64_t now_ms)
{
	memory->poison[owner % POISON_PLACES] = (struct poison){owner, now_ms + POISON_MS};
}

bool memory_is_poison(const struct memory *memory, uint64_t owner, uint64_t now_ms)
{
	const struct poison *poison = &memory->poison[owner % POISON_PLACES];

	return poison->until_ms > now_ms && poison->owner == owner;
}

void memory_clear_poison(struct memory *memory, uint64_t owner)
{
	struct poison *poison = &memory->poison[owner % POISON_PLACES];

	if (poison->owner == owner)
		poison->until_ms = 0;
}
