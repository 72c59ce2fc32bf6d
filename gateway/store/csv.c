/*
 * A machine of one state for each place in a record, fed octet by octet.
 */
#include "store/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { CHUNK = 65536, END = -1, FAILED = -2, ROOM_AT_START = 4096 };

struct csv {
	csv_read_fn *read;
	void *ctx;
	unsigned long line;
	size_t at, len; /* of the chunk */
	/* The record under way. */
	size_t used;
	size_t starts[CSV_FIELDS_MAX + 1];
	size_t count;
	enum status fault;
	char *record;
	size_t room;
	char chunk[CHUNK];
};

enum status csv_new(csv_read_fn *read, void *ctx, struct csv **out)
{
	struct csv *csv = malloc(sizeof *csv);

	if (!csv)
		return STATUS_NO_MEMORY;
	csv->read = read;
	csv->ctx = ctx;
	csv->line = 1;
	csv->at = csv->len = csv->room = 0;
	csv->record = NULL;
	*out = csv;
	return STATUS_OK;
}

void csv_free(struct csv **csv)
{
	if (!csv || !*csv)
		return;
	secret_wipe((*csv)->record, (*csv)->room);
	free((*csv)->record);
	secret_wipe(*csv, sizeof **csv);
	free(*csv);
	*csv = NULL;
}

/* ---- Octets ---- */

/* The next octet without taking it; END or FAILED. */
static int peek(struct csv *csv)
{
	if (csv->at == csv->len) {
		long got = csv->read(csv->ctx, csv->chunk, sizeof csv->chunk);

		csv->at = 0;
		csv->len = got > 0 ? (size_t)got : 0;
		if (got <= 0)
			return got < 0 ? FAILED : END;
	}
	return (unsigned char)csv->chunk[csv->at];
}

static int csv_take(struct csv *csv)
{
	int octet = peek(csv);

	if (octet >= 0)
		csv->at++;
	if (octet == '\n')
		csv->line++;
	return octet;
}

/* ---- Fields ---- */

static void fault(struct csv *csv, enum status status)
{
	if (csv->fault == STATUS_OK)
		csv->fault = status;
}

/* Not by realloc(), which would leave keys where the record was. */
static bool csv_grow(struct csv *csv)
{
	size_t room = csv->room ? 2 * csv->room : ROOM_AT_START;
	char *grown;

	if (csv->room == CSV_RECORD_MAX) {
		fault(csv, STATUS_TOO_LONG);
		return false;
	}
	room = room < CSV_RECORD_MAX ? room : CSV_RECORD_MAX;
	grown = malloc(room);
	if (!grown) {
		fault(csv, STATUS_NO_MEMORY);
		return false;
	}
	if (csv->record) {
		memcpy(grown, csv->record, csv->used);
		secret_wipe(csv->record, csv->room);
		free(csv->record);
	}
	csv->record = grown;
	csv->room = room;
	return true;
}

static void csv_add_octet(struct csv *csv, int octet)
{
	if (octet == '\0')
		fault(csv, STATUS_INVALID);
	if (csv->fault == STATUS_OK && (csv->used < csv->room || csv_grow(csv)))
		csv->record[csv->used++] = (char)octet;
}

static void end_field(struct csv *csv)
{
	if (csv->count < CSV_FIELDS_MAX)
		csv->starts[++csv->count] = csv->used;
	else
		fault(csv, STATUS_TOO_LONG);
}

/* Behind the opening quote, up to and with the closing one. */
static int take_quoted(struct csv *csv)
{
	int octet;

	while ((octet = csv_take(csv)) >= 0) {
		if (octet == '"') {
			if (peek(csv) != '"')
				return octet;
			octet = csv_take(csv);
		}
		csv_add_octet(csv, octet);
	}
	fault(csv, STATUS_INVALID); /* the file ended within */
	return octet;
}

/* One field and what ends it, which is returned: a comma, a newline, END or FAILED. */
static int take_field(struct csv *csv)
{
	bool quoted = peek(csv) == '"';
	int octet;

	if (quoted) {
		(void)csv_take(csv);
		if (take_quoted(csv) == FAILED)
			return FAILED;
	}
	while ((octet = csv_take(csv)) >= 0 && octet != ',' && octet != '\n') {
		if (octet == '\r' && (peek(csv) == '\n' || peek(csv) == END))
			continue;
		if (quoted || octet == '"')
			fault(csv, STATUS_INVALID);
		csv_add_octet(csv, octet);
	}
	return octet;
}

static int take_csv_record(struct csv *csv)
{
	int end;

	csv->used = csv->count = 0;
	csv->fault = STATUS_OK;
	do {
		end = take_field(csv);
		end_field(csv);
	} while (end == ',');
	return end;
}

enum status csv_next(struct csv *csv, struct csv_record *out)
{
	int end;

	*out = (struct csv_record){0};
	do {
		if (peek(csv) == END)
			return STATUS_NOT_FOUND;
		out->line = csv->line;
		csv->starts[0] = 0;
		end = take_csv_record(csv);
		if (end == FAILED)
			return STATUS_IO;
	} while (csv->fault == STATUS_OK && csv->count == 1 && csv->used == 0);
	if (csv->fault != STATUS_OK)
		return csv->fault;
	out->count = csv->count;
	for (size_t i = 0; i < csv->count && csv->record; i++)
		out->fields[i] = (struct text){csv->record + csv->starts[i], csv->starts[i + 1] - csv->starts[i]};
	return STATUS_OK;
}
