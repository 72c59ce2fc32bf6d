/*
 * The connection: opening it, the schema and its versions, statements, errors, transactions.
 */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/database_sql.h"

#define FILE_NAME "ddnsgate.db"

/* "ddns"; tells our files from those of others. */
#define APPLICATION_ID 0x64646e73

/* ---- The schema: script n brings a file from version n to n + 1 ---- */

/*
 * A few patterns, and networks, stand one a line in a text, since they are read and written as a whole, and a look-up
 * is to touch few pages. Keys are found by their user, or by digest. The history of a host is a ring: the entry of
 * `entries` goes to the slot `entries` modulo DATABASE_HISTORY_MAX.
 */
#define FEW_TEXT "1000" /* DATABASE_FEW_LEN */

static const char *const migrations[] = {
	"CREATE TABLE users ("
	" id INTEGER PRIMARY KEY,"
	" login TEXT NOT NULL UNIQUE,"
	" active INTEGER NOT NULL,"
	" may_update INTEGER NOT NULL,"
	" may_create INTEGER NOT NULL,"
	" may_set_txt INTEGER NOT NULL,"
	" password TEXT,"
	" hosts TEXT NOT NULL,"
	" created_at INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE keys ("
	" user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,"
	" number INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" digest BLOB,"
	" crypt TEXT,"
	" hosts TEXT NOT NULL,"
	" sources TEXT NOT NULL,"
	" expires_at INTEGER NOT NULL,"
	" created_at INTEGER NOT NULL,"
	" used_at INTEGER NOT NULL,"
	" PRIMARY KEY (user_id, number),"
	" CHECK ((digest IS NULL) <> (crypt IS NULL))"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX keys_by_digest ON keys (digest) WHERE digest IS NOT NULL;"
	"CREATE TABLE hosts ("
	" id INTEGER PRIMARY KEY,"
	" login TEXT NOT NULL,"
	" host TEXT NOT NULL,"
	" entries INTEGER NOT NULL,"
	" seen_at INTEGER NOT NULL,"
	" changed_at INTEGER NOT NULL,"
	" UNIQUE (login, host)"
	") STRICT;"
	"CREATE TABLE history ("
	" host_id INTEGER NOT NULL REFERENCES hosts ON DELETE CASCADE,"
	" slot INTEGER NOT NULL,"
	" first_at INTEGER NOT NULL,"
	" last_at INTEGER NOT NULL,"
	" times INTEGER NOT NULL,"
	" source TEXT NOT NULL,"
	" addresses TEXT NOT NULL,"
	" outcome TEXT NOT NULL,"
	" PRIMARY KEY (host_id, slot)"
	") STRICT, WITHOUT ROWID;",

	/*
	 * Numbers of keys are drawn from one counter and never again: a use of a key that was revoked, or whose user is
	 * gone, may be noted later than another key was made. Who has a key under crypt(3), or a password, can be drawn
	 * by lot.
	 */
	"CREATE TABLE counters ("
	" name TEXT PRIMARY KEY,"
	" last INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX users_by_password ON users (id) WHERE password IS NOT NULL;"
	"INSERT INTO counters SELECT 'key', ifnull(max(number), 0) FROM keys;"
	"CREATE INDEX keys_by_crypt ON keys (user_id) WHERE crypt IS NOT NULL;",

	/*
	 * Many patterns are a list of its own, so that whoever looks for an account reads none of them: only a key that
	 * is right is worth it. A list never changes and its number is drawn once, so what was read of it may be kept;
	 * other hosts are another list. `hosts` is empty where `list` is not 0.
	 */
	"CREATE TABLE lists ("
	" id INTEGER PRIMARY KEY,"
	" patterns TEXT NOT NULL"
	") STRICT;"
	"ALTER TABLE users ADD COLUMN list INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE keys ADD COLUMN list INTEGER NOT NULL DEFAULT 0;"
	"CREATE TEMP TABLE many AS"
	" SELECT row_number() OVER () AS list, * FROM ("
	"  SELECT id AS user_id, NULL AS number, hosts FROM users WHERE length(CAST(hosts AS BLOB)) > " FEW_TEXT
	"  UNION ALL"
	"  SELECT user_id, number, hosts FROM keys WHERE length(CAST(hosts AS BLOB)) > " FEW_TEXT ");"
	"INSERT INTO lists SELECT list, hosts FROM many;"
	"UPDATE users SET hosts = '', list = many.list FROM many WHERE many.number IS NULL AND many.user_id = id;"
	"UPDATE keys SET hosts = '', list = many.list FROM many"
	" WHERE many.user_id = keys.user_id AND many.number = keys.number;"
	"DROP TABLE many;"
	"INSERT INTO counters SELECT 'list', ifnull(max(id), 0) FROM lists;"
	"CREATE TRIGGER user_changes_hosts AFTER UPDATE OF list ON users WHEN old.list <> 0 BEGIN"
	" DELETE FROM lists WHERE id = old.list; END;"
	"CREATE TRIGGER user_goes AFTER DELETE ON users WHEN old.list <> 0 BEGIN"
	" DELETE FROM lists WHERE id = old.list; END;"
	"CREATE TRIGGER key_goes AFTER DELETE ON keys WHEN old.list <> 0 BEGIN"
	" DELETE FROM lists WHERE id = old.list; END;",
};

