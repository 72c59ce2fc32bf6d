/*
 * The config map as an account store: a hash table over accounts that the configuration owns. Answers at once.
 */
#include <stdint.h>
#include <stdlib.h>

#include "account/store.h"
#include "base/table.h"

struct store_map {
	struct account_store base; /* first, so that the store is the map */
	size_t mask;               /* slots - 1; slots are a power of two, at most half of them taken */
	const struct account **slots;
};

/* The slot that holds the login, or the empty one where it belongs. */
static const struct account **find(const struct store_map *map, struct text login)
{
	size_t at = (size_t)table_hash(0, login) & map->mask;

	while (map->slots[at] && !text_equal(text_of(map->slots[at]->login), login))
		at = (at + 1) & map->mask;
	return &map->slots[at];
}

static void map_lookup(struct account_store *store, struct text login, account_found_fn *found, void *ctx)
{
	const struct account *account = *find((struct store_map *)store, login);

	found(ctx, account ? STATUS_OK : STATUS_NOT_FOUND, account);
}

static void map_free(struct account_store *store)
{
	struct store_map *map = (struct store_map *)store;

	free(map->slots);
	free(map);
}

static const struct account_store_ops map_ops = {.lookup = map_lookup, .free = map_free};

static size_t slots_for(size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	return slots;
}

enum status store_map_new(const struct account *accounts, size_t count, struct account_store **out)
{
	struct store_map *map = calloc(1, sizeof *map);
	enum status status = STATUS_NO_MEMORY;

	if (!map)
		return STATUS_NO_MEMORY;
	map->base.ops = &map_ops;
	map->mask = slots_for(count) - 1;
	map->slots = calloc(map->mask + 1, sizeof *map->slots);
	if (!map->slots)
		goto fail;
	for (size_t i = 0; i < count; i++) {
		const struct account **slot = find(map, text_of(accounts[i].login));

		status = STATUS_DUPLICATE;
		if (*slot)
			goto fail;
		*slot = &accounts[i];
	}
	*out = &map->base;
	return STATUS_OK;
fail:
	map_free(&map->base);
	return status;
}
