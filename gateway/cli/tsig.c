/*
 * `ddnsgate tsig`: what the primaries need: the statements for their configuration, or a new key.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/cli.h"
#include "cli/configured.h"
#include "live/statements.h"

struct arguments {
	const char *config_path;
	const char *zone;      /* NULL: all */
	const char *server;    /* "bind", "knot"; NULL: both */
	const char *generate;  /* the name of a new key; NULL: print statements */
	const char *algorithm; /* of the new key */
	const char *file;      /* of the new key; NULL: its name with .key */
};

/* ---- Statements ---- */

static void print_bind(const struct rights_zone *zones, size_t count)
{
	printf("// BIND, named.conf: the key; best in a file of its own that is included, readable by named alone.\n");
	statements_bind_keys(stdout, zones, count);
	for (size_t i = 0; i < count; i++) {
		printf("\n// BIND, named.conf: into the statement zone \"%s\" { type primary; ... };\n",
		       zones[i].name->text);
		if (zones[i].right_count)
			statements_bind_zone(stdout, &zones[i]);
		else
			printf("// nothing: no user may update a host of this zone\n");
	}
}

static void print_knot(const struct rights_zone *zones, size_t count)
{
	printf("# Knot, knot.conf: into the sections of these names; to a zone that is there already only acl is added.\n"
	       "# Each message must fit one acl as a whole; ddnsgate sends its changes again in parts if one does not.\n");
	statements_knot(stdout, zones, count);
}

static void print(const struct arguments *arguments, const struct rights_zone *zones, size_t count)
{
	bool bind = !arguments->server || strcmp(arguments->server, "bind") == 0;
	bool knot = !arguments->server || strcmp(arguments->server, "knot") == 0;

	if (bind)
		print_bind(zones, count);
	if (bind && knot)
		printf("\n");
	if (knot)
		print_knot(zones, count);
}

/* The zones that are wanted, in `zones`, which has room for all; returns their number. */
static size_t select_zones(const struct arguments *arguments, const struct config *config, const struct rights *rights,
			   struct rights_zone *zones)
{
	struct name wanted = {0};
	size_t count = 0;

	if (arguments->zone && name_parse_zone(text_of(arguments->zone), &wanted) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < config->zone_count; i++) {
		if (!arguments->zone || name_equal(&config->zones[i].name, &wanted))
			zones[count++] = configured_zone(config, rights, i);
	}
	return count;
}

/*
 * A policy must not lock out users: where there are too many names for a list, or nobody knows them, it is for all
 * names of the zone.
 */
static enum status widen(struct configured *configured)
{
	enum status status =
		rights_widen(configured->rights, configured->store_unread ? RIGHT_ADDRESSES | RIGHT_TXT : 0);

	rights_settle(configured->rights);
	if (configured->store_unread)
		fprintf(stderr,
			"ddnsgate: the users of the state store could not be read (%s): the policy is for all names and types "
			"that they might have\n",
			configured->why);
	return status;
}

static int print_statements(const struct arguments *arguments)
{
	struct config *config = cli_load_config(arguments->config_path);
	struct rights_zone *zones = NULL;
	struct configured configured = {0};
	int exit_status = CLI_FAILURE;
	size_t count;

	if (!config)
		return CLI_FAILURE;
	zones = calloc(config->zone_count, sizeof *zones);
	if (!zones || configured_rights(config, &configured) != STATUS_OK || widen(&configured) != STATUS_OK) {
		fprintf(stderr, "ddnsgate: %s\n", status_text(STATUS_NO_MEMORY));
		goto out;
	}
	count = select_zones(arguments, config, configured.rights, zones);
	if (count == 0) {
		fprintf(stderr, "ddnsgate: zone %s is not in %s\n", arguments->zone, arguments->config_path);
		goto out;
	}
	print(arguments, zones, count);
	exit_status = CLI_SUCCESS;
out:
	rights_free(&configured.rights);
	free(zones);
	config_release(&config);
	return exit_status;
}

/* ---- A new key ---- */

/* As many random octets as the hash has (RFC 2104 section 3). */
static enum tsig_status make_key(const struct arguments *arguments, struct tsig_key **out)
{
	uint8_t octets[TSIG_MAC_MAX] = {0};
	enum tsig_status status = tsig_key_new(arguments->generate, arguments->algorithm, octets, sizeof octets, out);
	size_t len;

	if (status != TSIG_OK)
		return status;
	len = tsig_key_mac_len(*out);
	tsig_key_free(out);
	if (getrandom(octets, len, 0) != (ssize_t)len)
		return TSIG_CRYPTO;
	status = tsig_key_new(arguments->generate, arguments->algorithm, octets, len, out);
	secret_wipe(octets, sizeof octets);
	return status;
}

/* A file that is there already is left as it is. */
static bool write_key(const char *path, const struct tsig_key *key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	bool good = file != NULL;

	if (file) {
		statements_bind_key(file, key);
		good = fflush(file) == 0 && fsync(fd) == 0;
		good = fclose(file) == 0 && good;
	}
	if (!good)
		fprintf(stderr, "ddnsgate: cannot write %s: %s\n", path, strerror(errno));
	return good;
}

