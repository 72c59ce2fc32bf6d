/*
 * descriptors: how the open files that the system allows are shared out. Clients come last: a change that cannot reach
 * its primary is of no use to anybody, while a client that has to wait for its connection is only served a little
 * later. So what primaries, the state store, the log and a reload may need is set aside, and clients get the rest.
 */
#ifndef DAEMON_DESCRIPTORS_H
#define DAEMON_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

struct descriptors_need {
	size_t listeners;         /* that serve clients */
	unsigned connections;     /* that each of them may have at most */
	size_t primaries;         /* of the configuration in force and of those that are not over yet */
	unsigned connections_max; /* to each of them */
	bool has_admin;           /* there is an admin listener */
	bool has_state;           /* there is a state store */
	bool has_names;           /* primaries are looked up by name */
};

/* Bounds for connections. */
struct descriptors_share {
	unsigned each;  /* of one listener, at least 1 */
	unsigned all;   /* of all listeners together, also those that were removed; at least 1 */
	unsigned spare; /* to primaries, besides the first one to each */
};

enum {
	ADMIN_CONNECTIONS_MAX = 32,
	SPARE_CONNECTIONS_MAX = 256, /* to primaries, besides the first one to each; whoever needs them has them */
};

/* How many files would be open if everybody had all that is wanted. */
uint64_t descriptors_wanted(const struct descriptors_need *need);

/*
 * What clients get if that many files may be open. If that is less than is wanted, spare connections get at most an
 * eighth of what is left for clients and them.
 */
struct descriptors_share descriptors_share(const struct descriptors_need *need, uint64_t allowed);

/*
 * Has the system allow as many open files as that configuration wants with so many primaries, and says what clients get
 * then. That they get less than is wanted is logged.
 */
struct descriptors_share descriptors_allow(const struct config *config, size_t primaries);

#endif
