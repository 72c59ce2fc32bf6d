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

/* The n-th of the configured zones with its rights among these. */
struct rights_zone configured_zone(const struct config *config, const struct rights *rights, size_t n);

#endif
