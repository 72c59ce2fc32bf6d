#include "cli/cli.h"

const struct cli_command *const cli_commands[] = {
	&cli_serve, &cli_check, &cli_tsig, &cli_user, &cli_key, &cli_version, NULL,
};
