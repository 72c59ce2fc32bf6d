/*
 * The config map as an account store: a hash table over accounts that the configuration owns. Answers at once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/table.h"
#include "store/stores.h"

/* A key and whose it is. */
struct holder {
	const struct account *account; /* NULL: the slot is free */
	const struct key *key;
};

struct store_map {
	struct account_store base; /* first, so that the store is the map */
	/* Both tables: slots are a power of two, the mask is one less, and at most half of them are taken. */
	size_t mask, holder_mask;
	const struct account **slots; /* by login */
	struct holder *holders;       /* by key; those kept as crypt(3) hashes cannot be looked up */
	const struct account **slow;  /* those that have keys under crypt(3) */
	size_t slow_count;
};

/* The slot that holds the login, or the empty one where it belongs. */
static const struct account **map_find(const struct store_map *map, struct text login)
{
	size_t at = (size_t)table_hash(0, login) & map->mask;

	while (map->slots[at] && !text_equal(text_of(map->slots[at]->login), login))
		at = (at + 1) & map->mask;
	return &map->slots[at];
}

static void map_lookup(struct account_store *store, struct text login, account_found_fn *found, void *ctx)
{
	const struct account *account = *map_find((struct store_map *)store, login);

	found(ctx, account ? STATUS_OK : STATUS_NOT_FOUND, account);
}

static bool has_key(const struct holder *holder, const uint8_t digest[static KEY_DIGEST_LEN])
{
	return secret_equal(holder->key->digest, digest, KEY_DIGEST_LEN);
}

/* The place where a search for the key begins: any octets of a digest are a good hash. */
static size_t place_of_key(const struct store_map *map, const uint8_t digest[static KEY_DIGEST_LEN])
{
	size_t place;

	memcpy(&place, digest, sizeof place);
	return place & map->holder_mask;
}

/* Of accounts that share a key two are enough to know that it names nobody. */
static void map_add_key(struct store_map *map, const struct account *account, const struct key *key)
{
	size_t at = place_of_key(map, key->digest), same = 0;

	for (; map->holders[at].account && same < 2; at = (at + 1) & map->holder_mask)
		same += has_key(&map->holders[at], key->digest);
	if (same < 2)
		map->holders[at] = (struct holder){account, key};
}

/* The account that alone has the key. */
static enum status find_holder(const struct store_map *map, const uint8_t digest[static KEY_DIGEST_LEN],
			       const struct account **out)
{
	const struct account *account = NULL;

	for (size_t at = place_of_key(map, digest); map->holders[at].account; at = (at + 1) & map->holder_mask) {
		if (!has_key(&map->holders[at], digest))
			continue;
		if (account && account != map->holders[at].account)
			return STATUS_DUPLICATE;
		account = map->holders[at].account;
	}
	*out = account;
	return account ? STATUS_OK : STATUS_NOT_FOUND;
}

static void map_lookup_token(struct account_store *store, struct text token, account_found_fn *found, void *ctx)
{
	const struct account *account = NULL;
	uint8_t digest[KEY_DIGEST_LEN];
	enum status status = key_digest(token, digest);

	if (status == STATUS_OK)
		status = find_holder((struct store_map *)store, digest, &account);
	secret_wipe(digest, sizeof digest);
	found(ctx, status, account);
}

static void map_draw(struct account_store *store, uint64_t lot, account_found_fn *found, void *ctx)
{
	struct store_map *map = (struct store_map *)store;

	if (map->slow_count)
		found(ctx, STATUS_OK, map->slow[account_store_place(lot, map->slow_count)]);
	else
		found(ctx, STATUS_NOT_FOUND, NULL);
}

static void map_free(struct account_store *store)
{
	struct store_map *map = (struct store_map *)store;

	free(map->holders);
	free(map->slow);
	free(map->slots);
	free(map);
}

static const struct account_store_ops map_ops = {
	.lookup = map_lookup, .lookup_token = map_lookup_token, .draw = map_draw, .free = map_free};

static size_t slots_for(size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	return slots;
}

static size_t count_keys(const struct account *accounts, size_t count)
{
	size_t keys = 0;

	for (size_t i = 0; i < count; i++)
		keys += accounts[i].key_count;
	return keys;
}

static void add_keys(struct store_map *map, const struct account *account)
{
	bool is_slow = false;

	for (size_t i = 0; i < account->key_count; i++) {
		if (account->keys[i].key.crypt)
			is_slow = true;
		else
			map_add_key(map, account, &account->keys[i].key);
	}
	if (is_slow)
		map->slow[map->slow_count++] = account;
}

static enum status map_fill(struct store_map *map, const struct account *accounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct account **slot = map_find(map, text_of(accounts[i].login));

		if (*slot)
			return STATUS_DUPLICATE;
		*slot = &accounts[i];
		add_keys(map, &accounts[i]);
	}
	return STATUS_OK;
}

enum status store_map_new(const struct account *accounts, size_t count, struct account_store **out)
{
	struct store_map *map = calloc(1, sizeof *map);
	enum status status = STATUS_NO_MEMORY;

	if (!map)
		return STATUS_NO_MEMORY;
	map->base.ops = &map_ops;
	map->mask = slots_for(count) - 1;
	map->holder_mask = slots_for(count_keys(accounts, count)) - 1;
	map->slots = calloc(map->mask + 1, sizeof *map->slots);
	map->holders = calloc(map->holder_mask + 1, sizeof *map->holders);
	map->slow = calloc(count + 1, sizeof *map->slow);
	if (map->slots && map->holders && map->slow)
		status = map_fill(map, accounts, count);
	if (status == STATUS_OK)
		*out = &map->base;
	else
		map_free(&map->base);
	return status;
}
