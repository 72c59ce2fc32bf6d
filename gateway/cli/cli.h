/*
 * cli: the sub-commands of the one binary. A sub-command is one file that ends in one descriptor, and one row of the
 * table in cli.c.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "config/config.h"

/* Exit statuses. */
enum {
	CLI_SUCCESS = 0,
	CLI_FAILURE = 1, /* the configuration is wrong, or the work could not be done */
	CLI_USAGE = 2,   /* the command line is wrong */
};

struct cli_command {
	const char *name;
	const char *summary; /* one line */
	const char *usage;   /* what follows the name on the command line */
	const char *help;    /* printed by --help, after the usage line */
	bool wants_config;   /* takes -c FILE */
	int (*run)(const char *config_path);
	/* Instead of the two above: reads its command line itself; argv[0] is its name. */
	int (*run_arguments)(int argc, char **argv);
};

extern const struct cli_command cli_serve;
extern const struct cli_command cli_check;
extern const struct cli_command cli_tsig;
extern const struct cli_command cli_user;
extern const struct cli_command cli_key;
extern const struct cli_command cli_version;

/* Reads the command line and runs the sub-command; returns the exit status. */
int cli_main(int argc, char **argv);

/* Says what is wrong with the command line (`argument` may be ""), and how it should be; returns CLI_USAGE. */
int cli_usage_error(const struct cli_command *command, const char *what, const char *argument);

/* Prints the help of a command to standard output; returns CLI_SUCCESS. */
int cli_help(const struct cli_command *command);

/* Loads a configuration and prints what is wrong with it to standard error, as FILE:LINE: text. NULL on errors. */
struct config *cli_load_config(const char *path);

#endif