enum { VERSION = sizeof migrations / sizeof *migrations, VERSION_WITH_LISTS = 3 };

/* ---- Statements ---- */

#define ACCOUNT_COLUMNS                                                                                                \
	"u.login, u.active, u.may_update, u.may_create, u.may_set_txt, u.hosts,"                                       \
	" k.number, k.name, k.digest, k.crypt, k.hosts, k.sources, k.expires_at, u.id, u.list, k.list"

/* All patterns of a user, or key, wherever they stand: `few` or a list. */
#define ALL_HOSTS(of) "iif(" of ".list, (SELECT patterns FROM lists WHERE id = " of ".list), " of ".hosts)"

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_ACCOUNT] =
		"SELECT " ACCOUNT_COLUMNS " FROM users u LEFT JOIN keys k ON k.user_id = u.id WHERE u.login = ?1"
		" ORDER BY k.number",
	[SQL_ACCOUNT_BY_KEY] =
		"SELECT " ACCOUNT_COLUMNS " FROM keys k JOIN users u ON u.id = k.user_id WHERE k.digest = ?1",
	[SQL_ACCOUNT_FROM] =
		"SELECT " ACCOUNT_COLUMNS " FROM users u LEFT JOIN keys k ON k.user_id = u.id WHERE u.id ="
		" (SELECT user_id FROM keys WHERE crypt IS NOT NULL AND user_id >= ?1 ORDER BY user_id LIMIT 1)"
		" ORDER BY k.number",
	[SQL_LAST_CRYPT] = "SELECT user_id FROM keys WHERE crypt IS NOT NULL ORDER BY user_id DESC LIMIT 1",
	[SQL_USER_ADD] =
		"INSERT INTO users (login, active, may_update, may_create, may_set_txt, password, hosts, created_at,"
		" list) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, unixepoch(), ?8)",
	[SQL_USER_ID] = "SELECT id FROM users WHERE login = ?1",
	[SQL_USER_SET_ACTIVE] = "UPDATE users SET active = ?2 WHERE login = ?1",
	[SQL_USER_HOSTS] = "SELECT " ALL_HOSTS("u") " FROM users u WHERE u.login = ?1",
	[SQL_LIST] = "SELECT patterns FROM lists WHERE id = ?1",
	[SQL_LIST_NUMBER] = "UPDATE counters SET last = last + 1 WHERE name = 'list' RETURNING last",
	[SQL_LIST_ADD] = "INSERT INTO lists (id, patterns) VALUES (?1, ?2)",
	[SQL_USER_SET_HOSTS] = "UPDATE users SET hosts = ?2, list = ?3 WHERE login = ?1",
	[SQL_USER_SET_PASSWORD] = "UPDATE users SET password = ?2 WHERE login = ?1",
	[SQL_USER_CHANGE_PASSWORD] = "UPDATE users SET password = ?3 WHERE login = ?1 AND active AND password = ?2",
	[SQL_USERS] = "SELECT login, " ALL_HOSTS(
		"u") ", password, active, may_update, may_create, may_set_txt,"
		     " created_at, (SELECT count(*) FROM keys WHERE user_id = u.id) FROM users u ORDER BY login",
	[SQL_GRANTS] = "SELECT " ALL_HOSTS("u") ", may_create, may_set_txt FROM users u WHERE active AND may_update",
	[SQL_GRANTS_WITHOUT_LISTS] = "SELECT hosts, may_create, may_set_txt FROM users WHERE active AND may_update",
	[SQL_PASSWORD] = "SELECT password FROM users WHERE login = ?1 AND active AND password IS NOT NULL",
	[SQL_PASSWORD_FROM] = "SELECT password FROM users WHERE password IS NOT NULL AND id >= ?1 ORDER BY id LIMIT 1",
	[SQL_LAST_PASSWORD] = "SELECT id FROM users WHERE password IS NOT NULL ORDER BY id DESC LIMIT 1",
	[SQL_KEY_COUNTS] = "SELECT count(*), ifnull(sum(name = ?2), 0) FROM keys WHERE user_id = ?1",
	[SQL_KEY_NUMBER] = "UPDATE counters SET last = last + 1 WHERE name = 'key' RETURNING last",
	[SQL_KEY_ADD] =
		"INSERT INTO keys (user_id, number, name, digest, crypt, hosts, sources, expires_at, created_at,"
		" used_at, list) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, unixepoch(), 0, ?9)",
	[SQL_KEYS] = "SELECT number, name, " ALL_HOSTS("k") ", sources, expires_at, created_at, used_at FROM keys k"
							    " WHERE user_id = ?1 ORDER BY number",
	[SQL_KEY_REVOKE] = "DELETE FROM keys WHERE user_id = ?1 AND name = ?2",
	[SQL_KEY_USED] = "UPDATE keys SET used_at = ?3 WHERE user_id = (SELECT id FROM users WHERE login = ?1)"
			 " AND number = ?2 AND used_at < ?3 - 60",
	[SQL_HOST_FIND] = "SELECT id, entries FROM hosts WHERE login = ?1 AND host = ?2",
	[SQL_HOST_ADD] = "INSERT INTO hosts (login, host, entries, seen_at, changed_at) VALUES (?1, ?2, 0, 0, 0)",
	[SQL_HOSTS_TRIM] =
		"DELETE FROM hosts WHERE id = (SELECT id FROM hosts WHERE login = ?1 ORDER BY seen_at LIMIT 1)"
		" AND (SELECT count(*) FROM hosts WHERE login = ?1) >= ?2",
	[SQL_EVENT_AGAIN] = "UPDATE history SET last_at = max(last_at, ?3), times = times + 1 WHERE host_id = ?1"
			    " AND slot = ?2 AND source = ?4 AND addresses = ?5 AND outcome = ?6",
	[SQL_EVENT_ADD] = "INSERT OR REPLACE INTO history (host_id, slot, first_at, last_at, times, source, addresses,"
			  " outcome) VALUES (?1, ?2, ?3, ?3, 1, ?4, ?5, ?6)",
	[SQL_HOST_SEEN] = "UPDATE hosts SET entries = ?2, seen_at = ?3, changed_at = max(changed_at, ?4) WHERE id = ?1",
	[SQL_HOSTS] = "SELECT h.host, h.changed_at, e.first_at, e.last_at, e.times, e.source, e.addresses, e.outcome"
		      " FROM hosts h JOIN history e ON e.host_id = h.id AND e.slot = (h.entries - 1) % ?2"
		      " WHERE h.login = ?1 ORDER BY h.host",
	[SQL_HISTORY] = "SELECT e.first_at, e.last_at, e.times, e.source, e.addresses, e.outcome"
			" FROM hosts h JOIN history e ON e.host_id = h.id WHERE h.login = ?1 AND h.host = ?2"
			/* the distance from the newest slot, backwards along the ring */
			" ORDER BY ((h.entries - 1) % ?3 - e.slot + ?3) % ?3",
};

