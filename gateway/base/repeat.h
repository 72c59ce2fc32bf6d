/*
 * repeat: what the world outside can make us log again and again is one line, and then a count every ten seconds.
 *
 *      LOG_REPEATED(LOG_WARNING, "primary-failed", log_text("zone", zone), log_text("text", text),
 *                   log_detail(log_text("owner", owner)));
 *      level=warning event=primary-failed zone=dyn.example.com text="..." owner=www.dyn.example.com
 *      level=warning event=primary-failed zone=dyn.example.com text="..." repeated=142
 *
 * Use it instead of LOG() for whatever a client, a primary, a file or a clock can cause more than once. Level, event
 * and all fields but details are the cause. Its first occurrence is logged at once. Further ones are counted, and ten
 * seconds after the line before, as long as the cause goes on, one line of the same event has the cause's fields and
 * the count as `repeated`. After ten seconds without an occurrence it is a new cause. A field that differs with each
 * occurrence (an ID, the host, a number of seconds) must be a detail, or nothing is ever recognised as a repetition.
 *
 * Memory is bounded: REPEAT_CAUSES_MAX causes. When there is no room, the cause that has not occurred for longest goes,
 * and its count is logged. Lines are bounded as well, because causes may differ all the time (they may contain a source
 * or a path, which clients choose): an event logged by LOG_REPEATED() may have REPEAT_EVENT_LINES_MAX new causes in ten
 * seconds; for those beyond, one line gives their number as `others`. LOG_REPEATED_EACH() has no such bound: it is for
 * events where each cause must have its line, as requests have.
 *
 * The process has one log, so this has state of the process, too. Before repeat_begin() and after repeat_end(), in
 * sub-commands and in tests of other modules, every occurrence is a line.
 */
#ifndef BASE_REPEAT_H
#define BASE_REPEAT_H

#include "base/env.h"
#include "base/log.h"

enum {
	REPEAT_TELL_MS = 10 * 1000,
	REPEAT_CAUSES_MAX = 256,
	REPEAT_EVENTS_MAX = 32, /* events whose lines are bounded; if there are more, the others have no bound */
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

/* Logs all counts. Does nothing before repeat_begin(). */
void repeat_end(void);

/* Use the macros, or ask log_enabled() first. `event` and the names of fields are literals; their values are copied. */
void repeat_log(enum log_level level, const char *event, bool is_bounded, const struct log_field *fields);

#endif
