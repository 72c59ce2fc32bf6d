/*
 * stores: the account stores (account/store.h) that there are, a file each.
 */
#ifndef STORE_STORES_H
#define STORE_STORES_H

#include "account/store.h"

/*
 * The config map: `count` accounts, which the store borrows and which must outlive it. STATUS_DUPLICATE if two share
 * a login.
 */
MUST_USE enum status store_map_new(const struct account *accounts, size_t count, struct account_store **out);

/*
 * The state file (database.h) in that folder. Answers at once: a look-up takes some microseconds, however many users
 * there are. While the file cannot be read, look-ups get STATUS_IO, the log says why, and it is opened anew every few
 * seconds. Nothing is opened or made before the loop runs: a daemon that is started as root has another user by then.
 * The env is borrowed, the folder copied. STATUS_NO_MEMORY.
 */
MUST_USE enum status store_sqlite_new(const struct env *env, const char *folder, struct account_store **out);

/*
 * One more holder of that store, see state_hold(); each frees it. It looks at the file anew: whether it can be opened
 * now, and whether another one stands in its place. The log says again what is wrong.
 */
struct account_store *store_sqlite_hold(struct account_store *store);

/*
 * Asks the first store, and the second for whom the first does not know. Whose login the first knows is not in the
 * second, as it were: no token finds that account there either. Half of the lots draw from each, if both have
 * something. Takes both: sets *first and *second to NULL, and frees them with itself. STATUS_NO_MEMORY: they are still
 * the caller's.
 */
MUST_USE enum status store_chain_new(struct account_store **first, struct account_store **second,
				     struct account_store **out);

#endif
