/*
 * Two arrays in which the hash of the key says the place, one place per key: what is newer overwrites.
 */
#include "zone/memory.h"

#include <stdlib.h>

#include "base/table.h"

enum {
	POISON_PLACES = 1024,
	POISON_MS = 10 * 60 * 1000,
};

struct record {
	uint64_t key;   /* hash of owner and type; 0: nothing here */
	uint64_t value; /* hash of address and TTL */
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
	uint64_t key = owner ^ (family == ADDR_V6 ? 0x9e3779b97f4a7c15u : 0);

	return key ? key : 1;
}

static uint64_t value_of(const struct addr *addr, uint32_t ttl_s)
{
	return table_hash(ttl_s, (struct text){(const char *)addr->octets, sizeof addr->octets});
}

static struct record *place_of(const struct memory *memory, uint64_t key)
{
	return &memory->records[key & memory->mask];
}

enum memory_hint memory_look(const struct memory *memory, uint64_t owner, const struct addr *addr, uint32_t ttl_s)
{
	uint64_t key = key_of(owner, addr->family);
	const struct record *record = place_of(memory, key);

	if (record->key != key)
		return MEMORY_UNKNOWN;
	return record->value == value_of(addr, ttl_s) ? MEMORY_SAME : MEMORY_DIFFERS;
}

void memory_keep(struct memory *memory, uint64_t owner, const struct addr *addr, uint32_t ttl_s)
{
	uint64_t key = key_of(owner, addr->family);

	*place_of(memory, key) = (struct record){key, value_of(addr, ttl_s)};
}

void memory_drop(struct memory *memory, uint64_t owner, enum addr_family family)
{
	uint64_t key = key_of(owner, family);
	struct record *record = place_of(memory, key);

	if (record->key == key)
		*record = (struct record){0};
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
