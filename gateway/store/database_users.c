/*
 * Users and their keys.
 */
#include <stdlib.h>
#include <string.h>

#include "account/store.h"
#include "store/database_sql.h"

/* ---- Accounts, as account stores want them ---- */

/* The columns of SQL_ACCOUNT and SQL_ACCOUNT_BY_KEY. */
enum {
	LOGIN,
	ACTIVE,
	MAY_UPDATE,
	MAY_CREATE,
	MAY_SET_TXT,
	HOSTS,
	KEY_NUMBER,
	KEY_NAME,
	KEY_DIGEST,
	KEY_CRYPT,
	KEY_HOSTS,
	KEY_SOURCES,
	KEY_EXPIRES_AT,
	USER_ID,
	USER_LIST,
	KEY_LIST,
};

static size_t count_lines(struct text text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.octets[i] == '\n';
	return count;
}

/* *out becomes an array with room for a line each; NULL for none. */
static enum status make_array(struct text lines, size_t size, void *out)
{
	size_t count = count_lines(lines);
	void *array = count ? calloc(count, size) : NULL;

	memcpy(out, &array, sizeof array);
	return array || count == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_sources(struct text lines, struct network **sources, size_t *count)
{
	enum status status = make_array(lines, sizeof **sources, sources);
	struct text line;

	while (status == STATUS_OK && text_split(lines, '\n', &line, &lines)) {
		if (network_parse(line, &(*sources)[*count]) == STATUS_OK)
			++*count;
	}
	return status;
}

static enum status copy_column(struct text text, char **out)
{
	*out = text.octets ? text_duplicate(text) : NULL;
	return *out || !text.octets ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Without looking at them: whoever asks for the account may not be who has its key. */
static enum status read_hosts(sqlite3_stmt *row, int lines, int number, struct account_hosts *out)
{
	struct text text = sql_text(row, lines);

	out->number = sqlite3_column_int64(row, number);
	return text.len ? copy_column(text, &out->lines) : STATUS_OK;
}

static enum status read_user(sqlite3_stmt *row, struct account *out)
{
	enum status status = copy_column(sql_text(row, LOGIN), &out->login);

	out->active = sqlite3_column_int(row, ACTIVE) != 0;
	out->may_update = sqlite3_column_int(row, MAY_UPDATE) != 0;
	out->may_create = sqlite3_column_int(row, MAY_CREATE) != 0;
	out->may_set_txt = sqlite3_column_int(row, MAY_SET_TXT) != 0;
	if (status == STATUS_OK)
		status = read_hosts(row, HOSTS, USER_LIST, &out->hosts);
	return status;
}

/* A limit of which no line could be read must not turn into none. */
static bool limits_are_whole(sqlite3_stmt *row, const struct account_key *key)
{
	return key->source_count == count_lines(sql_text(row, KEY_SOURCES));
}

static enum status read_key_row(sqlite3_stmt *row, struct account *out)
{
	struct account_key *key = &out->keys[out->key_count++];
	enum status status = copy_column(sql_text(row, KEY_NAME), &key->name);

	key->id = sqlite3_column_int64(row, KEY_NUMBER);
	key->expires_s = (uint64_t)sqlite3_column_int64(row, KEY_EXPIRES_AT);
	if (status == STATUS_OK)
		status = copy_column(sql_text(row, KEY_CRYPT), &key->key.crypt);
	if (status == STATUS_OK && sqlite3_column_bytes(row, KEY_DIGEST) == KEY_DIGEST_LEN)
		memcpy(key->key.digest, sqlite3_column_blob(row, KEY_DIGEST), KEY_DIGEST_LEN);
	if (status == STATUS_OK)
		status = read_hosts(row, KEY_HOSTS, KEY_LIST, &key->hosts);
	if (status == STATUS_OK)
		status = read_sources(sql_text(row, KEY_SOURCES), &key->sources, &key->source_count);
	if (status == STATUS_OK && !limits_are_whole(row, key))
		key->expires_s = 1;
	return status;
}

/* Room for one more key; doubled when it is full. */
static enum status grow_keys(struct account *account)
{
	size_t count = account->key_count;
	struct account_key *grown;

