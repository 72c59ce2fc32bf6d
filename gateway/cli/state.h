/*
 * state: what `ddnsgate user` and `ddnsgate key` share: their command line, and the state file that they work on.
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cli/cli.h"
#include "store/database.h"

enum { STATE_OPERANDS_MAX = 3, STATE_LINES_MAX = 8192 };

/* Texts one a line, as the state file has patterns and networks. */
struct state_lines {
	size_t len;
	char octets[STATE_LINES_MAX];
};

struct state_arguments {
	const char *config_path; /* NULL: not given, like the others */
	const char *name;
	const char *expires;
	uint64_t expires_s;
	struct state_lines hosts, sources;
	bool may_create, may_set_txt;
	const char *operands[STATE_OPERANDS_MAX]; /* the verb first */
	size_t operand_count;
};

/* One verb of a sub-command: `ddnsgate key list`. */
struct state_verb {
	const char *name;
	size_t operands_min, operands_max; /* behind the verb */
	bool wants_config;
	int (*run)(const struct state_arguments *arguments);
};

/* Reads the command line and runs the verb; returns the exit status. `verbs` end with a NULL name. */
int state_run(const struct cli_command *command, const struct state_verb *verbs, int argc, char **argv);

/* What is to be done with the state file; returns the exit status. */
typedef int state_use_fn(const struct state_arguments *arguments, struct database *database);

/*
 * Opens the state file of the configuration, has it used, and closes it. If `login` is not NULL, it must not be a user
 * of the configuration, which would come first. Says what is wrong and returns CLI_FAILURE otherwise.
 */
int state_use(const struct state_arguments *arguments, const char *login, state_use_fn *use);

/* Says why a verb of the database failed, and returns CLI_FAILURE. `what` is what the verb was about: the login, ... */
int state_failed(const struct database *database, enum status status, const char *what);

/* Prints a date, or a word for none. */
void state_print_date(uint64_t when_s, const char *none);

/* Prints lines with commas in between, or a word for none. */
void state_print_lines(struct text lines, const char *none);

#endif
