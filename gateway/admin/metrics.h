/*
 * metrics: the counters of all modules in Prometheus' text format, version 0.0.4. The values of every label come from
 * the configuration or from the code (zones, primaries, dialects, outcomes), never from clients, so that their number
 * is bounded. Of more zones than are to be shown one by one, those are that need a look: first those whose primaries
 * are down although there is work, then those with the most work; the sums are of all zones.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "account/record.h"
#include "admin/requests.h"
#include "base/env.h"
#include "base/turns.h"
#include "http/stats.h"
#include "zone/zones.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Where the counters are; all borrowed. */
struct metrics_sources {
	const char *version;
	uint64_t started_s; /* since 1970 UTC */
	const struct requests *requests;
	const struct record_stats *history; /* of a state store; NULL: there is none */
	const struct http_stats *http;      /* NULL: there is no server */
	const struct zones *zones;
	size_t zone_count;
	size_t zones_max;          /* of which series are shown one by one */
	const struct turns *turns; /* of the loop; NULL: nobody measures them */
	const struct env *env;     /* whose clock they go by; needed with them */
};

void metrics_write(FILE *to, const struct metrics_sources *sources);

#endif
