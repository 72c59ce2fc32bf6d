/*
 * table: a hash table. A node is a member of the struct that it finds, so that nothing is allocated but the array of
 * buckets, and adding cannot fail.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

struct table_node {
	struct table_node *next;
	uint64_t hash;
};

struct table {
	size_t mask; /* buckets - 1; their number is a power of two */
	size_t count;
	struct table_node **buckets;
};

/* The struct that a member is part of. */
#define TABLE_OWNER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

MUST_USE enum status table_init(struct table *table);

/* Frees the buckets; the nodes are their owners'. Allowed on a zeroed table. */
void table_fini(struct table *table);

/* Adds a node. The table grows if there is memory; if not, it only becomes slower. */
void table_add(struct table *table, struct table_node *node, uint64_t hash);

void table_remove(struct table *table, struct table_node *node);

/* The first node of that hash, and the next one after it; NULL behind the last. The caller compares the keys. */
struct table_node *table_find(const struct table *table, uint64_t hash);
struct table_node *table_find_next(const struct table_node *node);

/* Any node, NULL in an empty table; for taking it apart. */
struct table_node *table_any(const struct table *table);

/* A hash of octets. The seed is random, so that nobody outside can cause collisions on purpose. */
uint64_t table_hash(uint64_t seed, struct text octets);

#endif
