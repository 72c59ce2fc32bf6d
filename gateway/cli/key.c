/*
 * `ddnsgate key`: makes, lists and revokes API keys of users in the state store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "account/key.h"
#include "base/secret.h"
#include "cli/state.h"
#include "cli/terminal.h"

/* ---- Making ---- */

static void draw(void *ctx, void *octets, size_t len)
{
	(void)ctx;
	for (size_t got = 0; got < len;) {
		ssize_t more = getrandom((char *)octets + got, len - got, 0);

		got += more > 0 ? (size_t)more : 0;
	}
}

/* A key and its digest. */
static bool make_key(char key[static KEY_TEXT_LEN + 1], uint8_t digest[static KEY_DIGEST_LEN])
{
	const struct env env = {.random = draw};

	key_generate(&env, key);
	if (key_digest(text_of(key), digest) == STATUS_OK)
		return true;
	fprintf(stderr, "ddnsgate: %s\n", status_text(STATUS_CRYPTO));
	return false;
}

/* Shows the key. This is the only time: what is kept is its hash. */
static int show(char key[static KEY_TEXT_LEN + 1])
{
	bool shown = printf("%s\n", key) > 0 && fflush(stdout) == 0;

	secret_wipe(key, KEY_TEXT_LEN + 1);
	if (!shown)
		fprintf(stderr, "ddnsgate: the key could not be printed; revoke it\n");
	return shown ? CLI_SUCCESS : CLI_FAILURE;
}

static int store_key(const struct cli_arguments *arguments, struct database *database)
{
	const char *login = arguments->operands[0], *name = cli_value(arguments, CLI_NAME);
	char *hosts = cli_lines(arguments, CLI_HOST), *sources = cli_lines(arguments, CLI_FROM);
	uint8_t digest[KEY_DIGEST_LEN];
	char key[KEY_TEXT_LEN + 1];
	struct database_key row = {.digest = digest, .hosts = text_of(hosts), .sources = text_of(sources)};
	enum status status = STATUS_NO_MEMORY;

	name = name ? name : "default";
	row.name = text_of(name);
	if (cli_is_given(arguments, CLI_EXPIRES) &&
	    account_expiry_parse(text_of(cli_value(arguments, CLI_EXPIRES)), &row.expires_s) != STATUS_OK)
		status = STATUS_INVALID;
	else if (hosts && sources && make_key(key, digest))
		status = database_key_add(database, text_of(login), &row);
	free(hosts);
	free(sources);
	if (status == STATUS_OK) {
		fprintf(stderr, "The key \"%s\" of %s. It is shown this once; only a hash of it is kept.\n", name,
			login);
		return show(key);
	}
	secret_wipe(key, sizeof key);
	return state_failed(database, status, status == STATUS_NOT_FOUND ? login : name);
}

/* For the configuration: prints a new key, and the hash that goes into the file. */
static int print_new_key(const struct cli_arguments *arguments)
{
	char key[KEY_TEXT_LEN + 1], hash[KEY_HASH_TEXT_MAX];
	uint8_t digest[KEY_DIGEST_LEN];

	(void)arguments;
	if (!make_key(key, digest))
		return CLI_FAILURE;
	fprintf(stderr, "For the configuration: key = \"%s\";\n", key_format(digest, hash));
	return show(key);
}

static int generate(const struct cli_arguments *arguments)
{
	return state_use(arguments, arguments->operands[0], store_key);
}

static int hash(const struct cli_arguments *arguments)
{
	char secret[TERMINAL_SECRET_MAX], text[KEY_HASH_TEXT_MAX];
	uint8_t digest[KEY_DIGEST_LEN];
	enum status status;

	(void)arguments;
	if (!terminal_read_secret("Key", secret))
		return CLI_FAILURE;
	status = *secret ? key_digest(text_of(secret), digest) : STATUS_INVALID;
	secret_wipe(secret, sizeof secret);
	if (status != STATUS_OK) {
		fprintf(stderr, "ddnsgate: %s\n", status == STATUS_INVALID ? "the key is empty" : status_text(status));
		return CLI_FAILURE;
	}
	printf("%s\n", key_format(digest, text));
	return CLI_SUCCESS;
}

/* ---- Listing and revoking ---- */

static void print_key(void *ctx, const struct database_key *key)
{
	char date[ACCOUNT_DATE_MAX];

	(void)ctx;
	terminal_print(key->name.octets, key->name.len);
	printf("\tcreated ");
	state_print_date(key->created_s, "-");
	printf("\tused ");
	state_print_date(key->used_s, "never");
	printf("\texpires %s", key->expires_s ? account_expiry_format(key->expires_s, date) : "never");
	printf("\thosts ");
	state_print_lines(key->hosts, "all");
	printf("\tfrom ");
	state_print_lines(key->sources, "anywhere");
	putchar('\n');
}

static int list_keys(const struct cli_arguments *arguments, struct database *database)
{
	const char *login = arguments->operands[0];
	enum status status = database_keys(database, text_of(login), print_key, NULL);

	return status == STATUS_OK ? CLI_SUCCESS : state_failed(database, status, login);
}

static int list(const struct cli_arguments *arguments)
{
	return state_use(arguments, arguments->operands[0], list_keys);
}

static int revoke_key(const struct cli_arguments *arguments, struct database *database)
{
	const char *login = arguments->operands[0], *name = arguments->operands[1];
	enum status status = database_key_revoke(database, text_of(login), text_of(name));

	return status == STATUS_OK ? CLI_SUCCESS : state_failed(database, status, name);
}

static int revoke(const struct cli_arguments *arguments)
{
	return state_use(arguments, arguments->operands[0], revoke_key);
}

static const struct cli_verb verbs[] = {
	{"generate", "LOGIN",
	 CLI_TAKES(CLI_CONFIG) | CLI_TAKES(CLI_NAME) | CLI_TAKES(CLI_HOST) | CLI_TAKES(CLI_FROM) |
		 CLI_TAKES(CLI_EXPIRES),
	 CLI_TAKES(CLI_CONFIG),
	 "makes a key for a user of the state store, perhaps limited to some of the\n"
	 "user's hosts, or to where it may be used, and prints it, this once",
	 generate},
	{"generate", "", 0, 0, "makes a key for the configuration, and prints it and its hash", print_new_key},
	{"list", "LOGIN", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG),
	 "prints the user's keys, one a line: name, dates, limits", list},
	{"revoke", "LOGIN NAME", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG),
	 "forgets a key: from then on it opens nothing", revoke},
	{"hash", "", 0, 0, "reads a key, from the terminal or a line of standard input, and prints its\nhash", hash},
	{NULL, "", 0, 0, "", NULL},
};

const struct cli_command cli_key = {
	.name = "key",
	.summary = "makes, lists and revokes API keys",
	.help = "The configuration names the state store.",
	.verbs = verbs,
};
