#include "base/table.h"

#include <stdlib.h>

enum { BUCKETS_AT_START = 16 };

enum status table_init(struct table *table)
{
	*table = (struct table){.mask = BUCKETS_AT_START - 1};
	table->buckets = calloc(BUCKETS_AT_START, sizeof(struct table_node *));
	return table->buckets ? STATUS_OK : STATUS_NO_MEMORY;
}

void table_fini(struct table *table)
{
	free(table->buckets);
	*table = (struct table){0};
}

static void link_node(struct table *table, struct table_node *node)
{
	struct table_node **bucket = &table->buckets[node->hash & table->mask];

	node->next = *bucket;
	*bucket = node;
}

static void grow(struct table *table)
{
	size_t old_count = table->mask + 1;
	struct table_node **old = table->buckets, **grown = calloc(2 * old_count, sizeof(struct table_node *));

	if (!grown)
		return;
	table->buckets = grown;
	table->mask = 2 * old_count - 1;
	for (size_t i = 0; i < old_count; i++) {
		while (old[i]) {
			struct table_node *node = old[i];

			old[i] = node->next;
			link_node(table, node);
		}
	}
	free(old);
}

void table_add(struct table *table, struct table_node *node, uint64_t hash)
{
	if (++table->count > table->mask)
		grow(table);
	node->hash = hash;
	link_node(table, node);
}

void table_remove(struct table *table, struct table_node *node)
{
	struct table_node **at = &table->buckets[node->hash & table->mask];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	table->count--;
}

static struct table_node *with_hash(struct table_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct table_node *table_find(const struct table *table, uint64_t hash)
{
	return with_hash(table->buckets[hash & table->mask], hash);
}

struct table_node *table_find_next(const struct table_node *node)
{
	return with_hash(node->next, node->hash);
}

struct table_node *table_any(const struct table *table)
{
	for (size_t i = 0; table->buckets && i <= table->mask; i++) {
		if (table->buckets[i])
			return table->buckets[i];
	}
	return NULL;
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void sip_round(struct sip *sip)
{
	sip->v0 += sip->v1;
	sip->v1 = rotate(sip->v1, 13) ^ sip->v0;
	sip->v0 = rotate(sip->v0, 32);
	sip->v2 += sip->v3;
	sip->v3 = rotate(sip->v3, 16) ^ sip->v2;
	sip->v0 += sip->v3;
	sip->v3 = rotate(sip->v3, 21) ^ sip->v0;
	sip->v2 += sip->v1;
	sip->v1 = rotate(sip->v1, 17) ^ sip->v2;
	sip->v2 = rotate(sip->v2, 32);
}

static void sip_word(struct sip *sip, uint64_t word)
{
	sip->v3 ^= word;
	sip_round(sip);
	sip->v0 ^= word;
}

/* Up to 8 octets, the first the lowest. */
static uint64_t word_of(struct text octets, size_t at)
{
	uint64_t word = 0;

	for (size_t i = 0; i < 8 && at + i < octets.len; i++)
		word |= (uint64_t)(unsigned char)octets.octets[at + i] << (8 * i);
	return word;
}

/* SipHash-1-3 (Aumasson and Bernstein 2012), with the seed as both halves of the key. */
uint64_t table_hash(uint64_t seed, struct text octets)
{
	struct sip sip = {
		seed ^ 0x736f6d6570736575u,
		seed ^ 0x646f72616e646f6du,
		seed ^ 0x6c7967656e657261u,
		seed ^ 0x7465646279746573u,
	};
	size_t at = 0;

	for (; octets.len - at >= 8; at += 8)
		sip_word(&sip, word_of(octets, at));
	sip_word(&sip, (uint64_t)octets.len << 56 | word_of(octets, at));
	sip.v2 ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		sip_round(&sip);
	return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}