	if (count & (count - 1))
		return STATUS_OK;
	grown = realloc(account->keys, (count ? 2 * count : 1) * sizeof *grown);
	if (!grown)
		return STATUS_NO_MEMORY;
	memset(grown + count, 0, (count ? count : 1) * sizeof *grown);
	account->keys = grown;
	return STATUS_OK;
}

/* One row for each key, and one without if there is none. Rows of two users are no account. */
static enum status read_account(struct database *database, sqlite3_stmt *statement, struct account *out)
{
	enum status status = sql_step(database, statement);
	int64_t user_id = 0;

	*out = (struct account){0};
	if (status == STATUS_OK) {
		user_id = sqlite3_column_int64(statement, USER_ID);
		status = read_user(statement, out);
	}
	while (status == STATUS_OK && sqlite3_column_type(statement, KEY_NUMBER) != SQLITE_NULL) {
		status = sqlite3_column_int64(statement, USER_ID) == user_id ? grow_keys(out) : STATUS_DUPLICATE;
		if (status == STATUS_OK)
			status = read_key_row(statement, out);
		if (status != STATUS_OK)
			break;
		status = sql_step(database, statement);
	}
	if (status == STATUS_NOT_FOUND && out->login)
		status = STATUS_OK;
	sql_done(statement);
	if (status != STATUS_OK)
		account_fini(out);
	return status;
}

enum status database_account(struct database *database, struct text login, struct account *out)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_ACCOUNT);

	sql_bind(statement, 1, login);
	return read_account(database, statement, out);
}

enum status database_account_by_key(struct database *database, const uint8_t digest[static KEY_DIGEST_LEN],
				    struct account *out)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_ACCOUNT_BY_KEY);

	sqlite3_bind_blob(statement, 1, digest, KEY_DIGEST_LEN, SQLITE_STATIC);
	return read_account(database, statement, out);
}

/* ---- Hosts ---- */

static enum status read_list(struct database *database, sqlite3_stmt *statement, struct host_list **out)
{
	enum status status = sql_step(database, statement);

	if (status == STATUS_OK)
		status = host_list_read(sql_text(statement, 0), out);
	sql_done(statement);
	return status;
}

enum status database_list(struct database *database, int64_t number, struct host_list **out)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_LIST);

	sqlite3_bind_int64(statement, 1, number);
	return read_list(database, statement, out);
}

enum status database_user_hosts(struct database *database, struct text login, struct host_list **out)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_USER_HOSTS);

	sql_bind(statement, 1, login);
	return read_list(database, statement, out);
}

/* ---- By lot ---- */

/* The identity from which on a user is sought: what a lot is among those up to the last one. */
static enum status place_of_lot(struct database *database, enum sql last, uint64_t lot, int64_t *out)
{
	sqlite3_stmt *statement = sql_begin(database, last);
	enum status status = sql_step(database, statement);

	if (status == STATUS_OK)
		*out = (int64_t)account_store_place(lot, (uint64_t)sqlite3_column_int64(statement, 0) + 1);
	sql_done(statement);
	return status;
}

enum status database_account_by_lot(struct database *database, uint64_t lot, struct account *out)
{
	sqlite3_stmt *statement;
	int64_t from;
	enum status status = place_of_lot(database, SQL_LAST_CRYPT, lot, &from);

	*out = (struct account){0};
	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_ACCOUNT_FROM);
	sqlite3_bind_int64(statement, 1, from);
	return read_account(database, statement, out);
}

/* ---- Users ---- */

static bool is_login(struct text login)
{
	return login.len > 0 && login.len <= ACCOUNT_LOGIN_MAX && !memchr(login.octets, '\0', login.len);
}

