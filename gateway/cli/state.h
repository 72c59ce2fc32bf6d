/*
 * state: what `ddnsgate user` and `ddnsgate key` share: the state file that they work on.
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cli/cli.h"
#include "store/database.h"

/* What is to be done with the state file; returns the exit status. */
typedef int state_use_fn(const struct cli_arguments *arguments, struct database *database);

/*
 * Opens the state file of the configuration, has it used, and closes it. If `login` is not NULL, there must not be a
 * user of that login in the configuration, because the store's user would then have no effect. On failure it says what
 * is wrong and returns CLI_FAILURE.
 */
int state_use(const struct cli_arguments *arguments, const char *login, state_use_fn *use);

/*
 * Says why a verb of the database failed, and returns CLI_FAILURE. `what` is what the verb was about, such as the
 * login.
 */
int state_failed(const struct database *database, enum status status, const char *what);

/* Prints a date, or the word `none` if there is none. */
void state_print_date(uint64_t when_s, const char *none);

/* Prints lines with commas in between, or the word `none` if there is none. */
void state_print_lines(struct text lines, const char *none);

#endif
