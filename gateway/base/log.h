/*
 * log: one line per event, as `key=value` or as JSON, to standard error or syslog.
 *
 *      LOG(LOG_WARNING, "primary-refused", log_text("zone", zone), log_number("attempt", 2));
 *      2026-01-01T12:00:00Z level=warning event=primary-refused zone=dyn.example.com attempt=2
 *      {"time":"2026-01-01T12:00:00Z","level":"warning","event":"primary-refused","zone":"dyn.example.com","attempt":2}
 *
 * Values from outside are quoted and escaped here, so that no request can forge a line. Secrets are never passed to it.
 * Nothing here waits: a line that cannot be written at once is dropped and counted, and the count is logged as soon as
 * there is room.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum log_level {
	LOG_ERROR,   /* the administrator has to repair something */
	LOG_WARNING, /* something failed, and may recover by itself */
	LOG_INFO,    /* what was done for whom */
	LOG_DEBUG,   /* how it was done */
};

struct log_field {
	const char *name;
	enum {
		LOG_FIELD_END,
		LOG_FIELD_TEXT,
		LOG_FIELD_NUMBER,
	} kind;
	struct text text;
	int64_t number;
	bool is_detail; /* says nothing of the cause, see repeat.h */
};

static inline struct log_field log_slice(const char *name, struct text value)
{
	return (struct log_field){.name = name, .kind = LOG_FIELD_TEXT, .text = value};
}

static inline struct log_field log_text(const char *name, const char *value)
{
	return log_slice(name, text_of(value));
}

static inline struct log_field log_number(const char *name, int64_t value)
{
	return (struct log_field){.name = name, .kind = LOG_FIELD_NUMBER, .number = value};
}

/* A field of one occurrence that does not tell causes apart, such as an ID; see repeat.h. */
static inline struct log_field log_detail(struct log_field field)
{
	field.is_detail = true;
	return field;
}

/* LOG(level, event, fields...): of that event, with any number of fields. */
#define LOG(level, ...)                                                                                                \
	do {                                                                                                           \
		if (log_enabled(level))                                                                                \
			log_write(level, LOG_EVENT_(__VA_ARGS__, 0),                                                   \
				  (const struct log_field[]){LOG_FIELDS_(__VA_ARGS__, {.kind = LOG_FIELD_END})});      \
	} while (0)

#define LOG_EVENT_(event, ...)  (event)
#define LOG_FIELDS_(event, ...) __VA_ARGS__

/* Events above this level are dropped. The level at start is LOG_INFO. */
void log_set_level(enum log_level level);
enum log_level log_level(void);
bool log_enabled(enum log_level level);

/* "error", "warning", "info", "debug"; says whether the name was one of them. */
bool log_level_parse(struct text name, enum log_level *out);
const char *log_level_name(enum log_level level);

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* LOG_FORMAT_TEXT at start. */
void log_set_format(enum log_format format);

/* "text", "json"; says whether the name was one of them. */
bool log_format_parse(struct text name, enum log_format *out);

/* Lines that were dropped because they could not be written at once. */
uint64_t log_dropped(void);

/* Where lines go, without their newline; NULL for `sink` means log_out.h again. For tests. */
typedef void log_sink(void *ctx, const char *line, size_t len);
void log_set_sink(log_sink *sink, void *ctx);

/*
 * Use LOG(). `fields` end with LOG_FIELD_END. A value longer than 400 octets and a line longer than 2 KiB are cut; in
 * JSON fields that do not fit are left out, so that it stays JSON.
 */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

#endif