/* One more than a number that counts up, and never a number again. */
static enum status draw_number(struct database *database, enum sql counter, int64_t *number)
{
	sqlite3_stmt *statement = sql_begin(database, counter);
	enum status status = sql_step(database, statement);

	if (status == STATUS_OK)
		*number = sqlite3_column_int64(statement, 0);
	sql_done(statement);
	return status;
}

/* Makes a list of the hosts if they are many, and nothing remains of *hosts then; else *number is 0. */
static enum status put_hosts(struct database *database, struct text *hosts, int64_t *number)
{
	sqlite3_stmt *statement;
	enum status status;

	*number = 0;
	if (hosts->len <= DATABASE_FEW_LEN)
		return STATUS_OK;
	if (count_lines(*hosts) > DATABASE_PATTERNS_MAX)
		return STATUS_TOO_LONG;
	status = draw_number(database, SQL_LIST_NUMBER, number);
	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_LIST_ADD);
	sqlite3_bind_int64(statement, 1, *number);
	sql_bind(statement, 2, *hosts);
	*hosts = (struct text){NULL, 0};
	return sql_run(database, statement);
}

/* Several statements as one change, which may be part of one of the caller's. */
static enum status begin_own(struct database *database, bool *own)
{
	*own = sqlite3_get_autocommit(database->sqlite) != 0;
	return *own ? database_begin(database) : STATUS_OK;
}

static enum status end_own(struct database *database, bool own, enum status status)
{
	if (status == STATUS_OK && own)
		status = database_commit(database);
	if (status != STATUS_OK && own)
		database_rollback(database);
	return status;
}

static enum status add_user_row(struct database *database, const struct database_user *user)
{
	struct text hosts = user->hosts;
	sqlite3_stmt *statement;
	int64_t number;
	enum status status = put_hosts(database, &hosts, &number);

	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_USER_ADD);
	sql_bind(statement, 1, user->login);
	sqlite3_bind_int(statement, 2, user->active);
	sqlite3_bind_int(statement, 3, user->may_update);
	sqlite3_bind_int(statement, 4, user->may_create);
	sqlite3_bind_int(statement, 5, user->may_set_txt);
	if (user->password_hash.len)
		sql_bind(statement, 6, user->password_hash);
	sql_bind(statement, 7, hosts);
	sqlite3_bind_int64(statement, 8, number);
	return sql_run(database, statement);
}

enum status database_user_add(struct database *database, const struct database_user *user)
{
	enum status status;
	bool own;

	if (!is_login(user->login))
		return STATUS_INVALID;
	status = begin_own(database, &own);
	if (status == STATUS_OK)
		status = add_user_row(database, user);
	return end_own(database, own, status);
}

/* A statement that changes one row, or none if there is no such thing. */
static enum status run_on_one(struct database *database, sqlite3_stmt *statement)
{
	enum status status = sql_run(database, statement);

	return status == STATUS_OK && sqlite3_changes(database->sqlite) == 0 ? STATUS_NOT_FOUND : status;
}

enum status database_user_set_active(struct database *database, struct text login, bool active)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_USER_SET_ACTIVE);

	sql_bind(statement, 1, login);
	sqlite3_bind_int(statement, 2, active);
	return run_on_one(database, statement);
}

static enum status put_user_hosts(struct database *database, struct text login, struct text hosts)
{
	sqlite3_stmt *statement;
	int64_t number;
	enum status status = put_hosts(database, &hosts, &number);

	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_USER_SET_HOSTS);
	sql_bind(statement, 1, login);
	sql_bind(statement, 2, hosts);
	sqlite3_bind_int64(statement, 3, number);
	return run_on_one(database, statement);
}

enum status database_user_set_hosts(struct database *database, struct text login, struct text hosts)
{
	bool own;
	enum status status = begin_own(database, &own);

