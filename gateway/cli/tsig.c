/* `ddnsgate tsig`: prints what primaries need: the statements for their configuration, or a new key. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/cli.h"
#include "cli/configured.h"
#include "live/statements.h"

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

static void print(const struct cli_arguments *arguments, const struct rights_zone *zones, size_t count)
{
	const char *server = cli_value(arguments, CLI_FOR);
	bool bind = !server || strcmp(server, "bind") == 0;
	bool knot = !server || strcmp(server, "knot") == 0;

	if (bind)
		print_bind(zones, count);
	if (bind && knot)
		printf("\n");
	if (knot)
		print_knot(zones, count);
}

/* The zones that are wanted (NULL: all) go into `zones`, which has room for all; returns their number. */
static size_t select_zones(const char *zone, const struct config *config, const struct rights *rights,
			   struct rights_zone *zones)
{
	struct name wanted = {0};
	size_t count = 0;

	if (zone && name_parse_zone(text_of(zone), &wanted) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < config->zone_count; i++) {
		if (!zone || name_equal(&config->zones[i].name, &wanted))
			zones[count++] = configured_zone(config, rights, i);
	}
	return count;
}

/*
 * A policy must not lock out users. Where there are too many names for a list, or not all are known, the policy is for
 * all names of the zone.
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

static int print_statements(const struct cli_arguments *arguments)
{
	const char *path = cli_value(arguments, CLI_CONFIG), *zone = cli_value(arguments, CLI_ZONE);
	struct config *config = cli_load_config(path);
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
	count = select_zones(zone, config, configured.rights, zones);
	if (count == 0) {
		fprintf(stderr, "ddnsgate: zone %s is not in %s\n", zone, path);
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

/* Makes a key of as many random octets as the hash has (RFC 2104 section 3). */
static enum tsig_status make_key(const char *name, const char *algorithm, struct tsig_key **out)
{
	uint8_t octets[TSIG_MAC_MAX] = {0};
	enum tsig_status status = tsig_key_new(name, algorithm, octets, sizeof octets, out);
	size_t len;

	if (status != TSIG_OK)
		return status;
	len = tsig_key_mac_len(*out);
	tsig_key_free(out);
	if (getrandom(octets, len, 0) != (ssize_t)len)
		return TSIG_CRYPTO;
	status = tsig_key_new(name, algorithm, octets, len, out);
	secret_wipe(octets, sizeof octets);
	return status;
}

/* Writes the key to a new file; a file that exists is left as it is. */
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

static int generate(const struct cli_arguments *arguments)
{
	struct tsig_key *key = NULL;
	const char *name = arguments->operands[0], *given = cli_value(arguments, CLI_ALGORITHM);
	const char *algorithm = given ? given : "hmac-sha256", *path = cli_value(arguments, CLI_OUTPUT);
	enum tsig_status status = make_key(name, algorithm, &key);
	char *beside = NULL;
	int exit_status = CLI_FAILURE;

	if (status != TSIG_OK) {
		fprintf(stderr, "ddnsgate: key \"%s\" with algorithm %s: %s\n", name, algorithm,
			tsig_status_text(status));
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

/* ---- The command ---- */

static const struct cli_verb verbs[] = {
	{NULL, "", CLI_TAKES(CLI_CONFIG) | CLI_TAKES(CLI_ZONE) | CLI_TAKES(CLI_FOR), CLI_TAKES(CLI_CONFIG),
	 "Prints, for each zone of the configuration, the TSIG key and the narrowest policy that lets it change\n"
	 "the addresses of the hosts that users may update: a key and an update-policy for named.conf, a key, an\n"
	 "acl and a zone for knot.conf. The output shows the secrets.",
	 print_statements},
	{"generate", "NAME", CLI_TAKES(CLI_ALGORITHM) | CLI_TAKES(CLI_OUTPUT), 0,
	 "makes a key with a random secret in a new file that nobody else can read,\n"
	 "in the form that BIND includes and `tsig_keys` names",
	 generate},
	{NULL, "", 0, 0, "", NULL},
};

const struct cli_command cli_tsig = {
	.name = "tsig",
	.summary = "prints what BIND and Knot need to let ddnsgate in, or makes a TSIG key",
	.help = "",
	.verbs = verbs,
};
