/*
 * repeat: what the world outside can make us log again and again is one line, and then a count every ten seconds.
 *
 *      LOG_REPEATED(LOG_WARNING, "primary-failed", log_text("zone", zone), log_text("text", text),
 *                   log_detail(log_text("owner", owner)));
 *      level=warning event=primary-failed zone=dyn.example.com text="..." owner=www.dyn.example.com
 *      level=warning event=primary-failed zone=dyn.example.com text="..." repeated=142
 *
 * Use it instead of LOG() for whatever a client, a primary, a file or a clock can bring about more than once. Level,
 * event and the fields that are no details are the cause. Its first occurrence is a line at once; further ones are
 * counted, and the count is a line of the same event with the cause's fields and `repeated`, ten seconds after the line
 * before, as long as the cause goes on. After ten seconds without it, it is a new one again. What differs with each
 * occurrence (an ID, the host, a number of seconds) has to be a detail, or nothing ever repeats.
 *
 * Memory is bounded: CAUSES_MAX causes. The one that has not come for longest makes room, and its count is told.
 * And so are lines, if causes differ all the time (a source or a path in them, which clients choose): of LOG_REPEATED()
 * an event has EVENT_LINES_MAX new causes in ten seconds; what goes beyond is one line with `others` and their number.
 * LOG_REPEATED_EACH() has no such bound: for what has to be a line for each cause, as for each request.
 *
 * The process has one log, so this has process-wide state, too. Before repeat_begin() and after repeat_end(), in
 * sub-commands and in tests of other modules, every occurrence is a line.
 */
#ifndef BASE_REPEAT_H
#define BASE_REPEAT_H

#include "base/env.h"
#include "base/log.h"

enum {
	REPEAT_TELL_MS = 10 * 1000,
	REPEAT_CAUSES_MAX = 256,
	REPEAT_EVENTS_MAX = 32, /* that are told apart for their bound; more have none */
	REPEAT_EVENT_LINES_MAX = 100,
};

#define LOG_REPEATED(level, ...)      REPEAT_LOG_(level, true, __VA_ARGS__)
#define LOG_REPEATED_EACH(level, ...) REPEAT_LOG_(level, false, __VA_ARGS__)

#define REPEAT_LOG_(level, is_bounded, ...)                                                                            \
	do {                                                                                                           \
		if (log_enabled(level))                                                                                \
			repeat_log(level, LOG_EVENT_(__VA_ARGS__, 0), is_bounded,                                      \
				   (const struct log_field[]){LOG_FIELDS_(__VA_ARGS__, {.kind = LOG_FIELD_END})});     \
	} while (0)

/* From now on causes are counted, by the time of `env`, which is borrowed until repeat_end(). */
MUST_USE enum status repeat_begin(const struct env *env);

/* Tells all counts. Does nothing if it was not begun. */
void repeat_end(void);

/* Use the macros, or ask log_enabled() first. `event` and the names of fields are literals; their values are copied. */
void repeat_log(enum log_level level, const char *event, bool is_bounded, const struct log_field *fields);

#endif
