/*
 * cli: the sub-commands of the one binary. A sub-command is one file that ends in one descriptor, and one row of the
 * table in commands.c. Its descriptor names its verbs, and for each verb the operands and options that it takes. The
 * command line is read by these tables, and help is made from them; completions are made from help.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "config/config.h"

/* Exit statuses. */
enum {
	CLI_SUCCESS = 0,
	CLI_FAILURE = 1, /* the configuration is wrong, or the work could not be done */
	CLI_USAGE = 2,   /* the command line is wrong */
};

/* All options that there are: indices of the table in cli.c. */
enum cli_option {
	CLI_CONFIG,
	CLI_LIVE,
	CLI_ZONE,
	CLI_FOR,
	CLI_ALGORITHM,
	CLI_OUTPUT,
	CLI_NAME,
	CLI_HOST,
	CLI_FROM,
	CLI_EXPIRES,
	CLI_MAY_CREATE,
	CLI_MAY_SET_TXT,
	CLI_OPTIONS,
};

#define CLI_TAKES(option) (1u << (option))

enum { CLI_OPERANDS_MAX = 2 };

/* What was given on the command line; each part is sound by itself. */
struct cli_arguments {
	const struct cli_verb *verb;
	const char *operands[CLI_OPERANDS_MAX + 1]; /* what follows the verb; ended by NULL */
	struct cli_given {
		enum cli_option option;
		const char *value; /* NULL: the option takes none */
	} * given;                 /* in the order of the command line */
	size_t given_count;
};

struct cli_verb {
	const char *name;     /* NULL: the command works without a verb */
	const char *operands; /* their names with spaces in between, as help shows them; "": none */
	unsigned takes;       /* bits of the options that it takes, CLI_TAKES() */
	unsigned needs;       /* bits of the options that must be given */
	const char *help;     /* what it does, in lines; the last one has no newline */
	int (*run)(const struct cli_arguments *arguments);
};

struct cli_command {
	const char *name;
	const char *summary; /* one line */
	const char *help;    /* what is to be said about all verbs; "": nothing */
	/*
	 * Ended by one without run(). Several may have one name, if they have different numbers of operands; then they
	 * stand side by side.
	 */
	const struct cli_verb *verbs;
};

extern const struct cli_command cli_serve, cli_check, cli_tsig, cli_user, cli_key, cli_version;

/* Ended by NULL. */
extern const struct cli_command *const cli_commands[];

/*
 * Reads the command line and runs the verb that it names; returns the exit status. An error in the command line is told
 * in one line and gives CLI_USAGE.
 */
int cli_main(const struct cli_command *const *commands, int argc, char **argv);

/* The value of an option, the last one if it was given several times; NULL: it was not given. */
const char *cli_value(const struct cli_arguments *arguments, enum cli_option option);

/* Whether an option was given; for options that take no value, too. */
bool cli_is_given(const struct cli_arguments *arguments, enum cli_option option);

/*
 * All values of an option, one a line, in the form in which the state file keeps patterns and networks: a C string on
 * the heap, empty if the option was not given; NULL without memory.
 */
char *cli_lines(const struct cli_arguments *arguments, enum cli_option option);

/* Loads a configuration and prints what is wrong with it to standard error, as FILE:LINE: text. NULL on errors. */
struct config *cli_load_config(const char *path);

#endif
