/*
 * csv: reads comma-separated values (RFC 4180): fields in double quotes may hold commas, line breaks and doubled
 * quotes; lines end with LF or CRLF. In a bounded space, so that a file of any length can be read.
 */
#ifndef STORE_CSV_H
#define STORE_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum {
	CSV_FIELDS_MAX = 16,
	CSV_RECORD_MAX = 5 * 1024 * 1024, /* octets of the fields of one record: as many hosts as a user may have */
};

struct csv_record {
	unsigned long line; /* on which it begins, from 1 */
	size_t count;
	struct text fields[CSV_FIELDS_MAX]; /* valid until the next call; none holds a NUL octet */
};

/* Gives up to `size` octets of the file into `to`; 0 at the end; a negative number when reading fails. */
typedef long csv_read_fn(void *ctx, char *to, size_t size);

struct csv;

MUST_USE enum status csv_new(csv_read_fn *read, void *ctx, struct csv **out);

/* Wipes what it holds, which may be keys, and sets *csv to NULL; NULL and *csv == NULL are allowed. */
void csv_free(struct csv **csv);

/*
 * The next record; lines without anything on them are skipped. STATUS_NOT_FOUND at the end of the file; STATUS_IO when
 * reading fails and STATUS_NO_MEMORY without memory for the record, after which nothing more can be read. Faults of the
 * record alone, after which one can go on with the next: STATUS_INVALID for quotes that are not as they should be and
 * for NUL octets, STATUS_TOO_LONG beyond the bounds; out->line is told with them, too.
 */
MUST_USE enum status csv_next(struct csv *csv, struct csv_record *out);

#endif
