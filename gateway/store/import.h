/*
 * import: users from a CSV file into the state file, all of them or none.
 *
 * The first line names the columns, in any order: `login` (required), `key` (in the forms of key_parse(); in plain it
 * is hashed), `hosts` (patterns with spaces in between), `password` (a crypt(3) hash of the login password), `active`,
 * `may_update`, `may_create`, `may_set_txt` (`true` or `false`; left out: true, true, false, false).
 */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include "store/csv.h"
#include "store/database.h"

enum { IMPORT_FAULTS_MAX = 20 }; /* that are told; then it gives up */

struct import_hooks {
	csv_read_fn *read;
	/* Is told each thing that is wrong, in one sentence without a secret in it. `line` 0: no line is to blame. */
	void (*complain)(void *ctx, unsigned long line, const char *text);
	/* Called after each user. */
	void (*progress)(void *ctx, uint64_t users);
	void *ctx;
};

/*
 * Reads them all. STATUS_OK with the number of users; STATUS_INVALID after at least one complaint, nothing was changed;
 * STATUS_IO when the file cannot be read or the database fails, nothing was changed and it was told; STATUS_NO_MEMORY.
 */
MUST_USE enum status import_users(struct database *database, const struct import_hooks *hooks, uint64_t *users);

#endif
