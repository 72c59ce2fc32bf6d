#include "page/chart.h"

#include <inttypes.h>

#include "base/outcome.h"
#include "page/when.h"

enum {
	DAY_S = 86400,
	PITCH = 10, /* from bar to bar */
	HEIGHT = 48,
	LOW = 5,        /* of a bar that counts nothing */
	TALL_FROM = 10, /* of one that counts changes */
};

/* The day of the chart; NULL if it lies outside. */
static struct chart_day *day_of(struct chart *chart, uint64_t at_s, uint64_t now_s)
{
	uint64_t today = now_s / DAY_S, day = at_s / DAY_S;

	if (day > today || today - day >= CHART_DAYS)
		return NULL;
	return &chart->days[CHART_DAYS - 1 - (today - day)];
}

static void count_outcome(struct chart_day *day, struct text outcome, uint64_t times)
{
	if (!day || times == 0)
		return;
	day->heard = true;
	if (text_equal(outcome, text_of(outcome_text(OUTCOME_CHANGED))))
		day->changes += times;
	else if (!text_equal(outcome, text_of(outcome_text(OUTCOME_UNCHANGED))))
		day->failures += times;
}

/* What was so several times in a row began on one day and was last seen on another; between them it was heard of. */
void chart_add(struct chart *chart, const struct database_event *event, uint64_t now_s)
{
	count_outcome(day_of(chart, event->first_s, now_s), event->outcome, 1);
	count_outcome(day_of(chart, event->last_s, now_s), event->outcome, event->times - 1);
	for (size_t i = 0; i < CHART_DAYS; i++) {
		uint64_t day = now_s / DAY_S + i + 1 - CHART_DAYS;

		if (day > event->first_s / DAY_S && day < event->last_s / DAY_S)
			chart->days[i].heard = true;
	}
}

static const char *kind_of(const struct chart_day *day)
{
	if (day->changes)
		return "changed";
	if (day->failures)
		return "failed";
	return day->heard ? "heard" : "quiet";
}

static void show_day(const struct chart_day *day, size_t i, uint64_t most, uint64_t now_s, struct view *view)
{
	uint64_t height = day->heard ? LOW : 2;
	struct view *bar = view_item(view, "bar");
	char date[WHEN_MAX];

	if (day->changes)
		height = TALL_FROM + (HEIGHT - TALL_FROM) * day->changes / most;
	view_text(bar, "kind", text_of(kind_of(day)));
	view_format(bar, "x", "%zu", i * PITCH + 1);
	view_format(bar, "y", "%" PRIu64, HEIGHT - height);
	view_format(bar, "height", "%" PRIu64, height);
	view_format(bar, "title", "%s: %" PRIu64 " changed, %" PRIu64 " failed",
		    when_date(now_s - (uint64_t)(CHART_DAYS - 1 - i) * DAY_S, date), day->changes, day->failures);
}

void chart_show(const struct chart *chart, uint64_t now_s, struct view *view)
{
	uint64_t most = 1, changes = 0, failures = 0, heard = 0;

	for (size_t i = 0; i < CHART_DAYS; i++) {
		const struct chart_day *day = &chart->days[i];

		most = day->changes > most ? day->changes : most;
		changes += day->changes;
		failures += day->failures;
		heard += day->heard;
	}
	for (size_t i = 0; i < CHART_DAYS; i++)
		show_day(&chart->days[i], i, most, now_s, view);
	view_format(view, "chart",
		    "In the last %d days: %" PRIu64 " address change%s, %" PRIu64
		    " failed update%s, heard of on %" PRIu64 " day%s.",
		    CHART_DAYS, changes, changes == 1 ? "" : "s", failures, failures == 1 ? "" : "s", heard,
		    heard == 1 ? "" : "s");
}
