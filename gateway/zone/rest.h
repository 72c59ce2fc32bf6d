/*
 * rest: how long one who fails is left alone: longer with each failure in a row, up to a bound, and a little more by
 * chance, so that many gateways do not return together.
 */
#ifndef ZONE_REST_H
#define ZONE_REST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/env.h"

enum {
	REST_FIRST_MS = 1000,
	REST_MAX_MS = 30 * 1000, /* and up to a quarter more by chance */
};

/* All zero: it is well. */
struct rest {
	unsigned failures;     /* in a row */
	uint64_t until_ms;     /* the end of the rest; 0: none */
	uint64_t failed_at_ms; /* the last failure */
};

/* Another failure, now. While a rest lasts, failures do not make it longer: they have the same cause. */
void rest_fail(struct rest *rest, const struct env *env);

/* Whether it is left alone now. */
static inline bool rest_lasts(const struct rest *rest, uint64_t now_ms)
{
	return rest->until_ms > now_ms;
}

#endif
