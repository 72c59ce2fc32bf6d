/*
 * statements: what belongs into the configuration of a primary, ready to paste: the key, and the narrowest policy that
 * lets it change just the addresses of the names that are configured here. Pure.
 */
#ifndef LIVE_STATEMENTS_H
#define LIVE_STATEMENTS_H

#include <stddef.h>
#include <stdio.h>

#include "base/name.h"
#include "live/rights.h"
#include "tsig.h"

/* The `key` statement of named.conf, which is also what a key file holds. It shows the secret. */
void statements_bind_key(FILE *to, const struct tsig_key *key);

/* Those of all zones, each key once. */
void statements_bind_keys(FILE *to, const struct rights_zone *zones, size_t count);

/* The `update-policy` of one zone. */
void statements_bind_zone(FILE *to, const struct rights_zone *zone);

/* The sections `key` (each key once; it shows the secrets), `acl` and `zone` of knot.conf for all zones. */
void statements_knot(FILE *to, const struct rights_zone *zones, size_t count);

/* In one line and without a secret, what lets the key use that right: a `grant` of BIND, a rule of Knot's `acl`. */
enum { STATEMENT_MAX = TSIG_NAME_TEXT_SIZE + NAME_TEXT_MAX + 160 };
const char *statement_bind_grant(const struct tsig_key *key, const struct right *right,
				 char buffer[static STATEMENT_MAX]);
const char *statement_knot_rule(const struct tsig_key *key, const struct right *right,
				char buffer[static STATEMENT_MAX]);

#endif
