/*
 * Reads the command line by the tables of the commands, and makes their help from them.
 */
#include "cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/account.h"
#include "base/network.h"
#include "config/complaints.h"

/* ---- Options ---- */

static bool is_pattern(const char *value)
{
	struct host_pattern pattern;

	return host_pattern_parse(text_of(value), &pattern) == STATUS_OK;
}

static bool is_network(const char *value)
{
	struct network network;

	return network_parse(text_of(value), &network) == STATUS_OK;
}

static bool is_date(const char *value)
{
	uint64_t end_s;

	return account_expiry_parse(text_of(value), &end_s) == STATUS_OK;
}

static bool is_server(const char *value)
{
	return strcmp(value, "bind") == 0 || strcmp(value, "knot") == 0;
}

static const struct row {
	const char *name;
	int letter;        /* the short option; 0: none */
	const char *value; /* what help calls its value; NULL: the option takes none */
	bool repeats;      /* may be given several times, and then every value counts */
	const char *help;
	bool (*is_sound)(const char *value); /* NULL: every value is sound */
	const char *wanted;                  /* what a sound value is, in words */
} rows[CLI_OPTIONS] = {
	[CLI_CONFIG] = {"config", 'c', "FILE", false, "the configuration", NULL, NULL},
	[CLI_LIVE] = {"live", 'l', NULL, false, "ask the primaries, too", NULL, NULL},
	[CLI_ZONE] = {"zone", 'z', "ZONE", false, "this zone alone", NULL, NULL},
	[CLI_FOR] = {"for", 'f', "SERVER", false, "bind or knot alone", is_server, "bind or knot"},
	[CLI_ALGORITHM] = {"algorithm", 'a', "ALGORITHM", false, "of the new key (hmac-sha256 unless given)", NULL,
			   NULL},
	[CLI_OUTPUT] = {"output", 'o', "KEYFILE", false, "the new file (NAME.key unless given)", NULL, NULL},
	[CLI_NAME] = {"name", 0, "NAME", false, "of the new key (default: default)", NULL, NULL},
	[CLI_HOST] =
		{"host", 0, "PATTERN", true,
		 "hosts: \"www.dyn.example.com\", \"*.home.dyn.example.com\" (all below), \"zone:dyn.example.com\"\n"
		 "(all of the zone), \"owner:*.home.dyn.example.com\" (the wildcard itself); several times",
		 is_pattern, "a pattern of hosts, such as www.dyn.example.com or zone:dyn.example.com"},
	[CLI_FROM] = {"from", 0, "NETWORK", true, "only from there: 192.0.2.0/24, 2001:db8::/32; several times",
		      is_network, "a network, such as 192.0.2.0/24 or 2001:db8::/32"},
	[CLI_EXPIRES] = {"expires", 0, "DATE", false, "the last day (UTC) on which it works: 2027-01-31", is_date,
			 "a day, such as 2027-01-31"},
	[CLI_MAY_CREATE] = {"may-create", 0, NULL, false,
			    "the user may make and remove the records of these hosts, too", NULL, NULL},
	[CLI_MAY_SET_TXT] = {"may-set-txt", 0, NULL, false,
			     "the user may set their TXT records, and ACME challenges for them, too", NULL, NULL},
};

const char *cli_value(const struct cli_arguments *arguments, enum cli_option option)
{
	const char *value = NULL;

	for (size_t i = 0; i < arguments->given_count; i++) {
		if (arguments->given[i].option == option)
			value = arguments->given[i].value;
	}
	return value;
}

bool cli_is_given(const struct cli_arguments *arguments, enum cli_option option)
{
	for (size_t i = 0; i < arguments->given_count; i++) {
		if (arguments->given[i].option == option)
			return true;
	}
	return false;
}

char *cli_lines(const struct cli_arguments *arguments, enum cli_option option)
{
	size_t len = 0, at = 0;
	char *lines;

	for (size_t i = 0; i < arguments->given_count; i++) {
		if (arguments->given[i].option == option)
			len += strlen(arguments->given[i].value) + 1;
	}
	lines = malloc(len + 1);
	for (size_t i = 0; lines && i < arguments->given_count; i++) {
		if (arguments->given[i].option == option)
			at += (size_t)sprintf(lines + at, "%s\n", arguments->given[i].value);
	}
	if (lines)
		lines[at] = '\0';
	return lines;
}

