/*
 * The command line is read by the tables of the commands: what a verb takes and needs, how options may be written, what
 * is refused, and the help, from which completions come.
 */
#include "support.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

/* ---- A command of our own ---- */

enum { GIVEN_MAX = 8 };

/* What a verb was run with. */
static struct {
	unsigned runs;
	const char *verb;
	const char *operands[CLI_OPERANDS_MAX];
	struct cli_given given[GIVEN_MAX];
	size_t given_count;
	char *hosts; /* all values of --host */
} ran;

static int note_run(const struct cli_arguments *arguments)
{
	ran.runs++;
	ran.verb = arguments->verb->help;
	memcpy(ran.operands, arguments->operands, sizeof ran.operands);
	ran.given_count = arguments->given_count;
	assert_true(arguments->given_count <= GIVEN_MAX);
	if (arguments->given_count)
		memcpy(ran.given, arguments->given, arguments->given_count * sizeof *ran.given);
	free(ran.hosts);
	ran.hosts = cli_lines(arguments, CLI_HOST);
	assert_non_null(ran.hosts);
	return CLI_SUCCESS;
}

static int fail_to_run(const struct cli_arguments *arguments)
{
	(void)arguments;
	return CLI_FAILURE;
}

static const struct cli_verb plant_verbs[] = {
	{"grow", "TREE", CLI_TAKES(CLI_CONFIG) | CLI_TAKES(CLI_HOST) | CLI_TAKES(CLI_MAY_CREATE), CLI_TAKES(CLI_CONFIG),
	 "makes it larger", note_run},
	{"fell", "", 0, 0, "fells all", note_run},
	{"fell", "TREE AXE", CLI_TAKES(CLI_CONFIG), 0, "fells one", note_run},
	{"burn", "", 0, 0, "cannot be done", fail_to_run},
	{NULL, "", 0, 0, "", NULL},
};
static const struct cli_verb look_verbs[] = {
	{NULL, "", CLI_TAKES(CLI_LIVE) | CLI_TAKES(CLI_ZONE) | CLI_TAKES(CLI_FOR), 0, "looks", note_run},
	{NULL, "", 0, 0, "", NULL},
};
static const struct cli_command plant = {"plant", "of trees", "Trees grow slowly.", plant_verbs};
static const struct cli_command look = {"look", "around", "", look_verbs};
static const struct cli_command *const garden[] = {&plant, &look, NULL};

/* ---- Running it ---- */

static struct {
	int status;
	char out[16 * 1024];
	char error[4 * 1024];
} done;

static int redirect(int fd, FILE *to)
{
	int kept = dup(fd);

	assert_true(kept >= 0);
	assert_int_equal(dup2(fileno(to), fd), fd);
	return kept;
}

static void restore(int fd, int kept, FILE *from, char *text, size_t size)
{
	size_t len;

	assert_int_equal(dup2(kept, fd), fd);
	close(kept);
	rewind(from);
	len = fread(text, 1, size - 1, from);
	text[len] = '\0';
	fclose(from);
}

/* Runs `ddnsgate WORDS...`; the words end with NULL. */
static void run_of(const struct cli_command *const *commands, const char *const *words)
{
	char *argv[16] = {(char *)(uintptr_t) "ddnsgate"};
	FILE *out = tmpfile(), *error = tmpfile();
	int argc = 1, kept_out, kept_error;

	assert_non_null(out);
	assert_non_null(error);
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	ran.runs = 0;
	optind = 0; /* getopt(3) of glibc begins anew */
	fflush(stdout);
	kept_out = redirect(STDOUT_FILENO, out);
	kept_error = redirect(STDERR_FILENO, error);
	done.status = cli_main(commands, argc, argv);
	fflush(stdout);
	restore(STDOUT_FILENO, kept_out, out, done.out, sizeof done.out);
	restore(STDERR_FILENO, kept_error, error, done.error, sizeof done.error);
}

#define RUN(...) run_of(garden, (const char *const[]){__VA_ARGS__, NULL})

static void assert_ran(const char *verb)
{
	assert_string_equal(done.error, "");
	assert_int_equal(done.status, CLI_SUCCESS);
	assert_int_equal(ran.runs, 1);
	assert_string_equal(ran.verb, verb);
}

