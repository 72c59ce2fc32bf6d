#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX_LEN = 2048,
	VALUE_MAX_LEN = 400, /* octets of one value, so that none can push the others out of the line */
};

/* The process has one standard error, so the log is the one module that has process-wide state. */
static enum log_level threshold = LOG_INFO;
static log_sink *current_sink;
static void *current_sink_ctx;

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

struct line {
	size_t len;
	char octets[LINE_MAX_LEN + 1]; /* one more for the newline */
};

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_enabled(enum log_level level)
{
	return level <= threshold;
}

bool log_level_parse(struct text name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (text_equal(name, text_of(level_names[i]))) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_sink(log_sink *sink, void *ctx)
{
	current_sink = sink;
	current_sink_ctx = ctx;
}

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
	size_t room = LINE_MAX_LEN - line->len;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(line->octets + line->len, room + 1, format, args);
	va_end(args);
	if (wanted > 0)
		line->len += (size_t)wanted < room ? (size_t)wanted : room;
}

/* An octet that needs no quotes around the value it stands in. */
static bool is_plain(unsigned char octet)
{
	return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z') ||
	       (octet != '\0' && strchr("-._:/@+,*[]#", octet));
}

static void put_value(struct line *line, struct text value)
{
	bool plain = value.len > 0, cut = value.len > VALUE_MAX_LEN;

	if (cut)
		value.len = VALUE_MAX_LEN;
	for (size_t i = 0; i < value.len && plain; i++)
		plain = is_plain((unsigned char)value.octets[i]);
	if (plain && !cut) {
		put(line, "%.*s", (int)value.len, value.octets);
		return;
	}
	put(line, "\"");
	for (size_t i = 0; i < value.len && line->len < LINE_MAX_LEN; i++) {
		unsigned char octet = (unsigned char)value.octets[i];

		if (octet == '"' || octet == '\\')
			put(line, "\\%c", octet);
		else if (octet < 0x20 || octet >= 0x7f)
			put(line, "\\x%02x", octet);
		else
			put(line, "%c", octet);
	}
	put(line, cut ? "...\"" : "\"");
}

static void put_time(struct line *line)
{
	time_t now = time(NULL);
	struct tm utc;

	line->len += strftime(line->octets + line->len, LINE_MAX_LEN - line->len, "%Y-%m-%dT%H:%M:%SZ",
			      gmtime_r(&now, &utc));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	struct line line = {0};

	put_time(&line);
	put(&line, " level=%s event=%s", level_names[level], event);
	for (const struct log_field *field = fields; field->kind != LOG_FIELD_END; field++) {
		put(&line, " %s=", field->name);
		if (field->kind == LOG_FIELD_NUMBER)
			put(&line, "%" PRId64, field->number);
		else
			put_value(&line, field->text);
	}
	if (current_sink) {
		current_sink(current_sink_ctx, line.octets, line.len);
		return;
	}
	line.octets[line.len++] = '\n';
	/* One write per line keeps lines whole; a log that cannot be written has nowhere to complain to. */
	if (write(STDERR_FILENO, line.octets, line.len) < 0)
		return;
}
