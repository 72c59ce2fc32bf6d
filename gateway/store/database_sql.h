/*
 * database_sql: what the files of the database module share: its connection and statements. Private to them.
 */
#ifndef STORE_DATABASE_SQL_H
#define STORE_DATABASE_SQL_H

#include <sqlite3.h>

#include "store/database.h"

/* Each statement is prepared when it is first wanted, and kept. */
enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_ACCOUNT,
	SQL_ACCOUNT_BY_KEY,
	SQL_ACCOUNT_FROM,
	SQL_LAST_CRYPT,
	SQL_USER_ADD,
	SQL_USER_ID,
	SQL_USER_HOSTS,
	SQL_LIST,
	SQL_LIST_NUMBER,
	SQL_LIST_ADD,
	SQL_USER_SET_ACTIVE,
	SQL_USER_SET_HOSTS,
	SQL_USER_SET_PASSWORD,
	SQL_USER_CHANGE_PASSWORD,
	SQL_USERS,
	SQL_GRANTS,
	SQL_GRANTS_WITHOUT_LISTS,
	SQL_PASSWORD,
	SQL_PASSWORD_FROM,
	SQL_LAST_PASSWORD,
	SQL_KEY_COUNTS,
	SQL_KEY_NUMBER,
	SQL_KEY_ADD,
	SQL_KEYS,
	SQL_KEY_REVOKE,
	SQL_KEY_USED,
	SQL_HOST_FIND,
	SQL_HOST_ADD,
	SQL_HOSTS_TRIM,
	SQL_EVENT_AGAIN,
	SQL_EVENT_ADD,
	SQL_HOST_SEEN,
	SQL_HOSTS,
	SQL_HISTORY,
	SQL_COUNT
};

struct database {
	sqlite3 *sqlite;
	bool has_lists; /* the schema has; not in a file of an earlier version that is only read */
	sqlite3_stmt *statements[SQL_COUNT];
	bool broken;
	int code; /* SQLite's, of the last failure, without its details */
	char error[DATABASE_ERROR_MAX];
};

/*
 * The statement, ready to be bound, and to be given back by sql_done() whatever comes. NULL: sql_failed() knows why.
 */
sqlite3_stmt *sql_begin(struct database *database, enum sql which);
void sql_done(sqlite3_stmt *statement);

/* Runs a statement that gives no rows, and gives it back. STATUS_OK, STATUS_DUPLICATE or STATUS_IO. */
MUST_USE enum status sql_run(struct database *database, sqlite3_stmt *statement);

/* The same for a statement without parameters. */
MUST_USE enum status sql_run_plain(struct database *database, enum sql which);

/* The next row: STATUS_OK, STATUS_NOT_FOUND behind the last one, STATUS_IO. */
MUST_USE enum status sql_step(struct database *database, sqlite3_stmt *statement);

/* Keeps what SQLite says of its last failure; returns the status for it. */
enum status sql_failed(struct database *database);

/* A parameter that is borrowed until the statement is given back; an empty text stays a text. */
void sql_bind(sqlite3_stmt *statement, int parameter, struct text text);

/* A column of the row, borrowed until the next step; NULL gives the empty text. */
struct text sql_text(sqlite3_stmt *statement, int column);

#endif
