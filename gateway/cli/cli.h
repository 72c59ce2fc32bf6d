/*
 * cli: the sub-commands of the one binary. A sub-command is one file that ends in one descriptor, and one row of the
 * table in commands.c. Its descriptor names its verbs, and each verb the operands and options that it takes: by that
 * the command line is read, and the help made, from which completions come.
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

/* All options that there are, by their places in the table in cli.c. */
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

/* What was on the command line, each part of it sound by itself. */
struct cli_arguments {
	const struct cli_verb *verb;
	const char *operands[CLI_OPERANDS_MAX + 1]; /* behind the verb; NULL: no more */
	struct cli_given {
		enum cli_option option;
		const char *value; /* NULL: it takes none */
	} * given;                 /* in their order */
	size_t given_count;
};

struct cli_verb {
	const char *name;     /* NULL: the command works without a verb */
	const char *operands; /* their names with spaces in between, as help shows them; "": none */
	unsigned takes;       /* bits of the options that it takes, CLI_TAKES() */
	unsigned needs;       /* those of them that must be there */
	const char *help;     /* what it does: lines without an end of the last one */
	int (*run)(const struct cli_arguments *arguments);
};

struct cli_command {
	const char *name;
	const char *summary; /* one line */
	const char *help;    /* what there is to say of all verbs; "": nothing */
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
 * Reads the command line and runs the verb that it names; returns the exit status. What is wrong with it is told in one
 * line: CLI_USAGE.
 */
int cli_main(const struct cli_command *const *commands, int argc, char **argv);

/* The value of an option, the last one that was given; NULL: it was not. */
const char *cli_value(const struct cli_arguments *arguments, enum cli_option option);

/* Whether an option was given, one without a value, say. */
bool cli_is_given(const struct cli_arguments *arguments, enum cli_option option);

/*
 * All values of an option, one a line, as the state file has patterns and networks: a C string on the heap, empty if
 * there is none; NULL without memory.
 */
char *cli_lines(const struct cli_arguments *arguments, enum cli_option option);

/* Loads a configuration and prints what is wrong with it to standard error, as FILE:LINE: text. NULL on errors. */
struct config *cli_load_config(const char *path);

#endif
