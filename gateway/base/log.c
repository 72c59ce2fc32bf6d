#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/log_out.h"
#include "base/utf8.h"

enum {
	LINE_MAX_LEN = 2048,
	VALUE_MAX_LEN = 400, /* octets of one value, so that no value can push the others out of the line */
	JSON_END_LEN = sizeof ",\"cut\":1}", /* what the end of a JSON object may need */
};

/* The process has one log, so its state is the process', too. */
static enum log_level threshold = LOG_INFO;
static enum log_format line_format = LOG_FORMAT_TEXT;
static uint64_t dropped, dropped_untold;
static log_sink *current_sink;
static void *current_sink_ctx;

static const char *const format_names[] = {[LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json"};
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

enum log_level log_level(void)
{
	return threshold;
}

bool log_enabled(enum log_level level)
{
	return level <= threshold;
}

/* The index of a name; -1 if it is none of them. */
static int find_name(struct text name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text_equal(name, text_of(names[i])))
			return (int)i;
	}
	return -1;
}

bool log_level_parse(struct text name, enum log_level *out)
{
	int found = find_name(name, level_names, sizeof level_names / sizeof *level_names);

	if (found >= 0)
		*out = (enum log_level)found;
	return found >= 0;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

void log_set_format(enum log_format format)
{
	line_format = format;
}

bool log_format_parse(struct text name, enum log_format *out)
{
	int found = find_name(name, format_names, sizeof format_names / sizeof *format_names);

	if (found >= 0)
		*out = (enum log_format)found;
	return found >= 0;
}

uint64_t log_dropped(void)
{
	return dropped;
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

static void put_octet(struct line *line, unsigned char octet)
{
	if (line->len < LINE_MAX_LEN)
		line->octets[line->len++] = (char)octet;
}

static void put_log_text(struct line *line, struct text text)
{
	size_t room = LINE_MAX_LEN - line->len;
	size_t len = text.len < room ? text.len : room;

	if (len)
		memcpy(line->octets + line->len, text.octets, len);
	line->len += len;
}

static void put_string(struct line *line, const char *string)
{
	put_log_text(line, text_of(string));
}

/* Whether a value that holds this octet needs no quotes because of it. */
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
		put_log_text(line, value);
		return;
	}
	put_octet(line, '"');
	for (size_t i = 0; i < value.len && line->len < LINE_MAX_LEN; i++) {
		unsigned char octet = (unsigned char)value.octets[i];

		if (octet == '"' || octet == '\\')
			put(line, "\\%c", octet);
		else if (octet < 0x20 || octet >= 0x7f)
			put(line, "\\x%02x", octet);
		else
			put_octet(line, octet);
	}
	put_string(line, cut ? "...\"" : "\"");
}

enum { TIME_SIZE = sizeof "2026-01-01T12:00:00Z" };

/* The text is made anew once a second. */
static const char *time_text(void)
{
	static char text[TIME_SIZE];
	static time_t of;
	time_t now = time(NULL);
	struct tm utc;

	if (now != of && !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc)))
		*text = '\0';
	of = now;
	return text;
}

static void write_text(struct line *line, enum log_level level, const char *event, const struct log_field *fields)
{
	put_string(line, time_text());
	put_string(line, " level=");
	put_string(line, level_names[level]);
	put_string(line, " event=");
	put_string(line, event);
	for (const struct log_field *field = fields; field->kind != LOG_FIELD_END; field++) {
		put_octet(line, ' ');
		put_string(line, field->name);
		put_octet(line, '=');
		if (field->kind == LOG_FIELD_NUMBER)
			put(line, "%" PRId64, field->number);
		else
			put_value(line, field->text);
	}
}

/* ---- JSON (RFC 8259) ---- */

static void put_json_code(struct line *line, uint32_t code, struct text octets)
{
	if (code == '"' || code == '\\')
		put(line, "\\%c", (int)code);
	else if (utf8_is_control(code))
		put(line, "\\u%04x", code);
	else if (code == UTF8_ILL_FORMED)
		put_string(line, "\xef\xbf\xbd"); /* U+FFFD */
	else
		put_log_text(line, octets);
}

/*
 * The text is UTF-8 (RFC 8259 section 8.1), whatever the value holds. What could move or reorder a line on a screen is
 * escaped.
 */
static void put_json_value(struct line *line, struct text value)
{
	size_t end = line->len + VALUE_MAX_LEN;

	put_octet(line, '"');
	while (value.len && line->len < end) {
		uint32_t code;
		size_t len = utf8_next(value, &code);

		put_json_code(line, code, (struct text){value.octets, len});
		value.octets += len;
		value.len -= len;
	}
	put_string(line, value.len ? "...\"" : "\"");
}

/* Says if it fitted; if not, the line is as it was. */
static bool put_json_field(struct line *line, const struct log_field *field)
{
	size_t before = line->len;

	put_string(line, ",\"");
	put_string(line, field->name);
	put_string(line, "\":");
	if (field->kind == LOG_FIELD_NUMBER)
		put(line, "%" PRId64, field->number);
	else
		put_json_value(line, field->text);
	if (line->len + JSON_END_LEN <= LINE_MAX_LEN)
		return true;
	line->len = before;
	return false;
}

static void write_json(struct line *line, enum log_level level, const char *event, const struct log_field *fields)
{
	bool whole = true;

	put(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", time_text(), level_names[level], event);
	for (const struct log_field *field = fields; field->kind != LOG_FIELD_END; field++)
		whole &= put_json_field(line, field);
	put_string(line, whole ? "}" : ",\"cut\":1}");
}

/* ---- Out ---- */

static void format(struct line *line, enum log_level level, const char *event, const struct log_field *fields)
{
	line->len = 0;
	if (line_format == LOG_FORMAT_JSON)
		write_json(line, level, event, fields);
	else
		write_text(line, level, event, fields);
}

static bool emit(enum log_level level, struct line *line)
{
	if (current_sink) {
		current_sink(current_sink_ctx, line->octets, line->len);
		return true;
	}
	return log_out_write(level, line->octets, line->len);
}

/* Writes how many lines were dropped, at the place where they are missing. */
static bool tell_dropped(void)
{
	const struct log_field fields[] = {log_number("lines", (int64_t)dropped_untold),
					   log_text("text", "the log was not read fast enough"),
					   {.kind = LOG_FIELD_END}};
	struct line line;

	format(&line, LOG_WARNING, "log-dropped", fields);
	if (!emit(LOG_WARNING, &line))
		return false;
	dropped_untold = 0;
	return true;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	struct line line;

	format(&line, level, event, fields);
	if ((dropped_untold == 0 || tell_dropped()) && emit(level, &line))
		return;
	dropped++;
	dropped_untold++;
}