/* ---- Help ---- */

static void print_option_of(FILE *to, const struct cli_verb *verb, enum cli_option option)
{
	const struct row *row = &rows[option];
	bool needed = verb->needs & CLI_TAKES(option);

	fprintf(to, needed ? " " : " [");
	if (row->letter && needed)
		fprintf(to, "-%c", row->letter);
	else
		fprintf(to, "--%s", row->name);
	fprintf(to, "%s%s%s%s", row->value ? " " : "", row->value ? row->value : "", needed ? "" : "]",
		row->repeats ? "..." : "");
}

static void print_usage_of(FILE *to, const struct cli_command *command, const struct cli_verb *verb)
{
	fprintf(to, "ddnsgate %s", command->name);
	if (verb->name)
		fprintf(to, " %s", verb->name);
	if (*verb->operands)
		fprintf(to, " %s", verb->operands);
	for (enum cli_option option = 0; option < CLI_OPTIONS; option++) {
		if (verb->takes & CLI_TAKES(option))
			print_option_of(to, verb, option);
	}
}

/* Prints lines of text, each indented by `columns`; for the first line that was done already. */
static void print_indented(const char *text, int columns)
{
	const char *end;

	for (; (end = strchr(text, '\n')); text = end + 1)
		printf("%.*s\n%*s", (int)(end - text), text, columns, "");
	printf("%s\n", text);
}

enum { HELP_COLUMN = 30 };

static void print_row(const struct row *row)
{
	int used = row->letter ? printf("  -%c, --%s", row->letter, row->name) : printf("  --%s", row->name);

	used += row->value ? printf(" %s", row->value) : 0;
	printf("%*s", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "");
	print_indented(row->help, HELP_COLUMN);
}

static bool is_meant(const struct cli_verb *verb, const char *name)
{
	return !name || (verb->name && strcmp(verb->name, name) == 0);
}

/* Help of one verb, or of all (NULL). */
static int print_help(const struct cli_command *command, const char *name)
{
	const char *before = "Usage: ";
	unsigned taken = 0;

	for (const struct cli_verb *verb = command->verbs; verb->run; verb++) {
		if (!is_meant(verb, name))
			continue;
		printf("%s", before);
		print_usage_of(stdout, command, verb);
		printf("\n");
		taken |= verb->takes;
		before = "       ";
	}
	printf("\n");
	for (const struct cli_verb *verb = command->verbs; verb->run; verb++) {
		if (!is_meant(verb, name) || !*verb->help)
			continue;
		if (verb->name) {
			int used = printf("%s %s", verb->name, verb->operands);

			printf("%*s", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "");
			print_indented(verb->help, HELP_COLUMN);
		} else {
			printf("%s\n%s", verb->help, verb[1].run ? "\n" : "");
		}
	}
	printf("\n");
	for (enum cli_option option = 0; option < CLI_OPTIONS; option++) {
		if (taken & CLI_TAKES(option))
			print_row(&rows[option]);
	}
	if (*command->help && !name)
		printf("%s%s\n", taken ? "\n" : "", command->help);
	printf("%sExit status: 0, 1 if it could not be done, 2 for a wrong command line.\n",
	       taken || *command->help ? "\n" : "");
	return CLI_SUCCESS;
}

static void print_commands(FILE *to, const struct cli_command *const *commands)
{
	fprintf(to, "ddnsgate: dynamic DNS gateway, HTTP in, TSIG-signed DNS UPDATE out\n\n"
		    "Usage: ddnsgate COMMAND [OPTIONS]\n\nCommands:\n");
	for (; *commands; commands++)
		fprintf(to, "  %-9s %s\n", (*commands)->name, (*commands)->summary);
	fprintf(to, "\n`ddnsgate COMMAND --help` tells more about each. The manual: ddnsgate(8), ddnsgate.cfg(5).\n");
}

/* ---- The command line ---- */

