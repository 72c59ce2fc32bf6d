/*
 * `ddnsgate check`: is the configuration good? With --live: do the primaries agree?
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/check_live.h"
#include "cli/cli.h"

static int check(const char *config_path, bool live)
{
	struct config *config = cli_load_config(config_path);
	int exit_status = CLI_SUCCESS;

	if (!config)
		return CLI_FAILURE;
	printf("%s: OK (zones: %zu, users: %zu)\n", config_path, config->zone_count, config->user_count);
	if (live)
		exit_status = check_live(config) ? CLI_SUCCESS : CLI_FAILURE;
	config_release(&config);
	return exit_status;
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
					      {"live", no_argument, NULL, 'l'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	const char *config_path = NULL;
	bool live = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:lh", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			config_path = optarg;
			break;
		case 'l':
			live = true;
			break;
		case 'h':
			return cli_help(&cli_check);
		default:
			return cli_usage_error(&cli_check, "cannot make sense of ", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return cli_usage_error(&cli_check, "cannot make sense of ", argv[optind]);
	if (!config_path)
		return cli_usage_error(&cli_check, "the configuration file is missing: ", "-c FILE");
	return check(config_path, live);
}

const struct cli_command cli_check = {
	.name = "check",
	.summary = "reads the configuration and tells what is wrong with it, or with the primaries",
	.usage = "[--live] -c FILE",
	.help = "Reads the configuration, and the key files and certificates that it names, and prints everything that is\n"
		"wrong, one line each, as FILE:LINE: text. Nothing is started and nothing is sent.\n\n"
		"With --live it then asks every primary of every zone: can it be reached, does it serve the zone as\n"
		"primary, does it take the TSIG key, does its clock agree, does it let the key change the addresses of\n"
		"the hosts that are configured. One line each begins with OK, WARN or FAIL and says what to do.\n"
		"Signed messages prove it, but change nothing.\n\n"
		"  -c, --config FILE   the configuration\n"
		"  -l, --live          ask the primaries, too\n\n"
		"Exit status: 0 if all is well, 1 if anything FAILs, 2 for a wrong command line.",
	.run_arguments = run,
};