/* Nothing was done, and one line says why. */
static void assert_refused(const char *why)
{
	assert_int_equal(ran.runs, 0);
	assert_string_equal(done.out, "");
	assert_row(done.error, strstr(done.error, why) == done.error);
	assert_ptr_equal(strchr(done.error, '\n'), done.error + strlen(done.error) - 1);
	assert_non_null(strstr(done.error, ". Usage: ddnsgate "));
	assert_int_equal(done.status, CLI_USAGE);
}

static int forget(void **state)
{
	(void)state;
	free(ran.hosts);
	ran.hosts = NULL;
	return 0;
}

/* ---- What is taken ---- */

static void operands_and_options_come_in_whatever_order(void **state)
{
	(void)state;
	RUN("plant", "--config", "a.cfg", "grow", "oak");
	assert_ran("makes it larger");
	assert_string_equal(ran.operands[0], "oak");
	assert_int_equal(ran.given_count, 1);
	assert_int_equal(ran.given[0].option, CLI_CONFIG);
	assert_string_equal(ran.given[0].value, "a.cfg");
	RUN("plant", "grow", "oak", "-c", "a.cfg");
	assert_ran("makes it larger");
	RUN("plant", "grow", "-ca.cfg", "oak");
	assert_ran("makes it larger");
	assert_string_equal(ran.given[0].value, "a.cfg");
}

static void an_option_may_be_abbreviated_as_long_as_it_is_one(void **state)
{
	(void)state;
	RUN("plant", "grow", "oak", "--conf=a.cfg", "--ho", "www.example.com");
	assert_ran("makes it larger");
	assert_int_equal(ran.given[0].option, CLI_CONFIG);
	assert_int_equal(ran.given[1].option, CLI_HOST);
	RUN("plant", "grow", "oak", "-c", "a.cfg", "--may");
	assert_refused("ddnsgate plant: there is no option `--may`");
}

static void behind_two_dashes_everything_is_an_operand(void **state)
{
	(void)state;
	RUN("plant", "-c", "a.cfg", "--", "grow", "--host");
	assert_ran("makes it larger");
	assert_string_equal(ran.operands[0], "--host");
	RUN("plant", "grow", "--", "oak", "-c", "a.cfg");
	assert_refused("ddnsgate plant grow: `-c` is too much");
}

static void what_repeats_counts_each_time_and_else_the_last_counts(void **state)
{
	struct cli_given given[] = {{CLI_CONFIG, "a.cfg"}, {CLI_MAY_CREATE, NULL}, {CLI_CONFIG, "b.cfg"}};
	struct cli_arguments arguments = {.given = given, .given_count = LENGTH(given)};

	(void)state;
	assert_string_equal(cli_value(&arguments, CLI_CONFIG), "b.cfg");
	assert_null(cli_value(&arguments, CLI_HOST));
	assert_true(cli_is_given(&arguments, CLI_MAY_CREATE));
	assert_false(cli_is_given(&arguments, CLI_LIVE));
	RUN("plant", "grow", "oak", "-c", "a.cfg", "--host", "a.example.com", "--host", "zone:example.com");
	assert_ran("makes it larger");
	assert_string_equal(ran.hosts, "a.example.com\nzone:example.com\n");
	RUN("plant", "grow", "oak", "-c", "a.cfg");
	assert_string_equal(ran.hosts, "");
}

static void verbs_of_one_name_are_told_apart_by_their_operands(void **state)
{
	(void)state;
	RUN("plant", "fell");
	assert_ran("fells all");
	RUN("plant", "fell", "oak", "axe");
	assert_ran("fells one");
	assert_string_equal(ran.operands[1], "axe");
	RUN("plant", "fell", "-c", "a.cfg");
	assert_refused("ddnsgate plant fell: TREE is missing");
	RUN("plant", "fell", "-c", "a.cfg", "oak");
	assert_refused("ddnsgate plant fell: AXE is missing");
}

static void a_command_without_a_verb_takes_no_operand(void **state)
{
	(void)state;
	RUN("look", "-l", "-z", "example.com");
	assert_ran("looks");
	assert_int_equal(ran.given_count, 2);
	RUN("look", "up");
	assert_refused("ddnsgate look: there is no `up` here");
}

