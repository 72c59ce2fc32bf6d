/*
 * account: one user as a store knows them.
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/key.h"
#include "base/network.h"
#include "update/grant.h"

/* One of an account's keys. A request must fit all the limits of the key, or the key opens nothing. */
struct account_key {
	int64_t id; /* in the state store, which notes when the key was used; 0: the key is in the configuration */
	char *name; /* NULL: it has none */
	struct key key;
	struct host_pattern *patterns; /* hosts that it is limited to, among those of the account */
	size_t pattern_count;          /* 0: all that the account may update */
	struct network *sources;       /* networks that it may be used from */
	size_t source_count;           /* 0: all */
	uint64_t expires_s;            /* seconds since 1970 UTC, from when on it is no key any more; 0: never */
};

struct account {
	char *login; /* case-sensitive, any octets but NUL */
	bool active;
	bool may_update;
	bool may_set_txt;
	bool may_create; /* in the configuration this holds for all of its patterns */
	struct account_key *keys;
	size_t key_count;
	struct host_pattern *patterns;
	size_t pattern_count;
};

enum { ACCOUNT_LOGIN_MAX = 255 }; /* octets of a login that the state store takes */

/* A copy of an account on the heap, all that it holds included. */
MUST_USE enum status account_copy(const struct account *account, struct account **out);

/* Wipes and frees what the account holds, but not the struct. Allowed on a zeroed account. */
void account_fini(struct account *account);

/*
 * A number, never 0, for all that opens the account. It changes when a key is added, removed, or gets another last day.
 * It tells nothing about the keys to somebody who does not have them, but it is no secret either: it stays in the
 * process.
 */
uint64_t account_stamp(const struct account *account);

/* account_fini(), and frees the struct and sets *account to NULL; NULL and *account == NULL are allowed. */
void account_free(struct account **account);

/*
 * Reads a date, `2027-01-31`, and gives the moment at which that day ends in UTC: a key works on the day itself.
 * STATUS_INVALID for anything else, and for days that no calendar has.
 */
MUST_USE enum status account_expiry_parse(struct text text, uint64_t *out_s);

/* The date again, into `buffer`, which is returned. */
enum { ACCOUNT_DATE_MAX = 24 };
const char *account_expiry_format(uint64_t expires_s, char buffer[static ACCOUNT_DATE_MAX]);

#endif
