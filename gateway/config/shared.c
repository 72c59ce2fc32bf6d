#include "config/shared.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/table.h"

struct thing {
	struct table_node node;
	SLIST_ENTRY(thing) link;
	size_t len;
	_Alignas(max_align_t) char octets[];
};

struct shared {
	struct table table;
	SLIST_HEAD(, thing) things;
};

enum status shared_new(struct shared **out)
{
	struct shared *shared = calloc(1, sizeof *shared);

	if (!shared)
		return STATUS_NO_MEMORY;
	SLIST_INIT(&shared->things);
	if (table_init(&shared->table) != STATUS_OK) {
		free(shared);
		return STATUS_NO_MEMORY;
	}
	*out = shared;
	return STATUS_OK;
}

void shared_free(struct shared **shared_pointer)
{
	struct shared *shared = *shared_pointer;

	*shared_pointer = NULL;
	while (shared && !SLIST_EMPTY(&shared->things)) {
		struct thing *thing = SLIST_FIRST(&shared->things);

		SLIST_REMOVE_HEAD(&shared->things, link);
		free(thing);
	}
	if (shared)
		table_fini(&shared->table);
	free(shared);
}

static struct thing *find_thing(const struct shared *shared, struct text octets, uint64_t hash)
{
	struct table_node *node = table_find(&shared->table, hash);

	for (; node; node = table_find_next(node)) {
		struct thing *thing = TABLE_OWNER(node, struct thing, node);

		if (text_equal((struct text){thing->octets, thing->len}, octets))
			return thing;
	}
	return NULL;
}

const void *shared_octets(struct shared *shared, const void *octets, size_t len)
{
	struct text text = {octets, len};
	uint64_t hash = table_hash(0, text);
	struct thing *thing = find_thing(shared, text, hash);

	if (thing)
		return thing->octets;
	thing = malloc(sizeof *thing + len);
	if (!thing)
		return NULL;
	thing->len = len;
	memcpy(thing->octets, octets, len);
	table_add(&shared->table, &thing->node, hash);
	SLIST_INSERT_HEAD(&shared->things, thing, link);
	return thing->octets;
}
