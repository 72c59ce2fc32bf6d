/*
 * listeners: what the configuration says of listeners as the HTTP server wants it, and which sockets systemd has opened
 * for them.
 */
#ifndef DAEMON_LISTENERS_H
#define DAEMON_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "config/config.h"
#include "http/server.h"

/*
 * Makes the options of the listeners of a configuration, which they borrow from; free() frees them.
 *
 * On a kernel without IPv6 "::" is every IPv4 address, with a warning in the log. If the configuration has listeners
 * for IPv4 at that port, these do without it. STATUS_NO_MEMORY.
 */
MUST_USE enum status listeners_of(const struct config *config, struct http_listen_options **out, size_t *count);

/* Gives each socket that came from systemd to the listener that is where it is, and closes the others. */
void listeners_inherit(struct http_listen_options *options, size_t count);

void listeners_log(const struct http_listen_options *options, size_t count);

#endif
