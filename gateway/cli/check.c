/*
 * `ddnsgate check`: is the configuration good?
 */
#include <stdio.h>

#include "cli/cli.h"

static int check(const char *config_path)
{
	struct config *config = cli_load_config(config_path);

	if (!config)
		return CLI_FAILURE;
	printf("%s: OK (zones: %zu, users: %zu)\n", config_path, config->zone_count, config->user_count);
	config_release(&config);
	return CLI_SUCCESS;
}

const struct cli_command cli_check = {
	.name = "check",
	.summary = "reads the configuration and tells what is wrong with it",
	.usage = "-c FILE",
	.help = "Reads the configuration, and the key files and certificates that it names, and prints everything that is\n"
		"wrong, one line each, as FILE:LINE: text. Nothing is started and nothing is sent.\n\n"
		"  -c, --config FILE   the configuration\n\n"
		"Exit status: 0 if the configuration is good, 1 if it is not, 2 for a wrong command line.",
	.wants_config = true,
	.run = check,
};
