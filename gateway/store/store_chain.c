/*
 * Two account stores as one: who is not in the first is looked for in the second. A token that the second knows is
 * good only if the first does not know the login that it stands for: an account that was moved into the configuration,
 * perhaps to be shut, must not be open by the keys that it had before.
 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "store/stores.h"

struct store_chain {
	struct account_store base; /* first, so that the store is the chain */
	struct account_store *first, *second;
};

typedef void ask_fn(struct account_store *store, struct text what, account_found_fn *found, void *ctx);

/* A look-up on its way: what is looked for has to outlive the first store's answer, which may come later. */
struct search {
	struct store_chain *chain;
	account_found_fn *found;
	void *ctx;
	struct account *account; /* that has the token, our copy; NULL before */
	size_t len;
	char octets[];
};

static void search_free(struct search *search)
{
	account_free(&search->account);
	secret_wipe(search->octets, search->len); /* it may be a token */
	free(search);
}

static struct text sought(const struct search *search)
{
	return (struct text){search->octets, search->len};
}

static void chain_end(struct search *search, enum status status, const struct account *account)
{
	search->found(search->ctx, status, account);
	search_free(search);
}

/* ---- By login ---- */

static void on_first(void *ctx, enum status status, const struct account *account)
{
	struct search *search = ctx;

	if (status != STATUS_NOT_FOUND) {
		chain_end(search, status, account);
		return;
	}
	account_store_lookup(search->chain->second, sought(search), search->found, search->ctx);
	search_free(search);
}

/* ---- By token ---- */

/* Whether the first store knows the login of the account that the second has found. */
static void on_owner(void *ctx, enum status status, const struct account *account)
{
	struct search *search = ctx;

	(void)account;
	if (status == STATUS_NOT_FOUND)
		chain_end(search, STATUS_OK, search->account);
	else
		chain_end(search, status == STATUS_OK ? STATUS_NOT_FOUND : status, NULL);
}

static void on_second_token(void *ctx, enum status status, const struct account *account)
{
	struct search *search = ctx;

	if (status == STATUS_OK)
		status = account_copy(account, &search->account);
	if (status == STATUS_OK)
		account_store_lookup(search->chain->first, text_of(search->account->login), on_owner, search);
	else
		chain_end(search, status, NULL);
}

static void on_first_token(void *ctx, enum status status, const struct account *account)
{
	struct search *search = ctx;

	if (status == STATUS_NOT_FOUND)
		account_store_lookup_token(search->chain->second, sought(search), on_second_token, search);
	else
		chain_end(search, status, account);
}

/* ---- By lot ---- */

/* Of a store that has nothing to draw, or fails, the other one stands in. */
struct drawing {
	struct account_store *other; /* NULL: it was asked */
	uint64_t lot;
	account_found_fn *found;
	void *ctx;
};

static void on_chain_drawn(void *ctx, enum status status, const struct account *account)
{
	struct drawing *drawing = ctx;
	struct account_store *other = drawing->other;

	drawing->other = NULL;
	if (status != STATUS_OK && other) {
		account_store_draw(other, drawing->lot, on_chain_drawn, drawing);
		return;
	}
	drawing->found(drawing->ctx, status, account);
	free(drawing);
}

/* One bit says which store, the others which of its accounts. */
static void chain_draw(struct account_store *store, uint64_t lot, account_found_fn *found, void *ctx)
{
	struct store_chain *chain = (struct store_chain *)store;
	struct drawing *drawing = malloc(sizeof *drawing);
	bool from_second = lot & 1;

	if (!drawing) {
		found(ctx, STATUS_NO_MEMORY, NULL);
		return;
	}
	*drawing = (struct drawing){from_second ? chain->first : chain->second, lot, found, ctx};
	account_store_draw(from_second ? chain->second : chain->first, lot, on_chain_drawn, drawing);
}

/* ---- By login and by token ---- */

static void search(struct account_store *store, ask_fn *ask, account_found_fn *on_answer, struct text what,
		   account_found_fn *found, void *ctx)
{
	struct store_chain *chain = (struct store_chain *)store;
	struct search *search = malloc(sizeof *search + what.len);

	if (!search) {
		found(ctx, STATUS_NO_MEMORY, NULL);
		return;
	}
	*search = (struct search){.chain = chain, .found = found, .ctx = ctx, .len = what.len};
	if (what.len)
		memcpy(search->octets, what.octets, what.len);
	ask(chain->first, sought(search), on_answer, search);
}

static void chain_lookup(struct account_store *store, struct text login, account_found_fn *found, void *ctx)
{
	search(store, account_store_lookup, on_first, login, found, ctx);
}

static void chain_lookup_token(struct account_store *store, struct text token, account_found_fn *found, void *ctx)
{
	search(store, account_store_lookup_token, on_first_token, token, found, ctx);
}

static void chain_free(struct account_store *store)
{
	struct store_chain *chain = (struct store_chain *)store;

	account_store_free(&chain->first);
	account_store_free(&chain->second);
	free(chain);
}

static const struct account_store_ops chain_ops = {
	.lookup = chain_lookup, .lookup_token = chain_lookup_token, .draw = chain_draw, .free = chain_free};

enum status store_chain_new(struct account_store **first, struct account_store **second, struct account_store **out)
{
	struct store_chain *chain = malloc(sizeof *chain);

	if (!chain)
		return STATUS_NO_MEMORY;
	*chain = (struct store_chain){{&chain_ops}, *first, *second};
	*first = *second = NULL;
	*out = &chain->base;
	return STATUS_OK;
}
