/*
 * `ddnsgate check`: is the configuration good? With --live: do the primaries agree?
 */
#include <stdio.h>

#include "cli/check_live.h"
#include "cli/cli.h"

static int check(const struct cli_arguments *arguments)
{
	const char *path = cli_value(arguments, CLI_CONFIG);
	struct config *config = cli_load_config(path);
	int exit_status = CLI_SUCCESS;

	if (!config)
		return CLI_FAILURE;
	if (cli_value(arguments, CLI_ZONE) && !cli_is_given(arguments, CLI_LIVE)) {
		fprintf(stderr, "ddnsgate: --zone is for --live\n");
		config_release(&config);
		return CLI_USAGE;
	}
	printf("%s: OK (zones: %zu, users: %zu)\n", path, config->zone_count, config->user_count);
	if (cli_is_given(arguments, CLI_LIVE))
		exit_status = check_live(config, cli_value(arguments, CLI_ZONE)) ? CLI_SUCCESS : CLI_FAILURE;
	config_release(&config);
	return exit_status;
}

static const struct cli_verb verbs[] = {
	{NULL, "", CLI_TAKES(CLI_CONFIG) | CLI_TAKES(CLI_LIVE) | CLI_TAKES(CLI_ZONE), CLI_TAKES(CLI_CONFIG),
	 "Reads the configuration, and the key files and certificates that it names, and prints everything that is\n"
	 "wrong, one line each, as FILE:LINE: text. Nothing is started and nothing is sent.\n\n"
	 "With --live it then asks every primary of every zone: can it be reached, does it serve the zone as\n"
	 "primary, does it take the TSIG key, does its clock agree, does it let the key change the addresses of\n"
	 "the hosts that are configured. One line each begins with OK, WARN or FAIL and says what to do.\n"
	 "Signed messages prove it, but change nothing. Of more than 50 zones, only what is WARN or FAIL is told,\n"
	 "and how many there were of each; --zone asks about one alone, and tells all.",
	 check},
	{NULL, "", 0, 0, "", NULL},
};

const struct cli_command cli_check = {
	.name = "check",
	.summary = "reads the configuration and tells what is wrong with it, or with the primaries",
	.help = "With a FAIL the exit status is 1, too.",
	.verbs = verbs,
};
