/*
 * An array of buckets: the hash of the key says in which one a record is, and there the one kept longest ago makes room
 * for a new one. With one place for each hash, one in seven records would be lost in an array of three times their
 * number. Poison has one place for each hash: it is rare.
 *
 * A TXT RRset has the hashes of its strings where others have their address, in as many records as it takes.
 */
#include "zone/memory.h"

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
	uint8_t octets[16];
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

bool memory_recall(const struct memory *memory, uint64_t owner, enum rr_type type, struct rrset *out)
{
	const struct record *record = memory_find(memory, key_of_record(owner, type));

	if (!record)
		return false;
	*out = (struct rrset){.known = true, .ttl_s = record->ttl_s, .count = 1};
	out->addrs[0].family = rr_type_family(type);
	memcpy(out->addrs[0].octets, record->octets, sizeof record->octets);
	return true;
}

void memory_keep(struct memory *memory, uint64_t owner, const struct addr *addr, uint32_t ttl_s)
{
	struct record *record = memory_put(memory, key_of_record(owner, rr_type_of_family(addr->family)));

	record->ttl_s = ttl_s;
	memcpy(record->octets, addr->octets, sizeof record->octets);
}

static void memory_forget(struct memory *memory, uint64_t key)
{
	struct record *record = memory_find(memory, key);

	if (record)
		*record = (struct record){0};
}

void memory_drop(struct memory *memory, uint64_t owner, enum rr_type type)
{
	memory_forget(memory, key_of_record(owner, type));
}

enum { TEXTS_EACH = 4 }; /* hashes of strings in one record */

/* The strings of an owner take several records, each with a key of its own. */
static uint64_t key_of_texts(uint64_t owner, size_t first)
{
	return key_of_record(owner + first * 0x165667b19e3779f9u, RR_TXT);
}

void memory_recall_texts(const struct memory *memory, uint64_t owner, struct memory_texts *out)
{
	const struct record *record;

	*out = (struct memory_texts){0};
	while (out->count < MEMORY_TEXTS_MAX && (record = memory_find(memory, key_of_texts(owner, out->count)))) {
		uint32_t hashes[TEXTS_EACH];

		memcpy(hashes, record->octets, sizeof hashes);
		for (size_t i = 0; i < TEXTS_EACH; i++) {
			if (hashes[i] == 0)
				return;
			out->hashes[out->count++] = hashes[i];
		}
	}
}

void memory_keep_texts(struct memory *memory, uint64_t owner, const struct memory_texts *texts)
{
	for (size_t first = 0; first < MEMORY_TEXTS_MAX; first += TEXTS_EACH) {
		size_t left = first < texts->count ? texts->count - first : 0;
		size_t here = left < TEXTS_EACH ? left : TEXTS_EACH;

		if (here)
			memcpy(memory_put(memory, key_of_texts(owner, first))->octets, &texts->hashes[first],
			       here * sizeof texts->hashes[0]);
		else
			memory_forget(memory, key_of_texts(owner, first));
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
