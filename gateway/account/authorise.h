/*
 * authorise: from credentials and what a store found to a grant, or to the reason why there is none.
 */
#ifndef ACCOUNT_AUTHORISE_H
#define ACCOUNT_AUTHORISE_H

#include <stdbool.h>

#include "account/account.h"
#include "account/grant.h"
#include "base/text.h"
#include "update/outcome.h"

/*
 * `account` is NULL if the store knows none of that login. Checks in the order that leaks nothing about an account
 * before its key is proved: login, has a key, key, active, may update. With `uniform_errors` the first three failures
 * are all OUTCOME_WRONG_KEY. A key is hashed and compared whatever `account` is, so that the time tells nothing
 * either.
 *
 * Returns OUTCOME_GRANTED and fills in *grant (which borrows from the account), or the failure.
 */
enum outcome_code authorise(const struct account *account, struct text presented_key, bool uniform_errors,
			    struct grant *grant);

#endif
