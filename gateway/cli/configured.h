/*
 * configured: prepares the zones of a configuration for the room `live`, with the users of the configuration and of its
 * state store.
 */
#ifndef CLI_CONFIGURED_H
#define CLI_CONFIGURED_H

#include <stdbool.h>

#include "base/status.h"
#include "config/config.h"
#include "live/rights.h"

enum { CONFIGURED_WHY_MAX = 256 };

/* What the users may set. */
struct configured {
	struct rights *rights;
	bool store_unread; /* the users of the state store could not be read: `why` */
	char why[CONFIGURED_WHY_MAX];
};

/*
 * Works out which names the host patterns of all users cover in each of the configured zones, by the zones' indices.
 * All users of the configuration are included; of those of the state store, of whom there may be a million, as many as
 * are worth trying (rights_set_bound()). STATUS_NO_MEMORY. The caller calls rights_free().
 */
MUST_USE enum status configured_rights(const struct config *config, struct configured *out);

/* The n-th of the configured zones with its rights and hosts among these. */
struct rights_zone configured_zone(const struct config *config, const struct rights *rights, size_t n);

#endif
