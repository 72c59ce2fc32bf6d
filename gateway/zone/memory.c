/*
 * An array of buckets: the hash of the key says in which one a record is, and there the one kept longest ago makes room
 * for a new one. With one place for each hash, one in seven records would be lost in an array of three times their
 * number. Poison has one place for each hash: it is rare.
 *
 * What was put into an RRset one by one has its hashes where others have their RDATA, in as many records as it takes.
 */
#include "zone/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUCKET = 8,
	POISON_PLACES = 1024,
	POISON_MS = 10 * 60 * 1000,
};

struct record {
	uint64_t key; /* hash of owner and type; 0: nothing here */
	uint32_t ttl_s;
	uint32_t kept_at; /* by memory->clock */
	uint8_t octets[MEMORY_RDATA_MAX];
};

struct poison {
	uint64_t owner;
	uint64_t until_ms;
};

struct memory {
	size_t bucket_mask;
	struct record *records;
	uint32_t clock; /* how many were kept, modulo 2^32 */
	struct poison poison[POISON_PLACES];
};

enum status memory_new(size_t records_max, struct memory **out)
{
	struct memory *memory = calloc(1, sizeof *memory);
	size_t places = (size_t)2 * BUCKET;

	if (!memory)
		return STATUS_NO_MEMORY;
	while (places < records_max)
		places *= 2;
	memory->bucket_mask = places / BUCKET - 1;
	memory->records = calloc(places, sizeof *memory->records);
	if (!memory->records) {
		memory_free(&memory);
		return STATUS_NO_MEMORY;
	}
	*out = memory;
	return STATUS_OK;
}

void memory_free(struct memory **memory)
{
	if (*memory) {
		free((*memory)->records);
		free(*memory);
	}
	*memory = NULL;
}

static uint64_t key_of_record(uint64_t owner, enum rr_type type)
{
	uint64_t key = owner ^ (uint64_t)type * 0x9e3779b97f4a7c15u;

	return key ? key : 1;
}

static struct record *bucket_of(const struct memory *memory, uint64_t key)
{
	return &memory->records[(key & memory->bucket_mask) * BUCKET];
}

/* NULL if it is not known. */
static struct record *memory_find(const struct memory *memory, uint64_t key)
{
	struct record *bucket = bucket_of(memory, key);

	for (size_t i = 0; i < BUCKET; i++) {
		if (bucket[i].key == key)
			return &bucket[i];
	}
	return NULL;
}

/* What is in no use is older than all others. */
static uint32_t age(const struct memory *memory, const struct record *record)
{
	return record->key ? memory->clock - record->kept_at : UINT32_MAX;
}

static struct record *oldest(const struct memory *memory, struct record *bucket)
{
	struct record *oldest = bucket;

	for (size_t i = 1; i < BUCKET; i++) {
		if (age(memory, &bucket[i]) > age(memory, oldest))
			oldest = &bucket[i];
	}
	return oldest;
}

/* The record of that key, but for its value. */
static struct record *memory_put(struct memory *memory, uint64_t key)
{
	struct record *record = memory_find(memory, key);

	if (!record)
		record = oldest(memory, bucket_of(memory, key));
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

static void memory_forget(struct memory *memory, uint64_t key)
{
	struct record *record = memory_find(memory, key);

	if (record)
		*record = (struct record){0};
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
