/*
 * grant: what an authenticated account may touch, as plain data. authorise() gives it, update/plan reads it.
 */
#ifndef ACCOUNT_GRANT_H
#define ACCOUNT_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "base/status.h"

/* One entry of a user's `hosts`. */
struct host_pattern {
	enum {
		HOST_EXACT, /* www.dyn.example.com: that name */
		HOST_BELOW, /* *.home.dyn.example.com: every name below that, at any depth, but not that name itself */
		HOST_ZONE,  /* zone:dyn.example.com: every name of that zone, its apex too */
	} kind;
	struct name name;
};

struct grant {
	uint64_t account;                    /* equal for equal accounts */
	const struct host_pattern *patterns; /* borrowed from the account */
	size_t count;
	int64_t key_id;                          /* of the key that was shown, see struct account_key */
	const struct host_pattern *key_patterns; /* that the key is limited to, borrowed from the account */
	size_t key_count;                        /* of key_patterns; 0: no limit */
};

/* Reads a pattern in the forms above. STATUS_INVALID or STATUS_TOO_LONG otherwise. */
MUST_USE enum status host_pattern_parse(struct text text, struct host_pattern *out);

/* Writes a pattern in those forms into `buffer`, which is returned. */
enum { HOST_PATTERN_TEXT_MAX = NAME_TEXT_MAX + 6 };
const char *host_pattern_format(const struct host_pattern *pattern, char buffer[static HOST_PATTERN_TEXT_MAX]);

/* Whether the grant covers the host, which lies in `zone` (the closest enclosing zone that is configured). */
bool grant_covers(const struct grant *grant, const struct name *host, const struct name *zone);

#endif
