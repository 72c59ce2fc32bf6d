/*
 * `ddnsgate user`: users of the state store.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/state.h"
#include "cli/terminal.h"
#include "store/import.h"

/* ---- Login passwords ---- */

/* Reads a new login password and hashes it; `out` stays empty if none was typed and none is required. */
static bool read_password(bool needed, char out[static PASSWORD_HASH_MAX])
{
	char password[TERMINAL_SECRET_MAX];
	enum status status = STATUS_OK;
	size_t len;

	*out = '\0';
	if (!terminal_read_new_secret(needed ? "New login password" : "Login password (empty: none)", password))
		return false;
	len = strlen(password);
	if (len == 0 && !needed)
		return true;
	if (len < PASSWORD_MIN)
		fprintf(stderr, "ddnsgate: a password has at least %d characters\n", PASSWORD_MIN);
	else
		status = password_hash(text_of(password), out);
	secret_wipe(password, sizeof password);
	if (status != STATUS_OK)
		fprintf(stderr, "ddnsgate: the password cannot be hashed: %s\n", status_text(status));
	return *out != '\0';
}

/* ---- Verbs ---- */

static int add_user(const struct cli_arguments *arguments, struct database *database)
{
	char hash[PASSWORD_HASH_MAX], *hosts = cli_lines(arguments, CLI_HOST);
	const char *login = arguments->operands[0];
	struct database_user user = {
		.login = text_of(login),
		.hosts = text_of(hosts),
		.active = true,
		.may_update = true,
		.may_create = cli_is_given(arguments, CLI_MAY_CREATE),
		.may_set_txt = cli_is_given(arguments, CLI_MAY_SET_TXT),
	};
	enum status status = STATUS_NO_MEMORY;

	if (!read_password(false, hash)) {
		free(hosts);
		return CLI_FAILURE;
	}
	user.password_hash = text_of(hash);
	if (hosts)
		status = database_user_add(database, &user);
	free(hosts);
	secret_wipe(hash, sizeof hash);
	return status == STATUS_OK ? CLI_SUCCESS : state_failed(database, status, login);
}

static int set_password(const struct cli_arguments *arguments, struct database *database)
{
	char hash[PASSWORD_HASH_MAX];
	const char *login = arguments->operands[0];
	enum status status;

	if (!read_password(true, hash))
		return CLI_FAILURE;
	status = database_user_set_password(database, text_of(login), text_of(hash));
	secret_wipe(hash, sizeof hash);
	return status == STATUS_OK ? CLI_SUCCESS : state_failed(database, status, login);
}

static int set_hosts(const struct cli_arguments *arguments, struct database *database)
{
	const char *login = arguments->operands[0];
	char *hosts = cli_lines(arguments, CLI_HOST);
	enum status status = STATUS_NO_MEMORY;

	if (hosts)
		status = database_user_set_hosts(database, text_of(login), text_of(hosts));
	free(hosts);
	return status == STATUS_OK ? CLI_SUCCESS : state_failed(database, status, login);
}

static int set_active(const struct cli_arguments *arguments, struct database *database)
{
	const char *login = arguments->operands[0];
	bool active = strcmp(arguments->verb->name, "enable") == 0;
	enum status status = database_user_set_active(database, text_of(login), active);

	return status == STATUS_OK ? CLI_SUCCESS : state_failed(database, status, login);
}

static void print_user(void *ctx, const struct database_user *user)
{
	(void)ctx;
	terminal_print(user->login.octets, user->login.len);
	printf("\t%s%s%s%s\tkeys %zu\tlogin password %s\tcreated ", user->active ? "active" : "disabled",
	       user->may_update ? "" : ", may not update", user->may_create ? ", may create" : "",
	       user->may_set_txt ? ", may set TXT" : "", user->key_count, user->password_hash.len ? "yes" : "no");
	state_print_date(user->created_s, "-");
	printf("\thosts ");
	state_print_lines(user->hosts, "none");
	putchar('\n');
}

static int list_users(const struct cli_arguments *arguments, struct database *database)
{
	enum status status = database_users(database, print_user, NULL);

	return status == STATUS_OK ? CLI_SUCCESS : state_failed(database, status, arguments->verb->name);
}

/* ---- Importing ---- */

struct file {
	const char *path;
	int descriptor;
	uint64_t done; /* octets */
	struct terminal_bar bar;
};

