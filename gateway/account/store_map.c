/*
 * The config map as an account store: a hash table over accounts that the configuration owns. Answers at once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "account/store.h"
#include "base/secret.h"
#include "base/table.h"

struct store_map {
	struct account_store base; /* first, so that the store is the map */
	/* Both tables: slots are a power of two, mask is one less, and at most half of them are taken. */
	size_t mask;
	const struct account **slots;   /* by login */
	const struct account **by_keys; /* by key */
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

static bool has_same_key(const struct account *a, const struct key *key)
{
	return secret_equal(a->key.digest, key->digest, sizeof key->digest);
}

/* The place where a search for the key begins: any octets of a digest are a good hash. */
static size_t place_of_key(const struct store_map *map, const struct key *key)
{
	size_t place;

	memcpy(&place, key->digest, sizeof place);
	return place & map->mask;
}

/* Of accounts that share a key two are enough to know that it names nobody. */
static void add_key(struct store_map *map, const struct account *account)
{
	size_t at = place_of_key(map, &account->key), same = 0;

	for (; map->by_keys[at] && same < 2; at = (at + 1) & map->mask)
		same += has_same_key(map->by_keys[at], &account->key);
	if (same < 2)
		map->by_keys[at] = account;
}

static void map_lookup_token(struct account_store *store, struct text token, account_found_fn *found, void *ctx)
{
	const struct store_map *map = (struct store_map *)store;
	const struct account *account = NULL;
	struct key key;
	size_t same = 0;

	if (key_digest(token, &key) != STATUS_OK) {
		found(ctx, STATUS_CRYPTO, NULL);
		return;
	}
	for (size_t at = place_of_key(map, &key); map->by_keys[at]; at = (at + 1) & map->mask) {
		if (!has_same_key(map->by_keys[at], &key))
			continue;
		account = map->by_keys[at];
		same++;
	}
	secret_wipe(&key, sizeof key);
	found(ctx, same == 1 ? STATUS_OK : STATUS_NOT_FOUND, same == 1 ? account : NULL);
}

static void map_free(struct account_store *store)
{
	struct store_map *map = (struct store_map *)store;

	free(map->by_keys);
	free(map->slots);
	free(map);
}

static const struct account_store_ops map_ops = {
	.lookup = map_lookup, .lookup_token = map_lookup_token, .free = map_free};

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
	map->by_keys = calloc(map->mask + 1, sizeof *map->by_keys);
	if (!map->slots || !map->by_keys)
		goto fail;
	for (size_t i = 0; i < count; i++) {
		const struct account **slot = find(map, text_of(accounts[i].login));

		status = STATUS_DUPLICATE;
		if (*slot)
			goto fail;
		*slot = &accounts[i];
		if (accounts[i].has_key)
			add_key(map, &accounts[i]);
	}
	*out = &map->base;
	return STATUS_OK;
fail:
	map_free(&map->base);
	return status;
}
