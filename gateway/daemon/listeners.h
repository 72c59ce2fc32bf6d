/*
 * listeners: turns what the configuration says about listeners into options of the HTTP server, and matches them with
 * the sockets that systemd has opened.
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
 * On a kernel without IPv6 "::" means every IPv4 address, with a warning in the log. If the configuration has listeners
 * for IPv4 at that port, "::" is left out and these remain. STATUS_NO_MEMORY.
 */
MUST_USE enum status listeners_of(const struct config *config, struct http_listen_options **out, size_t *count);

/* Gives each socket that came from systemd to the listener with the same address, and closes those that fit none. */
void listeners_inherit(struct http_listen_options *options, size_t count);

void listeners_log(const struct http_listen_options *options, size_t count);

#endif