	if (status == STATUS_OK)
		status = put_user_hosts(database, login, hosts);
	return end_own(database, own, status);
}

enum status database_user_set_password(struct database *database, struct text login, struct text hash)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_USER_SET_PASSWORD);

	sql_bind(statement, 1, login);
	if (hash.len)
		sql_bind(statement, 2, hash);
	return run_on_one(database, statement);
}

enum status database_user_change_password(struct database *database, struct text login, struct text from,
					  struct text to)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_USER_CHANGE_PASSWORD);

	sql_bind(statement, 1, login);
	sql_bind(statement, 2, from);
	sql_bind(statement, 3, to);
	return run_on_one(database, statement);
}

enum status database_users(struct database *database, database_user_fn *visit, void *ctx)
{
	sqlite3_stmt *row = sql_begin(database, SQL_USERS);
	enum status status;

	while ((status = sql_step(database, row)) == STATUS_OK) {
		struct database_user user = {
			.login = sql_text(row, 0),
			.hosts = sql_text(row, 1),
			.password_hash = sql_text(row, 2),
			.active = sqlite3_column_int(row, 3) != 0,
			.may_update = sqlite3_column_int(row, 4) != 0,
			.may_create = sqlite3_column_int(row, 5) != 0,
			.may_set_txt = sqlite3_column_int(row, 6) != 0,
			.created_s = (uint64_t)sqlite3_column_int64(row, 7),
			.key_count = (size_t)sqlite3_column_int64(row, 8),
		};

		visit(ctx, &user);
	}
	sql_done(row);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status database_grants(struct database *database, database_grant_fn *visit, void *ctx)
{
	sqlite3_stmt *row = sql_begin(database, database->has_lists ? SQL_GRANTS : SQL_GRANTS_WITHOUT_LISTS);
	enum status status;

	while ((status = sql_step(database, row)) == STATUS_OK) {
		struct database_grant grant = {
			.hosts = sql_text(row, 0),
			.may_create = sqlite3_column_int(row, 1) != 0,
			.may_set_txt = sqlite3_column_int(row, 2) != 0,
		};

		status = visit(ctx, &grant);
		if (status != STATUS_OK)
			break;
	}
	sql_done(row);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status read_password_row(struct database *database, sqlite3_stmt *statement,
				     char hash[static PASSWORD_HASH_MAX])
{
	enum status status = sql_step(database, statement);

	if (status == STATUS_OK) {
		struct text found = sql_text(statement, 0);

		if (found.len == 0 || found.len >= PASSWORD_HASH_MAX) {
			status = STATUS_NOT_FOUND;
		} else {
			memcpy(hash, found.octets, found.len);
			hash[found.len] = '\0';
		}
	}
	sql_done(statement);
	return status;
}

enum status database_password(struct database *database, struct text login, char hash[static PASSWORD_HASH_MAX])
{
	sqlite3_stmt *statement = sql_begin(database, SQL_PASSWORD);

	sql_bind(statement, 1, login);
	return read_password_row(database, statement, hash);
}

enum status database_password_by_lot(struct database *database, uint64_t lot, char hash[static PASSWORD_HASH_MAX])
{
	sqlite3_stmt *statement;
	int64_t from;
	enum status status = place_of_lot(database, SQL_LAST_PASSWORD, lot, &from);

	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_PASSWORD_FROM);
	sqlite3_bind_int64(statement, 1, from);
	return read_password_row(database, statement, hash);
}

/* ---- Keys ---- */

static enum status find_user(struct database *database, struct text login, int64_t *id)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_USER_ID);
	enum status status;

	sql_bind(statement, 1, login);
	status = sql_step(database, statement);
	if (status == STATUS_OK)
		*id = sqlite3_column_int64(statement, 0);
	sql_done(statement);
	return status;
}

