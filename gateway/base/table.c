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

/* FNV-1a with a seed, and a last stir (that of MurmurHash3) so that the low bits depend on all of it. */
uint64_t table_hash(uint64_t seed, struct text octets)
{
	uint64_t value = seed ^ 14695981039346656037u;

	for (size_t i = 0; i < octets.len; i++)
		value = (value ^ (unsigned char)octets.octets[i]) * 1099511628211u;
	value = (value ^ value >> 33) * 0xff51afd7ed558ccdu;
	value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53u;
	return value ^ value >> 33;
}
