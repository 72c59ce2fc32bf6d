/*
 * greeting: by the first octets of a connection, whether a client speaks what a listener does. Pure.
 *
 * A port is easily mistaken for another. libmicrohttpd would wait for the end of a line, which never comes in a TLS
 * hello, and the client for an answer, until one of them loses patience.
 */
#ifndef HTTP_GREETING_H
#define HTTP_GREETING_H

#include <stdbool.h>

#include "base/text.h"

enum { GREETING_MAX = 16 }; /* octets that are worth looking at */

/*
 * What is wrong with the first octets, at least one, of what is to be HTTP or TLS: a constant sentence for the log.
 * NULL if they may be the beginning of it.
 */
const char *greeting_fault(struct text octets, bool wants_tls);

#endif
