#include "store/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum column { LOGIN, KEY, HOSTS, PASSWORD, ACTIVE, MAY_UPDATE, MAY_CREATE, MAY_SET_TXT, COLUMNS };

static const char *const names[COLUMNS] = {
	[LOGIN] = "login",           [KEY] = "key",
	[HOSTS] = "hosts",           [PASSWORD] = "password",
	[ACTIVE] = "active",         [MAY_UPDATE] = "may_update",
	[MAY_CREATE] = "may_create", [MAY_SET_TXT] = "may_set_txt",
};

enum { ABSENT = -1 };

struct import {
	struct database *database;
	const struct import_hooks *hooks;
	int places[COLUMNS]; /* of the columns in a record; ABSENT */
	size_t width;        /* fields of each record */
	unsigned long line;
	unsigned faults;
	uint64_t users;
	char *hosts; /* as many octets as a record has at most, and one more */
};

__attribute__((format(printf, 2, 3))) static void import_complain(struct import *import, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	import->faults++;
	import->hooks->complain(import->hooks->ctx, import->line, text);
}

/* ---- The first line ---- */

static void take_column(struct import *import, struct text name, int place)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!text_equal(name, text_of(names[i])))
			continue;
		if (import->places[i] != ABSENT)
			import_complain(import, "the column \"%s\" is there twice", names[i]);
		import->places[i] = place;
		return;
	}
	import_complain(
		import,
		"there is no column \"%.*s\"; they are: login, key, hosts, password, active, may_update, may_create, may_set_txt",
		name.len < 40 ? (int)name.len : 40, name.octets);
}

static void take_header(struct import *import, struct csv_record *header)
{
	static const struct text mark = {"\xef\xbb\xbf", 3}; /* that some programs put before UTF-8 */
	struct text *first = &header->fields[0];

	if (first->len >= mark.len && memcmp(first->octets, mark.octets, mark.len) == 0)
		*first = (struct text){first->octets + mark.len, first->len - mark.len};
	for (size_t i = 0; i < COLUMNS; i++)
		import->places[i] = ABSENT;
	import->width = header->count;
	for (size_t i = 0; i < header->count; i++)
		take_column(import, header->fields[i], (int)i);
	if (import->places[LOGIN] == ABSENT)
		import_complain(import, "the first line must name the columns, \"login\" among them");
}

/* ---- A user ---- */

static struct text import_field(const struct import *import, const struct csv_record *record, enum column column)
{
	int place = import->places[column];

	return place == ABSENT ? (struct text){NULL, 0} : record->fields[place];
}

static bool import_bool(struct import *import, const struct csv_record *record, enum column column, bool fallback)
{
	struct text text = import_field(import, record, column);

	if (text.len == 0)
		return fallback;
	if (!text_equal(text, text_of("true")) && !text_equal(text, text_of("false")))
		import_complain(import, "`%s` must be true or false", names[column]);
	return text_equal(text, text_of("true"));
}

/* Patterns with spaces in between become patterns with a newline behind each. */
static struct text import_hosts(struct import *import, const struct csv_record *record)
{
	struct text rest = import_field(import, record, HOSTS), item;
	struct host_pattern pattern;
	size_t len = 0;

	for (bool more = rest.len > 0; more;) {
		more = text_split(rest, ' ', &item, &rest);
		if (item.len == 0)
			continue;
		if (host_pattern_parse(item, &pattern) != STATUS_OK)
			import_complain(import,
					"`hosts`: there is something that is none of: a host name, \"*.\" and a domain "
					"name, \"zone:\" and a zone's name, \"owner:*.\" and a host name");
		/* The separators become newlines, and one more at the end. */
		memcpy(import->hosts + len, item.octets, item.len);
		len += item.len;
		import->hosts[len++] = '\n';
	}
	return (struct text){import->hosts, len};
}

static void check_stored(struct import *import, enum status status, const char *what)
{
	switch (status) {
	case STATUS_OK:
		return;
	case STATUS_DUPLICATE:
		import_complain(import, "%s is there already", what);
		return;
	case STATUS_INVALID:
		import_complain(import, "%s is empty or too long", what);
		return;
	case STATUS_TOO_LONG:
		import_complain(import, "`hosts`: a user may have %d at most", DATABASE_PATTERNS_MAX);
		return;
	default:
		import_complain(import, "%s", database_error(import->database));
		return;
	}
}

