/*
 * explain: says what a result means in an administrator's words: which key, which zone, whose clock, and what to do
 * about it. Pure.
 */
#ifndef DNS_EXPLAIN_H
#define DNS_EXPLAIN_H

#include "dns/client.h"

enum { DNS_EXPLAIN_MAX = 400 };

/* Who and what a result is about. */
struct dns_context {
	const char *zone;
	const char *key;
	const char *algorithm;
	bool queried; /* it is about a query, not an UPDATE */
};

/* One sentence about a result that is not a success, into `buffer`, which is returned. */
const char *dns_explain(const struct dns_result *result, const struct dns_context *context,
			char buffer[static DNS_EXPLAIN_MAX]);

#endif
