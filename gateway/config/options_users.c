/*
 * Options of a user, and of its keys.
 */
#include "config/options.h"

#include <stdlib.h>
#include <string.h>

static void read_key(struct reader *reader, const config_setting_t *at, const char *text, struct key *key)
{
	bool was_plain;

	switch (key_parse(text_of(text), key, &was_plain)) {
	case STATUS_OK:
		break;
	case STATUS_NO_MEMORY:
		reader->no_memory = true;
		break;
	default:
		reader_error(
			reader, at,
			"`key` is empty or a malformed hash: `sha256:` is followed by 64 hexadecimal digits, and what "
			"begins with `$` must be a hash that crypt(3) knows; leave `key` out for a user without one");
		break;
	}
	if (was_plain)
		reader_note_plain_key(reader, at);
}

/* The option `key` of a user: one key without a name and without limits. */
static void take_key(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;
	struct account_key *key = reader_append(reader, &account->keys, &account->key_count, sizeof *key);

	if (key)
		read_key(reader, at, text, &key->key);
}

static void take_login(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;

	if (!*text)
		reader_error(reader, at, "`login` is empty");
	account->login = strdup(text);
	if (!account->login)
		reader->no_memory = true;
}

/* Of the user that a setting is somewhere in. */
static const char *login_at(const config_setting_t *at)
{
	const char *login = NULL;

	for (; at && !config_setting_lookup_string(at, "login", &login); at = config_setting_parent(at))
		;
	return login ? login : "?";
}

static void add_pattern(struct reader *reader, const config_setting_t *at, const char *text, bool may_create,
			struct host_pattern **patterns, size_t *count)
{
	struct host_pattern pattern, *added;

	if (host_pattern_parse(text_of(text), &pattern) != STATUS_OK) {
		reader_error(reader, at,
			     "\"%s\" is none of: a host name, \"*.\" and a domain name, \"zone:\" and a zone's name, "
			     "\"owner:*.\" and a host name",
			     text);
		return;
	}
	if (!reader->no_memory && !directory_has_zone_of(&reader->directory, &pattern))
		reader_error(reader, at, "user \"%s\": \"%s\" lies in none of the zones", login_at(at), text);
	added = reader_append(reader, patterns, count, sizeof pattern);
	if (!added)
		return;
	*added = pattern;
	added->may_create = may_create;
}

static void take_host(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;

	add_pattern(reader, at, text, false, &account->patterns, &account->pattern_count);
}

static void take_create_host(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account *account = into;

	add_pattern(reader, at, text, true, &account->patterns, &account->pattern_count);
}

/* All patterns are there: from now on they are a list. */
static void make_list(struct reader *reader, struct account_hosts *hosts, struct host_pattern **patterns, size_t *count)
{
	if (*count && host_list_new(*patterns, *count, &hosts->list) != STATUS_OK)
		reader->no_memory = true;
	free(*patterns);
	*patterns = NULL;
	*count = 0;
}

static void finish_user(struct reader *reader, const config_setting_t *at, void *into)
{
	struct account *account = into;

	(void)at;
	for (size_t i = 0; i < account->pattern_count && account->may_create; i++)
		account->patterns[i].may_create = true;
	make_list(reader, &account->hosts, &account->patterns, &account->pattern_count);
}

static void finish_key(struct reader *reader, const config_setting_t *at, void *into)
{
	struct account_key *key = into;

	(void)at;
	make_list(reader, &key->hosts, &key->patterns, &key->pattern_count);
}

static void refer_to_user(struct reader *reader, const config_setting_t *at, void *into)
{
	const struct account *account = into;

	if (account->login && !reader_add_name(reader, &reader->directory.logins, text_of(account->login), account))
		reader_error(reader, at, "login \"%s\" is there twice", account->login);
}

static void take_keys_key(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	read_key(reader, at, text, &((struct account_key *)into)->key);
}

static void take_keys_host(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account_key *key = into;

	add_pattern(reader, at, text, false, &key->patterns, &key->pattern_count);
}

