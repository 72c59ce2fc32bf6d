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
#include "update/host_list.h"

struct grant {
	uint64_t account;                  /* equal for equal accounts */
	struct text login;                 /* borrowed from the account */
	bool may_set_txt;                  /* TXT records of the hosts, and ACME challenges for them */
	bool may_create;                   /* all hosts, whatever their patterns say */
	const struct host_list *hosts;     /* borrowed */
	int64_t key_id;                    /* of the key that was shown, see struct account_key */
	const struct host_list *key_hosts; /* that the key is limited to, borrowed; empty: no limit */
};

/* What may be done with a host. Each allows what those before it allow. */
enum grant_right {
	GRANT_NOTHING,
	GRANT_UPDATE, /* change records that are there */
	GRANT_CREATE, /* make and remove records */
};

/* The most that the grant allows for the host, which lies in `zone` (the closest enclosing one that is configured). */
enum grant_right grant_right(const struct grant *grant, const struct name *host, const struct name *zone);

/* Whether a pattern of the account is that wildcard; nothing else makes a `*` the name of a host. */
bool grant_has_wildcard(const struct grant *grant, const struct name *wildcard);

/*
 * The name of the only host of the key, if that is limited, or of the account; false if the patterns are not one name,
 * and *out is left.
 */
bool grant_only_host(const struct grant *grant, struct name *out);

/*
 * Completes a label to a full name: that of a pattern for one name which begins with it, else the label below the
 * first "*." pattern or zone. STATUS_NOT_FOUND if no pattern serves, STATUS_INVALID if no host name comes of it.
 */
MUST_USE enum status grant_complete(const struct grant *grant, struct text label, struct name *out);

#endif
