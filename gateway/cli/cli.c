#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config/complaints.h"

static const struct cli_command *const commands[] = {
	&cli_serve, &cli_check, &cli_tsig, &cli_user, &cli_key, &cli_version, NULL,
};

static void print_usage(FILE *to)
{
	fprintf(to, "ddnsgate: dynamic DNS gateway, HTTP in, TSIG-signed DNS UPDATE out\n\n"
		    "Usage: ddnsgate COMMAND [OPTIONS]\n\nCommands:\n");
	for (const struct cli_command *const *command = commands; *command; command++)
		fprintf(to, "  %-9s %s\n", (*command)->name, (*command)->summary);
	fprintf(to, "\n`ddnsgate COMMAND --help` tells more about each. The manual: ddnsgate(8), ddnsgate.cfg(5).\n");
}

static void print_help(const struct cli_command *command, FILE *to)
{
	fprintf(to, "Usage: ddnsgate %s%s%s\n\n%s\n", command->name, *command->usage ? " " : "", command->usage,
		command->help);
}

int cli_help(const struct cli_command *command)
{
	print_help(command, stdout);
	return CLI_SUCCESS;
}

int cli_usage_error(const struct cli_command *command, const char *what, const char *argument)
{
	fprintf(stderr, "ddnsgate: %s%s\n\n", what, argument);
	if (command)
		print_help(command, stderr);
	else
		print_usage(stderr);
	return CLI_USAGE;
}

static const struct cli_command *find(const char *name)
{
	for (const struct cli_command *const *command = commands; *command; command++) {
		if (strcmp((*command)->name, name) == 0)
			return *command;
	}
	return NULL;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	static const struct option longs[] = {
		{"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *config_path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		if (option == 'h')
			return cli_help(command);
		if (option != 'c' || !command->wants_config)
			return cli_usage_error(command, "cannot make sense of ", argv[optind - 1]);
		config_path = optarg;
	}
	if (optind < argc)
		return cli_usage_error(command, "cannot make sense of ", argv[optind]);
	if (command->wants_config && !config_path)
		return cli_usage_error(command, "the configuration file is missing: ", "-c FILE");
	return command->run(config_path);
}

int cli_main(int argc, char **argv)
{
	const struct cli_command *command;

	if (argc < 2)
		return cli_usage_error(NULL, "which command?", "");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return CLI_SUCCESS;
	}
	command = find(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
	if (!command)
		return cli_usage_error(NULL, "there is no command ", argv[1]);
	opterr = 0;
	if (command->run_arguments)
		return command->run_arguments(argc - 1, argv + 1);
	return run(command, argc - 1, argv + 1);
}

struct config *cli_load_config(const char *path)
{
	struct complaints complaints;
	struct config *config = complaints_load(path, &complaints);

	complaints_print(&complaints);
	return config;
}