/* Whether the user may have one more key, of that name. */
static enum status check_room(struct database *database, int64_t user_id, struct text name)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_KEY_COUNTS);
	enum status status;

	sqlite3_bind_int64(statement, 1, user_id);
	sql_bind(statement, 2, name);
	status = sql_step(database, statement);
	if (status == STATUS_OK) {
		if (sqlite3_column_int(statement, 1) > 0)
			status = STATUS_DUPLICATE;
		else if (sqlite3_column_int(statement, 0) >= DATABASE_KEYS_MAX)
			status = STATUS_FULL;
	}
	sql_done(statement);
	return status;
}

static enum status insert_key(struct database *database, int64_t user_id, int64_t number,
			      const struct database_key *key)
{
	struct text hosts = key->hosts;
	sqlite3_stmt *statement;
	int64_t list;
	enum status status = put_hosts(database, &hosts, &list);

	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_KEY_ADD);
	sqlite3_bind_int64(statement, 1, user_id);
	sqlite3_bind_int64(statement, 2, number);
	sql_bind(statement, 3, key->name);
	if (key->digest)
		sqlite3_bind_blob(statement, 4, key->digest, KEY_DIGEST_LEN, SQLITE_STATIC);
	else
		sql_bind(statement, 5, key->crypt);
	sql_bind(statement, 6, hosts);
	sql_bind(statement, 7, key->sources);
	sqlite3_bind_int64(statement, 8, (int64_t)key->expires_s);
	sqlite3_bind_int64(statement, 9, list);
	return sql_run(database, statement);
}

static bool is_key_name(struct text name)
{
	for (size_t i = 0; i < name.len; i++) {
		if ((unsigned char)name.octets[i] < 0x20 || name.octets[i] == 0x7f)
			return false;
	}
	return name.len > 0 && name.len <= DATABASE_KEY_NAME_MAX;
}

static enum status add_key_row(struct database *database, struct text login, const struct database_key *key)
{
	int64_t user_id, number;
	enum status status = find_user(database, login, &user_id);

	if (status == STATUS_OK)
		status = check_room(database, user_id, key->name);
	if (status == STATUS_OK)
		status = draw_number(database, SQL_KEY_NUMBER, &number);
	if (status == STATUS_OK)
		status = insert_key(database, user_id, number, key);
	return status;
}

/* In one transaction, which may be the caller's, so that two at once do not both find room for one more. */
enum status database_key_add(struct database *database, struct text login, const struct database_key *key)
{
	enum status status;
	bool own;

	if (!is_key_name(key->name))
		return STATUS_INVALID;
	status = begin_own(database, &own);
	if (status == STATUS_OK)
		status = add_key_row(database, login, key);
	return end_own(database, own, status);
}

enum status database_keys(struct database *database, struct text login, database_key_fn *visit, void *ctx)
{
	int64_t user_id;
	enum status status = find_user(database, login, &user_id);
	sqlite3_stmt *row;

	if (status != STATUS_OK)
		return status;
	row = sql_begin(database, SQL_KEYS);
	sqlite3_bind_int64(row, 1, user_id);
	while ((status = sql_step(database, row)) == STATUS_OK) {
		struct database_key key = {
			.id = sqlite3_column_int64(row, 0),
			.name = sql_text(row, 1),
			.hosts = sql_text(row, 2),
			.sources = sql_text(row, 3),
			.expires_s = (uint64_t)sqlite3_column_int64(row, 4),
			.created_s = (uint64_t)sqlite3_column_int64(row, 5),
			.used_s = (uint64_t)sqlite3_column_int64(row, 6),
		};

		visit(ctx, &key);
	}
	sql_done(row);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status database_key_revoke(struct database *database, struct text login, struct text name)
{
	int64_t user_id;
	enum status status = find_user(database, login, &user_id);
	sqlite3_stmt *statement;

	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_KEY_REVOKE);
	sqlite3_bind_int64(statement, 1, user_id);
	sql_bind(statement, 2, name);
	return run_on_one(database, statement);
}
