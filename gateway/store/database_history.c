/*
 * What became of updates: a ring of entries for each host.
 */
#include <stdio.h>

#include "store/database_sql.h"

/* A record in the forms that the file has. */
struct history_entry {
	const struct record *record;
	char source[ADDR_TEXT_MAX];
	char addresses[RECORD_ADDRS_MAX * (ADDR_TEXT_MAX + 1)];
	const char *outcome;
};

struct host {
	int64_t id;
	int64_t entries; /* that there have been */
};

static struct history_entry entry_of(const struct record *record)
{
	struct history_entry entry = {.record = record, .outcome = outcome_text(record->code)};
	char addr[ADDR_TEXT_MAX];
	size_t len = 0;

	addr_format(&record->source, entry.source);
	for (size_t i = 0; i < record->addr_count; i++)
		len += (size_t)snprintf(entry.addresses + len, sizeof entry.addresses - len, "%s%s", i ? "," : "",
					addr_format(&record->addrs[i], addr));
	return entry;
}

static enum status find_host_history(struct database *database, const struct record *record, struct host *out)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_HOST_FIND);
	enum status status;

	sql_bind(statement, 1, record->login);
	sql_bind(statement, 2, record->host);
	status = sql_step(database, statement);
	if (status == STATUS_OK)
		*out = (struct host){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
	sql_done(statement);
	return status;
}

/* One more host of the login, in the place of the one that was idle longest if there are too many. */
static enum status add_host_history(struct database *database, const struct record *record, struct host *out)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_HOSTS_TRIM);
	enum status status;

	sql_bind(statement, 1, record->login);
	sqlite3_bind_int(statement, 2, DATABASE_HOSTS_MAX);
	status = sql_run(database, statement);
	if (status != STATUS_OK)
		return status;
	statement = sql_begin(database, SQL_HOST_ADD);
	sql_bind(statement, 1, record->login);
	sql_bind(statement, 2, record->host);
	status = sql_run(database, statement);
	*out = (struct host){sqlite3_last_insert_rowid(database->sqlite), 0};
	return status;
}

static void bind_entry(sqlite3_stmt *statement, const struct host *host, int64_t number,
		       const struct history_entry *entry)
{
	sqlite3_bind_int64(statement, 1, host->id);
	sqlite3_bind_int64(statement, 2, number % DATABASE_HISTORY_MAX);
	sqlite3_bind_int64(statement, 3, (int64_t)entry->record->at_s);
	sql_bind(statement, 4, text_of(entry->source));
	sql_bind(statement, 5, text_of(entry->addresses));
	sql_bind(statement, 6, text_of(entry->outcome));
}

/* What is as it was the last time is counted there; all else is a new entry, in the place of the oldest. */
static enum status add_entry(struct database *database, struct host *host, const struct history_entry *entry)
{
	sqlite3_stmt *statement;
	enum status status = STATUS_OK;

	if (host->entries > 0) {
		statement = sql_begin(database, SQL_EVENT_AGAIN);
		bind_entry(statement, host, host->entries - 1, entry);
		status = sql_run(database, statement);
		if (status != STATUS_OK || sqlite3_changes(database->sqlite) > 0)
			return status;
	}
	statement = sql_begin(database, SQL_EVENT_ADD);
	bind_entry(statement, host, host->entries++, entry);
	return sql_run(database, statement);
}

static enum status note_host(struct database *database, const struct host *host, const struct record *record)
{
	sqlite3_stmt *statement = sql_begin(database, SQL_HOST_SEEN);

	sqlite3_bind_int64(statement, 1, host->id);
	sqlite3_bind_int64(statement, 2, host->entries);
	sqlite3_bind_int64(statement, 3, (int64_t)record->at_s);
	sqlite3_bind_int64(statement, 4, record->code == OUTCOME_CHANGED ? (int64_t)record->at_s : 0);
	return sql_run(database, statement);
}

static enum status note_key(struct database *database, const struct record *record)
{
	sqlite3_stmt *statement;

