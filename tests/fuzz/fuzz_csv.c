/*
 * CSV files: whatever the octets, and in whatever pieces they come, the records are the same, within their bounds, and
 * the reader gets to the end.
 */
#include <string.h>

#include "base/table.h"
#include "require.h"
#include "store/csv.h"

struct source {
	struct text text;
	size_t at, step;
};

static long read_source(void *ctx, char *to, size_t size)
{
	struct source *source = ctx;
	size_t len = source->text.len - source->at;

	if (len > source->step)
		len = source->step;
	if (len > size)
		len = size;
	if (len)
		memcpy(to, source->text.octets + source->at, len);
	source->at += len;
	return (long)len;
}

static void check(const struct csv_record *record, enum status status)
{
	size_t total = 0;

	require(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_TOO_LONG);
	require(record->line > 0);
	require((record->count > 0) == (status == STATUS_OK));
	require(record->count <= CSV_FIELDS_MAX);
	for (size_t i = 0; i < record->count; i++) {
		total += record->fields[i].len;
		require(record->fields[i].len == 0 || !memchr(record->fields[i].octets, 0, record->fields[i].len));
	}
	require(total <= CSV_RECORD_MAX);
}

/* A hash of all that is read. */
static uint64_t read_all(struct text text, size_t step)
{
	struct source source = {text, 0, step};
	struct csv_record record;
	struct csv *csv = NULL;
	enum status status;
	uint64_t hash = 0;

	require(csv_new(read_source, &source, &csv) == STATUS_OK);
	while ((status = csv_next(csv, &record)) != STATUS_NOT_FOUND) {
		check(&record, status);
		hash = hash * 31 + status + record.line;
		for (size_t i = 0; i < record.count; i++)
			hash = table_hash(hash, record.fields[i]);
	}
	require(source.at == text.len);
	csv_free(&csv);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size};
	uint64_t whole = read_all(text, 65536);

	require(read_all(text, 1) == whole);
	require(read_all(text, 7) == whole);
	return 0;
}
