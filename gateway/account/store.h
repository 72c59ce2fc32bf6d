/*
 * store: where accounts come from. A plug point: a store is one file of the room store/ that ends in a constant table
 * of these functions; the contract below is what tests/unit/store_contract.c checks of each of them.
 */
#ifndef ACCOUNT_STORE_H
#define ACCOUNT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "account/account.h"
#include "base/env.h"
#include "base/status.h"
#include "base/text.h"

struct account_store;

/*
 * STATUS_OK: `account` is the one that was asked for; it is valid until the function returns and not longer.
 * STATUS_NOT_FOUND: there is none. Anything else: the store failed, nothing is known. `account` is NULL then.
 */
typedef void account_found_fn(void *ctx, enum status status, const struct account *account);

struct account_store_ops {
	/*
	 * Looks up a login, octet by octet as it stands. Calls `found` exactly once, before it returns or later from
	 * the loop, never after free(). `login` is borrowed until lookup() returns.
	 */
	void (*lookup)(struct account_store *store, struct text login, account_found_fn *found, void *ctx);
	/*
	 * The same for a token: a key that also says who its user is. STATUS_DUPLICATE if several accounts have that
	 * key, because then it identifies nobody; STATUS_NOT_FOUND also for a key that is kept as a crypt(3) hash. The
	 * account may come with that key alone.
	 */
	void (*lookup_token)(struct account_store *store, struct text token, account_found_fn *found, void *ctx);
	/*
	 * An account that has keys under crypt(3), drawn by lot: any of them, but the same one for the same lot as long
	 * as the accounts do not change. STATUS_NOT_FOUND if there is none. authorise() needs it so that guesses at
	 * unknown logins take as long as guesses at known ones.
	 */
	void (*draw)(struct account_store *store, uint64_t lot, account_found_fn *found, void *ctx);
	void (*free)(struct account_store *store);
};

struct account_store {
	const struct account_store_ops *ops;
};

static inline void account_store_lookup(struct account_store *store, struct text login, account_found_fn *found,
					void *ctx)
{
	store->ops->lookup(store, login, found, ctx);
}

static inline void account_store_lookup_token(struct account_store *store, struct text token, account_found_fn *found,
					      void *ctx)
{
	store->ops->lookup_token(store, token, found, ctx);
}

static inline void account_store_draw(struct account_store *store, uint64_t lot, account_found_fn *found, void *ctx)
{
	store->ops->draw(store, lot, found, ctx);
}

/* Maps a lot to one of `count` places, so that adding a few accounts changes the result for few lots. */
static inline uint64_t account_store_place(uint64_t lot, uint64_t count)
{
	return (lot >> 32) * count >> 32;
}

/* Frees the store and sets *store to NULL; NULL and *store == NULL are allowed. */
static inline void account_store_free(struct account_store **store)
{
	if (store && *store)
		(*store)->ops->free(*store);
	if (store)
		*store = NULL;
}

#endif
