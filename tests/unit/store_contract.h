/*
 * store_contract: what account/store.h promises, as tests that any account store can be put under.
 */
#ifndef UNIT_STORE_CONTRACT_H
#define UNIT_STORE_CONTRACT_H

#include <stddef.h>

#include "account/store.h"

/* How to get at a store of one kind. */
struct store_under_test {
	const char *name;
	void *ctx;
	/* Makes a store that holds these accounts, which outlive it. */
	enum status (*make)(void *ctx, const struct account *accounts, size_t count, struct account_store **out);
	/* Runs what the store needs to finish the look-ups under way. NULL if it answers within lookup(). */
	void (*settle)(void *ctx);
};

/* Runs the contract's tests; returns how many have failed, as cmocka does. */
int store_contract_run(const struct store_under_test *store);

#endif
