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

/*
 * Patterns of hosts as a store gives them. What it takes to read them grows with their number, so it is put off until
 * a key was proved: nobody else may cause it.
 */
struct account_hosts {
	struct host_list *list; /* a holder of it; NULL: they are unread, or there are none */
	char *lines;            /* a few, as host_list_read() reads them; NULL: they are not here */
	int64_t number;         /* what the store's reader knows many by; 0: they are not there */
};

/* Where a store has what it did not read at once. */
struct account_reader {
	/*
	 * The list of that number, for as long as `epoch` is the one that the account came with: numbers of another
	 * file mean other hosts. Answers at once. The caller frees the list. STATUS_NOT_FOUND: there is none any more;
	 * anything else: the store failed.
	 */
	enum status (*read)(struct account_reader *reader, uint64_t epoch, int64_t number, struct host_list **out);
};

/* One of an account's keys. A request must fit all the limits of the key, or the key opens nothing. */
struct account_key {
	int64_t id; /* in the state store, which notes when the key was used; 0: the key is in the configuration */
	char *name; /* NULL: it has none */
	struct key key;
	struct account_hosts hosts;    /* that it is limited to, among those of the account; none: no limit */
	struct host_pattern *patterns; /* the same while the configuration is read, NULL after it */
	size_t pattern_count;
	struct network *sources; /* networks that it may be used from */
	size_t source_count;     /* 0: all */
	uint64_t expires_s;      /* seconds since 1970 UTC, from when on it is no key any more; 0: never */
};

struct account {
	char *login; /* case-sensitive, any octets but NUL */
	bool active;
	bool may_update;
	bool may_set_txt;
	bool may_create; /* all of its hosts, whatever their patterns say */
	struct account_key *keys;
	size_t key_count;
	struct account_hosts hosts;
	struct host_pattern *patterns; /* the same while the configuration is read, NULL after it */
	size_t pattern_count;
	struct account_reader *reader; /* borrowed; NULL: no hosts have a number */
	uint64_t epoch;                /* of the reader when the account was read */
};

enum { ACCOUNT_LOGIN_MAX = 255 }; /* octets of a login that the state store takes */

/* A copy of an account on the heap, all that it holds included; lists of hosts are shared. */
MUST_USE enum status account_copy(const struct account *account, struct account **out);

/*
 * The hosts of the account, or of one of its keys, for the caller to free: NULL for none. Else as account_reader has
 * it.
 */
MUST_USE enum status account_read_hosts(const struct account *account, const struct account_hosts *hosts,
					struct host_list **out);

/* Frees what they hold. */
void account_hosts_fini(struct account_hosts *hosts);

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
