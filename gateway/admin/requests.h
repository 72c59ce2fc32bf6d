/*
 * requests: one log line for each request, and counts of them.
 */
#ifndef ADMIN_REQUESTS_H
#define ADMIN_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/outcome.h"
#include "base/status.h"
#include "dialect/dialect.h"
#include "pipeline.h"

enum {
#define X(name, text) +1
	OUTCOME_COUNT = 0 OUTCOME_LIST(X)
#undef X
};

struct dialect_counts {
	const struct dialect *dialect;
	uint64_t requests;
	uint64_t outcomes[OUTCOME_COUNT]; /* for each host of a request, or once for a request that failed as a whole */
};

struct requests {
	uint64_t unrouted; /* requests that no dialect takes: 404 and 405 */
	struct histogram took_ms;
	size_t dialect_count;
	struct dialect_counts dialects[]; /* in the order of the table of dialects */
};

MUST_USE enum status requests_new(struct requests **out);

/* Frees it and sets *requests to NULL. */
void requests_free(struct requests **requests);

/*
 * Logs and counts a request; `ctx` is the requests. Goes into struct pipeline_parts. Clients that only ask for their
 * own address, or by OPTIONS whether anybody is here, are logged at LOG_DEBUG, all others at LOG_INFO.
 */
void requests_report(void *ctx, const struct pipeline_report *report);

#endif