static void what_a_verb_comes_to_is_the_exit_status(void **state)
{
	(void)state;
	RUN("plant", "burn");
	assert_int_equal(done.status, CLI_FAILURE);
}

/* ---- What is refused ---- */

static void an_option_that_the_verb_does_not_take_is_refused(void **state)
{
	(void)state;
	RUN("plant", "grow", "oak", "-c", "a.cfg", "--live");
	assert_refused("ddnsgate plant grow: --live has no meaning here");
	RUN("plant", "fell", "--may-create");
	assert_refused("ddnsgate plant fell: --may-create has no meaning here");
	RUN("look", "--host", "www.example.com");
	assert_refused("ddnsgate look: --host has no meaning here");
}

static void an_option_that_nobody_takes_is_refused(void **state)
{
	(void)state;
	RUN("plant", "grow", "oak", "--nonsense");
	assert_refused("ddnsgate plant: there is no option `--nonsense`");
	RUN("plant", "grow", "oak", "-x");
	assert_refused("ddnsgate plant: there is no option `-x`");
}

static void values_are_there_where_they_are_wanted_and_only_there(void **state)
{
	(void)state;
	RUN("plant", "grow", "oak", "--config");
	assert_refused("ddnsgate plant: FILE is missing behind --config");
	RUN("plant", "grow", "oak", "-c");
	assert_refused("ddnsgate plant: FILE is missing behind --config");
	RUN("plant", "grow", "oak", "-c", "a.cfg", "--may-create=yes");
	assert_refused("ddnsgate plant: --may-create takes no value");
	RUN("plant", "grow", "oak", "-c", "a.cfg", "--host", "no pattern");
	assert_refused("ddnsgate plant grow: --host: \"no pattern\" is not a pattern of hosts");
	RUN("plant", "grow", "oak", "-c", "a.cfg", "--host=");
	assert_refused("ddnsgate plant grow: --host: \"\" is not a pattern of hosts");
	RUN("look", "--for", "unbound");
	assert_refused("ddnsgate look: --for: \"unbound\" is not bind or knot");
}

static void what_a_verb_needs_is_missed(void **state)
{
	(void)state;
	RUN("plant", "grow", "oak");
	assert_refused("ddnsgate plant grow: --config is missing");
	RUN("plant", "grow", "-c", "a.cfg");
	assert_refused("ddnsgate plant grow: TREE is missing");
	RUN("plant", "grow", "oak", "elm", "-c", "a.cfg");
	assert_refused("ddnsgate plant grow: `elm` is too much");
	RUN("plant");
	assert_refused("ddnsgate plant: what is to be done is missing: one of grow, fell, burn");
	RUN("plant", "water");
	assert_refused("ddnsgate plant: there is no `water` here, but grow, fell, burn");
}

static void a_command_that_is_none_is_answered_with_those_that_are(void **state)
{
	(void)state;
	RUN("dig");
	assert_int_equal(done.status, CLI_USAGE);
	assert_non_null(strstr(done.error, "there is no command `dig`"));
	assert_non_null(strstr(done.error, "\n  plant     of trees\n  look      around\n"));
	run_of(garden, (const char *const[]){NULL});
	assert_int_equal(done.status, CLI_USAGE);
	assert_non_null(strstr(done.error, "which command?"));
}

/* ---- Help ---- */

