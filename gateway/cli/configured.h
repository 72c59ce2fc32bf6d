/*
 * configured: what a configuration makes of its zones for the room `live`.
 */
#ifndef CLI_CONFIGURED_H
#define CLI_CONFIGURED_H

#include "base/status.h"
#include "config/config.h"
#include "live/rights.h"

/* What the users' host patterns come to in each of the configured zones, by their indices. */
MUST_USE enum status configured_rights(const struct config *config, struct rights **out);

#endif