static long read_file(void *ctx, char *to, size_t size)
{
	struct file *file = ctx;
	ssize_t got;

	do
		got = read(file->descriptor, to, size);
	while (got < 0 && errno == EINTR);
	file->done += got > 0 ? (uint64_t)got : 0;
	return got;
}

static void complain(void *ctx, unsigned long line, const char *text)
{
	const struct file *file = ctx;

	fprintf(stderr, "%s%s:", file->bar.drawn_ms ? "\r\033[K" : "", file->path);
	if (line)
		fprintf(stderr, "%lu:", line);
	putc(' ', stderr);
	for (; *text; text++)
		putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, stderr);
	putc('\n', stderr);
}

static void progress(void *ctx, uint64_t users)
{
	struct file *file = ctx;

	terminal_bar_draw(&file->bar, file->done, users);
}

static int import_file(struct file *file, struct database *database)
{
	const struct import_hooks hooks = {read_file, complain, progress, file};
	uint64_t users = 0, took_ms;
	enum status status;

	status = import_users(database, &hooks, &users);
	took_ms = terminal_bar_end(&file->bar);
	if (status == STATUS_OK) {
		printf("%" PRIu64 " users in %" PRIu64 ".%" PRIu64 " s\n", users, took_ms / 1000, took_ms % 1000 / 100);
		return CLI_SUCCESS;
	}
	if (status != STATUS_INVALID)
		(void)state_failed(database, status, file->path);
	fprintf(stderr, "ddnsgate: nothing was imported\n");
	return CLI_FAILURE;
}

static int import_users_of(const struct cli_arguments *arguments, struct database *database)
{
	struct file file = {.path = arguments->operands[0]};
	struct stat info;
	int exit_status;

	file.descriptor = open(file.path, O_RDONLY | O_CLOEXEC);
	if (file.descriptor < 0 || fstat(file.descriptor, &info) != 0) {
		fprintf(stderr, "ddnsgate: cannot read %s: %s\n", file.path, strerror(errno));
		return CLI_FAILURE;
	}
	database_be_generous(database);
	terminal_bar_begin(&file.bar, (uint64_t)info.st_size);
	exit_status = import_file(&file, database);
	close(file.descriptor);
	return exit_status;
}

/* ---- The command ---- */

static int add(const struct cli_arguments *arguments)
{
	return state_use(arguments, arguments->operands[0], add_user);
}

static int passwd(const struct cli_arguments *arguments)
{
	return state_use(arguments, arguments->operands[0], set_password);
}

static int hosts(const struct cli_arguments *arguments)
{
	return state_use(arguments, arguments->operands[0], set_hosts);
}

static int list(const struct cli_arguments *arguments)
{
	return state_use(arguments, NULL, list_users);
}

static int enable(const struct cli_arguments *arguments)
{
	return state_use(arguments, arguments->operands[0], set_active);
}

static int import(const struct cli_arguments *arguments)
{
	return state_use(arguments, NULL, import_users_of);
}

static const struct cli_verb verbs[] = {
	{"add", "LOGIN",
	 CLI_TAKES(CLI_CONFIG) | CLI_TAKES(CLI_HOST) | CLI_TAKES(CLI_MAY_CREATE) | CLI_TAKES(CLI_MAY_SET_TXT),
	 CLI_TAKES(CLI_CONFIG),
	 "adds a user who may update these hosts; a login password is read from\n"
	 "the terminal, or a line of standard input",
	 add},
	{"passwd", "LOGIN", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG),
	 "sets the login password, read in the same way", passwd},
	{"hosts", "LOGIN", CLI_TAKES(CLI_CONFIG) | CLI_TAKES(CLI_HOST), CLI_TAKES(CLI_CONFIG),
	 "sets what the user may update to these hosts", hosts},
	{"enable", "LOGIN", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG), "lets a user in again", enable},
	{"disable", "LOGIN", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG), "answers the user's updates with IA_ACCT",
	 enable},
	{"list", "", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG), "prints the users, one a line", list},
	{"import", "FILE.csv", CLI_TAKES(CLI_CONFIG), CLI_TAKES(CLI_CONFIG),
	 "adds users from a file, all of them or none; its first line names the\n"
	 "columns: login, key, hosts (with spaces in between), password (a crypt(3)\n"
	 "hash), active, may_update, may_create, may_set_txt",
	 import},
	{NULL, "", 0, 0, "", NULL},
};

const struct cli_command cli_user = {
	.name = "user",
	.summary = "adds, lists, imports and disables users of the state store",
	.help = "The configuration names the state store. Keys are made by `ddnsgate key generate`.",
	.verbs = verbs,
};
