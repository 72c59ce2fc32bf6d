/* record: what became of one host of an update; an entry for the history. */
#ifndef ACCOUNT_RECORD_H
#define ACCOUNT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/outcome.h"
#include "base/text.h"

enum { RECORD_ADDRS_MAX = 2 };

struct record {
	struct text login; /* of the account that was granted the update */
	struct text host;  /* in normal form */
	int64_t key_id;    /* of the key that was used; 0: one of the configuration */
	uint64_t at_s;     /* seconds since 1970 UTC */
	struct addr source;
	struct addr addrs[RECORD_ADDRS_MAX]; /* that were to be set */
	size_t addr_count;
	enum outcome_code code;
};

/* What became of the records themselves, since the start. */
struct record_stats {
	uint64_t written;
	uint64_t dropped; /* there was no room for them: they came faster than they were written, or could not be */
	uint64_t failed;  /* could not be written because of themselves */
	size_t waiting;
};

#endif
