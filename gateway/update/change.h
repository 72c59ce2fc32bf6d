/*
 * change: what is to be done to the zone, as plain data. One change set belongs to one host and is atomic: all of it
 * is committed or nothing. Several sets may share an UPDATE message.
 */
#ifndef UPDATE_CHANGE_H
#define UPDATE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/name.h"

enum { CHANGE_SET_MAX = 2 }; /* an A and an AAAA RRset */

/* Replace the RRset of the address's type (A or AAAA) by this one address. */
struct change {
	struct addr addr;
	uint32_t ttl_s;
	bool must_exist; /* prerequisite "RRset exists (value independent)", RFC 2136 section 2.4.1 */
	struct addr
		expected; /* set by the queue: the one address that the record is known to have (ADDR_NONE: not known). It
	                         makes the prerequisite "RRset exists (value dependent)", section 2.4.2, so that an UPDATE
	                         that was delayed cannot undo a later one */
};

struct change_set {
	size_t zone;                   /* index into the configured zones */
	uint64_t account;              /* whose change it is: equal for equal accounts, for fair shares */
	const struct change_set *next; /* another one in the same message, or NULL; set by the queue */
	struct name owner;
	size_t count;
	struct change changes[CHANGE_SET_MAX];
};

#endif