sqlite3_stmt *sql_begin(struct database *database, enum sql which)
{
	sqlite3_stmt **statement = &database->statements[which];

	if (!*statement && sqlite3_prepare_v3(database->sqlite, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
					      NULL) != SQLITE_OK)
		return NULL;
	return *statement;
}

void sql_done(sqlite3_stmt *statement)
{
	if (!statement)
		return;
	/* Says once more what sql_step() has said. */
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
}

enum status sql_failed(struct database *database)
{
	database->code = sqlite3_errcode(database->sqlite) & 0xff;
	snprintf(database->error, sizeof database->error, "%s", sqlite3_errmsg(database->sqlite));
	switch (database->code) {
	case SQLITE_NOMEM:
		return STATUS_NO_MEMORY;
	case SQLITE_CONSTRAINT:
		return STATUS_DUPLICATE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		database->broken = true;
		break;
	}
	return STATUS_IO;
}

enum status sql_step(struct database *database, sqlite3_stmt *statement)
{
	switch (statement ? sqlite3_step(statement) : SQLITE_ERROR) {
	case SQLITE_ROW:
		return STATUS_OK;
	case SQLITE_DONE:
		return STATUS_NOT_FOUND;
	default:
		return sql_failed(database);
	}
}

enum status sql_run(struct database *database, sqlite3_stmt *statement)
{
	enum status status = sql_step(database, statement);

