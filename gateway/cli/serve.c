#include "daemon/serve.h"

#include "cli/cli.h"

static int run(const struct cli_arguments *arguments)
{
	return serve(cli_value(arguments, CLI_CONFIG), DDNSGATE_VERSION) ? CLI_SUCCESS : CLI_FAILURE;
}

static const struct cli_verb verbs[] = {
	{NULL, "", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG),
	 "Serves HTTP as the configuration says, in the foreground, and logs. SIGTERM or SIGINT end it: no new\n"
	 "requests, but every request that has arrived gets its answer. SIGHUP makes it read the configuration,\n"
	 "keys and certificates anew. SIGUSR1 makes the log say more, SIGUSR2 less.",
	 run},
	{NULL, "", 0, 0, "", NULL},
};

const struct cli_command cli_serve = {
	.name = "serve",
	.summary = "runs the gateway in the foreground",
	.help = "",
	.verbs = verbs,
};