/* Complains about the use of a command; `verb` NULL: it is not known which verb is meant. */
__attribute__((format(printf, 3, 4))) static int complain(const struct cli_command *command,
							  const struct cli_verb *verb, const char *format, ...)
{
	va_list values;

	fprintf(stderr, "ddnsgate %s%s%s: ", command->name, verb && verb->name ? " " : "",
		verb && verb->name ? verb->name : "");
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	if (verb) {
		fprintf(stderr, ". Usage: ");
		print_usage_of(stderr, command, verb);
		fprintf(stderr, "\n");
	} else {
		fprintf(stderr, ". Usage: ddnsgate %s --help\n", command->name);
	}
	return CLI_USAGE;
}

static size_t count_words(const char *text)
{
	size_t count = *text != '\0';

	for (; *text; text++)
		count += *text == ' ';
	return count;
}

static bool takes_all(const struct cli_verb *verb, const struct cli_arguments *arguments)
{
	for (size_t i = 0; i < arguments->given_count; i++) {
		if (!(verb->takes & CLI_TAKES(arguments->given[i].option)))
			return false;
	}
	return true;
}

/*
 * The verb that is meant. Of several with that name (no name, if there are no operands) it is the one that takes the
 * given options, or else that number of operands. NULL: there is none.
 */
static const struct cli_verb *find_verb(const struct cli_command *command, const struct cli_arguments *arguments,
					char **operands, size_t count)
{
	const struct cli_verb *found = NULL;
	unsigned best = 0;

	for (const struct cli_verb *verb = command->verbs; verb->run; verb++) {
		unsigned fits = takes_all(verb, arguments) ? 3 : 1;

		if (verb->name ? count == 0 || strcmp(verb->name, operands[0]) != 0 : count > 0)
			continue;
		fits += verb->name && count - 1 == count_words(verb->operands);
		found = fits > best ? verb : found;
		best = fits > best ? fits : best;
	}
	return found;
}

static int complain_of_verb(const struct cli_command *command, const char *name)
{
	char known[256] = "";
	size_t len = 0;
	const char *before = NULL;

	for (const struct cli_verb *verb = command->verbs; verb->run; verb++) {
		if (!verb->name || (before && strcmp(before, verb->name) == 0))
			continue;
		len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", len ? ", " : "", verb->name);
		before = verb->name;
	}
	if (!name)
		return complain(command, NULL, "what is to be done is missing: one of %s", known);
	if (*known)
		return complain(command, NULL, "there is no `%s` here, but %s", name, known);
	return complain(command, command->verbs, "there is no `%s` here", name);
}

static int complain_of_operands(const struct cli_command *command, const struct cli_verb *verb, char **operands,
				size_t count)
{
	size_t wanted = count_words(verb->operands), missing = count;
	const char *name = verb->operands;

	if (count > wanted)
		return complain(command, verb, "`%s` is too much", operands[wanted]);
	for (; missing > 0; missing--)
		name = strchr(name, ' ') + 1;
	return complain(command, verb, "%.*s is missing", (int)strcspn(name, " "), name);
}

static enum cli_option option_of(int code)
{
	enum cli_option option = 0;

	while (option < CLI_OPTIONS && code != (int)option + 256 &&
	       (!rows[option].letter || code != rows[option].letter))
		option++;
	return option;
}

static int check_options(const struct cli_command *command, const struct cli_arguments *arguments)
{
	for (size_t i = 0; i < arguments->given_count; i++) {
		const struct cli_given *given = &arguments->given[i];
		const struct row *row = &rows[given->option];

		if (!(arguments->verb->takes & CLI_TAKES(given->option)))
			return complain(command, arguments->verb, "--%s has no meaning here", row->name);
		if (row->is_sound && !row->is_sound(given->value))
			return complain(command, arguments->verb, "--%s: \"%s\" is not %s", row->name, given->value,
					row->wanted);
	}
	return CLI_SUCCESS;
}

static int check_needs(const struct cli_command *command, const struct cli_arguments *arguments)
{
	for (enum cli_option option = 0; option < CLI_OPTIONS; option++) {
		if (arguments->verb->needs & CLI_TAKES(option) && !cli_is_given(arguments, option))
			return complain(command, arguments->verb, "--%s is missing", rows[option].name);
	}
	return CLI_SUCCESS;
}