	sql_done(statement);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status sql_run_plain(struct database *database, enum sql which)
{
	return sql_run(database, sql_begin(database, which));
}

void sql_bind(sqlite3_stmt *statement, int parameter, struct text text)
{
	sqlite3_bind_text64(statement, parameter, text.octets ? text.octets : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

struct text sql_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *octets = sqlite3_column_text(statement, column);

	return (struct text){(const char *)octets, octets ? (size_t)sqlite3_column_bytes(statement, column) : 0};
}

enum status database_begin(struct database *database)
{
	return sql_run_plain(database, SQL_BEGIN);
}

enum status database_commit(struct database *database)
{
	return sql_run_plain(database, SQL_COMMIT);
}

void database_rollback(struct database *database)
{
	char error[DATABASE_ERROR_MAX];
	int code = database->code;

	if (sqlite3_get_autocommit(database->sqlite))
		return; /* SQLite has rolled back already, as it does when the disk is full */
	memcpy(error, database->error, sizeof error);
	/* What had failed before is what matters. */
	if (sql_run_plain(database, SQL_ROLLBACK) != STATUS_OK)
		memcpy(database->error, error, sizeof error);
	database->code = code;
}

const char *database_error(const struct database *database)
{
	return database->error;
}

bool database_is_broken(const struct database *database)
{
	return database->broken;
}

bool database_has_moved(struct database *database)
{
	int moved = 0;

	return sqlite3_file_control(database->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

/* ---- Opening ---- */

static int read_database_number(struct database *database, const char *sql, int *out)
{
	sqlite3_stmt *statement = NULL;
	int code;

	*out = 0;
	code = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW) {
		*out = sqlite3_column_int(statement, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(statement);
	return code;
}

static int execute(struct database *database, const char *sql)
{
	return sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL);
}

/* The version may have changed since it was looked at without a lock. */
static enum status migrate_from(struct database *database, int version)
{
	char done[96];

	for (; version < VERSION; version++) {
		snprintf(done, sizeof done, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
			 version + 1);
		if (execute(database, migrations[version]) != SQLITE_OK || execute(database, done) != SQLITE_OK)
			return sql_failed(database);
	}
	return STATUS_OK;
}

static enum status migrate(struct database *database)
{
	enum status status = database_begin(database);
	int version;

	if (status != STATUS_OK)
		return status;
	if (read_database_number(database, "PRAGMA user_version", &version) != SQLITE_OK)
		status = sql_failed(database);
	else
		status = migrate_from(database, version);
	if (status == STATUS_OK)
		status = database_commit(database);
	if (status != STATUS_OK)
		database_rollback(database);
	return status;
}

static enum status refuse_version(struct database *database, bool is_of_others, int version)
{
	if (is_of_others)
		snprintf(database->error, sizeof database->error, "%s is no state file of ddnsgate", FILE_NAME);
	else
		snprintf(database->error, sizeof database->error,
			 "%s was written by a later version of ddnsgate (schema %d, this one knows %d)", FILE_NAME,
			 version, VERSION);
	return STATUS_IO;
}

static enum status check_version(struct database *database)
{
	int version, application, tables;

	if (read_database_number(database, "PRAGMA user_version", &version) != SQLITE_OK ||
	    read_database_number(database, "PRAGMA application_id", &application) != SQLITE_OK ||
	    read_database_number(database, "SELECT count(*) FROM sqlite_schema", &tables) != SQLITE_OK)
		return sql_failed(database);
	if ((tables > 0 && application != APPLICATION_ID) || version > VERSION)
		return refuse_version(database, application != APPLICATION_ID, version);
	database->has_lists = true;
	return version < VERSION ? migrate(database) : STATUS_OK;
}

/*
 * A commit is on the disk when it is answered: a revoked key does not come back after a power failure. Deleted hashes
 * are overwritten. The page cache is bounded: the system has one of its own.
 */
static enum status configure(struct database *database, unsigned patience_ms)
{
	static const char *const pragmas[] = {
		"PRAGMA journal_mode = WAL",  "PRAGMA synchronous = FULL",           "PRAGMA foreign_keys = ON",
		"PRAGMA secure_delete = ON",  "PRAGMA trusted_schema = OFF",         "PRAGMA cell_size_check = ON",
		"PRAGMA temp_store = MEMORY", "PRAGMA journal_size_limit = 4194304", "PRAGMA cache_size = -4096",
	};

	sqlite3_busy_timeout(database->sqlite, (int)patience_ms);
	sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++) {
		if (execute(database, pragmas[i]) != SQLITE_OK)
			return sql_failed(database);
	}
	return check_version(database);
}

void database_be_generous(struct database *database)
{
	/* Without it all is as well, but slower. */
	(void)execute(database, "PRAGMA cache_size = -262144");
}

/* Whoever makes the file as root makes it for the owner of the folder; SQLite does so with its other files. */
static bool give_file(int file, const struct stat *folder, const char *path, char error[static DATABASE_ERROR_MAX])
{
	bool given = geteuid() != 0 || fchown(file, folder->st_uid, folder->st_gid) == 0;

	if (!given)
		snprintf(error, DATABASE_ERROR_MAX, "%s: %s", path, strerror(errno));
	close(file);
	return given;
}

static bool check_file(const char *path, char error[static DATABASE_ERROR_MAX])
{
	struct stat info;

	if (stat(path, &info) != 0 || !(info.st_mode & (S_IROTH | S_IWOTH)))
		return true;
	snprintf(error, DATABASE_ERROR_MAX, "every user of this machine can read or write %s: chmod o-rw it", path);
	return false;
}

/*
 * Makes the file first, so that nobody else may ever read it; SQLite gives its other files the same permissions. A file
 * that is there is left alone: closing any descriptor of it would release the locks that this process has on it (POSIX
 * fcntl), and then others would take themselves for its last users and remove the WAL.
 */
static bool prepare_file(const char *folder, const char *path, char error[static DATABASE_ERROR_MAX])
{
	struct stat info;
	int file;

	if (stat(folder, &info) != 0) {
		snprintf(error, DATABASE_ERROR_MAX, "the state folder %s: %s", folder, strerror(errno));
		return false;
	}
	if (info.st_mode & S_IWOTH) {
		snprintf(error, DATABASE_ERROR_MAX,
			 "every user of this machine can write to the state folder %s: chmod o-w it", folder);
		return false;
	}
	file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 && errno != EEXIST) {
		snprintf(error, DATABASE_ERROR_MAX, "%s: %s", path, strerror(errno));
		return false;
	}
	return file < 0 ? check_file(path, error) : give_file(file, &info, path, error);
}

static enum status open_at(struct database *database, const char *path, unsigned patience_ms,
			   char error[static DATABASE_ERROR_MAX])
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	enum status status;

	if (sqlite3_open_v2(path, &database->sqlite, flags, NULL) != SQLITE_OK) {
		status = database->sqlite ? sql_failed(database) : STATUS_NO_MEMORY;
	} else {
		sqlite3_extended_result_codes(database->sqlite, 1);
		status = configure(database, patience_ms);
	}
	snprintf(error, DATABASE_ERROR_MAX, "%.120s: %.120s", path,
		 status == STATUS_NO_MEMORY ? status_text(status) : database->error);
	return status == STATUS_DUPLICATE ? STATUS_IO : status;
}

enum status database_open(const char *folder, unsigned patience_ms, struct database **out,
			  char error[static DATABASE_ERROR_MAX])
{
	struct database *database = calloc(1, sizeof *database);
	enum status status = STATUS_NO_MEMORY;
	char *path = NULL;

	snprintf(error, DATABASE_ERROR_MAX, "%s", status_text(status));
	if (!database || asprintf(&path, "%s/%s", folder, FILE_NAME) < 0)
		goto out;
	status = STATUS_IO;
	if (!prepare_file(folder, path, error))
		goto out;
	status = open_at(database, path, patience_ms, error);
	if (status == STATUS_OK) {
		*out = database;
		database = NULL;
	}
out:
	database_free(&database);
	free(path);
	return status;
}

/* Any version will do: what is read of the file was in the first one. */
static enum status open_at_to_read(struct database *database, const char *path, unsigned patience_ms,
				   char error[static DATABASE_ERROR_MAX])
{
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, version, application;
	enum status status = STATUS_OK;

	if (sqlite3_open_v2(path, &database->sqlite, flags, NULL) != SQLITE_OK) {
		status = database->sqlite ? sql_failed(database) : STATUS_NO_MEMORY;
	} else {
		sqlite3_extended_result_codes(database->sqlite, 1);
		sqlite3_busy_timeout(database->sqlite, (int)patience_ms);
		if (read_database_number(database, "PRAGMA user_version", &version) != SQLITE_OK ||
		    read_database_number(database, "PRAGMA application_id", &application) != SQLITE_OK)
			status = sql_failed(database);
		else if (application != APPLICATION_ID || version > VERSION)
			status = refuse_version(database, application != APPLICATION_ID, version);
		database->has_lists = version >= VERSION_WITH_LISTS;
	}
	snprintf(error, DATABASE_ERROR_MAX, "%.120s: %.120s", path,
		 status == STATUS_NO_MEMORY ? status_text(status) : database->error);
	return status == STATUS_DUPLICATE ? STATUS_IO : status;
}

enum status database_open_to_read(const char *folder, unsigned patience_ms, struct database **out,
				  char error[static DATABASE_ERROR_MAX])
{
	struct database *database = calloc(1, sizeof *database);
	enum status status = STATUS_NO_MEMORY;
	struct stat info;
	char *path = NULL;

	snprintf(error, DATABASE_ERROR_MAX, "%s", status_text(status));
	if (!database || asprintf(&path, "%s/%s", folder, FILE_NAME) < 0) {
		path = NULL;
		goto out;
	}
	if (stat(path, &info) != 0) {
		snprintf(error, DATABASE_ERROR_MAX, "%s: %s", path, strerror(errno));
		status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
		goto out;
	}
	status = open_at_to_read(database, path, patience_ms, error);
	if (status == STATUS_OK) {
		*out = database;
		database = NULL;
	}
out:
	database_free(&database);
	free(path);
	return status;
}

void database_free(struct database **database_pointer)
{
	struct database *database = database_pointer ? *database_pointer : NULL;

	if (!database)
		return;
	*database_pointer = NULL;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(database->statements[i]);
	sqlite3_close(database->sqlite);
	free(database);
}