	if (!record->key_id)
		return STATUS_OK;
	statement = sql_begin(database, SQL_KEY_USED);
	sql_bind(statement, 1, record->login);
	sqlite3_bind_int64(statement, 2, record->key_id);
	sqlite3_bind_int64(statement, 3, (int64_t)record->at_s);
	return sql_run(database, statement);
}

static bool is_success(enum outcome_code code)
{
	return code == OUTCOME_CHANGED || code == OUTCOME_UNCHANGED;
}

/* A host gets a history with its first success, so that nobody can fill the disk with names that are not there. */
static enum status record_one(struct database *database, const struct record *record)
{
	struct history_entry entry = entry_of(record);
	struct host host;
	enum status status = note_key(database, record);

	if (status == STATUS_OK)
		status = find_host_history(database, record, &host);
	if (status == STATUS_NOT_FOUND) {
		if (!is_success(record->code))
			return STATUS_OK;
		status = add_host_history(database, record, &host);
	}
	if (status == STATUS_OK)
		status = add_entry(database, &host, &entry);
	if (status == STATUS_OK)
		status = note_host(database, &host, record);
	return status;
}

/* Sets *failed to the record that failed, if it is one of them; else to `count`. */
static enum status record_all(struct database *database, const struct record *const *records, size_t count,
			      size_t *failed)
{
	enum status status = database_begin(database);

	*failed = count;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		if (!records[i])
			continue;
		status = record_one(database, records[i]);
		if (status != STATUS_OK)
			*failed = i;
	}
	if (status == STATUS_OK)
		status = database_commit(database);
	if (status != STATUS_OK)
		database_rollback(database);
	return status;
}

/* Whether the last failure says something of what was written, and nothing of all else: the disk, locks, memory. */
static bool is_of_the_record(const struct database *database)
{
	switch (database->code) {
	case SQLITE_CONSTRAINT:
	case SQLITE_CORRUPT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return true;
	default:
		return false;
	}
}

/*
 * All anew without the one that failed, and no savepoints: after SQLITE_CORRUPT SQLite refuses to write anything more
 * in the same transaction. What was rolled back has cost no write to the disk.
 */
enum status database_record(struct database *database, const struct record **records, size_t count)
{
	enum status status;
	size_t left_out = 0, failed;

	while ((status = record_all(database, records, count, &failed)) != STATUS_OK) {
		if (failed == count || !is_of_the_record(database) || left_out++ == DATABASE_LEFT_OUT_MAX)
			break;
		records[failed] = NULL;
	}
	return status;
}

/* ---- Reading ---- */

static struct database_event event_of(sqlite3_stmt *row, int column)
{
	return (struct database_event){
		.first_s = (uint64_t)sqlite3_column_int64(row, column),
		.last_s = (uint64_t)sqlite3_column_int64(row, column + 1),
		.times = (uint64_t)sqlite3_column_int64(row, column + 2),
		.source = sql_text(row, column + 3),
		.addresses = sql_text(row, column + 4),
		.outcome = sql_text(row, column + 5),
	};
}

enum status database_hosts(struct database *database, struct text login, database_host_fn *visit, void *ctx)
{
	sqlite3_stmt *row = sql_begin(database, SQL_HOSTS);
	enum status status;

	sql_bind(row, 1, login);
	sqlite3_bind_int(row, 2, DATABASE_HISTORY_MAX);
	while ((status = sql_step(database, row)) == STATUS_OK) {
		struct database_host host = {
			.host = sql_text(row, 0),
			.changed_s = (uint64_t)sqlite3_column_int64(row, 1),
			.last = event_of(row, 2),
		};

		visit(ctx, &host);
	}
	sql_done(row);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status database_history(struct database *database, struct text login, struct text host, database_event_fn *visit,
			     void *ctx)
{
	sqlite3_stmt *row = sql_begin(database, SQL_HISTORY);
	enum status status;

	sql_bind(row, 1, login);
	sql_bind(row, 2, host);
	sqlite3_bind_int(row, 3, DATABASE_HISTORY_MAX);
	while ((status = sql_step(database, row)) == STATUS_OK) {
		struct database_event event = event_of(row, 0);

		visit(ctx, &event);
	}
	sql_done(row);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