static void take_key_column(struct import *import, struct text login, struct text text)
{
	struct database_key row = {.name = text_of("imported")};
	struct key key;
	bool was_plain;

	if (key_parse(text, &key, &was_plain) != STATUS_OK) {
		import_complain(import, "`key` is a malformed hash");
		return;
	}
	row.digest = key.crypt ? NULL : key.digest;
	row.crypt = text_of(key.crypt);
	check_stored(import, database_key_add(import->database, login, &row), "this key");
	key_fini(&key);
}

static void take_user(struct import *import, const struct csv_record *record)
{
	struct text key;
	struct database_user user = {
		.login = import_field(import, record, LOGIN),
		.hosts = import_hosts(import, record),
		.password_hash = import_field(import, record, PASSWORD),
		.active = import_bool(import, record, ACTIVE, true),
		.may_update = import_bool(import, record, MAY_UPDATE, true),
		.may_create = import_bool(import, record, MAY_CREATE, false),
		.may_set_txt = import_bool(import, record, MAY_SET_TXT, false),
	};

	if (user.password_hash.len && !password_is_hash(user.password_hash))
		import_complain(import, "`password` must be a crypt(3) hash");
	if (import->faults)
		return; /* nothing will come of it, and the rest is only looked at */
	check_stored(import, database_user_add(import->database, &user), "this login");
	key = import_field(import, record, KEY);
	if (key.len && !import->faults)
		take_key_column(import, user.login, key);
	import->hooks->progress(import->hooks->ctx, ++import->users);
}

/* ---- The file ---- */

/* A record and what is wrong with it; false at the end. */
static bool import_record(struct import *import, struct csv *csv, enum status *status)
{
	struct csv_record record;

	*status = csv_next(csv, &record);
	import->line = record.line;
	switch (*status) {
	case STATUS_OK:
		break;
	case STATUS_NOT_FOUND:
		*status = STATUS_OK;
		return false;
	case STATUS_IO:
		import->line = 0;
		import_complain(import, "the file cannot be read");
		return false;
	case STATUS_NO_MEMORY:
		return false;
	case STATUS_TOO_LONG:
		import_complain(import, "this line is too long: at most %d fields and %d MiB", CSV_FIELDS_MAX,
				CSV_RECORD_MAX / 1024 / 1024);
		return true;
	default:
		import_complain(import, "the quotes of this line are not as they should be, or there is a NUL octet");
		return true;
	}
	if (import->width == 0)
		take_header(import, &record);
	else if (record.count != import->width)
		import_complain(import, "this line has %zu fields, and the first line %zu", record.count,
				import->width);
	else
		take_user(import, &record);
	return true;
}

static enum status import_all(struct import *import, struct csv *csv)
{
	enum status status;

	while (import_record(import, csv, &status)) {
		/* Without the first line nothing else can be understood. */
		if (import->faults >= IMPORT_FAULTS_MAX || (import->faults && import->users == 0 && import->line <= 1))
			break;
	}
	if (status == STATUS_OK && import->width == 0)
		import_complain(import, "the file is empty");
	if (status == STATUS_IO || status == STATUS_NO_MEMORY || !import->faults)
		return status;
	return STATUS_INVALID;
}

enum status import_users(struct database *database, const struct import_hooks *hooks, uint64_t *users)
{
	struct import *import = calloc(1, sizeof *import);
	struct csv *csv = NULL;
	enum status status = STATUS_NO_MEMORY;

	if (import)
		import->hosts = malloc(CSV_RECORD_MAX + 1);
	if (!import || !import->hosts || csv_new(hooks->read, hooks->ctx, &csv) != STATUS_OK)
		goto out;
	import->database = database;
	import->hooks = hooks;
	status = database_begin(database);
	if (status == STATUS_OK)
		status = import_all(import, csv);
	if (status == STATUS_OK)
		status = database_commit(database);
	if (status != STATUS_OK)
		database_rollback(database);
	*users = import->users;
out:
	csv_free(&csv);
	if (import)
		free(import->hosts);
	free(import);
	return status;
}