static int generate(const struct arguments *arguments)
{
	struct tsig_key *key = NULL;
	enum tsig_status status = make_key(arguments, &key);
	char *beside = NULL;
	const char *path = arguments->file;
	int exit_status = CLI_FAILURE;

	if (status != TSIG_OK) {
		fprintf(stderr, "ddnsgate: key \"%s\" with algorithm %s: %s\n", arguments->generate,
			arguments->algorithm, tsig_status_text(status));
		return CLI_FAILURE;
	}
	if (!path && strchr(tsig_key_name(key), '/'))
		fprintf(stderr, "ddnsgate: the name of the key is no name of a file: say --output KEYFILE\n");
	else if (!path && asprintf(&beside, "%s.key", tsig_key_name(key)) >= 0)
		path = beside;
	if (path && write_key(path, key)) {
		printf("%s: TSIG key %s (%s)\n", path, tsig_key_name(key), tsig_key_algorithm(key));
		exit_status = CLI_SUCCESS;
	}
	free(beside);
	tsig_key_free(&key);
	return exit_status;
}

/* ---- The command line ---- */

static int take_operands(struct arguments *arguments, int argc, char **argv)
{
	if (optind == argc)
		return CLI_SUCCESS;
	if (strcmp(argv[optind], "generate") != 0)
		return cli_usage_error(&cli_tsig, "cannot make sense of ", argv[optind]);
	if (optind + 1 == argc)
		return cli_usage_error(&cli_tsig, "generate: the name of the key is missing", "");
	if (optind + 2 < argc)
		return cli_usage_error(&cli_tsig, "cannot make sense of ", argv[optind + 2]);
	arguments->generate = argv[optind + 1];
	return CLI_SUCCESS;
}

static int carry_out(const struct arguments *arguments)
{
	bool for_generate = arguments->algorithm || arguments->file;
	bool for_printing = arguments->config_path || arguments->zone || arguments->server;

	if (arguments->generate) {
		struct arguments whole = *arguments;

		if (for_printing)
			return cli_usage_error(&cli_tsig, "generate takes --algorithm and --output only", "");
		whole.algorithm = whole.algorithm ? whole.algorithm : "hmac-sha256";
		return generate(&whole);
	}
	if (for_generate)
		return cli_usage_error(&cli_tsig, "--algorithm and --output belong to generate", "");
	if (!arguments->config_path)
		return cli_usage_error(&cli_tsig, "the configuration file is missing: ", "-c FILE");
	if (arguments->server && strcmp(arguments->server, "bind") != 0 && strcmp(arguments->server, "knot") != 0)
		return cli_usage_error(&cli_tsig, "--for is bind or knot, not ", arguments->server);
	return print_statements(arguments);
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
					      {"zone", required_argument, NULL, 'z'},
					      {"for", required_argument, NULL, 'f'},
					      {"algorithm", required_argument, NULL, 'a'},
					      {"output", required_argument, NULL, 'o'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	struct arguments arguments = {0};
	int option, wrong;

	while ((option = getopt_long(argc, argv, "c:z:f:a:o:h", longs, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments.config_path = optarg;
			break;
		case 'z':
			arguments.zone = optarg;
			break;
		case 'f':
			arguments.server = optarg;
			break;
		case 'a':
			arguments.algorithm = optarg;
			break;
		case 'o':
			arguments.file = optarg;
			break;
		case 'h':
			return cli_help(&cli_tsig);
		default:
			return cli_usage_error(&cli_tsig, "cannot make sense of ", argv[optind - 1]);
		}
	}
	wrong = take_operands(&arguments, argc, argv);
	return wrong ? wrong : carry_out(&arguments);
}

const struct cli_command cli_tsig = {
	.name = "tsig",
	.summary = "prints what BIND and Knot need to let ddnsgate in, or makes a TSIG key",
	.usage = "-c FILE [--zone ZONE] [--for bind|knot]\n"
		 "       ddnsgate tsig generate NAME [--algorithm ALGORITHM] [--output KEYFILE]",
	.help = "Prints, for each zone of the configuration, the TSIG key and the narrowest policy that lets it change\n"
		"the addresses of the hosts that users may update: a key and an update-policy for named.conf, a key, an\n"
		"acl and a zone for knot.conf. The output shows the secrets.\n\n"
		"  -c, --config FILE   the configuration\n"
		"  -z, --zone ZONE     this zone alone\n"
		"  -f, --for SERVER    bind or knot alone\n\n"
		"generate makes a key with a random secret in a new file that nobody else can read, in the form that\n"
		"BIND includes and `tsig_keys` names.\n\n"
		"  -a, --algorithm ALGORITHM   hmac-sha256 unless given\n"
		"  -o, --output KEYFILE        NAME.key unless given\n\n"
		"Exit status: 0 for success, 1 for a failure, 2 for a wrong command line.",
	.run_arguments = run,
};
