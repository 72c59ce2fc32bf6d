/*
 * transports: how the primaries of each configured zone are reached: over TCP, or over TLS. Zones with the same
 * settings share one transport.
 */
#ifndef DAEMON_TRANSPORTS_H
#define DAEMON_TRANSPORTS_H

#include <stddef.h>
#include <uv.h>

#include "base/status.h"
#include "config/config.h"
#include "dns/transport.h"

struct transports;

/* Makes them; `config` and `loop` are borrowed. If the status is not STATUS_OK, `error` says why. */
MUST_USE enum status transports_new(uv_loop_t *loop, const struct config *config, char *error, size_t error_size,
				    struct transports **out);

/* Frees them and sets *transports to NULL, after all connections are closed. */
void transports_free(struct transports **transports);

/* For a zone, by its index; the same pointer for zones with the same settings. */
const struct transport_maker *transports_of(const struct transports *transports, size_t zone);

#endif
