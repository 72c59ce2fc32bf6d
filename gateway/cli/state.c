#include "cli/state.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/terminal.h"

/* ---- The state file ---- */

enum { PATIENCE_MS = 30000 }; /* long, because an import may be running */

static bool is_configured(const struct config *config, const char *login)
{
	for (size_t i = 0; i < config->user_count; i++) {
		if (strcmp(config->users[i].login, login) == 0)
			return true;
	}
	return false;
}

static int open_and_use(const struct config *config, const struct cli_arguments *arguments, state_use_fn *use)
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

int state_use(const struct cli_arguments *arguments, const char *login, state_use_fn *use)
{
	const char *path = cli_value(arguments, CLI_CONFIG);
	struct config *config = cli_load_config(path);
	int exit_status = CLI_FAILURE;

	if (!config)
		return CLI_FAILURE;
	if (!config->state_dir)
		fprintf(stderr, "ddnsgate: %s has no `state_dir`: without it users stand in the configuration only\n",
			path);
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
	if (status == STATUS_TOO_LONG)
		fprintf(stderr, "ddnsgate: %s: %d hosts is the most that a user may have, or a key be limited to\n",
			what, DATABASE_PATTERNS_MAX);
	else
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
