/*
 * Two arrays in which the hash of the key says the place, one place per key: what is newer overwrites. A TXT record has
 * the hash of its string where others have their address.
 */
#include "zone/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
	POISON_PLACES = 1024,
	POISON_MS = 10 * 60 * 1000,
};

struct record {
	uint64_t key; /* hash of owner and type (ADDR_NONE: TXT); 0: nothing here */
	uint32_t ttl_s;
	uint8_t octets[16];
};

struct poison {
	uint64_t owner;
	uint64_t until_ms;
};

struct memory {
	size_t mask;
	struct record *records;
	struct poison poison[POISON_PLACES];
};

enum status memory_new(size_t records_max, struct memory **out)
{
	struct memory *memory = calloc(1, sizeof *memory);
	size_t places = 16;

	if (!memory)
		return STATUS_NO_MEMORY;
	while (places < records_max)
		places *= 2;
	memory->mask = places - 1;
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

static uint64_t key_of(uint64_t owner, enum addr_family family)
{
	static const uint64_t types[] = {
		[ADDR_NONE] = 0xc2b2ae3d27d4eb4fu, [ADDR_V4] = 0, [ADDR_V6] = 0x9e3779b97f4a7c15u};
	uint64_t key = owner ^ types[family];

	return key ? key : 1;
}

static struct record *place_of(const struct memory *memory, uint64_t key)
{
	return &memory->records[key & memory->mask];
}

bool memory_recall(const struct memory *memory, uint64_t owner, enum addr_family family, struct rrset *out)
{
	uint64_t key = key_of(owner, family);
	const struct record *record = place_of(memory, key);

	if (record->key != key)
		return false;
	*out = (struct rrset){.known = true, .ttl_s = record->ttl_s, .count = 1};
	out->addrs[0].family = family;
	memcpy(out->addrs[0].octets, record->octets, sizeof record->octets);
	return true;
}

void memory_keep(struct memory *memory, uint64_t owner, const struct addr *addr, uint32_t ttl_s)
{
	uint64_t key = key_of(owner, addr->family);
	struct record *record = place_of(memory, key);

	record->key = key;
	record->ttl_s = ttl_s;
	memcpy(record->octets, addr->octets, sizeof record->octets);
}

void memory_drop(struct memory *memory, uint64_t owner, enum addr_family family)
{
	uint64_t key = key_of(owner, family);
	struct record *record = place_of(memory, key);

	if (record->key == key)
		*record = (struct record){0};
}

void memory_keep_text(struct memory *memory, uint64_t owner, uint64_t hash)
{
	uint64_t key = key_of(owner, ADDR_NONE);
	struct record *record = place_of(memory, key);

	*record = (struct record){.key = key};
	memcpy(record->octets, &hash, sizeof hash);
}

bool memory_is_text(const struct memory *memory, uint64_t owner, uint64_t hash)
{
	uint64_t key = key_of(owner, ADDR_NONE);
	const struct record *record = place_of(memory, key);

	return record->key == key && memcmp(record->octets, &hash, sizeof hash) == 0;
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
