/*
 * authorise: from credentials and what a store found to a grant, or to the reason why there is none.
 */
#ifndef ACCOUNT_AUTHORISE_H
#define ACCOUNT_AUTHORISE_H

#include <stdbool.h>

#include "account/account.h"
#include "account/store.h"
#include "account/verifier.h"
#include "base/addr.h"
#include "base/env.h"
#include "base/outcome.h"
#include "base/text.h"
#include "update/grant.h"

struct trial; /* the check of a key that is under way */

/* What it works with. Everything is borrowed. */
struct authoriser {
	const struct env *env;
	struct verifier *verifier;
	struct account_store *store; /* only for uniform_errors */
	bool uniform_errors; /* unknown login, no key and wrong key are all OUTCOME_WRONG_KEY, and take as long */
};

/* What a client has shown. The key is borrowed until authorise() returns. */
struct presented {
	struct text login; /* empty for a token, which is no login that could be guessed; borrowed like the key */
	struct text key;
	struct addr source;
	unsigned suspicion; /* see verifier_check() */
};

/*
 * OUTCOME_GRANTED with a grant, which is valid until the function returns and not longer; or the failure, with NULL.
 */
typedef void authorised_fn(void *ctx, enum outcome_code code, const struct grant *grant);

/*
 * `account` is NULL if the store knows none of that login; it is borrowed until authorise() returns. Checks in the
 * order that leaks nothing about an account before its key is proved: login, has a key, key, active, may update. A key
 * that has expired is none. One that is used from outside its networks gives OUTCOME_MAY_NOT_UPDATE.
 *
 * `done` comes exactly once: from within the call unless a crypt(3) hash has to be computed, else later from the loop;
 * never after verifier_free(). Keys kept as SHA-256 are looked at first, and a key is hashed and compared whatever
 * `account` is, so that the time tells nothing either. With uniform errors a failure that took no crypt(3) hash waits
 * for those of an account that is drawn by lot, if any has such keys: queued and remembered like those of the login's
 * own. OUTCOME_BUSY: too many hashes wait to be computed. *trial is what is under way until `done` is called, and NULL
 * then and after it.
 */
void authorise(const struct authoriser *authoriser, const struct account *account, const struct presented *presented,
	       authorised_fn *done, void *ctx, struct trial **trial);

/*
 * Gives up: nobody waits for the answer any more, and `done` is not called. Sets *trial to NULL; *trial == NULL is
 * allowed.
 */
void authorise_give_up(struct trial **trial);

#endif