static void take_keys_source(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account_key *key = into;
	struct network network, *added;

	if (network_parse(text_of(text), &network) != STATUS_OK) {
		reader_error(
			reader, at,
			"\"%s\" is not a network such as 192.0.2.0/24 or 2001:db8::/32 (all bits behind the prefix "
			"zero), nor an address",
			text);
		return;
	}
	added = reader_append(reader, &key->sources, &key->source_count, sizeof network);
	if (added)
		*added = network;
}

static void take_keys_expiry(struct reader *reader, const config_setting_t *at, const char *text, void *into)
{
	struct account_key *key = into;

	if (account_expiry_parse(text_of(text), &key->expires_s) != STATUS_OK)
		reader_error(reader, at, "\"%s\" is not a date such as 2027-01-31", text);
}

static const struct option key_options[] = {
	{.name = "name",
	 .type = OPTION_TEXT,
	 FIELD(account_key, name),
	 .required = true,
	 .help = "what the key is called"},
	{.name = "key",
	 .type = OPTION_TEXT,
	 .required = true,
	 .secret = true,
	 .take = take_keys_key,
	 .help = "the key, in the forms of a user's `key`"},
	{.name = "hosts",
	 .type = OPTION_TEXTS,
	 .take = take_keys_host,
	 .help = "hosts that the key is limited to, among those of its user; left out: all of them"},
	{.name = "from",
	 .type = OPTION_TEXTS,
	 .take = take_keys_source,
	 .help = "networks that the key may be used from, such as \"192.0.2.0/24\"; left out: any"},
	{.name = "expires",
	 .type = OPTION_TEXT,
	 .take = take_keys_expiry,
	 .help = "the last day (UTC) on which the key works, such as \"2027-01-31\"; left out: no such day"},
	{.name = NULL},
};

const struct option_group options_keys = {
	.name = "keys",
	.options = key_options,
	.size = sizeof(struct account_key),
	.finish = finish_key,
};

/* account_fini() knows best what an account holds; it leaves nothing for the tables to free. */
static void release_user(void *into)
{
	account_fini(into);
}

static const struct option user_options[] = {
	{.name = "login",
	 .type = OPTION_TEXT,
	 .required = true,
	 .take = take_login,
	 .help = "the login ID; capitals matter"},
	{.name = "key",
	 .type = OPTION_TEXT,
	 .secret = true,
	 .take = take_key,
	 .help = "the API key: \"sha256:\" and the SHA-256 of the key in hexadecimal, or a crypt(3) hash, or the key itself"},
	{.name = "keys",
	 .type = OPTION_GROUPS,
	 .offset = offsetof(struct account, keys),
	 .count_offset = offsetof(struct account, key_count),
	 .group = &options_keys,
	 .help = "more API keys, with names and limits; neither `key` nor `keys`: a user without a key"},
	{.name = "hosts",
	 .type = OPTION_TEXTS,
	 .take = take_host,
	 .help = "what the user may update: \"www.dyn.example.com\", \"*.home.dyn.example.com\" (all below), \"zone:dyn.example.com\" (all of the "
		 "zone), \"owner:*.home.dyn.example.com\" (the wildcard itself)"},
	{.name = "active",
	 .type = OPTION_BOOL,
	 FIELD(account, active),
	 .fallback = true,
	 .help = "false: answered with IA_ACCT"},
	{.name = "may_update",
	 .type = OPTION_BOOL,
	 FIELD(account, may_update),
	 .fallback = true,
	 .help = "false: answered with NP_USR"},
	{.name = "may_set_txt",
	 .type = OPTION_BOOL,
	 FIELD(account, may_set_txt),
	 .fallback = false,
	 .help = "true: the user may set TXT records of the hosts and of `_acme-challenge` below them, and so get certificates for them"},
	{.name = "create_hosts",
	 .type = OPTION_TEXTS,
	 .take = take_create_host,
	 .help = "hosts, in the same forms, whose records the user may also make and remove; elsewhere they must exist"},
	{.name = "may_create",
	 .type = OPTION_BOOL,
	 FIELD(account, may_create),
	 .fallback = false,
	 .help = "true: that goes for all of the user's hosts"},
	{.name = NULL},
};

const struct option_group options_users = {
	.name = "users",
	.options = user_options,
	.size = sizeof(struct account),
	.finish = finish_user,
	.refer = refer_to_user,
	.release = release_user,
};
