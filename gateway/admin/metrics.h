/*
 * metrics: the counters of all modules in Prometheus' text format, version 0.0.4. Every label has as many values as
 * the configuration gives it, or the code: zones, primaries, dialects, outcomes.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "admin/requests.h"
#include "http/stats.h"
#include "zone/zones.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Where the counters are; all borrowed. */
struct metrics_sources {
	const char *version;
	uint64_t started_s; /* since 1970 UTC */
	const struct requests *requests;
	const struct http_stats *http; /* NULL: there is no server */
	const struct zones *zones;
	size_t zone_count;
};

void metrics_write(FILE *to, const struct metrics_sources *sources);

#endif
