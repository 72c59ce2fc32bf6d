#include "daemon/serve.h"

#include "cli/cli.h"

static int run(const char *config_path)
{
	return serve(config_path, DDNSGATE_VERSION) ? CLI_SUCCESS : CLI_FAILURE;
}

const struct cli_command cli_serve = {
	.name = "serve",
	.summary = "runs the gateway in the foreground",
	.usage = "-c FILE",
	.help = "Serves HTTP as the configuration says, in the foreground, and logs. SIGTERM or SIGINT end it: no new\n"
		"requests, but every request that has arrived gets its answer. SIGHUP makes it read the configuration,\n"
		"keys and certificates anew. SIGUSR1 makes the log say more, SIGUSR2 less.\n\n"
		"  -c, --config FILE   the configuration\n\n"
		"Exit status: 0 after a signal, 1 if it could not start, 2 for a wrong command line.",
	.wants_config = true,
	.run = run,
};
