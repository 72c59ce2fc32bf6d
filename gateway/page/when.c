#include "page/when.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

/* A year beyond what a calendar has is no time that anybody set; it becomes the beginning of all. */
static struct tm parts_of(uint64_t at_s)
{
	time_t at = (time_t)at_s;
	struct tm parts;

	return gmtime_r(&at, &parts) ? parts : (struct tm){.tm_year = 70, .tm_mday = 1};
}

const char *when_date(uint64_t at_s, char buffer[static WHEN_MAX])
{
	struct tm parts = parts_of(at_s);

	if (strftime(buffer, WHEN_MAX, "%Y-%m-%d", &parts) == 0)
		*buffer = '\0';
	return buffer;
}

const char *when_time(uint64_t at_s, char buffer[static WHEN_MAX])
{
	struct tm parts = parts_of(at_s);

	if (strftime(buffer, WHEN_MAX, "%Y-%m-%d %H:%M UTC", &parts) == 0)
		*buffer = '\0';
	return buffer;
}

const char *when_ago(uint64_t at_s, uint64_t now_s, char buffer[static WHEN_MAX])
{
	static const struct {
		unsigned unit_s;
		const char *name;
	} units[] = {{365 * 86400, "year"}, {30 * 86400, "month"}, {86400, "day"}, {3600, "hour"}, {60, "minute"}};
	uint64_t past_s = now_s > at_s ? now_s - at_s : 0;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		uint64_t count = past_s / units[i].unit_s;

		if (count) {
			snprintf(buffer, WHEN_MAX, "%" PRIu64 " %s%s ago", count, units[i].name, count == 1 ? "" : "s");
			return buffer;
		}
	}
	snprintf(buffer, WHEN_MAX, "just now");
	return buffer;
}
