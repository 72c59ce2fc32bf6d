/*
 * chart: the last days of a host's history as bars. Pure.
 */
#ifndef PAGE_CHART_H
#define PAGE_CHART_H

#include <stdbool.h>
#include <stdint.h>

#include "page/view.h"
#include "store/database.h"

enum { CHART_DAYS = 30 }; /* the last of them is today, in UTC */

struct chart_day {
	uint64_t changes;  /* of the address */
	uint64_t failures; /* updates that were not carried out */
	bool heard;        /* there was some update, if only to say that all is as it was */
};

/* Begins zeroed. */
struct chart {
	struct chart_day days[CHART_DAYS];
};

/* Adds an entry of the history, as far as it lies in these days. */
void chart_add(struct chart *chart, const struct database_event *event, uint64_t now_s);

/*
 * Shows it: an item `bar` for each day with `kind` ("changed", "heard", "failed" or "quiet"), `x`, `y`, `height` in a
 * picture of 300 by 48, and `title`; and `chart`, the whole in words.
 */
void chart_show(const struct chart *chart, uint64_t now_s, struct view *view);

#endif