static int run(const struct cli_command *command, struct cli_arguments *arguments, char **operands, size_t count)
{
	const struct cli_verb *verb = find_verb(command, arguments, operands, count);
	int status;

	if (!verb)
		return complain_of_verb(command, count ? operands[0] : NULL);
	arguments->verb = verb;
	status = check_options(command, arguments);
	if (status != CLI_SUCCESS)
		return status;
	if (verb->name) {
		operands++;
		count--;
	}
	if (count != count_words(verb->operands))
		return complain_of_operands(command, verb, operands, count);
	status = check_needs(command, arguments);
	if (status != CLI_SUCCESS)
		return status;
	for (size_t i = 0; i < count; i++)
		arguments->operands[i] = operands[i];
	return verb->run(arguments);
}

/* Complains about what getopt_long() could not read. It has not yet separated operands from options at that point. */
static int complain_of_option(const struct cli_command *command, int code, char **argv)
{
	enum cli_option option = option_of(optopt);

	if (code == ':' && option < CLI_OPTIONS)
		return complain(command, NULL, "%s is missing behind --%s", rows[option].value, rows[option].name);
	if (option < CLI_OPTIONS)
		return complain(command, NULL, "--%s takes no value", rows[option].name);
	return complain(command, NULL, "there is no option `%s`", argv[optind - 1]);
}

static int read_and_run(const struct cli_command *command, struct cli_arguments *arguments, int argc, char **argv)
{
	struct option longs[CLI_OPTIONS + 2] = {{"help", no_argument, NULL, 'h'}};
	char shorts[(size_t)2 * CLI_OPTIONS + sizeof ":h"] = ":h";
	size_t len = strlen(shorts);
	bool wants_help = false;
	int code;

	for (enum cli_option option = 0; option < CLI_OPTIONS; option++) {
		const struct row *row = &rows[option];

		longs[option + 1] = (struct option){row->name, row->value ? required_argument : no_argument, NULL,
						    (int)option + 256};
		if (row->letter)
			len += (size_t)sprintf(shorts + len, "%c%s", row->letter, row->value ? ":" : "");
	}
	opterr = 0;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (code == 'h')
			wants_help = true;
		else if (code == '?' || code == ':')
			return complain_of_option(command, code, argv);
		else
			arguments->given[arguments->given_count++] = (struct cli_given){option_of(code), optarg};
	}
	if (!wants_help)
		return run(command, arguments, argv + optind, (size_t)(argc - optind));
	if (optind < argc && !find_verb(command, arguments, argv + optind, (size_t)(argc - optind)))
		return complain_of_verb(command, argv[optind]);
	return print_help(command, optind < argc ? argv[optind] : NULL);
}

static const struct cli_command *find_command(const struct cli_command *const *commands, const char *name)
{
	for (; *commands; commands++) {
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	}
	return NULL;
}

/* An upper bound for the number of options, as each takes at least one octet. */
static size_t count_octets(int argc, char **argv)
{
	size_t count = 1;

	for (int i = 0; i < argc; i++)
		count += strlen(argv[i]);
	return count;
}

int cli_main(const struct cli_command *const *commands, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	struct cli_arguments arguments = {0};
	const struct cli_command *command;
	int status;

	if (name && (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)) {
		print_commands(stdout, commands);
		return CLI_SUCCESS;
	}
	command = name ? find_command(commands, strcmp(name, "--version") == 0 ? "version" : name) : NULL;
	if (!command) {
		fprintf(stderr, name ? "ddnsgate: there is no command `%s`\n\n" : "ddnsgate: which command?\n\n", name);
		print_commands(stderr, commands);
		return CLI_USAGE;
	}
	arguments.given = calloc(count_octets(argc, argv), sizeof *arguments.given);
	if (!arguments.given) {
		fprintf(stderr, "ddnsgate: %s\n", status_text(STATUS_NO_MEMORY));
		return CLI_FAILURE;
	}
	status = read_and_run(command, &arguments, argc - 1, argv + 1);
	free(arguments.given);
	return status;
}

struct config *cli_load_config(const char *path)
{
	struct complaints complaints;
	struct config *config = complaints_load(path, &complaints);

	complaints_print(&complaints);
	return config;
}