static void help_is_made_from_the_table(void **state)
{
	(void)state;
	RUN("plant", "--help");
	assert_int_equal(done.status, CLI_SUCCESS);
	assert_string_equal(done.error, "");
	assert_ptr_equal(strstr(done.out, "Usage: ddnsgate plant grow TREE -c FILE [--host PATTERN]... [--may-create]\n"
					  "       ddnsgate plant fell\n"
					  "       ddnsgate plant fell TREE AXE [--config FILE]\n"
					  "       ddnsgate plant burn\n\n"),
			 done.out);
	assert_non_null(strstr(done.out, "\ngrow TREE                     makes it larger\n"));
	assert_non_null(strstr(done.out, "\n  -c, --config FILE           the configuration\n"));
	assert_non_null(strstr(done.out, "\n  --may-create                "));
	assert_null(strstr(done.out, "--live"));
	assert_non_null(strstr(done.out, "\nTrees grow slowly.\n"));
	RUN("plant", "-h", "grow");
	assert_null(strstr(done.out, "fell"));
	assert_null(strstr(done.out, "Trees grow slowly."));
	RUN("plant", "fell", "-h");
	assert_non_null(strstr(done.out, "[--config FILE]"));
	assert_null(strstr(done.out, "--may-create"));
	RUN("plant", "water", "--help");
	assert_refused("ddnsgate plant: there is no `water` here");
	assert_int_equal(ran.runs, 0);
	RUN("help");
	assert_int_equal(done.status, CLI_SUCCESS);
	assert_non_null(strstr(done.out, "Usage: ddnsgate COMMAND"));
}

/* ---- The commands that there are ---- */

static size_t count_operands(const char *operands)
{
	size_t count = *operands != '\0';

	for (; *operands; operands++)
		count += *operands == ' ';
	return count;
}

/* As completions find them: "  -c, --config FILE   text", "  --live   text". */
static size_t count_offered(void)
{
	size_t count = 0;

	for (const char *line = done.out; (line = strstr(line, "\n  -")); line++)
		count++;
	return count;
}

static size_t count_bits(unsigned bits)
{
	size_t count = 0;

	for (; bits; bits &= bits - 1)
		count++;
	return count;
}

static void each_verb_needs_what_it_takes_and_has_its_options_in_its_help(void **state)
{
	size_t verbs = 0;

	(void)state;
	for (const struct cli_command *const *command = cli_commands; *command; command++) {
		for (const struct cli_verb *verb = (*command)->verbs; verb->run; verb++, verbs++) {
			unsigned takes = 0;

			assert_row(verb->help, (verb->needs & ~verb->takes) == 0);
			assert_row(verb->help, verb->takes < CLI_TAKES(CLI_OPTIONS));
			assert_row(verb->help, count_operands(verb->operands) <= CLI_OPERANDS_MAX);
			assert_row(verb->help, *verb->help && verb->help[strlen(verb->help) - 1] != '\n');
			for (const struct cli_verb *other = (*command)->verbs; other->run; other++) {
				if (!verb->name || (other->name && strcmp(other->name, verb->name) == 0))
					takes |= other->takes;
			}
			run_of(cli_commands, (const char *const[]){(*command)->name, "--help", verb->name, NULL});
			assert_row(verb->help, done.status == CLI_SUCCESS);
			assert_row(verb->help, count_offered() == count_bits(takes));
			assert_row(verb->help, strstr(done.out, "Usage: ddnsgate ") == done.out);
		}
	}
	assert_true(verbs >= 15);
}

static void each_option_is_taken_by_somebody(void **state)
{
	unsigned taken = 0;

	(void)state;
	for (const struct cli_command *const *command = cli_commands; *command; command++) {
		for (const struct cli_verb *verb = (*command)->verbs; verb->run; verb++)
			taken |= verb->takes;
	}
	assert_int_equal(taken, CLI_TAKES(CLI_OPTIONS) - 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(operands_and_options_come_in_whatever_order),
		TEST(an_option_may_be_abbreviated_as_long_as_it_is_one),
		TEST(behind_two_dashes_everything_is_an_operand),
		TEST(what_repeats_counts_each_time_and_else_the_last_counts),
		TEST(verbs_of_one_name_are_told_apart_by_their_operands),
		TEST(a_command_without_a_verb_takes_no_operand),
		TEST(what_a_verb_comes_to_is_the_exit_status),
		TEST(an_option_that_the_verb_does_not_take_is_refused),
		TEST(an_option_that_nobody_takes_is_refused),
		TEST(values_are_there_where_they_are_wanted_and_only_there),
		TEST(what_a_verb_needs_is_missed),
		TEST(a_command_that_is_none_is_answered_with_those_that_are),
		TEST(help_is_made_from_the_table),
		TEST(each_verb_needs_what_it_takes_and_has_its_options_in_its_help),
		TEST(each_option_is_taken_by_somebody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
