#include "cli/state.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/network.h"
#include "cli/terminal.h"

/* ---- The command line ---- */

enum { NAME = 256, HOST, FROM, EXPIRES, MAY_CREATE, MAY_SET_TXT };

static const struct option longs[] = {
	{"config", required_argument, NULL, 'c'},
	{"help", no_argument, NULL, 'h'},
	{"name", required_argument, NULL, NAME},
	{"host", required_argument, NULL, HOST},
	{"from", required_argument, NULL, FROM},
	{"expires", required_argument, NULL, EXPIRES},
	{"may-create", no_argument, NULL, MAY_CREATE},
	{"may-set-txt", no_argument, NULL, MAY_SET_TXT},
	{NULL, 0, NULL, 0},
};

static bool add_line(struct state_lines *lines, const char *text)
{
	size_t len = strlen(text);

	if (len + 1 > sizeof lines->octets - lines->len)
		return false;
	memcpy(lines->octets + lines->len, text, len);
	lines->len += len;
	lines->octets[lines->len++] = '\n';
	return true;
}

static bool take_host(struct state_arguments *arguments, const char *text)
{
	struct host_pattern pattern;

	return host_pattern_parse(text_of(text), &pattern) == STATUS_OK && add_line(&arguments->hosts, text);
}

static bool take_source(struct state_arguments *arguments, const char *text)
{
	struct network network;

	return network_parse(text_of(text), &network) == STATUS_OK && add_line(&arguments->sources, text);
}

/* Takes an option's value; says if it means something. */
static bool take_option(struct state_arguments *arguments, int option, const char *value)
{
	switch (option) {
	case 'c':
		arguments->config_path = value;
		return true;
	case NAME:
		arguments->name = value;
		return true;
	case HOST:
		return take_host(arguments, value);
	case FROM:
		return take_source(arguments, value);
	case EXPIRES:
		arguments->expires = value;
		return account_expiry_parse(text_of(value), &arguments->expires_s) == STATUS_OK;
	case MAY_CREATE:
		arguments->may_create = true;
		return true;
	case MAY_SET_TXT:
		arguments->may_set_txt = true;
		return true;
	default:
		return false;
	}
}

static const struct state_verb *find_verb(const struct state_verb *verbs, const char *name)
{
	for (; verbs->name; verbs++) {
		if (strcmp(verbs->name, name) == 0)
			return verbs;
	}
	return NULL;
}

static int run_verb(const struct cli_command *command, const struct state_verb *verbs,
		    const struct state_arguments *arguments)
{
	const struct state_verb *verb;

	if (arguments->operand_count == 0)
		return cli_usage_error(command, "what is to be done?", "");
	verb = find_verb(verbs, arguments->operands[0]);
	if (!verb)
		return cli_usage_error(command, "cannot make sense of ", arguments->operands[0]);
	if (arguments->operand_count - 1 < verb->operands_min)
		return cli_usage_error(command, "something is missing behind ", verb->name);
	if (arguments->operand_count - 1 > verb->operands_max)
		return cli_usage_error(command, "there is too much behind ", verb->name);
	if (verb->wants_config && !arguments->config_path)
		return cli_usage_error(command, "the configuration file is missing: ", "-c FILE");
	return verb->run(arguments);
}

int state_run(const struct cli_command *command, const struct state_verb *verbs, int argc, char **argv)
{
	static struct state_arguments arguments;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		if (option == 'h')
			return cli_help(command);
		if (!take_option(&arguments, option, optarg))
			return cli_usage_error(command, "cannot make sense of ",
					       option == '?' || !optarg ? argv[optind - 1] : optarg);
	}
	for (; optind < argc; optind++) {
		if (arguments.operand_count == STATE_OPERANDS_MAX)
			return cli_usage_error(command, "cannot make sense of ", argv[optind]);
		arguments.operands[arguments.operand_count++] = argv[optind];
	}
	return run_verb(command, verbs, &arguments);
}

/* ---- The state file ---- */

enum { PATIENCE_MS = 30000 }; /* an import may be under way */

static bool is_configured(const struct config *config, const char *login)
{
	for (size_t i = 0; i < config->user_count; i++) {
		if (strcmp(config->users[i].login, login) == 0)
			return true;
	}
	return false;
}

static int open_and_use(const struct config *config, const struct state_arguments *arguments, state_use_fn *use)
{
	char error[DATABASE_ERROR_MAX];
	struct database *database = NULL;
	int exit_status;

	if (database_open(config->state_dir, PATIENCE_MS, &database, error) != STATUS_OK) {
		fprintf(stderr, "ddnsgate: %s\n", error);
		return CLI_FAILURE;
	}
	exit_status = use(arguments, database);
	database_free(&database);
	return exit_status;
}

int state_use(const struct state_arguments *arguments, const char *login, state_use_fn *use)
{
	struct config *config = cli_load_config(arguments->config_path);
	int exit_status = CLI_FAILURE;

	if (!config)
		return CLI_FAILURE;
	if (!config->state_dir)
		fprintf(stderr, "ddnsgate: %s has no `state_dir`: without it users stand in the configuration only\n",
			arguments->config_path);
	else if (login && is_configured(config, login))
		fprintf(stderr,
			"ddnsgate: the user stands in the configuration, which comes before the state store; change it "
			"there\n");
	else
		exit_status = open_and_use(config, arguments, use);
	config_release(&config);
	return exit_status;
}

int state_failed(const struct database *database, enum status status, const char *what)
{
	static const struct {
		enum status status;
		const char *text;
	} texts[] = {
		{STATUS_NOT_FOUND, "there is no such thing"},
		{STATUS_DUPLICATE, "it is there already"},
		{STATUS_INVALID, "it is empty, too long, or holds control characters"},
		{STATUS_FULL, "there are too many keys already; revoke some"},
		{STATUS_NO_MEMORY, "out of memory"},
	};
	const char *text = database_error(database);

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].status == status)
			text = texts[i].text;
	}
	fprintf(stderr, "ddnsgate: %s: %s\n", what, text);
	return CLI_FAILURE;
}

/* ---- Printing ---- */

void state_print_date(uint64_t when_s, const char *none)
{
	time_t when = (time_t)when_s;
	char text[32] = "";
	struct tm parts;

	if (when_s && gmtime_r(&when, &parts))
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	printf("%s", when_s ? text : none);
}

void state_print_lines(struct text lines, const char *none)
{
	struct text line;

	if (lines.len == 0)
		printf("%s", none);
	while (text_split(lines, '\n', &line, &lines)) {
		terminal_print(line.octets, line.len);
		if (lines.len)
			putchar(',');
	}
}
