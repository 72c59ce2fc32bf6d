/*
 * grant: what an authenticated account may touch, as plain data. authorise() gives it, update/plan reads it.
 */
#ifndef UPDATE_GRANT_H
#define UPDATE_GRANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/name.h"
#include "base/status.h"
#include "base/text.h"

/* One entry of a user's `hosts`. */
struct host_pattern {
	enum {
		HOST_EXACT, /* www.dyn.example.com: that name */
		HOST_BELOW, /* *.home.dyn.example.com: every name below that, at any depth, but not that name itself */
		HOST_ZONE,  /* zone:dyn.example.com: every name of that zone, its apex too */
		HOST_OWNER, /* owner:*.home.dyn.example.com: the wildcard itself, which no other pattern gives */
	} kind;
	struct name name;
	bool may_create; /* the user may also make and remove the records of these hosts */
};

struct grant {
	uint64_t account;                    /* equal for equal accounts */
	struct text login;                   /* borrowed from the account */
	bool may_set_txt;                    /* TXT records of the hosts, and ACME challenges for them */
	const struct host_pattern *patterns; /* borrowed from the account */
	size_t count;
	int64_t key_id;                          /* of the key that was shown, see struct account_key */
	const struct host_pattern *key_patterns; /* that the key is limited to, borrowed from the account */
	size_t key_count;                        /* of key_patterns; 0: no limit */
};

/* What may be done with a host. Each allows what those before it allow. */
enum grant_right {
	GRANT_NOTHING,
	GRANT_UPDATE, /* change records that are there */
	GRANT_CREATE, /* make and remove records */
};

/* Reads a pattern in the forms above; it may not create. STATUS_INVALID or STATUS_TOO_LONG otherwise. */
MUST_USE enum status host_pattern_parse(struct text text, struct host_pattern *out);

/* Writes a pattern in those forms into `buffer`, which is returned. */
enum { HOST_PATTERN_TEXT_MAX = NAME_TEXT_MAX + sizeof "owner:" };
const char *host_pattern_format(const struct host_pattern *pattern, char buffer[static HOST_PATTERN_TEXT_MAX]);

/* The most that the grant allows for the host, which lies in `zone` (the closest enclosing one that is configured). */
enum grant_right grant_right(const struct grant *grant, const struct name *host, const struct name *zone);

/* Whether a pattern of the account is that wildcard; nothing else makes a `*` the name of a host. */
bool grant_has_wildcard(const struct grant *grant, const struct name *wildcard);

/*
 * The name of the only host of the key, if that is limited, or of the account; NULL if the patterns are not one name.
 */
const struct name *grant_only_host(const struct grant *grant);

/*
 * Completes a label to a full name: that of a pattern for one name which begins with it, else the label below the
 * first "*." pattern or zone. STATUS_NOT_FOUND if no pattern serves, STATUS_INVALID if no host name comes of it.
 */
MUST_USE enum status grant_complete(const struct grant *grant, struct text label, struct name *out);

#endif
