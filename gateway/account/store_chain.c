/*
 * Two account stores as one: who is not in the first is looked for in the second.
 */
#include <stdlib.h>
#include <string.h>

#include "account/store.h"
#include "base/secret.h"

struct chain {
	struct account_store base; /* first, so that the store is the chain */
	struct account_store *first, *second;
};

typedef void ask_fn(struct account_store *store, struct text what, account_found_fn *found, void *ctx);

/* A look-up on its way: what is looked for has to outlive the first store's answer, which may come later. */
struct search {
	struct chain *chain;
	ask_fn *ask;
	account_found_fn *found;
	void *ctx;
	size_t len;
	char octets[];
};

static void search_free(struct search *search)
{
	secret_wipe(search->octets, search->len); /* it may be a token */
	free(search);
}

static void on_first(void *ctx, enum status status, const struct account *account)
{
	struct search *search = ctx;

	if (status == STATUS_NOT_FOUND)
		search->ask(search->chain->second, (struct text){search->octets, search->len}, search->found,
			    search->ctx);
	else
		search->found(search->ctx, status, account);
	search_free(search);
}

static void search(struct account_store *store, ask_fn *ask, struct text what, account_found_fn *found, void *ctx)
{
	struct chain *chain = (struct chain *)store;
	struct search *search = malloc(sizeof *search + what.len);

	if (!search) {
		found(ctx, STATUS_NO_MEMORY, NULL);
		return;
	}
	*search = (struct search){.chain = chain, .ask = ask, .found = found, .ctx = ctx, .len = what.len};
	if (what.len)
		memcpy(search->octets, what.octets, what.len);
	ask(chain->first, (struct text){search->octets, search->len}, on_first, search);
}

static void chain_lookup(struct account_store *store, struct text login, account_found_fn *found, void *ctx)
{
	search(store, account_store_lookup, login, found, ctx);
}

static void chain_lookup_token(struct account_store *store, struct text token, account_found_fn *found, void *ctx)
{
	search(store, account_store_lookup_token, token, found, ctx);
}

static void chain_free(struct account_store *store)
{
	struct chain *chain = (struct chain *)store;

	account_store_free(&chain->first);
	account_store_free(&chain->second);
	free(chain);
}

static const struct account_store_ops chain_ops = {
	.lookup = chain_lookup, .lookup_token = chain_lookup_token, .free = chain_free};

enum status store_chain_new(struct account_store **first, struct account_store **second, struct account_store **out)
{
	struct chain *chain = malloc(sizeof *chain);

	if (!chain)
		return STATUS_NO_MEMORY;
	*chain = (struct chain){{&chain_ops}, *first, *second};
	*first = *second = NULL;
	*out = &chain->base;
	return STATUS_OK;
}
